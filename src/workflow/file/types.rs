//! What a value must be, from a type word or a table; inputs and declared outputs.

use std::collections::BTreeMap;

use serde_json::{Number, Value as Json};

use super::{
    keys::{INPUT, Key, SCHEMA, TYPES},
    sheet::{Fields, Sheet, flag, one_or_many},
    variables,
};
use crate::{
    base::nearest,
    define::yaml::{Node, Value},
    workflow::{
        model::Input,
        schema::{Schema, Type, check, pattern},
    },
};

/// Deeper is none that a person wrote.
const MAX_DEPTH: usize = 20;

/// A type word: `array`, `string?`, `int[]`, `array<string>`.
pub(super) fn type_word(word: &str) -> Option<Schema> {
    let word = word.trim();
    if let Some(inner) = word.strip_suffix('?') {
        return type_word(inner).map(|schema| Schema { nullable: true, ..schema });
    }
    let inner = word.strip_suffix("[]").or_else(|| {
        let open = word.strip_prefix("array<").or_else(|| word.strip_prefix("list<"));
        open.and_then(|open| open.strip_suffix('>'))
    });
    if let Some(inner) = inner {
        let items = Some(Box::new(type_word(inner)?));
        return Some(Schema { kind: Some(Type::Array), items, ..Schema::default() });
    }
    let kind = match word {
        "string" | "text" => Type::String,
        "integer" | "int" => Type::Integer,
        "number" | "float" => Type::Number,
        "boolean" | "bool" => Type::Boolean,
        "array" | "list" => Type::Array,
        "object" | "table" => Type::Object,
        "any" => return Some(Schema::default()),
        _ => return None,
    };
    Some(Schema { kind: Some(kind), ..Schema::default() })
}

