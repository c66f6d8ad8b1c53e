use proptest::prelude::*;

use super::{Act, Delivery, Look, Manner, Receipt, Sign, Why};
use crate::agent::evidence::{Composer, Need, State};
use crate::base::Moment;

const MANNER: Manner = Manner {
    enter_after_ms: 300,
    confirm_ms: 3000,
    enter_retries: 3,
    echo_ms: 5000,
    patience_ms: 10_000,
    composer: true,
};

fn look(state: State, composer: Composer) -> Look {
    Look { state, composer, copy_mode: false, bracketed: true, foreground: true }
}

fn clear() -> Sign {
    Sign::Look(look(State::Idle, Composer::Empty))
}

fn echoed() -> Sign {
    Sign::Look(look(State::Idle, Composer::Draft("hello".into())))
}

fn working() -> Sign {
    Sign::Look(look(State::Working, Composer::Empty))
}

fn dialog(composer: Composer) -> Sign {
    Sign::Look(look(State::Waiting(Need::Dialog), composer))
}

/// One word for each act that is not a wait, with its time.
fn story(prompt: &str, manner: &Manner, signs: Vec<(u64, Sign)>) -> Vec<String> {
    let mut delivery = Delivery::new(prompt, manner.clone(), Moment(0)).expect("it can be typed");
    let mut acts = Vec::new();
    for (at, sign) in signs {
        match delivery.take(sign, Moment(at)) {
            Act::Wait { until, .. } => assert!(until > Moment(0), "it knows when to look again"),
            Act::Type(bytes) => acts.push(format!("{at} type {}", bytes.len())),
            Act::PressEnter => acts.push(format!("{at} enter")),
            Act::Accepted => acts.push(format!("{at} accepted")),
            Act::Refused(why) => acts.push(format!("{at} refused {why:?}")),
            Act::Unknown(why) => acts.push(format!("{at} unknown {why:?}")),
        }
    }
    acts
}

#[test]
fn a_prompt_climbs_from_receipt_to_receipt() {
    let mut delivery = Delivery::new("hello\n", MANNER, Moment(0)).expect("it can be typed");
    let mut steps = Vec::new();
    let signs = vec![
        (10, clear()),
        (20, Sign::Typed),
        (60, Sign::Output),
        (359, echoed()),
        (360, echoed()),
        (400, Sign::Output),
        (450, Sign::Prompt),
    ];
    assert_eq!(delivery.receipt(), Receipt::Queued);
    for (at, sign) in signs {
        let act = delivery.take(sign, Moment(at));
        steps.push((act, delivery.receipt()));
    }
    let wait = |at: u64| Act::Wait { until: Moment(at), why: None };
    let typed = Act::Type(b"\x1b[200~hello\x1b[201~".to_vec());
    let expected = vec![
        (typed, Receipt::Typed),
        (wait(320), Receipt::Typed),
        (wait(360), Receipt::Typed),
        (wait(360), Receipt::Typed),
        (Act::PressEnter, Receipt::Submitted),
        (wait(3360), Receipt::Submitted),
        (Act::Accepted, Receipt::Accepted),
    ];
    assert_eq!(steps, expected);
}

#[test]
fn every_obstacle_is_waited_for_and_then_refused_with_nothing_typed() {
    let idle = || look(State::Idle, Composer::Empty);
    let state = |state: State| look(state, Composer::Empty);
    let table = [
        (Look { foreground: false, ..idle() }, Why::Foreground),
        (Look { copy_mode: true, ..idle() }, Why::CopyMode),
        (state(State::Waiting(Need::Dialog)), Why::Dialog),
        (state(State::Waiting(Need::Permission)), Why::Dialog),
        (state(State::Waiting(Need::Question)), Why::Dialog),
        (state(State::Working), Why::Busy),
        (state(State::Retrying), Why::Busy),
        (state(State::Stalled), Why::Busy),
        (state(State::Limited { until: None }), Why::Limited),
        (state(State::Starting), Why::NotReady),
        (state(State::Unknown), Why::NotReady),
        (look(State::Idle, Composer::Absent), Why::NotReady),
        (look(State::Idle, Composer::Draft("mine".into())), Why::Draft),
    ];
    for (obstacle, why) in table {
        let mut delivery = Delivery::new("hello", MANNER, Moment(0)).expect("it can be typed");
        let wait = Act::Wait { until: Moment(600), why: Some(why) };
        assert_eq!(delivery.take(Sign::Look(obstacle.clone()), Moment(100)), wait);
        let mut patient = delivery.clone();
        assert!(matches!(patient.take(clear(), Moment(9_999)), Act::Type(_)));
        assert_eq!(delivery.take(Sign::Look(obstacle), Moment(10_000)), Act::Refused(why));
        assert_eq!(delivery.take(clear(), Moment(20_000)), Act::Refused(why));
    }
}

