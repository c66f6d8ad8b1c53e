//! From events to the state.

use std::sync::Arc;

use super::{Event, Instance, InstanceId, Phase, Role, Run, State, scope::shared};
use crate::{
    base::Moment,
    meter::{Micros, Tokens},
    workflow::model::StepIndex,
};

impl Run {
    /// Takes in what happened.
    pub(crate) fn apply(&mut self, event: &Event, now: Moment) {
        match event {
            Event::Began => self.begin(now),
            Event::Finally => {
                self.finally = true;
                let body = self.plan.definition.finally.clone();
                self.last = self.make(None, &body);
                self.left += body.len() as u32;
            }
            Event::CancelAsked { by, state } => {
                self.cancelled = Some((by.clone(), *state));
                // Nothing holds up the steps at its end.
                (self.over_budget, self.paused) = (None, false);
            }
            Event::OverBudget { why } => self.over_budget = Some(why.clone()),
            Event::Waived => (self.over_budget, self.waived) = (None, true),
            Event::Paused { paused } => self.paused = *paused,
            Event::Reset { these } => self.reset(these, now),
            Event::Finished { state, outputs } => {
                self.state = *state;
                self.ended = Some(now);
                self.outputs.clone_from(outputs);
                self.ready.clear();
            }
            // The others are about one instance.
            one => self.apply_to_one(one, now),
        }
    }

    fn apply_to_one(&mut self, event: &Event, now: Moment) {
        match event {
            Event::Opened { at } => {
                let body = self.plan.definition.inside(self.get(*at).step).to_vec();
                let children = self.make(Some(*at), &body);
                self.adopt(*at, children);
                self.enter(*at, Phase::Open, now);
            }
            Event::Expanded { at, items } => self.expand(*at, items, now),
            Event::Repeated { at } => self.repeat(*at, now),
            Event::Intended { at, attempt, boot } => self.intend(*at, (*attempt, boot), now),
            Event::Linked { at, to } => self.mutate(*at).link = Some(shared(to)),
            Event::Stopping { at, class } => self.mutate(*at).ending = Some(*class),
            Event::AskedAgain { at, error } => {
                self.mutate(*at).asks += 1;
                self.mutate(*at).why = Some(shared(error));
            }
            Event::Ended { at, class, why, cost, tokens, output } => {
                self.spend(*at, *cost, *tokens);
                let instance = self.mutate(*at);
                instance.lost = if *class == super::Class::Lost { instance.lost + 1 } else { 0 };
                let counts = !matches!(class, super::Class::Lost | super::Class::Cancelled);
                instance.failures += u32::from(counts);
                instance.why = Some(shared(why));
                instance.output = output.clone().map(Arc::new);
                instance.ending = None;
            }
            Event::Waits { at, until } => self.enter(*at, Phase::Waiting(*until), now),
            Event::Held { at, about, why } => {
                self.mutate(*at).why = Some(shared(why));
                self.enter(*at, Phase::Held(*about), now);
            }
            Event::Done { at, output, cost, tokens } => {
                self.spend(*at, *cost, *tokens);
                let output = self.share_output(output);
                let instance = self.mutate(*at);
                (instance.why, instance.ending) = (None, None);
                instance.output = Some(output);
                self.enter(*at, Phase::Done, now);
            }
            Event::Failed { at, why } => self.leave(*at, Phase::Failed, why, now),
            Event::Skipped { at, why } => self.leave(*at, Phase::Skipped, why, now),
            Event::Dropped { at, why } => self.leave(*at, Phase::Cancelled, why, now),
            Event::Began
            | Event::Finally
            | Event::CancelAsked { .. }
            | Event::OverBudget { .. }
            | Event::Waived
            | Event::Paused { .. }
            | Event::Reset { .. }
            | Event::Finished { .. } => (),
        }
    }

    fn repeat(&mut self, at: InstanceId, now: Moment) {
        let number = self.get(at).children.len() as u32 + 1;
        let step = self.get(at).step;
        let child = self.add(Instance::new(step, Some(at), Role::Time(number)));
        self.mutate(at).children.push(child);
        self.mutate(at).left += 1;
        self.enter(at, Phase::Open, now);
    }

    fn intend(&mut self, at: InstanceId, (attempt, boot): (u32, &str), now: Moment) {
        let boot = self.share_boot(boot);
        let instance = self.mutate(at);
        instance.attempt = attempt;
        (instance.asks, instance.link, instance.ending) = (0, None, None);
        instance.boot = Some(boot);
        instance.since = Some(now);
        self.enter(at, Phase::Running, now);
    }

    fn begin(&mut self, now: Moment) {
        self.state = State::Running;
        (self.started, self.since) = (Some(now), Some(now));
        let body = self.plan.definition.body.clone();
        self.top = self.make(None, &body);
        self.left = body.len() as u32;
    }

    fn adopt(&mut self, at: InstanceId, children: Vec<InstanceId>) {
        let instance = self.mutate(at);
        instance.left = children.len() as u32;
        instance.children = children;
    }

    fn make(&mut self, parent: Option<InstanceId>, body: &[StepIndex]) -> Vec<InstanceId> {
        body.iter().map(|step| self.add(Instance::new(*step, parent, Role::Whole))).collect()
    }

    fn add(&mut self, instance: Instance) -> InstanceId {
        self.instances.push(instance);
        self.instances.len() as InstanceId - 1
    }

    fn mutate(&mut self, id: InstanceId) -> &mut Instance {
        &mut self.instances[id as usize]
    }

