use std::collections::{BTreeMap, BTreeSet};

use super::{Decision, Mode, Moves, Sides, Stamp, What};

/// Decides on every file of the three sides, by path in the project.
#[must_use]
pub(crate) fn decide(sides: &Sides, moves: &Moves) -> Vec<Decision> {
    let mut wanted: Vec<Decision> =
        sides.base.iter().map(|(old, stamp)| known(sides, moves, old, stamp)).collect();
    stay_where_it_is_taken(sides, &mut wanted);
    let vacated = vacated(&wanted);
    let placed: BTreeSet<String> =
        wanted.iter().filter(|d| stays(d)).map(|d| d.to.clone()).collect();
    let paired: BTreeSet<&String> = moves.theirs.values().collect();
    for (new, theirs) in sides.theirs.iter().filter(|(new, _)| !paired.contains(new)) {
        let there = sides.ours.get(new).filter(|_| !vacated.contains(new));
        let taken = placed.contains(new) || is_blocked(new, &sides.ours, &vacated);
        let what = added(there, theirs, taken);
        let from = there.filter(|_| !taken).map(|_| new.clone());
        wanted.push(Decision { old: None, from, new: Some(new.clone()), to: new.clone(), what });
    }
    wanted.sort_by(|a, b| a.to.cmp(&b.to));
    wanted
}

/// A file that the old version generated.
fn known(sides: &Sides, moves: &Moves, old: &str, base: &Stamp) -> Decision {
    let from = moves.ours.get(old).cloned();
    let new = moves.theirs.get(old).cloned();
    let ours = from.as_ref().and_then(|path| sides.ours.get(path));
    let theirs = new.as_ref().and_then(|path| sides.theirs.get(path));
    let at_home = from.as_deref() == Some(old);
    let to = match (&from, &new) {
        (Some(_), Some(new)) if at_home => new.clone(),
        (Some(from), _) => from.clone(),
        (None, Some(new)) => new.clone(),
        (None, None) => old.to_owned(),
    };
    let what = match (ours, theirs) {
        (None, None) => What::Forget,
        (None, Some(_)) => What::StayDeleted,
        (Some(ours), None) if ours.is_like(base) => What::Delete,
        (Some(_), None) => What::Release,
        (Some(ours), Some(theirs)) => {
            let what = both(base, ours, theirs);
            // Something that stays as it is may still go to another place.
            if what == What::Keep && from.as_ref() != Some(&to) {
                What::Carry(ours.mode)
            } else {
                what
            }
        }
    };
    Decision { old: Some(old.to_owned()), from, new, to, what }
}

/// A file that all three have.
fn both(base: &Stamp, ours: &Stamp, theirs: &Stamp) -> What {
    if ours.is_like(theirs) || theirs.is_like(base) {
        return What::Keep;
    }
    let files = [base, ours, theirs].iter().all(|stamp| is_file(stamp.mode));
    if !files {
        return if ours.is_like(base) { What::Replace(theirs.mode) } else { What::Aside };
    }
    // There are two modes of files: who changed it has the say, and two who did agree.
    let mode = if ours.mode == base.mode { theirs.mode } else { ours.mode };
    if theirs.sha256 == base.sha256 || theirs.sha256 == ours.sha256 {
        return if mode == ours.mode { What::Keep } else { What::Carry(mode) };
    }
    if ours.sha256 == base.sha256 { What::Replace(mode) } else { What::Merge(mode) }
}

/// A file that is new in the template. `taken`: another file of the project has its place, or
/// stands where one of its folders would be.
fn added(there: Option<&Stamp>, theirs: &Stamp, taken: bool) -> What {
    match there {
        _ if taken => What::Aside,
        None => What::Add,
        Some(ours) if ours.is_like(theirs) => What::Keep,
        Some(ours) if is_file(ours.mode) && is_file(theirs.mode) => {
            if ours.sha256 == theirs.sha256 { What::Keep } else { What::Both(ours.mode) }
        }
        Some(_) => What::Aside,
    }
}

fn is_file(mode: Mode) -> bool {
    match mode {
        Mode::Plain | Mode::Exec => true,
        Mode::Link | Mode::Folder => false,
    }
}

/// Whether a file stands where a folder above `path` has to be.
fn is_blocked(path: &str, ours: &BTreeMap<String, Stamp>, vacated: &BTreeSet<String>) -> bool {
    path.match_indices('/').map(|(at, _)| &path[..at]).any(|folder| {
        let file = ours.get(folder).is_some_and(|stamp| stamp.mode != Mode::Folder);
        file && !vacated.contains(folder)
    })
}

/// Whether something of the project is at `to` afterwards.
fn stays(decision: &Decision) -> bool {
    match decision.what {
        What::Delete | What::StayDeleted | What::Forget => false,
        What::Keep
        | What::Carry(_)
        | What::Add
        | What::Replace(_)
        | What::Merge(_)
        | What::Both(_)
        | What::Aside
        | What::Release => true,
    }
}

/// Places that become free.
fn vacated(wanted: &[Decision]) -> BTreeSet<String> {
    let leaves = |d: &&Decision| d.what == What::Delete || d.from.as_ref() != Some(&d.to);
    wanted.iter().filter(leaves).filter_map(|d| d.from.clone()).collect()
}

/// A file follows the template to a new place only if nothing of the person's is there.
fn stay_where_it_is_taken(sides: &Sides, wanted: &mut [Decision]) {
    loop {
        let vacated = vacated(wanted);
        let place: BTreeMap<String, usize> =
            wanted.iter().filter(|d| stays(d)).fold(BTreeMap::new(), |mut places, d| {
                *places.entry(d.to.clone()).or_default() += 1;
                places
            });
        let taken = |d: &&mut Decision| {
            let moves = d.from.as_ref().is_some_and(|from| *from != d.to) && stays(d);
            let there = sides.ours.contains_key(&d.to) && !vacated.contains(&d.to);
            let crowded = place.get(&d.to).is_some_and(|count| *count > 1);
            moves && (there || crowded || is_blocked(&d.to, &sides.ours, &vacated))
        };
        let Some(stuck) = wanted.iter_mut().find(taken) else { return };
        if let Some(from) = stuck.from.clone() {
            stuck.to = from;
        }
        if let (What::Carry(mode), Some(ours)) = (stuck.what, sides.ours.get(&stuck.to))
            && mode == ours.mode
        {
            stuck.what = What::Keep;
        }
    }
}