#[test]
fn a_prompt_follows_an_error_of_the_turn_before() {
    let failed = Sign::Look(look(State::Failed, Composer::Empty));
    let drafted = Sign::Look(look(State::Failed, Composer::Draft("hello".into())));
    let signs = vec![
        (10, failed.clone()),
        (20, Sign::Typed),
        (320, drafted),
        (400, failed),
        (500, working()),
    ];
    assert_eq!(story("hello", &MANNER, signs), ["10 type 17", "320 enter", "500 accepted"]);
}

#[test]
fn enter_comes_only_when_the_echo_is_at_rest_and_is_to_be_seen() {
    let mut signs = vec![(10, clear()), (20, Sign::Typed)];
    signs.extend((1..20).flat_map(|n| [(20 + n * 100, Sign::Output), (60 + n * 100, echoed())]));
    signs.extend([(2219, echoed()), (2220, clear()), (2600, echoed())]);
    assert_eq!(story("hello", &MANNER, signs), ["10 type 17", "2600 enter"]);
}

#[test]
fn a_screen_that_never_rests_gets_enter_when_the_text_is_to_be_seen() {
    let mut signs = vec![(10, clear()), (20, Sign::Typed)];
    signs.extend((1..=51).flat_map(|n| [(20 + n * 100, Sign::Output), (20 + n * 100, echoed())]));
    assert_eq!(story("hello", &MANNER, signs), ["10 type 17", "5020 enter"]);
}

/// A prompt that was typed and got its Enter at 320, and what came of it.
fn after_enter(rest: Vec<(u64, Sign)>) -> Vec<String> {
    let mut signs = vec![(10, clear()), (20, Sign::Typed), (320, echoed())];
    signs.extend(rest);
    story("hello", &MANNER, signs).split_off(2)
}

#[test]
fn enter_is_pressed_again_only_while_the_text_still_stands_there() {
    let heard = |at: u64, sign: Sign| vec![(at - 100, Sign::Output), (at, sign)];
    let again = [3320, 6320, 9320, 12_320];
    let pressed = after_enter(again.iter().flat_map(|at| heard(*at, echoed())).collect());
    assert_eq!(pressed, ["3320 enter", "6320 enter", "9320 enter", "12320 unknown NotTaken"]);
    let mut then = heard(3320, echoed());
    then.push((3400, working()));
    assert_eq!(after_enter(then), ["3320 enter", "3400 accepted"]);
    assert_eq!(after_enter(heard(3319, clear())), [""; 0]);
    assert_eq!(after_enter(heard(3320, clear())), ["3320 unknown NoSign"]);
    let held = dialog(Composer::Draft("hello".into()));
    assert_eq!(after_enter(heard(3320, held)), ["3320 unknown Dialog"]);
    let mut typing = vec![(400, Sign::Person)];
    typing.extend(heard(3320, echoed()));
    assert_eq!(after_enter(typing), ["3320 unknown Person"]);
}

#[test]
fn a_program_that_paints_nothing_is_given_longer_before_enter_is_pressed_again() {
    assert_eq!(after_enter(vec![(3320, echoed()), (12_319, echoed())]), [""; 0]);
    assert_eq!(after_enter(vec![(12_320, echoed())]), ["12320 enter"]);
    assert_eq!(after_enter(vec![(9000, Sign::Output), (9010, working())]), ["9010 accepted"]);
}

