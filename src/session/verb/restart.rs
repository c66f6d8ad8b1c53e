use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::time::Duration;

use crate::{
    base::{Code, Refusal, UnitId, wire::Ask},
    session::{actor::Handle, target, view::View},
    verb::{Method, Ui, Verb},
};

/// How long a stop and a start may take; a program may use its whole grace time.
const PATIENCE: Duration = Duration::from_secs(15);

/// `gaia session restart`
pub(super) struct Restart;

/// Arguments of [`Restart`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Pane: SESSION, SESSION:WINDOW, SESSION:WINDOW.PANE, or its id
    target: String,
}

/// Reply of [`Restart`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The pane.
    id: UnitId,
    /// The life of its program that runs now.
    incarnation: u32,
}

impl Verb for Restart {
    const NAME: &'static str = "restart";
    const ABOUT: &'static str = "Run the program of a pane afresh";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/panes/{target}/restart";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let view = sessions.view();
        let (_, _, pane) = target::pane(&view, &args.target)?;
        let Some(id) = pane.id.clone() else {
            return Err(Refusal::new(Code::Invalid, "a person made this pane")
                .help("gaia restarts only programs that it started"));
        };
        let before = pane.incarnation;
        let asked = sessions.ports().units.ask(&id, Ask::Restart).await;
        asked.map_err(|error| {
            Refusal::new(Code::Failed, error).help("its pane is gone: `gaia up` opens it again")
        })?;
        let now = |view: &View| target::pane(view, id.as_str()).ok().map(|p| p.2.incarnation);
        let view = sessions.until(PATIENCE, |view| now(view).is_some_and(|n| n > before)).await;
        Ok(Reply { incarnation: now(&view).unwrap_or(before), id })
    }

    fn show(reply: &Self::Reply, _: &Ui) -> String {
        format!("{} runs afresh: its life number {}", reply.id, reply.incarnation)
    }
}
