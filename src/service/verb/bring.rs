//! Brings a workspace, or some of its services, to what its gaia.toml declares.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use globset::Glob;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::views;
use crate::{
    base::{Code, Refusal, nearest},
    service::{
        actor::{Apply, Handle},
        find::{Definitions, Workspace},
        model::{Service, ServiceId},
        view::ServiceView,
    },
    session::{self, Caller, OpenRequest, Origin},
};

/// Longest wait for services that are not declared any more.
const PATIENCE: Duration = Duration::from_secs(120);

/// What to bring up.
pub(super) struct Bring {
    pub(super) dir: PathBuf,
    pub(super) caller: Caller,
    /// Only these services and what they depend on.
    pub(super) names: Vec<String>,
    pub(super) profiles: Vec<String>,
    /// Replicas other than declared.
    pub(super) scale: BTreeMap<String, u16>,
    /// The windows of the session too, and nothing that is not declared stays.
    pub(super) whole: bool,
    pub(super) dry_run: bool,
}

/// What was brought up.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Brought {
    /// The session.
    pub(super) session: String,
    /// What was done (or would be), in order; empty if all was as declared.
    pub(super) moves: Vec<String>,
    /// Whether it was only asked what would be done.
    pub(super) dry_run: bool,
    /// The command line that attaches a terminal without gaia.
    pub(super) attach: String,
    /// The services concerned.
    pub(super) services: Vec<ServiceView>,
}

/// Brings a workspace, or some of its services, to what its gaia.toml declares.
pub(super) async fn bring(
    handle: &Handle,
    bring: Bring,
) -> Result<(Brought, Vec<ServiceId>), Refusal> {
    let definitions = Definitions::of(handle, &bring.caller.env);
    let mut workspace = definitions.workspace(&bring.dir)?;
    if !bring.scale.is_empty() {
        workspace = definitions.scaled(workspace, &bring.scale)?;
    }
    let start = chosen(&workspace, &bring.names, &bring.profiles)?;
    let name = workspace.declared.name.clone();
    let apply = |dry_run| Apply {
        workspace: name.clone(),
        dir: workspace.dir.clone(),
        services: workspace.services.clone(),
        env: bring.caller.env.clone(),
        start: start.clone(),
        exact: bring.whole || !bring.scale.is_empty(),
        dry_run,
    };
    // What cannot be applied must not leave a session behind.
    let planned = handle.apply(apply(true)).await?;
    let request = |dry_run| OpenRequest {
        declared: workspace.declared.clone(),
        origin: Origin::Workspace,
        size: bring.caller.size(),
        env: bring.caller.env.clone(),
        dry_run,
        fresh: false,
        hold: false,
        only: (!bring.whole).then(|| start.iter().map(ServiceId::short).collect()),
    };
    let known = known(handle, &workspace);
    if !bring.dry_run {
        // What cannot be opened must not stop anything.
        session::open(handle.sessions(), request(true)).await?;
        drop_missing(handle, &workspace, &apply(false)).await?;
    }
    let opened = session::open(handle.sessions(), request(bring.dry_run)).await?;
    let mut moves = opened.moves;
    moves.retain(|one| !known.iter().any(|id| shows(one, id)));
    moves.extend(planned.moves);
    if !bring.dry_run {
        handle.apply(apply(false)).await?;
    }
    let ids: Vec<ServiceId> = start.into_iter().collect();
    let brought = Brought {
        session: opened.session,
        moves,
        dry_run: bring.dry_run,
        attach: opened.attach,
        services: views(handle, &ids),
    };
    Ok((brought, ids))
}

/// Services that are not declared any more are stopped before their windows close.
async fn drop_missing(
    handle: &Handle,
    workspace: &Workspace,
    apply: &Apply,
) -> Result<(), Refusal> {
    let kept: BTreeSet<ServiceId> =
        workspace.services.iter().flat_map(|s| s.ids(&apply.workspace)).collect();
    let view = handle.view();
    let of = view.services.values().filter(|s| s.id.workspace == apply.workspace);
    let gone: Vec<ServiceId> =
        of.map(|s| s.id.clone()).filter(|id| apply.exact && !kept.contains(id)).collect();
    if gone.is_empty() {
        return Ok(());
    }
    handle.remove(gone.clone()).await?;
    handle.until(PATIENCE, |view| gone.iter().all(|id| !view.services.contains_key(id))).await;
    Ok(())
}

/// The services of a workspace: those that it declares, and those that it did before.
fn known(handle: &Handle, workspace: &Workspace) -> Vec<ServiceId> {
    let name = &workspace.declared.name;
    let declared = workspace.services.iter().flat_map(|s| s.ids(name));
    let view = handle.view();
    let before = view.services.keys().filter(|id| id.workspace == *name).cloned();
    declared.chain(before).collect()
}

/// Whether a move is about the window of a service: those are told as services.
fn shows(one: &str, id: &ServiceId) -> bool {
    one.split_once(' ').is_some_and(|(_, place)| place == format!("{}.main", id.window()))
}

/// The services to start: those named, or all that start by themselves in these profiles; and
/// everything they depend on.
fn chosen(
    workspace: &Workspace,
    names: &[String],
    profiles: &[String],
) -> Result<BTreeSet<ServiceId>, Refusal> {
    let by_name: BTreeMap<&str, &Service> =
        workspace.services.iter().map(|s| (s.name.as_str(), s)).collect();
    let mut next: Vec<&str> = Vec::new();
    for name in names {
        let short = name.split(['#', '@']).next().unwrap_or(name);
        let glob = Glob::new(short).map(|g| g.compile_matcher());
        let found: Vec<&str> = by_name
            .keys()
            .copied()
            .filter(|known| *known == short || glob.as_ref().is_ok_and(|g| g.is_match(known)))
            .collect();
        if found.is_empty() {
            let help = match nearest(short, by_name.keys().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    format!("there is: {}", by_name.keys().copied().collect::<Vec<_>>().join(", "))
                }
            };
            let message = format!("there is no service `{name}`");
            return Err(Refusal::new(Code::NotFound, message).help(help));
        }
        next.extend(found);
    }
    if names.is_empty() {
        let wanted = |s: &&Service| {
            let profile = s.profiles.is_empty() || s.profiles.iter().any(|p| profiles.contains(p));
            s.autostart && profile
        };
        next.extend(workspace.services.iter().filter(wanted).map(|s| s.name.as_str()));
    }
    let mut reached = BTreeSet::new();
    while let Some(name) = next.pop() {
        if let Some(service) = by_name.get(name).filter(|_| reached.insert(name)) {
            let needs = service.after.iter().filter(|after| after.required);
            next.extend(needs.map(|after| after.service.as_str()));
        }
    }
    let of = workspace.services.iter().filter(|s| reached.contains(s.name.as_str()));
    Ok(of.flat_map(|s| s.ids(&workspace.declared.name)).collect())
}
