use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    BASE, Ports, failed,
    scan::{Now, generated},
};
use crate::{
    base::Refusal,
    port::Seen,
    scaffold::{
        manifest::{Manifest, sha256},
        model::Given,
    },
};

/// Texts as the old version generated them, by its path, as far as they are still to be had: from
/// the file itself, from what an earlier update kept, from the project's own history, or out of the
/// old template.
pub(super) async fn texts(
    ports: &Ports,
    root: &Path,
    (manifest, now): (&Manifest, &Now),
    wanted: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<u8>>, Refusal> {
    let mut found = BTreeMap::new();
    let mut open = vec![];
    for (path, stamp) in manifest.files.iter().filter(|(path, _)| wanted.contains(*path)) {
        let here = now.get(stamp.at.as_ref().unwrap_or(path));
        match here.filter(|(is, _)| is.sha256 == stamp.sha256) {
            Some((_, bytes)) => {
                found.insert(path.clone(), bytes.clone());
            }
            None => open.push((path, stamp)),
        }
    }
    let mut missing = vec![];
    for (path, stamp) in open {
        let kept = ports.beneath.look(root, &kept_at(&stamp.sha256)).map_err(failed)?;
        match kept {
            Some(Seen::File { bytes, .. }) if sha256(&bytes) == stamp.sha256 => {
                found.insert(path.clone(), bytes);
            }
            _ => missing.push((path, stamp)),
        }
    }
    let blobs: Vec<String> = missing.iter().map(|(_, stamp)| stamp.blob.clone()).collect();
    // A project without git, or with another kind of it, has none of them.
    let past = ports.past.texts(root, &blobs).await.unwrap_or_default();
    let mut lost = vec![];
    for (path, stamp) in missing {
        match past.get(&stamp.blob).filter(|bytes| sha256(bytes) == stamp.sha256) {
            Some(bytes) => {
                found.insert(path.clone(), bytes.clone());
            }
            None => lost.push((path, stamp)),
        }
    }
    if !lost.is_empty() {
        let again = rendered_again(ports, manifest).await;
        for (path, stamp) in lost {
            if let Some(bytes) = again.get(path).filter(|bytes| sha256(bytes) == stamp.sha256) {
                found.insert(path.clone(), bytes.clone());
            }
        }
    }
    Ok(found)
}

/// Where an update keeps a text as generated.
pub(super) fn kept_at(sha256: &str) -> String {
    format!("{BASE}/{sha256}")
}

/// What the old template makes of the old answers, if it is still there.
async fn rendered_again(ports: &Ports, manifest: &Manifest) -> BTreeMap<String, Vec<u8>> {
    let Some(old) = ports.shop.old(&manifest.template).await else { return BTreeMap::new() };
    let given = given(manifest, "");
    // Without its secrets a template may not be rendered: then there is no text.
    let Ok(rendered) = ports.shop.render(&old.pack, &given, true).await else {
        return BTreeMap::new();
    };
    generated(&rendered).into_iter().map(|(path, made)| (path, made.bytes.clone())).collect()
}

/// What the project was made with; `target` if it is not known how its folder was called.
pub(super) fn given(manifest: &Manifest, target: &str) -> Given {
    Given {
        target: manifest.template.target.clone().unwrap_or_else(|| target.to_owned()),
        year: manifest.template.year.unwrap_or(1970),
        answers: manifest.answers.clone(),
        lenient: true,
    }
}
