use proptest::prelude::*;

use super::{health::Counter, *};
use crate::{
    base::Moment,
    service::{
        model::{Kind, Policy, RestartRule},
        probe::Role,
    },
};

fn check(role: Role) -> CheckRule {
    CheckRule { role, failures: 3, successes: 1, start_period_ms: 0 }
}

fn rules(checks: Vec<CheckRule>) -> Rules {
    Rules {
        kind: Kind::Simple,
        restart: RestartRule::default(),
        start_ms: 60_000,
        prepare_ms: 60_000,
        stop_ms: 15_000,
        checks,
    }
}

fn gated() -> Rules {
    rules(vec![check(Role::Ready), check(Role::Alive)])
}

fn now(at: u64) -> Now {
    Now { at: Moment(at), dice: u16::MAX }
}

fn ended(incarnation: u32, how: How) -> Ended {
    Ended { incarnation, how, permanent: false, left: false }
}

/// A service on its way, by inputs.
struct Life {
    rules: Rules,
    state: State,
    told: Vec<Told>,
    effects: Vec<Effect>,
    at: u64,
}

impl Life {
    fn new(rules: Rules) -> Self {
        Self { rules, state: State::new(Moment(0)), told: vec![], effects: vec![], at: 1_000 }
    }

    fn on(&mut self, input: Input) -> &mut Self {
        let step = decide(&self.rules, &self.state, input, now(self.at));
        self.state = step.state;
        self.told.extend(step.told);
        self.effects = step.effects;
        self
    }

    fn later(&mut self, ms: u64) -> &mut Self {
        self.at += ms;
        self
    }

    fn up(&mut self) -> &mut Self {
        self.on(Input::Start { once: false, by: By::Operator });
        self.on(Input::Conditions(Conditions::Met)).on(Input::Prepared);
        let incarnation = self.state.incarnation + 1;
        self.on(Input::Started { incarnation, preparing: false })
    }

    fn ready(&mut self) -> &mut Self {
        self.up();
        let incarnation = self.state.incarnation;
        self.on(Input::Answered { incarnation, check: 0, answer: Answer::Good })
    }

    fn dies(&mut self, code: i32) -> &mut Self {
        let incarnation = self.state.incarnation;
        self.on(Input::Exited(ended(incarnation, How::Code(code))))
    }

    fn answers(&mut self, check: usize, answer: Answer) -> &mut Self {
        let incarnation = self.state.incarnation;
        self.on(Input::Answered { incarnation, check, answer })
    }

    /// From a pause or the wait for conditions to the next life.
    fn again(&mut self) -> &mut Self {
        if let Phase::Backoff { .. } = self.state.phase {
            let number = self.state.pauses;
            self.on(Input::Woke(Timer::Backoff(number)));
        }
        self.on(Input::Conditions(Conditions::Met)).on(Input::Prepared);
        let incarnation = self.state.incarnation + 1;
        self.on(Input::Started { incarnation, preparing: false })
    }

    fn phase(&self) -> &'static str {
        self.state.phase.word()
    }
}

fn bad() -> Answer {
    Answer::Bad("no".into())
}

#[test]
fn a_start_goes_by_conditions_preparation_and_its_gate() {
    let mut life = Life::new(gated());
    life.on(Input::Start { once: false, by: By::Operator });
    assert_eq!((life.phase(), &life.effects[..]), ("waiting", &[Effect::Check][..]));
    life.on(Input::Conditions(Conditions::Unmet(vec!["db".into()])));
    assert_eq!(life.state.phase, Phase::Waiting(vec!["db".into()]));
    life.on(Input::Conditions(Conditions::Blocked(vec!["db".into()])));
    assert_eq!(life.phase(), "blocked");
    life.on(Input::Conditions(Conditions::Met));
    assert_eq!((life.phase(), &life.effects[..]), ("preparing", &[Effect::Prepare][..]));
    life.on(Input::Prepared);
    assert_eq!(life.effects, [Effect::Spawn, Effect::Wake(Timer::Prepare(1), 60_000)]);
    life.on(Input::Started { incarnation: 1, preparing: true });
    assert_eq!(life.phase(), "preparing");
    life.on(Input::Started { incarnation: 1, preparing: false });
    assert_eq!((life.phase(), &life.state.health), ("starting", &Health::Starting));
    life.answers(1, Answer::Good).answers(0, bad());
    assert_eq!(life.phase(), "starting");
    life.answers(0, Answer::Good);
    assert_eq!((life.phase(), &life.state.health), ("running", &Health::Ready));
}

