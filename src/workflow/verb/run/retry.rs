use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Refusal, nearest},
    verb::{Method, Ui, Verb},
    workflow::{actor::Handle, machine::Input, verb::common, view::RunView},
};

/// `gaia run retry`
pub(crate) struct Retry;

/// Arguments of [`Retry`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Run: its id or the end of it, or `last`
    id: String,
    /// Do this step over, and everything that needs it, e.g. `fix[api]`
    #[arg(long, value_name = "STEP")]
    from: Option<String>,
    /// Return when the run is over; exit 1 if it did not end well
    #[arg(long)]
    #[serde(default)]
    wait: bool,
}

impl Verb for Retry {
    const NAME: &'static str = "retry";
    const ABOUT: &'static str =
        "Do over what did not end well in a run, or a step and what needs it";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/runs/{id}/retry";
    type Args = Args;
    type Reply = RunView;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<RunView, Refusal> {
        let id = handle.find(&args.id).await?;
        let view = handle.show(&id).await?;
        if !view.is_over() {
            let message = format!("{id} is {}", view.state);
            return Err(Refusal::new(Code::Invalid, message)
                .help("only what is over can be done over: `gaia run cancel` ends it"));
        }
        let from = match &args.from {
            None => None,
            Some(step) => {
                let found = view.steps.iter().find(|known| known.id == *step);
                let found = found.ok_or_else(|| {
                    let known = view.steps.iter().map(|step| step.id.as_str());
                    let near = nearest(step, known.clone()).map(str::to_owned);
                    let all = || known.collect::<Vec<_>>().join(", ");
                    Refusal::new(Code::NotFound, format!("{id} has no step `{step}`"))
                        .help(near.map_or_else(all, |near| format!("did you mean `{near}`?")))
                })?;
                Some(found.instance)
            }
        };
        if from.is_none() && view.state == "done" {
            return Err(Refusal::new(Code::Invalid, format!("{id} ended well"))
                .help("name a step: gaia run retry RUN --from STEP"));
        }
        handle.tell(&id, Input::Retry(from)).await?;
        if args.wait {
            handle.wait(&id).await?;
        }
        handle.show(&id).await
    }

    fn show(reply: &RunView, ui: &Ui) -> String {
        common::show_run(reply, ui)
    }

    fn failed(reply: &RunView) -> bool {
        reply.is_bad()
    }
}
