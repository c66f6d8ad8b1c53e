//! Items as they are raised and closed, as server-sent events.

use std::{collections::VecDeque, sync::Arc};

use axum::{
    Router,
    extract::{FromRef, Query, State},
    response::Response,
    routing::get,
};
use futures_util::{Stream, stream};
use serde::Deserialize;

use super::{actor::Handle, model::Item, view::View};
use crate::{base::Name, verb::sse};

/// Mounts the stream.
pub(crate) fn routes<S>(router: Router<S>) -> Router<S>
where
    Handle: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    router.route("/v1/inbox/stream", get(follow))
}

#[derive(Deserialize)]
struct Asked {
    workspace: Option<Name>,
}

async fn follow(State(inbox): State<Handle>, Query(asked): Query<Asked>) -> Response {
    sse(changed(inbox, asked.workspace))
}

/// What is open now, and every item whose state is another one from now on.
fn changed(inbox: Handle, workspace: Option<Name>) -> impl Stream<Item = Item> + Send + 'static {
    let mut receiver = inbox.changes();
    let before = Arc::clone(&receiver.borrow_and_update());
    let here = move |item: &Item| workspace.is_none() || item.workspace == workspace;
    let ready: VecDeque<Arc<Item>> = before.open().cloned().collect();
    stream::unfold(
        (receiver, before, ready, here),
        |(mut receiver, mut before, mut ready, here)| async move {
            loop {
                if let Some(item) = ready.pop_front() {
                    if here(&item) {
                        return Some((Item::clone(&item), (receiver, before, ready, here)));
                    }
                    continue;
                }
                receiver.changed().await.ok()?;
                let now = Arc::clone(&receiver.borrow_and_update());
                ready = news(&before, &now).cloned().collect();
                before = now;
            }
        },
    )
}

fn news<'a>(before: &'a View, now: &'a View) -> impl Iterator<Item = &'a Arc<Item>> {
    now.items.iter().filter(|(id, item)| before.items.get(id) != Some(item)).map(|(_, item)| item)
}