#[test]
fn readiness_moves_health_and_never_kills() {
    let mut life = Life::new(gated());
    life.ready();
    for _ in 0..20 {
        life.answers(0, bad());
        assert_eq!(life.phase(), "running");
        assert!(life.effects.is_empty());
    }
    assert!(matches!(life.state.health, Health::NotReady { .. }));
    life.answers(0, Answer::Good);
    assert_eq!(life.state.health, Health::Ready);
    assert_eq!(life.state.restarts, 0);
}

#[test]
fn thresholds_count_answers_in_a_row() {
    let mut life = Life::new(gated());
    life.ready().answers(0, bad()).answers(0, bad()).answers(0, Answer::Good).answers(0, bad());
    assert_eq!(life.state.health, Health::Ready);
    life.answers(0, bad()).answers(0, bad());
    assert!(matches!(life.state.health, Health::NotReady { .. }));
    life.rules.checks[0].successes = 2;
    life.answers(0, Answer::Good);
    assert!(matches!(life.state.health, Health::NotReady { .. }));
    life.answers(0, Answer::Good);
    assert_eq!(life.state.health, Health::Ready);
}

#[test]
fn liveness_restarts_and_counts_as_a_failure() {
    let mut life = Life::new(gated());
    life.ready().answers(1, bad()).answers(1, bad());
    assert_eq!(life.phase(), "running");
    life.answers(1, bad());
    assert!(matches!(life.state.phase, Phase::Stopping { why: StopWhy::Unhealthy(_), .. }));
    assert_eq!(life.effects[0], Effect::Stop { kill: false });
    life.on(Input::Exited(ended(1, How::Stopped(Some(0), None))));
    life.on(Input::Emptied { incarnation: 1 });
    assert_eq!((life.phase(), life.state.restarts), ("waiting", 1));
}

#[test]
fn a_probe_that_cannot_be_asked_says_nothing_of_the_service() {
    let mut life = Life::new(gated());
    life.ready();
    for _ in 0..9 {
        life.answers(0, Answer::Unasked("no descriptor".into()));
        life.answers(1, Answer::Unasked("no descriptor".into()));
        assert_eq!(life.state.health, Health::Ready);
    }
    life.answers(0, Answer::Unasked("no descriptor".into()));
    assert_eq!((life.phase(), &life.state.health), ("running", &Health::Unknown));
    life.answers(0, Answer::Good);
    assert_eq!(life.state.health, Health::Ready);
}

#[test]
fn a_start_that_takes_too_long_is_a_failure() {
    let mut life = Life::new(gated());
    life.up();
    let deadline = life.state.deadline;
    life.on(Input::Extend { incarnation: 1, ms: 90_000 });
    life.on(Input::Woke(Timer::Deadline(1, deadline)));
    assert_eq!(life.phase(), "starting", "a deadline that was moved rings for nobody");
    life.on(Input::Woke(Timer::Deadline(1, deadline + 1)));
    assert!(matches!(life.state.phase, Phase::Stopping { why: StopWhy::StartTimeout, .. }));
}

#[test]
fn restarts_come_at_once_after_a_good_run_and_later_each_time_in_a_loop() {
    let mut life = Life::new(gated());
    life.ready().dies(1);
    assert_eq!(life.phase(), "waiting", "the first comes at once");
    let mut pauses = vec![];
    for _ in 0..9 {
        life.again().dies(1);
        if let Some(Told::BackedOff(ms)) = life.told.last() {
            pauses.push(*ms);
        }
    }
    assert_eq!(pauses, [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600]);
    life.again().dies(1);
    assert!(matches!(life.state.phase, Phase::Failed(Why::CrashLoop(_))));
    assert_eq!(life.effects, [Effect::Evidence]);
    assert_eq!(life.state.restarts, 10);
}

