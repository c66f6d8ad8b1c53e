#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::meter::{Amount, Cap, Counter, DayRecord, Span, Tokens, Which};

const TODAY: &str = "2026-11-21";
const TOMORROW: &str = "2026-11-22";

fn key(task: &str, attempt: u32) -> Key {
    Key { task: task.to_owned(), attempt }
}

fn ask(task: &str, attempt: u32, cost: u64) -> Ask {
    Ask {
        key: key(task, attempt),
        agent: "ann".to_owned(),
        provider: "anthropic".to_owned(),
        model: "m".to_owned(),
        workspace: "shop".to_owned(),
        day: TODAY.to_owned(),
        estimate: Estimate { cost: Micros(cost), tokens: cost },
    }
}

/// So much money, and as many tokens, a part of them of the cache.
fn usage(cost: u64) -> Usage {
    let tokens = Tokens { input: cost - cost / 2, cache_read: cost / 2, ..Tokens::default() };
    Usage { tokens, cost: Some(Micros(cost)) }
}

fn total(cost: u64) -> Final {
    Final::Reported(vec![("m".to_owned(), Reading::Total(usage(cost)))])
}

fn seen(task: &str, reading: Reading) -> Seen {
    Seen { key: key(task, 1), day: TODAY.to_owned(), model: "m".to_owned(), reading }
}

fn money(which: Which, micros: u64, span: Span) -> Budgets {
    Budgets::default().cap(which, Cap { limit: Amount::Money(Micros(micros)), span })
}

fn spent(book: &Book) -> u64 {
    book.days.values().map(|part| part.cost.0).sum()
}

/// The book as a daemon that starts again reads it.
fn restarted(book: &Book) -> Book {
    let days = book.days().map(|(of, part)| DayRecord { of: of.clone(), part: *part });
    let counters: Vec<Counter> = book.counters.values().cloned().collect();
    Book::of(book.tasks.values().cloned().collect(), days.collect(), counters)
}

#[test]
fn a_start_that_would_cross_a_limit_is_stopped() {
    for (which, task) in
        [(Which::Task, "a"), (Which::Agent, "b"), (Which::Day, "b"), (Which::Workspace, "b")]
    {
        let (mut book, budgets) = (Book::default(), money(which, 100, Span::Ever));
        assert_eq!(book.reserve(&ask("a", 1, 60), &budgets), Verdict::Go);
        let verdict = book.reserve(&ask(task, 2, 41), &budgets);
        let amount = |micros| Amount::Money(Micros(micros));
        let (spent, reserved, limit) = (amount(0), amount(60), amount(100));
        assert_eq!(verdict, Verdict::Stop { which, spent, reserved, limit });
        assert_eq!(book.reserve(&ask(task, 2, 40), &budgets), Verdict::Go, "{which}");
        book.release(&key(task, 2));
        book.settle(&key("a", 1), TODAY, &total(85));
        let warned = book.reserve(&ask(task, 3, 15), &budgets);
        assert_eq!(warned, Verdict::Warn { which, spent: amount(85), limit }, "{which}");
    }
}

#[test]
fn nothing_starts_where_nothing_is_left() {
    for limit in [0, 60] {
        let (mut book, budgets) = (Book::default(), money(Which::Task, limit, Span::Ever));
        book.reserve(&ask("a", 1, limit), &budgets);
        let verdict = book.reserve(&ask("a", 2, 0), &budgets);
        assert!(matches!(verdict, Verdict::Stop { .. }), "a cheap one does not start either");
    }
}

#[test]
fn limits_of_a_day_begin_anew_and_others_do_not() {
    for (span, wanted) in [(Span::Day, true), (Span::Ever, false)] {
        let (mut book, budgets) = (Book::default(), money(Which::Agent, 100, span));
        book.reserve(&ask("a", 1, 50), &budgets);
        book.settle(&key("a", 1), TODAY, &total(100));
        let tomorrow = Ask { day: TOMORROW.to_owned(), ..ask("b", 1, 50) };
        assert_eq!(book.reserve(&tomorrow, &budgets) == Verdict::Go, wanted);
        let other = Ask { agent: "bob".to_owned(), ..ask("c", 1, 50) };
        assert_eq!(book.reserve(&other, &budgets), Verdict::Go, "another agent");
    }
}

