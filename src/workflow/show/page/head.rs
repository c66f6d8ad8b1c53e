use serde_json::{Map, Value};

use super::{PageData, html::Html};
use crate::{
    base::Moment,
    workflow::show::{
        mark::{ALL, Mark},
        states::Tree,
        words::{count, dollars, many, span},
    },
};

/// Steps that want attention and are named at the top.
const NAMED: usize = 12;

/// States in a bar of progress: what is over stands at the left.
const PROGRESS: [Mark; 9] = [
    Mark::Done,
    Mark::Failed,
    Mark::Skipped,
    Mark::Cancelled,
    Mark::Held,
    Mark::Running,
    Mark::Waiting,
    Mark::Ready,
    Mark::Blocked,
];

/// What it is and how far it is.
pub(super) fn write(h: &mut Html, data: &PageData<'_>) {
    let view = &data.view;
    let mark = Mark::of(&view.state);
    h.raw("<header class=\"").raw(mark.word()).raw("\">\n<p class=\"kicker\">workflow run</p>\n");
    h.raw("<h1>").text(&view.workflow).raw(" ").pill(mark, &view.state);
    if view.paused {
        h.pill(Mark::Held, "paused");
    }
    h.raw("</h1>\n");
    if !data.definition.about.is_empty() {
        h.raw("<p class=\"about\">").text(&data.definition.about).raw("</p>\n");
    }
    progress(h, data);
    facts(h, data);
    h.raw("</header>\n");
}

fn progress(h: &mut Html, data: &PageData<'_>) {
    let tree = Tree::of(&data.view);
    let leaves = tree.steps.iter().zip(&tree.leaf).filter(|(_, leaf)| **leaf);
    let marks: Vec<Mark> = leaves.map(|(step, _)| Mark::of(&step.state)).collect();
    if marks.is_empty() {
        return;
    }
    let counts = ALL.map(|mark| (mark, marks.iter().filter(|other| **other == mark).count()));
    h.raw("<div class=\"bar\" aria-hidden=\"true\">");
    for mark in PROGRESS {
        let count = marks.iter().filter(|other| **other == mark).count();
        if count == 0 {
            continue;
        }
        h.raw("<span class=\"").raw(mark.word()).raw("\" style=\"flex-grow:").num(count as f64);
        h.raw("\"></span>");
    }
    h.raw("</div>\n<ul class=\"counts\">");
    for (mark, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        h.raw("<li>").icon_alone(mark).raw("<b>").num(count as f64).raw("</b> ").raw(mark.word());
        h.raw("</li>");
    }
    h.raw("<li class=\"of\">of ").text(&many(marks.len() as u64, "step")).raw("</li></ul>\n");
}

fn facts(h: &mut Html, data: &PageData<'_>) {
    let view = &data.view;
    h.raw("<dl class=\"facts\">\n");
    let took = view.started_at.map(|from| {
        let end = view.ended_at.unwrap_or(data.now);
        span(end.since(from).as_millis() as u64)
    });
    let big = [
        (if view.ended_at.is_some() { "took" } else { "so far" }, took),
        ("cost", view.cost_usd.map(dollars)),
        ("tokens", (view.tokens > 0).then(|| count(view.tokens))),
    ];
    for (name, value) in big {
        if let Some(value) = value {
            h.raw("<div class=\"big\"><dt>").raw(name).raw("</dt><dd>").text(&value);
            h.raw("</dd></div>\n");
        }
    }
    let moments =
        [("asked for", Some(view.created_at)), ("began", view.started_at), ("over", view.ended_at)];
    for (name, at) in moments {
        if let Some(at) = at {
            moment(h, name, at);
        }
    }
    let texts = [
        ("started by", Some(&view.trigger)),
        ("workspace", Some(&view.workspace)),
        ("folder", Some(&view.dir)),
        ("run", Some(&view.id)),
        ("part of the run", view.parent.as_ref()),
    ];
    for (name, text) in texts {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            h.raw("<div><dt>").raw(name).raw("</dt><dd>").text(text).raw("</dd></div>\n");
        }
    }
    h.raw("</dl>\n");
}

fn moment(h: &mut Html, name: &'static str, at: Moment) {
    h.raw("<div><dt>").raw(name).raw("</dt><dd>").time(at).raw("</dd></div>\n");
}

/// What does not go on by itself, and what went wrong.
pub(super) fn attention(h: &mut Html, data: &PageData<'_>) {
    let tree = Tree::of(&data.view);
    let leaves = tree.steps.iter().zip(&tree.leaf);
    let wants = |mark: Mark| matches!(mark, Mark::Failed | Mark::Held);
    // A loop that asks is no leaf, and nothing inside of it tells that it asks.
    let all = leaves.filter(|(step, leaf)| {
        let mark = Mark::of(&step.state);
        mark == Mark::Held || (**leaf && wants(mark))
    });
    let mut all: Vec<_> = all.map(|(step, _)| (Mark::of(&step.state), step)).collect();
    all.sort_by_key(|(mark, _)| *mark);
    if all.is_empty() && data.view.why.is_none() {
        return;
    }
    let worst =
        if all.iter().any(|(mark, _)| *mark == Mark::Held) { Mark::Held } else { Mark::Failed };
    h.raw("<section class=\"attention ").raw(worst.word()).raw("\" aria-label=\"Attention\">\n");
    if let Some(why) = &data.view.why {
        h.raw("<p class=\"why\">").text(why).raw("</p>\n");
    }
    h.raw("<ul>\n");
    for (mark, step) in all.iter().take(NAMED) {
        h.raw("<li>").icon_alone(*mark).raw("<span><a href=\"#i").num(step.instance.into());
        h.raw("\">").text(&step.id).raw("</a> ");
        h.raw(if *mark == Mark::Held { "waits for a person" } else { "failed" });
        if let Some(why) = &step.why {
            h.raw(": ").text(why);
        }
        h.raw("</span></li>\n");
    }
    if all.len() > NAMED {
        h.raw("<li>and ").num((all.len() - NAMED) as f64).raw(" more</li>\n");
    }
    h.raw("</ul></section>\n");
}

/// What it was given, and what it gave back.
pub(super) fn values(h: &mut Html, data: &PageData<'_>) {
    let (inputs, outputs) = (&data.view.inputs, data.view.outputs.as_ref());
    if inputs.is_empty() && outputs.is_none() {
        return;
    }
    h.raw("<div class=\"pair\">\n");
    if !inputs.is_empty() {
        h.raw("<section class=\"card\"><h2>Given</h2>\n");
        fields(h, inputs);
        h.raw("</section>\n");
    }
    if let Some(outputs) = outputs {
        h.raw("<section class=\"card\"><h2>Gave back</h2>\n");
        match outputs {
            Value::Object(values) => fields(h, values),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => _ = h.value(outputs),
        }
        h.raw("</section>\n");
    }
    h.raw("</div>\n");
}

/// Names with their values.
pub(super) fn fields(h: &mut Html, values: &Map<String, Value>) {
    h.raw("<dl class=\"fields\">\n");
    for (name, value) in values {
        h.raw("<div><dt>").text(name).raw("</dt><dd>").value(value).raw("</dd></div>\n");
    }
    h.raw("</dl>\n");
}