#[test]
fn a_stable_time_forgives_and_the_counter_never_does() {
    let mut life = Life::new(gated());
    life.ready().dies(1).again();
    life.answers(0, Answer::Good);
    let stable = life.state.stable;
    assert!(life.effects.contains(&Effect::Wake(Timer::Stable(stable), 10_000)));
    life.on(Input::Woke(Timer::Stable(stable)));
    assert_eq!((life.state.attempt, life.state.ledger.len(), life.state.restarts), (0, 0, 1));
}

#[test]
fn old_restarts_fall_out_of_the_window() {
    let mut life = Life::new(gated());
    life.rules.restart.limit = 2;
    life.up().dies(1).again().later(200_000).dies(1).again().later(200_000).dies(1);
    assert_eq!(life.phase(), "backoff");
    life.again().dies(1);
    assert_eq!(life.phase(), "failed");
}

#[test]
fn what_no_restart_can_cure_fails_at_once() {
    for code in [126, 127, 78] {
        let mut life = Life::new(gated());
        life.up().dies(code);
        assert!(matches!(life.state.phase, Phase::Failed(Why::Permanent(_))), "{code}");
    }
    let mut life = Life::new(gated());
    life.on(Input::Start { once: false, by: By::Gaia }).on(Input::Conditions(Conditions::Met));
    life.on(Input::Unprepared { why: "port 80 is held".into(), permanent: true });
    assert_eq!(life.state.phase, Phase::Failed(Why::NotStarted("port 80 is held".into())));
}

#[test]
fn policies() {
    let signal = || How::Signal(9);
    for (policy, how, wanted) in [
        (Policy::No, How::Code(0), "completed"),
        (Policy::No, How::Code(1), "failed"),
        (Policy::OnFailure, How::Code(0), "completed"),
        (Policy::OnFailure, How::Code(1), "waiting"),
        (Policy::OnFailure, signal(), "waiting"),
        (Policy::OnAbnormal, How::Code(1), "failed"),
        (Policy::OnAbnormal, signal(), "waiting"),
        (Policy::Always, How::Code(0), "waiting"),
        (Policy::UnlessStopped, How::Code(0), "waiting"),
        (Policy::OnFailure, How::Unknown, "waiting"),
        (Policy::Always, How::Closed, "down"),
        (Policy::Always, How::Stopped(None, Some(15)), "down"),
    ] {
        let mut life = Life::new(gated());
        life.rules.restart.policy = policy;
        life.ready();
        life.on(Input::Exited(ended(1, how.clone())));
        assert_eq!(life.phase(), wanted, "{policy:?} {how:?}");
    }
    let mut life = Life::new(gated());
    life.rules.restart.success = vec![143];
    life.ready().dies(143);
    assert_eq!(life.phase(), "completed");
    let mut life = Life::new(gated());
    life.on(Input::Start { once: true, by: By::Operator });
    life.on(Input::Conditions(Conditions::Met)).on(Input::Prepared);
    life.on(Input::Started { incarnation: 1, preparing: false }).dies(1);
    assert_eq!(life.phase(), "failed", "once is once");
}

#[test]
fn a_one_shot_that_is_always_restarted_still_ends() {
    let mut life = Life::new(rules(vec![]));
    life.rules.kind = Kind::Oneshot;
    life.rules.restart.policy = Policy::Always;
    life.up().dies(0);
    assert_eq!(life.phase(), "completed");
    life.on(Input::Due);
    assert_eq!(life.phase(), "waiting", "its schedule runs it again");
}