#[test]
fn an_attempt_that_runs_is_stopped_at_the_limit_and_when_it_takes_from_others() {
    let (mut book, budgets) = (Book::default(), money(Which::Day, 100, Span::Day));
    book.reserve(&ask("a", 1, 50), &budgets);
    book.reserve(&ask("b", 1, 50), &budgets);
    let mut see = |task, cost| book.observe(&seen(task, Reading::Total(usage(cost))), &budgets);
    assert_eq!(see("a", 50), Verdict::Go);
    assert!(matches!(see("a", 51), Verdict::Stop { .. }), "it takes from b");
    assert_eq!(see("b", 20), Verdict::Go, "b is within what was reserved for it");
    assert!(matches!(see("a", 80), Verdict::Stop { .. }));
    assert!(matches!(see("b", 20), Verdict::Stop { .. }), "nothing is left");
}

#[test]
fn tokens_are_budgeted_with_those_of_the_cache() {
    let cap = "100 tokens".parse::<Cap>().unwrap();
    let (mut book, budgets) = (Book::default(), Budgets::default().cap(Which::Task, cap));
    book.reserve(&ask("a", 1, 10), &budgets);
    let tokens = Tokens { cache_read: 90, output: 10, ..Tokens::default() };
    let free = Usage { tokens, cost: None };
    let verdict = book.observe(&seen("a", Reading::Total(free)), &budgets);
    assert!(matches!(verdict, Verdict::Stop { spent: Amount::Tokens(100), .. }), "{verdict:?}");
}

#[test]
fn what_is_told_twice_counts_once() {
    let (mut book, budgets) = (Book::default(), Budgets::default());
    assert_eq!(book.settle(&key("a", 1), TODAY, &total(5)), Settled::Unknown);
    book.reserve(&ask("a", 1, 50), &budgets);
    book.reserve(&ask("a", 1, 50), &budgets);
    let reserved: u64 = book.open().map(|k| book.attempt(k).unwrap().reserved().cost.0).sum();
    assert_eq!(reserved, 50);
    assert!(matches!(book.settle(&key("a", 1), TODAY, &total(7)), Settled::Booked(_)));
    assert_eq!(book.settle(&key("a", 1), TODAY, &total(7)), Settled::Before);
    assert_eq!(book.observe(&seen("a", Reading::More(usage(9))), &budgets), Verdict::Over);
    assert_eq!(book.reserve(&ask("a", 1, 50), &budgets), Verdict::Over);
    book.release(&key("a", 1));
    let mut book = restarted(&book);
    assert_eq!(book.settle(&key("a", 1), TODAY, &total(7)), Settled::Before);
    assert_eq!((spent(&book), book.task("a").unwrap().sum().attempts), (7, 1));
}

#[test]
fn what_has_no_price_still_fills_a_budget() {
    let (mut book, budgets) = (Book::default(), money(Which::Day, 100, Span::Day));
    for attempt in 1..=2 {
        assert_eq!(book.reserve(&ask("a", attempt, 50), &budgets), Verdict::Go);
        let free = Usage { cost: None, ..usage(1000) };
        let lines = vec![("scripted-1".to_owned(), Reading::Total(free))];
        book.settle(&key("a", attempt), TODAY, &Final::Reported(lines));
    }
    let sum = book.task("a").unwrap().sum();
    assert_eq!((sum.cost, sum.unpriced, sum.held.cost), (Micros(0), 2000, Micros(100)));
    assert!(matches!(book.reserve(&ask("a", 3, 1), &budgets), Verdict::Stop { .. }));
}

