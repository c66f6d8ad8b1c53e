//! Facts as they happen, as server-sent events, and which of them are wanted.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRef, Query, State},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::StreamExt;

use super::{chain::Entry, handle::Handle};
use crate::{
    base::{Code, Moment, Refusal, duration},
    verb::sse,
};

/// Which entries are wanted.
pub(super) struct Wanted {
    since: Moment,
    kind: Option<String>,
}

impl Wanted {
    /// Reads a span or moment and a kind with `*`.
    pub(super) fn read(
        ledger: &Handle,
        since: Option<&str>,
        kind: Option<&str>,
    ) -> Result<Self, Refusal> {
        let since = match since {
            None => Moment(0),
            Some(text) => moment(text, ledger.now()).ok_or_else(|| {
                Refusal::new(Code::Invalid, format!("`{text}` is no span of time"))
                    .help("write it like 10m, 2h or 7d")
            })?,
        };
        Ok(Self { since, kind: kind.map(str::to_owned) })
    }

    pub(super) fn fits(&self, entry: &Entry) -> bool {
        entry.at >= self.since && self.kind.as_deref().is_none_or(|k| glob(k, &entry.kind))
    }
}

fn moment(text: &str, now: Moment) -> Option<Moment> {
    if let Ok(millis) = text.parse() {
        return Some(Moment(millis));
    }
    let millis = u64::try_from(duration(text)?.as_millis()).ok()?;
    Some(Moment(now.0.saturating_sub(millis)))
}

/// Whether `text` is `pattern`, where `*` stands for anything.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.is_char_boundary(at) && glob(tail, &rest[at..]))
        }),
    }
}

/// Mounts the stream.
pub(crate) fn routes<S>(router: Router<S>) -> Router<S>
where
    Handle: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    router.route("/v1/ledger/stream", get(follow))
}

#[derive(serde::Deserialize)]
struct Asked {
    since: Option<String>,
    kind: Option<String>,
    after: Option<u64>,
}

async fn follow(State(ledger): State<Handle>, Query(asked): Query<Asked>) -> Response {
    let wanted = match Wanted::read(&ledger, asked.since.as_deref(), asked.kind.as_deref()) {
        Ok(wanted) => Arc::new(wanted),
        Err(refusal) => return refusal.into_response(),
    };
    let after = match (asked.after, asked.since) {
        (Some(after), _) => after,
        (None, Some(_)) => 0,
        // Without a beginning: what happens from now on.
        (None, None) => ledger.last().unwrap_or(0),
    };
    let entries = ledger.subscribe(after).map(|entry| Entry::clone(&entry));
    sse(entries.filter(move |entry| std::future::ready(wanted.fits(entry))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        assert!(glob("pane.*", "pane.exited") && glob("*", "x") && glob("*.exited", "pane.exited"));
        assert!(!glob("pane.*", "session.opened") && !glob("pane", "pane.exited"));
    }
}
