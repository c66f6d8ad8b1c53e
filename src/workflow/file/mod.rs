//! From the text of a workflow file to its definition; every fault at once, each at its place.
//!
//! Pure. Read in two passes, as references may lead to steps that stand further down:
//! - `keys`: the table of all keys; `schema` makes the JSON Schema for editors from it
//! - `sheet`: what is wrong, and values of the shapes that the keys promise
//! - `types`, `variables`: inputs and outputs, and names that scripts can take them from
//! - first `outline`, `forms`, `needs`: which steps there are, of what kind, in what order
//! - then `reader`, `steps`, `kinds`, `script`: what each says, with its references resolved by
//!   `scope` and their types told by `follow`
//!
//! Invariants:
//! - A definition that is given back has no reference that leads nowhere, no circle, and no step
//!   that refers to one it does not wait for.
//! - A value never becomes a part of a script.

mod follow;
mod forms;
mod keys;
mod kinds;
mod needs;
mod outline;
mod reader;
mod schema;
mod scope;
mod script;
mod sheet;
mod steps;
#[cfg(test)]
mod tests;
mod types;
mod variables;

pub(crate) use schema::json_schema;

use keys::{FOREIGN_TOP, TOP};
use outline::World;
use reader::Reader;
use scope::Sees;
use sheet::{Fields, Sheet};

use super::model::{Definition, Step, StepIndex};
use crate::{
    base::Name,
    define::{
        Faults, Page, text_of,
        yaml::{self, Node, Value},
    },
};

/// Commands at a time in one run, unless the file says how many.
const MAX_PARALLEL: u32 = 16;

/// Texts of files beside the one that is read, by their path from there; else why not.
pub(crate) type Beside<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// What is known of a file beside its text.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The workflow's name, unless the file says another.
    pub(crate) name: &'a str,
    /// Files beside it: prompts.
    pub(crate) beside: Beside<'a>,
}

/// Reads a workflow file.
pub(crate) fn load(path: &str, bytes: &[u8], context: &Context<'_>) -> Result<Definition, Faults> {
    let mut faults = vec![];
    let Some(text) = text_of(path, bytes, &mut faults) else { return Err(faults) };
    let page = Page { path, text: &text };
    let Some(top) = yaml::parse(&page, &mut faults) else { return Err(faults) };
    let sheet = Sheet::new(page);
    let definition = definition(&sheet, &top, context);
    if sheet.is_good() { Ok(definition) } else { Err(sheet.into_faults()) }
}

fn definition(sheet: &Sheet<'_>, top: &Node, context: &Context<'_>) -> Definition {
    if !top.is_table() {
        let help = "write `steps:` and below it `- id: build` and `  run: make`";
        sheet.fault(&top.at, format!("a workflow is a table, not {}", top.kind()), help);
    }
    let fields = sheet.fields(top, &[TOP], FOREIGN_TOP);
    let (steps, parallel) = steps_of(sheet, top, &fields);
    let mut world = World { inputs: inputs(sheet, top, &fields), ..World::default() };
    if let Some(steps) = steps {
        world.body = world.add(sheet, steps, (None, false), 0);
    }
    if let Some(node) = fields.get("finally") {
        world.finally = world.add(sheet, node, (None, true), 0);
    }
    if world.body.is_empty() && sheet.is_good() {
        let help = "write `steps:` and below it `- id: build` and `  run: make`";
        sheet.fault(&(0..0), "there are no steps", help);
    }
    world.connect(sheet);
    let reader = Reader { sheet, world: &world, beside: context.beside };
    let count = StepIndex::try_from(world.steps.len()).unwrap_or(StepIndex::MAX);
    let steps: Vec<Step> = (0..count).map(|index| reader.step(index)).collect();
    let name = fields.get("name").map(|node| reader.word(node));
    // A name that nobody can type is still what the file is about.
    let title = name.clone().filter(|name| name.parse::<Name>().is_err());
    let about = fields.get("about").map(|node| node.text().unwrap_or_default().trim().to_owned());
    Definition {
        about: about.or(title).unwrap_or_default(),
        name: name_of(name, context),
        outputs: reader.values(Sees::All, fields.get("outputs")),
        env: reader.env(Sees::Inputs, &fields),
        secrets: reader.secrets(&fields),
        steps,
        body: world.body.clone(),
        finally: world.finally.clone(),
        concurrency: reader.concurrency(Sees::Inputs, &fields),
        priority: steps::priority(&fields),
        max_parallel: parallel.or(fields.count("max_parallel")).unwrap_or(MAX_PARALLEL),
        timeout_ms: fields.span_ms("timeout"),
        fail_fast: fields.flag("fail_fast").unwrap_or(false),
        budget: reader.budget(&fields),
        inputs: world.inputs.clone(),
    }
}

/// The name of the file's workflow; one with spaces becomes one that can be typed.
fn name_of(said: Option<String>, context: &Context<'_>) -> String {
    let name = said.filter(|name| !name.is_empty()).unwrap_or_else(|| context.name.to_owned());
    match name.parse::<Name>() {
        Ok(name) => name.to_string(),
        Err(_) => Name::near(&outline::slug(&name), "workflow").to_string(),
    }
}

/// The node of the steps. `jobs: 4` is how many there are at a time, as other tools write it.
fn steps_of<'a>(
    sheet: &Sheet<'_>,
    top: &Node,
    fields: &Fields<'a>,
) -> (Option<&'a Node>, Option<u32>) {
    let steps = fields.get("steps");
    let number = steps.and_then(Node::text).and_then(|text| text.parse::<u32>().ok());
    if number.is_some() && top.get("jobs").is_some() {
        let help = "write `max_parallel: N` for how many there are at a time";
        let at = steps.map_or(0..0, |node| node.at.clone());
        sheet.fault(&at, "`jobs` are the steps", help);
        return (None, number);
    }
    (steps, None)
}

/// What a run is given. Under `variables` a text is a value, never a type.
fn inputs(sheet: &Sheet<'_>, top: &Node, fields: &Fields<'_>) -> Vec<super::model::Input> {
    let Some(node) = fields.get("inputs") else { return vec![] };
    let values = ["variables", "vars", "params"].iter().any(|key| top.get(key).is_some());
    if matches!(node.value, Value::Text(_)) {
        let help = "write `inputs: {name: string}`";
        sheet.fault(&node.at, "inputs are a table or a list", help);
        return vec![];
    }
    sheet.inputs(node, values)
}
