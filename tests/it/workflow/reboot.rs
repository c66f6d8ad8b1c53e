//! The machine is started anew: every process is gone, and another boot id is there.
#![cfg(debug_assertions)]

use super::{Yard, step};
use crate::house::{alive, kill, until};

/// Ends everything of a house, and lets the next daemon see another boot.
fn reboot(yard: &mut Yard) {
    yard.house.end();
    // Those first who would still tell how an attempt ended.
    yard.shims().iter().chain(&yard.hosts()).for_each(|pid| kill(*pid, "KILL"));
    until("the shims are dead", || !yard.shims().into_iter().any(alive));
    yard.commands().iter().for_each(|pid| kill(*pid, "KILL"));
    until("all is dead", || yard.commands().is_empty());
    yard.house.env.push(("GAIA_STEP_BOOT".to_owned(), "another".to_owned()));
}

impl Yard {
    /// Whoever claimed an attempt.
    fn shims(&self) -> Vec<i32> {
        let below = |folder: std::path::PathBuf| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| entry.path())
        };
        let runs = below(self.house.home().join("runs"));
        let claims = runs.flat_map(below).map(|attempt| attempt.join("claim"));
        let claims = claims.filter_map(|claim| std::fs::read_link(claim).ok());
        let pid = |claim: std::path::PathBuf| claim.to_str()?.split(' ').next()?.parse().ok();
        claims.filter_map(pid).collect()
    }

    /// The processes that start steps.
    fn hosts(&self) -> Vec<i32> {
        let home = format!("pane --steps {}", self.house.home().display());
        let of = |pid: &i32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).replace('\0', " ").contains(&home)
        };
        crate::house::processes().into_iter().filter(of).collect()
    }
}

#[test]
fn what_is_asked_waits_across_a_reboot_and_goes_on() {
    let mut yard = Yard::new(
        "
steps:
  - { id: a, run: \"{here}/fx\" }
  - { id: sure, approval: \"Go on?\", needs: [a] }
  - { id: b, run: \"{here}/fx\", needs: [sure] }
",
    );
    let id = yard.start(&[]);
    let item = yard.item();
    reboot(&mut yard);
    assert_eq!(yard.item(), item);
    yard.house.ok(&["approve", &item]);
    yard.ends(&id, "done");
    assert_eq!(yard.effects(), ["a 1", "b 1"]);
}

const TWO: &str = "
steps:
  - { id: asks, run: \"{here}/fx; test $GAIA_ATTEMPT = 2 || sleep 1000\" }
  - { id: again, run: \"{here}/fx; test $GAIA_ATTEMPT = 2 || sleep 1000\", idempotent: true }
";

#[test]
fn a_step_that_ran_at_a_reboot_is_asked_about_or_done_again() {
    let mut yard = Yard::new(TWO);
    let id = yard.start(&[]);
    yard.told("asks 1");
    yard.told("again 1");
    reboot(&mut yard);
    let held = yard.until(&id, "asks", "held");
    assert!(held["why"].as_str().unwrap().contains("started anew"), "{held:#}");
    yard.until(&id, "again", "done");
    yard.house.ok(&["answer", &yard.item(), "--option", "retry"]);
    let run = yard.ends(&id, "done");
    assert_eq!(step(&run, "again")["attempts"], 2);
    assert_eq!(yard.effects(), ["again 1", "again 2", "asks 1", "asks 2"]);
}
