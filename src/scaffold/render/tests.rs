use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::json;

use super::render;
use crate::scaffold::model::{Given, Made, Mode, Origin, Pack, Tree, TreeFile};

/// A template of these files, as the person's own.
pub(crate) fn pack(toml: &str, files: &[(&str, &str)]) -> Pack {
    let file = |text: &str| TreeFile { bytes: text.as_bytes().to_vec(), mode: Mode::Plain };
    let mut all = BTreeMap::from([("template.toml".to_owned(), file(toml))]);
    all.extend(files.iter().map(|(path, text)| ((*path).to_owned(), file(text))));
    let tree = Tree { name: "t".to_owned(), files: all };
    Pack { origin: Origin::Builtin, layers: vec![tree] }
}

pub(crate) fn given(answers: &[(&str, &str)]) -> Given {
    let answers = answers.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
    Given { target: "demo".to_owned(), year: 2026, answers: answers.collect(), lenient: false }
}

const HEAD: &str = "name = 't'\nversion = '1.0.0'\n";
const PROJECT: &str =
    "name = 't'\nversion = '1.0.0'\n[answers.project]\ndefault = '{{ target }}'\n";

fn made(toml: &str, files: &[(&str, &str)], answers: &[(&str, &str)]) -> Vec<(String, String)> {
    let rendered = render(&pack(toml, files), &given(answers)).unwrap_or_else(|faults| {
        panic!("{}", faults.iter().map(|f| f.show()).collect::<Vec<_>>().join("\n"))
    });
    let text = |made: Made| (made.path, String::from_utf8(made.bytes).unwrap());
    rendered.made.into_iter().map(text).collect()
}

/// The first line of each fault: place and sentence.
fn faults(toml: &str, files: &[(&str, &str)], answers: &[(&str, &str)]) -> Vec<String> {
    let faults = render(&pack(toml, files), &given(answers)).unwrap_err();
    faults.iter().map(|f| f.show().lines().next().unwrap().to_owned()).collect()
}

fn pair(path: &str, text: &str) -> (String, String) {
    (path.to_owned(), text.to_owned())
}

#[test]
fn only_what_ends_in_tera_is_rendered() {
    let files = [
        ("files/a.txt.tera", "{{ project }} {{ target }} {{ today.year }} {{ template.version }}"),
        ("files/ci.yml", "sha: ${{ github.sha }}\r\n"),
        ("files/{{ project }}/{% if false %}x{% endif %}/gone", ""),
        ("files/{{ project | pascal }}.rs.tera", "{% include \"partials/head\" %}!"),
        ("partials/head", "// {{ project | shouty }}"),
        ("partials/never", "{{ broken"),
    ];
    assert_eq!(
        made(PROJECT, &files, &[("project", "my-api")]),
        [
            pair("MyApi.rs", "// MY_API!"),
            pair("a.txt", "my-api demo 2026 1.0.0"),
            pair("ci.yml", "sha: ${{ github.sha }}\r\n"),
        ]
    );
}

#[test]
fn an_answer_is_never_rendered() {
    let files = [("files/{{ project }}.tera", "{{ project }}")];
    assert_eq!(
        made(PROJECT, &files, &[("project", "{{ target }}")]),
        [pair("{{ target }}", "{{ target }}")]
    );
}

#[test]
fn delimiters_are_a_files_own() {
    let toml = format!(
        "{PROJECT}[[files]]\npath = '**/*.yml.tera'\ndelimiters = {{ block = ['<%', '%>'], variable = ['<<', '>>'] }}\n"
    );
    let files = [
        (
            "files/ci/x.yml.tera",
            "<% if project %>n: << project >><% include 'partials/p' %><% endif %> ${{ github.sha }}",
        ),
        ("files/y.tera", "{{ project }}"),
        ("partials/p", " << target >> {{ x }}"),
    ];
    assert_eq!(
        made(&toml, &files, &[]),
        [pair("ci/x.yml", "n: demo demo {{ x }} ${{ github.sha }}"), pair("y", "demo")]
    );
}

