//! `review`, `security-audit` and `implement-review-test`: agents judge the work of others.

use super::{approve, begin, put, run, says, step, writes, yard};

#[test]
fn several_reviewers_make_one_verdict() {
    let script = [
        says(
            "for correctness first",
            r#"{"verdict": "approve", "summary": "it does what it says it does", "findings": []}"#,
        ),
        says(
            "for tests first",
            r#"{"verdict": "changes", "summary": "there is no test for it at all",
                "findings": [{"file": "a b.txt", "line": 1, "what": "nothing tests it"}]}"#,
        ),
        says(
            "Your role: maintainer(?s:.*)Whether one of them wants changes: true",
            r#"{"verdict": "changes", "summary": "good, but it needs a test",
                "findings": [{"file": "a b.txt", "what": "nothing tests it"}]}"#,
        ),
    ];
    let yard = yard(&script.concat(), &[]);
    put(&yard.house, "a b.txt", "new\n");
    yard.commit("a change");
    let run = run(&yard.house, &["review", "reviewers=2"], true);
    assert_eq!(run["outputs"]["verdict"], "changes");
    assert_eq!(run["outputs"]["findings"][0]["what"], "nothing tests it");
    assert_eq!(step(&run, "change")["outputs"]["files"], serde_json::json!(["a b.txt"]));
    assert_eq!(step(&run, "look")["outputs"].as_array().unwrap().len(), 2);
}

#[test]
fn a_review_of_nothing_is_refused_in_a_sentence() {
    let yard = yard("", &[]);
    for (range, wanted) in [
        ("range=HEAD..HEAD", "changes nothing"),
        ("range=nowhere...HEAD", "is no range of commits"),
        ("range=--output=x", "is no range of commits"),
        ("range=$(touch x)", "is no range of commits"),
    ] {
        let run = run(&yard.house, &["review", range], false);
        let why = step(&run, "change")["why"].as_str().unwrap();
        assert!(why.contains(wanted), "{range}: {why}");
    }
    assert!(!yard.house.workspace().join("x").exists());
}

#[test]
fn an_audit_looks_at_each_area_and_doubts_what_it_finds() {
    let found = r#"{"looked_at": "all files and the history", "findings": [
        {"title": "a key in the code", "severity": "high", "file": "key.py", "line": 1, "why": "whoever reads the code has the key"}]}"#;
    let report = r#"{"summary": "Take the key out of the code today.", "findings": [
        {"title": "a key in the code", "severity": "high", "file": "key.py", "why": "whoever reads it has it"}]}"#;
    let script = [
        says("in one area: secrets", found),
        says("in one area", r#"{"looked_at": "everything that there is", "findings": []}"#),
        says(
            "Doubt what is about",
            r#"{"verdicts": [{"title": "a key in the code", "holds": true, "why": "it is a real key"}]}"#,
        ),
        says("Areas of a security audit", report),
    ];
    let yard = yard(&script.concat(), &[("key.py", "KEY = 'abc'\n")]);
    let quick = run(&yard.house, &["security-audit"], true);
    assert_eq!(step(&quick, "look")["outputs"].as_array().unwrap().len(), 2);
    assert_eq!(step(&quick, "doubt")["outputs"].as_array().unwrap().len(), 0);
    assert_eq!(quick["outputs"]["findings"][0]["severity"], "high");
    let full = run(&yard.house, &["security-audit", "scope=full"], true);
    assert_eq!(step(&full, "look")["outputs"].as_array().unwrap().len(), 6);
    assert_eq!(step(&full, "doubt")["outputs"].as_array().unwrap().len(), 6);
}

#[test]
fn what_a_reviewer_does_not_like_goes_back_and_lands_when_a_person_says_yes() {
    let design = r#"{"plan": "One file with one line, and a second one that tests it.", "accepted_if": ["hello.txt greets"]}"#;
    let tested = r#"{"passes": true, "seen": "sh test.sh: it greets"}"#;
    let script = [
        says("Your role: architect", design),
        writes("This is round 1", "hello.txt", "helo\n"),
        "[[step]]\nwhen_prompt = 'This is round 2(?s:.*)one l is missing'\nedit = { path = 'hello.txt', old = 'helo', new = 'hello' }\n".to_owned(),
        "[[step]]\nwhen_prompt = 'This is round 2'\nrun = 'test -e test.sh'\n".to_owned(),
        says("Your role: implementer", "done"),
        says("in round 1: greet", r#"{"verdict": "changes", "findings": ["one l is missing"]}"#)
            .replace("in round 1", "Review what was done for this task, in round 1"),
        says("Review what was done for this task, in round 2", r#"{"verdict": "approve", "findings": []}"#),
        writes("Your role: tester", "test.sh", "grep -q hel hello.txt\n"),
        says("Your role: tester", tested),
        writes("Your role: maintainer", "CHANGES.md", "- it greets\n"),
        says("Your role: maintainer", r#"{"summary": "everyone is greeted"}"#),
    ];
    let yard = yard(&script.concat(), &[]);
    let id = begin(&yard.house, &["implement-review-test", "task=greet"]);
    assert_eq!(approve(&yard), "Land this? greet");
    let run = yard.house.json(&["run", "wait", &id]);
    assert_eq!(run["state"], "done", "{run:#}");
    assert_eq!(step(&run, "rounds{2}")["state"], "done");
    // What all of them did, in both rounds, is one change of main.
    assert_eq!(yard.git(&["show", "main:hello.txt"]), "hello");
    assert_eq!(yard.git(&["show", "main:test.sh"]), "grep -q hel hello.txt");
    assert_eq!(yard.git(&["show", "main:CHANGES.md"]), "- it greets");
    assert_eq!(run["outputs"]["commit"], yard.git(&["rev-parse", "main"]));
    assert_eq!(yard.git(&["status", "--porcelain"]), "");
}
