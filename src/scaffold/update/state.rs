use std::{collections::BTreeSet, path::Path};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Ports, base, scan, unified};
use crate::{
    base::Refusal,
    scaffold::{
        manifest::Manifest,
        merge::{Hints, Sides, follow},
    },
};

/// What the person did with the files of the template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct State {
    /// Gone from the project.
    pub(crate) missing: Vec<String>,
    /// Not as generated any more.
    pub(crate) changed: Vec<String>,
    /// At another place: generated path, present path.
    pub(crate) moved: Vec<(String, String)>,
    /// As generated.
    pub(crate) same: usize,
}

impl State {
    /// Whether every file is where it was generated, and as it was.
    pub(crate) fn is_as_made(&self) -> bool {
        self.missing.is_empty() && self.changed.is_empty() && self.moved.is_empty()
    }
}

struct Found {
    state: State,
    sides: Sides,
    now: scan::Now,
    manifest: Manifest,
    moves: std::collections::BTreeMap<String, String>,
}

async fn find(ports: &Ports, root: &Path) -> Result<Found, Refusal> {
    let manifest = scan::read_manifest(ports, root)?;
    let none = std::collections::BTreeMap::new();
    let (mut sides, mut now) = scan::sides(ports, root, &manifest, &none)?;
    let checkout = ports.past.checkout(root).await.map_err(super::failed)?;
    let mut hints = Hints::default();
    scan::others(ports, root, (&sides, checkout.as_ref()), &mut hints)?;
    let gone = crate::scaffold::merge::gone(&sides);
    hints.base = base::texts(ports, root, (&manifest, &now), &gone).await?;
    let moves = follow(&sides, &hints).ours;
    let mut state = State::default();
    for (path, stamp) in &manifest.files {
        let Some(place) = moves.get(path) else {
            state.missing.push(path.clone());
            continue;
        };
        if !now.contains_key(place)
            && let Some(found) = scan::look(ports, root, place)?
        {
            sides.ours.insert(place.clone(), found.0.clone());
            now.insert(place.clone(), found);
        }
        if place != path {
            state.moved.push((path.clone(), place.clone()));
        }
        if now.get(place).is_some_and(|(is, _)| is.is_like(stamp)) {
            state.same += 1;
        } else {
            state.changed.push(place.clone());
        }
    }
    Ok(Found { state, sides, now, manifest, moves })
}

/// How the project stands to what was generated.
pub(crate) async fn state(ports: &Ports, root: &Path) -> Result<State, Refusal> {
    Ok(find(ports, root).await?.state)
}

/// What the person changed since, as one text.
pub(crate) async fn changes(ports: &Ports, root: &Path) -> Result<(State, String), Refusal> {
    let found = find(ports, root).await?;
    let differs = |(path, stamp): &(&String, &crate::scaffold::manifest::Stamp)| {
        let place = found.moves.get(*path);
        let ours = place.and_then(|place| found.sides.ours.get(place));
        ours.is_none_or(|ours| ours.sha256 != stamp.sha256) || place != Some(*path)
    };
    let wanted: BTreeSet<String> =
        found.manifest.files.iter().filter(differs).map(|(path, _)| path.clone()).collect();
    let texts = base::texts(ports, root, (&found.manifest, &found.now), &wanted).await?;
    let mut text = String::new();
    for path in &wanted {
        let place = found.moves.get(path);
        let ours = place.and_then(|place| found.now.get(place)).map(|(_, bytes)| bytes.as_slice());
        let new = place.map_or("/dev/null", String::as_str);
        match texts.get(path) {
            Some(base) => text.push_str(&unified((path, base), (new, ours.unwrap_or_default()))),
            None => {
                text.push_str(&format!("{new}: the text it was made from is not known any more\n"))
            }
        }
    }
    Ok((found.state, text))
}
