#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

fn change(path: &str, kind: Kind) -> Change {
    Change {
        path: path.to_owned(),
        old_path: None,
        kind,
        added: 1,
        removed: 0,
        lines_after: Some(10),
        binary: false,
        before: None,
        after: None,
    }
}

fn fence() -> Fence {
    Fence { write: vec!["src/**".to_owned(), "Cargo.toml".to_owned()], ..Fence::default() }
}

/// The rules that a change goes against.
fn against(fence: &Fence, change: Change) -> Vec<String> {
    let mut rules: Vec<String> = check(fence, &[change]).into_iter().map(|v| v.rule).collect();
    rules.dedup();
    rules
}

#[test]
fn paths_are_held_to_the_fence() {
    for (path, wanted) in [
        ("src/a.rs", vec![]),
        ("src/deep/er/a.rs", vec![]),
        ("src/./a.rs", vec![]),
        ("docs/a.md", vec!["write"]),
        ("srcs/a.rs", vec!["write"]),
        ("src/../docs/a.md", vec!["write"]),
        ("../a", vec!["worktree"]),
        ("src/../../a", vec!["worktree"]),
        ("/etc/passwd", vec!["worktree"]),
        ("", vec!["worktree"]),
        ("src/.git/hooks/pre-commit", vec!["worktree"]),
        ("src/.GIT/config", vec!["worktree"]),
        ("src/git~1/config", vec!["worktree"]),
        ("src/.git /config", vec!["worktree"]),
        ("src/.git::$INDEX_ALLOCATION/config", vec!["worktree"]),
        ("src/.gitignore", vec![]),
        (".github/workflows/ci.yml", vec!["protect", "write"]),
        (".GitHub/workflows/ci.yml", vec!["protect", "write"]),
        (".github/../.github/x", vec!["protect", "write"]),
        ("src/../.github/x", vec!["protect", "write"]),
        ("gaia.toml", vec!["protect", "write"]),
        (".gitmodules", vec!["protect", "write"]),
    ] {
        for kind in [Kind::Added, Kind::Modified, Kind::Deleted, Kind::ModeChanged] {
            assert_eq!(against(&fence(), change(path, kind)), wanted, "{path}");
        }
    }
    let moved = |from: &str, to: &str| {
        let old_path = Some(from.to_owned());
        against(&fence(), Change { old_path, ..change(to, Kind::Renamed) })
    };
    assert_eq!(moved("src/a", "src/b"), Vec::<String>::new());
    assert_eq!(moved("docs/a", "src/b"), ["write"], "it is gone from where it was");
    assert_eq!(moved(".github/x", "src/b"), ["protect", "write"]);
}

#[test]
fn links_stay_in_the_tree_and_other_repositories_outside() {
    for (path, target, wanted) in [
        ("src/a", "b", true),
        ("src/a", "../Cargo.toml", true),
        ("src/a", "../../x", false),
        ("src/a", "/etc/passwd", false),
        ("src/a", "/proc/self/root", false),
        ("src/a/b", "../../../x", false),
        ("src/a", "../.git/config", false),
        ("src/a", "./../src/./b", true),
        ("src/a", "x/../../../src/b", false),
    ] {
        let kind = Kind::Symlink { target: target.to_owned() };
        assert_eq!(against(&fence(), change(path, kind)).is_empty(), wanted, "{path} {target}");
    }
    let kind = Kind::Symlink { target: "/etc".to_owned() };
    assert_eq!(against(&Fence::default(), change("a", kind)), ["worktree"], "at the root");
    assert_eq!(against(&fence(), change("src/sub", Kind::Submodule)), ["worktree"]);
}

#[test]
fn sizes_are_held_to_the_fence() {
    let fence = Fence {
        max_files: Some(2),
        max_lines: Some(100),
        max_file_lines: Some(400),
        ..Fence::default()
    };
    let file = |added, removed, lines_after| Change {
        added,
        removed,
        lines_after,
        ..change("a", Kind::Modified)
    };
    for (files, wanted) in [
        (vec![file(50, 0, Some(400)), file(0, 50, None)], vec![]),
        (vec![file(101, 0, Some(101))], vec!["max_lines"]),
        (vec![file(0, 101, Some(0))], vec!["max_lines"]),
        (vec![file(1, 0, Some(401))], vec!["max_file_lines"]),
        (vec![file(0, 9, Some(900))], vec![]),
        (vec![file(1, 0, None); 3], vec!["max_files"]),
        (vec![file(u32::MAX, u32::MAX, None); 2], vec!["max_lines"]),
    ] {
        let rules: Vec<String> = check(&fence, &files).into_iter().map(|v| v.rule).collect();
        assert_eq!(rules, wanted);
    }
    let told = check(&fence, &[file(101, 0, Some(500))]);
    let told: Vec<&str> = told.iter().map(|v| v.what.as_str()).collect();
    let wanted = ["`a` has 500 lines; 400 is the limit", "101 lines are changed; 100 is the limit"];
    assert_eq!(told, wanted);
}

