//! The example of the repository: three agents, a question, three landings.

use std::{path::Path, process::Command};

use super::yard::{Yard, git};
use crate::house::{House, seen};

#[test]
fn the_crew_of_the_examples_brings_its_work_to_main() {
    let house = House::new();
    let bin = house.folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_gaia"), bin.join("gaia")).unwrap();
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/crew/run");
    let mut command = Command::new(run);
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    command.arg(house.workspace()).env_clear().env("PATH", path).env("LANG", "C.UTF-8");
    command.env("HOME", house.folder.path()).env("GAIA_HOME", house.home());
    let output = command.stdin(std::process::Stdio::null()).output().unwrap();

    assert!(output.status.success(), "{}\n{}", seen(&output), house.log());
    let repo = house.workspace().join("crew");
    let text = |args: &[&str]| String::from_utf8(git(&repo, args).stdout).unwrap();
    let subjects = text(&["log", "--format=%s"]);
    let subjects: Vec<&str> = subjects.lines().collect();
    let wanted = ["Test every language", "Teach greet a second language", "Write the manual"];
    assert_eq!(subjects[..3], wanted);
    assert!(text(&["show", "main:greet/words.py"]).contains("\"German\""));
    assert_eq!(text(&["status", "--porcelain"]), "");
    assert_eq!(text(&["for-each-ref", "--format=%(refname)", "refs/heads"]), "refs/heads/main\n");
    let tasks = house.json(&["task", "list", "--all"]);
    let landed = tasks.as_array().unwrap().iter().filter(|task| task["state"] == "landed");
    assert_eq!(landed.count(), 3, "{tasks:#}");
    assert!(house.panes().is_empty(), "{:#?}", house.panes());
    house.ok(&["ledger", "verify"]);
}

#[test]
fn a_task_shows_all_that_became_of_it() {
    let steps = "[[step]]\nsay = 'I write'\n[[step]]\nwrite = { path = 'a.txt', content = 'a' }\n\
        [[step]]\nusage = { input = 7, output = 3, cost_usd = 0.5 }\n\
        [[step]]\nfinish = { summary = 'all is written', deliverables = ['a.txt'] }\n";
    let agent = "[agents.one]\ndriver = \"script\"\nargs = [\"--file\", \"{here}/one.toml\"]\n";
    let yard = Yard::new(agent, &[("one.toml", steps)]);
    let task = yard.does("write a", &["--deliverable", "a.txt"], "done");
    assert_eq!(task["agent"], "one");
    assert_eq!(task["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(task["branch"], "gaia/t1/write-a");
    assert_eq!(task["cost_usd"], 0.5);
    assert_eq!((&task["tokens"]["input"], &task["tokens"]["output"]), (&7.into(), &3.into()));
    assert_eq!(task["receipts"][0]["state"], "accepted");
    assert_eq!(task["text"], "all is written");
    assert!(yard.house.ok(&["task", "diff", "t1"]).contains("+a"));
    assert!(yard.house.ok(&["task", "logs", "t1"]).contains("I write"));
    assert!(Path::new(task["worktree"].as_str().unwrap()).join("a.txt").exists());
}
