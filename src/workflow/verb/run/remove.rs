use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Refusal, RunId},
    verb::{Method, Ui, Verb},
    workflow::{actor::Handle, verb::common},
};

/// `gaia run remove`
pub(crate) struct Remove;

/// Arguments of [`Remove`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Runs that are over
    #[serde(default)]
    ids: Vec<String>,
    /// All that have been over for so long, e.g. `30d`
    #[arg(long, conflicts_with = "ids", required_unless_present = "ids")]
    older: Option<String>,
    /// Say which, and do nothing
    #[arg(long)]
    #[serde(default)]
    dry_run: bool,
}

/// What was removed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Removed {
    /// The runs.
    runs: Vec<String>,
    /// Whether they are gone.
    removed: bool,
}

impl Verb for Remove {
    const NAME: &'static str = "remove";
    const ABOUT: &'static str =
        "Forget runs that are over, with their journals, logs and artifacts";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/runs/remove";
    type Args = Args;
    type Reply = Removed;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<Removed, Refusal> {
        let mut ids: Vec<RunId> = Vec::new();
        for word in &args.ids {
            ids.push(handle.find(word).await?);
        }
        let all = handle.list().await?;
        if let Some(older) = &args.older {
            let before = common::since(older, handle.world().now())?;
            let old = all.iter().filter(|run| run.ended.is_some_and(|ended| ended < before));
            ids.extend(old.map(|run| run.id.clone()));
        }
        let live = all.iter().find(|run| ids.contains(&run.id) && !run.state.is_over());
        if let Some(live) = live {
            let message = format!("{} is {}", live.id, live.state.word());
            return Err(Refusal::new(Code::Invalid, message)
                .help("only what is over can be removed: `gaia run cancel` ends it"));
        }
        let runs = ids.iter().map(ToString::to_string).collect();
        if !args.dry_run {
            handle.forget(ids).await?;
        }
        Ok(Removed { runs, removed: !args.dry_run })
    }

    fn show(reply: &Removed, _: &Ui) -> String {
        match (reply.runs.len(), reply.removed) {
            (0, _) => "there is none".to_owned(),
            (count, true) => format!("{count} removed"),
            (_, false) => reply.runs.join("\n"),
        }
    }
}
