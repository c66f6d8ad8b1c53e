//! Drawings of the steps of a workflow, with how far they are if a run is given.
//!
//! Rooms: `layers` (where everything goes; knows nothing of steps), `canvas` (lines and words on a
//! terminal), `terminal` (layers on a canvas), `tree` (what is too big for that), `other` (text for
//! Mermaid and dot).

mod canvas;
pub(super) mod layers;
mod other;
mod terminal;
mod tree;

use std::collections::BTreeMap;

pub(crate) use other::{dot, mermaid};
pub(crate) use terminal::terminal;
pub(super) use tree::tree;

use super::{
    escape::line,
    mark::Mark,
    states::{StepState, Tree},
    words::Speech,
};
use crate::workflow::{
    model::{Definition, ForEach, Items, Outcome, Repeat, Step, StepIndex},
    view::RunView,
};

/// What is drawn.
pub(super) struct Picture {
    /// The steps.
    pub(super) body: Vec<Node>,
    /// Those at the end.
    pub(super) finally: Vec<Node>,
}

/// A step in a drawing.
pub(super) struct Node {
    /// Which.
    pub(super) index: StepIndex,
    /// Its name, on one line.
    pub(super) name: String,
    /// What kind of step it is.
    pub(super) kind: &'static str,
    /// How far it is, if a run is drawn.
    pub(super) state: Option<StepState>,
    /// When it is done, how often.
    pub(super) notes: Vec<Note>,
    /// What it needs.
    pub(super) needs: Vec<Edge>,
    /// What is inside of it.
    pub(super) body: Vec<Node>,
}

/// A line between two steps.
pub(super) struct Edge {
    /// Place of the one that is needed, in the same body.
    pub(super) from: usize,
    /// How it must have ended, if not well.
    pub(super) label: String,
}

/// Something about when or how often a step is done.
pub(super) struct Note {
    /// One sign.
    pub(super) sign: &'static str,
    /// What belongs to it at once, e.g. `2/5`.
    pub(super) short: String,
    /// In words.
    pub(super) long: String,
}

impl Picture {
    /// Of a definition, and a run of it.
    pub(super) fn of(definition: &Definition, view: Option<&RunView>) -> Self {
        let tree = view.map(Tree::of);
        let maker = Maker { definition, states: tree.as_ref().map(Tree::states) };
        let body = |these: &[StepIndex]| maker.body(these, Mark::Blocked);
        Self { body: body(&definition.body), finally: body(&definition.finally) }
    }

    /// All steps, what is inside of one after it.
    pub(super) fn all(&self) -> Vec<&Node> {
        let mut all = Vec::new();
        let mut todo: Vec<&Node> = self.body.iter().chain(&self.finally).rev().collect();
        while let Some(node) = todo.pop() {
            all.push(node);
            todo.extend(node.body.iter().rev());
        }
        all
    }
}

impl Node {
    /// How far it is.
    pub(super) fn mark(&self) -> Option<Mark> {
        self.state.as_ref().map(|state| state.mark)
    }

    /// The sign in front of its name: its state, or its kind if no run is drawn.
    pub(super) fn sign(&self) -> &'static str {
        match (self.mark(), self.kind) {
            (Some(mark), _) => mark.sign(),
            (None, "agent") => "◆",
            (None, "approval" | "question") => "?",
            (None, "group") => "▣",
            (None, "wait") => "…",
            (None, _) => "●",
        }
    }

    /// Its notes next to its name.
    pub(super) fn flags(&self) -> String {
        self.notes.iter().map(|note| format!(" {}{}", note.sign, note.short)).collect()
    }
}

struct Maker<'a> {
    definition: &'a Definition,
    states: Option<BTreeMap<&'a str, StepState>>,
}

impl Maker<'_> {
    /// The steps of a body; those that a run does not have are as far as what is around them.
    fn body(&self, body: &[StepIndex], around: Mark) -> Vec<Node> {
        body.iter().map(|index| self.node(*index, body, around)).collect()
    }

    fn node(&self, index: StepIndex, body: &[StepIndex], around: Mark) -> Node {
        let step = self.definition.step(index);
        let mut state = self.states.as_ref().map(|states| {
            let state = states.get(step.id.as_str()).cloned();
            state.unwrap_or_else(|| StepState::nothing(around))
        });
        let mark = state.as_ref().map_or(Mark::Blocked, |state| state.mark);
        let inside = if mark.is_over() { Mark::Skipped } else { Mark::Blocked };
        if let Some(state) = state.as_mut().filter(|state| state.began.is_none()) {
            state.ended = None;
        }
        let edge = |need: &crate::workflow::model::Need| {
            let from = body.iter().position(|other| *other == need.step)?;
            Some(Edge { from, label: endings(&need.on) })
        };
        Node {
            index,
            name: line(&step.id, 40),
            kind: step.kind.word(),
            notes: self.notes(step, state.as_ref()),
            state,
            needs: step.needs.iter().filter_map(edge).collect(),
            body: self.body(self.definition.inside(index), inside),
        }
    }

    fn notes(&self, step: &Step, state: Option<&StepState>) -> Vec<Note> {
        let speech = Speech(self.definition);
        let mut notes = Vec::new();
        if let Some(when) = &step.when {
            let long = format!("when {}", speech.condition(when));
            notes.push(Note { sign: "?", short: String::new(), long });
        }
        if let Some(each) = &step.for_each {
            let short = match state.and_then(|state| state.items) {
                Some(items) if items.failed > 0 => {
                    format!("{}/{} ✗{}", items.over, items.all, items.failed)
                }
                Some(items) => format!("{}/{}", items.over, items.all),
                None => "N".to_owned(),
            };
            notes.push(Note { sign: "×", short, long: each_words(speech, each) });
        }
        if let Some(repeat) = &step.repeat {
            let times = state.map_or(0, |state| state.times);
            let short = if times > 0 { times.to_string() } else { String::new() };
            notes.push(Note { sign: "⟳", short, long: repeat_words(speech, repeat) });
        }
        for note in &mut notes {
            note.long = line(&note.long, 200);
        }
        notes
    }
}

/// How often, for a list.
pub(super) fn each_words(speech: Speech<'_>, each: &ForEach) -> String {
    let list = match &each.items {
        Items::From(from) => speech.source(from),
        Items::These(these) => super::words::many(these.len() as u64, "value"),
    };
    let limit = each.max_parallel.map_or_else(String::new, |most| format!(", {most} at a time"));
    format!("for each of {list}{limit}")
}

/// How often, for a loop.
pub(super) fn repeat_words(speech: Speech<'_>, repeat: &Repeat) -> String {
    let until = speech.condition(&repeat.until);
    format!("until {until}, at most {}", super::words::many(repeat.max_iterations.into(), "time"))
}

/// How something must have ended, if that is not just well.
pub(super) fn endings(on: &[Outcome]) -> String {
    let all = [Outcome::Ok, Outcome::Failed, Outcome::Skipped];
    if on == [Outcome::Ok] {
        return String::new();
    }
    if all.iter().all(|one| on.contains(one)) {
        return "done".to_owned();
    }
    let word = |outcome: &Outcome| match outcome {
        Outcome::Ok => "ok".to_owned(),
        Outcome::Failed => "failed".to_owned(),
        Outcome::Skipped => "skipped".to_owned(),
    };
    super::words::list(&on.iter().map(word).collect::<Vec<_>>(), "or")
}
