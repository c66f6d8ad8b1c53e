//! What a firing does: at once, later, or not at all. Pure.
#![deny(clippy::wildcard_enum_match_arm)]

use std::time::Duration;

use serde_json::Value;

use super::{
    fill::at_path,
    model::{Facts, Limit, Overlap},
};
use crate::base::{Envelope, Moment};

/// What becomes of a firing beside those that run and wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// It starts.
    Start,
    /// It waits.
    Wait,
    /// It waits in place of the one that waits; that one is left out.
    Replace,
    /// It waits, and what runs is cancelled; what waits is left out.
    Cancel,
    /// It is left out.
    Skip(&'static str),
}

/// Where a firing goes.
pub(crate) fn place(overlap: Overlap, running: usize, waiting: usize) -> Place {
    match overlap {
        Overlap::Allow => Place::Start,
        Overlap::Skip | Overlap::QueueOne | Overlap::QueueAll(_) | Overlap::CancelRunning
            if running == 0 && waiting == 0 =>
        {
            Place::Start
        }
        Overlap::Skip => Place::Skip("an earlier one still runs"),
        Overlap::QueueOne if waiting == 0 => Place::Wait,
        Overlap::QueueOne => Place::Replace,
        Overlap::QueueAll(most) if waiting < most => Place::Wait,
        Overlap::QueueAll(_) => Place::Skip("too many wait already"),
        Overlap::CancelRunning => Place::Cancel,
    }
}

/// Whether one more firing is within a limit; firings that are too old to count are dropped.
pub(crate) fn within(limit: Limit, recent: &mut Vec<Moment>, now: Moment) -> bool {
    // A clock that was set back must not hold firings back for ever.
    recent.retain(|at| *at <= now && now.since(*at) < limit.span);
    if recent.len() >= limit.most {
        return false;
    }
    recent.push(now);
    true
}

/// Whether failures in a row are too many.
pub(crate) fn is_paused(pause_on_failures: u32, failures: u32) -> bool {
    pause_on_failures > 0 && failures >= pause_on_failures
}

/// Whether a fact fires a trigger. What is told of triggers that do not fire fires none, or two of
/// them would go on for ever.
pub(crate) fn fits(facts: &Facts, fact: &Envelope) -> bool {
    fact.kind != "trigger.skipped"
        && fact.kind != "trigger.refused"
        && glob(&facts.kind, &fact.kind)
        && facts.wanted.iter().all(|(path, wanted)| {
            at_path(&fact.body, path).is_some_and(|value| match value.as_str() {
                Some(text) => glob(wanted, text),
                None => glob(wanted, &value.to_string()),
            })
        })
}

/// Whether a fact was brought about by a run that this trigger has started: it names the firing or
/// the run, or is about the trigger itself.
pub(crate) fn is_own(fact: &Envelope, (workspace, trigger): (&str, &str), own: &[&str]) -> bool {
    let is = |key: &str, wanted: &str| fact.body.get(key).and_then(Value::as_str) == Some(wanted);
    let about_itself =
        fact.kind.starts_with("trigger.") && is("trigger", trigger) && is("workspace", workspace);
    about_itself
        || ["run", "firing", "id"].iter().any(|key| own.iter().any(|wanted| is(key, wanted)))
}

/// Whether `text` is `pattern`, where `*` stands for anything.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// What a clock did between two looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// It went on.
    Steady,
    /// It was set back, or stood still: by how much.
    Back(Duration),
    /// It was set forward, or the machine slept: by how much.
    Forward(Duration),
}

/// A clock set back further than this keeps its triggers silent for long: a person is told.
pub(crate) const FAR: Duration = Duration::from_secs(3 * 3600);
/// Differences that are no jump.
const SMALL: Duration = Duration::from_secs(5);

