//! Who can begin, and what follows when one is over.

use serde_json::Value;

use super::{Machine, list::items};
use crate::workflow::{
    expr,
    model::{
        ForEach, Items, Join, Kind, Need, OnChildFailure, OnError, OnExhausted, Outcome, Repeat,
    },
    run::{About, Event, InstanceId, Phase, Role, Run, Scope, State},
    text,
};

impl Machine<'_> {
    pub(super) fn consider_all(&mut self, these: &[InstanceId]) {
        for id in these {
            self.consider(*id);
        }
    }

    /// Begins an instance whose needs are over, or skips it.
    pub(super) fn consider(&mut self, at: InstanceId) {
        if self.run.get(at).phase != Phase::Blocked {
            return;
        }
        if self.is_unwanted(at) {
            return self.emit(Event::Dropped { at, why: "the run was cancelled".to_owned() });
        }
        if let Role::Item { .. } | Role::Time(_) = self.run.get(at).role {
            return self.unfold(at);
        }
        match needs(self.run, at) {
            Needs::Open => (),
            Needs::Unmet(why) => self.emit(Event::Skipped { at, why }),
            Needs::Met => match self.is_wanted(at) {
                Ok(true) => match self.run.imported(at) {
                    Some(output) => self.done(at, output),
                    None => self.unfold(at),
                },
                Ok(false) => {
                    self.emit(Event::Skipped { at, why: "its `when` is not so".to_owned() });
                }
                Err(why) => self.fail(at, format!("`when`: {why}")),
            },
        }
    }

    /// Whether nothing may begin any more, and it is not one of the steps at the end.
    fn is_unwanted(&self, at: InstanceId) -> bool {
        let cancelled = self.run.cancelled.is_some();
        cancelled && (!self.run.finally || !is_last(self.run, at))
    }

    fn is_wanted(&self, at: InstanceId) -> Result<bool, String> {
        let scope = Scope { run: self.run, at: Some(at) };
        let when = self.run.step_of(at).when.as_ref();
        when.map_or(Ok(true), |when| expr::eval(when, &scope))
    }

    pub(super) fn fail(&mut self, at: InstanceId, why: String) {
        self.emit(Event::Failed { at, why });
    }

    /// Takes one level off: a list, a loop, a body; what is left waits for room.
    fn unfold(&mut self, at: InstanceId) {
        let (role, step) = (self.run.get(at).role.clone(), self.run.step_of(at));
        let is_group = matches!(step.kind, Kind::Group { .. });
        match (&role, step.for_each.clone(), step.repeat.is_some()) {
            (Role::Whole, Some(for_each), _) => self.expand(at, &for_each),
            (Role::Whole | Role::Item { .. }, _, true) => self.once_more(at),
            (Role::Whole | Role::Item { .. } | Role::Time(_), _, _) if is_group => {
                self.emit(Event::Opened { at });
                self.consider_all(&self.run.get(at).children.clone());
                self.close_body_if_over(at);
            }
            (Role::Whole | Role::Item { .. } | Role::Time(_), _, _) => {
                self.run.enter(at, Phase::Ready, self.now);
            }
        }
    }

    fn expand(&mut self, at: InstanceId, for_each: &ForEach) {
        let list = match &for_each.items {
            Items::These(list) => Ok(Value::Array(list.clone())),
            Items::From(from) => text::value(from, &Scope { run: self.run, at: Some(at) }),
        };
        match list.and_then(|list| items(list, for_each.key.as_deref())) {
            Err(why) => self.fail(at, format!("`for_each`: {why}")),
            Ok(items) if items.is_empty() => self.done(at, Value::Array(vec![])),
            Ok(items) => {
                self.emit(Event::Expanded { at, items });
                self.feed(at);
            }
        }
    }

    /// Begins as many of a list as may run at a time.
    pub(super) fn feed(&mut self, at: InstanceId) {
        let limit = self.run.step_of(at).for_each.as_ref().and_then(|each| each.max_parallel);
        let limit = limit.map_or(usize::MAX, |limit| limit as usize);
        if self.run.get(at).left == self.run.get(at).begun {
            return;
        }
        let busy = |run: &Run, child: &InstanceId| {
            !run.get(*child).phase.is_over() && run.get(*child).phase != Phase::Blocked
        };
        let children = self.run.get(at).children.clone();
        let mut free = if limit == usize::MAX {
            limit
        } else {
            limit.saturating_sub(children.iter().filter(|c| busy(self.run, c)).count())
        };
        for child in children {
            if free == 0 {
                break;
            }
            if self.run.get(child).phase == Phase::Blocked {
                self.consider(child);
                free -= usize::from(busy(self.run, &child));
            }
        }
    }

    /// Begins a loop, or goes round it once more.
    pub(super) fn once_more(&mut self, at: InstanceId) {
        self.emit(Event::Repeated { at });
        if let Some(child) = self.run.get(at).children.last().copied() {
            self.consider(child);
        }
    }

    /// What follows when an instance is over.
    pub(super) fn after(&mut self, at: InstanceId) {
        if self.run.state.is_over() {
            return;
        }
        let parent = self.run.get(at).parent;
        self.give_up_if_told(at);
        match (self.run.get(at).role.clone(), parent) {
            (Role::Whole, parent) => {
                self.wake_dependents(at);
                match parent {
                    Some(group) => self.close_body_if_over(group),
                    None => self.finish_if_over(),
                }
            }
            (Role::Item { .. }, Some(list)) => self.after_item(at, list),
            (Role::Time(number), Some(repeat)) => self.after_time(at, number, repeat),
            (Role::Item { .. } | Role::Time(_), None) => (),
        }
    }

    /// A workflow may want to end with its first failure.
    fn give_up_if_told(&mut self, at: InstanceId) {
        let fatal = self.run.get(at).phase == Phase::Failed && !is_excused(self.run, at);
        let first = self.run.cancelled.is_none();
        if fatal && first && self.run.plan.definition.fail_fast && !self.run.finally {
            self.cancel(format!("`fail_fast`: {} failed", self.run.path(at)), State::Failed);
        }
    }

    fn wake_dependents(&mut self, at: InstanceId) {
        let step = self.run.get(at).step;
        let plan = std::sync::Arc::clone(&self.run.plan);
        for dependent in &plan.dependents[step as usize] {
            let slot = plan.slots[*dependent as usize] as usize;
            let body = match self.run.get(at).parent {
                Some(group) => &self.run.get(group).children,
                None if self.run.finally && is_last(self.run, at) => &self.run.last,
                None => &self.run.top,
            };
            if let Some(id) = body.get(slot).copied() {
                self.consider(id);
            }
        }
    }

    fn close_body_if_over(&mut self, group: InstanceId) {
        let instance = self.run.get(group);
        if instance.phase != Phase::Open || instance.left > 0 {
            return;
        }
        let bad = |phase: Phase| {
            let mut all = instance.children.iter();
            all.find(|id| self.run.get(**id).phase == phase && !self.run.counts_as_ok(**id))
        };
        match (bad(Phase::Failed).copied(), bad(Phase::Cancelled).copied()) {
            (Some(child), _) => {
                let why = format!("{} failed", self.run.step_of(child).id);
                self.fail(group, why);
            }
            (None, Some(_)) => {
                self.emit(Event::Dropped { at: group, why: "cancelled".to_owned() });
            }
            (None, None) => self.done(group, self.run.gathered(group)),
        }
    }

    fn after_item(&mut self, at: InstanceId, list: InstanceId) {
        let Some(each) = self.run.step_of(list).for_each.clone() else { return };
        let failed = self.run.get(at).phase == Phase::Failed;
        if failed && each.on_child_failure == OnChildFailure::Stop {
            for child in self.run.get(list).children.clone() {
                if matches!(self.run.get(child).phase, Phase::Blocked | Phase::Ready) {
                    let why = "another one failed".to_owned();
                    self.emit(Event::Skipped { at: child, why });
                }
            }
        }
        self.feed(list);
        let phase = |id: &InstanceId| &self.run.get(*id).phase;
        let children = &self.run.get(list).children;
        if self.run.get(list).phase != Phase::Open || self.run.get(list).left > 0 {
            return;
        }
        let failed: Vec<String> = children
            .iter()
            .filter(|child| *phase(child) == Phase::Failed)
            .map(|child| self.run.path(*child))
            .collect();
        let cancelled = children.iter().any(|child| *phase(child) == Phase::Cancelled);
        match each.join {
            _ if cancelled => {
                self.emit(Event::Dropped { at: list, why: "cancelled".to_owned() });
            }
            Join::AllOk if !failed.is_empty() => {
                let (bad, all) = (failed.len(), children.len());
                self.fail(list, format!("{bad} of {all} failed: {}", failed.join(", ")));
            }
            Join::AllOk | Join::AllDone => self.done(list, self.run.gathered(list)),
        }
    }

    fn after_time(&mut self, at: InstanceId, number: u32, repeat: InstanceId) {
        let Some(rule) = self.run.step_of(repeat).repeat.clone() else { return };
        match self.run.get(at).phase.clone() {
            Phase::Done | Phase::Skipped => self.judge_time(at, number, (repeat, &rule)),
            Phase::Failed => {
                let why = self.run.get(at).why.as_deref().unwrap_or("it failed").to_owned();
                self.fail(repeat, format!("time {number}: {why}"));
            }
            Phase::Cancelled => {
                self.emit(Event::Dropped { at: repeat, why: "cancelled".to_owned() });
            }
            Phase::Blocked
            | Phase::Ready
            | Phase::Running
            | Phase::Open
            | Phase::Waiting(_)
            | Phase::Held(_) => (),
        }
    }

    fn judge_time(&mut self, at: InstanceId, number: u32, (repeat, rule): (InstanceId, &Repeat)) {
        let scope = Scope { run: self.run, at: Some(at) };
        match expr::eval(&rule.until, &scope) {
            Err(why) => self.fail(repeat, format!("`until`: {why}")),
            Ok(true) => self.done(repeat, self.run.gathered(repeat)),
            Ok(false) if number < rule.max_iterations && !is_stuck(self.run, repeat, rule) => {
                self.once_more(repeat);
            }
            Ok(false) => self.exhausted(repeat, rule, number),
        }
    }

    fn exhausted(&mut self, at: InstanceId, rule: &Repeat, number: u32) {
        let why = match number < rule.max_iterations {
            true => format!("the last {} times made no difference", rule.no_progress),
            false => format!("it is not so after {number} times"),
        };
        match rule.on_exhausted {
            OnExhausted::Fail => self.fail(at, why),
            OnExhausted::Continue => self.done(at, self.run.gathered(at)),
            OnExhausted::Ask => self.emit(Event::Held { at, about: About::Exhausted, why }),
        }
    }

    /// Goes on to the steps at the end, or ends.
    pub(super) fn finish_if_over(&mut self) {
        if self.run.state != State::Running || self.run.left > 0 {
            return;
        }
        if !self.run.finally && !self.run.plan.definition.finally.is_empty() {
            self.emit(Event::Finally);
            self.consider_all(&self.run.last.clone());
        }
        if self.run.left > 0 {
            return;
        }
        let state = match &self.run.cancelled {
            Some((_, state)) => *state,
            None if has_failed(self.run) => State::Failed,
            None => State::Done,
        };
        let outputs = self.outputs();
        self.emit(Event::Finished { state, outputs });
    }

    /// What the run gives back; what has no value is null.
    fn outputs(&self) -> Option<Value> {
        let declared = &self.run.plan.definition.outputs;
        let scope = Scope { run: self.run, at: None };
        let one = |(name, template): (&String, &text::Template)| {
            (name.clone(), text::value(template, &scope).unwrap_or(Value::Null))
        };
        (!declared.is_empty()).then(|| Value::Object(declared.iter().map(one).collect()))
    }
}

