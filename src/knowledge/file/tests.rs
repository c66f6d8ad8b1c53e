use insta::assert_snapshot;

use super::*;
use crate::{base::Name, knowledge::model::Expert};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn wrong(text: &str) -> String {
    let faults = load("web.yaml", &name("web"), text.as_bytes()).unwrap_err();
    faults.iter().map(|fault| fault.show() + "\n").collect()
}

#[test]
fn an_expert_is_read_with_one_or_many_of_everything() {
    let text = "area: web\nabout: ' pages '\npaths: [src/ui/, '**/*.css']\npatterns: one\n\
        pitfalls:\n  - 1.10\n  - |\n    two\n    lines\ncommands: {test: make test, n: no}\n\
        notes: |\n  first\n  of two\n\n  second\npriority: -3\n";
    let expert = load("web.yaml", &name("web"), text.as_bytes()).unwrap();
    assert_eq!(expert.area, ["web"]);
    assert_eq!(expert.about, "pages");
    assert_eq!(expert.pitfalls, ["1.10", "two\nlines"]);
    assert_eq!(expert.notes, ["first\nof two", "second"]);
    let commands: Vec<_> = expert.commands.iter().map(|(n, l)| (n.as_str(), l.as_str())).collect();
    assert_eq!(commands, [("test", "make test"), ("n", "no")]);
    assert_eq!(expert.priority, -3);
}

#[test]
fn all_faults_of_a_file_are_told_with_their_places() {
    let text = "name: wbe\narea: [web, web]\npathes: [a]\nrules: []\npaths: ['a{b', 7]\n\
        patterns: {a: b}\npitfalls: ['', \"a\\u0007b\", [x]]\ncommands: {test: \"a\\nb\", '': x}\n\
        priority: much\nquux: 1\n";
    assert_snapshot!(wrong(text));
}

#[test]
fn what_is_no_expert_at_all_is_told() {
    for (text, what) in [
        ("- a\n", "is a list"),
        ("", "is nothing"),
        ("area: x\n", "has no `about`"),
        ("about: a\nabout: b\n", "web.yaml:2:1"),
        ("about: a\n\tarea: b\npatterns:\n\t- c\n", "web.yaml:4:1: this line is indented"),
        ("about: [\n", "neither YAML nor JSON"),
    ] {
        assert!(wrong(text).contains(what), "{text:?}: {}", wrong(text));
    }
    let long = vec![b'#'; (1 << 20) + 1];
    let faults = load("web.yaml", &name("web"), &long).unwrap_err();
    assert!(faults[0].show().contains("longer than 1 MiB"));
    assert!(load("web.yaml", &name("web"), b"about: \xff").is_err());
}

#[test]
fn a_bomb_is_refused_and_not_unfolded() {
    let mut text = "about: x\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for at in 1..12 {
        let list = vec![format!("*a{}", at - 1); 10].join(", ");
        text += &format!("a{at}: &a{at} [{list}]\n");
    }
    assert!(wrong(&text).contains("more than a file that a person wrote"), "{}", wrong(&text));
    let deep = format!("about: {}", "[".repeat(100_000));
    assert!(!wrong(&deep).is_empty());
}

#[test]
fn what_is_written_reads_back_as_what_it_was_written_from() {
    let hard = [
        "plain words",
        "true",
        "null",
        "1.10",
        "a: b",
        "a #b",
        "- x",
        "",
        "\"q\"",
        "it's",
        "`a` and `b`",
        "two\nlines",
        "  lead\n kept",
        "a\n\nb",
        "{{ x }} ${y}",
        "tail:",
        "#x",
        "é ü …",
        "!tag",
        "&a",
        "*a",
        "%x",
        "@x",
        "|",
        "> x",
        "? x",
        "a\tb",
        "x\n\ttab",
        "end \nspace",
    ];
    let hard: Vec<String> =
        hard.iter().map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect();
    let lines = hard.iter().filter(|text| !text.contains(['\n', '\t']));
    let expert = Expert {
        about: "a: #b".to_owned(),
        area: lines.clone().cloned().collect(),
        patterns: hard.clone(),
        pitfalls: hard.clone(),
        notes: hard.clone(),
        commands: lines.map(|text| (text.clone(), text.clone())).collect(),
        priority: 7,
        ..Expert::new(name("web"))
    };
    let text = write(&expert);
    let back = load("web.yaml", &name("web"), text.as_bytes());
    assert_eq!(back.as_ref().ok(), Some(&expert), "{text}");
}
