//! Who dies when: an attempt runs at most once, and its end is learnt.

use std::{os::unix::fs::symlink, sync::Arc};

use futures_util::FutureExt;
use gaia::{
    adapter::process,
    port::{StepSpec, Steps},
};

use super::{EFFECT, Yard, code, crash, lost, order_and_die, says, shim};
use crate::house::{alive, kill, until};

/// The command waits until the gate is opened.
const GATED: &str = "echo ready; read x < gate; echo done >> effects";

#[test]
fn two_who_run_the_same_attempt_see_the_same_end() {
    let yard = Yard::new();
    let attempt = yard.shell("a", EFFECT);
    let (one, other) = yard.wait(async {
        let (one, other) = (yard.steps(), yard.steps());
        tokio::join!(one.run(&attempt), other.run(&attempt))
    });
    assert_eq!(code(&one.clone().unwrap()), (Some(0), false));
    assert_eq!(one, other);
    assert_eq!(yard.lines("effects"), 1);
}

#[test]
fn a_later_caller_goes_on_with_what_runs() {
    let yard = Yard::new();
    yard.gate();
    let attempt = yard.shell("a", GATED);
    let host = order_and_die(&yard, yard.steps(), &attempt);
    says(&attempt.folder, "ready");
    until("the host ends with its caller", || !alive(host));
    let steps = yard.runtime.block_on(async { Arc::new(yard.steps()) });
    let (own, again) = (Arc::clone(&steps), attempt.clone());
    let run = yard.runtime.spawn(async move { own.run(&again).await });
    yard.open_gate();
    assert_eq!(code(&yard.wait(run).unwrap().unwrap()), (Some(0), false));
    assert_eq!(steps.host_pid(), None, "nothing had to be ordered");
    assert_eq!(yard.lines("effects"), 1);
}

