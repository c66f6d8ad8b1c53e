//! How far each step of a definition is in a run: one answer for a step that is done many times.

use std::collections::BTreeMap;

use super::mark::Mark;
use crate::workflow::{
    run::InstanceId,
    view::{RunView, StepView},
};

/// How far a step is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StepState {
    /// The state that tells most of all of its doings.
    pub(super) mark: Mark,
    /// The doing with that state, if there is one.
    pub(super) at: Option<InstanceId>,
    /// Its items, if it is done for each of a list.
    pub(super) items: Option<Items>,
    /// How many times its loop has begun.
    pub(super) times: u32,
    /// When it began.
    pub(super) began: Option<u64>,
    /// When it was over.
    pub(super) ended: Option<u64>,
}

/// The items of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Items {
    /// All of them.
    pub(super) all: u32,
    /// Those that are over.
    pub(super) over: u32,
    /// Those that failed.
    pub(super) failed: u32,
}

impl StepState {
    /// Of a step that is not in a run (yet).
    pub(super) fn nothing(mark: Mark) -> Self {
        Self { mark, at: None, items: None, times: 0, began: None, ended: None }
    }
}

/// What an instance is of its step, as its path tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// One of a list.
    Item,
    /// One time of a loop.
    Time,
}

/// The steps of a view with what is around each.
pub(super) struct Tree<'a> {
    /// The steps, as the view has them.
    pub(super) steps: &'a [StepView],
    /// Place of the one around each.
    pub(super) parent: Vec<Option<usize>>,
    /// What each is of its step.
    pub(super) part: Vec<Part>,
    /// Whether nothing is inside of it.
    pub(super) leaf: Vec<bool>,
}

impl<'a> Tree<'a> {
    /// Finds out what is inside of what.
    pub(super) fn of(view: &'a RunView) -> Self {
        let steps = &view.steps[..];
        let (mut parent, mut part) = (Vec::new(), Vec::new());
        let mut leaf = vec![true; steps.len()];
        let mut open: Vec<usize> = Vec::new();
        for (place, step) in steps.iter().enumerate() {
            open.truncate(step.depth as usize);
            let around = open.last().copied();
            let same = around.filter(|around| steps[*around].step == step.step);
            part.push(match same {
                None => Part::Whole,
                Some(around) if is_time(&steps[around].id, &step.id) => Part::Time,
                Some(_) => Part::Item,
            });
            if let Some(around) = around {
                leaf[around] = false;
            }
            parent.push(around);
            open.push(place);
        }
        Self { steps, parent, part, leaf }
    }

    /// Whether each belongs to a time of a loop that has been gone round again since.
    fn stale(&self) -> Vec<bool> {
        let mut last: BTreeMap<Option<usize>, usize> = BTreeMap::new();
        for (place, part) in self.part.iter().enumerate() {
            if *part == Part::Time {
                last.insert(self.parent[place], place);
            }
        }
        let mut stale: Vec<bool> = Vec::with_capacity(self.steps.len());
        for (place, part) in self.part.iter().enumerate() {
            let around = self.parent[place];
            let older = *part == Part::Time && last.get(&around) != Some(&place);
            stale.push(older || around.is_some_and(|around| stale[around]));
        }
        stale
    }

    /// How far each step is, by its name.
    pub(super) fn states(&self) -> BTreeMap<&'a str, StepState> {
        let stale = self.stale();
        let mut states: BTreeMap<&str, StepState> = BTreeMap::new();
        for (place, step) in self.steps.iter().enumerate() {
            if self.part[place] != Part::Whole || stale[place] {
                continue;
            }
            let new = self.state(place);
            match states.get_mut(step.step.as_str()) {
                Some(old) if old.mark >= new.mark => (),
                Some(old) => *old = new,
                None => _ = states.insert(&step.step, new),
            }
        }
        states
    }

    fn state(&self, place: usize) -> StepState {
        let step = &self.steps[place];
        let deeper = |other: &&StepView| other.depth > step.depth;
        let end = place + 1 + self.steps[place + 1..].iter().take_while(deeper).count();
        let inside = (place + 1..end).filter(|other| self.parent[*other] == Some(place));
        let (mut items, mut times) = (Items::default(), 0);
        for other in inside {
            let mark = Mark::of(&self.steps[other].state);
            match self.part[other] {
                Part::Item => {
                    items.all += 1;
                    items.over += u32::from(mark.is_over());
                    items.failed += u32::from(mark == Mark::Failed);
                }
                Part::Time => times += 1,
                Part::Whole => (),
            }
        }
        StepState {
            mark: Mark::of(&step.state),
            at: Some(step.instance),
            items: (items.all > 0).then_some(items),
            times,
            began: step.started_at.map(|at| at.0),
            ended: step.ended_at.map(|at| at.0),
        }
    }
}

fn is_time(around: &str, id: &str) -> bool {
    id.strip_prefix(around).is_some_and(|rest| rest.starts_with('{'))
}
