use std::fmt::Write;

use serde_json::Value as Json;

use super::*;

fn beside(path: &str) -> Result<String, String> {
    match path {
        "prompts/a.md" => Ok("Look at {{ inputs.area }}.\n".to_owned()),
        "prompts/bad.md" => Ok("one\ntwo {{ nothing }}\n".to_owned()),
        _ => Err("there is no such file".to_owned()),
    }
}

fn read(text: &str) -> Result<Definition, Faults> {
    let context = Context { name: "given", beside: &beside };
    load("w.yaml", text.as_bytes(), &context)
}

fn shown(text: &str) -> String {
    match read(text) {
        Ok(definition) => {
            let whole = serde_json::to_value(&definition).unwrap();
            let again: Definition = serde_json::from_value(whole.clone()).unwrap();
            assert_eq!(again, definition);
            serde_json::to_string_pretty(&slim(whole)).unwrap()
        }
        Err(faults) => panic!("{}", told(&faults)),
    }
}

/// Without what is left out, and texts as texts.
fn slim(value: Json) -> Json {
    let part = |part: &Json| match (part.get("text"), part.get("value")) {
        (Some(Json::String(text)), None) => Some(text.clone()),
        (None, Some(value)) => {
            let path = value["path"].as_array()?.iter().map(|field| format!(".{field}"));
            Some(format!("<{}{}>", value["root"], path.collect::<String>()))
        }
        _ => None,
    };
    match value {
        Json::Array(parts) if !parts.is_empty() && parts.iter().all(|p| part(p).is_some()) => {
            parts.iter().filter_map(part).collect::<String>().into()
        }
        Json::Array(items) => items.into_iter().map(slim).collect(),
        Json::Object(fields) => {
            let slimmed = fields.into_iter().map(|(name, value)| (name, slim(value)));
            let kept = slimmed.filter(|(name, value)| {
                let shown = value.to_string();
                !DULL.contains(&("", &shown)) && !DULL.contains(&(name.as_str(), &shown))
            });
            Json::Object(kept.collect())
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value,
    }
}

/// What is said by nobody.
const DULL: &[(&str, &str)] = &[
    ("", "null"),
    ("", "[]"),
    ("", "{}"),
    ("", "\"\""),
    ("retry", r#"{"max":0,"backoff_ms":1000,"factor":2.0,"max_backoff_ms":300000}"#),
    ("max_asks", "2"),
    ("on_error", "\"fail\""),
    ("on_lost", "\"ask\""),
    ("priority", "0"),
];

fn told(faults: &Faults) -> String {
    let mut out = String::new();
    for fault in faults {
        let (line, column) = fault.place();
        let help = miette::Diagnostic::help(fault);
        let help = help.map(|help| format!(" [{help}]")).unwrap_or_default();
        writeln!(out, "{line}:{column}: {fault}{help}").unwrap();
    }
    out
}

#[test]
fn good_files_are_read() {
    for name in ["fix-failures", "release", "loop", "kinds"] {
        let path = format!("{}/tests/data/workflows/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        insta::assert_snapshot!(name, shown(&text));
    }
}
