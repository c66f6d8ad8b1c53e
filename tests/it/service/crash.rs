//! The daemon dies at every change of the world that a verb makes: afterwards there is one of each.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use crate::house::{House, number, until};

const SERVICE: &str = "[services.a]\npre_start = \"echo before >> lives\"\nrun = \"echo $$ >> lives; exec sleep 1000\"\nprobe.ready = { file = \"lives\", start_interval = \"5ms\" }\nstop.grace = \"2s\"\n";

/// Runs `act` with a daemon that dies at the first change, then `step` changes later, and so on,
/// until it comes through; what became of each, in words.
fn sweep(step: u32, act: impl Fn(u32) -> (bool, &'static str) + Sync) -> BTreeSet<&'static str> {
    let (next, done) = (AtomicU32::new(1), AtomicBool::new(false));
    let outcomes = Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        // What takes time here is waiting.
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let at = next.fetch_add(step, Ordering::SeqCst);
                    assert!(at < 300, "it never ran through");
                    let (through, outcome) = act(at);
                    outcomes.lock().unwrap().insert(outcome);
                    done.fetch_or(through, Ordering::SeqCst);
                }
            });
        }
    });
    outcomes.into_inner().unwrap()
}

/// A daemon that came through may die at any later change: it does so now.
fn end_of(house: &House) {
    if house.daemon_pid().is_some() {
        house.crash();
    }
}

/// There is one process of the service, in one pane, by one shim.
fn one_of_each(house: &House, at: u32) {
    let service = house.until_service("a", "it is up", |a| a["health"] == "ready");
    let pid = number(&service["pid"]);
    assert_eq!(house.processes_of("a"), [pid], "crash at {at}");
    let shown = house.tmux(&["list-panes", "-a", "-F", "#{session_name} #{pane_start_command}"]);
    let shown: Vec<&str> = shown.lines().filter(|line| !line.starts_with("gaia-ctl")).collect();
    assert_eq!((shown.len(), house.panes().len()), (1, 1), "crash at {at}: {shown:?}");
    until("one shim is left", || shims(house) == 1);
    house.ok(&["ledger", "verify"]);
}

fn shims(house: &House) -> usize {
    let units = format!("{}/units/", house.home().display());
    let is = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains("gaia pane ") && line.contains(&units) && crate::house::alive(*pid)
    };
    crate::house::processes().into_iter().filter(is).count()
}

fn lives(house: &House) -> Vec<String> {
    let text = std::fs::read_to_string(house.path("lives")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn an_up_that_is_cut_off_anywhere_ends_with_one_of_each() {
    let outcomes = sweep(1, |at| {
        let house = House::declaring(SERVICE);
        let mut up = house.command(&["up", "--wait", "--timeout", "20s"]);
        let first = up.env("GAIA_CRASH_AT", at.to_string()).output().unwrap();
        let through = first.status.success();
        end_of(&house);
        let outcome = match house.services().first().map(|a| a["desired"] == "up") {
            None => "not begun",
            Some(false) => "added",
            Some(true) => {
                one_of_each(&house, at);
                "finished"
            }
        };
        house.up();
        one_of_each(&house, at);
        let lives = lives(&house);
        assert!(lives.len() == 2 && lives[0] == "before", "crash at {at}: {lives:?}");
        assert_eq!(house.service("a")["restarts"], 0, "crash at {at}");
        house.ok(&["down"]);
        house.nothing_left("a");
        (through, outcome)
    });
    assert!(outcomes.contains("not begun") && outcomes.contains("finished"), "{outcomes:?}");
}

#[test]
fn a_down_that_is_cut_off_anywhere_ends_with_all_or_nothing() {
    let outcomes = sweep(3, |at| {
        let house = House::serving(SERVICE);
        let pid = number(&house.service("a")["pid"]);
        house.ok(&["daemon", "stop"]);
        let mut down = house.command(&["down"]);
        let first = down.env("GAIA_CRASH_AT", at.to_string()).output().unwrap();
        let through = first.status.success();
        end_of(&house);
        let stopping = |house: &House| house.services().iter().any(|a| a["desired"] == "down");
        let outcome = match house.services().is_empty() || stopping(&house) {
            true => {
                until("nothing runs", || house.processes_of("a").is_empty());
                "ended"
            }
            false => {
                assert_eq!(number(&house.service("a")["pid"]), pid, "crash at {at}");
                "not begun"
            }
        };
        house.up();
        one_of_each(&house, at);
        (through, outcome)
    });
    assert_eq!(outcomes, BTreeSet::from(["ended", "not begun"]));
}
