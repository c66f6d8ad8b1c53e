//! The steps of a file with their names and places, before anything that refers to them is read.

use std::{
    cell::Cell,
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use super::{
    forms::{self, Form},
    keys::{FOREIGN_STEP, LOOP, STEP},
    sheet::{Fields, Sheet},
    variables,
};
use crate::{
    base::nearest,
    define::yaml::{Key, Node, Value},
    workflow::{
        model::{Input, Need, StepIndex},
        schema::Schema,
    },
};

/// Steps inside of steps inside of steps.
const MAX_DEPTH: usize = 10;

/// More steps are none that a person wrote.
const MAX_STEPS: usize = 20_000;

/// More near names are not looked for.
const MAX_LOOKED: usize = 200;

/// What is known of a step before the others are.
pub(super) struct Outline<'a> {
    pub(super) id: String,
    /// Where its name stands.
    pub(super) at: Range<usize>,
    pub(super) fields: Fields<'a>,
    pub(super) parent: Option<StepIndex>,
    pub(super) body: Vec<StepIndex>,
    pub(super) finally: bool,
    pub(super) form: Form,
    pub(super) outputs: BTreeMap<String, Schema>,
    pub(super) needs: Vec<Need>,
    /// What one of its list is called, if it is done for each of one.
    pub(super) each: Option<&'a str>,
    pub(super) loops: bool,
}

/// All that references may lead to.
#[derive(Default)]
pub(super) struct World<'a> {
    pub(super) steps: Vec<Outline<'a>>,
    pub(super) by_id: HashMap<String, StepIndex>,
    /// Steps by what they are called, for those who refer to them so.
    pub(super) by_title: HashMap<&'a str, StepIndex>,
    pub(super) body: Vec<StepIndex>,
    pub(super) finally: Vec<StepIndex>,
    pub(super) inputs: Vec<Input>,
    /// For each step, those of its body that are over before it, as bits by their place in it.
    pub(super) before: Vec<Vec<u64>>,
    /// For each step, its place in its body.
    pub(super) places: Vec<usize>,
    /// How often a near name was looked for.
    pub(super) looked: Cell<usize>,
}

