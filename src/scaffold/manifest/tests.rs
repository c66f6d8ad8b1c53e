use std::collections::BTreeMap;

use serde_json::json;

use super::{Manifest, Source, Stamp, blob, path_fault, read, sha256};
use crate::scaffold::model::Mode;

fn sample() -> Manifest {
    let mut moved = Stamp::of(b"x\n", Mode::Plain);
    moved.at = Some("b/\"odd\" \\ name".into());
    let files = BTreeMap::from([
        ("a.txt".to_owned(), Stamp::of(b"", Mode::Plain)),
        ("bin/run".to_owned(), Stamp::of(b"#!/bin/sh\n", Mode::Exec)),
        ("CLAUDE.md".to_owned(), Stamp::of(b"AGENTS.md", Mode::Link)),
        ("b/\"odd\" ü".to_owned(), moved),
    ]);
    let answers = json!({
        "zeta": "two\nlines \"and\" \u{1b} more",
        "alpha": -3,
        "docker": true,
        "parts": ["x", "y"],
        "odd name": "",
    });
    let answers = answers.as_object().unwrap().clone();
    let template = Source {
        name: "go-api".into(),
        source: "https://example.com/t.git".into(),
        version: "1.2.3".into(),
        reference: Some("v1.2.3".into()),
        commit: Some("a".repeat(40)),
        target: Some("api".into()),
        year: Some(2026),
        hash: sha256(b"tree"),
    };
    Manifest { template, answers, files }
}

fn faults(text: &str) -> String {
    let faults = read("scaffold.toml", text).unwrap_err();
    faults.iter().map(crate::base::ConfigError::show).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_written_is_read_back_in_the_order_of_asking() {
    let manifest = sample();
    let text = manifest.write();
    assert_eq!(read("scaffold.toml", &text).unwrap(), manifest, "{text}");
    // Two maps are equal in any order; two texts are not.
    assert_eq!(read("scaffold.toml", &text).unwrap().write(), text);
}

#[test]
fn contents_have_the_names_that_git_and_sha256sum_give_them() {
    // From `git hash-object` and `sha256sum`.
    assert_eq!(blob(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    assert_eq!(blob(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
    assert_eq!(
        sha256(b"hello\n"),
        "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
    );
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    let text = sample().write();
    let text = text.replace("version = \"1.2.3\"", "version = \"one\"");
    let text = text.replace("\"a.txt\"", "\"../a.txt\"").replace("alpha = -3", "alpha = 1.5");
    let text = text.replace(&blob(b"#!/bin/sh\n"), "zz");
    let told = faults(&text);
    for part in
        ["\"one\" is no version", "\"../a.txt\" does not go straight", "a float", "40 digits"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(told.contains("scaffold.toml:8:11"), "{told}");
}

#[test]
fn a_newer_format_and_a_mistyped_key_have_a_way_out() {
    let newer = sample().write().replace("format = 1", "format = 2\nfuture = true");
    assert!(faults(&newer).contains("a newer gaia wrote it"));
    let wrong = sample().write().replace("commit = ", "comit = ");
    assert!(faults(&wrong).contains("did you mean `commit`?"), "{}", faults(&wrong));
}

#[test]
fn no_path_leads_out_of_the_project() {
    let bad = [
        "",
        "/etc/passwd",
        "..",
        "a/../../b",
        "./a",
        "a//b",
        "a/",
        ".git/hooks/pre-commit",
        "sub/.GIT/config",
        ".gaia/scaffold.toml",
        ".Gaia/update/journal",
        "a\0b",
        "a\nb",
    ];
    for path in bad {
        assert!(path_fault(path).is_some(), "{path:?}");
    }
    for path in ["a", ".github/x.yml", "..a/b", "a b/ü", ".gitignore", "x/.gaia/y", "%2e%2e/a"] {
        assert_eq!(path_fault(path), None);
    }
}
