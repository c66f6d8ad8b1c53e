use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    session::{
        actor::{Handle, What},
        target,
        view::{PaneView, View},
    },
    verb::{Method, Ui, Verb},
};

/// `gaia session kill`
pub(super) struct Kill;

/// Arguments of [`Kill`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// What to end
    target: String,
}

/// Reply of [`Kill`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// What has ended.
    target: String,
}

impl Verb for Kill {
    const NAME: &'static str = "kill";
    const ABOUT: &'static str =
        "End a session, a window (NAME:WINDOW) or a pane (NAME:WINDOW.PANE)";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/sessions/{target}/kill";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        end(&sessions, &args.target).await?;
        Ok(Reply { target: args.target })
    }

    fn show(reply: &Self::Reply, _: &Ui) -> String {
        format!("{} has ended", reply.target)
    }
}

/// Ends what `text` names, and returns when it has ended.
pub(super) async fn end(sessions: &Handle, text: &str) -> Result<(), Refusal> {
    let view = sessions.view();
    for what in parts(&view, text)? {
        sessions.close(what).await?;
    }
    Ok(())
}

fn parts(view: &View, text: &str) -> Result<Vec<What>, Refusal> {
    let by_id = text.starts_with('%') || text.parse::<crate::base::UnitId>().is_ok();
    let Some((_, place)) = text.split_once(':').filter(|_| !by_id) else {
        if by_id {
            return Ok(of(&[target::pane(view, text)?.2]));
        }
        let session = target::session(view, text)?;
        let ours = session.phase.is_some().then(|| session.name.parse().ok()).flatten();
        let foreign = || What::Foreign(session.tmux.clone().unwrap_or_default());
        return Ok(vec![ours.map_or_else(foreign, What::Session)]);
    };
    if place.contains('.') {
        return Ok(of(&[target::pane(view, text)?.2]));
    }
    let panes: Vec<&PaneView> = target::window(view, text)?.1.panes.iter().collect();
    Ok(of(&panes))
}

/// Panes of gaia's are stopped by their shims, those a person made are closed by tmux.
fn of(panes: &[&PaneView]) -> Vec<What> {
    let units = panes.iter().filter_map(|pane| pane.id.clone()).collect();
    let foreign = panes.iter().filter(|pane| pane.id.is_none());
    let foreign = foreign.filter_map(|pane| pane.tmux.clone()).map(What::Foreign);
    std::iter::once(What::Units(units)).chain(foreign).collect()
}
