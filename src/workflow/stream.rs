//! What happens in a run, as server-sent events.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRef, Path, Query, State},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::{Stream, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{
    actor::{Handle, News},
    record::RunRecord,
    run::Run,
    show, tell,
    view::RunView,
};
use crate::{
    base::{Moment, Refusal, RunId},
    verb::sse,
};

/// Mounts the streams.
pub(crate) fn routes<S>(router: Router<S>) -> Router<S>
where
    Handle: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    router
        .route("/v1/runs/{id}/stream", get(follow))
        .route("/v1/runs/{id}/logs/stream", get(super::logs::follow))
}

#[derive(Deserialize)]
struct Asked {
    /// Whether each item holds the whole run as it is then.
    #[serde(default)]
    view: bool,
}

/// Something that happened in a run.
#[derive(Debug, Serialize)]
struct Happened {
    /// The run.
    run: String,
    /// When.
    at: Moment,
    /// In words.
    lines: Vec<String>,
    /// How the run is now.
    state: String,
    /// How far it is, in one line.
    progress: String,
    /// The whole run as it is now, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    view: Option<RunView>,
}

async fn follow(
    State(handle): State<Handle>,
    Path(word): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    match begin(&handle, &word).await {
        Ok(followed) => sse(happened(followed, asked.view)),
        Err(refusal) => refusal.into_response(),
    }
}

/// A run that is followed.
struct Followed {
    id: RunId,
    record: RunRecord,
    run: Run,
    seq: u64,
    news: Receiver<Arc<News>>,
    handle: Handle,
    /// What was there before it was followed has not been told yet.
    first: bool,
}

async fn begin(handle: &Handle, word: &str) -> Result<Followed, Refusal> {
    let id = handle.find(word).await?;
    // First the ear, then the journal: nothing falls in between.
    let news = handle.news();
    let (record, mut run) = handle.begin(&id).await?;
    let mut seq = 0;
    for told in handle.journal(&id)? {
        for event in &told.events {
            run.apply(event, told.at);
        }
        seq = told.seq;
    }
    Ok(Followed { id, record, run, seq, news, handle: handle.clone(), first: true })
}

fn happened(followed: Followed, view: bool) -> impl Stream<Item = Happened> + Send + 'static {
    stream::unfold(Some(followed), move |followed| async move {
        let mut followed = followed?;
        if followed.first {
            followed.first = false;
            let item = followed.item(vec![], view);
            return Some((item, Some(followed)));
        }
        if followed.run.state.is_over() {
            return None;
        }
        let lines = followed.next().await?;
        let item = followed.item(lines, view);
        Some((item, Some(followed)))
    })
}

impl Followed {
    fn item(&self, lines: Vec<String>, view: bool) -> Happened {
        let now = self.handle.world().now();
        let state = self.run.state.word().to_owned();
        let whole = RunView { state, seen_at: now, ..RunView::of(&self.record, &self.run) };
        Happened {
            run: self.id.to_string(),
            at: now,
            lines,
            state: self.run.state.word().to_owned(),
            progress: show::line(&whole, now),
            view: view.then_some(whole),
        }
    }

    /// What happened next, all that is there by now.
    async fn next(&mut self) -> Option<Vec<String>> {
        let mut lines = Vec::new();
        loop {
            match self.news.recv().await {
                Ok(news) => self.hear(&news, &mut lines),
                Err(RecvError::Lagged(_)) => self.catch_up(&mut lines)?,
                Err(RecvError::Closed) => return None,
            }
            while let Ok(news) = self.news.try_recv() {
                self.hear(&news, &mut lines);
            }
            if !lines.is_empty() {
                return Some(lines);
            }
        }
    }

    fn hear(&mut self, news: &News, lines: &mut Vec<String>) {
        if news.run == self.id && news.told.seq == self.seq + 1 {
            self.seq = news.told.seq;
            for event in &news.told.events {
                self.run.apply(event, news.told.at);
                lines.push(tell::line(&self.run, event));
            }
            self.record.started = self.run.started;
            self.record.ended = self.run.ended;
        }
    }

    /// More came than was taken: the journal has it all.
    fn catch_up(&mut self, lines: &mut Vec<String>) -> Option<()> {
        for told in self.handle.journal(&self.id).ok()? {
            let run = self.id.clone();
            self.hear(&News { run, told }, lines);
        }
        Some(())
    }
}
