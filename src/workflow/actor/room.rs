//! Who begins: runs that find room in their group, and attempts that find a place.

use std::collections::BTreeMap;

use super::Actor;
use crate::{
    base::RunId,
    workflow::{
        machine::{self, Claim, Input, Room},
        model::{Kind, Step},
        run::{InstanceId, Phase, Run, State},
    },
};

impl Actor {
    /// Begins runs that find room in their group: higher priorities first, then older ones.
    pub(super) fn admit(&mut self) {
        let queued = |id: &&RunId| self.live[*id].run.state == State::Queued;
        let mut queued: Vec<RunId> = self.live.keys().filter(queued).cloned().collect();
        if queued.is_empty() || self.troubled.is_some() {
            return;
        }
        queued.sort_by_key(|id| (-self.live[id].record.priority, id.clone()));
        for id in queued {
            let live = &self.live[&id];
            let most = live.run.plan.definition.concurrency.as_ref().map(|rule| rule.max);
            let running = self.live.values().filter(|other| {
                other.run.state == State::Running
                    && other.group.is_some()
                    && other.group == live.group
            });
            if most.is_none_or(|most| running.count() < most as usize) && !live.run.paused {
                self.turn(&id, Input::Begin);
            }
        }
    }

    /// Begins attempts that find a place.
    pub(super) fn begin_what_can_be(&mut self) {
        if self.troubled.is_some() || self.live.values().all(|live| live.run.ready.is_empty()) {
            return;
        }
        let room = self.room();
        let free = room.places.saturating_sub(room.taken) as usize;
        let mut claims = Vec::new();
        for (number, (id, live)) in self.live.iter().enumerate() {
            if live.run.paused || live.run.over_budget.is_some() {
                continue;
            }
            claims.extend(claims_of(&live.run, free).map(|(at, is_command)| Claim {
                who: (id.clone(), at),
                run: number,
                priority: live.record.priority + live.run.step_of(at).priority,
                since: live.record.created,
                is_command,
                group: machine::group(&live.run, at),
            }));
        }
        let boot = self.world.ports.steps.boot();
        for (id, at) in machine::grant(claims, room, self.world.now()) {
            self.turn(&id, Input::Grant(at, boot.clone()));
        }
    }

    /// What is taken at present.
    fn room(&self) -> Room {
        let mut room = Room { places: self.options.places, ..Room::default() };
        let mut groups: BTreeMap<String, u32> = BTreeMap::new();
        for (number, live) in self.live.values().enumerate() {
            let running = |id: &InstanceId| live.run.get(*id).phase == Phase::Running;
            let mut has = 0;
            for at in live.run.active.iter().copied().filter(running) {
                has += u32::from(is_command(live.run.step_of(at)));
                if let Some((name, _)) = machine::group(&live.run, at) {
                    *groups.entry(name).or_default() += 1;
                }
            }
            room.taken += has;
            room.runs.insert(number, (live.run.plan.definition.max_parallel, has));
        }
        room.groups = groups;
        room
    }
}

/// Those of a run that could begin: no more of the commands than there are places, as long as no
/// group stands in the way of some.
fn claims_of(run: &Run, free: usize) -> impl Iterator<Item = (InstanceId, bool)> {
    let mut commands = 0;
    run.ready.iter().filter_map(move |(_, at)| {
        let step = run.step_of(*at);
        let is = is_command(step);
        if is && step.concurrency.is_none() {
            commands += 1;
            if commands > free {
                return None;
            }
        }
        Some((*at, is))
    })
}

fn is_command(step: &Step) -> bool {
    matches!(step.kind, Kind::Run(_))
}
