use serde_json::{Map, Value, json};

use super::{Entry, Noun};
use crate::client::Method;

/// The OpenAPI 3.1 document of all verbs; `version` is gaia's.
#[must_use]
pub fn openapi(nouns: &[Noun], version: &str) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for noun in nouns {
        for entry in &noun.entries {
            let operation = operation(noun.name, entry, &mut schemas);
            let path = paths.entry(entry.path).or_insert_with(|| json!({}));
            path[method(entry.method)] = operation;
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "gaia",
            "version": version,
            "description": "The same verbs as the command line. Served on run/gaia.sock and, if configured, on loopback with a bearer token.",
        },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "get",
        Method::Post => "post",
    }
}

fn operation(noun: Option<&str>, entry: &Entry, schemas: &mut Map<String, Value>) -> Value {
    let args = lift((entry.args)().to_value(), schemas);
    let reply = lift((entry.reply)().to_value(), schemas);
    let id = noun.map_or(entry.name.to_owned(), |noun| format!("{noun}-{}", entry.name));
    let in_path: Vec<&str> =
        entry.path.split('/').filter_map(|p| p.strip_prefix('{')?.strip_suffix('}')).collect();
    let mut operation = json!({
        "operationId": id,
        "summary": entry.about,
        "responses": {
            "200": { "description": "done", "content": { "application/json": { "schema": reply } } },
            "default": { "description": "a refusal: code, message and help" },
        },
    });
    let query = matches!(entry.method, Method::Get);
    operation["parameters"] = Value::Array(parameters(&args, &in_path, query));
    if !query {
        let body = body(args, &in_path);
        operation["requestBody"] = json!({ "content": { "application/json": { "schema": body } } });
    }
    operation
}

fn parameters(args: &Value, in_path: &[&str], query: bool) -> Vec<Value> {
    let required =
        |key: &str| args["required"].as_array().is_some_and(|all| all.iter().any(|r| r == key));
    let empty = Map::new();
    let properties = args["properties"].as_object().unwrap_or(&empty);
    let wanted = properties.iter().filter(|(key, _)| query || in_path.contains(&key.as_str()));
    wanted
        .map(|(key, schema)| {
            let path = in_path.contains(&key.as_str());
            json!({
                "name": key,
                "in": if path { "path" } else { "query" },
                "required": path || required(key),
                "description": schema.get("description").cloned().unwrap_or_else(|| json!("")),
                "schema": schema,
            })
        })
        .collect()
}

/// The arguments that do not travel in the path.
fn body(mut args: Value, in_path: &[&str]) -> Value {
    if let Some(properties) = args["properties"].as_object_mut() {
        properties.retain(|key, _| !in_path.contains(&key.as_str()));
    }
    if let Some(required) = args["required"].as_array_mut() {
        required.retain(|key| !in_path.iter().any(|name| key == name));
    }
    args
}

/// Moves the definitions of a root schema to `components` and points its references there.
fn lift(mut schema: Value, schemas: &mut Map<String, Value>) -> Value {
    if let Some(object) = schema.as_object_mut() {
        object.remove("$schema");
        object.remove("title");
        if let Some(Value::Object(definitions)) = object.remove("$defs") {
            for (name, mut definition) in definitions {
                repoint(&mut definition);
                schemas.insert(name, definition);
            }
        }
    }
    repoint(&mut schema);
    schema
}

fn repoint(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                match inner {
                    Value::String(at) if key == "$ref" => {
                        *at = at.replace("#/$defs/", "#/components/schemas/");
                    }
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
                    Value::Array(_) | Value::Object(_) => repoint(inner),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(repoint),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}
