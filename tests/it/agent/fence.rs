//! A hostile agent through the whole stack, and agents that commit, or do more than they may.

use std::{collections::BTreeMap, io::Write};

use serde_json::Value;

use super::yard::Yard;
use crate::house::{alive, kill};

const HOSTILE: &str = include_str!("../../fixtures/agent/hostile.py");
/// What an agent may do.
const ALLOWED: &[&str] =
    &["write its own folder", "read /etc/passwd", "git status", "gaia self task"];
/// What it can do although it should not.
const UNCOVERED: &[&str] = &[];

fn real_git() -> String {
    let found = std::process::Command::new("sh").args(["-c", "command -v git"]).output().unwrap();
    String::from_utf8(found.stdout).unwrap().trim().to_owned()
}

/// A quiet agent at work, and what the hostile one beside it got done.
fn tries() -> (Yard, BTreeMap<String, String>, i32) {
    let agents = format!(
        "[agents.quiet]\ndriver = \"command\"\ncommand = [\"{{here}}/quiet\"]\n\
         fence = {{ also_write = [\"{{here}}/out\"] }}\nenv = {{ SECRET = \"1\" }}\n\
         [agents.hostile]\ndriver = \"command\"\nretries = 0\n\
         command = [\"python3\", \"{{here}}/hostile.py\", \"{{here}}\", \"{{gaia}}\", \"{}\"]\n\
         env = {{ GIT_AUTHOR_NAME = \"a\", GIT_AUTHOR_EMAIL = \"a@b\", \
         GIT_COMMITTER_NAME = \"a\", GIT_COMMITTER_EMAIL = \"a@b\" }}\n",
        real_git()
    );
    let quiet = "#!/bin/sh\necho $$ > {here}/out/quiet\nread x < {here}/out/gate\n";
    let yard = Yard::new(&agents, &[("quiet", quiet), ("hostile.py", HOSTILE), ("precious", "p")]);
    yard.commit("a second one");
    yard.gate("gate");
    let victim = yard.add("wait", &["--agent", "quiet"]);
    let pid = yard.signal("quiet");
    let unit = yard.task(&victim)["attempts"][0]["unit"].as_str().unwrap().to_owned();
    let id = yard.add(&format!("{pid} {unit}"), &["--agent", "hostile"]);
    yard.rest(&id);
    let text = yard.text(&format!("w.worktrees/{id}/tries"));
    let pair = |line: &str| line.split_once('\t').map(|(a, b)| (a.to_owned(), b.to_owned()));
    let found: BTreeMap<String, String> = text.lines().filter_map(pair).collect();
    assert!(found.contains_key("gaia approve by its name"), "it did not get so far:\n{text}");
    (yard, found, pid.parse().unwrap())
}

#[test]
fn a_hostile_agent_gets_nothing_done_outside_its_worktree() {
    let (yard, found, pid) = tries();
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "\na hostile agent");
    for (name, outcome) in &found {
        let _ = writeln!(out, "  {name:<44}{outcome}");
    }
    drop(out);
    for (name, outcome) in &found {
        let may = ALLOWED.contains(&name.as_str()) || UNCOVERED.contains(&name.as_str());
        assert_eq!(outcome == "done", may, "{name}: {outcome}");
        if name.starts_with("gaia ") && !may && !name.contains("by its name") {
            assert_eq!(outcome, "exit 5", "{name}");
        }
        if name.starts_with("ask the socket") {
            assert!(outcome.starts_with("status 4"), "{name}: {outcome}");
        }
    }
    for name in ["git push", "sh -c 'git push'", "npm publish"] {
        assert_eq!(found[name], "exit 126", "{name}");
    }
    assert!(alive(pid), "the other agent goes on");
    assert_eq!(yard.text("precious"), "p");
    assert_eq!(yard.git(&["status", "--porcelain"]), "");
    assert_eq!(yard.git(&["log", "--format=%s", "main"]), "a second one\nbegin");
    assert_eq!(yard.git(&["for-each-ref", "refs/heads/mine"]), "");
    refusals_stand_in_the_ledger(&yard);
    yard.open("gate");
    yard.ends("t1", "done");
}

fn refusals_stand_in_the_ledger(yard: &Yard) {
    let facts = yard.facts("fence.refused");
    let whats: Vec<&str> = facts.iter().filter_map(|f| f["body"]["what"].as_str()).collect();
    for wanted in ["/v1/daemon/stop", "/v1/tasks/t1/land", "git push", "npm publish"] {
        assert!(whats.iter().any(|what| what.contains(wanted)), "{wanted}: {whats:#?}");
    }
    let denials = yard.task("t2")["attempts"][0]["denials"].clone();
    assert!(denials.as_array().unwrap().len() > 10, "{denials}");
    yard.house.ok(&["ledger", "verify"]);
}