impl<'a> World<'a> {
    pub(super) fn step(&self, index: StepIndex) -> &Outline<'a> {
        &self.steps[index as usize]
    }

    /// The step and those it is inside of, from the inside to the outside.
    pub(super) fn chain(&self, index: StepIndex) -> impl Iterator<Item = StepIndex> {
        std::iter::successors(Some(index), |index| self.step(*index).parent)
    }

    /// The name that is nearest to a mistyped one. Nobody reads thousands of them, and each costs.
    pub(super) fn near<'n>(
        &self,
        word: &str,
        known: impl Iterator<Item = &'n str>,
    ) -> Option<&'n str> {
        self.looked.set(self.looked.get() + 1);
        if self.looked.get() > MAX_LOOKED { None } else { nearest(word, known) }
    }

    /// The body that a step is part of.
    pub(super) fn body_of(&self, index: StepIndex) -> &[StepIndex] {
        let step = self.step(index);
        match step.parent {
            Some(parent) => &self.step(parent).body,
            None if step.finally => &self.finally,
            None => &self.body,
        }
    }

    /// Adds the steps of a list or table, with those inside of them; says which they are.
    pub(super) fn add(
        &mut self,
        sheet: &Sheet<'_>,
        node: &'a Node,
        (parent, finally): (Option<StepIndex>, bool),
        depth: usize,
    ) -> Vec<StepIndex> {
        let steps: Vec<(Option<&Key>, &Node)> = match &node.value {
            Value::Nothing => vec![],
            Value::List(all) => all.iter().map(|step| (None, step)).collect(),
            Value::Table(all) => all.iter().map(|(key, step)| (Some(key), step)).collect(),
            Value::Text(_) => {
                let help = "write `steps:` and below it `- id: build` and `  run: make`";
                sheet.fault(&node.at, "steps are a list or a table", help);
                vec![]
            }
        };
        if depth > MAX_DEPTH {
            sheet.fault(&node.at, "steps are too deep inside of each other", "");
            return vec![];
        }
        let mut body = vec![];
        for (key, node) in steps {
            if self.steps.len() >= MAX_STEPS {
                let what = format!("there are more than {MAX_STEPS} steps");
                sheet.fault(&node.at, what, "write `for_each` for what is done many times");
                break;
            }
            body.extend(self.add_one(sheet, (key, node), (parent, finally), depth));
        }
        body
    }

    fn add_one(
        &mut self,
        sheet: &Sheet<'_>,
        (key, node): (Option<&'a Key>, &'a Node),
        (parent, finally): (Option<StepIndex>, bool),
        depth: usize,
    ) -> Option<StepIndex> {
        if !node.is_table() {
            let help = "a step is a table: `- id: build` and below it `run: make`";
            sheet.fault(&node.at, format!("a step is a table, not {}", node.kind()), help);
            return None;
        }
        let fields = sheet.fields(node, &[STEP], FOREIGN_STEP);
        let index = StepIndex::try_from(self.steps.len()).ok()?;
        let (id, at) = self.name(sheet, (key, node), &fields);
        if let Some(title) = fields.text("name") {
            self.by_title.entry(title).or_insert(index);
        }
        let form = forms::form(sheet, (&id, &at), &fields).unwrap_or(Form::Group);
        let inner = inner(sheet, &id, &fields);
        let outputs = fields.get("outputs").map(|node| {
            if !form.has_outputs() {
                let what = format!("a step with `{}` declares no outputs", form.word());
                sheet.fault(&node.at, what, "leave them out");
            }
            sheet.outputs(node, 0)
        });
        let each = each(&fields);
        let loops = fields.has("loop");
        let outputs = outputs.unwrap_or_default();
        let (body, needs) = (vec![], vec![]);
        self.steps.push(Outline {
            id,
            at,
            fields,
            parent,
            body,
            finally,
            form,
            outputs,
            needs,
            each,
            loops,
        });
        if let Some(inner) = inner {
            let body = self.add(sheet, inner, (Some(index), finally), depth + 1);
            if body.is_empty() {
                sheet.fault(&inner.at, "there are no steps here", "write at least one");
            }
            self.steps[index as usize].body = body;
        }
        Some(index)
    }

    /// The name of a step, known from here on.
    fn name(
        &mut self,
        sheet: &Sheet<'_>,
        (key, node): (Option<&Key>, &Node),
        fields: &Fields<'_>,
    ) -> (String, Range<usize>) {
        let index = StepIndex::try_from(self.steps.len()).unwrap_or(StepIndex::MAX);
        let said = fields.get("id").and_then(|node| Some((node.text()?, &node.at)));
        let said = said.or_else(|| key.map(|key| (key.text.as_str(), &key.at)));
        let title = fields.get("name").and_then(|node| Some((node.text()?, &node.at)));
        let (id, at) = match (said, title) {
            (Some((id, at)), _) => (id.to_owned(), at.clone()),
            (None, Some((title, at))) => (slug(title), at.clone()),
            (None, None) => {
                let help = "write `id: build`, for example";
                sheet.fault(&start(node), "a step needs an `id`", help);
                return (format!("step-{}", index + 1), node.at.clone());
            }
        };
        if !variables::is_name(&id) {
            let help = format!("write `{}`, for example", slug(&id));
            sheet.fault(&at, format!("`{id}` is no name of a step"), help);
        } else if RESERVED.contains(&id.as_str()) {
            let what =
                format!("a step cannot be called `{id}`: references take it for another thing");
            sheet.fault(&at, what, format!("write `{id}-it`, for example"));
        } else if let Some(first) = self.by_id.get(&id) {
            let line = sheet.line(self.step(*first).at.start);
            let what = format!("there are two steps `{id}`: the other is in line {line}");
            sheet.fault(&at, what, "each step has a name of its own, also inside of others");
        } else {
            self.by_id.insert(id.clone(), index);
        }
        (id, at)
    }
}

/// First words of references.
pub(super) const RESERVED: &[&str] = &[
    "inputs",
    "variables",
    "params",
    "vars",
    "steps",
    "tasks",
    "jobs",
    "needs",
    "item",
    "key",
    "loop",
    "prev",
    "run",
    "env",
    "secrets",
    "true",
    "false",
    "null",
    "and",
    "or",
    "not",
    "in",
];

/// The node that the steps inside of a step stand at.
fn inner<'a>(sheet: &Sheet<'_>, id: &str, fields: &Fields<'a>) -> Option<&'a Node> {
    let steps = fields.get("steps");
    let of_loop = fields.get("loop").and_then(|node| {
        let both = node.entries().iter().find(|(key, _)| {
            LOOP.iter()
                .any(|k| k.name == "steps" && (k.name == key.text || k.also.contains(&&*key.text)))
        });
        both.map(|(_, node)| node)
    });
    if let (Some(_), Some(twice)) = (steps, of_loop) {
        let what = format!("`{id}` has `steps` and `loop.steps`");
        sheet.fault(&twice.at, what, "write them in one place");
    }
    steps.or(of_loop)
}

/// What one of the list is called.
fn each<'a>(fields: &Fields<'a>) -> Option<&'a str> {
    let node = fields.get("for_each")?;
    let named = ["as", "name", "var"].iter().find_map(|key| node.get(key)).and_then(Node::text);
    Some(named.unwrap_or("item"))
}

/// A name for a step from what it is called.
pub(super) fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().take(60) {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() || c == '_' => slug.push(c),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => (),
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.starts_with(|c: char| c.is_ascii_digit()) || slug.is_empty() {
        return format!("step-{slug}").trim_end_matches('-').to_owned();
    }
    slug.to_owned()
}

/// The first place of a node: a whole step would be marked otherwise.
pub(super) fn start(node: &Node) -> Range<usize> {
    node.entries().first().map_or_else(|| node.at.clone(), |(key, _)| key.at.clone())
}
