//! The journal, line by line.

use std::collections::BTreeMap;

use super::{PageData, html::Html, steps::word};
use crate::workflow::{
    run::{Event, InstanceId},
    show::{
        escape::line,
        words::{dollars, many, value},
    },
};

/// Lines that are shown: the newest.
const MOST: usize = 2000;
/// Characters of what a line says.
const MOST_TEXT: usize = 400;

/// All of it, folded.
pub(super) fn write(h: &mut Html, data: &PageData<'_>) {
    if data.journal.is_empty() {
        return;
    }
    let names: BTreeMap<InstanceId, &str> =
        data.view.steps.iter().map(|step| (step.instance, step.id.as_str())).collect();
    let entries = many(data.journal.iter().map(|told| told.events.len() as u64).sum(), "event");
    h.raw("<section class=\"card\"><details><summary><h2>Journal</h2><span class=\"hint\">");
    h.text(&entries).raw("</span></summary>\n");
    let skipped = data.journal.len().saturating_sub(MOST);
    if skipped > 0 {
        h.raw("<p class=\"hint\">").num(skipped as f64).raw(" older lines are not shown.</p>");
    }
    h.raw("<div class=\"scroll\"><table class=\"journal\"><thead><tr><th>#<th>when<th>what");
    h.raw("<th>step<th>more</tr></thead><tbody>\n");
    for told in &data.journal[skipped..] {
        for (number, event) in told.events.iter().enumerate() {
            h.raw("<tr><td>");
            if number == 0 {
                h.num(told.seq as f64).raw("</td><td>").time(told.at);
            } else {
                h.raw("</td><td>");
            }
            let (what, at, more) = said(event);
            h.raw("</td><td>").raw(what).raw("</td><td>");
            if let Some((at, name)) = at.and_then(|at| Some((at, names.get(&at)?))) {
                h.raw("<a href=\"#i").num(at.into()).raw("\">").text(name).raw("</a>");
            }
            h.raw("</td><td>").text(&line(&more, MOST_TEXT)).raw("</td></tr>\n");
        }
    }
    h.raw("</tbody></table></div></details></section>\n");
}

/// What happened, to which instance, and the rest in words.
fn said(event: &Event) -> (&'static str, Option<InstanceId>, String) {
    let none = String::new;
    match event {
        Event::Began => ("began", None, none()),
        Event::Intended { at, attempt, .. } => ("attempt", Some(*at), format!("number {attempt}")),
        Event::Linked { at, to } => ("became", Some(*at), to.clone()),
        Event::Opened { at } => ("opened", Some(*at), none()),
        Event::Expanded { at, items } => {
            let keys: Vec<&str> = items.iter().take(20).map(|(key, _)| key.as_str()).collect();
            let text = format!("{}: {}", many(items.len() as u64, "item"), keys.join(", "));
            ("expanded", Some(*at), text)
        }
        Event::Repeated { at } => ("once more", Some(*at), none()),
        Event::Stopping { at, class } => ("stopping", Some(*at), word(*class)),
        Event::AskedAgain { at, error } => ("asked again", Some(*at), error.clone()),
        Event::Ended { at, class, why, cost, .. } => {
            let cost = cost.map_or_else(none, |cost| format!(" ({})", dollars(cost.dollars())));
            ("attempt ended", Some(*at), format!("{}: {why}{cost}", word(*class)))
        }
        Event::Waits { at, until } => ("waits", Some(*at), format!("until {}", until.show())),
        Event::Held { at, about, why } => ("held", Some(*at), format!("{}: {why}", about.word())),
        Event::Done { at, output, cost, .. } => {
            let cost = cost.map_or_else(none, |cost| format!(" ({})", dollars(cost.dollars())));
            ("done", Some(*at), format!("{}{cost}", value(output, MOST_TEXT / 2)))
        }
        Event::Failed { at, why } => ("failed", Some(*at), why.clone()),
        Event::Skipped { at, why } => ("skipped", Some(*at), why.clone()),
        Event::Dropped { at, why } => ("cancelled", Some(*at), why.clone()),
        Event::CancelAsked { by, state } => {
            ("run ends early", None, format!("{by}; it is to be {}", state.word()))
        }
        Event::OverBudget { why } => ("over budget", None, why.clone()),
        Event::Waived => ("budget waived", None, none()),
        Event::Paused { paused: true } => ("paused", None, none()),
        Event::Paused { paused: false } => ("goes on", None, none()),
        Event::Finally => ("steps at the end", None, none()),
        Event::Reset { these } => {
            ("done anew", these.first().copied(), { many(these.len() as u64, "step") })
        }
        Event::Finished { state, .. } => ("over", None, state.word().to_owned()),
    }
}
