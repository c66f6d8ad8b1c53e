use proptest::prelude::*;

use super::super::{Change, Composer, Hook, Judgement, Need, Sign, Source, State, Watch};
use crate::base::Moment;

const SILENCE_MS: u64 = 60_000;

fn seen(state: State, source: Source, moved: u64) -> Sign {
    let (rule, evidence) = ("r".to_owned(), "line".to_owned());
    let composer = Composer::Empty;
    Sign::Judged(Judgement { state, rule, evidence, source, composer, moved })
}

fn screen(state: State) -> Sign {
    seen(state, Source::Screen, 1)
}

fn title(state: State) -> Sign {
    seen(state, Source::Title, 1)
}

fn hook(hook: Hook) -> Sign {
    Sign::Hook(hook, "said".to_owned())
}

/// The states that a row of signs leads to, each with its time.
fn story(signs: Vec<(u64, Sign)>) -> Vec<(u64, String)> {
    let mut watch = Watch::new(SILENCE_MS, Moment(0));
    let mut changes = Vec::new();
    for (at, sign) in signs {
        if let Some(Change { now, .. }) = watch.take(sign, Moment(at)) {
            assert_eq!(now.since, Moment(at));
            changes.push((at, now.state.to_string()));
        }
    }
    changes
}

fn told(changes: &[(u64, &str)]) -> Vec<(u64, String)> {
    changes.iter().map(|(at, state)| (*at, (*state).to_owned())).collect()
}

#[test]
fn work_on_the_screen_counts_at_once_and_ends_when_its_end_was_seen_twice() {
    let changes = story(vec![
        (10, screen(State::Idle)),
        (20, screen(State::Working)),
        (100, screen(State::Idle)),
        (150, screen(State::Working)),
        (200, screen(State::Idle)),
        (399, screen(State::Idle)),
        (400, screen(State::Idle)),
    ]);
    assert_eq!(changes, told(&[(10, "idle"), (20, "working"), (400, "idle")]));
}

#[test]
fn a_failure_must_be_seen_twice() {
    let changes = story(vec![
        (10, screen(State::Idle)),
        (20, screen(State::Failed)),
        (60, screen(State::Working)),
        (70, screen(State::Failed)),
        (270, screen(State::Failed)),
    ]);
    assert_eq!(changes, told(&[(10, "idle"), (60, "working"), (270, "failed")]));
}

#[test]
fn a_hook_counts_at_once() {
    let changes = story(vec![
        (10, hook(Hook::Started)),
        (20, hook(Hook::Prompt)),
        (30, hook(Hook::Tool)),
        (40, hook(Hook::Permission)),
        (50, hook(Hook::Tool)),
        (60, hook(Hook::Question)),
        (70, hook(Hook::Idle)),
        (80, hook(Hook::Limited { until: Some("5 pm".into()) })),
        (90, hook(Hook::Failed)),
    ]);
    let expected = [
        (10, "idle"),
        (20, "working"),
        (40, "waiting(permission)"),
        (50, "working"),
        (60, "waiting(question)"),
        (70, "idle"),
        (80, "limited(until 5 pm)"),
        (90, "failed"),
    ];
    assert_eq!(changes, told(&expected));
}

#[test]
fn a_screen_against_a_hook_must_be_seen_twice_on_output_that_is_newer() {
    let changes = story(vec![
        (10, hook(Hook::Prompt)),
        (50, screen(State::Idle)),
        (300, screen(State::Idle)),
        (310, Sign::Output),
        (320, screen(State::Idle)),
        (519, screen(State::Idle)),
        (520, screen(State::Idle)),
    ]);
    assert_eq!(changes, told(&[(10, "working"), (520, "idle")]));
}

#[test]
fn a_screen_against_a_title_must_be_seen_twice_and_not_the_other_way_round() {
    let asks = State::Waiting(Need::Permission);
    let changes = story(vec![
        (10, title(State::Working)),
        (20, screen(asks.clone())),
        (219, screen(asks.clone())),
        (220, screen(asks)),
        (230, title(State::Working)),
    ]);
    assert_eq!(changes, told(&[(10, "working"), (220, "waiting(permission)"), (230, "working")]));
}

#[test]
fn a_picture_half_painted_changes_nothing() {
    let changes = story(vec![
        (10, screen(State::Unknown)),
        (2000, screen(State::Unknown)),
        (2010, screen(State::Working)),
        (2020, screen(State::Unknown)),
        (2500, screen(State::Unknown)),
        (2600, screen(State::Working)),
        (2700, screen(State::Unknown)),
        (3700, screen(State::Unknown)),
        (3800, hook(Hook::Idle)),
        (3900, Sign::Output),
        (3910, screen(State::Unknown)),
        (9000, screen(State::Unknown)),
    ]);
    assert_eq!(changes, told(&[(2010, "working"), (3700, "unknown"), (3800, "idle")]));
}

