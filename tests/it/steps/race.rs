//! What happens on the way to the claim; the shim is held up there, which release builds cannot.

use std::time::Duration;

use gaia::{
    adapter::SystemSteps,
    port::{StepSpec, Steps},
};

use super::{EFFECT, Yard, code, order_and_die};
use crate::house::until;

/// The same; returns while the shim is on its way to the claim.
fn order_and_die_early(yard: &Yard, steps: SystemSteps, attempt: &StepSpec) {
    let host = order_and_die(yard, steps, attempt);
    until("its shim is on the way", || yard.all().iter().any(|pid| *pid != host));
    assert!(!attempt.folder.join("claim").is_symlink());
}

fn slow(yard: &Yard) -> SystemSteps {
    yard.steps().with("GAIA_STEP_DELAY_MS", "1500")
}

#[test]
fn a_caller_that_dies_before_the_claim_is_replaced_and_the_attempt_runs_once() {
    let yard = Yard::new();
    let attempt = yard.shell("a", EFFECT);
    order_and_die_early(&yard, slow(&yard), &attempt);
    assert_eq!(code(&yard.run(&attempt)), (Some(0), false));
    until("nothing runs", || yard.all().is_empty());
    assert_eq!(yard.lines("effects"), 1);
}

#[test]
fn without_the_claim_it_would_run_twice() {
    let yard = Yard::new();
    let attempt = yard.shell("a", EFFECT);
    order_and_die_early(&yard, slow(&yard).with("GAIA_STEP_MUTANT", "noexcl"), &attempt);
    assert_eq!(code(&yard.run(&attempt)), (Some(0), false));
    until("nothing runs", || yard.all().is_empty());
    assert_eq!(yard.lines("effects"), 2);
}

#[test]
fn an_attempt_that_was_stopped_before_its_claim_never_runs() {
    let yard = Yard::new();
    let attempt = yard.shell("a", EFFECT);
    order_and_die_early(&yard, slow(&yard), &attempt);
    let stop = async { yard.steps().stop(&attempt.folder, 15, Duration::ZERO).await };
    yard.wait(stop).unwrap();
    until("nothing runs", || yard.all().is_empty());
    assert_eq!(yard.lines("effects"), 0);
}
