use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Nothing, Own};
use crate::{
    agent::{
        actor::{Handle, News},
        fact::AgentReported,
    },
    base::Refusal,
    verb::{Here, Method, Ui, Verb, Who},
};

/// Longest report that is kept.
const LONGEST: usize = 8 << 10;

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

/// `gaia self report`
pub(super) struct Report;

/// Arguments of [`Report`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct ReportArgs {
    /// In words
    text: String,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

impl Verb for Report {
    const NAME: &'static str = "report";
    const ABOUT: &'static str = "Say how far it is";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/self/report";
    type Args = ReportArgs;
    type Reply = Nothing;
    type Ctx = Handle;

    fn prepare(args: &mut ReportArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut ReportArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: ReportArgs) -> Result<Nothing, Refusal> {
        let task = args.own.task(&handle)?;
        let text = cut(&args.text);
        let noted = handle.world().desk.change(task.id, move |task, decision| {
            let attempt = task.attempts.len() as u32;
            decision.fact(&AgentReported { task: task.id, attempt, text: text.clone() });
            task.progress = Some(text);
        });
        noted.await?;
        Ok(Nothing {})
    }

    fn show(_: &Nothing, _: &Ui) -> String {
        String::new()
    }
}

/// `gaia self finish`
pub(super) struct Finish;

/// Arguments of [`Finish`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct FinishArgs {
    /// What was done
    summary: String,
    /// A file that is part of it
    #[arg(long = "deliverable", value_name = "PATH")]
    #[serde(default)]
    deliverables: Vec<String>,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

impl Verb for Finish {
    const NAME: &'static str = "finish";
    const ABOUT: &'static str = "Say that the work is done";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/self/finish";
    type Args = FinishArgs;
    type Reply = Nothing;
    type Ctx = Handle;

    fn prepare(args: &mut FinishArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut FinishArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: FinishArgs) -> Result<Nothing, Refusal> {
        let task = args.own.task(&handle)?;
        let (summary, files) = (cut(&args.summary), args.deliverables);
        let noted = handle.world().desk.change(task.id, move |task, decision| {
            let attempt = task.attempts.len() as u32;
            decision.fact(&AgentReported { task: task.id, attempt, text: summary.clone() });
            if let Some(last) = task.attempts.last_mut() {
                last.text = Some(summary);
            }
            task.delivered = files;
        });
        noted.await?;
        handle.tell(task.id, News::Finished);
        Ok(Nothing {})
    }

    fn show(_: &Nothing, _: &Ui) -> String {
        String::new()
    }
}
