use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    verb::{Method, Ui, Verb},
    workflow::{actor::Handle, record::RunRecord, verb::common, view::RunView},
};

/// `gaia run list`
pub(crate) struct List;

/// Arguments of [`List`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Runs of this workflow only
    #[arg(long, short)]
    workflow: Option<String>,
    /// Runs of this workspace only
    #[arg(long)]
    workspace: Option<String>,
    /// Runs in this state only: queued, running, done, failed, cancelled, skipped
    #[arg(long, short)]
    state: Option<String>,
    /// Runs asked for since then, e.g. `2h` or `7d`
    #[arg(long)]
    since: Option<String>,
    /// Runs whose inputs, trigger or reason hold this text
    #[arg(long, short)]
    grep: Option<String>,
    /// The newest so many; 0 for all
    #[arg(long, short = 'n', default_value_t = 50)]
    #[serde(default = "fifty")]
    limit: usize,
    /// Those too that were started by other runs
    #[arg(long, short)]
    #[serde(default)]
    all: bool,
}

fn fifty() -> usize {
    50
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ABOUT: &'static str = "Runs, the newest last";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/runs";
    type Args = Args;
    type Reply = Vec<RunView>;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let now = handle.world().now();
        let since = args.since.as_deref().map(|text| common::since(text, now)).transpose()?;
        let is =
            |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|w| w == found);
        let holds = |run: &RunRecord| {
            let text = || {
                let why = run.why.as_deref().unwrap_or_default();
                format!("{} {} {why}", serde_json::json!(run.inputs), run.trigger)
            };
            args.grep.as_deref().is_none_or(|wanted| text().contains(wanted))
        };
        let fits = |run: &RunRecord| {
            is(&args.workflow, &run.workflow)
                && is(&args.workspace, run.workspace.as_str())
                && is(&args.state, run.state.word())
                && since.is_none_or(|since| run.created >= since)
                && (args.all || run.parent.is_none())
                && holds(run)
        };
        let all = handle.list().await?;
        let limit = if args.limit == 0 { usize::MAX } else { args.limit };
        let newest = all.iter().rev().filter(|run| fits(run)).take(limit);
        let mut newest: Vec<RunView> = newest.map(|run| RunView::head(run)).collect();
        newest.reverse();
        Ok(newest)
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        common::run_table(reply, ui)
    }
}