#[test]
fn what_it_leaves_behind_is_ended_before_the_next_one_starts() {
    let mut life = Life::new(gated());
    life.ready();
    life.on(Input::Exited(Ended { left: true, ..ended(1, How::Code(1)) }));
    assert!(matches!(life.state.phase, Phase::Stopping { why: StopWhy::Sweep, .. }));
    life.on(Input::Emptied { incarnation: 1 });
    assert_eq!(life.phase(), "waiting");
}

#[test]
fn a_stop_ends_and_a_second_one_kills() {
    let mut life = Life::new(gated());
    life.ready().on(Input::Stop { by: By::Operator });
    assert_eq!(life.effects[0], Effect::Stop { kill: false });
    life.on(Input::Stop { by: By::Operator });
    assert_eq!(life.effects, [Effect::Stop { kill: true }]);
    let stops = life.state.stops;
    life.on(Input::Woke(Timer::Stop(stops)));
    assert_eq!((life.phase(), &life.effects[..]), ("down", &[Effect::Sweep][..]));
    assert!(life.told.contains(&Told::Straggling));
}

#[test]
fn a_start_while_it_stops_starts_it_again() {
    let mut life = Life::new(gated());
    life.ready().on(Input::Stop { by: By::Operator });
    life.on(Input::Start { once: false, by: By::Operator });
    life.on(Input::Exited(ended(1, How::Stopped(None, Some(15)))));
    assert_eq!((life.phase(), life.state.restarts), ("waiting", 0));
}

#[test]
fn a_restart_by_a_person_neither_waits_nor_counts() {
    let mut life = Life::new(gated());
    life.ready().on(Input::Restart(Cause::User));
    life.on(Input::Exited(ended(1, How::Stopped(None, Some(15)))));
    assert_eq!((life.phase(), life.state.restarts, life.state.attempt), ("waiting", 0, 0));
}

#[test]
fn reports_of_an_earlier_life_change_nothing() {
    let mut life = Life::new(gated());
    life.ready().dies(1).again();
    let before = life.state.clone();
    for input in [
        Input::Exited(ended(1, How::Code(0))),
        Input::Started { incarnation: 1, preparing: false },
        Input::Answered { incarnation: 1, check: 0, answer: Answer::Good },
        Input::Emptied { incarnation: 1 },
        Input::Lost { incarnation: 1 },
        Input::Breached { incarnation: 1, what: "memory".into() },
        Input::Extend { incarnation: 1, ms: 1 },
        Input::Woke(Timer::Deadline(1, 1)),
        Input::Woke(Timer::Backoff(0)),
    ] {
        life.on(input.clone());
        assert_eq!(life.state, before, "{input:?}");
        assert!(life.effects.is_empty(), "{input:?}");
    }
}

#[test]
fn a_person_runs_it_from_its_pane() {
    let mut life = Life::new(gated());
    life.on(Input::Started { incarnation: 1, preparing: false });
    assert_eq!((life.phase(), life.state.desired), ("starting", Desired::Up));
    life.on(Input::Exited(ended(1, How::Closed)));
    assert_eq!((life.phase(), life.state.desired), ("down", Desired::Down));
}

#[test]
fn a_daemon_that_comes_back_takes_over_what_runs() {
    let mut life = Life::new(gated());
    life.ready();
    let (started, ready) = (life.state.started, life.state.ready);
    life.later(500_000).on(Input::Adopted { incarnation: 1, preparing: false });
    assert_eq!((life.phase(), &life.state.health), ("running", &Health::Unknown));
    assert!(life.effects.is_empty(), "neither its gate nor its hooks come again");
    for _ in 0..3 {
        life.answers(0, bad());
    }
    assert_eq!(life.phase(), "running", "an outage does not time out a start of long ago");
    life.answers(0, Answer::Good);
    assert_eq!((life.state.started, life.state.ready), (started, ready));
    life.on(Input::Adopted { incarnation: 3, preparing: false });
    assert_eq!(
        (life.phase(), life.state.restarts),
        ("starting", 0),
        "a person ran it from its pane"
    );
    life.answers(0, Answer::Good);
    assert_eq!(life.state.health, Health::Ready);
    life.on(Input::Lost { incarnation: 3 });
    assert_eq!(life.phase(), "lost");
    life.on(Input::Start { once: false, by: By::Operator });
    assert_eq!(life.phase(), "lost", "never a second one beside what may still run");
    life.on(Input::Reset);
    assert_eq!((life.phase(), life.effects.first()), ("waiting", Some(&Effect::Sweep)));
}