#[test]
fn what_follows_enter_tells_whether_the_prompt_was_taken() {
    let table = [
        (State::Working, true),
        (State::Retrying, true),
        (State::Failed, true),
        (State::Limited { until: None }, true),
        (State::Waiting(Need::Permission), true),
        (State::Waiting(Need::Question), true),
        (State::Waiting(Need::Dialog), false),
        (State::Idle, false),
        (State::Unknown, false),
    ];
    for (state, taken) in table {
        let then = Sign::Look(look(state.clone(), Composer::Empty));
        let signs = vec![(10, clear()), (20, Sign::Typed), (320, echoed()), (400, then)];
        let acts = story("hello", &MANNER, signs);
        assert_eq!(acts.last().is_some_and(|act| act == "400 accepted"), taken, "{state}");
    }
}

#[test]
fn every_fault_on_the_way_has_its_end() {
    let typed = || vec![(10, clear())];
    let echo = || vec![(10, clear()), (20, Sign::Typed)];
    let sent = || vec![(10, clear()), (20, Sign::Typed), (320, echoed())];
    let table = [
        (vec![], Sign::Gone, 50, "50 refused Gone"),
        (vec![], Sign::Look(look(State::Lost, Composer::Absent)), 50, "50 refused Gone"),
        (typed(), Sign::Short(0), 50, "50 refused NotWritten"),
        (typed(), Sign::Short(4), 50, "50 unknown PartWritten"),
        (typed(), clear(), 5010, "5010 unknown NoReceipt"),
        (typed(), Sign::Gone, 50, "50 unknown Gone"),
        (typed(), Sign::Person, 50, "50 unknown Person"),
        (echo(), Sign::Person, 50, "50 unknown Person"),
        (echo(), clear(), 5020, "5020 unknown NoEcho"),
        (echo(), dialog(Composer::Absent), 5020, "5020 unknown Dialog"),
        (echo(), Sign::Prompt, 50, "50 accepted"),
        (echo(), Sign::Gone, 50, "50 unknown Gone"),
        (sent(), Sign::Gone, 400, "400 unknown Gone"),
    ];
    for (before, fault, at, end) in table {
        let mut signs = before;
        signs.push((at, fault.clone()));
        let acts = story("hello", &MANNER, signs);
        assert_eq!(acts.last().map(String::as_str), Some(end), "{fault:?} at {at}");
    }
}

#[test]
fn a_person_who_is_typing_is_waited_for() {
    let signs = vec![(10, Sign::Person), (20, clear()), (1509, clear()), (1510, clear())];
    assert_eq!(story("hello", &MANNER, signs), ["1510 type 17"]);
}

#[test]
fn a_prompt_of_somebody_else_is_not_ours() {
    let signs = vec![(5, Sign::Prompt), (10, clear()), (15, Sign::Prompt), (20, Sign::Typed)];
    assert_eq!(story("hello", &MANNER, signs), ["10 type 17"]);
}

#[test]
fn a_long_prompt_has_more_time_for_its_echo_and_its_sign() {
    let long = "x".repeat(512 * 1024);
    let signs = |at| vec![(10, clear()), (20, Sign::Typed), (at, clear())];
    let acts = story(&long, &MANNER, signs(5020));
    assert_eq!(acts, ["10 type 524300"]);
    assert_eq!(story(&long, &MANNER, signs(21_404)).len(), 2);
    let sent = |at| {
        let enter = vec![(10, clear()), (20, Sign::Typed), (320, echoed())];
        [enter, vec![(400, Sign::Output), (at, clear())]].concat()
    };
    assert_eq!(story(&long, &MANNER, sent(19_703)).len(), 2);
    assert_eq!(story(&long, &MANNER, sent(19_704)).pop(), Some("19704 unknown NoSign".to_owned()));
}

#[test]
fn a_program_without_an_input_line_gets_enter_when_it_is_quiet() {
    let manner = Manner { composer: false, ..MANNER };
    let plain = |state| Sign::Look(Look { bracketed: false, ..look(state, Composer::Absent) });
    let signs = vec![(10, plain(State::Idle)), (20, Sign::Typed), (320, plain(State::Idle))];
    assert_eq!(story("hello;", &manner, signs), ["10 type 6", "320 enter"]);
}

