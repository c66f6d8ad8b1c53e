use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use crate::inbox::model::Notice;

/// The same notice is sent once within this span.
const SAME: Duration = Duration::from_secs(60);
/// A channel takes this many messages …
const MOST: usize = 30;
/// … within this span.
const WINDOW: Duration = Duration::from_secs(60);

/// Remembers the notices of the last minute.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashMap<u64, Duration>);

impl Seen {
    /// Whether this notice is new; it is remembered.
    pub(crate) fn is_new(&mut self, notice: &Notice, now: Duration) -> bool {
        self.0.retain(|_, at| now.saturating_sub(*at) < SAME);
        let mut hasher = DefaultHasher::new();
        notice.hash(&mut hasher);
        let known = self.0.contains_key(&hasher.finish());
        if !known {
            self.0.insert(hasher.finish(), now);
        }
        !known
    }
}

/// Counts what a channel has taken lately.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    sent: VecDeque<Duration>,
    told: bool,
}

/// What a rate says to one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Send it.
    Yes,
    /// Leave it out, and say so.
    First,
    /// Leave it out; it was said already.
    No,
}

impl Rate {
    /// Whether one more may pass now.
    pub(crate) fn pass(&mut self, now: Duration) -> Pass {
        while self.sent.front().is_some_and(|at| now.saturating_sub(*at) >= WINDOW) {
            self.sent.pop_front();
        }
        if self.sent.len() < MOST {
            self.sent.push_back(now);
            self.told = false;
            return Pass::Yes;
        }
        if std::mem::replace(&mut self.told, true) { Pass::No } else { Pass::First }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(title: &str) -> Notice {
        Notice {
            kind: "service-failed".into(),
            level: crate::inbox::model::Level::Warning,
            title: title.into(),
            body: String::new(),
            workspace: None,
            agent: None,
            task: None,
        }
    }

    #[test]
    fn the_same_notice_comes_once_a_minute() {
        let (mut seen, at) = (Seen::default(), Duration::from_secs);
        assert!(seen.is_new(&notice("a"), at(0)));
        assert!(!seen.is_new(&notice("a"), at(59)));
        assert!(seen.is_new(&notice("b"), at(59)));
        assert!(seen.is_new(&notice("a"), at(60)));
        assert_eq!(seen.0.len(), 2);
    }

    #[test]
    fn a_storm_is_cut_and_said_once() {
        let (mut rate, at) = (Rate::default(), Duration::from_secs);
        assert!((0..MOST).all(|_| rate.pass(at(1)) == Pass::Yes));
        assert_eq!(
            [rate.pass(at(2)), rate.pass(at(3)), rate.pass(at(60))],
            [Pass::First, Pass::No, Pass::No]
        );
        assert_eq!(rate.pass(at(61)), Pass::Yes);
    }
}
