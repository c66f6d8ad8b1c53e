//! What steps wrote: commands to their own logs, agents with their last words.

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, stream};
use serde::Deserialize;

use super::{
    actor::{self, Handle},
    verb::run::chosen,
    view::{RunView, StepView},
};
use crate::{
    base::{Refusal, RunId},
    verb::sse,
};

/// The most of a log that is read at once.
const MOST: usize = 4 << 20;

/// What the newest attempt at a step wrote; its end, if that is much.
pub(crate) async fn of_step(
    handle: &Handle,
    view: &RunView,
    step: &StepView,
) -> Result<String, Refusal> {
    if step.kind != "run" {
        let output = step.outputs.as_ref();
        let text = output.and_then(|output| output.get("text")).and_then(|text| text.as_str());
        return Ok(text.map(str::to_owned).or_else(|| step.why.clone()).unwrap_or_default());
    }
    let Some(folder) = folder(handle, view, step) else { return Ok(String::new()) };
    let steps = &handle.world().ports.steps;
    let Ok(head) = steps.log(&folder, 0, 0).await else { return Ok(String::new()) };
    let from = head.end.saturating_sub(MOST as u64);
    let span = steps.log(&folder, from, MOST).await;
    Ok(span.map_or_else(|_| String::new(), |s| String::from_utf8_lossy(&s.bytes).into_owned()))
}

/// The folder of the newest attempt at a step.
pub(crate) fn folder(
    handle: &Handle,
    view: &RunView,
    step: &StepView,
) -> Option<std::path::PathBuf> {
    let run: RunId = view.id.parse().ok()?;
    Some(actor::folder(handle.world(), &run, step.instance, step.attempts))
}

#[derive(Deserialize)]
pub(super) struct Asked {
    step: Option<String>,
}

/// What the steps of a run write, as it comes, until it is over.
pub(super) async fn follow(
    State(handle): State<Handle>,
    Path(word): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let found = match handle.find(&word).await {
        Ok(id) => handle.show(&id).await.and_then(|view| {
            chosen(&view, asked.step.as_deref())?;
            Ok(id)
        }),
        Err(refusal) => Err(refusal),
    };
    match found {
        Ok(id) => sse(written(handle, id, asked.step)),
        Err(refusal) => refusal.into_response(),
    }
}

/// How far the log of each attempt has been told.
struct Reader {
    handle: Handle,
    id: RunId,
    step: Option<String>,
    news: tokio::sync::broadcast::Receiver<std::sync::Arc<actor::News>>,
    told: std::collections::BTreeMap<(u32, u32), u64>,
    last: Option<u32>,
    over: bool,
}

fn written(handle: Handle, id: RunId, step: Option<String>) -> impl Stream<Item = String> + Send {
    let news = handle.news();
    let told = std::collections::BTreeMap::new();
    let reader = Reader { handle, id, step, news, told, last: None, over: false };
    stream::unfold(Some(reader), |reader| async move {
        let mut reader = reader?;
        loop {
            let text = reader.more().await?;
            if !text.is_empty() {
                return Some((text, Some(reader)));
            }
            if reader.over {
                return None;
            }
            reader.wait().await?;
        }
    })
}

impl Reader {
    /// What was written since.
    async fn more(&mut self) -> Option<String> {
        let view = self.handle.show(&self.id).await.ok()?;
        self.over = view.is_over();
        let mut text = String::new();
        for step in chosen(&view, self.step.as_deref()).ok()? {
            if step.attempts == 0 || step.kind != "run" {
                continue;
            }
            let key = (step.instance, step.attempts);
            let from = self.told.get(&key).copied().unwrap_or(0);
            let folder = folder(&self.handle, &view, step)?;
            let Ok(span) = self.handle.world().ports.steps.log(&folder, from, MOST).await else {
                continue;
            };
            if span.bytes.is_empty() {
                continue;
            }
            if self.last.replace(step.instance) != Some(step.instance) {
                text.push_str(&format!("── {} (attempt {})\n", step.id, step.attempts));
            }
            self.told.insert(key, span.from + span.bytes.len() as u64);
            text.push_str(&String::from_utf8_lossy(&span.bytes));
        }
        Some(text)
    }

    /// Waits until a step writes, or something happens in the run.
    async fn wait(&mut self) -> Option<()> {
        let view = self.handle.show(&self.id).await.ok()?;
        let running =
            view.steps.iter().filter(|step| step.state == "running" && step.kind == "run");
        let growths: Vec<_> = running
            .filter_map(|step| {
                let folder = folder(&self.handle, &view, step)?;
                let told = self.told.get(&(step.instance, step.attempts)).copied().unwrap_or(0);
                Some((self.handle.world().ports.steps.growth(&folder), told))
            })
            .collect();
        let grown = growths.into_iter().map(|(mut growth, told)| {
            Box::pin(async move {
                if *growth.borrow_and_update() > told {
                    return;
                }
                // One that has ended tells it in the run.
                if growth.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            })
        });
        let grown: Vec<_> = grown.collect();
        let any = async {
            if grown.is_empty() {
                std::future::pending::<()>().await;
            } else {
                futures_util::future::select_all(grown).await;
            }
        };
        tokio::select! {
            () = any => Some(()),
            news = self.news.recv() => match news {
                Err(tokio::sync::broadcast::error::RecvError::Closed) => None,
                Ok(_) | Err(_) => Some(()),
            },
        }
    }
}