    fn expand(&mut self, at: InstanceId, items: &[(String, serde_json::Value)], now: Moment) {
        let step = self.get(at).step;
        let children = items.iter().map(|(key, value)| {
            let role = Role::Item { key: shared(key), value: Arc::new(value.clone()) };
            Instance::new(step, Some(at), role)
        });
        let children: Vec<Instance> = children.collect();
        let children = children.into_iter().map(|child| self.add(child)).collect();
        self.adopt(at, children);
        self.enter(at, Phase::Open, now);
    }

    /// One text serves all instances.
    fn share_boot(&mut self, boot: &str) -> Arc<str> {
        if &*self.boot != boot {
            self.boot = shared(boot);
        }
        Arc::clone(&self.boot)
    }

    /// One value serves those that follow each other with the same.
    fn share_output(&mut self, output: &serde_json::Value) -> Arc<serde_json::Value> {
        if *self.given != *output {
            self.given = Arc::new(output.clone());
        }
        Arc::clone(&self.given)
    }

    fn spend(&mut self, at: InstanceId, cost: Option<Micros>, tokens: Tokens) {
        let add = |sum: &mut Option<Micros>| {
            if let Some(cost) = cost {
                *sum = Some(sum.unwrap_or(Micros(0)).plus(cost));
            }
        };
        add(&mut self.mutate(at).cost);
        add(&mut self.cost);
        self.tokens = self.tokens.plus(&tokens);
    }

    fn leave(&mut self, at: InstanceId, phase: Phase, why: &str, now: Moment) {
        let instance = self.mutate(at);
        instance.why = Some(shared(why));
        instance.ending = None;
        self.enter(at, phase, now);
    }

    /// An instance comes to another phase.
    pub(crate) fn enter(&mut self, at: InstanceId, phase: Phase, now: Moment) {
        let priority = -self.step_of(at).priority;
        let is_active = matches!(phase, Phase::Running | Phase::Waiting(_) | Phase::Held(_));
        if is_active {
            self.active.insert(at)
        } else {
            self.active.remove(&at)
        };
        if phase == Phase::Ready {
            self.ready.insert((priority, at));
        } else {
            self.ready.remove(&(priority, at));
        }
        let over = phase.is_over();
        self.count(at, &phase);
        let begins = !matches!(phase, Phase::Blocked | Phase::Ready);
        let instance = self.mutate(at);
        instance.phase = phase;
        if begins && instance.started.is_none() && !matches!(instance.phase, Phase::Skipped) {
            instance.started = Some(now);
        }
        instance.ended = over.then_some(now);
    }

    /// Keeps count of those inside of an instance that are not over, and of those that are begun.
    fn count(&mut self, at: InstanceId, to: &Phase) {
        let from = self.get(at).phase.clone();
        let begins = from == Phase::Blocked && !to.is_over();
        let ends = !from.is_over() && to.is_over();
        let was_begun = from != Phase::Blocked;
        let Some(parent) = self.get(at).parent else {
            self.left = self.left.saturating_sub(u32::from(ends));
            return;
        };
        let parent = self.mutate(parent);
        parent.begun += u32::from(begins);
        if ends {
            parent.left = parent.left.saturating_sub(1);
            parent.begun = parent.begun.saturating_sub(u32::from(was_begun));
        }
    }

    /// These are done anew; what is around them is under way again, and so is the run.
    fn reset(&mut self, these: &[InstanceId], now: Moment) {
        for id in these {
            self.forget_later_times(*id);
            let mut parent = self.get(*id).parent;
            while let Some(at) = parent {
                let instance = self.mutate(at);
                instance.phase = Phase::Open;
                (instance.ended, instance.output, instance.why) = (None, None, None);
                parent = instance.parent;
            }
            self.active.remove(id);
            let instance = self.mutate(*id);
            instance.phase = Phase::Blocked;
            instance.children.clear();
            (instance.left, instance.begun) = (0, 0);
            (instance.output, instance.why, instance.link) = (None, None, None);
            (instance.started, instance.ended) = (None, None);
            (instance.failures, instance.lost) = (0, 0);
        }
        // What is done over is done, and not taken over from an earlier run.
        self.imports = Arc::default();
        (self.state, self.since) = (State::Running, Some(now));
        (self.ended, self.outputs, self.cancelled) = (None, None, None);
        (self.finally, self.over_budget, self.last) = (false, None, vec![]);
        self.count_again();
    }

    /// A loop goes on from the time that is done over.
    fn forget_later_times(&mut self, id: InstanceId) {
        let mut next = Some(id);
        while let Some(at) = next {
            next = self.get(at).parent;
            if let (Role::Time(_), Some(repeat)) = (&self.get(at).role, next) {
                let times = &mut self.mutate(repeat).children;
                let place = times.iter().position(|time| *time == at);
                times.truncate(place.map_or(times.len(), |place| place + 1));
            }
        }
    }

    fn count_again(&mut self) {
        let open = |run: &Self, these: &[InstanceId]| {
            these.iter().filter(|id| !run.get(**id).phase.is_over()).count() as u32
        };
        self.left = open(self, &self.top) + open(self, &self.last);
        for at in 0..self.instances.len() {
            self.instances[at].left = open(self, &self.instances[at].children);
            let begun = |id: &&InstanceId| {
                let phase = &self.get(**id).phase;
                !phase.is_over() && *phase != Phase::Blocked
            };
            let begun = self.instances[at].children.iter().filter(begun).count();
            self.instances[at].begun = begun as u32;
        }
    }
}

impl Instance {
    fn new(step: StepIndex, parent: Option<InstanceId>, role: Role) -> Self {
        Self {
            step,
            parent,
            role,
            phase: Phase::Blocked,
            attempt: 0,
            failures: 0,
            lost: 0,
            asks: 0,
            boot: None,
            link: None,
            ending: None,
            children: vec![],
            left: 0,
            begun: 0,
            output: None,
            why: None,
            started: None,
            since: None,
            ended: None,
            cost: None,
        }
    }
}
