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

const GOOD: &[(&str, &str)] = &[
    ("fix-failures", include_str!("../../../tests/data/workflows/fix-failures.yaml")),
    ("release", include_str!("../../../tests/data/workflows/release.yaml")),
    ("loop", include_str!("../../../tests/data/workflows/loop.yaml")),
    ("kinds", include_str!("../../../tests/data/workflows/kinds.yaml")),
];

#[test]
fn good_files_are_read() {
    for (name, text) in GOOD {
        insta::assert_snapshot!(*name, shown(text));
    }
}

#[test]
fn faults_are_told_at_their_places() {
    let all = include_str!("../../../tests/data/workflows/faults.txt");
    let mut out = String::new();
    for text in all.split("\n---\n") {
        let faults = match read(text) {
            Ok(_) => panic!("this is taken for good:\n{text}"),
            Err(faults) => faults,
        };
        let lines = text.lines().enumerate().map(|(at, line)| format!("{:>3} {line}\n", at + 1));
        writeln!(out, "{}{}", lines.collect::<String>(), told(&faults)).unwrap();
    }
    insta::assert_snapshot!("faults", out);
}

#[test]
fn what_no_person_wrote_is_refused() {
    let context = Context { name: "given", beside: &beside };
    let fault = |bytes: &[u8]| told(&load("w.yaml", bytes, &context).unwrap_err());
    let long = "# long\n".repeat(800_000);
    assert_eq!(
        fault(long.as_bytes()),
        "1:1: the file is longer than 1 MiB: is it the right one?\n"
    );
    assert_eq!(fault(b"steps: \xff"), "1:1: line 1 is not UTF-8 text (byte 7 of the file)\n");
    let deep = format!("steps: {}", "[".repeat(100_000));
    assert!(
        fault(deep.as_bytes()).contains("neither YAML nor JSON")
            || fault(deep.as_bytes()).contains("person")
    );
    let nested = (0..12).map(|at| format!("{}- id: s{at}\n{0}  steps:\n", " ".repeat(at * 2)));
    let nested = format!("steps:\n{}", nested.collect::<String>());
    assert!(fault(nested.as_bytes()).contains("steps are too deep inside of each other"));
    let many = format!("steps:\n{}", "- {id: a, run: \"{{ x }}\", needs: b}\n".repeat(10_000));
    let faults = load("w.yaml", many.as_bytes(), &context).unwrap_err();
    assert!(faults.len() <= 100);
    assert!(told(&faults).contains("more faults are not shown"), "{}", told(&faults));
}

/// Steps that each need some before them.
fn many(count: usize) -> String {
    let step = |at: usize| {
        let needs = at.checked_sub(1).map_or(String::new(), |before| {
            format!("  needs: [s{before}]\n  env: {{ X: \"{{{{ s0.stdout }}}}\" }}\n")
        });
        format!("- id: s{at}\n  run: echo {{{{ s{}.output }}}}\n{needs}", at.saturating_sub(1))
    };
    let steps: String = (1..count).map(step).collect();
    format!("steps:\n- id: s0\n  run: \"true\"\n{steps}")
}

#[test]
fn ten_thousand_steps_are_read() {
    let definition = read(&many(10_000)).map_err(|faults| told(&faults)).unwrap();
    assert_eq!(definition.steps.len(), 10_000);
    assert_eq!(definition.steps[9_999].needs[0].step, 9_998);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]
    #[test]
    fn whatever_is_written_never_stops_the_reader(
        which in 0..GOOD.len(),
        cuts in proptest::collection::vec((0..2000_usize, 0..12_usize, "[ -~\n\t]{0,6}"), 1..4),
    ) {
        let mut text = GOOD[which].1.to_owned();
        for (at, length, words) in cuts {
            let at = at % text.len();
            let end = (at + length).min(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(end) {
                text.replace_range(at..end, &words);
            }
        }
        match read(&text) {
            Ok(definition) => proptest::prop_assert!(!definition.steps.is_empty()),
            Err(faults) => proptest::prop_assert!(!faults.is_empty() && !told(&faults).is_empty()),
        }
    }
}
#[test]
fn the_schema_for_editors_knows_every_key_and_leads_nowhere_else() {
    let whole = json_schema();
    for name in ["steps", "tasks", "inputs", "variables", "finally"] {
        assert!(whole["properties"].get(name).is_some(), "{name}");
    }
    for name in ["depends_on", "for_each", "run", "command", "agent", "dependencies"] {
        assert!(whole["$defs"]["step"]["properties"].get(name).is_some(), "{name}");
    }
    let text = whole.to_string();
    for (at, begin) in text.match_indices("#/$defs/") {
        let rest = &text[at + begin.len()..];
        let name = &rest[..rest.find('"').unwrap()];
        assert!(whole["$defs"].get(name).is_some(), "{name}");
    }
}
