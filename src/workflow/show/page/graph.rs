//! The steps as a drawing: rows from top to bottom, groups as frames around what is inside of them.

use super::{PageData, html::Html};
use crate::{
    base::Moment,
    verb::Ui,
    workflow::show::{
        escape::{line, width},
        graph::{
            Node, Picture,
            layers::{Item, Layout, Rules, layout},
            tree,
        },
        mark::Mark,
        words::span,
    },
};

/// Steps that are drawn; more are a list.
const MOST: usize = 150;
const RULES: Rules = Rules { gap: 26.0, widest: 960.0, passing: Item { width: 12.0, port: 6.0 } };
/// Height of a line of text, and room between rows.
const LINE: f64 = 16.0;
const BETWEEN: f64 = 40.0;
/// Room around what is inside of a frame, and for its title.
const PAD: f64 = 16.0;

/// A drawing with its size.
struct Drawn {
    width: f64,
    height: f64,
    html: Html,
}

/// The part of the page with the steps as a drawing.
pub(super) fn write(h: &mut Html, data: &PageData<'_>) {
    let picture = Picture::of(&data.definition, Some(&data.view));
    if picture.body.is_empty() {
        return;
    }
    h.raw("<section class=\"card\" id=\"graph\"><h2>Steps</h2>\n");
    if picture.all().len() > MOST {
        h.raw("<pre tabindex=\"0\">").text(&tree(&picture, &Ui::default(), 120));
        h.raw("</pre></section>\n");
        return;
    }
    drawing(h, body(&picture.body, data.now), "The steps and what they need");
    if !picture.finally.is_empty() {
        h.raw("<h3>At the end, however it ends</h3>\n");
        drawing(h, body(&picture.finally, data.now), "The steps at the end");
    }
    h.raw("</section>\n");
}

fn drawing(h: &mut Html, drawn: Drawn, about: &'static str) {
    let (wide, tall) = (drawn.width + 4.0, drawn.height + 4.0);
    // It shrinks with the page as long as it can be read, and is scrolled in its frame then.
    h.raw("<div class=\"graph\" tabindex=\"0\"><svg viewBox=\"-2 -2 ").num(wide).raw(" ").num(tall);
    h.raw("\" style=\"width:").num(wide).raw("px;min-width:min(").num(wide).raw("px,");
    h.num((wide * 0.62).max(300.0)).raw("px)\" role=\"group\" aria-label=\"").raw(about);
    h.raw("\">\n").part(drawn.html).raw("</svg></div>\n");
}

fn body(nodes: &[Node], now: Moment) -> Drawn {
    let mut drawn: Vec<Option<Drawn>> = nodes.iter().map(|one| Some(node(one, now))).collect();
    let item = |drawn: &Option<Drawn>| {
        let width = drawn.as_ref().map_or(0.0, |drawn| drawn.width);
        Item { width, port: width / 2.0 }
    };
    let items: Vec<Item> = drawn.iter().map(item).collect();
    let of = |(to, node): (usize, &Node)| {
        node.needs.iter().map(move |edge| (edge.from, to)).collect::<Vec<_>>()
    };
    let edges: Vec<(usize, usize)> = nodes.iter().enumerate().flat_map(of).collect();
    let layout = layout(&items, &edges, RULES);
    let (mut lines, mut boxes, mut y) = (Html::new(), Html::new(), 0.0);
    for (number, row) in layout.rows.iter().enumerate() {
        let heights: Vec<f64> = row
            .iter()
            .map(|cell| cell.item.and_then(|item| drawn[item].as_ref()).map_or(0.0, |d| d.height))
            .collect();
        let tall = heights.iter().copied().fold(0.0, f64::max);
        for (cell, height) in row.iter().zip(&heights) {
            if let Some(one) = cell.item.and_then(|item| drawn[item].take()) {
                boxes.raw("<g transform=\"translate(").num(cell.left).raw(" ").num(y).raw(")\">");
                boxes.part(one.html).raw("</g>\n");
            }
            // From where its own drawing ends to where its row does.
            let goes_on = |(from, _): &(usize, usize)| std::ptr::eq(&row[*from], cell);
            let leaves = layout.links.get(number).is_some_and(|links| links.iter().any(goes_on));
            if leaves && *height < tall {
                path(&mut lines, [(cell.port(), y + height), (cell.port(), y + tall)], false);
            }
        }
        y += tall;
        if number + 1 < layout.rows.len() {
            between(&mut lines, &layout, number, y);
            y += BETWEEN;
        }
    }
    Drawn { width: layout.width, height: y, html: joined(lines, boxes) }
}

fn joined(mut lines: Html, boxes: Html) -> Html {
    lines.part(boxes);
    lines
}

fn between(lines: &mut Html, layout: &Layout, row: usize, y: f64) {
    for (from, to) in &layout.links[row] {
        let (from, to) = (&layout.rows[row][*from], &layout.rows[row + 1][*to]);
        path(lines, [(from.port(), y), (to.port(), y + BETWEEN)], to.item.is_some());
    }
}

fn path(lines: &mut Html, [(x, y), (to_x, to_y)]: [(f64, f64); 2], arrives: bool) {
    let bend = (to_y - y) * 0.55;
    lines.raw("<path class=\"edge\" d=\"M").num(x).raw(" ").num(y).raw("C").num(x).raw(" ");
    lines.num(y + bend).raw(" ").num(to_x).raw(" ").num(to_y - bend).raw(" ").num(to_x).raw(" ");
    lines.num(to_y).raw(if arrives { "\" marker-end=\"url(#tip)\"/>\n" } else { "\"/>\n" });
}

