//! What agents give back: asked for again when it does not fit, kept when they give up, found again
//! after a crash.

use serde_json::{Value, json};

use super::{begin, put, run, step, yard};
use crate::agent::yard::Yard;

/// A workflow with one agent that is to count, and a command that uses the number.
const COUNT: &str = "steps:\n  - id: count\n    agent: counter\n    prompt: Count the files.\n    \
    outputs:\n      files: {type: integer, minimum: 1}\n      word: {type: string, minLength: 4}\n  \
    - id: use\n    needs: count\n    run: echo \"there are {{ count.files }}\"\n";

fn counting(script: &str) -> Yard {
    yard(script, &[(".gaia/workflows/count.yaml", COUNT)])
}

fn turn(prompt: &str, words: &str) -> String {
    format!("[[step]]\nwhen_prompt = '{prompt}'\nfinish = {{ summary = '''{words}''' }}\n")
}

/// An agent that says one thing first and another when it is asked again.
fn first_then(first: &str, again: &str) -> String {
    let usage =
        "[[step]]\nwhen_prompt = '.'\nusage = { input = 10, output = 1, cost_usd = 0.001 }\n";
    format!("{usage}{}{}", turn("do not fit", again), turn("Count the files", first))
}

#[test]
fn an_answer_in_prose_is_asked_for_again_in_the_same_conversation() {
    let right = r#"Of course: {"files": 3, "word": "three"}"#;
    let yard = counting(&first_then("There are three files.", right));
    let run = run(&yard.house, &["count"], true);
    let count = step(&run, "count");
    assert_eq!(
        (&count["outputs"]["files"], &count["outputs"]["word"]),
        (&json!(3), &json!("three"))
    );
    assert_eq!(count["attempts"], 1, "asking again is no new attempt");
    assert_eq!(step(&run, "use")["outputs"]["stdout"], "there are 3");
    let task = yard.task(count["link"].as_str().unwrap());
    let attempts = task["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{task:#}");
    assert_eq!(attempts[0]["session"], attempts[1]["session"]);
    // Both turns are paid for.
    assert_eq!(run["cost_usd"], 0.002, "{run:#}");
    assert_eq!(run["tokens"], 22);
}

#[test]
fn one_that_never_answers_right_fails_and_its_last_words_are_kept() {
    for (words, wanted) in [
        ("It is all good.", "`files` is missing"),
        ("{}", "`files` is missing"),
        (r#"{"files": "three", "word": "three"}"#, "must be a whole number, not a text"),
        (r#"{"files": 0, "word": "zero"}"#, "must be at least 1"),
        (r#"{"files": 1, "word": "n/a"}"#, "must have at least 4 characters"),
    ] {
        let yard = counting(&first_then(words, words));
        let run = run(&yard.house, &["count"], false);
        let count = step(&run, "count");
        let why = count["why"].as_str().unwrap();
        assert!(why.contains(wanted), "{words}: {why}");
        assert_eq!(count["outputs"]["text"], words, "{run:#}");
        assert_eq!(step(&run, "use")["state"], "skipped");
        let failed = yard.facts("step.attempt-failed");
        assert_eq!(failed[0]["body"]["class"], "output-invalid", "{failed:#?}");
        let task = yard.task(count["link"].as_str().unwrap());
        assert_eq!(task["attempts"].as_array().unwrap().len(), 3, "{task:#}");
    }
}

#[test]
fn placeholders_are_no_answer() {
    let text = "steps:\n  - {id: name, agent: namer, prompt: Find a name, outputs: {name: string, why: string}}\n";
    for words in [r#"{"name": "<name>", "why": "<why>"}"#, r#"{"name": "TODO", "why": ""}"#] {
        let yard = yard(&turn(".", words), &[("name.yaml", text)]);
        let run = run(&yard.house, &["name.yaml"], false);
        let why = step(&run, "name")["why"].as_str().unwrap();
        assert!(why.contains("placeholders"), "{why}");
    }
}

#[test]
fn a_step_may_be_asked_only_once() {
    let yard = yard(&first_then("no", r#"{"files": 3}"#), &[]);
    let text = "steps:\n  - {id: count, agent: counter, prompt: Count the files, max_asks: 0, outputs: {files: integer}}\n";
    put(&yard.house, "once.yaml", text);
    let run = run(&yard.house, &["once.yaml"], false);
    let task = yard.task(step(&run, "count")["link"].as_str().unwrap());
    assert_eq!(task["attempts"].as_array().unwrap().len(), 1);
}

#[test]
fn an_agent_goes_on_while_the_daemon_is_killed() {
    let script = "[[step]]\nrun = 'echo here > {here}/out/here; read x < {here}/out/gate'\n\
        [[step]]\nwrite = { path = 'made.txt', content = 'made' }\n\
        [[step]]\nusage = { input = 5, output = 5, cost_usd = 0.01 }\n\
        [[step]]\nfinish = { summary = '{\"files\": 1, \"word\": \"once\"}' }\n";
    let yard = counting(script);
    yard.gate("gate");
    let id = begin(&yard.house, &["count"]);
    assert_eq!(yard.signal("here"), "here");
    yard.house.crash();
    let before: Value = yard.house.json(&["run", "show", &id]);
    assert_eq!(step(&before, "count")["state"], "running", "{before:#}");
    yard.open("gate");
    let run = yard.house.json(&["run", "wait", &id]);
    let count = step(&run, "count");
    assert_eq!((&count["state"], &count["attempts"]), (&json!("done"), &json!(1)), "{run:#}");
    let task = yard.task(count["link"].as_str().unwrap());
    assert_eq!(task["attempts"].as_array().unwrap().len(), 1, "{task:#}");
    assert_eq!(yard.house.json(&["task", "list", "--all"]).as_array().unwrap().len(), 1);
    assert_eq!(run["cost_usd"], 0.01);
}
