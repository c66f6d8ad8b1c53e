use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::collections::BTreeMap;

use super::common::{self, Bring, Concerned, Set, Wait};
use crate::{
    base::{Code, Refusal},
    service::{
        actor::Handle,
        machine::{By, Input},
        model::ServiceId,
        view::ServiceView,
    },
    session::Caller,
    verb::{Follow, Here, Method, Ui, Verb},
};

/// `gaia service start`
pub(super) struct Start;

/// Arguments of [`Start`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    set: Set,
    /// Run them once, however they end
    #[arg(long)]
    #[serde(default)]
    once: bool,
    /// Whether to wait
    #[command(flatten)]
    #[serde(flatten)]
    wait: Wait,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    caller: Caller,
}

impl Verb for Start {
    const NAME: &'static str = "start";
    const ABOUT: &'static str = "Start services, and what they depend on";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/services/start";
    type Args = Args;
    type Reply = Concerned;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        args.caller.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Concerned, Refusal> {
        let Args { set, once, wait, caller } = args;
        let patience = wait.patience()?;
        let ids = start(&handle, &set, caller, once).await?;
        if wait.wait {
            common::settled(&handle, &ids, patience).await;
        }
        Ok(Concerned::of(&handle, &ids, wait.wait))
    }

    fn show(reply: &Concerned, ui: &Ui) -> String {
        reply.show(ui)
    }

    fn failed(reply: &Concerned) -> bool {
        reply.failed()
    }

    fn progress(args: &Args) -> Option<Follow> {
        common::progress(args.wait.wait)
    }
}

/// Starts services, and what they need; those that are meant.
pub(in crate::service) async fn start(
    handle: &Handle,
    set: &Set,
    caller: Caller,
    once: bool,
) -> Result<Vec<ServiceId>, Refusal> {
    let ids = find(handle, set, caller).await?;
    let wanted = common::views(handle, &common::with_needs(handle, &ids));
    let rests = wanted
        .into_iter()
        .filter(|s| ids.contains(&s.id) || matches!(s.phase.as_str(), "down" | "failed"));
    let start = |s: ServiceView| {
        let named = ids.contains(&s.id);
        let by = if named { By::Operator } else { By::Gaia };
        (s.id, Input::Start { once: once && named, by })
    };
    handle.tell(rests.map(start).collect()).await?;
    Ok(ids)
}

fn has_session(handle: &Handle, id: &ServiceId) -> bool {
    let (view, services) = (handle.sessions().view(), handle.view());
    let unit = services.services.get(id).and_then(|service| service.unit.clone());
    let renamed = unit.is_some_and(|unit| handle.sessions().service_of(&unit).is_some());
    renamed || view.sessions.iter().any(|s| s.phase.is_some() && s.name == id.workspace.as_str())
}

/// The services meant; those of a workspace that is not up (any more) come from its gaia.toml.
async fn find(handle: &Handle, set: &Set, caller: Caller) -> Result<Vec<ServiceId>, Refusal> {
    let known = match set.choose(handle, false) {
        Ok(ids) if !ids.is_empty() => return reopened(handle, ids, caller).await,
        Ok(_) => Err(Refusal::new(Code::NotFound, "there is no service here")
            .help("name one that a gaia.toml has")),
        other => other,
    };
    let (Err(refusal), Some(dir)) = (&known, set.dir.clone()) else { return known };
    if refusal.code != Code::NotFound {
        return known;
    }
    let (names, profiles) = (set.names.clone(), set.profile.clone());
    let (scale, whole) = (BTreeMap::new(), false);
    let bring = Bring { dir, caller, names, profiles, scale, whole, dry_run: false };
    match common::bring(handle, bring).await {
        Ok((_, ids)) => Ok(ids),
        // Outside of any workspace the first refusal says more.
        Err(other) if other.code == Code::NotFound => known,
        Err(other) => Err(other),
    }
}

/// Services whose session has ended get it again.
async fn reopened(
    handle: &Handle,
    ids: Vec<ServiceId>,
    caller: Caller,
) -> Result<Vec<ServiceId>, Refusal> {
    let view = handle.view();
    let homeless = |id: &&ServiceId| !has_session(handle, id);
    let Some(first) = ids.iter().find(homeless).and_then(|id| view.services.get(id)) else {
        return Ok(ids);
    };
    let of = ids.iter().filter(|id| id.workspace == first.id.workspace);
    let names = of.map(|id| id.name.to_string()).collect();
    let dir = first.dir.clone().into();
    let (profiles, scale, whole) = (vec![], BTreeMap::new(), false);
    let bring = Bring { dir, caller, names, profiles, scale, whole, dry_run: false };
    common::bring(handle, bring).await.map(|_| ids)
}
