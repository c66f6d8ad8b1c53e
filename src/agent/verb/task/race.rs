use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::add::Wish;
use crate::{
    agent::{
        actor::Handle,
        begin::New,
        verb::{
            common,
            seen::{TaskView, task_table},
        },
    },
    base::{Code, Name, Refusal},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia task race`
pub(super) struct Race;

/// Arguments of [`Race`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Agents that race, each in a worktree of its own; the same one may be named twice
    #[arg(long, short, value_delimiter = ',', required = true, value_name = "AGENTS")]
    agents: Vec<Name>,
    /// Return when all are done, or a person is needed
    #[arg(long)]
    #[serde(default)]
    wait: bool,
    /// What is wanted
    #[command(flatten)]
    #[serde(flatten)]
    wish: Wish,
}

impl Verb for Race {
    const NAME: &'static str = "race";
    const ABOUT: &'static str =
        "Give the same work to several agents; compare with `task diff`, keep one with `task land`";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tasks/race";
    type Args = Args;
    type Reply = Vec<TaskView>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.wish.prepare(here)
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        if args.agents.len() < 2 || args.wish.in_place {
            return Err(Refusal::new(
                Code::Invalid,
                "a race needs two agents, each in its worktree",
            )
            .help("--agents one,two"));
        }
        let crew = args.wish.at.crew(&handle).await?;
        let race = format!("race-{}", handle.world().now().0);
        let mut wanted = Vec::new();
        for (number, agent) in args.agents.iter().enumerate() {
            let mut one = args.wish.wanted(Some(agent.clone()), &handle)?;
            one.race = Some(race.clone());
            one.key = one.key.map(|key| format!("{key}.{number}"));
            crew.check(&one)?;
            wanted.push(one);
        }
        let mut ids = Vec::new();
        for one in wanted {
            let (workspace, dir) = (crew.workspace.clone(), crew.dir.clone());
            let new = New { workspace, dir, wanted: one, env: args.wish.at.env.clone() };
            ids.push(handle.add(new).await?.id);
        }
        if args.wait {
            common::rest(&handle, &ids, true, common::LONG).await;
        }
        ids.into_iter().map(|id| common::seen(&handle, id)).collect()
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        task_table(reply, ui)
    }
}
