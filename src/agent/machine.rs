//! What the end of an attempt means for its task.
#![deny(clippy::wildcard_enum_match_arm)]

use super::driver::Class;
use crate::base::Moment;

/// How an attempt ended, as far as its task is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    /// In a class.
    pub(crate) class: Class,
    /// In words.
    pub(crate) why: String,
    /// When a limit is over, if its make says so.
    pub(crate) until: Option<Moment>,
    /// Whether its session can be gone on with.
    pub(crate) resumable: bool,
    /// Whether the work is all there: what was declared is, and no rule is broken.
    pub(crate) missing: Vec<String>,
    /// What it did against its fence.
    pub(crate) violations: Vec<String>,
}

/// What becomes of the task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// The work is done.
    Done,
    /// It did not work.
    Fail(String),
    /// Another attempt, not before a moment.
    Again {
        /// Not before.
        until: Moment,
        /// Whether it goes on with the session.
        resume: bool,
        /// Why, in words.
        why: String,
        /// Whether it counts among the attempts that the task may have.
        counts: bool,
    },
    /// A person decides.
    Ask(Question),
}

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    /// It went against its fence.
    Fence(Vec<String>),
    /// What was declared is not there.
    Missing(Vec<String>),
    /// Its money is used up.
    Budget(String),
    /// Its make wants a login or a bill paid.
    Account(String),
}

impl Question {
    /// What it is about, in a line.
    pub(crate) fn show(&self) -> String {
        match self {
            Self::Fence(broken) => format!("it went against its fence: {}", broken.join("; ")),
            Self::Missing(files) => format!("it did not deliver {}", files.join(", ")),
            Self::Budget(why) | Self::Account(why) => why.clone(),
        }
    }
}

/// How often a task may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// Attempts so far that count, this one included.
    pub(crate) tries: u32,
    /// Attempts beyond the first one.
    pub(crate) retries: u32,
    /// Waits for a limit in a row, this one included.
    pub(crate) waits: u32,
}

/// First pause after an attempt that failed by itself, in milliseconds; doubled each time.
const FIRST_PAUSE: u64 = 5_000;
/// Longest pause.
const LONGEST_PAUSE: u64 = 10 * 60_000;
/// Pause after a limit whose end is not told: the makes answer again within minutes.
const LIMIT_PAUSE: u64 = 60_000;

/// What the end of an attempt means for its task.
pub(crate) fn after(end: &End, patience: Patience, now: Moment) -> Next {
    if !end.violations.is_empty() {
        return Next::Ask(Question::Fence(end.violations.clone()));
    }
    match end.class {
        Class::Done if end.missing.is_empty() => Next::Done,
        Class::Done => Next::Ask(Question::Missing(end.missing.clone())),
        Class::Limited => {
            let pause = doubled(LIMIT_PAUSE, patience.waits);
            let until = end.until.filter(|until| *until > now);
            let until = until.unwrap_or(Moment(now.0 + pause));
            let why = end.why.clone();
            Next::Again { until, resume: end.resumable, why, counts: false }
        }
        Class::Transient | Class::Crashed => again(end, patience, now),
        Class::Failed | Class::Turns | Class::Overflow => match patience.tries > patience.retries {
            true => Next::Fail(end.why.clone()),
            false => again(end, patience, now),
        },
        Class::Budget => Next::Ask(Question::Budget(end.why.clone())),
        Class::Auth | Class::Quota => Next::Ask(Question::Account(end.why.clone())),
        Class::Killed => Next::Fail(end.why.clone()),
    }
}

fn again(end: &End, patience: Patience, now: Moment) -> Next {
    if patience.tries > patience.retries {
        return Next::Fail(end.why.clone());
    }
    let until = Moment(now.0 + doubled(FIRST_PAUSE, patience.tries));
    let resume = end.resumable && end.class == Class::Transient;
    Next::Again { until, resume, why: end.why.clone(), counts: true }
}

fn doubled(first: u64, times: u32) -> u64 {
    first.saturating_mul(1 << times.saturating_sub(1).min(20)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(class: Class) -> End {
        End {
            class,
            why: "it said so".into(),
            until: None,
            resumable: true,
            missing: vec![],
            violations: vec![],
        }
    }

    const NOW: Moment = Moment(1_000_000);
    const FIRST: Patience = Patience { tries: 1, retries: 1, waits: 1 };
    const LAST: Patience = Patience { tries: 2, retries: 1, waits: 1 };

    #[test]
    fn every_class_has_its_consequence() {
        let words = |class, patience| match after(&end(class), patience, NOW) {
            Next::Done => "done".to_owned(),
            Next::Fail(_) => "fail".to_owned(),
            Next::Again { until, resume, counts, .. } => {
                format!("again +{} resume {resume} counts {counts}", until.0 - NOW.0)
            }
            Next::Ask(question) => format!("ask {question:?}").split('(').next().unwrap().into(),
        };
        let rows = [
            (Class::Done, "done", "done"),
            (
                Class::Limited,
                "again +60000 resume true counts false",
                "again +60000 resume true counts false",
            ),
            (Class::Transient, "again +5000 resume true counts true", "fail"),
            (Class::Crashed, "again +5000 resume false counts true", "fail"),
            (Class::Failed, "again +5000 resume false counts true", "fail"),
            (Class::Turns, "again +5000 resume false counts true", "fail"),
            (Class::Overflow, "again +5000 resume false counts true", "fail"),
            (Class::Budget, "ask Budget", "ask Budget"),
            (Class::Auth, "ask Account", "ask Account"),
            (Class::Quota, "ask Account", "ask Account"),
            (Class::Killed, "fail", "fail"),
        ];
        for (class, first, last) in rows {
            assert_eq!(words(class, FIRST), first, "{class:?}");
            assert_eq!(words(class, LAST), last, "{class:?} at the last try");
        }
    }

    #[test]
    fn a_limit_is_waited_for_until_the_moment_its_make_tells() {
        let until = Some(Moment(NOW.0 + 3_600_000));
        let told = End { until, ..end(Class::Limited) };
        let Next::Again { until: at, .. } = after(&told, FIRST, NOW) else { panic!() };
        assert_eq!(Some(at), until);
        let past = End { until: Some(Moment(5)), ..end(Class::Limited) };
        let Next::Again { until: at, .. } = after(&past, FIRST, NOW) else { panic!() };
        assert!(at > NOW, "a moment that is over is no pause");
        let often = Patience { waits: 40, ..FIRST };
        let Next::Again { until: at, .. } = after(&end(Class::Limited), often, NOW) else {
            panic!()
        };
        assert_eq!(at.0 - NOW.0, LONGEST_PAUSE);
    }

    #[test]
    fn work_that_broke_a_rule_is_never_done() {
        let broken = End { violations: vec!["x".into()], ..end(Class::Done) };
        assert!(matches!(after(&broken, FIRST, NOW), Next::Ask(Question::Fence(_))));
        let missing = End { missing: vec!["report.md".into()], ..end(Class::Done) };
        assert!(matches!(after(&missing, FIRST, NOW), Next::Ask(Question::Missing(_))));
    }
}
