//! Ways to see how a service is. One file per kind that has something to read or decide; the
//! kinds are the keys of a probe: `ready = { http = "/readyz" }`.
//!
//! Pure: a probe is a question. The actor asks it of the world.

mod http;
mod raw;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use http::Http;
pub(crate) use raw::{RawProbe, read};

use crate::define::Command;

/// One probe: a question, how often it is asked and what its answers mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Probe {
    /// The question.
    pub(crate) check: Check,
    /// Milliseconds between two asks once the service is up.
    pub(crate) interval_ms: u64,
    /// Milliseconds after which no answer is a bad answer.
    pub(crate) timeout_ms: u64,
    /// Bad answers in a row that count.
    pub(crate) failures: u32,
    /// Good answers in a row that count.
    pub(crate) successes: u32,
    /// Milliseconds after the start in which bad answers do not count; the first good one ends it.
    pub(crate) start_period_ms: u64,
    /// First pause between two asks before the service is up, in milliseconds; grows by half each
    /// time, up to the interval.
    pub(crate) start_interval_ms: u64,
}

/// What a probe asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Check {
    /// A web server answers.
    Http(Http),
    /// Something takes connections at this `HOST:PORT`.
    Tcp(String),
    /// A command ends with 0, in the environment of the service.
    Exec(Command),
    /// A line of the output since the start matches this expression.
    Log(String),
    /// This file is there.
    File(String),
    /// A process of the service itself listens on this port.
    Port(String),
    /// The screen of its pane matches this expression.
    Pane(String),
    /// The service says so itself, in the way of sd_notify(3).
    Notify,
}

impl Check {
    /// The kind as it is written.
    #[must_use]
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Tcp(_) => "tcp",
            Self::Exec(_) => "exec",
            Self::Log(_) => "log",
            Self::File(_) => "file",
            Self::Port(_) => "port",
            Self::Pane(_) => "pane",
            Self::Notify => "notify",
        }
    }

    /// Whether a good answer holds until the end of the incarnation: it is asked no more then.
    #[must_use]
    pub(crate) fn is_once(&self) -> bool {
        matches!(self, Self::Log(_) | Self::Notify)
    }
}

impl Probe {
    /// A probe with the figures of supervision.md §3.3.
    #[must_use]
    pub(crate) fn new(check: Check) -> Self {
        Self {
            check,
            interval_ms: 10_000,
            timeout_ms: 2_000,
            failures: 3,
            successes: 1,
            start_period_ms: 0,
            start_interval_ms: 100,
        }
    }

    /// Pause after the `n`th ask (counted from 0) of a service that is not up yet.
    #[must_use]
    pub(crate) fn start_pause_ms(&self, n: u32) -> u64 {
        let grown = (0..n.min(64)).fold(self.start_interval_ms, |pause, _| pause + pause / 2);
        grown.min(self.interval_ms.max(self.start_interval_ms)).max(1)
    }
}

/// Who a probe speaks for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    /// The gate of a start.
    Startup,
    /// Moves health.
    Ready,
    /// Restarts.
    Alive,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_come_less_often_while_nothing_answers() {
        let probe = Probe::new(Check::Notify);
        let pauses: Vec<u64> = (0..6).map(|n| probe.start_pause_ms(n)).collect();
        assert_eq!(pauses, [100, 150, 225, 337, 505, 757]);
        assert_eq!(probe.start_pause_ms(1000), 10_000);
    }
}
