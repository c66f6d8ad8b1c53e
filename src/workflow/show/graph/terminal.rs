//! Layers on a terminal.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Node, Picture,
    canvas::Canvas,
    layers::{Cell, Item, Layout, Rules, layout},
    tree,
};
use crate::{
    verb::Ui,
    workflow::{
        model::Definition,
        show::{
            escape::{line, width},
            mark,
        },
        view::RunView,
    },
};

/// Steps that a drawing may have; more are a list.
const MOST: usize = 40;
const RULES: Rules = Rules { gap: 3.0, widest: 72.0, passing: Item { width: 1.0, port: 0.0 } };

/// The steps of a workflow, with how far they are if a run is given: a drawing, or a list with what
/// each needs if that would not be readable.
pub(crate) fn terminal(definition: &Definition, view: Option<&RunView>, ui: &Ui) -> String {
    let picture = Picture::of(definition, view);
    let room = usize::from(ui.width.unwrap_or(80)).clamp(40, 160);
    let count = picture.all().len();
    let drawn = (count <= MOST).then(|| {
        let mut crossings = 0;
        let steps = body(&picture.body, room, &mut crossings);
        (steps, body(&picture.finally, room, &mut crossings), crossings)
    });
    // Where more lines cross than there are steps, nobody follows one of them.
    let fits = |drawn: &(Canvas, Canvas, usize)| {
        drawn.0.width().max(drawn.1.width()) <= room && drawn.2 <= count
    };
    let Some((steps, last, _)) = drawn.filter(fits) else { return tree(&picture, ui, room) };
    let mut lines = steps.lines(ui);
    if last.height() > 0 {
        lines.push(String::new());
        lines.push(ui.paint("2", "── at the end, however it ends ──"));
        lines.extend(last.lines(ui));
    }
    lines.extend(legend(&picture, ui, room));
    lines.join("\n")
}

/// What the signs mean: of the conditions one by one, of the states those that are there.
pub(super) fn legend(picture: &Picture, ui: &Ui, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let all = picture.all();
    let widest = all.iter().filter(|node| !node.notes.is_empty()).map(|node| width(&node.name));
    let widest = widest.max().unwrap_or(0);
    for node in &all {
        for note in &node.notes {
            let pad = " ".repeat(widest - width(&node.name));
            let text = format!("{} {}{pad}  {}", note.sign, node.name, note.long);
            lines.push(ui.paint("2", &line(&text, room)));
        }
    }
    lines.extend(counts(&all, ui, room));
    if lines.len() == 1 { vec![] } else { lines }
}

fn counts(all: &[&Node], ui: &Ui, room: usize) -> Vec<String> {
    let count = |mark: mark::Mark| all.iter().filter(|node| node.mark() == Some(mark)).count();
    let (mut lines, mut used) = (Vec::<String>::new(), room);
    for mark in mark::ALL.into_iter().filter(|mark| count(*mark) > 0) {
        let word = format!("{} {} {}", mark.sign(), count(mark), mark.word());
        let painted = ui.paint(mark.sgr(), &word);
        used += 3 + width(&word);
        match lines.last_mut().filter(|_| used <= room) {
            Some(line) => line.push_str(&format!("   {painted}")),
            None => {
                used = width(&word);
                lines.push(painted);
            }
        }
    }
    lines
}

fn body(nodes: &[Node], room: usize, crossings: &mut usize) -> Canvas {
    let mut drawn: Vec<Option<Canvas>> =
        nodes.iter().map(|n| Some(node(n, room, crossings))).collect();
    let items: Vec<Item> = drawn
        .iter()
        .zip(nodes)
        .map(|(canvas, node)| Item {
            width: canvas.as_ref().map_or(0, Canvas::width) as f64,
            port: if node.body.is_empty() { 0.0 } else { 2.0 },
        })
        .collect();
    let of = |(to, node): (usize, &Node)| {
        node.needs.iter().map(move |edge| (edge.from, to)).collect::<Vec<_>>()
    };
    let edges: Vec<(usize, usize)> = nodes.iter().enumerate().flat_map(of).collect();
    let rules = Rules { widest: RULES.widest.min(room as f64 - 8.0), ..RULES };
    let layout = layout(&items, &edges, rules);
    *crossings += layout.crossings();
    let mut canvas = Canvas::default();
    let mut y = 0;
    for row in 0..layout.rows.len() {
        let height = |cell: &Cell| {
            let canvas = cell.item.and_then(|item| drawn[item].as_ref());
            canvas.map_or(1, Canvas::height)
        };
        let heights: Vec<usize> = layout.rows[row].iter().map(height).collect();
        let tall = heights.iter().copied().max().unwrap_or(1);
        let leaves = |slot: usize| {
            layout.links.get(row).is_some_and(|links| links.iter().any(|link| link.0 == slot))
        };
        for (slot, cell) in layout.rows[row].iter().enumerate() {
            let own = heights[slot];
            if let Some(drawn) = cell.item.and_then(|item| drawn[item].take()) {
                canvas.place((column(cell.left), y), drawn);
            }
            let from = if cell.item.is_some() { own } else { 0 };
            if leaves(slot) && from < tall {
                canvas.down(column(cell.port()), (y + from, y + tall - 1), &[]);
            }
        }
        y += tall;
        if row + 1 < layout.rows.len() {
            y += lines(&mut canvas, &layout, row, y);
        }
    }
    canvas
}