fn node(node: &Node, now: Moment) -> Drawn {
    if node.body.is_empty() { leaf(node, now) } else { frame(node, now) }
}

/// What a step is called for those who do not see it, or point at it.
fn about(h: &mut Html, node: &Node, mark: Mark) {
    h.text(&node.name).raw(", ").raw(node.kind).raw(", ").raw(mark.word());
    for note in &node.notes {
        h.raw(", ").text(&note.long);
    }
}

/// Begins a step: a link to its part of the page, if the run has it.
fn begin(h: &mut Html, node: &Node, mark: Mark) {
    match node.state.as_ref().and_then(|state| state.at) {
        Some(at) => {
            h.raw("<a class=\"node ").raw(mark.word()).raw("\" href=\"#i").num(at.into());
            h.raw("\" aria-label=\"");
        }
        None => {
            h.raw("<g class=\"node ").raw(mark.word()).raw("\" role=\"img\" aria-label=\"");
        }
    }
    about(h, node, mark);
    h.raw("\"><title>");
    about(h, node, mark);
    h.raw("</title>");
}

fn end(h: &mut Html, node: &Node) {
    let is_link = node.state.as_ref().is_some_and(|state| state.at.is_some());
    h.raw(if is_link { "</a>" } else { "</g>" });
}

/// Kind, time and how often.
fn meta(node: &Node, now: Moment) -> String {
    let mut words = vec![node.kind.to_owned()];
    let began = node.state.as_ref().and_then(|state| Some((state.began?, state.ended)));
    if let Some((began, ended)) = began {
        words.push(span(ended.unwrap_or(now.0).saturating_sub(began)));
    }
    let often = node.notes.iter().filter(|note| !note.short.is_empty());
    words.extend(often.map(|note| format!("{}{}", note.sign, note.short)));
    words.join(" · ")
}

fn leaf(node: &Node, now: Moment) -> Drawn {
    let mark = node.mark().unwrap_or(Mark::Blocked);
    let (name, meta) = (line(&node.name, 26), meta(node, now));
    let notes: Vec<String> = node.notes.iter().map(|note| line(&note.long, 36)).collect();
    let small = notes.iter().chain([&meta]).map(|text| 24.0 + 6.1 * width(text) as f64);
    let wide = small.fold(46.0 + 8.0 * width(&name) as f64, f64::max).clamp(112.0, 250.0);
    let tall = 46.0 + notes.len() as f64 * LINE;
    let mut h = Html::new();
    begin(&mut h, node, mark);
    outline(&mut h, (wide, tall));
    head(&mut h, mark, &name);
    h.raw("<text class=\"meta\" x=\"12\" y=\"37\">").text(&meta).raw("</text>");
    for (number, note) in notes.iter().enumerate() {
        h.raw("<text class=\"meta note\" x=\"12\" y=\"").num(37.0 + LINE * (number + 1) as f64);
        h.raw("\">").text(note).raw("</text>");
    }
    end(&mut h, node);
    Drawn { width: wide, height: tall, html: h }
}

fn outline(h: &mut Html, (wide, tall): (f64, f64)) {
    h.raw("<rect width=\"").num(wide).raw("\" height=\"").num(tall).raw("\" rx=\"9\"/>");
}

fn head(h: &mut Html, mark: Mark, name: &str) {
    h.raw("<use class=\"icon ").raw(mark.word()).raw("\" href=\"#k-").raw(mark.word());
    h.raw("\" x=\"11\" y=\"9\" width=\"15\" height=\"15\"/><text x=\"32\" y=\"21\">").text(name);
    h.raw("</text>");
}

fn frame(node: &Node, now: Moment) -> Drawn {
    let mark = node.mark().unwrap_or(Mark::Blocked);
    let inside = body(&node.body, now);
    let (name, meta) = (line(&node.name, 40), meta(node, now));
    let notes: Vec<String> = node.notes.iter().map(|note| line(&note.long, 60)).collect();
    let small = notes.iter().chain([&meta]).map(|text| 24.0 + 6.1 * width(text) as f64);
    let wide = small.fold(46.0 + 8.0 * width(&name) as f64, f64::max).max(inside.width + 2.0 * PAD);
    let top = 48.0 + notes.len() as f64 * LINE;
    let tall = top + inside.height + PAD;
    let mut h = Html::new();
    h.raw("<rect class=\"frame ").raw(mark.word()).raw("\" width=\"").num(wide);
    h.raw("\" height=\"").num(tall).raw("\" rx=\"12\"/>");
    begin(&mut h, node, mark);
    h.raw("<rect class=\"hit\" width=\"").num(wide).raw("\" height=\"").num(top - 8.0);
    h.raw("\" rx=\"12\"/>");
    head(&mut h, mark, &name);
    h.raw("<text class=\"meta\" x=\"12\" y=\"37\">").text(&meta).raw("</text>");
    for (number, note) in notes.iter().enumerate() {
        h.raw("<text class=\"meta note\" x=\"12\" y=\"").num(37.0 + LINE * (number + 1) as f64);
        h.raw("\">").text(note).raw("</text>");
    }
    end(&mut h, node);
    h.raw("<g transform=\"translate(").num((wide - inside.width) / 2.0).raw(" ").num(top);
    h.raw(")\">\n").part(inside.html).raw("</g>");
    Drawn { width: wide, height: tall, html: h }
}