/// Every phase a service can be in, as it is reached.
fn phases() -> Vec<(&'static str, State)> {
    let mut all = vec![];
    let mut add = |name, life: &mut Life| all.push((name, life.state.clone()));
    let life = || Life::new(gated());
    let stop = || Input::Stop { by: By::Operator };
    add("down", &mut life());
    add("waiting", life().on(Input::Start { once: false, by: By::Operator }));
    let mut one = life();
    one.on(Input::Start { once: false, by: By::Operator });
    add("blocked", one.on(Input::Conditions(Conditions::Blocked(vec!["db".into()]))));
    let mut one = life();
    one.on(Input::Start { once: false, by: By::Operator });
    add("preparing", one.on(Input::Conditions(Conditions::Met)));
    add("starting", life().up());
    add("ready", life().ready());
    add("stopping", life().ready().on(stop()));
    add("restarting", life().ready().on(Input::Restart(Cause::User)));
    add("backoff", life().ready().dies(1).again().dies(1));
    add("completed", life().ready().dies(0));
    add("failed", life().ready().dies(127));
    add("lost", life().ready().on(Input::Lost { incarnation: 1 }));
    all
}

fn inputs(life: u32) -> Vec<Input> {
    let ended = |how| Input::Exited(ended(life, how));
    vec![
        Input::Start { once: false, by: By::Operator },
        Input::Stop { by: By::Operator },
        Input::Restart(Cause::User),
        Input::Restart(Cause::Watch),
        Input::Conditions(Conditions::Met),
        Input::Conditions(Conditions::Unmet(vec!["db".into()])),
        Input::Prepared,
        Input::Unprepared { why: "port".into(), permanent: true },
        Input::Started { incarnation: life + 1, preparing: false },
        ended(How::Code(0)),
        ended(How::Code(1)),
        ended(How::Closed),
        Input::Emptied { incarnation: life },
        Input::Lost { incarnation: life },
        Input::Answered { incarnation: life, check: 0, answer: Answer::Good },
        Input::Answered { incarnation: life, check: 1, answer: bad() },
        Input::Breached { incarnation: life, what: "memory".into() },
        Input::Due,
        Input::Reset,
        Input::Adopted { incarnation: life, preparing: false },
        Input::Absent,
    ]
}

#[test]
fn the_transition_table() {
    let rules = gated();
    let mut table = String::new();
    for (name, state) in phases() {
        for input in inputs(state.incarnation) {
            let step = decide(&rules, &state, input.clone(), now(5_000));
            let effects: Vec<String> = step.effects.iter().map(|e| format!("{e:?}")).collect();
            let same = step.state == state && effects.is_empty();
            if !same {
                let to = format!("{}/{}", step.state.phase.word(), step.state.health.word());
                let input = format!("{input:?}");
                table += &format!("{name:<10} {input:<70} {to:<20} {}\n", effects.join(" "));
            }
        }
    }
    insta::assert_snapshot!(table);
}

fn any_input() -> impl Strategy<Value = (u8, u32, u64)> {
    (0_u8..26, 0_u32..3, 0_u64..30_000)
}