#[test]
fn several_lines_are_not_typed_into_a_program_that_would_split_them() {
    let bare = || Sign::Look(Look { bracketed: false, ..look(State::Idle, Composer::Empty) });
    let acts = story("one\ntwo", &MANNER, vec![(10, bare()), (10_000, bare())]);
    assert_eq!(acts, ["10000 refused Lines"]);
}

#[test]
fn a_text_that_would_be_keys_is_refused_before_anything_is_done() {
    let table = [
        ("", Why::Nothing),
        ("\n\n", Why::Nothing),
        ("a\x1b[201~b", Why::Control),
        ("a\x03", Why::Control),
        ("a\rb", Why::Control),
        ("a\u{9b}b", Why::Control),
    ];
    for (text, why) in table {
        assert_eq!(Delivery::new(text, MANNER, Moment(0)).err(), Some(why), "{text:?}");
    }
    assert!(Delivery::new("tab\t日本 #{} ;\r\nline\r\n", MANNER, Moment(0)).is_ok());
}

#[test]
fn after_a_restart_what_was_typed_is_never_typed_again() {
    let unknown = Receipt::Unknown(Why::Restart);
    assert_eq!(Delivery::after_restart(Receipt::Queued), Receipt::Queued);
    assert_eq!(Delivery::after_restart(Receipt::Typed), unknown);
    assert_eq!(Delivery::after_restart(Receipt::Submitted), unknown);
    assert_eq!(Delivery::after_restart(Receipt::Accepted), Receipt::Accepted);
}

fn any_look() -> impl Strategy<Value = Sign> {
    let states = prop_oneof![
        4 => Just(State::Idle),
        1 => Just(State::Working),
        1 => Just(State::Waiting(Need::Dialog)),
        1 => Just(State::Unknown),
        1 => Just(State::Failed),
    ];
    let composers = prop_oneof![
        3 => Just(Composer::Empty),
        3 => Just(Composer::Draft("x".into())),
        1 => Just(Composer::Absent),
    ];
    let odd = prop::bool::weighted(0.1);
    (states, composers, odd, odd).prop_map(|(state, composer, copy_mode, other)| {
        Sign::Look(Look { copy_mode, foreground: !other, ..look(state, composer) })
    })
}

fn any_sign() -> impl Strategy<Value = Sign> {
    prop_oneof![
        10 => any_look(),
        3 => Just(Sign::Typed),
        3 => Just(Sign::Output),
        1 => Just(Sign::Prompt),
        1 => Just(Sign::Person),
        1 => Just(Sign::Short(0)),
    ]
}

proptest! {
    /// Whatever happens: typed at most once, into a clear line; Enter only into a line that shows
    /// text, never into a dialog; an end is an end.
    #[test]
    fn typed_at_most_once_and_never_over_a_draft(
        signs in prop::collection::vec((0_u64..2000, any_sign()), 0..80)
    ) {
        let mut delivery = Delivery::new("hello", MANNER, Moment(0)).expect("it can be typed");
        let (mut at, mut typed, mut enters, mut end) = (0, 0, 0, None);
        for (pause, sign) in signs {
            at += pause;
            let act = delivery.take(sign.clone(), Moment(at));
            if let Some(end) = &end {
                prop_assert_eq!(&act, end);
            }
            let seen = if let Sign::Look(look) = sign { Some(look) } else { None };
            match act {
                Act::Wait { .. } => (),
                Act::Type(_) => {
                    typed += 1;
                    let clear = seen.is_some_and(|look| {
                        look.composer == Composer::Empty && look.foreground && !look.copy_mode
                    });
                    prop_assert!(clear && typed == 1);
                }
                Act::PressEnter => {
                    enters += 1;
                    let shown = seen.is_some_and(|look| {
                        matches!(look.composer, Composer::Draft(_))
                            && look.foreground
                            && !matches!(look.state, State::Waiting(_))
                    });
                    prop_assert!(shown && typed == 1 && enters <= 4);
                }
                over @ (Act::Accepted | Act::Refused(_) | Act::Unknown(_)) => end = Some(over),
            }
        }
    }
}
