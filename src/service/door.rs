//! What the rest of gaia asks of the services of a workspace: the same that people ask with verbs,
//! of this workspace and of no other, and waited for.
#![allow(dead_code, reason = "the engine of workflows is about to call it")]

use std::{collections::BTreeMap, path::Path, time::Duration};

use super::{
    actor::Handle,
    find::Definitions,
    machine::Desired,
    model::{Service, ServiceId},
    verb::{Set, restart, start, stop, stopped, views},
    view::{ServiceView, View},
};
use crate::{
    base::{Code, Refusal, nearest},
    session::Caller,
};

/// Whoever has less patience lets go: there is hope as long as a service has not failed.
const LONG: Duration = Duration::from_secs(24 * 3600);

impl Handle {
    /// Starts services and what they need, and waits until they are ready (those that end by
    /// themselves: until they have). No name means all that start by themselves.
    pub(crate) async fn bring(
        &self,
        dir: &Path,
        env: &BTreeMap<String, String>,
        names: &[String],
    ) -> Result<(), Refusal> {
        let caller = Caller::of(env.clone());
        let ids = start(self, &Set::of(dir, names), caller, false).await?;
        self.come_up(&ids).await;
        all_well(views(self, &ids))
    }

    /// Stops services, those that depend on others first; returns when nothing of them runs. No
    /// name means all.
    pub(crate) async fn put_down(&self, dir: &Path, names: &[String]) -> Result<(), Refusal> {
        let ids = self.known(dir, names)?;
        stop(self, &ids, LONG).await?;
        stopped(self, &ids, LONG).await;
        Ok(())
    }

    /// Runs services afresh, and waits until they are ready; one that does not run is started.
    pub(crate) async fn cycle(
        &self,
        dir: &Path,
        env: &BTreeMap<String, String>,
        names: &[String],
    ) -> Result<(), Refusal> {
        let ids = self.known(dir, names)?;
        let runs = |one: &ServiceView| one.pid.is_some();
        let live = views(self, &ids).into_iter().filter(runs).map(|one| one.id);
        restart(self, &live.collect::<Vec<_>>(), LONG, true).await?;
        self.bring(dir, env, names).await
    }

    /// Waits until services are ready, and starts none. One that has failed, or that nobody has
    /// started, is refused.
    pub(crate) async fn ready(&self, dir: &Path, names: &[String]) -> Result<(), Refusal> {
        let set = Set::of(dir, names);
        let ids = set.choose(self, false)?;
        let rests = |one: &&ServiceView| one.phase == "down";
        if let Some(one) = views(self, &ids).iter().find(rests) {
            return Err(Refusal::new(Code::Failed, format!("the service `{}` is down", one.name))
                .help(format!("`gaia service start {}` starts it", one.name)));
        }
        self.come_up(&ids).await;
        all_well(views(self, &ids))
    }

    /// Waits until services are up, cannot be, or shall not be any more.
    async fn come_up(&self, ids: &[ServiceId]) {
        let rests = |one: &ServiceView| one.phase == "down" && one.desired == Desired::Down;
        let over = |one: &ServiceView| one.is_done() || one.is_hopeless() || rests(one);
        let known =
            |view: &View| ids.iter().all(|id| view.services.get(id).is_none_or(|one| over(one)));
        self.until(LONG, known).await;
    }

    /// The services meant, as far as they were ever started; one that nobody declares is refused.
    fn known(&self, dir: &Path, names: &[String]) -> Result<Vec<ServiceId>, Refusal> {
        let whole = Set::of(dir, names).choose(self, false);
        if !matches!(&whole, Err(refusal) if refusal.code == Code::NotFound) {
            return whole;
        }
        let env = BTreeMap::new();
        let declared = Definitions::of(self, &env).workspace(dir)?.services;
        let mut ids = Vec::new();
        for name in names {
            match Set::of(dir, std::slice::from_ref(name)).choose(self, false) {
                Ok(found) => ids.extend(found),
                Err(refusal) if refusal.code == Code::NotFound => is_declared(name, &declared)?,
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(ids)
    }
}

fn is_declared(name: &str, declared: &[Service]) -> Result<(), Refusal> {
    let short = name.split(['#', '@']).next().unwrap_or(name);
    let known = || declared.iter().map(|service| service.name.as_str());
    let glob = globset::Glob::new(short).map(|glob| glob.compile_matcher());
    let fits = |known: &str| known == short || glob.as_ref().is_ok_and(|g| g.is_match(known));
    if known().any(fits) {
        return Ok(());
    }
    let help = match nearest(short, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there is: {}", known().collect::<Vec<_>>().join(", ")),
    };
    Err(Refusal::new(Code::NotFound, format!("there is no service `{name}`")).help(help))
}

/// Refuses services that are not as they shall be, with why.
fn all_well(services: Vec<ServiceView>) -> Result<(), Refusal> {
    let bad: Vec<&ServiceView> = services.iter().filter(|one| !one.is_done()).collect();
    let Some(first) = bad.first() else { return Ok(()) };
    let told = bad.iter().map(|one| {
        let why = one.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("the service `{}` is {}{why}", one.name, one.phase)
    });
    Err(Refusal::new(Code::Failed, told.collect::<Vec<_>>().join("; ")).help(format!(
        "`gaia service logs {0}` shows what it said, `gaia service why {0}` what it waits for",
        first.name
    )))
}