/// Compares the clock on the wall with one that only counts.
pub(crate) fn clock(wall: (Moment, Moment), passed: Duration) -> Clock {
    let expected = wall.0.after(passed);
    let (back, forward) = (expected.since(wall.1), wall.1.since(expected));
    if back > SMALL {
        Clock::Back(back)
    } else if forward > SMALL {
        Clock::Forward(forward)
    } else {
        Clock::Steady
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_firing_beside_others_goes_where_the_rule_says() {
        for (overlap, running, waiting, wanted) in [
            (Overlap::Skip, 0, 0, Place::Start),
            (Overlap::Skip, 1, 0, Place::Skip("an earlier one still runs")),
            (Overlap::QueueOne, 0, 0, Place::Start),
            (Overlap::QueueOne, 1, 0, Place::Wait),
            (Overlap::QueueOne, 1, 1, Place::Replace),
            (Overlap::QueueAll(2), 1, 1, Place::Wait),
            (Overlap::QueueAll(2), 1, 2, Place::Skip("too many wait already")),
            (Overlap::CancelRunning, 0, 0, Place::Start),
            (Overlap::CancelRunning, 1, 0, Place::Cancel),
            (Overlap::CancelRunning, 1, 1, Place::Cancel),
            (Overlap::Allow, 7, 0, Place::Start),
        ] {
            assert_eq!(place(overlap, running, waiting), wanted, "{overlap:?} {running} {waiting}");
        }
    }

    #[test]
    fn a_limit_counts_a_sliding_span() {
        let limit = Limit { most: 2, span: Duration::from_secs(10) };
        let mut recent = vec![];
        let mut ask = |at: u64| within(limit, &mut recent, Moment(at * 1000));
        assert_eq!(
            [ask(0), ask(5), ask(9), ask(10), ask(11), ask(15)],
            [true, true, false, true, false, true]
        );
        // Set back: what lies ahead does not count.
        assert!(ask(1));
    }

    #[test]
    fn facts_fit_by_kind_and_body() {
        let fact = |kind: &str, body: Value| Envelope {
            seq: 1,
            at: Moment(0),
            kind: kind.to_owned(),
            v: 1,
            body,
        };
        let facts = |kind: &str, wanted: &[(&str, &str)]| Facts {
            kind: kind.to_owned(),
            wanted: wanted.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        };
        let failed = fact("service.failed", json!({"service": "api", "exit": {"code": 1}}));
        for (kind, wanted, fires) in [
            ("service.failed", &[][..], true),
            ("service.*", &[], true),
            ("*.failed", &[], true),
            ("s*.f*d", &[], true),
            ("service", &[], false),
            ("*.ready", &[], false),
            ("service.failed", &[("service", "api")], true),
            ("service.failed", &[("service", "a*"), ("exit.code", "1")], true),
            ("service.failed", &[("service", "web")], false),
            ("service.failed", &[("none", "*")], false),
        ] {
            assert_eq!(fits(&facts(kind, wanted), &failed), fires, "{kind} {wanted:?}");
        }
        assert!(!fits(&facts("*", &[]), &fact("trigger.skipped", json!({}))));
        let own = fact("run.failed", json!({"run": "r1"}));
        assert!(is_own(&own, ("w", "t"), &["r1"]) && !is_own(&own, ("w", "t"), &["r2"]));
        let fired = fact("trigger.fired", json!({"workspace": "w", "trigger": "t"}));
        assert!(is_own(&fired, ("w", "t"), &[]) && !is_own(&fired, ("w", "other"), &[]));
    }

    #[test]
    fn jumps_of_the_clock_are_seen_both_ways() {
        let hour = Duration::from_secs(3600);
        let see = |after: u64| clock((Moment(10_000_000), Moment(after)), Duration::from_secs(60));
        assert_eq!(see(10_060_000), Clock::Steady);
        assert_eq!(see(10_061_000), Clock::Steady);
        assert_eq!(see(10_060_000 + 3_600_000), Clock::Forward(hour));
        assert_eq!(see(10_060_000 - 3_600_000), Clock::Back(hour));
    }

    #[test]
    fn failures_in_a_row_pause() {
        assert!(is_paused(2, 2) && is_paused(2, 3) && !is_paused(2, 1) && !is_paused(0, 9));
    }
}