/// What is told of a manifest that had `before` and has `after`, `serde` being allowed.
fn gained(path: &str, before: &str, after: &str) -> Vec<String> {
    let names = vec!["serde".to_owned(), "@types/*".to_owned()];
    let fence = Fence { dependencies: Dependencies::Only(names), ..Fence::default() };
    let texts = (Some(before.to_owned()), Some(after.to_owned()));
    let change = Change { before: texts.0, after: texts.1, ..change(path, Kind::Modified) };
    check(&fence, &[change])
        .into_iter()
        .map(|v| v.what.split('`').nth(3).unwrap_or("unreadable").to_owned())
        .collect()
}

const CARGO: &str = "[dependencies]\nold = \"1\"\n";

/// A manifest, its text before and after, and what it gains that is not allowed.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str]);

const MANIFESTS: &[Row] = &[
    ("Cargo.toml", CARGO, "[dependencies]\nold = \"2\"\nserde = \"1\"\n", &[]),
    ("Cargo.toml", CARGO, "[dependencies]\nold = \"1\"\nevil = \"1\"\n", &["evil"]),
    ("sub/Cargo.toml", "", "[dev-dependencies]\nevil = \"1\"\n", &["evil"]),
    ("Cargo.toml", "", "[build-dependencies.evil]\nversion = \"1\"\n", &["evil"]),
    ("Cargo.toml", "", "[target.'cfg(unix)'.dependencies]\nevil = \"1\"\n", &["evil"]),
    ("Cargo.toml", "", "[workspace.dependencies]\nevil = \"1\"\n", &["evil"]),
    (
        "Cargo.toml",
        "",
        "[dependencies]\nserde = { package = \"evil\", version = \"1\" }\n",
        &["evil"],
    ),
    ("Cargo.toml", "", "[dependencies]\nserde = { git = \"https://x\" }\n", &["serde"]),
    ("Cargo.toml", CARGO, "[dependencies]\nold = { path = \"../../x\" }\n", &["old"]),
    ("a/Cargo.toml", CARGO, "[dependencies]\nown = { path = \"../b\" }\n", &[]),
    (
        "Cargo.toml",
        CARGO,
        "[dependencies]\nold = \"1\"\n[patch.crates-io]\nold = { git = \"x\" }\n",
        &["old"],
    ),
    ("Cargo.toml", CARGO, "[dependencies]\nx = { workspace = true }\n", &[]),
    ("Cargo.toml", CARGO, "not toml [", &["unreadable"]),
    ("Cargo.toml", "not toml [", "[dependencies]\nold = \"1\"\n", &["old"]),
    ("package.json", "{}", r#"{"dependencies":{"evil":"^1","@types/node":"1"}}"#, &["evil"]),
    ("package.json", "{}", r#"{"peerDependencies":{"Serde":"1"}}"#, &[]),
    ("package.json", "{}", r#"{"devDependencies":{"serde":"npm:evil@1"}}"#, &["evil"]),
    ("package.json", "{}", r#"{"dependencies":{"serde":"npm:@evil/x@1"}}"#, &["@evil/x"]),
    ("package.json", "{}", r#"{"dependencies":{"serde":"git+https://x"}}"#, &["serde"]),
    ("package.json", "{}", r#"{"dependencies":{"serde":"evil/repo"}}"#, &["serde"]),
    ("package.json", "{}", r#"{"dependencies":{"own":"file:../own"}}"#, &["own"]),
    ("a/package.json", "{}", r#"{"dependencies":{"own":"file:../own","b":"workspace:*"}}"#, &[]),
    ("package.json", "{}", r#"{"overrides":{"old":"1"}}"#, &["old"]),
    ("package.json", "{}", "[]", &["unreadable"]),
    (
        "pyproject.toml",
        "",
        "[project]\ndependencies = [\"Evil_Pkg>=1\", \"serde\"]\n",
        &["evil-pkg"],
    ),
    (
        "pyproject.toml",
        "",
        "[project.optional-dependencies]\nx = [\"evil[a]; python_version > '3'\"]\n",
        &["evil"],
    ),
    ("pyproject.toml", "", "[dependency-groups]\ndev = [\"serde @ https://x\"]\n", &["serde"]),
    ("pyproject.toml", "", "[build-system]\nrequires = [\"evil\"]\n", &["evil"]),
    ("pyproject.toml", "", "[tool.poetry.group.dev.dependencies]\nevil = \"^1\"\n", &["evil"]),
    (
        "pyproject.toml",
        "",
        "[tool.poetry.dependencies]\npython = \"^3\"\nserde = { git = \"x\" }\n",
        &["serde"],
    ),
    (
        "requirements.txt",
        "old==1\n",
        "old==2 # x\nserde\nevil>=1 \\\n  --hash=sha256:x\n",
        &["evil"],
    ),
    ("requirements-dev.txt", "", "--extra-index-url https://x\n", &["option"]),
    ("requirements/dev.txt", "", "-r ../base.txt\n-e .\ngit+https://x\n", &["url"]),
    ("requirements.txt", "", "-r ../../base.txt\n", &["file"]),
    ("go.mod", "", "module x\nrequire (\n  a.b/evil v1 // indirect\n)\n", &["a.b/evil"]),
    ("go.mod", "require a.b/c v1\n", "require a.b/c v2\nreplace a.b/c => e.f/g v1\n", &["a.b/c"]),
    ("go.mod", "", "replace (\n a.b/c => ./own\n d.e/f v1 => ../../out\n)\n", &["d.e/f"]),
    ("notes.txt", "", "evil\n", &[]),
];

#[test]
fn manifests_gain_only_what_is_allowed() {
    for (path, before, after, wanted) in MANIFESTS {
        assert_eq!(gained(path, before, after), *wanted, "{path} {after}");
    }
}

#[test]
fn a_manifest_that_nobody_showed_does_not_land() {
    let strict = Fence { dependencies: Dependencies::None, ..Fence::default() };
    for (kind, wanted) in [
        (Kind::Added, true),
        (Kind::Modified, true),
        (Kind::Symlink { target: "x".to_owned() }, true),
        (Kind::Deleted, false),
    ] {
        let found = against(&strict, change("Cargo.toml", kind.clone()));
        assert_eq!(found == ["dependencies"], wanted, "{kind:?}");
    }
    let still = Change { added: 0, ..change("Cargo.toml", Kind::ModeChanged) };
    assert_eq!(against(&strict, still), Vec::<String>::new());
    let other = Change { after: Some("x".to_owned()), ..change("a.txt", Kind::Added) };
    assert_eq!(against(&strict, other), Vec::<String>::new());
    let free = change("Cargo.toml", Kind::Added);
    assert_eq!(against(&Fence::default(), free), Vec::<String>::new());
}

proptest! {
    #[test]
    fn no_path_and_no_manifest_upsets_it(
        path in "[a-z./~ \\\\:*\\[]{0,20}",
        name in prop_oneof![Just("Cargo.toml"), Just("package.json"), Just("go.mod"),
            Just("requirements.txt"), Just("pyproject.toml")],
        text in "\\PC{0,200}",
        target in "[a-z./]{0,20}",
    ) {
        let strict = Fence { dependencies: Dependencies::None, ..fence() };
        let kind = Kind::Symlink { target };
        let whole = Change { after: Some(text), ..change(&format!("{path}/{name}"), Kind::Added) };
        let _ = check(&strict, &[whole, change(&path, kind)]);
    }

    /// Whatever a path looks like: what lands lies under `src` or is the manifest.
    #[test]
    fn nothing_lands_outside_of_what_may_be_written(
        parts in proptest::collection::vec(
            prop_oneof![Just("src"), Just(".."), Just("."), Just("a"), Just("SRC"), Just("")], 1..7),
    ) {
        let path = parts.join("/");
        if against(&fence(), change(&path, Kind::Modified)).is_empty() {
            let mut at: Vec<&str> = vec![];
            for part in &parts {
                match *part {
                    ".." => prop_assert!(at.pop().is_some()),
                    "." | "" => (),
                    name => at.push(name),
                }
            }
            prop_assert!(at.first() == Some(&"src"), "{path}");
        }
    }
}
