use crate::scaffold::{
    model::{Mode, TreeFile},
    render::{
        render,
        tests::{given, pack},
    },
};

const TOML: &str = "name = 't'\nversion = '1.0.0'\n[answers.p]\n[answers.q]\ndefault = 'q'\n";

/// The first line of each fault.
fn faults(files: &[(&str, &str)], p: &str) -> Vec<String> {
    let found = render(&pack(TOML, files), &given(&[("p", p)])).unwrap_err();
    found.iter().map(|f| f.show().lines().next().unwrap().to_owned()).collect()
}

#[test]
fn no_answer_leads_out_of_the_project() {
    let long = "x".repeat(256);
    for answer in [
        "..",
        ".",
        "../../x",
        "a/b",
        "/etc/passwd",
        "a\nb",
        ".git",
        ".GIT",
        ".git.",
        "git~1",
        ".gaia",
        "a\u{202e}b",
        &long,
    ] {
        let found = faults(&[("files/{{ p }}", "")], answer);
        assert!(
            found.len() == 1 && found[0].starts_with("t/files/{{ p }}:1:1: "),
            "{answer}: {found:?}"
        );
    }
    assert_eq!(
        faults(&[("files/{{ p }}", "")], "a\0b"),
        ["answers:1:5: `p`: the answer holds a zero byte"]
    );
    for path in ["files/a/.git/hooks/post-commit", "files/.gaia/scaffold.toml", "files/.Git/config"]
    {
        assert_eq!(faults(&[(path, "")], "x").len(), 1, "{path}");
    }
}

#[test]
fn no_two_files_meet() {
    for (files, p, wanted) in [
        (
            &[("files/{{ p }}", ""), ("files/{{ q }}", "")][..],
            "q",
            "t/files/{{ q }}:1:1: `q` is made by files/{{ p }}, too",
        ),
        (
            &[("files/{{ p }}", ""), ("files/{{ q }}", "")],
            "Q",
            "t/files/{{ q }}:1:1: `q` and `Q` (from files/{{ p }}) differ only in capital letters",
        ),
        (
            &[("files/{{ p }}/a", ""), ("files/{{ q }}/b", "")],
            "Q",
            "t/files/{{ q }}/b:1:1: `q` and `Q` (from files/{{ p }}/a) differ only in capital letters",
        ),
        (
            &[("files/{{ p }}/a", ""), ("files/{{ q }}", "")],
            "q",
            "t/files/{{ p }}/a:1:1: `q` is a file already, from files/{{ q }}",
        ),
        (
            &[("files/É", ""), ("files/é", "")],
            "q",
            "t/files/é:1:1: `é` and `É` (from files/É) differ only in capital letters",
        ),
    ] {
        assert_eq!(faults(files, p), [wanted]);
    }
    let twice = "name = 't'\nversion = '1.0.0'\n[computed]\nall = { expr = '[1, 2]' }\n[[files]]\npath = 'x'\neach = 'all'\n";
    let found = render(&pack(twice, &[("files/x", "")]), &given(&[])).unwrap_err();
    assert_eq!(found.len(), 1);
}

#[test]
fn links_stay_inside() {
    for (path, to, good) in [
        ("files/CLAUDE.md", "AGENTS.md", true),
        ("files/a/b/link", "../../c", true),
        ("files/a/link", "../../c", false),
        ("files/link", "..", false),
        ("files/link", "a/../../b", false),
        ("files/link", "/etc/passwd", false),
        ("files/link", ".git/hooks", false),
        ("files/link", "", false),
        ("files/text.tera", "a", false),
    ] {
        let mut pack = pack("name = 't'\nversion = '1.0.0'\n", &[]);
        let link = TreeFile { bytes: to.as_bytes().to_vec(), mode: Mode::Link };
        pack.layers[0].files.insert(path.to_owned(), link);
        assert_eq!(render(&pack, &given(&[])).is_ok(), good, "{path} -> {to}");
    }
    // Nothing is written through a link.
    let mut pack = pack("name = 't'\nversion = '1.0.0'\n", &[("files/d/x", "")]);
    let link = TreeFile { bytes: b"e".to_vec(), mode: Mode::Link };
    pack.layers[0]
        .files
        .insert("files/{{ target | replace(from='demo', to='d') }}".to_owned(), link);
    assert!(render(&pack, &given(&[])).is_err());
}