#[test]
fn a_silent_end_keeps_what_is_left_of_the_estimate() {
    let (mut book, budgets) = (Book::default(), Budgets::default());
    book.reserve(&ask("a", 1, 50), &budgets);
    book.observe(&seen("a", Reading::Total(usage(20))), &budgets);
    let Settled::Booked(sum) = book.settle(&key("a", 1), TODAY, &Final::Silent) else { panic!() };
    assert_eq!((sum.cost, sum.held.cost), (Micros(20), Micros(30)));
    book.reserve(&ask("a", 2, 50), &budgets);
    let Settled::Booked(sum) = book.settle(&key("a", 2), TODAY, &Final::Reported(vec![])) else {
        panic!()
    };
    assert_eq!((sum.cost, sum.held.cost, sum.attempts), (Micros(0), Micros(0), 1));
}

#[test]
fn a_report_that_grows_over_a_session_is_not_counted_twice() {
    let (mut book, budgets) = (Book::default(), Budgets::default());
    let report =
        |cost, grows| Reading::Counter { session: "s1".to_owned(), report: usage(cost), grows };
    book.reserve(&ask("a", 1, 50), &budgets);
    book.observe(&seen("a", report(10, Grows::All)), &budgets);
    let mut book = restarted(&book);
    book.observe(&seen("a", report(30, Grows::All)), &budgets);
    let last = vec![("m".to_owned(), report(30, Grows::All))];
    book.settle(&key("a", 1), TODAY, &Final::Reported(last));
    assert_eq!(spent(&book), 30);

    // The next attempt resumes the session; its program was started anew in the middle.
    let mut book = restarted(&book);
    book.reserve(&ask("a", 2, 50), &budgets);
    for (cost, sum) in [(45, 15), (45, 15), (8, 23), (10, 25)] {
        let seen = Seen { key: key("a", 2), ..seen("a", report(cost, Grows::All)) };
        book.observe(&seen, &budgets);
        let attempt = book.attempt(&key("a", 2)).unwrap();
        assert_eq!(attempt.sum().cost, Micros(sum), "at {cost}");
    }
    book.settle(&key("a", 2), TODAY, &Final::Reported(vec![]));
    assert_eq!(spent(&book), 55);

    // Its cost grows, its tokens are those of this run.
    book.reserve(&ask("a", 3, 50), &budgets);
    let last = vec![("m".to_owned(), report(14, Grows::Cost))];
    book.settle(&key("a", 3), TODAY, &Final::Reported(last));
    let sum = book.attempt(&key("a", 3)).unwrap().sum();
    assert_eq!((sum.cost, sum.tokens.total()), (Micros(4), 14));

    // A session from before gaia: only what comes now counts.
    book.begin("old", "m", &usage(1000), TODAY);
    book.reserve(&ask("b", 1, 50), &budgets);
    let old =
        Reading::Counter { session: "old".to_owned(), report: usage(1003), grows: Grows::All };
    book.settle(&key("b", 1), TODAY, &Final::Reported(vec![("m".to_owned(), old)]));
    assert_eq!(book.task("b").unwrap().sum().cost, Micros(3));
}

#[test]
fn a_report_of_tokens_alone_is_priced_by_what_is_new() {
    let (mut book, budgets) = (Book::default(), Budgets::default());
    let report = |count| Usage { cost: None, ..usage(count) };
    for (attempt, count, price, sum) in [(1, 100, 2, 200), (2, 150, 1, 50)] {
        book.reserve(&ask("a", attempt, 50), &budgets);
        let new = book.since("thread", "m", &report(count), TODAY);
        let cost = Some(Micros(new.tokens.total() * price));
        let line = ("m".to_owned(), Reading::More(Usage { cost, ..new }));
        book.settle(&key("a", attempt), TODAY, &Final::Reported(vec![line]));
        book = restarted(&book);
        assert_eq!(book.attempt(&key("a", attempt)).unwrap().sum().cost, Micros(sum));
    }
}

