use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{actor::Handle, model::Agent, stats, stats::Stats, verb::common::At},
    base::{Code, Refusal, nearest},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia agent show`
pub(super) struct Show;

/// Arguments of [`Show`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Agent
    name: String,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// Reply of [`Show`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// As declared.
    agent: Agent,
    /// What its tasks tell of it.
    stats: Stats,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show an agent as it is declared, with its figures";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/agents/show";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let crew = args.at.crew(&handle).await?;
        let known = crew.agents.iter().map(|agent| agent.name.as_str());
        let found = crew.agents.iter().find(|agent| agent.name.as_str() == args.name);
        let Some(agent) = found else {
            let refusal =
                Refusal::new(Code::NotFound, format!("there is no agent `{}`", args.name));
            return Err(match nearest(&args.name, known) {
                Some(near) => refusal.help(format!("did you mean `{near}`?")),
                None => refusal.help("`gaia agent list` shows them"),
            });
        };
        let stats = stats::of(handle.view().tasks.values(), &crew.workspace, &agent.name);
        Ok(Reply { agent: agent.clone(), stats })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        let (a, s) = (&reply.agent, &reply.stats);
        let mut lines = vec![format!("{} ({})", ui.paint("1", a.name.as_str()), a.driver)];
        let fence = format!(
            "writes {}, commits by {:?}, network {:?}",
            if a.fence.kernel { "its worktree only" } else { "anywhere (no fence)" },
            a.fence.commit,
            a.fence.network
        );
        for (key, value) in [
            ("about", a.about.clone()),
            ("model", a.model.clone().unwrap_or_default()),
            ("mode", format!("{:?}", a.mode).to_lowercase()),
            ("labels", a.labels.join(", ")),
            ("fence", fence.to_lowercase()),
            (
                "tasks",
                format!(
                    "{} ({} good, {} bad, {} under way, {} waiting)",
                    s.tasks, s.good, s.bad, s.running, s.queued
                ),
            ),
            ("median", format!("{} s, ${:.4}", s.median_ms / 1000, s.median_micros as f64 / 1e6)),
            ("cost", format!("${:.4}", s.cost_micros as f64 / 1e6)),
        ] {
            if !value.is_empty() {
                lines.push(format!("  {key:<8} {value}"));
            }
        }
        lines.join("\n")
    }
}
