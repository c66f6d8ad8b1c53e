//! Repositories that are not as one would wish.

use serde_json::Value;

use super::yard::{Yard, git};

const AGENT: &str = "[agents.one]\ndriver = \"command\"\ncommand = [\"{here}/one\"]\nretries = 0\n\
    fence = { also_write = [\"{here}/out\"] }\n";
const WORKS: &str = "#!/bin/sh\necho work > work.txt\n";
const WAITS: &str = "#!/bin/sh\necho $$ > {here}/out/starts\nread x < {here}/out/gate\n\
    echo work > work.txt\n";

fn yard() -> Yard {
    Yard::new(AGENT, &[("one", WORKS)])
}

/// A workspace without a repository yet.
fn bare() -> Yard {
    Yard::bare(AGENT, &[("one", WORKS)])
}

/// The task fails with these words, and nothing is left on the way.
fn fails(yard: &Yard, words: &[&str]) -> Value {
    let task = yard.does("work", &[], "failed");
    let why = task["why"].as_str().unwrap();
    assert!(words.iter().all(|word| why.contains(word)), "{why}");
    yard.house.ok(&["ledger", "verify"]);
    task
}

#[test]
fn a_place_that_is_taken_is_left_as_it_is() {
    let yard = yard();
    std::fs::create_dir_all(yard.at("w.worktrees/t1")).unwrap();
    std::fs::write(yard.at("w.worktrees/t1/precious"), "mine").unwrap();
    fails(&yard, &["w.worktrees/t1", "exists already"]);
    assert_eq!(yard.text("w.worktrees/t1/precious"), "mine");
}

#[test]
fn a_branch_that_is_taken_is_left_as_it_is() {
    let yard = yard();
    yard.git(&["checkout", "-q", "-b", "gaia/t1/work"]);
    yard.commit("somebody's");
    yard.git(&["checkout", "-q", "main"]);
    let before = yard.git(&["rev-parse", "gaia/t1/work"]);
    fails(&yard, &["gaia/t1/work", "exists already"]);
    assert_eq!(yard.git(&["rev-parse", "gaia/t1/work"]), before);
}

#[test]
fn changes_of_the_person_stay_theirs() {
    let yard = yard();
    yard.house.write("kept.txt", "one\n");
    yard.commit("kept");
    yard.house.write("kept.txt", "two\n");
    yard.house.write("new.txt", "new\n");
    yard.does("work", &[], "done");
    assert_eq!(yard.text("w.worktrees/t1/kept.txt"), "one\n");
    assert!(!yard.at("w.worktrees/t1/new.txt").exists());
    yard.house.ok(&["task", "land", "t1"]);
    assert_eq!((yard.text("w/kept.txt"), yard.text("w/new.txt")), ("two\n".into(), "new\n".into()));
    assert_eq!(yard.text("w/work.txt"), "work\n");
}

#[test]
fn no_repository_is_told_with_a_way_out_and_in_place_works() {
    let yard = bare();
    fails(&yard, &["not in a git repository", "--in-place"]);
    yard.does("work", &["--in-place"], "done");
    assert_eq!(yard.text("w/work.txt"), "work\n");
}

#[test]
fn a_bare_repository_is_told_with_a_way_out() {
    let yard = bare();
    let seed = yard.at("seed");
    std::fs::create_dir(&seed).unwrap();
    for args in
        [&["init", "-q", "-b", "main", "."][..], &["commit", "-q", "--allow-empty", "-m", "a"]]
    {
        assert!(git(&seed, args).status.success());
    }
    yard.git(&["clone", "-q", "--bare", seed.to_str().unwrap(), "../b"]);
    // The workspace is the bare repository itself.
    for entry in std::fs::read_dir(yard.at("b")).unwrap().flatten() {
        std::fs::rename(entry.path(), yard.at("w").join(entry.file_name())).unwrap();
    }
    let task = yard.rest(&yard.add("work", &[]));
    let landed = task["state"] == "done";
    assert!(landed || task["why"].as_str().unwrap().contains("bare"), "{task:#}");
}

#[test]
fn a_branch_without_a_commit_is_told_with_a_way_out() {
    let yard = bare();
    yard.git(&["init", "-q", "-b", "main", "."]);
    fails(&yard, &["main", "no commit"]);
}

#[test]
fn work_from_a_detached_head_is_done_and_lands_where_it_is_told() {
    let yard = yard();
    yard.git(&["checkout", "-q", "--detach"]);
    yard.does("work", &[], "done");
    let landing = yard.house.gaia(&["task", "land", "t1"]);
    assert!(!landing.status.success());
    let text = crate::house::seen(&landing);
    assert!(text.contains("target"), "{text}");
}

#[test]
fn a_submodule_is_no_obstacle() {
    let yard = yard();
    let lib = yard.at("lib");
    std::fs::create_dir(&lib).unwrap();
    for args in
        [&["init", "-q", "-b", "main", "."][..], &["commit", "-q", "--allow-empty", "-m", "a"]]
    {
        assert!(git(&lib, args).status.success());
    }
    yard.git(&["submodule", "--quiet", "add", lib.to_str().unwrap(), "lib"]);
    yard.commit("with a submodule");
    yard.does("work", &[], "done");
    yard.house.ok(&["task", "land", "t1"]);
    assert_eq!(yard.landed("t1"), 1);
    assert_eq!(yard.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_repository_that_is_deleted_under_the_agent_fails_the_task_and_nothing_else() {
    let yard = yard();
    yard.put("one", WAITS);
    yard.gate("gate");
    let id = yard.add("work", &[]);
    yard.signal("starts");
    std::fs::remove_dir_all(yard.at("w/.git")).unwrap();
    yard.open("gate");
    let task = yard.ends(&id, "failed");
    assert!(task["why"].as_str().is_some_and(|why| !why.is_empty()), "{task:#}");
    assert_eq!(yard.text("w.worktrees/t1/work.txt"), "work\n", "the work is still there");
    yard.house.ok(&["ledger", "verify"]);
}

#[test]
fn a_worktree_that_is_deleted_under_the_agent_fails_the_task_and_nothing_else() {
    let yard = yard();
    yard.put("one", WAITS);
    yard.gate("gate");
    let id = yard.add("work", &[]);
    yard.signal("starts");
    std::fs::remove_dir_all(yard.at("w.worktrees/t1")).unwrap();
    yard.open("gate");
    let task = yard.ends(&id, "failed");
    assert!(task["why"].as_str().is_some_and(|why| !why.is_empty()), "{task:#}");
    assert_eq!(yard.git(&["status", "--porcelain"]), "");
    yard.house.ok(&["task", "discard", &id]);
    yard.house.until("nothing is left", || yard.rests(&id).is_empty());
    // Another task goes its way.
    yard.put("one", WORKS);
    yard.does("more", &[], "done");
}
