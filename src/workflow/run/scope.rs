use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Instance, InstanceId, Phase, Role, Run};
use crate::workflow::{
    model::{OnError, StepIndex},
    text::{Lookup, Root},
};

/// What references mean at an instance; at the top of the run if there is none.
pub(crate) struct Scope<'a> {
    /// The run.
    pub(crate) run: &'a Run,
    /// The place.
    pub(crate) at: Option<InstanceId>,
}

impl Scope<'_> {
    /// The instances around the place, itself first.
    fn around(&self) -> impl Iterator<Item = InstanceId> {
        std::iter::successors(self.at, |id| self.run.get(*id).parent)
    }

    /// The instance of a step that is seen from here: in a body around the place.
    pub(crate) fn seen(&self, step: StepIndex) -> Option<InstanceId> {
        // A loop looks at what its own step gave back.
        let own = self.around().find(|id| {
            let instance = self.run.get(*id);
            instance.step == step && instance.output.is_some()
        });
        if own.is_some() {
            return own;
        }
        let slot = *self.run.plan.slots.get(step as usize)? as usize;
        let parent = self.run.plan.definition.step(step).parent;
        let bodies = match parent {
            None => {
                let tops = [&self.run.top, &self.run.last];
                let of = |body: &&Vec<InstanceId>| {
                    body.get(slot).is_some_and(|id| self.run.get(*id).step == step)
                };
                tops.into_iter().find(of)
            }
            Some(group) => {
                let inside = |id: &InstanceId| {
                    let instance = self.run.get(*id);
                    let first = instance.children.first().map(|child| self.run.get(*child));
                    instance.step == group && first.is_some_and(|child| child.role == Role::Whole)
                };
                self.around().find(inside).map(|id| &self.run.get(id).children)
            }
        };
        bodies?.get(slot).copied()
    }

    /// The innermost instance of a step around the place with this role.
    fn inside_of(&self, step: StepIndex, fits: fn(&Role) -> bool) -> Option<&Instance> {
        let all = self.around().map(|id| self.run.get(id));
        all.into_iter().find(|instance| instance.step == step && fits(&instance.role))
    }

    /// What a step of a loop gave back the time before.
    fn previous(&self, step: StepIndex) -> Option<Value> {
        let slot = self.run.plan.slots[step as usize] as usize;
        let time = self.around().find(|id| matches!(self.run.get(*id).role, Role::Time(_)))?;
        let Role::Time(number) = self.run.get(time).role else { return None };
        let times = &self.run.get(self.run.get(time).parent?).children;
        let before = times.iter().rev().map(|id| self.run.get(*id));
        let before = before.into_iter().find(|other| other.role == Role::Time(number - 1))?;
        let own = before.step == step;
        let instance = if own { before } else { self.run.get(*before.children.get(slot)?) };
        instance.output.as_deref().cloned()
    }
}

impl Lookup for Scope<'_> {
    fn root(&self, root: &Root) -> Option<Value> {
        match root {
            Root::Input(name) => self.run.inputs.get(name).cloned(),
            Root::Output(step) => self.run.get(self.seen(*step)?).output.as_deref().cloned(),
            Root::Status(step) => {
                let id = self.seen(*step)?;
                Some(self.run.outcome_word(id).into())
            }
            Root::Previous(step) => Some(self.previous(*step).unwrap_or(Value::Null)),
            Root::Item(step) => {
                match &self.inside_of(*step, |role| matches!(role, Role::Item { .. }))?.role {
                    Role::Item { value, .. } => Some(Value::clone(value)),
                    Role::Whole | Role::Time(_) => None,
                }
            }
            Root::Key(step) => {
                match &self.inside_of(*step, |role| matches!(role, Role::Item { .. }))?.role {
                    Role::Item { key, .. } => Some(key.to_string().into()),
                    Role::Whole | Role::Time(_) => None,
                }
            }
            Root::Iteration(step) => {
                match self.inside_of(*step, |role| matches!(role, Role::Time(_)))?.role {
                    Role::Time(number) => Some(number.into()),
                    Role::Whole | Role::Item { .. } => None,
                }
            }
            Root::Run(field) => self.run.about.get(field).cloned(),
        }
    }
}

impl Run {
    /// How an instance ended, in the words of `status`: what it is at the moment if it is not over.
    pub(crate) fn outcome_word(&self, id: InstanceId) -> &'static str {
        match self.get(id).phase {
            Phase::Done => "ok",
            ref other => other.word(),
        }
    }

    /// Whether what needs an instance may go on as if it had ended well.
    pub(crate) fn counts_as_ok(&self, id: InstanceId) -> bool {
        match self.get(id).phase {
            Phase::Done => true,
            Phase::Failed => {
                let whole = self.get(id).role == Role::Whole;
                whole && self.step_of(id).on_error == OnError::Continue
            }
            Phase::Blocked
            | Phase::Ready
            | Phase::Running
            | Phase::Open
            | Phase::Waiting(_)
            | Phase::Held(_)
            | Phase::Skipped
            | Phase::Cancelled => false,
        }
    }

    /// What those inside of an instance gave back, as one value: a list for a list, the last time
    /// for a loop, an object by the names of the steps for a body.
    pub(crate) fn gathered(&self, id: InstanceId) -> Value {
        let children = &self.get(id).children;
        let output =
            |child: &InstanceId| self.get(*child).output.as_deref().cloned().unwrap_or(Value::Null);
        match children.first().map(|child| &self.get(*child).role) {
            None => Value::Object(Map::new()),
            Some(Role::Item { .. }) => Value::Array(children.iter().map(output).collect()),
            Some(Role::Time(_)) => children.last().map(output).unwrap_or_default(),
            Some(Role::Whole) => {
                let named = children.iter().map(|c| (self.step_of(*c).id.clone(), output(c)));
                Value::Object(named.collect())
            }
        }
    }
}

/// A shared text.
pub(super) fn shared(text: &str) -> Arc<str> {
    Arc::from(text)
}
