//! Doing over: what did not end well, or a step with all that needs it.

use std::collections::BTreeSet;

use super::{Machine, next::is_last};
use crate::workflow::{
    model::{OnError, StepIndex},
    run::{Event, InstanceId, Phase, Role, Run},
};

impl Machine<'_> {
    pub(super) fn again(&mut self, from: Option<InstanceId>) {
        if !self.run.state.is_over() || self.run.started.is_none() {
            return;
        }
        let these = match from {
            // The steps at the end are all made anew, whatever is done over.
            Some(at) if is_last(self.run, at) => BTreeSet::new(),
            Some(at) => with_dependents(self.run, [at].into()),
            None => {
                let bad = bad(self.run);
                with_dependents(self.run, bad)
            }
        };
        // What is inside of another one of them is made anew with it.
        let inside = |id: &InstanceId| {
            let mut around =
                std::iter::successors(self.run.get(*id).parent, |at| self.run.get(*at).parent);
            around.any(|at| these.contains(&at))
        };
        let these: Vec<InstanceId> = these.iter().copied().filter(|id| !inside(id)).collect();
        if these.is_empty() && self.run.last.is_empty() {
            return;
        }
        self.emit(Event::Reset { these: these.clone() });
        let is_item = |id: &InstanceId| matches!(self.run.get(*id).role, Role::Item { .. });
        let others: Vec<InstanceId> = these.iter().copied().filter(|id| !is_item(id)).collect();
        self.consider_all(&others);
        self.feed_lists(&these);
        self.finish_if_over();
    }

    /// Items of lists are begun by their lists.
    fn feed_lists(&mut self, these: &[InstanceId]) {
        let lists: BTreeSet<InstanceId> =
            these.iter().filter_map(|id| self.run.get(*id).parent).collect();
        for list in lists {
            let children = &self.run.get(list).children;
            let first = children.first().map(|child| &self.run.get(*child).role);
            if matches!(first, Some(Role::Item { .. })) {
                self.feed(list);
            }
        }
    }
}

/// The innermost ones that did not end well: steps, items and times without others inside. What
/// may fail is not among them.
fn bad(run: &Run) -> BTreeSet<InstanceId> {
    let mut found = BTreeSet::new();
    let mut todo: Vec<InstanceId> = run.top.clone();
    while let Some(at) = todo.pop() {
        let instance = run.get(at);
        if run.step_of(at).on_error == OnError::Continue {
            continue;
        }
        let is_bad = |id: &InstanceId| match (&run.get(*id).phase, &run.get(*id).role) {
            (Phase::Failed | Phase::Cancelled, _) => true,
            // Nothing skips an item but the failure of another one.
            (phase, Role::Item { .. }) => *phase == Phase::Skipped,
            (_, Role::Whole | Role::Time(_)) => false,
        };
        let inner: Vec<InstanceId> = instance.children.iter().copied().filter(is_bad).collect();
        if inner.is_empty() && is_bad(&at) {
            found.insert(at);
        }
        match instance.children.last() {
            // What came before the last time is past.
            Some(last) if matches!(run.get(*last).role, Role::Time(_)) => todo.push(*last),
            Some(_) => todo.extend(&instance.children),
            None => (),
        }
    }
    found
}

/// These, and all that needs them: in their own bodies, and in those around.
fn with_dependents(run: &Run, these: BTreeSet<InstanceId>) -> BTreeSet<InstanceId> {
    let mut all = these.clone();
    let mut todo: Vec<InstanceId> = these.into_iter().collect();
    while let Some(at) = todo.pop() {
        let instance = run.get(at);
        let body = match instance.parent {
            Some(parent) => {
                todo.push(parent);
                &run.get(parent).children
            }
            None => &run.top,
        };
        if instance.role == Role::Whole {
            let dependents: &[StepIndex] = &run.plan.dependents[instance.step as usize];
            for step in dependents {
                let slot = run.plan.slots[*step as usize] as usize;
                if let Some(id) = body.get(slot).copied()
                    && run.get(id).step == *step
                    && all.insert(id)
                {
                    todo.push(id);
                }
            }
        }
    }
    all
}
