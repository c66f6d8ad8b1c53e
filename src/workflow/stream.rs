//! What happens in a run, as server-sent events.

use std::{sync::Arc, time::Duration};

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
    verb::{Ui, sse},
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

/// How often a drawing is made again though nothing happened.
const TICK: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
struct Asked {
    /// Whether each item holds the whole run as it is then.
    #[serde(default)]
    view: bool,
    /// Columns of the terminal on which the run is to be drawn.
    columns: Option<u16>,
    /// Rows of it.
    #[serde(default)]
    rows: u16,
    /// Whether it is drawn in colours.
    #[serde(default)]
    colour: bool,
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
    /// The run as it is drawn on a terminal, if it was asked for and is not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    drawing: Option<String>,
}

async fn follow(
    State(handle): State<Handle>,
    Path(word): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    match begin(&handle, &word).await {
        Ok(followed) => sse(happened(followed, asked)),
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

fn happened(followed: Followed, asked: Asked) -> impl Stream<Item = Happened> + Send + 'static {
    stream::unfold((followed, asked), |(mut followed, asked)| async move {
        let lines = if std::mem::take(&mut followed.first) {
            vec![]
        } else if followed.run.state.is_over() {
            return None;
        } else {
            tokio::select! {
                lines = followed.next() => lines?,
                // A person sees the time go by.
                () = tick(), if asked.columns.is_some() => vec![],
            }
        };
        let item = followed.item(lines, &asked);
        Some((item, (followed, asked)))
    })
}

#[expect(clippy::disallowed_methods, reason = "a person watches: a drawing shows the time")]
async fn tick() {
    tokio::time::sleep(TICK).await;
}

impl Followed {
    fn item(&self, lines: Vec<String>, asked: &Asked) -> Happened {
        let now = self.handle.world().now();
        let state = self.run.state.word().to_owned();
        let whole = RunView { state, seen_at: now, ..RunView::of(&self.record, &self.run) };
        // How it ended is told as a whole, by others.
        let drawn = asked.columns.filter(|_| !self.run.state.is_over());
        let drawing = drawn.map(|columns| {
            let ui = Ui { colour: asked.colour, width: Some(columns) };
            show::drawing(&self.run.plan.definition, &whole, (&ui, asked.rows), now)
        });
        Happened {
            run: self.id.to_string(),
            at: now,
            lines,
            state: self.run.state.word().to_owned(),
            progress: show::line(&whole, now),
            view: asked.view.then_some(whole),
            drawing,
        }
    }

    /// What happened next, all that is there by now. Nothing is lost if it is not waited for to its
    /// end: what was heard before the one wait in it told nothing.
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
