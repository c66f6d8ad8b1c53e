//! New definitions for the services of a workspace.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use super::{Actor, slot::Slot};
use crate::{
    base::{Code, Name, Refusal},
    service::{
        diff::{Change, change},
        fact::{ServiceAdded, ServiceChanged},
        launch::kept,
        lease::leases,
        machine::{By, Cause, Input, Phase, State},
        model::{Service, ServiceId},
        record::ServiceRecord,
    },
    session::{Env, is_usual},
};

/// Definitions to bring the services of a workspace to.
pub(crate) struct Apply {
    /// Session of the workspace.
    pub(crate) workspace: Name,
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// All services it shall have.
    pub(crate) services: Vec<Service>,
    /// Environment of whoever asks.
    pub(crate) env: Env,
    /// Those that shall be started now.
    pub(crate) start: BTreeSet<ServiceId>,
    /// Services that are not in `services` are taken out.
    pub(crate) exact: bool,
    /// Only say what would be done.
    pub(crate) dry_run: bool,
}

/// What was done, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) moves: Vec<String>,
}

impl Actor {
    /// Brings the services of a workspace to their definitions with the least that does it.
    pub(super) async fn apply(&mut self, apply: Apply) -> Result<Applied, Refusal> {
        let wanted: BTreeMap<ServiceId, &Service> = apply
            .services
            .iter()
            .flat_map(|service| {
                service.ids(&apply.workspace).into_iter().map(move |id| (id, service))
            })
            .collect();
        let files = std::sync::Arc::clone(&self.sessions.ports().files);
        let env = kept(&apply.services, &*files, &apply.env, is_usual);
        self.check_environments(&apply, &wanted, &env)?;
        let mut moves = Vec::new();
        let gone: Vec<ServiceId> = self
            .slots
            .keys()
            .filter(|id| {
                apply.exact && id.workspace == apply.workspace && !wanted.contains_key(*id)
            })
            .cloned()
            .collect();
        moves.extend(gone.iter().map(|id| format!("remove {}", id.short())));
        let changes: BTreeMap<ServiceId, Change> = wanted
            .iter()
            .map(|(id, service)| (id.clone(), self.change_of(id, service, &env)))
            .collect();
        for (id, service) in &wanted {
            moves.extend(self.moves_of(id, service, changes[id], &apply));
        }
        if apply.dry_run {
            return Ok(Applied { moves });
        }
        self.keep_caller(&apply.workspace, env)?;
        for id in &gone {
            self.retire(id);
        }
        for (id, service) in &wanted {
            self.define(id, service, &apply);
        }
        self.store().await?;
        for id in wanted.keys() {
            self.bring_up(id, changes[id], apply.start.contains(id));
        }
        self.store().await?;
        Ok(Applied { moves })
    }

    /// Every environment must resolve before anything is done; all faults at once.
    fn check_environments(
        &self,
        apply: &Apply,
        wanted: &BTreeMap<ServiceId, &Service>,
        env: &Env,
    ) -> Result<(), Refusal> {
        let ports = self.all_leases(apply, wanted);
        let mut faults = Vec::new();
        for (id, service) in wanted {
            let launch = crate::service::launch::Launch {
                id: id.clone(),
                service: (*service).clone(),
                dir: apply.dir.clone(),
                caller: env.clone(),
                ports: ports.clone(),
            };
            let files = &*self.sessions.ports().files;
            let secrets = launch.secrets(files).err().into_iter().collect::<Vec<_>>();
            let resolved = launch.environment(files).err().unwrap_or_default();
            let user = launch.user(&*self.sessions.ports().processes).err();
            let all = resolved.into_iter().chain(secrets).chain(user);
            faults.extend(all.map(|what| format!("service `{}`: {what}", id.short())));
        }
        match faults.is_empty() {
            true => Ok(()),
            false => Err(Refusal::new(Code::Invalid, faults.join("\n"))
                .help("set it where `gaia up` is run, or give it a default: ${NAME:-value}")),
        }
    }

    fn all_leases(
        &self,
        apply: &Apply,
        wanted: &BTreeMap<ServiceId, &Service>,
    ) -> BTreeMap<String, BTreeMap<String, u16>> {
        let mut all = BTreeMap::new();
        for (id, service) in wanted {
            all.insert(id.short(), self.leases_of(id, service, &apply.dir, &all));
        }
        all
    }

