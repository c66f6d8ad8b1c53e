use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    verb::{Method, Ui, Verb},
    workflow::{actor::Handle, run::Told, tell, view::RunView},
};

/// `gaia run replay`
pub(crate) struct Replay;

/// Arguments of [`Replay`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Run: its id or the end of it, or `last`
    id: String,
    /// The run as it was after this line of its journal
    #[arg(long)]
    until: Option<u64>,
}

/// A journal, and what it folds to.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Replayed {
    /// The run as it was then.
    run: RunView,
    /// The journal up to then.
    journal: Vec<Told>,
    /// The journal in words, one line for each event.
    lines: Vec<String>,
}

impl Verb for Replay {
    const NAME: &'static str = "replay";
    const ABOUT: &'static str = "The journal of a run: what happened, one line after the other";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/runs/{id}/replay";
    type Args = Args;
    type Reply = Replayed;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<Replayed, Refusal> {
        let id = handle.find(&args.id).await?;
        let (record, mut run) = handle.begin(&id).await?;
        let until = args.until.unwrap_or(u64::MAX);
        let mut journal = handle.journal(&id)?;
        journal.retain(|told| told.seq <= until);
        let mut lines = Vec::new();
        for told in &journal {
            for event in &told.events {
                run.apply(event, told.at);
                lines.push(format!(
                    "{:>4}  {}  {}",
                    told.seq,
                    told.at.show(),
                    tell::line(&run, event)
                ));
            }
        }
        let mut view = RunView::of(&record, &run);
        view.state = run.state.word().to_owned();
        Ok(Replayed { run: view, journal, lines })
    }

    fn show(reply: &Replayed, _: &Ui) -> String {
        reply.lines.join("\n")
    }
}
