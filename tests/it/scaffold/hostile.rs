//! What is wrong, or means harm: a plain error with its place, and nothing changed.

use std::{fs, os::unix::fs::symlink, process::Command};

use super::{HEAD, PROJECT, Yard, picture, text, write};
use crate::house::seen;

/// A template, what is said to it, and what must be answered.
struct Case<'a> {
    toml: &'a str,
    files: &'a [(&'a str, &'a [u8])],
    say: &'a [&'a str],
    told: &'a str,
}

const fn case<'a>(
    toml: &'a str,
    files: &'a [(&'a str, &'a [u8])],
    say: &'a [&'a str],
    told: &'a str,
) -> Case<'a> {
    Case { toml, files, say, told }
}

const TYPED: &str = "name = 't'\nversion = '1.0.0'\n[answers.port]\ntype = 'int'\ndefault = 80\nmax = 99\n\
    [answers.kind]\ntype = 'choice'\nchoices = ['api', 'web']\ndefault = 'api'\n\
    [answers.dir]\ntype = 'path'\ndefault = 'src'\n[answers.must]\nask = 'Which?'\n[answers.too]\nask = 'And?'\n";

const NINE: &[(&str, &[u8])] = &[
    ("files/1.tera", b"{{ project }}"),
    ("files/2.tera", b""),
    ("files/3.tera", b""),
    ("files/4.tera", b""),
    ("files/5.tera", b"fine\n  {{ projct }}\n"),
    ("files/6.tera", b""),
    ("files/7.tera", b""),
    ("files/8.tera", b""),
    ("files/9.tera", b""),
];
const NAMED: &[(&str, &[u8])] = &[("files/{{ project }}", b"x")];
const TWO: &[(&str, &[u8])] = &[("files/{{ project }}", b"x"), ("files/same", b"y")];
const ONE: &[(&str, &[u8])] = &[("files/a", b"x")];

const CASES: &[Case] = &[
    case(PROJECT, NINE, &[], "t/files/5.tera:2:6: there is no value `projct`"),
    case(PROJECT, &[("files/a.tera", b"a\n{{ project | }}")], &[], "t/files/a.tera:2:"),
    case(
        PROJECT,
        &[("files/a.tera", b"${{ github.sha }}")],
        &[],
        "t/files/a.tera:1:5: there is no value `github`",
    ),
    case(PROJECT, &[("files/a.tera", b"{{ get_env(name='HOME') }}")], &[], "t/files/a.tera:1:"),
    case(PROJECT, &[("files/a.tera", b"{% include '/etc/hostname' %}")], &[], "t/files/a.tera:1:"),
    case(
        PROJECT,
        &[("files/a.tera", b"one\ncaf\xe9")],
        &[],
        "t/files/a.tera:2:4: line 2 is not UTF-8 text",
    ),
    case(PROJECT, ONE, &["--var", "projct=x"], "did you mean `project`?"),
    case(PROJECT, ONE, &["--var", "project"], "`--var project` gives no value"),
    case(TYPED, ONE, &["--var", "port=many"], "`port`: \"many\" is no whole number"),
    case(TYPED, ONE, &["--var", "port=100"], "`port`: at most 99, not 100"),
    case(TYPED, ONE, &["--var", "kind=wep"], "did you mean `web`?"),
    case(TYPED, ONE, &["--var", "dir=/etc"], "`/etc` is not below the project"),
    case(TYPED, ONE, &["--var", "dir=a/../../b"], "leads out of the project's own files"),
    case(TYPED, ONE, &["--defaults"], "`must` has no answer"),
    case(TYPED, ONE, &["--defaults"], "`too` has no answer"),
    case(
        PROJECT,
        NAMED,
        &["--var", "project=.."],
        "t/files/{{ project }}:1:1: this name becomes \"..\"",
    ),
    case(PROJECT, NAMED, &["--var", "project=../../x"], "a name holds no slash"),
    case(PROJECT, NAMED, &["--var", "project=/etc/passwd"], "a name holds no slash"),
    case(PROJECT, NAMED, &["--var", "project=.git"], "the folder of git"),
    case(PROJECT, NAMED, &["--var", "project=a\nb"], "a name holds no such characters"),
    case(PROJECT, TWO, &["--var", "project=same"], "is made by files/"),
    case(PROJECT, TWO, &["--var", "project=Same"], "differ only in capital letters"),
    case(HEAD, &[("files/.git/hooks/post-checkout", b"#!/bin/sh\n")], &[], "the folder of git"),
    case(HEAD, &[("files/.gaia/scaffold.toml", b"")], &[], "gaia's own folder"),
    case(
        "name = 't'\nversion = '1.0'\n[answer.x]\n",
        ONE,
        &[],
        "t/template.toml:3:2: there is no key `answer` here",
    ),
    case(
        "name = 't'\nversion = '1.0'\n[answer.x]\n",
        ONE,
        &[],
        "t/template.toml:2:11: `1.0` is no version",
    ),
    case(
        "name = 't'\nversion = '1.0.0'\n[computed]\na = '{{ b }}'\n",
        ONE,
        &[],
        "t/template.toml:4:9: there is no value `b`",
    ),
    case(
        "name = 't'\nversion = '1.0.0'\n[[files]]\npath = 'a'\nwhen = 'docker'\n",
        ONE,
        &[],
        "t/template.toml:5:9: there is no value `docker`",
    ),
];

#[test]
fn every_bad_wish_is_refused_and_nothing_is_changed() {
    let yard = Yard::new(HEAD, &[]);
    for Case { toml, files, say, told } in CASES {
        yard.template(toml, files);
        yard.refused(say, (2, told));
        // Nor is anything shown as if it could be.
        yard.refused(&[*say, &["--dry-run"]].concat(), (2, told));
    }
}