#[test]
fn the_end_of_one_is_seen_without_the_host_while_another_goes_on() {
    let yard = Yard::new();
    yard.gate();
    let steps = yard.runtime.block_on(async { Arc::new(yard.steps()) });
    let start = |attempt: &StepSpec| {
        let (own, attempt) = (Arc::clone(&steps), attempt.clone());
        yard.runtime.spawn(async move { own.run(&attempt).await })
    };
    nix::unistd::mkfifo(&yard.path("never"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let long = yard.shell("long", "read x < never");
    let attempt = yard.shell("a", GATED);
    let (_long, run) = (start(&long), start(&attempt));
    shim(&long.folder);
    says(&attempt.folder, "ready");
    crash(i32::try_from(steps.host_pid().unwrap()).unwrap());
    yard.open_gate();
    assert_eq!(code(&yard.wait(run).unwrap().unwrap()), (Some(0), false));
}

#[test]
fn a_host_that_is_killed_takes_nothing_along() {
    let yard = Yard::new();
    yard.gate();
    let attempt = yard.shell("a", GATED);
    let steps = yard.runtime.block_on(async { Arc::new(yard.steps()) });
    let (own, again) = (Arc::clone(&steps), attempt.clone());
    let run = yard.runtime.spawn(async move { own.run(&again).await });
    says(&attempt.folder, "ready");
    let host = steps.host_pid().unwrap();
    crash(i32::try_from(host).unwrap());
    yard.open_gate();
    assert_eq!(code(&yard.wait(run).unwrap().unwrap()), (Some(0), false));
    let next = yard.shell("b", EFFECT);
    assert_eq!(code(&yard.wait(steps.run(&next)).unwrap()), (Some(0), false));
    assert_ne!(steps.host_pid(), Some(host));
    assert_eq!(yard.lines("effects"), 2);
}

#[test]
fn a_shim_that_is_held_is_waited_for() {
    let yard = Yard::new();
    yard.gate();
    let attempt = yard.shell("a", GATED);
    order_and_die(&yard, yard.steps(), &attempt);
    says(&attempt.folder, "ready");
    let shim = shim(&attempt.folder);
    kill(shim, "STOP");
    let stat = || std::fs::read_to_string(format!("/proc/{shim}/stat")).unwrap();
    until("it is held", || stat().contains(") T "));
    yard.open_gate();
    until("the command is done", || yard.lines("effects") == 1);
    let steps = yard.runtime.block_on(async { yard.steps() });
    let end = yard.wait(async {
        let mut run = Box::pin(steps.run(&attempt));
        assert!((&mut run).now_or_never().is_none());
        kill(shim, "CONT");
        run.await.unwrap()
    });
    assert_eq!(code(&end), (Some(0), false));
    assert_eq!(steps.host_pid(), None);
}

/// Leaves a process in a session of its own, and runs itself.
const FAMILY: &str = "setsid sleep 1000 & echo ready; sleep 1000";

#[test]
fn a_shim_that_is_killed_loses_the_attempt_and_nothing_of_it_runs_on() {
    for with_host in [false, true] {
        let yard = Yard::new();
        let attempt = yard.shell("a", FAMILY);
        let steps = yard.runtime.block_on(async { Arc::new(yard.steps()) });
        let (own, again) = (Arc::clone(&steps), attempt.clone());
        let run = yard.runtime.spawn(async move { own.run(&again).await });
        says(&attempt.folder, "ready");
        until("all of it runs", || yard.commands().len() >= 3);
        if with_host {
            crash(i32::try_from(steps.host_pid().unwrap()).unwrap());
        }
        crash(shim(&attempt.folder));
        let end = yard.wait(run).unwrap().unwrap();
        assert!(lost(&end).contains("was killed"), "{end:?}");
        assert_eq!(yard.commands(), Vec::<i32>::new());
        assert_eq!(yard.wait(steps.run(&attempt)).unwrap(), end);
    }
}

#[test]
fn what_a_killed_shim_leaves_is_ended_though_it_wiped_its_environment() {
    let yard = Yard::new();
    let line = "env -i setsid sleep 1000 & echo $! > orphan; echo ready; sleep 1000";
    let attempt = yard.shell("a", line);
    let steps = yard.runtime.block_on(async { Arc::new(yard.steps()) });
    let (own, again) = (Arc::clone(&steps), attempt.clone());
    let run = yard.runtime.spawn(async move { own.run(&again).await });
    says(&attempt.folder, "ready");
    let orphan = std::fs::read_to_string(yard.path("orphan")).unwrap().trim().parse().unwrap();
    assert!(alive(orphan));
    crash(shim(&attempt.folder));
    lost(&yard.wait(run).unwrap().unwrap());
    until("it is ended", || !alive(orphan));
}

#[test]
fn an_attempt_of_another_boot_is_lost_unless_its_exit_is_there() {
    let yard = Yard::new();
    let claimed = |name: &str, text: &str| {
        let attempt = yard.shell(name, EFFECT);
        std::fs::create_dir_all(&attempt.folder).unwrap();
        symlink(text, attempt.folder.join("claim")).unwrap();
        attempt
    };
    // This very process lives, but it was not it that claimed in another boot.
    let own = std::process::id();
    let start = process::start_time(i32::try_from(own).unwrap()).unwrap();
    let other = claimed("other", &format!("{own} {start} another"));
    assert!(lost(&yard.run(&other)).contains("started anew"));
    // A pid that is used again.
    let reused = claimed("reused", &format!("{own} {} {}", start + 1, process::boot()));
    assert!(lost(&yard.run(&reused)).contains("was killed"));
    let garbled = claimed("garbled", "what is this");
    assert!(lost(&yard.run(&garbled)).contains("cannot be read"));
    // An exit that was half on the disk.
    let torn = claimed("torn", &format!("{own} {start} another"));
    std::fs::write(torn.folder.join("exit.json"), r#"{"code":0,"#).unwrap();
    assert!(lost(&yard.run(&torn)).contains("started anew"));
    assert_eq!(yard.lines("effects"), 0);

    let attempt = yard.shell("before", EFFECT);
    let end = yard.run(&attempt);
    let later = StepSpec { boot: "another".to_owned(), ..attempt };
    assert_eq!(yard.run(&later), end);
    assert_eq!(yard.lines("effects"), 1);
}