#[test]
fn an_attempt_over_midnight_is_booked_to_both_days_and_can_be_corrected() {
    let (mut book, budgets) = (Book::default(), Budgets::default());
    book.reserve(&ask("a", 1, 50), &budgets);
    book.observe(&seen("a", Reading::Total(usage(20))), &budgets);
    let later = Seen { day: TOMORROW.to_owned(), ..seen("a", Reading::Total(usage(32))) };
    book.observe(&later, &budgets);
    let of_day = |book: &Book, day: &str| -> u64 {
        book.days.iter().filter(|(of, _)| of.day == day).map(|(_, part)| part.cost.0).sum()
    };
    assert_eq!((of_day(&book, TODAY), of_day(&book, TOMORROW)), (20, 12));
    book.settle(&key("a", 1), TOMORROW, &total(15));
    assert_eq!((of_day(&book, TODAY), of_day(&book, TOMORROW)), (15, 0));
}

#[test]
fn the_estimate_is_the_median_of_the_past_and_never_more_than_the_task_has_left() {
    let (mut book, free) = (Book::default(), Budgets::default());
    let estimate = |book: &Book, budgets: &Budgets| {
        book.estimate(&ask("z", 1, 0), Estimate::UNKNOWN, budgets).cost.0
    };
    assert_eq!(estimate(&book, &free), 500_000);
    for (attempt, cost) in [(1, 10), (2, 90), (3, 20)] {
        book.reserve(&ask("a", attempt, 50), &free);
        book.settle(&key("a", attempt), TODAY, &total(cost));
    }
    assert_eq!(estimate(&book, &free), 20);
    let tight = money(Which::Task, 15, Span::Ever);
    assert_eq!(estimate(&book, &tight), 15);
    let other = Ask { agent: "bob".to_owned(), ..ask("z", 1, 0) };
    assert_eq!(book.estimate(&other, Estimate::UNKNOWN, &free), Estimate::UNKNOWN);
}

#[test]
fn a_verdict_is_told_to_the_ledger_once() {
    let (mut book, budgets) = (Book::default(), money(Which::Day, 100, Span::Day));
    book.reserve(&ask("a", 1, 50), &budgets);
    let facts = |book: &mut Book, cost| {
        book.observe(&seen("a", Reading::Total(usage(cost))), &budgets);
        let told = format!("{:?}", book.changes());
        ["meter.warned", "meter.stopped"].map(|kind| told.contains(kind))
    };
    assert_eq!(facts(&mut book, 79), [false, false]);
    assert_eq!(facts(&mut book, 80), [true, false]);
    assert_eq!(facts(&mut book, 90), [false, false]);
    assert_eq!(facts(&mut book, 120), [false, true]);
    assert_eq!(facts(&mut book, 130), [false, false]);
}

#[test]
fn what_is_forgotten_by_day_still_counts_for_ever() {
    let budgets = money(Which::Workspace, 100, Span::Ever);
    let mut book = Book::default();
    book.reserve(&ask("a", 1, 50), &budgets);
    book.settle(&key("a", 1), TODAY, &total(60));
    book.reserve(&ask("b", 1, 40), &budgets);
    book.observe(&seen("b", Reading::Total(usage(10))), &budgets);
    let _ = book.changes();
    book.forget(TOMORROW);
    assert!(book.task("a").is_none() && book.task("b").is_some(), "b still runs");
    assert_eq!((book.days.len(), spent(&book)), (1, 70));
    assert!(!book.changes().is_empty());
    book.settle(&key("b", 1), TOMORROW, &total(5));
    assert_eq!(spent(&book), 65, "an old day can be corrected too");
    assert!(matches!(book.reserve(&ask("c", 1, 36), &budgets), Verdict::Stop { .. }));
    book.forget("2026-11-23");
    assert!(book.task("b").is_none(), "its last day is over");
}

#[derive(Debug, Clone)]
enum Step {
    Reserve(u8, u64),
    Observe(u8, u64, bool),
    Settle(u8, u64),
    Release(u8),
    Restart,
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6_u8, 0..60_u64).prop_map(|(t, c)| Step::Reserve(t, c)),
        4 => (0..6_u8, 0..60_u64, any::<bool>()).prop_map(|(t, c, d)| Step::Observe(t, c, d)),
        3 => (0..6_u8, 0..60_u64).prop_map(|(t, c)| Step::Settle(t, c)),
        1 => (0..6_u8).prop_map(Step::Release),
        1 => Just(Step::Restart),
        1 => Just(Step::Forget),
    ]
}

