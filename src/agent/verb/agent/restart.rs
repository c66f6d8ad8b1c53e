use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::target::Target;
use crate::{
    agent::{
        actor::Handle,
        fact::TaskQueued,
        model::{GoOn, State},
        verb::{
            common,
            seen::{TaskView, task_table},
        },
    },
    base::{Code, Refusal},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia agent restart`
pub(super) struct Restart;
/// `gaia agent resume`
pub(super) struct Resume;

/// Arguments of these.
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    target: Target,
    /// What it does next
    #[arg(long, short)]
    prompt: Option<String>,
}

async fn again(handle: &Handle, args: Args, resume: bool) -> Result<TaskView, Refusal> {
    let task = args.target.task(handle)?;
    let id = task.id;
    common::not_landing(&task)?;
    if matches!(task.state, State::Running | State::Landed { .. } | State::Discarded { .. }) {
        let message = format!("{id} is {}", task.state.word());
        return Err(Refusal::new(Code::Invalid, message)
            .help("`gaia agent stop` ends one that runs; what is landed is over"));
    }
    handle
        .world()
        .desk
        .change(id, move |task, decision| {
            if let Some(last) = task.attempts.last_mut() {
                let session = resume.then(|| last.session.clone());
                last.next = Some(GoOn { resume: session, prompt: args.prompt, counts: false });
            }
            let why = "a person wants it to go on".to_owned();
            decision.fact(&TaskQueued { task: id, why: why.clone(), until: None });
            task.state = State::Queued { until: None, why };
        })
        .await?;
    common::seen(handle, id)
}

impl Verb for Restart {
    const NAME: &'static str = "restart";
    const ABOUT: &'static str = "Start the program of an agent anew, in its worktree as it is";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/agents/restart";
    type Args = Args;
    type Reply = TaskView;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.target.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<TaskView, Refusal> {
        again(&handle, args, false).await
    }

    fn show(reply: &TaskView, ui: &Ui) -> String {
        task_table(std::slice::from_ref(reply), ui)
    }
}

impl Verb for Resume {
    const NAME: &'static str = "resume";
    const ABOUT: &'static str = "Have an agent that has ended go on with its session";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/agents/resume";
    type Args = Args;
    type Reply = TaskView;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.target.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<TaskView, Refusal> {
        again(&handle, args, true).await
    }

    fn show(reply: &TaskView, ui: &Ui) -> String {
        task_table(std::slice::from_ref(reply), ui)
    }
}
