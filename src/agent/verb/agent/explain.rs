use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::target::Target;
use crate::{
    agent::{actor::Handle, evidence::Standing, model::Receipt},
    base::Refusal,
    verb::{Here, Method, Ui, Verb},
};

/// `gaia agent explain`
pub(super) struct Explain;

/// Arguments of [`Explain`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    target: Target,
}

/// Reply of [`Explain`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The task.
    id: String,
    /// How far the task is.
    task: String,
    /// What stands in its way, or why it ended so.
    why: Option<String>,
    /// The attempt.
    attempt: Option<u32>,
    /// How far the attempt is made.
    step: Option<crate::agent::model::Step>,
    /// What the agent does: state, since, source, rule and evidence.
    seen: Option<Standing>,
    /// Its prompt.
    receipt: Option<Receipt>,
}

impl Verb for Explain {
    const NAME: &'static str = "explain";
    const ABOUT: &'static str = "Say what an agent does and which rule and evidence say so";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/agents/explain";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.target.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let task = args.target.task(&handle)?;
        let view = crate::agent::verb::seen::TaskView::of(&task, &handle.view());
        let last = task.last();
        Ok(Reply {
            id: view.id,
            task: view.state,
            why: view.why,
            attempt: last.map(|attempt| attempt.number),
            step: last.map(|attempt| attempt.step),
            seen: last.map(|attempt| attempt.seen.clone()),
            receipt: last.and_then(|attempt| attempt.receipt.clone()),
        })
    }

    fn show(r: &Reply, ui: &Ui) -> String {
        let mut lines = vec![format!("{} is {}", ui.paint("1", &r.id), r.task)];
        lines.extend(r.why.as_ref().map(|why| format!("  because   {why}")));
        if let (Some(attempt), Some(step)) = (r.attempt, r.step) {
            lines.push(format!("  attempt   {attempt}, {step:?}").to_lowercase());
        }
        if let Some(seen) = &r.seen {
            lines.push(format!("  agent     {} since {}", seen.state, seen.since.show()));
            lines.push(format!("  told by   {:?}, rule `{}`", seen.source, seen.rule));
            if !seen.evidence.is_empty() {
                lines.push(format!("  evidence  {}", seen.evidence.trim()));
            }
        }
        if let Some(receipt) = &r.receipt {
            let Receipt { state, way, bytes, .. } = receipt;
            lines.push(format!("  prompt    {state:?} by {way}, {bytes} bytes"));
        }
        lines.join("\n")
    }
}