#[test]
fn work_that_shows_no_progress_is_stalled_until_something_moves() {
    let at = SILENCE_MS + 20;
    let changes = story(vec![
        (20, seen(State::Working, Source::Screen, 1)),
        (500, seen(State::Working, Source::Screen, 1)),
        (at - 1, Sign::Tick),
        (at, Sign::Tick),
        (at + 10, seen(State::Working, Source::Screen, 1)),
        (at + 20, seen(State::Working, Source::Screen, 2)),
    ]);
    assert_eq!(changes, told(&[(20, "working"), (at, "stalled"), (at + 20, "working")]));
}

#[test]
fn silence_while_idle_or_waiting_is_no_stall() {
    for state in [State::Idle, State::Waiting(Need::Question), State::Limited { until: None }] {
        let late = Sign::Tick;
        assert_eq!(story(vec![(20, screen(state)), (SILENCE_MS * 9, late)]).len(), 1);
    }
}

#[test]
fn an_end_is_final_until_the_next_start() {
    let changes = story(vec![
        (10, Sign::Exited(Some(3))),
        (20, hook(Hook::Prompt)),
        (30, screen(State::Working)),
        (40, Sign::Lost),
        (50, Sign::Started),
        (60, Sign::Lost),
        (70, Sign::Exited(None)),
    ]);
    assert_eq!(changes, told(&[(10, "exited(3)"), (50, "starting"), (60, "lost")]));
}

#[test]
fn it_tells_when_it_wants_to_look_again() {
    let mut watch = Watch::new(SILENCE_MS, Moment(0));
    assert_eq!(watch.wake(), None);
    watch.take(screen(State::Working), Moment(10));
    assert_eq!(watch.wake(), Some(Moment(10 + SILENCE_MS)));
    watch.take(screen(State::Idle), Moment(20));
    assert_eq!(watch.wake(), Some(Moment(220)));
    watch.take(screen(State::Idle), Moment(220));
    assert_eq!(watch.wake(), None);
}

fn any_state() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Working),
        Just(State::Idle),
        Just(State::Waiting(Need::Permission)),
        Just(State::Failed),
        Just(State::Retrying),
        Just(State::Limited { until: None }),
        Just(State::Unknown),
    ]
}

fn any_sign() -> impl Strategy<Value = Sign> {
    prop_oneof![
        4 => (any_state(), 0_u64..3).prop_map(|(state, moved)| seen(state, Source::Screen, moved)),
        2 => (any_state(), 0_u64..3).prop_map(|(state, moved)| seen(state, Source::Title, moved)),
        2 => Just(Sign::Output),
        2 => Just(Sign::Tick),
        1 => Just(hook(Hook::Prompt)),
        1 => Just(hook(Hook::Idle)),
    ]
}

proptest! {
    /// Waiting takes somebody who said so; silence and doubt are not enough.
    #[test]
    fn nobody_waits_without_evidence(signs in prop::collection::vec((0_u64..90_000, any_sign()), 0..60)) {
        let mut watch = Watch::new(SILENCE_MS, Moment(0));
        let (mut at, mut asked) = (0, false);
        for (pause, sign) in signs {
            at += pause;
            asked |= matches!(&sign, Sign::Judged(seen) if matches!(seen.state, State::Waiting(_)));
            watch.take(sign, Moment(at));
            prop_assert!(asked || !matches!(watch.standing().state, State::Waiting(_)));
        }
    }

    /// A change is a change, and its time is the time of the sign that made it.
    #[test]
    fn a_change_differs_from_what_was(signs in prop::collection::vec((0_u64..500, any_sign()), 0..60)) {
        let mut watch = Watch::new(SILENCE_MS, Moment(0));
        let mut at = 0;
        for (pause, sign) in signs {
            at += pause;
            let before = watch.standing().clone();
            match watch.take(sign, Moment(at)) {
                Some(change) => {
                    prop_assert_ne!(&change.was, &change.now.state);
                    prop_assert_eq!(&change.was, &before.state);
                    prop_assert_eq!(change.now.since, Moment(at));
                }
                None => prop_assert_eq!(&watch.standing().state, &before.state),
            }
        }
    }

    /// What the screen shows steadily wins in the end, whatever came before.
    #[test]
    fn a_steady_screen_is_believed(
        signs in prop::collection::vec((0_u64..500, any_sign()), 0..30), state in any_state(),
    ) {
        prop_assume!(state != State::Unknown);
        let mut watch = Watch::new(SILENCE_MS, Moment(0));
        let mut at = 0;
        for (pause, sign) in signs {
            at += pause;
            watch.take(sign, Moment(at));
        }
        for moved in 10..14 {
            at += 210;
            watch.take(Sign::Output, Moment(at));
            watch.take(seen(state.clone(), Source::Screen, moved), Moment(at));
        }
        prop_assert_eq!(&watch.standing().state, &state);
    }
}
