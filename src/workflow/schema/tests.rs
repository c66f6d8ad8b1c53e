use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{words::example, *};

fn schema(value: Value) -> Schema {
    serde_json::from_value(value).unwrap()
}

#[test]
fn what_does_not_fit_is_told_with_its_place() {
    let failures = json!({
        "type": "object",
        "required": ["failures"],
        "properties": { "failures": {
            "type": "array", "minItems": 1, "maxItems": 2,
            "items": { "type": "object", "required": ["file"], "properties": {
                "file": { "type": "string", "pattern": "\\.rs$" },
                "line": { "type": "integer", "minimum": 1.0, "nullable": true },
            } },
        } },
    });
    for (wanted, value, told) in [
        (&failures, json!({"failures": [{"file": "a.rs", "line": null, "more": 1}]}), ""),
        (&failures, json!({}), "/failures is missing"),
        (&failures, json!("done"), "the value must be an object, not a text"),
        (&failures, json!({"failures": []}), "/failures must have at least 1 items, not 0"),
        (&failures, json!({"failures": [{}]}), "/failures/0/file is missing"),
        (
            &failures,
            json!({"failures": [{"file": "a.py", "line": 0}]}),
            "/failures/0/file must match the pattern \\.rs$; /failures/0/line must be at least 1",
        ),
        (
            &failures,
            json!({"failures": [{"file": "a.rs", "line": 1.5}]}),
            "/failures/0/line must be a whole number, not a number",
        ),
        (
            &json!({"enum": ["yes", "no"]}),
            json!("maybe"),
            "the value must be one of \"yes\", \"no\"",
        ),
        (
            &json!({"type": "string", "maxLength": 2}),
            json!("äöü"),
            "the value must have at most 2 characters, not 3",
        ),
        (&json!({"type": "integer"}), json!(3.0), ""),
        (&json!({}), json!(null), ""),
        (&json!({"type": "string"}), json!(null), "the value must be a text, not null"),
    ] {
        let found = check(&schema(wanted.clone()), &value).err().unwrap_or_default();
        assert_eq!(found.join("; "), told, "{value}");
    }
}

#[test]
fn a_pattern_cannot_be_a_bomb() {
    assert_eq!(pattern("(a{1000}){1000}").unwrap_err(), "it is too big");
    assert!(pattern("^a+$").is_ok());
}

#[test]
fn texts_of_a_command_line_become_values() {
    for (kind, text, wanted) in [
        ("string", "3", Some(json!("3"))),
        ("integer", " 3 ", Some(json!(3))),
        ("integer", "3.5", None),
        ("number", "3.5", Some(json!(3.5))),
        ("boolean", "yes", Some(json!(true))),
        ("boolean", "maybe", None),
        ("array", "a, b", Some(json!(["a", "b"]))),
        ("array", "[1, \"x\"]", Some(json!([1, "x"]))),
        ("array", "[1,", None),
        ("array", "", Some(json!([]))),
        ("object", "{\"a\": 1}", Some(json!({"a": 1}))),
        ("object", "a", None),
    ] {
        let found = from_text(&schema(json!({ "type": kind })), text);
        assert_eq!(found.ok(), wanted, "{kind} {text}");
    }
    assert_eq!(from_text(&Schema::default(), "[1]"), Ok(json!([1])));
    assert_eq!(from_text(&Schema::default(), "x y"), Ok(json!("x y")));
}

#[test]
fn a_shape_is_told_in_words_and_by_an_example() {
    let outputs = BTreeMap::from([
        ("verdict".to_owned(), schema(json!({"type": "string", "enum": ["approve", "reject"]}))),
        (
            "failures".to_owned(),
            schema(json!({"type": "array", "maxItems": 3, "items": {
                "type": "object", "required": ["file"],
                "properties": { "file": { "type": "string" }, "line": { "type": "integer", "minimum": 1.0 } },
            }})),
        ),
        ("why".to_owned(), schema(json!({"type": "string", "minLength": 10, "nullable": true}))),
    ]);
    let words: Vec<String> = outputs.values().map(describe).collect();
    assert_eq!(
        words,
        [
            "a list, each an object {file: a text; line: a whole number, at least 1 (may be left \
             out)}, at most 3 items",
            "one of \"approve\", \"reject\"",
            "a text, at least 10 characters, or null",
        ]
    );
    let shown = example(&outputs);
    assert_eq!(
        shown,
        json!({"failures": [{"file": "<file>", "line": 1}], "verdict": "approve", "why": "<why>"})
    );
    assert!(
        outputs.iter().filter(|(name, _)| *name != "why").all(|(name, one)| check(
            one,
            &shown[name]
        )
        .is_ok())
    );
}

#[test]
fn an_answer_that_says_nothing_is_known() {
    for (value, wanted) in [
        (json!({}), true),
        (json!({"why": ""}), true),
        (json!({"why": "N/A", "file": "<file>"}), true),
        (json!({"why": "TODO."}), true),
        (json!({"all": [{"file": "..."}]}), true),
        (json!({"why": null}), false),
        (json!({"all": []}), false),
        (json!({"ok": false}), false),
        (json!({"why": "the test is wrong", "file": ""}), false),
        (json!("unknown"), true),
        (json!([]), false),
    ] {
        assert_eq!(is_placeholder(&value), wanted, "{value}");
    }
}
