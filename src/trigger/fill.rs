//! From what is known of a firing to the inputs of what it starts: `{{ path }}` in texts. Pure.
//!
//! Nothing is ever put into a command: a program gets its values as environment and as JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::model::{Does, Source, Trigger, What};

/// Longest value that is handed over as environment.
const LONGEST: usize = 32 << 10;

/// What can be named for a source, at the beginning of a path.
pub(crate) fn roots(source: &Source) -> Vec<&'static str> {
    let own: &[&str] = match source {
        Source::Time { .. } => &["scheduled_at", "missed_count"],
        Source::Boot | Source::DaemonStart => &[],
        Source::Files(_) => &["files"],
        Source::Webhook(_) => &["body", "delivery", "event"],
        Source::Fact(_) => &["fact"],
    };
    [own, &["trigger", "firing", "workspace", "fired_at"]].concat()
}

/// The paths that a text names; a sentence says what is wrong with it.
pub(crate) fn paths(text: &str) -> Result<Vec<String>, String> {
    let parts = split(text)?;
    Ok(parts.into_iter().filter_map(|part| part.err().map(str::to_owned)).collect())
}

/// Text and, as errors, paths.
fn split(text: &str) -> Result<Vec<Result<&str, &str>>, String> {
    let (mut parts, mut rest) = (vec![], text);
    while let Some((before, after)) = rest.split_once("{{") {
        let (path, after) =
            after.split_once("}}").ok_or_else(|| format!("`{{{{` without `}}}}` in `{text}`"))?;
        let path = path.trim();
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        if path.is_empty()
            || !path.split('.').all(|word| !word.is_empty() && word.chars().all(fits))
        {
            return Err(format!("`{path}` is no path of names with dots between them"));
        }
        parts.extend([Ok(before), Err(path)]);
        rest = after;
    }
    parts.push(Ok(rest));
    Ok(parts)
}

/// The value at a dotted path; numbers count places in lists.
pub(crate) fn at_path<'a>(known: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(known, |value, word| match value {
        Value::Object(map) => map.get(word),
        Value::Array(all) => all.get(word.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// A value with every path replaced by what is there; a path that is all of a text keeps its type.
fn fill(value: &Value, known: &Value) -> Result<Value, String> {
    let find = |path: &str| {
        at_path(known, path).ok_or_else(|| format!("`{path}` is not in what fired it"))
    };
    Ok(match value {
        Value::String(text) => {
            let parts = split(text)?;
            if let [Ok(""), Err(path), Ok("")] = parts[..] {
                return find(path).cloned();
            }
            let mut whole = String::new();
            for part in parts {
                match part {
                    Ok(text) => whole.push_str(text),
                    Err(path) => whole.push_str(&plain(find(path)?)),
                }
            }
            Value::String(whole)
        }
        Value::Array(all) => {
            Value::Array(all.iter().map(|one| fill(one, known)).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => {
            let one = |(key, value): (&String, &Value)| Ok((key.clone(), fill(value, known)?));
            Value::Object(map.iter().map(one).collect::<Result<_, String>>()?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
}

/// A value as text; a list of texts has one a line.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) if all.iter().all(Value::is_string) => {
            all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}

/// What a firing starts, and the environment that says why. `given` are inputs that a person gave:
/// they stand in place of the declared ones.
pub(crate) fn what(
    trigger: &Trigger,
    known: &Value,
    given: &Map<String, Value>,
) -> Result<(What, BTreeMap<String, String>), String> {
    let mut inputs = Map::new();
    for (name, value) in &trigger.inputs {
        if !given.contains_key(name) {
            let value = fill(value, known).map_err(|what| format!("the input `{name}`: {what}"))?;
            inputs.insert(name.clone(), value);
        }
    }
    inputs.extend(given.clone());
    let mut env = BTreeMap::new();
    let mut put = |name: &str, value: &Value| {
        let fits = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let name: String = name.chars().map(fits).collect();
        let text = plain(value);
        if text.len() <= LONGEST && !text.contains('\0') {
            env.insert(format!("GAIA_TRIGGER_{name}"), text);
        }
    };
    for (name, value) in known.as_object().into_iter().flatten() {
        put(if name == "trigger" { "NAME" } else { name }, value);
    }
    if let Some(kind) = at_path(known, "fact.kind") {
        put("FACT_KIND", kind);
    }
    for (name, value) in &inputs {
        put(&format!("INPUT_{name}"), value);
    }
    let argv = match &trigger.does {
        Does::Workflow(name) => {
            return Ok((What::Workflow { name: name.clone(), inputs }, env));
        }
        Does::Argv(argv) => argv.clone(),
        Does::Line(line) => vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()],
    };
    let mut payload = known.as_object().cloned().unwrap_or_default();
    payload.insert("inputs".to_owned(), Value::Object(inputs));
    Ok((What::Command { argv, payload: Value::Object(payload) }, env))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_path_keeps_its_type_and_a_part_is_text() {
        let known = json!({"files": ["a", "b"], "n": 3, "body": {"x": [{"y": true}]}});
        for (text, wanted) in [
            ("{{ files }}", json!(["a", "b"])),
            ("{{n}}", json!(3)),
            ("n is {{ n }}, {{ body.x.0.y }}", json!("n is 3, true")),
            ("see:\n{{ files }}", json!("see:\na\nb")),
            ("plain } {", json!("plain } {")),
        ] {
            assert_eq!(fill(&json!(text), &known).unwrap(), wanted, "{text}");
        }
        let nested = fill(&json!({"a": ["{{ n }}", 1]}), &known).unwrap();
        assert_eq!(nested, json!({"a": [3, 1]}));
    }

    #[test]
    fn what_is_not_there_is_said() {
        let known = json!({"body": {"x": 1}});
        let said = fill(&json!("{{ body.y }}"), &known).unwrap_err();
        assert_eq!(said, "`body.y` is not in what fired it");
        assert!(paths("{{ body.x").unwrap_err().contains("without"));
        assert!(paths("{{ $(id) }}").unwrap_err().contains("no path"));
        assert_eq!(paths("a {{ x.y }} {{z}}").unwrap(), ["x.y", "z"]);
    }

    #[test]
    fn a_value_from_outside_never_stands_in_a_command() {
        let trigger = Trigger {
            name: "t".parse().unwrap(),
            about: String::new(),
            source: Source::Boot,
            does: Does::Line("echo \"$GAIA_TRIGGER_INPUT_WHO\"".to_owned()),
            inputs: BTreeMap::from([("who".to_owned(), json!("{{ body }}"))]),
            enabled: true,
            overlap: super::super::model::Overlap::Skip,
            pause_on_failures: 0,
            limit: None,
            lint: vec![],
        };
        let known = json!({"body": "$(touch x)", "trigger": "t"});
        let (what, env) = what(&trigger, &known, &Map::new()).unwrap();
        let What::Command { argv, payload } = what else { panic!("{what:?}") };
        assert_eq!(argv[2], "echo \"$GAIA_TRIGGER_INPUT_WHO\"");
        assert_eq!(env["GAIA_TRIGGER_INPUT_WHO"], "$(touch x)");
        assert_eq!(env["GAIA_TRIGGER_NAME"], "t");
        assert_eq!(payload["inputs"]["who"], "$(touch x)");
    }
}
