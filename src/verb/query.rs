use schemars::Schema;
use serde_json::{Map, Value};

use crate::base::{Code, Refusal};

/// Turns the words of a query string into the JSON that the arguments' schema asks for.
pub(super) fn read(
    schema: &Schema,
    pairs: Vec<(String, String)>,
) -> Result<Map<String, Value>, Refusal> {
    let mut args = Map::new();
    for (key, text) in pairs {
        let value = value(&types(schema, &key), &key, text)?;
        match (args.get_mut(&key), value) {
            (Some(Value::Array(all)), Value::Array(more)) => all.extend(more),
            (_, value) => drop(args.insert(key, value)),
        }
    }
    Ok(args)
}

/// The arguments that a query string stands for.
pub fn args<A: schemars::JsonSchema + serde::de::DeserializeOwned>(
    pairs: Vec<(String, String)>,
) -> Result<A, Refusal> {
    let args = read(&schemars::schema_for!(A), pairs)?;
    serde_json::from_value(Value::Object(args)).map_err(|e| Refusal::new(Code::Invalid, e))
}

fn types(schema: &Schema, key: &str) -> Vec<String> {
    let Some(property) = schema.get("properties").and_then(|all| all.get(key)) else {
        return vec![];
    };
    match property.get("type") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => {
            many.iter().filter_map(|t| t.as_str().map(str::to_owned)).collect()
        }
        _ => vec![],
    }
}

fn value(types: &[String], key: &str, text: String) -> Result<Value, Refusal> {
    let is = |name: &str| types.iter().any(|t| t == name);
    let wrong = |want: &str| {
        Refusal::new(Code::Invalid, format!("`{key}` is {text:?}, which is not {want}"))
    };
    if is("array") {
        Ok(Value::Array(vec![Value::String(text)]))
    } else if is("integer") {
        text.parse::<i64>().map(Value::from).map_err(|_| wrong("a whole number"))
    } else if is("number") {
        text.parse::<f64>().map(Value::from).map_err(|_| wrong("a number"))
    } else if is("boolean") {
        match text.as_str() {
            "" | "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => Err(wrong("`true` or `false`")),
        }
    } else {
        Ok(Value::String(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_what_the_schema_asks_for() {
        #[derive(schemars::JsonSchema)]
        #[expect(dead_code, reason = "only its schema is used")]
        struct Args {
            limit: Option<u32>,
            all: bool,
            kind: Vec<String>,
            name: String,
        }
        let schema = schemars::schema_for!(Args);
        let pair = |k: &str, v: &str| (k.to_owned(), v.to_owned());
        let words = vec![
            pair("limit", "3"),
            pair("all", ""),
            pair("kind", "a"),
            pair("kind", "b"),
            pair("name", "7"),
        ];
        let args = Value::Object(read(&schema, words).unwrap());
        assert_eq!(
            args,
            serde_json::json!({"limit": 3, "all": true, "kind": ["a", "b"], "name": "7"})
        );
        assert_eq!(read(&schema, vec![pair("limit", "x")]).unwrap_err().code, Code::Invalid);
    }
}
