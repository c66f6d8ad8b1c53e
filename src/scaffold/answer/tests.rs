use serde_json::{Value, json};

use super::{Asking, Next};
use crate::scaffold::{
    model::Given,
    render::{
        open, render,
        tests::{given, pack},
    },
};

const TOML: &str = "name = 't'\nversion = '1.0.0'\n\
    [answers.name]\nask = 'Name?'\npattern = '[a-z]+'\nmessage = 'small letters'\n\
    [answers.port]\ntype = 'int'\nask = 'Port?'\ndefault = 80\nmin = 1\nmax = 99\nvalid = 'value != 22'\n\
    [answers.docker]\ntype = 'bool'\nask = 'Docker?'\ndefault = false\n\
    [answers.image]\nask = 'Image?'\nask_if = 'docker'\ndefault = '{{ name }}:{{ port }}'\n\
    [answers.parts]\ntype = 'multi'\nchoices = ['api', { value = 'web', label = 'Web' }]\ndefault = []\n\
    [computed]\nloud = '{{ name | shouty }}'\nnext = { expr = 'port + 1' }\n";
const FILES: &[(&str, &str)] =
    &[("files/a.tera", "{{ image }} {{ loud }} {{ next + 1 }} {{ parts | join(sep='+') }}")];

fn say(answers: Value) -> Given {
    Given { answers: answers.as_object().unwrap().clone(), ..given(&[]) }
}

fn text(answers: Value) -> String {
    let rendered = render(&pack(TOML, FILES), &say(answers)).unwrap();
    String::from_utf8(rendered.made[0].bytes.clone()).unwrap()
}

fn faults(answers: Value) -> Vec<String> {
    let faults = render(&pack(TOML, FILES), &say(answers)).unwrap_err();
    faults.iter().map(|f| f.show().lines().next().unwrap().to_owned()).collect()
}

#[test]
fn words_become_values_of_their_type() {
    assert_eq!(text(json!({ "name": "a" })), "a:80 A 82 ");
    assert_eq!(
        text(json!({ "name": "a", "port": "7", "docker": "yes", "parts": "web, api,web" })),
        "a:7 A 9 web+api"
    );
    assert_eq!(
        text(json!({ "name": "a", "port": 7, "docker": true, "image": "x", "parts": ["api"] })),
        "x A 9 api"
    );
}

#[test]
fn what_does_not_fit_is_told_all_at_once() {
    for (answers, told) in [
        (json!({}), vec!["t/template.toml:3:10: `name` has no answer"]),
        (
            json!({ "name": "A" }),
            vec!["answers:1:8: `name`: the answer does not fit the pattern [a-z]+"],
        ),
        (
            json!({ "name": "a\nb" }),
            vec!["answers:1:8: `name`: the answer does not fit the pattern [a-z]+"],
        ),
        (json!({ "name": "a", "port": "0" }), vec!["answers:1:8: `port`: at least 1, not 0"]),
        (json!({ "name": "a", "port": 100 }), vec!["answers:1:8: `port`: at most 99, not 100"]),
        (json!({ "name": "a", "port": 22 }), vec!["answers:1:8: `port`: the answer does not fit"]),
        (json!({ "name": "a", "port": 1.5 }), vec!["answers:1:8: `port`: 1.5 is no whole number"]),
        (
            json!({ "name": "a", "docker": "maybe" }),
            vec!["answers:1:10: `docker`: \"maybe\" is neither yes nor no"],
        ),
        (
            json!({ "name": "a", "parts": ["db"] }),
            vec!["answers:1:9: `parts`: `db` is none of api, web"],
        ),
        (
            json!({ "name": "a", "loud": "A" }),
            vec!["answers:1:1: `loud` is made of the other answers"],
        ),
        (
            json!({ "nam": "a", "port": "x", "docker": [] }),
            vec![
                "answers:1:1: the template has no answer `nam`",
                "t/template.toml:3:10: `name` has no answer",
                "answers:1:8: `port`: \"x\" is no whole number",
                "answers:1:10: `docker`: [] is neither yes nor no",
            ],
        ),
    ] {
        assert_eq!(faults(answers), told);
    }
}

#[test]
fn an_update_passes_over_answers_of_older_versions() {
    let old = Given { lenient: true, ..say(json!({ "name": "a", "gone": "x" })) };
    let rendered = render(&pack(TOML, FILES), &old).unwrap();
    assert!(!rendered.answers.contains_key("gone"));
}

#[test]
fn a_person_is_asked_in_order_and_only_what_is_due() {
    let pack = pack(TOML, FILES);
    let open = open(&pack).unwrap();
    let mut answers = json!({});
    let mut asked = vec![];
    while let Next::Ask(question) = open.settle(&say(answers.clone()), Asking::All).unwrap() {
        let value = question.default.clone().unwrap_or(json!("a"));
        answers[&question.name] = value.clone();
        asked.push((question.name, value));
    }
    assert_eq!(
        asked,
        [
            ("name".to_owned(), json!("a")),
            ("port".to_owned(), json!(80)),
            ("docker".to_owned(), json!(false))
        ]
    );
    answers["docker"] = json!(true);
    let Next::Ask(image) = open.settle(&say(answers), Asking::All).unwrap() else { panic!() };
    assert_eq!((image.name, image.default), ("image".to_owned(), Some(json!("a:80"))));
    let Next::Ask(first) = open.settle(&say(json!({})), Asking::Required).unwrap() else {
        panic!()
    };
    assert_eq!(first.name, "name");
    let named = open.settle(&say(json!({ "name": "a" })), Asking::Required).unwrap();
    assert!(matches!(named, Next::Settled(_)));
}

#[test]
fn what_is_said_of_a_secret_is_not_repeated() {
    let toml =
        "name = 't'\nversion = '1.0.0'\n[answers.key]\ntype = 'secret'\npattern = '[a-z]+'\n";
    let faults = render(&pack(toml, &[]), &say(json!({ "key": "HUSH" }))).unwrap_err();
    assert!(!faults[0].show().contains("HUSH"), "{}", faults[0].show());
    let rendered = render(&pack(toml, &[]), &say(json!({ "key": "hush" }))).unwrap();
    assert!(rendered.secrets.contains("key"));
}
