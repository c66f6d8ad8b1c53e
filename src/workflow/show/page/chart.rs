//! Spans of time as a drawing. Names and bars stand side by side in two columns with rows of the
//! same height, so that the bars stretch with the page and the names do not.

use super::{
    PageData,
    axis::Axis,
    html::Html,
    spans::{Bar, Shade, Spans},
};
use crate::{
    base::Moment,
    workflow::{
        show::{mark::Mark, words::span},
        view::StepView,
    },
};

/// Rows that are drawn.
const MOST: usize = 300;
/// Height of a row, and of the marks above.
const ROW: f64 = 26.0;
const TOP: f64 = 24.0;

/// The part of the page about time.
pub(super) fn write(h: &mut Html, data: &PageData<'_>, spans: &Spans) {
    let view = &data.view;
    let has_bars = |step: &&StepView| spans.bars.contains_key(&step.instance);
    let all: Vec<&StepView> = view.steps.iter().filter(has_bars).collect();
    let Some(start) = view.started_at.filter(|_| !all.is_empty()) else { return };
    let end = view.ended_at.unwrap_or(data.now);
    let rows = &all[..all.len().min(MOST)];
    let busy = spans.bars.values().flatten().filter(|bar| bar.shade.is_busy());
    let busy: Vec<(Moment, Moment)> = busy.map(|bar| (bar.from, bar.to)).collect();
    let axis = Axis::of(start, end, &busy);
    h.raw("<section class=\"card\" id=\"time\"><h2>Time</h2>\n<div class=\"chart\">\n");
    names(h, rows);
    h.raw("<div class=\"plot\">");
    plot(h, (rows, spans, &axis));
    h.raw("</div>\n</div>\n");
    legend(h, rows, spans);
    if all.len() > rows.len() {
        h.raw("<p class=\"hint\">").num((all.len() - rows.len()) as f64);
        h.raw(" more steps are not drawn here.</p>\n");
    }
    h.raw("</section>\n");
}

fn names(h: &mut Html, rows: &[&StepView]) {
    h.raw("<ol class=\"names\">\n");
    for step in rows {
        h.raw("<li style=\"--d:").num(f64::from(step.depth)).raw("\"><a href=\"#i");
        h.num(step.instance.into()).raw("\" title=\"").text(&step.id).raw("\">");
        h.icon(Mark::of(&step.state)).raw("<span>").text(&short(step)).raw("</span></a></li>\n");
    }
    h.raw("</ol>\n");
}

/// The last part of a path: what is around it stands above.
fn short(step: &StepView) -> String {
    let last = match step.id.rsplit_once('/') {
        Some((_, last)) if step.depth > 0 => last,
        Some(_) | None => &step.id,
    };
    match (step.depth, last.rfind(['[', '{'])) {
        (1.., Some(at)) if last[at..].starts_with('{') => {
            format!("time {}", last[at..].trim_matches(['{', '}']))
        }
        (1.., Some(at)) => last[at..].to_owned(),
        (_, None | Some(_)) => last.to_owned(),
    }
}

fn plot(h: &mut Html, (rows, spans, axis): (&[&StepView], &Spans, &Axis)) {
    let height = TOP + ROW * rows.len() as f64;
    h.raw("<svg width=\"100%\" height=\"").num(height).raw("\" role=\"img\" ");
    h.raw("aria-label=\"What was done when\">\n");
    for (from, to) in &spans.paused {
        area(h, "paused", (axis.at(*from), axis.at(*to)), height);
        h.raw("<title>nothing new was begun</title></rect>\n");
    }
    for (from, to, long) in axis.folds() {
        area(h, "fold", (from, to), height);
        h.raw("<title>nothing was done for ").text(&long).raw("</title></rect>");
        h.raw("<text class=\"fold\" x=\"").num((from + to) / 2.0).raw("%\" y=\"12\">");
        h.text(&long).raw("</text>\n");
    }
    for (number, tick) in axis.ticks().into_iter().enumerate() {
        h.raw("<line class=\"grid\" x1=\"").num(tick.at).raw("%\" x2=\"").num(tick.at);
        h.raw("%\" y1=\"18\" y2=\"").num(height).raw("\"/><text class=\"tick");
        // On a phone there is room for every other label, and for none at the edge.
        h.raw(if number % 2 == 1 || tick.at > 86.0 { " rare" } else { "" });
        h.raw("\" x=\"").num(tick.at).raw("%\" y=\"12\">").text(&tick.label).raw("</text>\n");
    }
    for (number, step) in rows.iter().enumerate() {
        let y = TOP + ROW * number as f64;
        h.raw("<line class=\"rule\" x1=\"0\" x2=\"100%\" y1=\"").num(y).raw("\" y2=\"").num(y);
        h.raw("\"/>\n");
        for bar in spans.bars.get(&step.instance).into_iter().flatten() {
            self::bar(h, axis, bar, y);
        }
    }
    h.raw("</svg>");
}

fn area(h: &mut Html, class: &'static str, (from, to): (f64, f64), height: f64) {
    h.raw("<rect class=\"").raw(class).raw("\" x=\"").num(from).raw("%\" y=\"18\" width=\"");
    h.num((to - from).max(0.0)).raw("%\" height=\"").num(height - 18.0).raw("\">");
}

fn bar(h: &mut Html, axis: &Axis, bar: &Bar, y: f64) {
    let (from, to) = (axis.at(bar.from), axis.at(bar.to));
    // A moment is drawn too: what is there can be seen.
    let wide = (to - from).max(0.4);
    let from = from.min(100.0 - wide);
    let thin = bar.shade == Shade::Open;
    let (top, tall) = if thin { (y + ROW / 2.0 - 1.5, 3.0) } else { (y + 5.0, ROW - 10.0) };
    for class in ["", " over"] {
        // Stripes lie on top of the colour; they alone tell on paper.
        if class == " over" && matches!(bar.shade, Shade::Running | Shade::Failed | Shade::Open) {
            continue;
        }
        h.raw("<rect class=\"b ").raw(bar.shade.class()).raw(class).raw("\" x=\"").num(from);
        h.raw("%\" y=\"").num(top).raw("\" width=\"").num(wide).raw("%\" height=\"").num(tall);
        h.raw("\" rx=\"").num(if thin { 1.5 } else { 3.5 }).raw("\"><title>");
        if let Some(attempt) = bar.attempt {
            h.raw("attempt ").num(attempt.into()).raw(", ");
        }
        h.raw(bar.shade.word()).raw(": ");
        h.text(&span(bar.to.since(bar.from).as_millis() as u64)).raw("</title></rect>");
    }
    h.raw("\n");
}

fn legend(h: &mut Html, rows: &[&StepView], spans: &Spans) {
    let bars = rows.iter().filter_map(|step| spans.bars.get(&step.instance)).flatten();
    let mut shades: Vec<Shade> = bars.map(|bar| bar.shade).collect();
    shades.sort_unstable();
    shades.dedup();
    h.raw("<ul class=\"legend\">");
    for shade in shades {
        h.raw("<li><svg width=\"22\" height=\"12\" aria-hidden=\"true\">");
        for class in ["", " over"] {
            let thin = shade == Shade::Open;
            h.raw("<rect class=\"b ")
                .raw(shade.class())
                .raw(class)
                .raw("\" width=\"22\" rx=\"3\" ");
            h.raw("y=\"").num(if thin { 4.5 } else { 0.0 }).raw("\" height=\"");
            h.num(if thin { 3.0 } else { 12.0 }).raw("\"/>");
        }
        h.raw("</svg>").raw(shade.word()).raw("</li>");
    }
    h.raw("</ul>\n");
}
