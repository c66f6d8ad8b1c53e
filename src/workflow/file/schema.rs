//! JSON Schema of a workflow file, for editors: made from the table of keys that the reader uses.

use serde_json::{Map, Value, json};

use super::keys::{INPUT, Key, SCHEMA, SECRET, STEP, Shape, TOP, TYPES};

/// The JSON Schema (draft 2020-12).
pub(crate) fn json_schema() -> Value {
    let mut whole = table(&[TOP]);
    whole["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    whole["title"] = json!("A workflow of gaia");
    let steps = ["steps", "tasks", "jobs"].map(|name| json!({ "required": [name] }));
    whole["anyOf"] = json!(steps);
    whole["$defs"] = json!({
        "step": table(&[STEP]),
        "steps": {
            "anyOf": [
                { "type": "array", "items": { "$ref": "#/$defs/step" } },
                { "type": "object", "additionalProperties": { "$ref": "#/$defs/step" } },
            ],
        },
        "schema": { "anyOf": [{ "$ref": "#/$defs/type" }, table(&[SCHEMA])] },
        "type": {
            "anyOf": [
                { "enum": TYPES },
                { "type": "string", "pattern": r"\?$|\[\]$|^(array|list)<.*>$" },
                { "type": "array", "items": { "type": "string" } },
            ],
        },
        "inputs": {
            "anyOf": [
                { "type": "object", "additionalProperties": { "$ref": "#/$defs/input" } },
                { "type": "array", "items": { "$ref": "#/$defs/input" } },
            ],
        },
        "input": { "anyOf": [table(&[SCHEMA, INPUT]), {}] },
        "outputs": {
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" } },
                { "type": "object", "additionalProperties": { "$ref": "#/$defs/schema" } },
            ],
        },
        "needs": {
            "anyOf": [
                { "type": "string" },
                { "$ref": "#/$defs/outcomes" },
                {
                    "type": "array",
                    "items": { "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/outcomes" }] },
                },
            ],
        },
        "outcomes": {
            "type": "object",
            "additionalProperties": {
                "anyOf": [
                    { "$ref": "#/$defs/outcome" },
                    { "type": "array", "items": { "$ref": "#/$defs/outcome" } },
                ],
            },
        },
        "outcome": { "enum": ["ok", "failed", "skipped", "done"] },
        "secrets": { "type": "object", "additionalProperties": table(&[SECRET]) },
    });
    whole
}

/// A table with some keys and no others.
fn table(keys: &[&[Key]]) -> Value {
    let mut properties = Map::new();
    for key in keys.iter().flat_map(|keys| keys.iter()) {
        for name in std::iter::once(&key.name).chain(key.also) {
            let mut schema = of(key.shape);
            schema["description"] = json!(key.about);
            properties.insert((*name).to_owned(), schema);
        }
    }
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": { "^x-": {} },
        "additionalProperties": false,
    })
}

/// What may stand somewhere.
fn of(shape: Shape) -> Value {
    let text = || json!({ "type": ["string", "number", "boolean"] });
    match shape {
        Shape::Text => text(),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Whole(least) => json!({ "type": "integer", "minimum": least }),
        Shape::Number(least) if least > f64::MIN => json!({ "type": "number", "minimum": least }),
        Shape::Number(_) => json!({ "type": "number" }),
        Shape::Span => json!({ "type": "string", "examples": ["30s", "5m", "1h 30m"] }),
        Shape::Word(known) => json!({ "enum": known }),
        Shape::Texts => json!({ "anyOf": [text(), { "type": "array", "items": text() }] }),
        Shape::Values => json!({ "type": "object" }),
        Shape::Table(keys) => table(&[keys]),
        Shape::Either(shapes) => {
            json!({ "anyOf": shapes.iter().map(|shape| of(*shape)).collect::<Vec<_>>() })
        }
        Shape::List => json!({ "type": "array" }),
        Shape::Own(name) => json!({ "$ref": format!("#/$defs/{name}") }),
        Shape::Any => json!({}),
    }
}