#[test]
fn a_zero_byte_in_a_file_of_answers_is_refused() {
    let yard = Yard::new(PROJECT, NAMED);
    yard.house.write("answers.toml", "project = \"a\\u0000b\"\n");
    yard.refused(&["--answers", "answers.toml"], (2, "the answer holds a zero byte"));
    yard.house.write("answers.toml", "project = \n");
    yard.refused(&["--answers", "answers.toml"], (2, "answers.toml:1:"));
    yard.house.write("answers.json", "{\"project\": [1]}");
    yard.refused(&["--answers", "answers.json"], (2, "`project`: this is no text"));
}

#[test]
fn links_that_lead_out_are_refused_and_those_that_stay_are_kept() {
    for to in ["/etc/passwd", "../../../x", "..", "a/../../b", ".git/config"] {
        let yard = Yard::new(HEAD, ONE);
        symlink(to, yard.folder().join("files/link")).unwrap();
        yard.refused(&[], (2, "t/files/link:1:1: this link leads to"));
    }
    // A text that is a link to a secret is no text of the template.
    let yard = Yard::new(HEAD, &[("files/b.tera", b"{% include 'partials/p' %}")]);
    fs::create_dir(yard.folder().join("partials")).unwrap();
    symlink("/etc/hostname", yard.folder().join("partials/p")).unwrap();
    yard.refused(&[], (2, "a link has no text to render"));
    let yard = Yard::new(HEAD, ONE);
    symlink("a", yard.folder().join("files/b")).unwrap();
    let made = yard.made(&[]);
    assert_eq!((made["b"].0 & 0o170_000, &made["b"].1[..]), (0o120_000, &b"a"[..]));
}

#[test]
fn nothing_is_written_through_a_link_in_the_target() {
    let yard = Yard::new(HEAD, &[("files/d/x", b"new")]);
    let away = yard.house.workspace().join("away");
    fs::create_dir_all(&away).unwrap();
    fs::create_dir_all(yard.target()).unwrap();
    symlink(&away, yard.target().join("d")).unwrap();
    for how in ["--merge", "--overwrite"] {
        yard.refused(&[how], (2, "d is a link there"));
    }
    assert!(picture(&away).is_empty());
    // The target itself may be no link, either.
    fs::remove_dir_all(yard.target()).unwrap();
    symlink(&away, yard.target()).unwrap();
    yard.refused(&["--merge"], (2, "is no folder"));
    assert!(picture(&away).is_empty());
}

#[test]
fn a_strangers_template_takes_no_more_than_it_may() {
    let mut doublings = String::from("{% set s = 'aaaaaaaaaaaaaaaa' %}");
    for _ in 0..24 {
        doublings += "{% set s = s ~ s %}";
    }
    let endless =
        "{% for a in range(end=100000) %}{% for b in range(end=100000) %}{% endfor %}{% endfor %}";
    let flood = "{% for a in range(end=100000) %}{% for b in range(end=1000) %}0123456789{% endfor %}{% endfor %}";
    for (template, told) in [
        (doublings.as_str(), "512 MiB of memory"),
        (endless, "5 s of computing"),
        (flood, "t/files/a.tera:1:1: this makes more than 16 MiB"),
    ] {
        let yard = Yard::new(PROJECT, &[("files/a.tera", template.as_bytes())]);
        yard.refused(&[], (2, told));
    }
    // Nor does a default, which is rendered before anybody is asked.
    let toml = format!("{HEAD}[answers.x]\ndefault = \"{doublings}\"\n");
    let yard = Yard::new(&toml, ONE);
    yard.refused(&[], (2, "512 MiB of memory"));
}

#[test]
fn bytes_line_ends_and_modes_are_kept() {
    let yard = Yard::new(
        PROJECT,
        &[
            ("files/latin", b"caf\xe9\r\n"),
            ("files/binary", b"\x00\xff{{ project }}\x00"),
            ("files/crlf.tera", b"{{ project }}\r\nb\r\n"),
            ("files/run.sh.tera", b"#!/bin/sh\necho {{ project }}\n"),
            ("files/ci.yml", b"sha: ${{ github.sha }}\n"),
        ],
    );
    let run = yard.folder().join("files/run.sh.tera");
    fs::set_permissions(&run, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let made = yard.made(&[]);
    assert_eq!(made["latin"].1, b"caf\xe9\r\n");
    assert_eq!(made["binary"].1, b"\x00\xff{{ project }}\x00");
    assert_eq!(text(&made, "crlf"), "demo\r\nb\r\n");
    assert_eq!(made["run.sh"].0 & 0o111, 0o111);
    assert_eq!(made["ci.yml"].0 & 0o111, 0);
    assert_eq!(text(&made, "ci.yml"), "sha: ${{ github.sha }}\n");
}

#[test]
fn a_full_disk_changes_nothing() {
    let big = vec![b'x'; 4 << 20];
    let yard = Yard::new(HEAD, &[("files/a", b"x"), ("files/b", &big)]);
    let mount = ["-t", "tmpfs", "-o", "size=1m", "gaia-test"];
    let done = Command::new("mount").args(mount).arg(yard.out()).output();
    if !done.is_ok_and(|output| output.status.success()) {
        return; // Only root may mount; where it may not, there is no small disk to fill.
    }
    let check = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        yard.refused(&[], (1, "No space left on device"));
        write(&yard.target().join("mine"), b"mine");
        yard.refused(&["--merge"], (1, "No space left on device"));
        yard.refused(&["--overwrite"], (1, "No space left on device"));
    }));
    let umounted = Command::new("umount").arg("-l").arg(yard.out()).output().unwrap();
    assert!(umounted.status.success(), "{}", seen(&umounted));
    check.unwrap();
}
