use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Entry, Noun};
use crate::client::Method;

/// The OpenAPI 3.1 document of all verbs; `version` is gaia's.
#[must_use]
pub fn openapi(nouns: &[Noun], version: &str) -> Value {
    let mut paths = Map::new();
    let mut shared = Shared::default();
    for noun in nouns {
        for entry in &noun.entries {
            let operation = operation(noun.name, entry, &mut shared);
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
        "components": { "schemas": shared.schemas },
    })
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "get",
        Method::Post => "post",
    }
}

fn operation(noun: Option<&str>, entry: &Entry, shared: &mut Shared) -> Value {
    let args = shared.lift((entry.args)().to_value(), noun);
    let reply = shared.lift((entry.reply)().to_value(), noun);
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

/// The definitions of all root schemas, each under a name of its own.
#[derive(Default)]
struct Shared {
    /// As they go into the document.
    schemas: Map<String, Value>,
    /// What each stands for, with all that it refers to: two rooms may have a type of the same name.
    meanings: BTreeMap<String, String>,
}

impl Shared {
    /// Moves the definitions of a root schema to `components` and points its references there.
    fn lift(&mut self, mut schema: Value, noun: Option<&str>) -> Value {
        let mut names = BTreeMap::new();
        if let Some(object) = schema.as_object_mut() {
            object.remove("$schema");
            object.remove("title");
            if let Some(Value::Object(definitions)) = object.remove("$defs") {
                for name in definitions.keys() {
                    let meaning = meaning(name, &definitions);
                    names.insert(name.clone(), self.name(name, noun.unwrap_or("gaia"), meaning));
                }
                for (name, mut definition) in definitions {
                    repoint(&mut definition, &names);
                    self.schemas.insert(names[&name].clone(), definition);
                }
            }
        }
        repoint(&mut schema, &names);
        schema
    }

    /// A name that nothing else has: its own, or with that of the noun before it, or a number after.
    fn name(&mut self, name: &str, noun: &str, meaning: String) -> String {
        let long = format!("{}{name}", title(noun));
        let numbered = (2..).map(|number| format!("{long}{number}"));
        let names = [name.to_owned(), long.clone()].into_iter().chain(numbered);
        let is_free = |name: &String| self.meanings.get(name).is_none_or(|known| *known == meaning);
        let free = names.into_iter().find(is_free).unwrap_or(long);
        self.meanings.insert(free.clone(), meaning);
        free
    }
}

fn title(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The text of a definition and of all that it refers to.
fn meaning(name: &str, definitions: &Map<String, Value>) -> String {
    let (mut seen, mut todo) = (BTreeSet::new(), vec![name.to_owned()]);
    while let Some(name) = todo.pop() {
        if let (Some(definition), true) = (definitions.get(&name), seen.insert(name.clone())) {
            let text = definition.to_string();
            let parts = text.split("\"#/$defs/").skip(1);
            todo.extend(parts.filter_map(|part| Some(part.split_once('"')?.0.to_owned())));
        }
    }
    seen.iter().map(|name| format!("{name} = {}\n", definitions[name])).collect()
}

fn repoint(value: &mut Value, names: &BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                match inner {
                    Value::String(at) if key == "$ref" => {
                        let name = at.strip_prefix("#/$defs/").and_then(|name| names.get(name));
                        if let Some(name) = name {
                            *at = format!("#/components/schemas/{name}");
                        }
                    }
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
                    Value::Array(_) | Value::Object(_) => repoint(inner, names),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| repoint(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(definition: &Value, other: &Value) -> Value {
        json!({
            "$ref": "#/$defs/Step",
            "$defs": {
                "Step": definition,
                "Other": other,
            },
        })
    }

    #[test]
    fn two_types_of_one_name_stay_two() {
        let mut shared = Shared::default();
        let refers = json!({"items": {"$ref": "#/$defs/Other"}});
        let (text, number) = (json!({"type": "string"}), json!({"type": "integer"}));
        let at = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        assert_eq!(shared.lift(root(&refers, &text), Some("agent")), at("Step"));
        assert_eq!(shared.lift(root(&refers, &text), Some("task")), at("Step"));
        // Its own text is the same, and that of what it refers to is not.
        assert_eq!(shared.lift(root(&refers, &number), Some("run")), at("RunStep"));
        assert_eq!(shared.lift(root(&text, &text), Some("run")), at("RunStep2"));
        assert_eq!(shared.lift(root(&refers, &number), Some("run")), at("RunStep"));
        let names: Vec<&str> = shared.schemas.keys().map(String::as_str).collect();
        assert_eq!(names, ["Step", "Other", "RunStep", "RunOther", "RunStep2"]);
        assert_eq!(shared.schemas["RunStep"], json!({"items": at("RunOther")}));
    }
}