impl Sheet<'_> {
    /// Declared outputs: names, or a table of names and what they must be.
    pub(super) fn outputs(&self, node: &Node, depth: usize) -> BTreeMap<String, Schema> {
        if depth > MAX_DEPTH {
            self.fault(&node.at, "this is too deep", "");
            return BTreeMap::new();
        }
        let mut outputs = BTreeMap::new();
        match &node.value {
            Value::Nothing => (),
            Value::Text(_) | Value::List(_) => {
                for name in one_or_many(node) {
                    match name.text() {
                        Some(text) if is_field(text) => {
                            outputs.insert(text.to_owned(), Schema::default());
                        }
                        _ => self.fault(&name.at, NO_FIELD, "write `outputs: [name, other]`"),
                    }
                }
            }
            Value::Table(all) => {
                for (name, node) in all {
                    if !is_field(&name.text) {
                        self.fault(&name.at, NO_FIELD, "use letters, digits, _ and -");
                    }
                    outputs.insert(name.text.clone(), self.schema(node, depth + 1));
                }
            }
        }
        outputs
    }

    /// What a value must be.
    pub(super) fn schema(&self, node: &Node, depth: usize) -> Schema {
        match &node.value {
            Value::Nothing => Schema::default(),
            Value::Text(word) => type_word(word).unwrap_or_else(|| {
                self.no_type(node, word);
                Schema::default()
            }),
            Value::List(_) => {
                self.fault(&node.at, "a list is no type", "write array, or {type: …, enum: […]}");
                Schema::default()
            }
            Value::Table(_) if depth > MAX_DEPTH => {
                self.fault(&node.at, "this is too deep", "");
                Schema::default()
            }
            Value::Table(_) => {
                let fields = self.fields(node, &[SCHEMA], FOREIGN);
                self.schema_of(&fields, depth)
            }
        }
    }

    fn no_type(&self, node: &Node, word: &str) {
        let near = nearest(word, TYPES.iter().copied());
        let known = "string, integer, number, boolean, array, object, any, string[] or string?";
        let help = near.map_or(format!("write {known}"), |near| format!("did you mean `{near}`?"));
        self.fault(&node.at, format!("`{word}` is no type"), help);
    }

    fn schema_of(&self, fields: &Fields<'_>, depth: usize) -> Schema {
        let mut schema = fields.get("type").map_or_else(Schema::default, |node| self.kind(node));
        let count = |name| fields.whole(name).and_then(|n| u64::try_from(n).ok());
        let number = |name| fields.text(name).and_then(|text| text.parse().ok());
        schema.description = fields.text("description").map(str::to_owned);
        schema.nullable |= fields.flag("nullable").unwrap_or(false);
        schema.one_of = fields
            .get("enum")
            .and_then(Node::items)
            .map_or(vec![], |items| items.iter().map(|item| self.json(item)).collect());
        (schema.min_length, schema.max_length) = (count("minLength"), count("maxLength"));
        (schema.min_items, schema.max_items) = (count("minItems"), count("maxItems"));
        (schema.minimum, schema.maximum) = (number("minimum"), number("maximum"));
        if let Some(node) = fields.get("items") {
            schema.items = Some(Box::new(self.schema(node, depth + 1)));
        }
        if let Some(node) = fields.get("properties") {
            schema.properties = self.outputs(node, depth + 1);
        }
        if let Some(node) = fields.get("pattern")
            && let Some(text) = node.text()
        {
            if let Err(why) = pattern(text) {
                let help = "write a regular expression of Rust's regex";
                self.fault(&node.at, format!("this pattern cannot be read: {why}"), help);
            }
            schema.pattern = Some(text.to_owned());
        }
        self.required(fields, &mut schema);
        self.implied(fields, &mut schema);
        schema
    }

    /// `required: [a, b]`; of an input `required: true`, which is not for here.
    fn required(&self, fields: &Fields<'_>, schema: &mut Schema) {
        let node = fields.get("required");
        let Some(items) = node.and_then(Node::items) else { return };
        for item in items {
            let Some(name) = item.text() else { continue };
            if !schema.properties.is_empty() && !schema.properties.contains_key(name) {
                let near = nearest(name, schema.properties.keys().map(String::as_str));
                let help = near.map(|near| format!("did you mean `{near}`?"));
                let what = format!("`{name}` is required, and is none of the properties");
                self.fault(&item.at, what, help.unwrap_or_default());
            }
            schema.required.push(name.to_owned());
        }
    }

    /// What is said about texts, lists or objects makes the value one.
    fn implied(&self, fields: &Fields<'_>, schema: &mut Schema) {
        const SAYS: &[(&str, Type)] = &[
            ("pattern", Type::String),
            ("minLength", Type::String),
            ("maxLength", Type::String),
            ("minItems", Type::Array),
            ("maxItems", Type::Array),
            ("items", Type::Array),
            ("properties", Type::Object),
            ("minimum", Type::Number),
            ("maximum", Type::Number),
        ];
        for (name, wanted) in SAYS {
            let Some(at) = fields.place(name) else { continue };
            let kind = *schema.kind.get_or_insert(*wanted);
            if kind != *wanted && (kind, *wanted) != (Type::Integer, Type::Number) {
                let what = format!("`{name}` is for {}, not for {}", wanted.words(), kind.words());
                self.fault(at, what, "");
            }
        }
    }

    /// `type: word`, or JSON Schema's `type: [word, "null"]`.
    fn kind(&self, node: &Node) -> Schema {
        let Some(items) = node.items() else { return self.schema(node, 0) };
        let texts: Vec<&str> = items.iter().filter_map(Node::text).collect();
        let null = items.iter().any(|item| item.value == Value::Nothing) || texts.contains(&"null");
        let mut words = texts.iter().filter(|word| **word != "null");
        match (words.next().and_then(|word| type_word(word)), words.next()) {
            (Some(schema), None) => Schema { nullable: null || schema.nullable, ..schema },
            _ => {
                self.fault(&node.at, "this is no type", "write one type, or [type, \"null\"]");
                Schema::default()
            }
        }
    }

    /// The value of a node, in the words of JSON. What is written like a number is one only if it
    /// stays the same when it is written again: `1.10` and `007` are texts.
    pub(super) fn json(&self, node: &Node) -> Json {
        match &node.value {
            Value::Nothing => Json::Null,
            Value::Text(text) if self.is_plain(node, text) => match (text.as_str(), flag(text)) {
                ("true" | "True" | "false" | "False", Some(flag)) => Json::Bool(flag),
                _ => match serde_json::from_str::<Number>(text) {
                    Ok(number) if number.to_string() == *text => Json::Number(number),
                    _ => Json::String(text.clone()),
                },
            },
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => Json::Array(items.iter().map(|item| self.json(item)).collect()),
            Value::Table(all) => Json::Object(
                all.iter().map(|(name, node)| (name.text.clone(), self.json(node))).collect(),
            ),
        }
    }

    /// Whether a text stands without quotes.
    fn is_plain(&self, node: &Node, text: &str) -> bool {
        self.page.text.get(node.at.clone()).is_some_and(|written| written.trim_end() == text)
    }

    /// Inputs: a table of names and what they are, or a list.
    pub(super) fn inputs(&self, node: &Node, values: bool) -> Vec<Input> {
        let mut inputs: Vec<Input> = vec![];
        match &node.value {
            Value::Nothing => (),
            Value::Table(all) => {
                for (name, node) in all {
                    if self.is_input_name(&name.at, &name.text) {
                        inputs.push(self.input(&name.text, node, values));
                    }
                }
            }
            Value::Text(_) | Value::List(_) => {
                for item in one_or_many(node) {
                    let named = item.get("name");
                    let name = item.text().or_else(|| named.and_then(Node::text));
                    let Some(name) = name else {
                        self.fault(&item.at, "an input needs a name", "write `- name: x`");
                        continue;
                    };
                    if inputs.iter().any(|input| input.name == name) {
                        self.fault(&item.at, format!("there are two inputs `{name}`"), "");
                    } else if self.is_input_name(&named.unwrap_or(item).at, name) {
                        let nothing = Node { at: item.at.clone(), value: Value::Nothing };
                        let spec = if item.is_table() { item } else { &nothing };
                        inputs.push(self.input(name, spec, false));
                    }
                }
            }
        }
        inputs
    }

    fn is_input_name(&self, at: &std::ops::Range<usize>, name: &str) -> bool {
        let refused = variables::refusal(name);
        if let Some((what, help)) = &refused {
            self.fault(at, what.clone(), help.clone());
        }
        refused.is_none()
    }

    /// One input; `values`: a text is its value, never its type.
    fn input(&self, name: &str, node: &Node, values: bool) -> Input {
        let mut input = Input {
            name: name.to_owned(),
            about: String::new(),
            schema: Schema::default(),
            default: None,
            required: true,
        };
        match &node.value {
            Value::Nothing => {
                input.schema.kind = Some(Type::String);
                return input;
            }
            Value::Text(word) if !values && self.json(node).is_string() => {
                input.schema = type_word(word).unwrap_or_else(|| {
                    let help = format!("write `{name}: {{default: {word}}}` for its value");
                    let near = nearest(word, TYPES.iter().copied());
                    let near = near.map(|near| format!("did you mean `{near}`? Or {help}"));
                    self.fault(&node.at, format!("`{word}` is no type"), near.unwrap_or(help));
                    Schema::default()
                });
                input.required = !input.schema.nullable;
                return input;
            }
            Value::Table(all) if is_spec(all.iter().map(|(name, _)| name.text.as_str())) => {
                let keys: &[&'static [Key]] = &[SCHEMA, INPUT];
                let fields = self.fields(node, keys, FOREIGN);
                input.schema = self.schema_of(&fields, 0);
                input.about = input.schema.description.take().unwrap_or_default();
                input.default = fields.get("default").map(|node| self.json_as(node, &input.schema));
                let said = fields.get("required").and_then(Node::text).and_then(flag);
                input.required = said.unwrap_or(input.default.is_none() && !input.schema.nullable);
                if input.schema.kind.is_none() {
                    let default = input.default.as_ref().or(input.schema.one_of.first());
                    input.schema.kind = default.map_or(Some(Type::String), kind_of);
                }
            }
            Value::Text(_) | Value::List(_) | Value::Table(_) => {
                let value = self.json(node);
                input.schema.kind = kind_of(&value);
                (input.default, input.required) = (Some(value), false);
            }
        }
        if let Some(default) = input.default.as_ref().filter(|value| !value.is_null())
            && let Err(why) = check(&input.schema, default)
        {
            let why = why.join("; ");
            self.fault(&node.at, format!("the default of `{name}` does not fit: {why}"), "");
        }
        input
    }

    /// A value where a text is wanted is the text as it is written.
    fn json_as(&self, node: &Node, schema: &Schema) -> Json {
        match (schema.kind, node.text()) {
            (Some(Type::String), Some(text)) => Json::String(text.to_owned()),
            _ => self.json(node),
        }
    }
}

