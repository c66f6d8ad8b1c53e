use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{Ports, failed};
use crate::{
    base::{Code, Refusal, faults_refusal},
    port::{Checkout, Seen},
    scaffold::{
        manifest::{self, Manifest, Stamp},
        merge::{Hints, Sides, gone},
        model::{Made, Mode, Rendered},
    },
};

/// Other files of the project whose texts are read to find one that was moved and changed.
const MOST_READ: usize = 400;

/// What a file is now: its stamp, and its bytes.
pub(super) type Now = BTreeMap<String, (Stamp, Vec<u8>)>;

/// What the project remembers.
pub(crate) fn read_manifest(ports: &Ports, root: &Path) -> Result<Manifest, Refusal> {
    let place = manifest::PLACE;
    let Some(Seen::File { bytes, .. }) = ports.beneath.look(root, place).map_err(failed)? else {
        let what = format!("{} has no {place}", root.display());
        return Err(Refusal::new(Code::NotFound, what)
            .help("name the folder of a project that `gaia scaffold` has made"));
    };
    let mut faults = vec![];
    let path = root.join(place).display().to_string();
    let text = crate::define::text_of(&path, &bytes, &mut faults);
    let text = text.ok_or_else(|| faults_refusal(&faults))?;
    manifest::read(&path, &text).map_err(|faults| faults_refusal(&faults))
}

/// What is at a path.
pub(super) fn look(
    ports: &Ports,
    root: &Path,
    path: &str,
) -> Result<Option<(Stamp, Vec<u8>)>, Refusal> {
    let seen = ports.beneath.look(root, path).map_err(failed)?;
    Ok(seen.map(|seen| {
        let (bytes, mode) = parts(seen);
        (Stamp::of(&bytes, mode), bytes)
    }))
}

fn parts(seen: Seen) -> (Vec<u8>, Mode) {
    match seen {
        Seen::File { bytes, exec } => (bytes, if exec { Mode::Exec } else { Mode::Plain }),
        Seen::Link(target) => (target.into_bytes(), Mode::Link),
        Seen::Folder => (vec![], Mode::Folder),
    }
}

/// A content as it is written.
pub(super) fn seen(bytes: Vec<u8>, mode: Mode) -> Seen {
    match mode {
        Mode::Plain | Mode::Exec => Seen::File { bytes, exec: mode == Mode::Exec },
        Mode::Link => Seen::Link(String::from_utf8_lossy(&bytes).into_owned()),
        Mode::Folder => Seen::Folder,
    }
}

/// The files that a template generates, folders apart.
pub(super) fn generated(rendered: &Rendered) -> BTreeMap<String, &Made> {
    let files = rendered.made.iter().filter(|made| made.mode != Mode::Folder);
    files.map(|made| (made.path.clone(), made)).collect()
}

/// The three sides, as they are now.
pub(super) fn sides(
    ports: &Ports,
    root: &Path,
    base: &Manifest,
    theirs: &BTreeMap<String, &Made>,
) -> Result<(Sides, Now), Refusal> {
    let mut wanted = BTreeSet::new();
    for (path, stamp) in &base.files {
        wanted.insert(stamp.at.clone().unwrap_or_else(|| path.clone()));
    }
    for path in theirs.keys() {
        wanted.insert(path.clone());
        // What stands in the way of a new file stands at one of its folders.
        if !base.files.contains_key(path) {
            wanted.extend(path.match_indices('/').map(|(at, _)| path[..at].to_owned()));
        }
    }
    let folders: BTreeSet<&str> =
        theirs.keys().flat_map(|p| p.match_indices('/').map(|(at, _)| &p[..at])).collect();
    let mut now = Now::new();
    for path in wanted {
        let Some(found) = look(ports, root, &path)? else { continue };
        if found.0.mode != Mode::Folder || !folders.contains(path.as_str()) {
            now.insert(path, found);
        }
    }
    let sides = Sides {
        base: base.files.clone(),
        ours: now.iter().map(|(path, (stamp, _))| (path.clone(), stamp.clone())).collect(),
        theirs: theirs
            .iter()
            .map(|(p, made)| (p.clone(), Stamp::of(&made.bytes, made.mode)))
            .collect(),
    };
    Ok((sides, now))
}

/// The other files of the project, if one has to be looked for.
pub(super) fn others(
    ports: &Ports,
    root: &Path,
    (sides, checkout): (&Sides, Option<&Checkout>),
    hints: &mut Hints,
) -> Result<(), Refusal> {
    let gone = gone(sides);
    if gone.is_empty() {
        return Ok(());
    }
    let homes: BTreeSet<&String> =
        sides.base.iter().map(|(path, stamp)| stamp.at.as_ref().unwrap_or(path)).collect();
    let paths = match checkout {
        Some(checkout) => checkout.held.keys().chain(&checkout.others).cloned().collect(),
        None => ports.beneath.walk(root).map_err(failed)?,
    };
    let wanted: BTreeSet<&str> = gone.iter().filter_map(|p| p.rsplit('.').next()).collect();
    let mut read = 0;
    for path in paths {
        let own = path.starts_with(".gaia/") || homes.contains(&path);
        if own {
            continue;
        }
        let same_kind = path.rsplit('.').next().is_some_and(|end| wanted.contains(end));
        let held = checkout
            .and_then(|c| Some(c.held.get(&path)?.clone()).filter(|_| !c.changed.contains(&path)));
        if let (Some(blob), false) = (&held, same_kind && read < MOST_READ) {
            hints.others.insert(path, blob.clone());
            continue;
        }
        let Some((stamp, bytes)) = look(ports, root, &path)? else { continue };
        if stamp.mode != Mode::Folder {
            read += 1;
            hints.others.insert(path.clone(), stamp.blob);
            hints.own.insert(path, bytes);
        }
    }
    Ok(())
}
