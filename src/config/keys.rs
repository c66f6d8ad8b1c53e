use std::{net::SocketAddr, time::Duration};

use crate::base::{duration, size};

/// What a setting may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text; empty for none.
    Text,
    /// A whole number.
    Count,
    /// A span of time, e.g. `24h`; `0` for never.
    Span,
    /// Bytes, e.g. `16MiB`.
    Size,
    /// A loopback address with a port; empty for none.
    Loopback,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    Level,
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Table in `config.toml`.
    pub section: &'static str,
    /// Key in that table.
    pub name: &'static str,
    /// Value without a file.
    pub default: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// What it does.
    pub about: &'static str,
}

const fn key(
    section: &'static str,
    name: &'static str,
    default: &'static str,
    kind: Kind,
    about: &'static str,
) -> Key {
    Key { section, name, default, kind, about }
}

/// Every setting, in the order of the reference.
pub const KEYS: &[Key] = &[
    key(
        "api",
        "tcp",
        "",
        Kind::Loopback,
        "Also serve the API on this loopback address, e.g. `127.0.0.1:7777`, for whoever has the token in `run/token`",
    ),
    key("daemon", "log_level", "info", Kind::Level, "How much the daemon writes to its own log"),
    key("daemon", "log_size", "8MiB", Kind::Size, "Size at which the daemon's log is rotated"),
    key("daemon", "log_files", "4", Kind::Count, "Rotated log files that are kept"),
    key(
        "ledger",
        "keep_entries",
        "1000000",
        Kind::Count,
        "Newest entries of the ledger that are kept; `0` keeps all",
    ),
    key(
        "ledger",
        "keep_age",
        "0",
        Kind::Span,
        "Age up to which entries of the ledger are kept; `0` keeps all",
    ),
    key(
        "logs",
        "keep",
        "14d",
        Kind::Span,
        "How long the output of panes that are gone is kept; `0` keeps it for ever",
    ),
    key("logs", "segment", "16MiB", Kind::Size, "Size at which a pane's log is rotated"),
    key(
        "logs",
        "keep_size",
        "2GiB",
        Kind::Size,
        "Output kept per pane; the oldest segments go first",
    ),
    key(
        "prune",
        "idle",
        "0",
        Kind::Span,
        "End sessions that were idle for this long, as `gaia session prune` does; `0` is never",
    ),
    key("runs", "parallel", "16", Kind::Count, "Commands at a time, over all runs of workflows"),
    key(
        "runs",
        "keep",
        "10000",
        Kind::Count,
        "Runs that are over and kept, with their journals; `0` keeps all",
    ),
    key("tmux", "history", "50000", Kind::Count, "Lines of history per pane"),
    key(
        "tmux",
        "user_config",
        "",
        Kind::Text,
        "A tmux configuration of yours that gaia's server reads before its own settings",
    ),
];

impl Kind {
    /// What is wrong with a value, and what to write instead.
    pub(super) fn check(self, text: &str) -> Result<(), (&'static str, &'static str)> {
        let ok = |fits: bool, what, help| if fits { Ok(()) } else { Err((what, help)) };
        match self {
            Self::Text => Ok(()),
            Self::Count => {
                ok(text.parse::<u64>().is_ok(), "is no whole number", "write it like 1000")
            }
            Self::Span => ok(
                span(text).is_some(),
                "is no span of time",
                "write it like 90s, 24h or 14d; 0 for never",
            ),
            Self::Size => {
                ok(size(text).is_some(), "is no size", "write it like 512KiB, 16MiB or 2GiB")
            }
            Self::Level => ok(
                ["error", "warn", "info", "debug", "trace"].contains(&text),
                "is no level",
                "one of error, warn, info, debug, trace",
            ),
            Self::Loopback => ok(
                text.is_empty() || text.parse::<SocketAddr>().is_ok_and(|a| a.ip().is_loopback()),
                "is no loopback address",
                "write it like 127.0.0.1:7777; gaia listens to this machine only",
            ),
        }
    }
}

/// A span of time; `0` is none.
pub(super) fn span(text: &str) -> Option<Duration> {
    if text == "0" { Some(Duration::ZERO) } else { duration(text) }
}
