//! Time that runs out, and a disk that is full.

use std::process::Command;

use super::{Yard, step};
use crate::house::{seen, until};

#[test]
fn what_takes_too_long_is_ended_with_all_it_started() {
    let yard = Yard::new(
        "
steps:
  - { id: a, run: \"{here}/fx; setsid sleep 1000 & sleep 1000\", timeout: 300ms, retry: { max: 1, backoff: 1ms } }
  - { id: b, run: \"{here}/fx\", needs: { a: failed } }
",
    );
    let run = yard.runs(&[]);
    assert_eq!(run["state"], "failed", "{run:#}");
    let a = step(&run, "a");
    assert_eq!(a["attempts"], 2);
    assert!(a["why"].as_str().unwrap().contains("longer than 300ms"), "{a:#}");
    until("nothing runs on", || yard.commands().is_empty());
    assert_eq!(yard.effects(), ["a 1", "a 2", "b 1"]);
}

#[test]
fn what_is_silent_too_long_is_ended_and_what_speaks_is_not() {
    let yard = Yard::new(
        "
steps:
  - { id: silent, run: \"echo once; sleep 1000\", idle_timeout: 400ms }
  - { id: mute, run: sleep 1000, idle_timeout: 400ms }
  - { id: speaks, run: \"for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.1; done\", idle_timeout: 5s }
",
    );
    let run = yard.runs(&[]);
    for name in ["silent", "mute"] {
        let silent = step(&run, name);
        assert_eq!(silent["state"], "failed", "{silent:#}");
        assert!(silent["why"].as_str().unwrap().contains("silent for 400ms"), "{silent:#}");
    }
    assert_eq!(step(&run, "speaks")["state"], "done", "{run:#}");
}

#[test]
fn a_run_that_takes_too_long_is_ended_and_sweeps_up() {
    let yard = Yard::new(
        "
timeout: 2s
steps:
  - { id: a, run: \"{here}/fx; sleep 1000\" }
finally:
  - { id: sweep, run: \"{here}/fx\" }
",
    );
    let run = yard.runs(&[]);
    assert_eq!(run["state"], "failed", "{run:#}");
    assert_eq!(yard.effects(), ["a 1", "sweep 1"]);
    // What is done over has its time anew.
    let id = run["id"].as_str().unwrap();
    yard.workflow("w", "steps: [{ id: x, run: x }]");
    let again = yard.house.gaia(&["run", "retry", id, "--wait", "--json"]);
    let again: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(step(&again, "a")["attempts"], 2, "{again:#}");
    assert_eq!(yard.effects(), ["a 1", "a 2", "sweep 1", "sweep 1"]);
}

/// A home on a disk of its own, if this machine lets us mount one.
struct SmallDisk(Yard, bool);

impl SmallDisk {
    fn new(workflow: &str) -> Self {
        let yard = Yard::new(workflow);
        std::fs::create_dir(yard.house.home()).unwrap();
        let mount = ["-t", "tmpfs", "-o", "size=24m", "gaia-test"];
        let done = Command::new("mount").args(mount).arg(yard.house.home()).output();
        let mounted = done.is_ok_and(|output| output.status.success());
        Self(yard, mounted)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        self.0.house.end();
        if self.1 {
            let _ = Command::new("umount").arg("-l").arg(self.0.house.home()).output();
        }
    }
}

/// A run whose command ends while the disk is full, and one that is told something then; then there
/// is room again, and `then` happens.
fn full(then: impl Fn(&Yard)) {
    let disk = SmallDisk::new(
        "
steps:
  - { id: a, run: \"{here}/gated gate\" }
  - { id: b, run: \"{here}/fx\", needs: [a] }
  - { id: c, run: \"{here}/fx\", needs: [b] }
",
    );
    if !disk.1 {
        return; // Only root may mount; where it may not, there is no small disk to fill.
    }
    let yard = &disk.0;
    yard.gate("gate");
    yard.workflow("v", "steps: [{ id: sure, approval: 'Go on?' }]\n");
    let id = yard.start(&[]);
    let other = yard.house.json(&["run", "start", "v.yaml"])["id"].as_str().unwrap().to_owned();
    yard.told("a 1");
    let item = yard.item();
    let filler = yard.house.home().join("filler");
    let dd = ["if=/dev/zero", "bs=4k", &format!("of={}", filler.display())];
    let _ = Command::new("dd").args(dd).output();
    assert!(!yard.house.gaia(&["run", "start", "w.yaml"]).status.success());
    yard.open("gate");
    until("the command is done", || yard.commands().is_empty());
    // The store may have some room of its own left.
    let paused = yard.house.gaia(&["run", "pause", &other]);
    let told = seen(&paused);
    assert!(paused.status.success() || told.contains("as soon as there is room"), "{told}");
    std::fs::remove_file(&filler).unwrap();
    then(yard);
    yard.ends(&id, "done");
    yard.house.gaia(&["run", "resume", &other]);
    yard.house.ok(&["approve", &item]);
    yard.ends(&other, "done");
    assert_eq!(yard.effects(), ["a 1", "b 1", "c 1"]);
    yard.house.ok(&["ledger", "verify"]);
}

#[test]
fn nothing_of_a_run_is_lost_on_a_full_disk() {
    full(|yard| yard.house.end());
}

#[test]
fn a_run_goes_on_by_itself_once_a_full_disk_has_room() {
    full(|_| ());
}