/// An input about a life near the present one.
fn input_of(kind: u8, life: u32, state: &State) -> Input {
    let incarnation = (state.incarnation + life).saturating_sub(1);
    let ended = |how, left| Input::Exited(Ended { incarnation, how, permanent: false, left });
    match kind {
        0 => Input::Start { once: false, by: By::Operator },
        1 => Input::Stop { by: By::Operator },
        2 => Input::Restart(Cause::User),
        3 => Input::Restart(Cause::Watch),
        4..=6 => Input::Conditions(Conditions::Met),
        7 => Input::Conditions(Conditions::Unmet(vec![])),
        8 => Input::Conditions(Conditions::Blocked(vec![])),
        9 | 10 => Input::Prepared,
        11 => Input::Unprepared { why: String::new(), permanent: false },
        12 | 13 => Input::Started { incarnation: incarnation + 1, preparing: false },
        14 => ended(How::Code(1), false),
        15 => ended(How::Code(0), true),
        16 => Input::Emptied { incarnation },
        17 | 18 => Input::Answered { incarnation, check: 0, answer: Answer::Good },
        19 => Input::Answered { incarnation, check: 0, answer: bad() },
        20 => Input::Answered { incarnation, check: 1, answer: bad() },
        21 => Input::Woke(Timer::Backoff(state.pauses)),
        22 => Input::Woke(Timer::Stop(state.stops)),
        23 => Input::Woke(Timer::Stable(state.stable)),
        24 => Input::Reset,
        _ => Input::Woke(Timer::Deadline(incarnation, state.deadline)),
    }
}

proptest! {
    /// The promises of supervision.md §3.8, whatever comes in whatever order.
    #[test]
    fn promises_hold(inputs in proptest::collection::vec(any_input(), 1..120)) {
        let rules = gated();
        let mut state = State::new(Moment(0));
        let mut at = 1_000;
        // Whether a process runs, as the shim would have it: it refuses a second one.
        let mut stopped_by_user = false;
        let mut met = false;
        for (kind, life, pause) in inputs {
            at += pause;
            let input = input_of(kind, life, &state);
            let step = decide(&rules, &state, input.clone(), now(at));
            if matches!(input, Input::Stop { .. }) {
                stopped_by_user = true;
            } else if matches!(
                input,
                Input::Start { .. } | Input::Restart(Cause::User) | Input::Started { .. }
            ) {
                stopped_by_user = false;
            }
            // A dependent never starts before its conditions held at that moment.
            if step.effects.contains(&Effect::Prepare) {
                prop_assert_eq!(&input, &Input::Conditions(Conditions::Met));
                met = true;
            }
            if step.effects.contains(&Effect::Spawn) {
                prop_assert!(met && input == Input::Prepared);
                prop_assert!(!stopped_by_user, "after a stop nothing starts by itself");
            }
            // Nothing runs beside a start: it starts from a phase without a process.
            if step.effects.contains(&Effect::Prepare) {
                prop_assert!(!state.phase.has_process());
            }
            if let Phase::Failed(Why::CrashLoop(_)) = &step.state.phase {
                prop_assert!(step.state.ledger.len() >= rules.restart.limit as usize
                    || matches!(state.phase, Phase::Failed(_)));
            }
            for told in &step.told {
                if let Told::BackedOff(ms) = told {
                    prop_assert!(*ms <= rules.restart.cap_ms);
                }
                if matches!(told, Told::Started) {
                    let fresh = matches!(step.state.health, Health::Unknown | Health::Starting);
                    prop_assert!(fresh, "a new life begins without health");
                    prop_assert!(step.state.checks.iter().all(|c| *c == Counter::default()));
                }
            }
            // A stop is always watched, so that it ends.
            let begins = !matches!(state.phase, Phase::Stopping { .. });
            if begins && matches!(step.state.phase, Phase::Stopping { .. }) {
                let watched = step.effects.iter().any(|e| matches!(e, Effect::Wake(Timer::Stop(_), _)));
                prop_assert!(watched);
            }
            prop_assert!(step.state.ledger.len() <= rules.restart.limit as usize);
            prop_assert!(step.state.incarnation >= state.incarnation);
            state = step.state;
        }
    }

    #[test]
    fn pauses_grow_up_to_the_cap(attempt in 0_u32..2_000, dice in any::<u16>()) {
        let rule = RestartRule::default();
        let pause = backoff_ms(&rule, attempt, dice);
        prop_assert!(pause <= rule.cap_ms);
        prop_assert!(backoff_ms(&rule, attempt + 1, u16::MAX) >= pause);
    }
}