    fn leases_of(
        &self,
        id: &ServiceId,
        service: &Service,
        dir: &std::path::Path,
        fresh: &BTreeMap<String, BTreeMap<String, u16>>,
    ) -> BTreeMap<String, u16> {
        let others = self.slots.values().filter(|slot| slot.id != *id);
        let taken = others.flat_map(|slot| slot.leases.values()).copied();
        let taken = taken.chain(fresh.values().flat_map(|ports| ports.values().copied())).collect();
        let none = BTreeMap::new();
        let before = self.slots.get(id).map_or(&none, |slot| &slot.leases);
        let runs = self.slots.get(id).is_some_and(|slot| slot.state.phase.has_process());
        let own = |port| runs && before.values().any(|old| *old == port);
        let free = |port| own(port) || self.sessions.ports().processes.is_free(port);
        leases(id, dir, service, before, (&taken, &free))
    }

    fn change_of(&self, id: &ServiceId, service: &Service, env: &Env) -> Change {
        let Some(slot) = self.slots.get(id) else { return Change::None };
        let found = change(&slot.service, service);
        if found == Change::Restart || slot.digest.is_empty() || !slot.state.phase.has_process() {
            return found;
        }
        // The files and variables it was started with may say something else now.
        let launch = self.launch(id).map(|launch| crate::service::launch::Launch {
            service: service.clone(),
            caller: env.clone(),
            ..launch
        });
        let digest = launch.map(|launch| launch.digest(&*self.sessions.ports().files));
        if digest.is_some_and(|digest| digest != slot.digest) { Change::Restart } else { found }
    }

    fn moves_of(
        &self,
        id: &ServiceId,
        _service: &Service,
        change: Change,
        apply: &Apply,
    ) -> Option<String> {
        let start = apply.start.contains(id);
        let Some(slot) = self.slots.get(id) else {
            let word = if start { "start" } else { "add" };
            return Some(format!("{word} {}", id.short()));
        };
        let runs = slot.state.phase.has_process();
        match (change, start) {
            (Change::Restart, _) if runs => Some(format!("restart {}", id.short())),
            (_, true) if rests(&slot.state) => Some(format!("start {}", id.short())),
            (Change::None, _) => None,
            (Change::Note | Change::Restart, _) => Some(format!("update {}", id.short())),
        }
    }

    /// Writes down what later starts need of the caller's environment.
    fn keep_caller(&mut self, workspace: &Name, env: Env) -> Result<(), Refusal> {
        let path = self.sessions.home().environment(workspace);
        let text = serde_json::to_vec(&env).map_err(Refusal::broken)?;
        let kept = self.sessions.ports().files.keep(&path, &text);
        kept.map_err(|what| {
            Refusal::new(Code::Failed, what)
                .help("free some space, or correct the owner of the home")
        })?;
        self.callers.insert(workspace.clone(), Arc::new(env));
        Ok(())
    }

    fn define(&mut self, id: &ServiceId, service: &Service, apply: &Apply) {
        let own = self.leases_of(id, service, &apply.dir, &BTreeMap::new());
        let now = self.now();
        let known = self.slots.get_mut(id);
        match known {
            Some(slot) if slot.service == *service && slot.leases == own && !slot.retiring => (),
            Some(slot) => {
                let restart = change(&slot.service, service) == Change::Restart;
                slot.retiring = false;
                slot.watching = None;
                slot.leases = own;
                slot.define((*service).clone());
                let record = slot.record();
                self.owe_record(&record);
                self.owe(&ServiceChanged { service: id.clone(), restart });
                if !restart {
                    self.feed(id, Input::Redefined);
                }
                self.sync_probes(id);
                self.sync_watch(id);
                self.sync_schedule(id);
            }
            None => {
                let record = ServiceRecord {
                    id: id.clone(),
                    dir: apply.dir.clone(),
                    service: (*service).clone(),
                    state: State::new(now),
                    leases: own,
                    digest: String::new(),
                    unit: None,
                };
                self.owe_record(&record);
                self.owe(&ServiceAdded { service: id.clone() });
                self.slots.insert(id.clone(), Slot::new(record));
            }
        }
        self.dirty.insert(id.clone());
    }

    fn bring_up(&mut self, id: &ServiceId, change: Change, start: bool) {
        self.unsuspend(id);
        let Some(slot) = self.slots.get(id) else { return };
        let rests = rests(&slot.state);
        let stops = matches!(slot.state.phase, Phase::Stopping { .. });
        if change == Change::Restart {
            self.feed(id, Input::Restart(Cause::Definition));
        }
        // A one-shot that has done its work is left alone, unless it is another one now.
        if start && (rests || stops) {
            self.feed(id, Input::Start { once: false, by: By::Gaia });
        }
    }
}

/// Whether a start would do something.
fn rests(state: &State) -> bool {
    matches!(state.phase, Phase::Down | Phase::Failed(_))
}
