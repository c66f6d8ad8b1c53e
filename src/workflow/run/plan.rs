use std::collections::HashSet;

use crate::workflow::{
    model::{Definition, Kind, StepIndex},
    text::Template,
};

/// A definition with what is looked up often.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The definition.
    pub(crate) definition: Definition,
    /// Place of each step in the body it is part of.
    pub(crate) slots: Vec<u32>,
    /// Steps that need each step.
    pub(crate) dependents: Vec<Vec<StepIndex>>,
}

impl Plan {
    /// Looks everything up once.
    pub(crate) fn new(mut definition: Definition) -> Self {
        // It is kept for as long as the run.
        definition.steps.shrink_to_fit();
        share(&mut definition);
        let mut slots = vec![0; definition.steps.len()];
        let mut dependents = vec![vec![]; definition.steps.len()];
        let mut number = |body: &[StepIndex]| {
            for (slot, step) in body.iter().enumerate() {
                slots[*step as usize] = slot as u32;
            }
        };
        number(&definition.body);
        number(&definition.finally);
        for index in 0..definition.steps.len() as StepIndex {
            number(definition.inside(index));
        }
        for (index, step) in definition.steps.iter().enumerate() {
            for need in &step.needs {
                dependents[need.step as usize].push(index as StepIndex);
            }
        }
        Self { definition, slots, dependents }
    }
}

/// Lets equal words of commands stand once in memory: most begin with the same shell.
fn share(definition: &mut Definition) {
    let mut known: HashSet<Template> = HashSet::new();
    for step in &mut definition.steps {
        let Kind::Run(command) = &mut step.kind else { continue };
        for word in &mut command.argv {
            match known.get(word) {
                Some(same) => *word = same.clone(),
                None => drop(known.insert(word.clone())),
            }
        }
    }
}
