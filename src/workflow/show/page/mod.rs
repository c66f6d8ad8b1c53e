//! A run as one page of HTML that stands alone: no script, nothing from outside, readable on a
//! phone, on paper and without colours.
//!
//! Rooms: `html` (the only way to write: texts are escaped by construction), `head` (what, how far,
//! what it was given), `graph` (the steps as a drawing), `spans` (from the journal to attempts and
//! spans of time), `axis` and `chart` (spans of time as a drawing), `steps` (one part for each),
//! `journal` (line by line).
//!
//! Invariant: what is shown of one value, log or journal is capped; a page of a huge run stays a
//! page that a browser opens.

mod axis;
mod chart;
mod graph;
mod head;
mod html;
mod journal;
mod spans;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use html::Html;
use spans::Spans;

use crate::{
    base::Moment,
    workflow::{
        model::Definition,
        run::{InstanceId, Told},
        view::RunView,
    },
};

const STYLE: &str = include_str!("page.css");

/// Characters of a definition that are shown.
const MOST_DEFINITION: usize = 512 << 10;

/// What is needed for the page of a run.
pub(crate) struct PageData<'a> {
    /// The run.
    pub(crate) view: RunView,
    /// Its definition.
    pub(crate) definition: Definition,
    /// The text of it.
    pub(crate) definition_text: String,
    /// Its journal.
    pub(crate) journal: Vec<Told>,
    /// What its attempts have written, by instance.
    pub(crate) logs: BTreeMap<InstanceId, String>,
    /// When the page is made.
    pub(crate) now: Moment,
    /// Of gaia.
    pub(crate) version: &'a str,
}

/// The page.
pub(crate) fn page(data: &PageData<'_>) -> String {
    let spans = Spans::of(&data.view, &data.journal, data.now);
    let mut h = Html::new();
    h.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    h.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    h.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ");
    h.raw("style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n");
    h.raw("<meta name=\"referrer\" content=\"no-referrer\">\n");
    h.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    h.text(&data.view.workflow).raw(": ").text(&data.view.state).raw("</title>\n<style>");
    h.raw(STYLE).raw("</style>\n</head>\n<body>\n");
    h.raw("<a class=\"skip\" href=\"#steps\">Skip to the steps</a>\n").raw(html::ICONS);
    head::write(&mut h, data);
    h.raw("<main>\n");
    head::attention(&mut h, data);
    head::values(&mut h, data);
    graph::write(&mut h, data);
    chart::write(&mut h, data, &spans);
    steps::write(&mut h, data, &spans);
    journal::write(&mut h, data);
    definition(&mut h, data);
    h.raw("</main>\n<footer>Made by gaia ").text(data.version).raw(" at ");
    h.time(data.now).raw("</footer>\n</body>\n</html>\n");
    h.done()
}

fn definition(h: &mut Html, data: &PageData<'_>) {
    if data.definition_text.is_empty() {
        return;
    }
    h.raw("<section class=\"card\"><details><summary><h2>Definition</h2>");
    h.raw(
        "<span class=\"hint\">as this run has captured it</span></summary>\n<pre class=\"code\">",
    );
    let (text, cut) = html::head_of(&data.definition_text, MOST_DEFINITION);
    for line in text.lines() {
        let is_comment = line.trim_start().starts_with('#');
        let key = line.find(':').filter(|at| is_key(&line[..*at]) && !is_comment);
        match key {
            Some(at) => h.raw("<b>").text(&line[..at]).raw("</b>").text(&line[at..]),
            None if is_comment => h.raw("<i>").text(line).raw("</i>"),
            None => h.text(line),
        };
        h.raw("\n");
    }
    h.raw("</pre>").cut(cut).raw("</details></section>\n");
}

fn is_key(text: &str) -> bool {
    let word = text.trim_start().trim_start_matches("- ");
    !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
}
