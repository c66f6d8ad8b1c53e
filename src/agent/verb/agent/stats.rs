use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{actor::Handle, stats, stats::Stats as Figures, verb::common::At},
    base::Refusal,
    verb::{Here, Method, Ui, Verb, table},
};

/// `gaia agent stats`
pub(super) struct Stats;

/// Arguments of [`Stats`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// The figures of one agent.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Row {
    /// The agent.
    agent: String,
    /// Share of its tasks that ended well.
    success: f64,
    /// The rest.
    #[serde(flatten)]
    figures: Figures,
}

impl Verb for Stats {
    const NAME: &'static str = "stats";
    const ABOUT: &'static str = "Compare agents: tasks, success, time, cost, queue";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/agents/stats";
    type Args = Args;
    type Reply = Vec<Row>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let crew = args.at.crew(&handle).await?;
        let view = handle.view();
        let one = |agent: &crate::agent::model::Agent| {
            let figures = stats::of(view.tasks.values(), &crew.workspace, &agent.name);
            Row { agent: agent.name.to_string(), success: figures.success(), figures }
        };
        Ok(crew.agents.iter().map(one).collect())
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        let rows = reply.iter().map(|row| {
            let f = &row.figures;
            vec![
                row.agent.clone(),
                f.tasks.to_string(),
                format!("{:.0} %", row.success * 100.0),
                format!("{} s", f.median_ms / 1000),
                format!("${:.4}", f.cost_micros as f64 / 1e6),
                f.running.to_string(),
                f.queued.to_string(),
            ]
        });
        table(
            ui,
            &["AGENT", "TASKS", "SUCCESS", "MEDIAN", "COST", "RUNNING", "QUEUED"],
            rows.collect(),
        )
    }
}
