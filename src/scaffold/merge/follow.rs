use std::collections::{BTreeMap, BTreeSet};

use super::{Hints, Moves, Sides, text::likeness};

/// How much of a text has to be the same, in hundredths, to call it the same file.
const ALIKE: u32 = 60;
/// More pairs of texts than this are not compared: the answer would come too late.
const MOST_PAIRS: usize = 10_000;

/// Texts by path.
type Texts = BTreeMap<String, Vec<u8>>;

/// Files that the old version generated and that are not at their place any more.
#[must_use]
pub(crate) fn gone(sides: &Sides) -> BTreeSet<String> {
    let place = |path: &String| sides.base.get(path).and_then(|stamp| stamp.at.clone());
    let missing =
        |path: &&String| !sides.ours.contains_key(&place(path).unwrap_or((*path).clone()));
    sides.base.keys().filter(missing).cloned().collect()
}

/// Finds out which file is which.
#[must_use]
pub(crate) fn follow(sides: &Sides, hints: &Hints) -> Moves {
    Moves { ours: by_person(sides, hints), theirs: by_template(sides, hints) }
}

fn by_person(sides: &Sides, hints: &Hints) -> BTreeMap<String, String> {
    let gone = gone(sides);
    let mut found = BTreeMap::new();
    for (path, stamp) in &sides.base {
        if !gone.contains(path) {
            found.insert(path.clone(), stamp.at.clone().unwrap_or_else(|| path.clone()));
        }
    }
    // A file that the template is about to bring is not one that the person has moved there,
    // unless nothing else is known of it.
    let free: BTreeSet<&str> = hints.others.keys().map(String::as_str).collect();
    let same = |path: &str, other: &str| {
        let blob = sides.base.get(path).map(|stamp| &stamp.blob);
        blob == hints.others.get(other) && blob.is_some_and(|blob| !is_empty(blob))
    };
    pair(&gone, free, (&hints.base, &hints.own), same, &mut found);
    found
}

fn by_template(sides: &Sides, hints: &Hints) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut lost = BTreeSet::new();
    let mut free: BTreeSet<&str> = sides.theirs.keys().map(String::as_str).collect();
    for path in sides.base.keys() {
        match declared(path, &hints.moved) {
            Some(new) if sides.theirs.contains_key(&new) && !sides.base.contains_key(&new) => {
                free.remove(new.as_str());
                found.insert(path.clone(), new);
            }
            _ if sides.theirs.contains_key(path) => {
                free.remove(path.as_str());
                found.insert(path.clone(), path.clone());
            }
            _ => {
                lost.insert(path.clone());
            }
        }
    }
    let same = |path: &str, other: &str| {
        let (old, new) = (sides.base.get(path), sides.theirs.get(other));
        old.zip(new).is_some_and(|(old, new)| old.sha256 == new.sha256 && !is_empty(&old.blob))
    };
    pair(&lost, free, (&hints.base, &hints.theirs), same, &mut found);
    found
}

/// The new path that the template declares, for the file itself or a folder above it.
fn declared(path: &str, moved: &BTreeMap<String, String>) -> Option<String> {
    if let Some(new) = moved.get(path) {
        return Some(new.clone());
    }
    let folders = path.match_indices('/').map(|(at, _)| at).rev();
    folders.map(|at| path.split_at(at)).find_map(|(folder, rest)| {
        let new = moved.get(folder)?;
        Some(format!("{}{rest}", new.trim_end_matches('/')))
    })
}

/// All empty files are the same and still not one file.
fn is_empty(blob: &str) -> bool {
    blob == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
}

/// Pairs what is lost with what is free: first by the same content, a same file name before any
/// other, then by the most alike text.
fn pair<'a>(
    lost: &BTreeSet<String>,
    mut free: BTreeSet<&'a str>,
    (olds, news): (&Texts, &Texts),
    same: impl Fn(&str, &str) -> bool,
    found: &mut BTreeMap<String, String>,
) {
    for path in lost {
        let mut fit: Vec<&'a str> = free.iter().copied().filter(|new| same(path, new)).collect();
        fit.sort_by_key(|new| name(new) != name(path));
        if let Some(new) = fit.first() {
            free.remove(new);
            found.insert(path.clone(), (*new).to_owned());
        }
    }
    let open: Vec<&String> = lost.iter().filter(|path| !found.contains_key(*path)).collect();
    if open.len() * free.len() > MOST_PAIRS {
        return;
    }
    let mut alike = vec![];
    for path in open {
        let Some(old) = olds.get(path) else { continue };
        for new in &free {
            let Some(text) = news.get(*new).filter(|text| near_size(old, text)) else { continue };
            let part = likeness(old, text);
            if part >= ALIKE {
                alike.push((u32::MAX - part, name(new) != name(path), path, *new));
            }
        }
    }
    alike.sort();
    for (_, _, path, new) in alike {
        if !found.contains_key(path) && free.remove(new) {
            found.insert(path.clone(), new.to_owned());
        }
    }
}

/// Texts of very different length are not alike, whatever they hold.
fn near_size(a: &[u8], b: &[u8]) -> bool {
    let (small, large) = (a.len().min(b.len()), a.len().max(b.len()));
    small > 0 && large <= small * 3
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