#[test]
fn conditions_and_lists_make_files() {
    let toml = format!(
        "{HEAD}[answers.docker]\ntype = 'bool'\ndefault = false\n[answers.services]\ntype = 'multi'\n\
        choices = ['api', 'web']\ndefault = ['api', 'web']\n[computed]\nall = {{ expr = 'services' }}\n\
        [[files]]\npath = 'docker/**'\nwhen = 'docker and target == \"demo\"'\n\
        [[files]]\npath = 'svc/*'\neach = 'all'\n"
    );
    let files = [("files/docker/x/y", ""), ("files/svc/{{ item }}.txt.tera", "{{ item | upper }}")];
    let both = [pair("svc/api.txt", "API"), pair("svc/web.txt", "WEB")];
    assert_eq!(made(&toml, &files, &[]), both);
    assert_eq!(
        made(&toml, &files, &[("docker", "yes"), ("services", "web")]),
        [pair("docker/x/y", ""), pair("svc/web.txt", "WEB")]
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let bad = "line one\nname: {{ projct }}\n";
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let cases: &[Case] = &[
        (PROJECT, &[("files/a.tera", bad)], "t/files/a.tera:2:10: there is no value `projct`"),
        (
            PROJECT,
            &[("files/a.tera", "{% if projct %}{% endif %}")],
            "t/files/a.tera:1:7: there is no value `projct`",
        ),
        (PROJECT, &[("files/a.tera", "\n{{ project.x }}")], "t/files/a.tera:2:12: "),
        (PROJECT, &[("files/a.tera", "a\nb {{ project | }}\n")], "t/files/a.tera:2:"),
        (PROJECT, &[("files/a.tera", "a {{ project | kebob }}\n")], "t/files/a.tera:1:"),
        (PROJECT, &[("files/a.tera", "{% include '/etc/passwd' %}")], "t/files/a.tera:1:"),
        (PROJECT, &[("files/a.tera", "{% include 'partials/../../x' %}")], "t/files/a.tera:1:"),
        (PROJECT, &[("files/a.tera", "{{ get_env(name='HOME') }}")], "t/files/a.tera:1:"),
        (
            PROJECT,
            &[("files/a.tera", "{% include 'partials/p' %}"), ("partials/p", "\n{{ nope }}")],
            "t/partials/p:2:4: there is no value `nope`",
        ),
        (
            PROJECT,
            &[("files/{{ nope }}/a", "")],
            "t/files/{{ nope }}/a:1:4: there is no value `nope`",
        ),
    ];
    for (toml, files, wanted) in cases {
        let found = faults(toml, files, &[]);
        assert!(found.len() == 1 && found[0].starts_with(wanted), "{wanted}: {found:?}");
    }
}

#[test]
fn all_faults_of_all_files_are_told_at_once() {
    let files = [
        ("files/1.tera", "{{ a | }}"),
        ("files/2.tera", "fine {{ project }}"),
        ("files/3.tera", "{% if %}"),
    ];
    assert_eq!(faults(PROJECT, &files, &[]).len(), 2);
    let files = [("files/1.tera", "{{ a }} {{ b }}"), ("files/2.tera", "{{ c }}")];
    let found = faults(PROJECT, &files, &[]);
    assert_eq!(
        found,
        [
            "t/files/1.tera:1:4: there is no value `a`",
            "t/files/1.tera:1:12: there is no value `b`",
            "t/files/2.tera:1:4: there is no value `c`",
        ]
    );
}

#[test]
fn a_flood_of_text_is_cut_off() {
    let loops = "{% for a in range(end=90000) %}{% for b in range(end=90000) %}xxxxxxxxxx{% endfor %}{% endfor %}";
    let found = faults(PROJECT, &[("files/a.tera", loops)], &[]);
    assert_eq!(found, ["t/files/a.tera:1:1: this makes more than 16 MiB"]);
    let half = "{% for a in range(end=90000) %}{% for b in range(end=10) %}1234567890{% endfor %}{% endfor %}";
    let mut files = vec![];
    for n in 0..30 {
        files.push((format!("files/{n}.tera"), half));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), *b)).collect();
    assert_eq!(faults(PROJECT, &files, &[]), ["t:1:1: this makes more than 256 MiB"]);
}

