//! One part of the page for each step.

use serde_json::Value;

use super::{
    PageData, head,
    html::{Html, tail_of},
    spans::{Attempt, Spans},
};
use crate::{
    base::plain,
    workflow::{
        run::Class,
        show::{
            escape::line,
            live::took,
            mark::Mark,
            words::{dollars, many, span},
        },
        view::StepView,
    },
};

/// Steps that have a part of their own.
const MOST: usize = 1000;
/// What is shown of a log, and of all of them.
const MOST_LOG: usize = 64 << 10;
const MOST_LOGS: usize = 4 << 20;
/// Attempts that are listed.
const MOST_ATTEMPTS: usize = 50;

/// All of them.
pub(super) fn write(h: &mut Html, data: &PageData<'_>, spans: &Spans) {
    h.raw("<section id=\"steps\"><h2>Step by step</h2>\n");
    let mut room = MOST_LOGS;
    for step in data.view.steps.iter().take(MOST) {
        one(h, step, (data, spans), &mut room);
    }
    let more = data.view.steps.len().saturating_sub(MOST);
    if more > 0 {
        h.raw("<p class=\"hint\">").num(more as f64).raw(" more steps are not shown here.</p>\n");
    }
    h.raw("</section>\n");
}

fn one(h: &mut Html, step: &StepView, (data, spans): (&PageData<'_>, &Spans), room: &mut usize) {
    let mark = Mark::of(&step.state);
    let opens = matches!(mark, Mark::Failed | Mark::Held);
    h.raw("<details class=\"step ").raw(mark.word()).raw("\" style=\"--d:").num(step.depth.into());
    h.raw(if opens { "\" open>" } else { "\">" });
    h.raw("<summary>").icon(mark).raw("<span class=\"path\">").text(&step.id).raw("</span>");
    h.raw("<span class=\"kind\">").text(&step.kind).raw("</span>");
    if let (Mark::Skipped | Mark::Cancelled, Some(why)) = (mark, &step.why) {
        h.raw("<span class=\"note\">").text(&line(why, 80)).raw("</span>");
    }
    h.raw("<span class=\"right\">");
    if step.attempts > 1 {
        h.raw("<span class=\"tries\">").text(&many(step.attempts.into(), "attempt"));
        h.raw("</span>");
    }
    if let Some(cost) = step.cost_usd {
        h.raw("<span>").text(&dollars(cost)).raw("</span>");
    }
    if let Some(ms) = took(step, data.now) {
        h.raw("<span class=\"took\">").text(&span(ms)).raw("</span>");
    }
    h.raw("</span></summary>\n<div class=\"inside\" id=\"i").num(step.instance.into()).raw("\">\n");
    let about = data.definition.steps.iter().find(|other| other.id == step.step);
    if let Some(about) = about.filter(|about| !about.about.is_empty()) {
        h.raw("<p class=\"about\">").text(&about.about).raw("</p>\n");
    }
    if let Some(why) = &step.why {
        h.raw("<p class=\"why\">").text(why).raw("</p>\n");
    }
    facts(h, step, mark);
    attempts(h, spans.attempts.get(&step.instance).map(|all| &all[..]).unwrap_or_default());
    outputs(h, step);
    log(h, data.logs.get(&step.instance).map(String::as_str), room);
    h.raw("</div></details>\n");
}

fn facts(h: &mut Html, step: &StepView, mark: Mark) {
    h.raw("<dl class=\"facts small\"><div><dt>state</dt><dd>").raw(mark.word()).raw("</dd></div>");
    for (name, at) in [("began", step.started_at), ("over", step.ended_at)] {
        if let Some(at) = at {
            h.raw("<div><dt>").raw(name).raw("</dt><dd>").time(at).raw("</dd></div>");
        }
    }
    if !step.needs.is_empty() {
        h.raw("<div><dt>needs</dt><dd>").text(&step.needs.join(", ")).raw("</dd></div>");
    }
    if let Some(link) = &step.link {
        h.raw("<div><dt>became</dt><dd>").text(link).raw("</dd></div>");
    }
    h.raw("</dl>\n");
}

fn attempts(h: &mut Html, all: &[Attempt]) {
    // What one attempt has to say is said above already.
    if all.len() < 2 && all.iter().all(|attempt| attempt.asks == 0) {
        return;
    }
    h.raw("<div class=\"scroll\"><table><caption>Attempts</caption><thead><tr><th>#<th>began");
    h.raw("<th>took<th>ended<th>cost</tr></thead><tbody>\n");
    for attempt in all.iter().rev().take(MOST_ATTEMPTS).rev() {
        h.raw("<tr><td>").num(attempt.number.into()).raw("</td><td>").time(attempt.from);
        h.raw("</td><td>");
        match attempt.to {
            Some(to) => h.text(&span(to.since(attempt.from).as_millis() as u64)),
            None => h.raw("–"),
        };
        h.raw("</td><td>");
        match (attempt.class, attempt.to) {
            (Some(class), _) => {
                h.raw("<b>").text(&word(class)).raw("</b> ").text(&attempt.why);
            }
            (None, Some(_)) => _ = h.raw("well"),
            (None, None) => _ = h.raw("goes on"),
        }
        if attempt.asks > 0 {
            let times = many(attempt.asks.into(), "time");
            h.raw(" (asked again ").text(&times).raw(" for outputs that fit)");
        }
        h.raw("</td><td>");
        if let Some(cost) = attempt.cost {
            h.text(&dollars(cost.dollars()));
        }
        h.raw("</td></tr>\n");
    }
    h.raw("</tbody></table></div>\n");
}

/// How an attempt ended, in a word.
pub(super) fn word(class: Class) -> String {
    match class {
        Class::Code(code) => format!("exit code {code}"),
        Class::Signal(signal) => format!("signal {signal}"),
        Class::Timeout => "timeout".to_owned(),
        Class::Lost => "lost".to_owned(),
        Class::OutputInvalid => "outputs do not fit".to_owned(),
        Class::Input => "not begun".to_owned(),
        Class::Cancelled => "cancelled".to_owned(),
        Class::Refused => "a person said no".to_owned(),
        Class::Failed => "failed".to_owned(),
    }
}

fn outputs(h: &mut Html, step: &StepView) {
    match &step.outputs {
        None | Some(Value::Null) => (),
        Some(Value::Object(values)) if values.is_empty() => (),
        Some(Value::Object(values)) => {
            h.raw("<h3>Gave back</h3>\n");
            head::fields(h, values);
        }
        Some(other @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_))) => {
            h.raw("<h3>Gave back</h3>\n").value(other).raw("\n");
        }
    }
}

fn log(h: &mut Html, log: Option<&str>, room: &mut usize) {
    let Some(log) = log.filter(|log| !log.trim().is_empty()) else { return };
    // Escape sequences are taken away after a first cut: a log may be as long as a disk.
    let (tail, first) = tail_of(log, 4 * MOST_LOG);
    let clean = plain(tail);
    let (shown, second) = tail_of(&clean, MOST_LOG.min(*room));
    *room -= shown.len();
    h.raw("<h3>Log").raw(if first + second > 0 { ", its end" } else { "" });
    h.raw("</h3>\n<pre class=\"log\" tabindex=\"0\">").text(shown.trim_end()).raw("</pre>");
    h.cut(first + second).raw("\n");
}
