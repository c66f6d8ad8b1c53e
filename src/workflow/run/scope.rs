use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Instance, InstanceId, Phase, Role, Run};
use crate::workflow::{
    model::{Kind, OnError, Step, StepIndex},
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
                // From outside, what is seen of a group is how it was the last time.
                let around = self.around().find(inside);
                let body = around.or_else(|| self.body_of(self.seen(group)?));
                body.map(|id| &self.run.get(id).children)
            }
        };
        bodies?.get(slot).copied()
    }

    /// The instance whose children are the steps inside of a group: of a loop, the last time.
    fn body_of(&self, group: InstanceId) -> Option<InstanceId> {
        let last = *self.run.get(group).children.last()?;
        match self.run.get(last).role {
            Role::Whole => Some(group),
            Role::Time(_) => self.body_of(last),
            // There are as many as items.
            Role::Item { .. } => None,
        }
    }

    /// The innermost instance of a step around the place with this role.
    fn inside_of(&self, step: StepIndex, fits: fn(&Role) -> bool) -> Option<&Instance> {
        let all = self.around().map(|id| self.run.get(id));
        all.into_iter().find(|instance| instance.step == step && fits(&instance.role))
    }

    /// The instance of a step of a loop the time before.
    pub(crate) fn before(&self, step: StepIndex) -> Option<InstanceId> {
        let slot = self.run.plan.slots[step as usize] as usize;
        let time = self.around().find(|id| matches!(self.run.get(*id).role, Role::Time(_)))?;
        let Role::Time(number) = self.run.get(time).role else { return None };
        let times = &self.run.get(self.run.get(time).parent?).children;
        let mut others = times.iter().rev().copied();
        let before = others.find(|id| self.run.get(*id).role == Role::Time(number - 1))?;
        let own = self.run.get(before).step == step;
        if own { Some(before) } else { self.run.get(before).children.get(slot).copied() }
    }

    /// What a step of a loop gave back the time before.
    fn previous(&self, step: StepIndex) -> Option<Value> {
        self.run.get(self.before(step)?).output.as_deref().cloned()
    }
}

impl Lookup for Scope<'_> {
    fn step(&self, index: StepIndex) -> String {
        self.run.plan.definition.step(index).id.clone()
    }

    fn root(&self, root: &Root) -> Option<Value> {
        match root {
            Root::Input(name) => self.run.inputs.get(name).cloned(),
            Root::Output(step) => {
                let output = self.run.get(self.seen(*step)?).output.as_deref()?;
                Some(given(self.run.plan.definition.step(*step), output))
            }
            Root::Always(step, field) => {
                self.run.get(self.seen(*step)?).output.as_deref()?.get(field).cloned()
            }
            Root::Status(step) => {
                let id = self.seen(*step)?;
                Some(self.run.outcome_word(id).into())
            }
            Root::Previous(step) => {
                let output = self.previous(*step);
                let step = self.run.plan.definition.step(*step);
                Some(output.map_or(Value::Null, |output| given(step, &output)))
            }
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

/// What a step is said to give back: its declared outputs; where there are none, what a command
/// printed and what an agent said last; of a list, that of each.
fn given(step: &Step, output: &Value) -> Value {
    if let Value::Array(all) = output {
        return Value::Array(all.iter().map(|one| given(step, one)).collect());
    }
    let field = match &step.kind {
        Kind::Run(_) => "stdout",
        Kind::Agent(_) => "text",
        Kind::Approval(_)
        | Kind::Question(_)
        | Kind::Workflow { .. }
        | Kind::Service { .. }
        | Kind::Wait(_)
        | Kind::Land { .. }
        | Kind::Notify { .. }
        | Kind::Learn { .. }
        | Kind::Group { .. } => return output.clone(),
    };
    if step.outputs.is_empty() {
        return output.get(field).cloned().unwrap_or(Value::Null);
    }
    let declared = step.outputs.keys().filter_map(|name| Some((name.clone(), output.get(name)?)));
    Value::Object(declared.map(|(name, value)| (name, value.clone())).collect())
}

/// A shared text.
pub(super) fn shared(text: &str) -> Arc<str> {
    Arc::from(text)
}