#[test]
fn bytes_and_line_ends_and_modes_stay() {
    let mut pack = pack(PROJECT, &[("files/crlf.txt.tera", "a {{ target }}\r\nb\r\n")]);
    let all = &mut pack.layers[0].files;
    let file = |bytes: &[u8], mode| TreeFile { bytes: bytes.to_vec(), mode };
    all.insert("files/latin".to_owned(), file(b"caf\xe9", Mode::Plain));
    all.insert("files/run.sh.tera".to_owned(), file(b"#!/bin/sh\n", Mode::Exec));
    all.insert("files/CLAUDE.md".to_owned(), file(b"crlf.txt", Mode::Link));
    let made = render(&pack, &given(&[])).unwrap().made;
    let seen: Vec<_> = made.iter().map(|m| (&*m.path, &m.bytes[..], m.mode)).collect();
    assert_eq!(
        seen,
        [
            ("CLAUDE.md", &b"crlf.txt"[..], Mode::Link),
            ("crlf.txt", b"a demo\r\nb\r\n", Mode::Plain),
            ("latin", b"caf\xe9", Mode::Plain),
            ("run.sh", b"#!/bin/sh\n", Mode::Exec),
        ]
    );
    all_latin(pack);
}

fn all_latin(mut pack: Pack) {
    let file = TreeFile { bytes: b"one\ncaf\xe9".to_vec(), mode: Mode::Plain };
    pack.layers[0].files.insert("files/bad.tera".to_owned(), file);
    let found = render(&pack, &given(&[])).unwrap_err();
    assert!(found[0].show().starts_with("t/files/bad.tera:2:4: line 2 is not UTF-8 text"));
}

#[test]
fn what_extends_replaces_and_adds() {
    let mut pack = pack(
        "name = 't'\nversion = '2.0.0'\nextends = 'base'\n[answers.b]\ndefault = 'own'\n",
        &[("files/same.txt", "own"), ("partials/p", "own {{ a }} {{ b }}")],
    );
    let file = |text: &str| TreeFile { bytes: text.as_bytes().to_vec(), mode: Mode::Plain };
    let base = [
        (
            "template.toml",
            "name = 'base'\nversion = '1.0.0'\n[answers.a]\ndefault = '1'\n[answers.b]\ndefault = '2'\n",
        ),
        ("files/same.txt.tera", "{{ a }}"),
        ("files/more.tera", "{% include 'partials/p' %}{% include 'partials/q' %}"),
        ("partials/p", "base"),
        ("partials/q", "!"),
    ];
    let files = base.map(|(path, text)| (path.to_owned(), file(text)));
    pack.layers.insert(0, Tree { name: "base".to_owned(), files: files.into() });
    let rendered = render(&pack, &given(&[])).unwrap();
    let seen: Vec<_> = rendered.made.iter().map(|m| (&*m.path, &m.bytes[..])).collect();
    assert_eq!(seen, [("more", &b"own 1 own!"[..]), ("same.txt", b"own")]);
    assert_eq!(rendered.answers, json!({ "a": "1", "b": "own" }).as_object().unwrap().clone());
}

#[test]
fn a_thousand_files_are_parsed_once() {
    let mut files = vec![];
    for n in 0..1000 {
        let mut text = String::new();
        for _ in 0..20 {
            writeln!(text, "{{{{ project }}}} line of some length, {{{{ target }}}} and more")
                .unwrap();
        }
        files.push((format!("files/d{}/{{{{ project }}}}_{n}.txt.tera", n % 50), text));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(made(PROJECT, &files, &[]).len(), 1000);
}
