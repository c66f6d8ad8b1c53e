use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::{collections::BTreeMap, path::PathBuf};

use super::common::{self, Bring, Brought, Wait};
use crate::{
    base::{Code, Refusal},
    service::actor::Handle,
    session::Caller,
    verb::{Follow, Here, Method, Ui, Verb},
};

/// `gaia up`
pub(super) struct Up;

/// Arguments of [`Up`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Only these services and what they depend on (globs are understood)
    #[serde(default)]
    names: Vec<String>,
    /// Also services of this profile
    #[arg(long)]
    #[serde(default)]
    profile: Vec<String>,
    /// Only say what would be done
    #[arg(long)]
    #[serde(default)]
    dry_run: bool,
    /// Do not wait for services, though this is a terminal
    #[arg(long, short)]
    #[serde(default)]
    detach: bool,
    /// Whether to wait
    #[command(flatten)]
    #[serde(flatten)]
    wait: Wait,
    /// Folder of the workspace, or one below it
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    caller: Caller,
}

/// Reply of [`Up`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// What was done.
    #[serde(flatten)]
    brought: Brought,
    /// Whether it was waited for.
    waited: bool,
}

impl Verb for Up {
    const NAME: &'static str = "up";
    const ABOUT: &'static str =
        "Bring the workspace of a folder to what its gaia.toml declares: windows and services";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/up";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        let dir = args.dir.as_ref().map_or_else(|| here.cwd.clone(), |dir| here.absolute(dir));
        args.dir = Some(dir);
        args.caller.prepare(here);
        // On a terminal a person watches it come up.
        args.wait.wait |= here.size.is_some() && !args.detach && !args.dry_run;
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let Args { names, profile, dry_run, wait, dir, caller, .. } = args;
        let dir = dir.ok_or_else(|| Refusal::new(Code::Invalid, "`dir` is missing"))?;
        let patience = wait.patience()?;
        let whole = names.is_empty();
        let scale = BTreeMap::new();
        let bring = Bring { dir, caller, names, profiles: profile, scale, whole, dry_run };
        let (mut brought, ids) = common::bring(&handle, bring).await?;
        let waited = wait.wait && !dry_run;
        if waited {
            common::settled(&handle, &ids, patience).await;
        }
        brought.services = common::views(&handle, &ids);
        if waited && brought.services.len() < ids.len() {
            return Err(Refusal::new(Code::Failed, "somebody took services out meanwhile")
                .help("`gaia service list` shows those that are left"));
        }
        Ok(Reply { brought, waited })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        let Brought { session, moves, dry_run, attach, services } = &reply.brought;
        let name = ui.paint("1", session);
        let mut lines: Vec<String> = moves.iter().map(|one| format!("  {one}")).collect();
        let head = match (moves.is_empty(), dry_run) {
            (true, _) => format!("{name} is as declared"),
            (false, true) => format!("{name} would change:"),
            (false, false) => format!("{name} is up:"),
        };
        lines.insert(0, head);
        if *dry_run {
            return lines.join("\n");
        }
        if !services.is_empty() {
            lines.push(common::service_table(services, ui));
        }
        lines.push(format!("attach with: gaia attach {session}"));
        lines.push(format!("        or: {attach}"));
        lines.join("\n")
    }

    fn failed(reply: &Reply) -> bool {
        reply.waited && common::unsettled(&reply.brought.services)
    }

    fn progress(args: &Args) -> Option<Follow> {
        common::progress(args.wait.wait)
    }
}