proptest! {
    /// Programs that keep to their estimate: the limit holds, whatever comes when.
    #[test]
    fn spent_and_reserved_never_cross_a_limit(
        steps in proptest::collection::vec(step(), 0..60), limit in 0..200_u64,
    ) {
        let budgets = money(Which::Workspace, limit, Span::Ever);
        let (mut book, mut estimates) = (Book::default(), BTreeMap::new());
        for step in steps {
            match step {
                Step::Reserve(task, cost) => {
                    let mut asked = ask(&task.to_string(), 1, cost);
                    asked.estimate.tokens = 0;
                    let fresh = book.attempt(&asked.key).is_none_or(|a| a.state == State::Released);
                    if fresh && !matches!(book.reserve(&asked, &budgets), Verdict::Stop { .. }) {
                        let before = book.attempt(&asked.key).unwrap().sum().cost.0;
                        estimates.insert(task, cost.max(before));
                    }
                }
                Step::Observe(task, cost, late) => {
                    let most = estimates.get(&task).copied().unwrap_or(0).min(cost);
                    let day = if late { TOMORROW } else { TODAY }.to_owned();
                    let seen = seen(&task.to_string(), Reading::Total(usage(most)));
                    book.observe(&Seen { day, ..seen }, &budgets);
                }
                Step::Settle(task, cost) => {
                    let most = estimates.get(&task).copied().unwrap_or(0).min(cost);
                    book.settle(&key(&task.to_string(), 1), TODAY, &total(most));
                }
                Step::Release(task) => book.release(&key(&task.to_string(), 1)),
                Step::Restart => book = restarted(&book),
                Step::Forget => book.forget(TOMORROW),
            }
            let open: u64 = book.open().map(|k| book.attempt(k).unwrap().reserved().cost.0).sum();
            prop_assert!(spent(&book) + open <= limit, "{} + {open} > {limit}", spent(&book));
        }
    }

    /// However wrong programs are: the days are the sum of the attempts, each settled once.
    #[test]
    fn the_days_are_the_sum_of_what_was_settled(
        steps in proptest::collection::vec(step(), 0..60),
    ) {
        let budgets = Budgets::default();
        let (mut book, mut settled) = (Book::default(), BTreeMap::new());
        for step in steps {
            match step {
                Step::Reserve(task, cost) => {
                    book.reserve(&ask(&task.to_string(), 1, cost), &budgets);
                }
                Step::Observe(task, cost, late) => {
                    let day = if late { TOMORROW } else { TODAY }.to_owned();
                    let reading = if late { Reading::More(usage(cost)) } else {
                        Reading::Total(Usage { cost: None, ..usage(cost) })
                    };
                    book.observe(&Seen { day, ..seen(&task.to_string(), reading) }, &budgets);
                }
                Step::Settle(task, cost) => {
                    let done = book.settle(&key(&task.to_string(), 1), TODAY, &total(cost));
                    if matches!(done, Settled::Booked(_)) {
                        prop_assert_eq!(settled.insert(task, cost), None, "settled twice");
                    }
                }
                Step::Release(task) => book.release(&key(&task.to_string(), 1)),
                Step::Restart => book = restarted(&book),
                // A task that is forgotten is in the days alone.
                Step::Forget => (),
            }
            let of_tasks = book.tasks.values().fold(Part::default(), |s, t| s.plus(&t.sum()));
            let of_days = book.days.values().fold(Part::default(), |s, p| s.plus(p));
            prop_assert_eq!(of_tasks, of_days);
            prop_assert_eq!(of_days.attempts, settled.len() as u64);
            let booked: u64 = settled.keys().map(|task| {
                book.task(&task.to_string()).unwrap().sum().cost.0
            }).sum();
            prop_assert_eq!(booked, settled.values().sum::<u64>());
        }
    }
}
