//! The daemon dies at every change of the world that a task makes: nothing is lost, nothing is there
//! twice.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use super::yard::Yard;
use crate::house::{alive, processes, until};

const AGENT: &str = "[agents.one]\ndriver = \"command\"\ncommand = [\"{here}/one\"]\n\
    fence = { also_write = [\"{here}/out\"] }\n[tasks]\nports = [\"web\"]\ncopy = [\".env\"]\n\
    setup = [\"true\"]\nchecks = [\"test -e work.txt\"]\n";
/// It tells of each start and of each prompt, and does its work.
const PROGRAM: &str = "#!/bin/sh\necho start >> {here}/out/starts\nsha256sum >> {here}/out/prompts\n\
    echo work >> work.txt\n";
const PROMPT: &str = "do the work";

fn yard() -> Yard {
    let yard = Yard::new(AGENT, &[("one", PROGRAM)]);
    yard.house.write(".gitignore", ".env\n");
    yard.commit("what git leaves out");
    yard.house.write(".env", "KEY=1\n");
    yard
}

/// Runs `act` with a daemon that dies at the first change, then at the second, and so on until it
/// comes through; how often each outcome was.
fn sweep(what: &str, act: impl Fn(u32) -> (bool, &'static str) + Sync) {
    let (next, done) = (AtomicU32::new(1), AtomicBool::new(false));
    let outcomes = Mutex::new(BTreeMap::<&str, u32>::new());
    std::thread::scope(|scope| {
        // What takes time here is waiting.
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    assert!(at < 400, "it never ran through");
                    let (through, outcome) = act(at);
                    *outcomes.lock().unwrap().entry(outcome).or_default() += 1;
                    done.fetch_or(through, Ordering::SeqCst);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    let tried: u32 = outcomes.values().sum();
    eprintln!("{what}: {tried} positions tried, 0 doubled, 0 lost ({outcomes:?})");
    assert!(tried > 10, "there were more changes than that");
}

/// Runs a command with a daemon of its own that dies at its `at`th change, and then `after`; whether
/// that daemon still lives.
fn dies(yard: &Yard, at: u32, args: &[&str], after: &[&str]) -> (bool, bool) {
    let mut command = yard.house.command(args);
    let first = command.env("GAIA_CRASH_AT", at.to_string()).output().unwrap();
    let done = first.status.success();
    let Some(pid) = yard.house.daemon_pid() else { return (done, false) };
    if !after.is_empty() {
        // The daemon may die meanwhile, and the next one be asked.
        yard.house.gaia(after);
    }
    // It may still be dying.
    let lives = done && alive(pid);
    (done, lives)
}

fn lines(yard: &Yard, name: &str) -> usize {
    yard.text(name).lines().count()
}

/// The task was done once, by one program, in one worktree.
fn done_once(yard: &Yard, at: u32) {
    let task = yard.rest("t1");
    assert_eq!(task["state"], "done", "crash at {at}: {task:#}\n{}", yard.house.log());
    let attempts = task["attempts"].as_array().unwrap().len();
    assert_eq!(attempts, 1, "crash at {at}: {task:#}\n{}", yard.house.log());
    assert_eq!(lines(yard, "out/starts"), 1, "crash at {at}: started");
    let prompts = yard.text("out/prompts");
    let digest = task["attempts"][0]["receipt"]["digest"].as_str().unwrap();
    assert!(prompts.lines().count() == 1 && prompts.starts_with(digest), "crash at {at}");
    let worktree = yard.at("w.worktrees/t1");
    assert_eq!(std::fs::read_to_string(worktree.join("work.txt")).unwrap(), "work\n");
    assert_eq!(std::fs::read_to_string(worktree.join(".env")).unwrap(), "KEY=1\n");
    assert_eq!(yard.git_in(&worktree, &["status", "--porcelain"]), "", "crash at {at}");
    let commits = yard.git(&["log", "--format=%s", "main..gaia/t1/do-the-work"]);
    assert_eq!(commits, PROMPT, "crash at {at}");
    one_pane(yard, at);
    let tasks = yard.house.json(&["task", "list", "--all"]);
    assert_eq!(tasks.as_array().unwrap().len(), 1, "crash at {at}");
    yard.house.ok(&["ledger", "verify"]);
}

/// There is at most one pane and one shim.
fn one_pane(yard: &Yard, at: u32) {
    until("there is one pane", || yard.house.panes().len() <= 1);
    let shown = yard.house.tmux(&["list-panes", "-a", "-F", "#{session_name} #{window_name}"]);
    let shown: Vec<&str> = shown.lines().filter(|l| !l.starts_with("gaia-ctl")).collect();
    assert!(shown.len() <= 1, "crash at {at}: {shown:?}");
    until("there is one shim", || shims(yard) <= 1);
}

fn shims(yard: &Yard) -> usize {
    let units = format!("{}/units/", yard.house.home().display());
    let is = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains("gaia pane ") && line.contains(&units) && alive(*pid)
    };
    processes().into_iter().filter(is).count()
}

#[test]
fn a_task_that_is_cut_off_anywhere_is_done_once() {
    sweep("task add", |at| {
        let yard = yard();
        let add = ["task", "add", PROMPT, "--idempotency-key", "k"];
        let wait = ["task", "wait", "t1", "--or-asking", "--timeout", "40s"];
        let (added, through) = dies(&yard, at, &add, &wait);
        yard.house.end();
        let tasks = yard.house.json(&["task", "list", "--all"]);
        let known = !tasks.as_array().unwrap().is_empty();
        assert!(known || !added, "crash at {at}: a task that was taken in is lost");
        // Whoever saw no answer asks again.
        assert_eq!(yard.add(PROMPT, &["--idempotency-key", "k"]), "t1", "crash at {at}");
        done_once(&yard, at);
        (through, if known { "gone on with" } else { "not begun" })
    });
}

/// A task that is done, with no daemon.
fn finished() -> Yard {
    let yard = yard();
    yard.does(PROMPT, &[], "done");
    yard.house.ok(&["daemon", "stop"]);
    yard
}

#[test]
fn a_landing_that_is_cut_off_anywhere_is_whole_or_can_be_repeated() {
    sweep("task land", |at| {
        let yard = finished();
        let (_, through) = dies(&yard, at, &["task", "land", "t1"], &[]);
        yard.house.end();
        let outcome = match yard.state("t1").as_str() {
            "landed" => "landed",
            "done" => {
                // A daemon that comes back ends by itself what was being published.
                yard.house.gaia(&["task", "land", "t1"]);
                yard.until("t1", "it is landed", |task| task["state"] == "landed");
                "landed again"
            }
            other => panic!("crash at {at}: {other}"),
        };
        assert_eq!(yard.landed("t1"), 1, "crash at {at}");
        assert_eq!(yard.git(&["show", "main:work.txt"]), "work", "crash at {at}");
        assert_eq!(yard.git(&["status", "--porcelain"]), "", "crash at {at}");
        assert_eq!(lines(&yard, "w/work.txt"), 1, "crash at {at}");
        cleared(&yard, at);
        (through, outcome)
    });
}

fn cleared(yard: &Yard, at: u32) {
    yard.house
        .until(&format!("nothing is left after the crash at {at}"), || yard.rests("t1").is_empty());
    until("no shim is left", || shims(yard) == 0);
    assert_eq!(lines(yard, "out/starts"), 1, "crash at {at}: started");
    yard.house.ok(&["ledger", "verify"]);
}

#[test]
fn a_discard_that_is_cut_off_anywhere_loses_no_work() {
    sweep("task discard", |at| {
        let yard = finished();
        let (_, through) = dies(&yard, at, &["task", "discard", "t1"], &[]);
        yard.house.end();
        let outcome = match yard.state("t1").as_str() {
            "discarded" => "discarded",
            "done" => {
                yard.house.ok(&["task", "discard", "t1"]);
                "discarded again"
            }
            other => panic!("crash at {at}: {other}"),
        };
        assert_eq!(yard.landed("t1"), 0, "crash at {at}");
        let kept = yard.git(&["for-each-ref", "--format=%(refname)", "refs/gaia/rescue"]);
        assert!(!kept.is_empty(), "crash at {at}: the work is kept nowhere");
        let name = kept.lines().next().unwrap();
        assert_eq!(yard.git(&["show", &format!("{name}:work.txt")]), "work", "crash at {at}");
        cleared(&yard, at);
        (through, outcome)
    });
}