/// An agent with a fence whose program is this.
fn fenced(fence: &str, program: &str) -> Yard {
    let agent = format!(
        "[agents.one]\ndriver = \"command\"\ncommand = [\"{{here}}/one\"]\nretries = 0\n\
         env = {{ GIT_AUTHOR_NAME = \"a\", GIT_AUTHOR_EMAIL = \"a@b\", \
         GIT_COMMITTER_NAME = \"a\", GIT_COMMITTER_EMAIL = \"a@b\" }}\n[agents.one.fence]\n{fence}"
    );
    Yard::new(&agent, &[("one", &format!("#!/bin/sh\n{program}"))])
}

#[test]
fn an_agent_that_may_commit_does_so_on_its_own_branch_and_no_other() {
    let program = "set -e\necho a > a.txt\ngit add a.txt\ngit commit -q -m own\n\
        for bad in 'git branch other' 'git update-ref refs/heads/main HEAD' \
        'git config core.hooksPath x' 'git tag mine' 'git checkout -q -b next'; do\n\
        if $bad 2>/dev/null; then echo \"$bad\" >> got; fi; done\n\
        git status > status.txt\n";
    let yard = fenced("commit = \"agent\"\n", program);
    yard.does("work", &[], "done");
    assert_eq!(yard.text("w.worktrees/t1/got"), "", "it could do more than commit");
    assert_eq!(yard.git(&["log", "--format=%s", "main..gaia/t1/work", "--", "a.txt"]), "own");
    assert_eq!(yard.git(&["log", "--format=%s", "main"]), "begin");
    let branches = yard.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]);
    assert_eq!(branches, "gaia/t1/work\nmain");
    yard.house.ok(&["task", "land", "t1"]);
    assert_eq!(yard.text("w/a.txt"), "a\n");
}

#[test]
fn an_agent_that_may_not_commit_has_its_work_committed() {
    let program = "echo a > a.txt\nif git add a.txt 2>/dev/null; then echo add >> got; fi\n\
        if git commit -q -m own 2>/dev/null; then echo commit >> got; fi\n";
    let yard = fenced("commit = \"gaia\"\n", program);
    yard.does("work", &[], "done");
    assert_eq!(yard.text("w.worktrees/t1/got"), "");
    assert_eq!(yard.git(&["log", "--format=%s", "main..gaia/t1/work"]), "work");
}

/// The work goes against its fence: it is asked about, cannot be landed, and main stays.
fn is_asked_about(yard: &Yard, words: &str) -> Value {
    let task = yard.does("work", &[], "asking");
    let item = yard.item();
    assert_eq!(item["kind"], "fence", "{item:#}");
    assert!(item["body"].as_str().unwrap().contains(words), "{item:#}");
    let landing = yard.house.gaia(&["task", "land", "t1"]);
    assert!(!landing.status.success(), "{}", crate::house::seen(&landing));
    assert_eq!(yard.git(&["log", "--format=%s", "main"]), "begin");
    let facts = yard.facts("fence.refused");
    let rules: Vec<&str> = facts.iter().filter_map(|f| f["body"]["rule"].as_str()).collect();
    assert_eq!(rules, ["diff"], "{facts:#?}");
    assert_eq!(task["item"], item["id"]);
    item
}

#[test]
fn a_protected_file_is_asked_about_and_a_no_fails_the_task() {
    let yard = fenced("", "mkdir .github\necho x > .github/ci.yml\n");
    let item = is_asked_about(&yard, ".github/ci.yml");
    yard.house.ok(&["deny", item["id"].as_str().unwrap()]);
    yard.until("t1", "it has failed", |task| task["state"] == "failed");
    let landing = yard.house.gaia(&["task", "land", "t1"]);
    assert!(!landing.status.success());
}

#[test]
fn too_many_lines_are_asked_about_and_a_yes_takes_them() {
    let yard = fenced("max_lines = 3\n", "seq 10 > lines.txt\n");
    let item = is_asked_about(&yard, "10");
    yard.house.ok(&["approve", item["id"].as_str().unwrap()]);
    yard.until("t1", "it is done", |task| task["state"] == "done");
    yard.house.ok(&["task", "land", "t1"]);
    assert_eq!(yard.landed("t1"), 1);
}

#[test]
fn a_new_dependency_is_asked_about() {
    let manifest = "[package]\\nname = \"x\"\\n[dependencies]\\nleft-pad = \"1\"\\n";
    let yard = fenced("dependencies = \"none\"\n", &format!("printf '{manifest}' > Cargo.toml\n"));
    is_asked_about(&yard, "left-pad");
}

#[test]
fn a_program_that_an_agent_leaves_behind_is_gone_with_its_attempt() {
    let yard = fenced(
        "also_write = [\"{here}/out\"]\n",
        "setsid sh -c 'echo $$ > {here}/out/left; exec sleep 1000' > /dev/null 2>&1 &\n\
         while ! test -s {here}/out/left; do :; done\n",
    );
    yard.does("work", &[], "done");
    let pid: i32 = yard.signal("left").parse().unwrap();
    let lives = alive(pid);
    kill(pid, "KILL");
    assert!(!lives, "something of it goes on");
}
