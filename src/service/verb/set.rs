//! Which services a verb is about.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use globset::Glob;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Refusal, nearest},
    service::{
        actor::Handle,
        find::Definitions,
        model::ServiceId,
        view::{ServiceView, View},
    },
    verb::Here,
};

/// Which services a verb is about.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(in crate::service) struct Set {
    /// Services: NAME, NAME#2, NAME@WORKSPACE, or a glob such as `web-*`
    #[serde(default)]
    pub(super) names: Vec<String>,
    /// All services of the workspace (outside of one: of all workspaces)
    #[arg(long)]
    #[serde(default)]
    pub(super) all: bool,
    /// Services of this profile
    #[arg(long)]
    #[serde(default)]
    pub(super) profile: Vec<String>,
    /// Folder of the workspace, or one below it
    #[arg(long)]
    pub(super) dir: Option<PathBuf>,
    /// Only of this workspace, though it has none that is known
    #[arg(skip)]
    #[serde(skip)]
    strictly_here: bool,
}

impl Set {
    /// Completes itself on the caller's side.
    pub(super) fn prepare(&mut self, here: &Here) {
        self.dir = Some(match &self.dir {
            Some(dir) => here.absolute(dir),
            None => here.cwd.clone(),
        });
    }

    /// Services of the workspace that a folder lies in, and of no other; all if none is named.
    pub(in crate::service) fn of(dir: &Path, names: &[String]) -> Self {
        Self {
            names: names.to_vec(),
            all: names.is_empty(),
            profile: vec![],
            dir: Some(dir.to_owned()),
            strictly_here: true,
        }
    }

    /// The services meant; `or_all`: no name means all.
    pub(in crate::service) fn choose(
        &self,
        handle: &Handle,
        or_all: bool,
    ) -> Result<Vec<ServiceId>, Refusal> {
        let view = handle.view();
        let here = self.here(handle, &view);
        if self.strictly_here && here.is_none() {
            return Err(self.nowhere(handle));
        }
        let mut chosen = BTreeSet::new();
        for name in &self.names {
            chosen.extend(named(&view, here.as_deref(), name)?);
        }
        if self.names.is_empty() {
            let profile = |s: &ServiceView| {
                self.profile.is_empty() || s.profiles.iter().any(|p| self.profile.contains(p))
            };
            if !self.all && !or_all && self.profile.is_empty() {
                return Err(Refusal::new(Code::Invalid, "which service?")
                    .help("name one, or --all; `gaia service list` shows them"));
            }
            let of = view.services.values().filter(|s| is_here(s, here.as_deref()) && profile(s));
            chosen.extend(of.map(|s| s.id.clone()));
        }
        Ok(chosen.into_iter().collect())
    }

    /// Why there is no workspace here.
    fn nowhere(&self, handle: &Handle) -> Refusal {
        let env = BTreeMap::new();
        let dir = self.dir.clone().unwrap_or_default();
        let why = Definitions::of(handle, &env).dir(&dir).err();
        why.unwrap_or_else(|| Refusal::new(Code::NotFound, "there is no workspace here"))
    }

    /// The workspace the caller is in, if it has services.
    pub(super) fn here(&self, handle: &Handle, view: &View) -> Option<String> {
        let env = BTreeMap::new();
        let dir = Definitions::of(handle, &env).dir(self.dir.as_ref()?).ok()?;
        let dir = dir.display().to_string();
        let known = view.services.values().any(|s| s.dir == dir);
        (known || self.strictly_here).then_some(dir)
    }
}

fn is_here(service: &ServiceView, here: Option<&str>) -> bool {
    here.is_none_or(|dir| service.dir == dir)
}

/// The services that a word means.
pub(super) fn named(
    view: &View,
    here: Option<&str>,
    word: &str,
) -> Result<Vec<ServiceId>, Refusal> {
    let (short, workspace) = match word.split_once('@') {
        Some((short, workspace)) => (short, Some(workspace)),
        None => (word, None),
    };
    let bad = |_| Refusal::new(Code::Invalid, format!("`{word}` is no name and no glob"));
    let glob = Glob::new(short).map_err(bad)?.compile_matcher();
    let place = |s: &ServiceView| match workspace {
        Some(workspace) => s.workspace == workspace,
        None => is_here(s, here),
    };
    let fits =
        |s: &ServiceView| s.name == short || s.id.name.as_str() == short || glob.is_match(&s.name);
    let found: Vec<&Arc<ServiceView>> =
        view.services.values().filter(|s| place(s) && fits(s)).collect();
    let workspaces: BTreeSet<&str> = found.iter().map(|s| s.workspace.as_str()).collect();
    if found.is_empty() {
        let known: Vec<&str> =
            view.services.values().filter(|s| place(s)).map(|s| s.name.as_str()).collect();
        let help = match (nearest(short, known.iter().copied()), known.is_empty()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, false) => format!("there is: {}", known.join(", ")),
            (None, true) => "`gaia up` in a folder whose gaia.toml has [services]".to_owned(),
        };
        return Err(
            Refusal::new(Code::NotFound, format!("there is no service `{word}`")).help(help)
        );
    }
    if workspaces.len() > 1 {
        let which: Vec<String> = workspaces.iter().map(|w| format!("{short}@{w}")).collect();
        let message = format!("`{word}` is in several workspaces");
        return Err(Refusal::new(Code::Invalid, message)
            .help(format!("write one of: {}", which.join(", "))));
    }
    Ok(found.iter().map(|s| s.id.clone()).collect())
}

/// One service.
pub(super) fn one(handle: &Handle, set: &Set) -> Result<Arc<ServiceView>, Refusal> {
    let ids = set.choose(handle, false)?;
    let view = handle.view();
    match &ids[..] {
        [id] => view
            .services
            .get(id)
            .cloned()
            .ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no service `{id}`"))),
        many => {
            let names: Vec<String> = many.iter().map(ServiceId::short).collect();
            Err(Refusal::new(Code::Invalid, "this is about one service at a time")
                .help(format!("write one of: {}", names.join(", "))))
        }
    }
}
