use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{
        actor::Handle,
        model::State,
        verb::common::{At, LONG},
    },
    base::{Name, Refusal},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia task pause`
pub(super) struct Pause;
/// `gaia task resume`
pub(super) struct Resume;
/// `gaia task drain`
pub(super) struct Drain;

/// Arguments of these.
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// Reply of these.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The workspace.
    workspace: Name,
    /// Whether its queue is paused.
    paused: bool,
    /// Attempts that go on.
    running: usize,
    /// Tasks that wait.
    queued: usize,
}

impl Reply {
    fn of(handle: &Handle, workspace: Name, paused: bool) -> Self {
        let view = handle.view();
        let of = || view.tasks.values().filter(|task| task.workspace == workspace);
        let running = of().filter(|task| task.state == State::Running).count();
        let queued = of().filter(|task| matches!(task.state, State::Queued { .. })).count();
        Self { workspace, paused, running, queued }
    }

    fn text(&self) -> String {
        let word = if self.paused { "is paused" } else { "goes on" };
        let Self { workspace, running, queued, .. } = self;
        format!("the queue of {workspace} {word}: {running} under way, {queued} waiting")
    }
}

async fn set(handle: &Handle, at: &At, paused: bool) -> Result<Name, Refusal> {
    let crew = at.crew(handle).await?;
    handle.pause(crew.workspace.clone(), paused).await?;
    Ok(crew.workspace)
}

impl Verb for Pause {
    const NAME: &'static str = "pause";
    const ABOUT: &'static str = "Begin no more tasks of this workspace; those under way go on";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tasks/pause";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let workspace = set(&handle, &args.at, true).await?;
        Ok(Reply::of(&handle, workspace, true))
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        reply.text()
    }
}

impl Verb for Resume {
    const NAME: &'static str = "resume";
    const ABOUT: &'static str = "Begin tasks of this workspace again";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tasks/resume";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let workspace = set(&handle, &args.at, false).await?;
        Ok(Reply::of(&handle, workspace, false))
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        reply.text()
    }
}

impl Verb for Drain {
    const NAME: &'static str = "drain";
    const ABOUT: &'static str = "Pause the queue, and return when nothing is under way any more";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tasks/drain";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let workspace = set(&handle, &args.at, true).await?;
        let rests = |view: &crate::agent::view::View| {
            let mut of = view.tasks.values().filter(|task| task.workspace == workspace);
            of.all(|task| task.state != State::Running)
        };
        handle.until(LONG, rests).await;
        Ok(Reply::of(&handle, workspace, true))
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        reply.text()
    }
}