/// Whether the outermost instance around one is a step at the end.
pub(super) fn is_last(run: &Run, at: InstanceId) -> bool {
    let top = std::iter::successors(Some(at), |id| run.get(*id).parent).last();
    top.is_some_and(|top| run.last.contains(&top))
}

/// What the needs of an instance say.
enum Needs {
    /// Some are not over.
    Open,
    /// It is not to be done.
    Unmet(String),
    /// It can begin.
    Met,
}

fn needs(run: &Run, at: InstanceId) -> Needs {
    let body: &[InstanceId] = match run.get(at).parent {
        Some(group) => &run.get(group).children,
        None if run.last.contains(&at) => &run.last,
        None => &run.top,
    };
    let mut unmet = None;
    for Need { step, on } in &run.step_of(at).needs {
        let Some(other) = body.get(run.plan.slots[*step as usize] as usize) else { continue };
        if !run.get(*other).phase.is_over() {
            return Needs::Open;
        }
        let outcome = match run.get(*other).phase {
            _ if run.counts_as_ok(*other) => Outcome::Ok,
            Phase::Skipped => Outcome::Skipped,
            Phase::Failed
            | Phase::Cancelled
            | Phase::Done
            | Phase::Blocked
            | Phase::Ready
            | Phase::Running
            | Phase::Open
            | Phase::Waiting(_)
            | Phase::Held(_) => Outcome::Failed,
        };
        let is = run.outcome_word(*other);
        if !on.contains(&outcome) && unmet.is_none() {
            unmet = Some(format!("it needs {}, which is {is}", run.step_of(*other).id));
        }
    }
    unmet.map_or(Needs::Met, Needs::Unmet)
}

/// Whether the failure of an instance does not make the run fail.
pub(super) fn is_excused(run: &Run, at: InstanceId) -> bool {
    std::iter::successors(Some(at), |id| run.get(*id).parent)
        .any(|id| run.step_of(id).on_error == OnError::Continue)
}

/// Whether something failed that was not allowed to.
fn has_failed(run: &Run) -> bool {
    let mut todo: Vec<InstanceId> = run.top.iter().chain(&run.last).copied().collect();
    while let Some(at) = todo.pop() {
        let instance = run.get(at);
        if run.step_of(at).on_error == OnError::Continue {
            continue;
        }
        if instance.phase == Phase::Failed {
            return true;
        }
        todo.extend(&instance.children);
    }
    false
}

/// Whether a loop gives back the same so often that it is stuck.
fn is_stuck(run: &Run, at: InstanceId, rule: &Repeat) -> bool {
    let wanted = rule.no_progress as usize;
    let times = &run.get(at).children;
    let last = times.iter().rev().take(wanted + 1).map(|id| run.get(*id).output.as_deref());
    let last: Vec<_> = last.collect();
    wanted > 0 && last.len() > wanted && last.windows(2).all(|pair| pair[0] == pair[1])
}