const NO_FIELD: &str = "this is no name of an output";

/// Keywords of JSON Schema that are not taken.
const FOREIGN: &[(&str, &str)] = &[
    ("const", "write `enum: [value]`"),
    ("additionalProperties", "leave it out: more fields never hurt"),
    ("format", "write a `pattern`"),
    ("oneOf", "one of several shapes cannot be checked: leave the type out"),
    ("anyOf", "one of several shapes cannot be checked: leave the type out"),
    ("allOf", "write one schema"),
    ("$ref", "write the schema itself, or use a YAML anchor"),
    ("title", "write `description`"),
    ("examples", "write them into `description`"),
];

/// Whether a table says what an input is, and is not its value.
fn is_spec<'n>(mut names: impl Iterator<Item = &'n str>) -> bool {
    let all = SCHEMA.iter().chain(INPUT).filter(|key| key.name != "name");
    let known: Vec<&str> =
        all.flat_map(|key| std::iter::once(key.name).chain(key.also.iter().copied())).collect();
    names.any(|name| known.contains(&name))
}

fn is_field(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    !name.is_empty() && name.len() <= 100 && name.chars().all(fits)
}

fn kind_of(value: &Json) -> Option<Type> {
    match value {
        Json::Null => None,
        Json::Bool(_) => Some(Type::Boolean),
        Json::Number(number) if number.is_f64() => Some(Type::Number),
        Json::Number(_) => Some(Type::Integer),
        Json::String(_) => Some(Type::String),
        Json::Array(_) => Some(Type::Array),
        Json::Object(_) => Some(Type::Object),
    }
}
