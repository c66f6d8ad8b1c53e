use insta::assert_snapshot;

use super::*;
use crate::base::Name;

const OLD: &str = "# Our pages.\nname: web\nabout: pages # short\n\npatterns:\n    # the first\n    \
    - one\n    - 'two'\n    - |\n      three\n      lines\n\n# Learned the hard way.\npitfalls: [a, b]\n\
    commands:\n  test: make test\n";

fn name() -> Name {
    "web".parse().unwrap()
}

fn propose(text: &str) -> Result<Merged, String> {
    let proposal = Proposal::read("p.json", text).map_err(|r| r.message)?;
    merge(&name(), Some(OLD), &proposal).map_err(|r| r.message)
}

#[test]
fn what_is_learned_changes_only_the_lines_it_is_about() {
    let merged = propose(
        r#"{"patterns": {"add": ["four: with a colon", "five\nlong"], "remove": ["two"]},
            "why": "seen twice"}"#,
    )
    .unwrap();
    assert_snapshot!(merged.text);
    assert_snapshot!(merged.diff);
    assert_eq!(merged.gist, "patterns +2 -1");
}

#[test]
fn every_part_can_be_changed() {
    for (proposal, gist) in [
        (r#"{"patterns": {"remove": ["three\nlines"]}}"#, "patterns -1"),
        (r#"{"patterns": {"remove": ["one", "two", "three\nlines"]}}"#, "patterns -3"),
        (r#"{"patterns": {"add": ["one", "six"]}}"#, "patterns +1"),
        (r#"{"pitfalls": {"add": ["c"], "remove": ["a"]}}"#, "pitfalls +1 -1"),
        (r#"{"pitfalls": {"remove": ["a", "b"]}}"#, "pitfalls -2"),
        (r#"{"commands": {"add": {"test": "make check", "x": "y"}}}"#, "commands +2 -1"),
        (r#"{"commands": {"remove": ["test"]}}"#, "commands -1"),
        (r#"{"notes": "new", "paths": {"add": ["src/**"]}}"#, "paths +1, notes +1"),
        (r#"{"notes": ["a", "b"], "about": "sites"}"#, "about, notes +2"),
        (r#"{"area": {"add": ["web"]}}"#, "area +1"),
    ] {
        let merged = propose(proposal).unwrap();
        assert_eq!(merged.gist, gist, "{proposal}");
        assert!(merged.text.starts_with("# Our pages.\n"), "{}", merged.text);
        assert!(merged.text.contains("# Learned the hard way."), "{}", merged.text);
    }
}

#[test]
fn files_of_any_manner_can_learn() {
    let add = Proposal::read("p", r#"{"patterns": {"add": ["new"]}}"#).unwrap();
    for old in [
        "{about: a, patterns: [x]}",
        "about: a",
        "about: a\npatterns:\n- x\n- y",
        "about: a\npatterns: x",
        "about: a\npatterns:",
        "about: a\npatterns: &p\n  - x\npitfalls: *p\n",
        "about: a\r\npatterns:\r\n  - x\r\n",
        "---\nabout: a\npatterns:\n  - >-\n    folded\n    text\n  - \"q\n    r\"\n",
        "\u{feff}about: a\npatterns: [x]\n",
    ] {
        let merged = merge(&name(), Some(old), &add).unwrap();
        assert!(merged.text.contains("- new\n"), "{old:?}: {}", merged.text);
        assert_eq!(merge(&name(), Some(&merged.text), &add).unwrap_err().code.exit(), 2);
    }
    let new = Proposal::read("p", r#"{"about": "new here", "notes": "x"}"#).unwrap();
    let merged = merge(&name(), None, &new).unwrap();
    assert_eq!(merged.text, "name: web\nabout: new here\nnotes:\n  - x\n");
}

#[test]
fn everything_that_is_wrong_with_a_proposal_is_told_at_once() {
    let long = "x".repeat(2001);
    let proposal = format!(
        r#"{{"patterns": {{"add": ["{long}", "a\u0007", " "], "remove": ["on"]}}, "about": "a\nb",
            "paths": {{"add": ["a{{b"]}}, "commands": {{"add": {{"t": "a\nb"}}, "remove": ["tst"]}}}}"#
    );
    assert_snapshot!(propose(&proposal).unwrap_err());
    let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
    let many = serde_json::json!({ "pitfalls": { "add": many } }).to_string();
    assert!(propose(&many).unwrap_err().contains("101 items"));
    for (text, what) in [
        ("{}", "changes nothing"),
        (r#"{"patterns": {"add": ["one"]}}"#, "changes nothing"),
        (r#"{"pattern": {}}"#, "unknown field `pattern`"),
        (r#"{"patterns": {"ad": []}}"#, "unknown field `ad`"),
        (r#"{"patterns": ["x"], "patterns": {}}"#, "p.json is no proposal"),
        ("prose", "p.json is no proposal"),
    ] {
        let found = propose(text).unwrap_err();
        assert!(found.contains(what), "{text}: {found}");
    }
}

#[test]
fn a_diff_shows_what_differs_and_little_else() {
    assert_eq!(diff("a\nb\n", "a\nb\n"), "");
    assert_eq!(diff("", "a\n"), "@@ line 1 @@\n+a\n");
    let many: String = (1..=20).map(|n| format!("{n}\n")).collect();
    let other = many.replace("\n3\n", "\nx\n").replace("\n17\n", "\n");
    assert_eq!(
        diff(&many, &other),
        "@@ line 1 @@\n 1\n 2\n-3\n+x\n 4\n 5\n@@ line 15 @@\n 15\n 16\n-17\n 18\n 19\n"
    );
}
