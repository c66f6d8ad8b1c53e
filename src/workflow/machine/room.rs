//! Who gets a free place. Places are held by attempts under way only: not in a pause before the
//! next try, not while a person is asked.

use std::collections::BTreeMap;

use crate::base::Moment;

/// One that waits for a place climbs by one each time this many milliseconds are over.
const CLIMB_MS: u64 = 5 * 60_000;

/// An instance that could begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim<T> {
    /// Which one.
    pub(crate) who: T,
    /// Its run, by a number: places are shared out evenly among runs of equal rank.
    pub(crate) run: usize,
    /// Higher goes first.
    pub(crate) priority: i32,
    /// Since when its run waits or runs.
    pub(crate) since: Moment,
    /// Whether it takes one of the places of commands.
    pub(crate) is_command: bool,
    /// Group it belongs to, and how many may be in it.
    pub(crate) group: Option<(String, u32)>,
}

/// What is taken already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Room {
    /// Commands at a time, over all runs.
    pub(crate) places: u32,
    /// Of these are taken.
    pub(crate) taken: u32,
    /// By run: how many it may have, and has.
    pub(crate) runs: BTreeMap<usize, (u32, u32)>,
    /// By group: how many are in it.
    pub(crate) groups: BTreeMap<String, u32>,
}

/// Those that can begin now, in order.
pub(crate) fn grant<T>(mut claims: Vec<Claim<T>>, mut room: Room, now: Moment) -> Vec<T> {
    let rank = |claim: &Claim<T>| {
        let climbed = now.0.saturating_sub(claim.since.0) / CLIMB_MS;
        -(i64::from(claim.priority) + i64::try_from(climbed).unwrap_or(i64::MAX / 2))
    };
    claims.sort_by_key(rank);
    let mut granted = Vec::new();
    let mut start = 0;
    while start < claims.len() {
        let top = rank(&claims[start]);
        let same = claims[start..].iter().take_while(|claim| rank(claim) == top).count();
        let equal: Vec<Claim<T>> = claims.splice(start..start + same, []).collect();
        share_out(equal, &mut room, &mut granted);
        start = 0;
        if claims.is_empty() {
            break;
        }
    }
    granted
}

/// Gives places to claims of equal rank: each time to the run that has the fewest.
fn share_out<T>(claims: Vec<Claim<T>>, room: &mut Room, granted: &mut Vec<T>) {
    let mut by_run: BTreeMap<usize, std::collections::VecDeque<Claim<T>>> = BTreeMap::new();
    for claim in claims {
        by_run.entry(claim.run).or_default().push_back(claim);
    }
    loop {
        let has = |run: &usize| room.runs.get(run).map_or(0, |(_, has)| *has);
        let next = by_run.iter().filter(|(_, queue)| !queue.is_empty()).map(|(run, _)| *run);
        let Some(run) = next.min_by_key(|run| has(run)) else { return };
        let Some(claim) = by_run.get_mut(&run).and_then(|queue| queue.pop_front()) else { return };
        if fits(&claim, room) {
            take(&claim, room);
            granted.push(claim.who);
        }
    }
}

fn fits<T>(claim: &Claim<T>, room: &Room) -> bool {
    let place = !claim.is_command
        || (room.taken < room.places
            && room.runs.get(&claim.run).is_none_or(|(most, has)| has < most));
    let group = claim
        .group
        .as_ref()
        .is_none_or(|(name, most)| room.groups.get(name).copied().unwrap_or(0) < *most);
    place && group
}

fn take<T>(claim: &Claim<T>, room: &mut Room) {
    if claim.is_command {
        room.taken += 1;
        if let Some((_, has)) = room.runs.get_mut(&claim.run) {
            *has += 1;
        }
    }
    if let Some((name, _)) = &claim.group {
        *room.groups.entry(name.clone()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(who: &'static str, run: usize) -> Claim<&'static str> {
        Claim { who, run, priority: 0, since: Moment(0), is_command: true, group: None }
    }

    fn room(places: u32) -> Room {
        let runs = [(0, (9, 0)), (1, (9, 0))].into();
        Room { places, taken: 0, runs, groups: BTreeMap::new() }
    }

    #[test]
    fn places_go_by_priority_and_are_shared_out_evenly() {
        let all = vec![claim("a", 0), claim("b", 0), claim("c", 0), claim("x", 1), claim("y", 1)];
        assert_eq!(grant(all.clone(), room(4), Moment(1)), ["a", "x", "b", "y"]);
        let mut urgent = all;
        urgent[2].priority = 1;
        assert_eq!(grant(urgent, room(2), Moment(1)), ["c", "x"]);
    }

    #[test]
    fn one_that_waits_long_goes_before_a_newer_one_of_higher_priority() {
        let old = claim("old", 0);
        let new = Claim { priority: 2, since: Moment(15 * 60_000), ..claim("new", 1) };
        assert_eq!(grant(vec![new, old], room(1), Moment(15 * 60_000)), ["old"]);
    }

    #[test]
    fn what_is_no_command_needs_no_place_but_its_group_has_to_have_room() {
        let asks = Claim { is_command: false, ..claim("asks", 0) };
        let group = |who| Claim { group: Some(("db".to_owned(), 1)), ..claim(who, 0) };
        let all = vec![claim("a", 0), asks, group("g"), group("h")];
        assert_eq!(grant(all.clone(), room(0), Moment(1)), ["asks"]);
        assert_eq!(grant(all, room(9), Moment(1)), ["a", "asks", "g"]);
    }

    #[test]
    fn a_run_has_no_more_than_it_may() {
        let mut room = room(9);
        room.runs.insert(0, (2, 1));
        assert_eq!(grant(vec![claim("a", 0), claim("b", 0)], room, Moment(1)), ["a"]);
    }
}