fn column(x: f64) -> usize {
    x.round().max(0.0) as usize
}

fn node(node: &Node, room: usize, crossings: &mut usize) -> Canvas {
    let mut canvas = Canvas::default();
    let sgr = node.mark().map_or("", mark::Mark::sgr);
    let flags = node.flags();
    let title = format!("{} {}", node.sign(), line(&node.name, 32));
    if node.body.is_empty() {
        canvas.put((0, 0), &title, sgr);
        canvas.put((width(&title), 0), &flags, "2");
        return canvas;
    }
    let inside = body(&node.body, room.saturating_sub(4), crossings);
    let title = format!(" {title}{flags} ");
    let wide = (inside.width() + 4).max(width(&title) + 4);
    canvas.frame((wide, inside.height() + 2), sgr);
    canvas.put((1, 0), &title, sgr);
    canvas.place((2, 1), inside);
    canvas
}

/// Lines that are drawn as one: from these columns to those.
struct Net {
    from: BTreeSet<usize>,
    to: BTreeSet<usize>,
    /// Row of its line across, from 0.
    track: usize,
}

impl Net {
    fn span(&self) -> (usize, usize) {
        let all = || self.from.iter().chain(&self.to).copied();
        (all().min().unwrap_or(0), all().max().unwrap_or(0))
    }

    fn is_straight(&self) -> bool {
        self.span().0 == self.span().1
    }
}

/// Draws the lines between a row and the next, and says how many rows they take.
fn lines(canvas: &mut Canvas, layout: &Layout, row: usize, y: usize) -> usize {
    let nets = nets(layout, row);
    let tracks = nets.iter().filter(|net| !net.is_straight()).map(|net| net.track + 1).max();
    let last = y + tracks.unwrap_or(1) - 1;
    for (number, net) in nets.iter().enumerate().filter(|(_, net)| !net.is_straight()) {
        canvas.across(net.span(), y + net.track, number);
    }
    for (number, net) in nets.iter().enumerate() {
        let turn = y + net.track;
        for x in &net.from {
            let ends = !net.is_straight() && !net.to.contains(x);
            canvas.down(*x, (y, if net.is_straight() { last } else { turn }), &[number]);
            if ends {
                canvas.cut(*x, turn, false);
            }
        }
        let joined: Vec<usize> = nets
            .iter()
            .enumerate()
            .filter(|(_, other)| !other.to.is_disjoint(&net.to))
            .map(|(other, _)| other)
            .collect();
        for x in net.to.iter().filter(|_| !net.is_straight()) {
            let above = net.from.contains(x) || passes(&nets, *x, net.track);
            canvas.down(*x, (turn, last), &joined);
            if !above {
                canvas.cut(*x, turn, true);
            }
        }
    }
    last + 1 - y
}

/// Whether another line comes down a column to the same target from above a track.
fn passes(nets: &[Net], x: usize, track: usize) -> bool {
    nets.iter().any(|net| net.to.contains(&x) && (net.is_straight() || net.track < track))
}

/// Sources with the same targets share a line; lines that would run into each other get rows of
/// their own.
fn nets(layout: &Layout, row: usize) -> Vec<Net> {
    let port = |row: usize, slot: usize| column(layout.rows[row][slot].port());
    let mut targets: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (from, to) in &layout.links[row] {
        targets.entry(port(row, *from)).or_default().insert(port(row + 1, *to));
    }
    let mut by_target: BTreeMap<BTreeSet<usize>, BTreeSet<usize>> = BTreeMap::new();
    for (from, to) in targets {
        by_target.entry(to).or_default().insert(from);
    }
    let mut open: Vec<Net> =
        by_target.into_iter().map(|(to, from)| Net { from, to, track: 0 }).collect();
    open.sort_by_key(Net::span);
    let mut placed: Vec<Net> = Vec::new();
    while !open.is_empty() {
        // One that starts in a column comes before one that ends there: else they would touch.
        let free = |net: &Net| {
            open.iter().all(|other| std::ptr::eq(net, other) || other.from.is_disjoint(&net.to))
        };
        let next = open.iter().position(free).unwrap_or(0);
        let mut net = open.remove(next);
        let clear = |track: usize| {
            placed.iter().filter(|other| !other.is_straight()).all(|other| {
                let ((a, b), (c, d)) = (net.span(), other.span());
                let touches = !other.from.is_disjoint(&net.to);
                (other.track != track || b < c || d < a) && (!touches || other.track < track)
            })
        };
        net.track = (0..).find(|track| clear(*track)).unwrap_or(0);
        placed.push(net);
    }
    placed
}
