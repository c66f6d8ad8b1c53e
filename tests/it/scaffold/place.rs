//! Where a project is made, and what is there before.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use super::{HEAD, PROJECT, Yard, picture, text, write};
use crate::house::seen;

const FILES: &[(&str, &[u8])] = &[("files/a.tera", b"{{ project }}\n"), ("files/d/b", b"b\n")];

#[test]
fn a_project_remembers_where_it_came_from() {
    let yard = Yard::new(
        "name = 't'\nversion = '1.2.0'\n[answers.project]\ndefault = '{{ target }}'\n[answers.key]\ntype = 'secret'\ndefault = 'hush'\n[computed]\nloud = '{{ project | upper }}'\n",
        FILES,
    );
    let made = yard.made(&["--var", "project=x"]);
    let note = text(&made, ".gaia/scaffold.toml");
    for part in
        ["name = \"t\"", "version = \"1.2.0\"", "project = \"x\"", "\"d/b\"", "sha256", "blob"]
    {
        assert!(note.contains(part), "{part}: {note}");
    }
    assert!(!note.contains("hush") && !note.contains("loud"), "{note}");
    assert_eq!(text(&made, "a"), "x\n");
    // Nothing was asked of a daemon.
    assert!(!yard.house.home().join("run").exists());
    assert_eq!(fs::read_dir(yard.out()).unwrap().count(), 1);
}

#[test]
fn new_may_be_left_out() {
    let yard = Yard::new(PROJECT, FILES);
    let reply = yard.house.json(&["scaffold", "./t", "out/demo", "--var", "project=y"]);
    assert_eq!(reply["files"].as_array().unwrap().len(), 3, "{reply:#}");
    assert_eq!(reply["answers"]["project"], "y");
    assert_eq!(text(&picture(&yard.target()), "a"), "y\n");
}

#[test]
fn a_dry_run_shows_a_diff_and_writes_nothing() {
    let yard = Yard::new(PROJECT, FILES);
    let output = yard.make(&["--dry-run"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", seen(&output));
    assert!(shown.contains("--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+demo\n"), "{shown}");
    assert!(picture(&yard.out()).is_empty() && !yard.house.home().exists());
    write(&yard.target().join("a"), b"mine\n");
    let before = picture(&yard.out());
    let shown = yard.make(&["--dry-run", "--overwrite"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("--- a/a\n+++ b/a\n@@ -1 +1 @@\n-mine\n+demo\n"), "{shown}");
    assert_eq!(picture(&yard.out()), before);
}

#[test]
fn a_folder_with_something_in_it_is_refused_merged_or_replaced() {
    let yard = Yard::new(PROJECT, FILES);
    write(&yard.target().join("a"), b"mine\n");
    write(&yard.target().join("other"), b"other\n");
    yard.refused(&[], (2, "is not empty"));
    yard.refused(&["--merge", "--git"], (2, "is not empty"));
    let output = yard.make(&["--merge"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && shown.contains("-mine\n+demo\n"), "{}", seen(&output));
    let made = picture(&yard.target());
    assert_eq!(
        (text(&made, "a"), text(&made, "d/b"), text(&made, "other")),
        ("mine\n", "b\n", "other\n")
    );
    yard.refused(&["--overwrite"], (2, "was made from a template already"));
    fs::remove_dir_all(yard.target().join(".gaia")).unwrap();
    let made = yard.made(&["--overwrite"]);
    assert_eq!((text(&made, "a"), text(&made, "other")), ("demo\n", "other\n"));
    // A folder where a file shall be is nothing to replace.
    fs::remove_dir_all(yard.target()).unwrap();
    write(&yard.target().join("a/deep"), b"x");
    yard.refused(&["--overwrite"], (2, "a is a folder there, and a file of the template"));
    fs::remove_dir_all(yard.target()).unwrap();
    write(&yard.target(), b"a file");
    yard.refused(&["--overwrite"], (2, "is no folder"));
}

#[test]
fn an_empty_folder_is_filled_and_keeps_its_mode() {
    let yard = Yard::new(PROJECT, FILES);
    fs::create_dir(yard.target()).unwrap();
    fs::set_permissions(yard.target(), fs::Permissions::from_mode(0o700)).unwrap();
    let made = yard.made(&[]);
    assert_eq!(text(&made, "a"), "demo\n");
    assert_eq!(fs::metadata(yard.target()).unwrap().permissions().mode() & 0o777, 0o700);
    // The folder that a shell stands in stays the same one.
    fs::remove_dir_all(yard.target()).unwrap();
    fs::create_dir(yard.target()).unwrap();
    let inode = |path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
    let before = inode(yard.target());
    let mut command = yard.house.command(&["scaffold", "new", "../../t", "."]);
    let output = command.current_dir(yard.target()).output().unwrap();
    assert!(output.status.success(), "{}", seen(&output));
    assert_eq!(inode(yard.target()), before);
    assert_eq!(text(&picture(&yard.target()), "a"), "demo\n");
}

#[test]
fn hooks_run_only_when_they_are_allowed_and_a_failure_leaves_nothing() {
    let hooks = |after: &str| {
        format!(
            "{PROJECT}[hooks]\nbefore = [['sh', '-c', 'echo before > made']]\nafter = [['sh', '-c', '{after}']]\ntimeout = '2s'\n"
        )
    };
    let yard = Yard::new(&hooks("env > env; echo $0; cat made"), FILES);
    yard.refused(&[], (5, "wants to run commands that nobody has allowed"));
    let mut command = yard.house.command(&["scaffold", "new", "./t", "out/demo", "--trust"]);
    let output = command.env("SECRET_TOKEN", "hush").output().unwrap();
    assert!(output.status.success(), "{}", seen(&output));
    let made = picture(&yard.target());
    assert_eq!(text(&made, "made"), "before\n");
    assert!(!text(&made, "env").contains("hush"), "{}", text(&made, "env"));
    // What was allowed is these commands of this template, and no others.
    fs::remove_dir_all(yard.target()).unwrap();
    yard.made(&[]);
    fs::remove_dir_all(yard.target()).unwrap();
    yard.template(&hooks("exit 3"), FILES);
    yard.refused(&[], (5, "nobody has allowed"));
    yard.refused(&["--trust"], (1, "ended with exit code 3"));
    yard.template(&hooks("sleep 1000"), FILES);
    yard.refused(&["--trust"], (1, "did not end well"));
    write(&yard.target().join("mine"), b"mine");
    yard.template(&format!("{PROJECT}[hooks]\nafter = [['false']]\n"), FILES);
    yard.refused(&["--trust", "--merge"], (1, "ended with exit code 1"));
}

#[test]
fn git_begins_with_a_first_commit() {
    let mut yard = Yard::new(HEAD, &[("files/a", b"a")]);
    yard.house.env.push(("GIT_CONFIG_GLOBAL".to_owned(), "/dev/null".to_owned()));
    // Without a name git makes no commit, and so there is no project.
    fs::write(yard.house.folder.path().join(".gitconfig"), "[user]\nuseConfigOnly = true\n")
        .unwrap();
    yard.refused(&["--git"], (1, "git commit"));
    let config = "[user]\nname = A\nemail = a@example.com\n";
    fs::write(yard.house.folder.path().join(".gitconfig"), config).unwrap();
    yard.made(&["--git"]);
    let mut git = Command::new("git");
    let log = git.arg("-C").arg(yard.target()).args(["status", "--porcelain", "--branch"]);
    assert_eq!(String::from_utf8_lossy(&log.output().unwrap().stdout).trim(), "## main");
}
