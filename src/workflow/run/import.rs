//! What of an earlier run is still good: a step whose own text and whose needs are the same.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{InstanceId, Phase, Run};
use crate::workflow::model::{Definition, StepIndex};

/// Results by step: the fingerprint of what led to them, and what was given back.
pub(crate) type Imports = BTreeMap<String, (String, Value)>;

/// Fields that hold the place of a step.
const PLACES: &[&str] =
    &["output", "status", "previous", "item", "key", "iteration", "step", "parent", "of", "from"];

impl Run {
    /// Results of an earlier run that are taken over where nothing changed.
    pub(crate) fn imports(&mut self, imports: &Imports) {
        self.imports = Arc::new(imports.clone());
    }

    /// What a later run may take over from this one.
    pub(crate) fn exports(&self) -> Imports {
        let done = self.top.iter().filter(|at| self.get(**at).phase == Phase::Done);
        let one = |at: &InstanceId| {
            let output = self.get(*at).output.as_deref().cloned().unwrap_or_default();
            (self.step_of(*at).id.clone(), (self.fingerprint(*at), output))
        };
        done.map(one).collect()
    }

    /// What was given back by the same step with the same needs in an earlier run.
    pub(crate) fn imported(&self, at: InstanceId) -> Option<Value> {
        if self.imports.is_empty() || self.get(at).parent.is_some() || self.finally {
            return None;
        }
        let (fingerprint, output) = self.imports.get(&self.step_of(at).id)?;
        (*fingerprint == self.fingerprint(at)).then(|| output.clone())
    }

    /// The fingerprint of a step at the top with all that it may depend on: its own definition, the
    /// inputs of the run, and what the steps that it needs gave back.
    fn fingerprint(&self, at: InstanceId) -> String {
        let definition = &self.plan.definition;
        let needs = self.step_of(at).needs.iter().map(|need| {
            let slot = self.plan.slots[need.step as usize] as usize;
            let output = self.top.get(slot).and_then(|id| self.get(*id).output.as_deref());
            json!([definition.step(need.step).id, output])
        });
        let whole = json!({
            "step": shape(definition, self.get(at).step),
            "needs": needs.collect::<Vec<_>>(),
            "inputs": *self.inputs,
            "env": definition.env,
        });
        Sha256::digest(whole.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A step and those inside of it, by their names and not by their places.
fn shape(definition: &Definition, index: StepIndex) -> Value {
    let mut step = serde_json::to_value(definition.step(index)).unwrap_or_default();
    if let Some(step) = step.as_object_mut() {
        step.remove("line");
    }
    name(&mut step, definition);
    let inside = definition.inside(index).iter().map(|inner| shape(definition, *inner));
    json!([step, inside.collect::<Vec<_>>()])
}

fn name(value: &mut Value, definition: &Definition) {
    let named = |value: &Value| {
        let index = value.as_u64().and_then(|index| usize::try_from(index).ok())?;
        definition.steps.get(index).map(|step| Value::String(step.id.clone()))
    };
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                match named(value) {
                    Some(id) if PLACES.contains(&field.as_str()) => *value = id,
                    _ if matches!(field.as_str(), "body" | "always") => {
                        for item in value.as_array_mut().into_iter().flatten() {
                            if let Some(id) = named(item) {
                                *item = id;
                            }
                        }
                    }
                    Some(_) | None => name(value, definition),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| name(item, definition)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}
