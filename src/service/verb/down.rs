use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::path::PathBuf;

use super::common;
use crate::{
    base::{Code, Refusal},
    service::{
        actor::Handle,
        find::Definitions,
        machine::{By, Input},
        model::ServiceId,
        view::View,
    },
    session::What,
    verb::{Follow, Here, Method, Ui, Verb},
};

/// `gaia down`
pub(super) struct Down;

/// Arguments of [`Down`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Session to end; that of the folder if it is left out
    name: Option<String>,
    /// Folder of the workspace, or one below it
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// Reply of [`Down`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The session that has ended.
    session: String,
    /// Services that were stopped, in order.
    services: Vec<String>,
}

impl Verb for Down {
    const NAME: &'static str = "down";
    const ABOUT: &'static str =
        "End a workspace: its services in reverse order, its programs, then its windows";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/down";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        let dir = args.dir.as_ref().map_or_else(|| here.cwd.clone(), |dir| here.absolute(dir));
        args.dir = Some(dir);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let session = session(&handle, args)?;
        let view = handle.view();
        let of = view.services.keys().filter(|id| id.workspace.as_str() == session);
        let ids: Vec<ServiceId> = of.cloned().collect();
        let order = common::stop_ranks(&handle, &ids);
        for rank in &order {
            let stop = |id: &ServiceId| (id.clone(), Input::Stop { by: By::Operator });
            handle.tell(rank.iter().map(stop).collect()).await?;
            common::stopped(&handle, rank, common::STOP).await;
        }
        if let Ok(name) = session.parse() {
            let there = handle.sessions().view().sessions.iter().any(|s| s.name == session);
            if there {
                handle.sessions().close(What::Session(name)).await?;
            }
        }
        handle.remove(ids.clone()).await?;
        let gone = |view: &View| !ids.iter().any(|id| view.services.contains_key(id));
        handle.until(common::STOP, gone).await;
        let services = order.into_iter().flatten().map(|id| id.short()).collect();
        Ok(Reply { session, services })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        format!("{} has ended", reply.session)
    }

    fn progress(_: &Args) -> Option<Follow> {
        common::progress(true)
    }
}

fn session(handle: &Handle, args: Args) -> Result<String, Refusal> {
    let view = handle.sessions().view();
    let services = handle.view();
    match (args.name, args.dir) {
        (Some(name), _) => {
            let known = view.sessions.iter().any(|s| s.name == name);
            if known || services.services.keys().any(|id| id.workspace.as_str() == name) {
                return Ok(name);
            }
            let names: Vec<&str> = view.sessions.iter().map(|s| s.name.as_str()).collect();
            let refusal = Refusal::new(Code::NotFound, format!("there is no session `{name}`"));
            Err(match names.is_empty() {
                true => refusal.help("`gaia up` or `gaia session new` makes one"),
                false => refusal.help(format!("there is: {}", names.join(", "))),
            })
        }
        (None, Some(dir)) => {
            let env = std::collections::BTreeMap::new();
            let workspace = Definitions::of(handle, &env).dir(&dir)?.display().to_string();
            let of = view.sessions.iter().find(|s| s.dir == workspace && s.phase.is_some());
            let serves = services.services.values().find(|s| s.dir == workspace);
            let found = of.map(|s| s.name.clone()).or(serves.map(|s| s.workspace.clone()));
            found.ok_or_else(|| {
                Refusal::new(Code::NotFound, format!("nothing runs for {workspace}"))
            })
        }
        (None, None) => Err(Refusal::new(Code::Invalid, "which session?")),
    }
}
