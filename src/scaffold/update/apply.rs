use std::path::Path;

use super::{
    BEFORE, Ports, STAGE, failed,
    journal::{self, Clash, Journal},
};
use crate::{
    base::{Code, Refusal},
    port::{Seen, Unmerged},
    scaffold::manifest::sha256,
};

/// Finishes an update that was cut short, or takes it back if it had not begun. Says the version
/// that the project has come to so.
pub(crate) async fn recover(ports: &Ports, root: &Path) -> Result<Option<String>, Refusal> {
    let beneath = &ports.beneath;
    if beneath.look(root, STAGE).map_err(failed)?.is_none() {
        return Ok(None);
    }
    let journal = match beneath.look(root, &journal::place()).map_err(failed)? {
        Some(Seen::File { bytes, .. }) => Some(read(&bytes)?),
        Some(Seen::Link(_) | Seen::Folder) | None => None,
    };
    if let Some(journal) = &journal {
        rescue(ports, root, journal)?;
        carry_out(ports, root, journal).await?;
    }
    beneath.clear(root, STAGE).map_err(failed)?;
    Ok(journal.map(|journal| journal.to))
}

fn read(bytes: &[u8]) -> Result<Journal, Refusal> {
    let journal: Journal = serde_json::from_slice(bytes).map_err(|error| {
        let what = format!("the journal of an update that was cut short cannot be read: {error}");
        Refusal::new(Code::Failed, what)
            .help(format!("look at {STAGE} and remove it; `git status` shows what was done"))
    })?;
    // It lies in the project, where anybody may have put it.
    let paths =
        journal.removes.iter().map(|r| &r.path).chain(journal.places.iter().map(|p| &p.path));
    let bad = paths
        .filter(|path| !is_ours(path))
        .chain(journal.unmerged.iter().map(|c| &c.path).filter(|path| !is_ours(path)))
        .next();
    match bad {
        Some(path) => Err(failed(format!("the journal in {STAGE} names {path:?}"))
            .help("that is not gaia's work: remove the folder")),
        None => Ok(journal),
    }
}

/// Whether an update may touch this path.
fn is_ours(path: &str) -> bool {
    let own = path == crate::scaffold::manifest::PLACE
        || [BEFORE, super::BASE].iter().any(|folder| {
            path.strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|rest| !rest.split('/').any(|part| matches!(part, "" | "." | "..")))
        });
    own || crate::scaffold::manifest::path_fault(path).is_none()
}

/// Puts what the person wrote since the crash out of the way.
fn rescue(ports: &Ports, root: &Path, journal: &Journal) -> Result<(), Refusal> {
    let places = journal.places.iter().map(|place| (&place.path, &place.was, Some(place.slot)));
    let removes = journal.removes.iter().map(|r| (&r.path, &r.was, None));
    for (path, was, slot) in places
        .map(|(p, w, s)| (p, w.clone(), s))
        .chain(removes.map(|(p, w, s)| (p, Some(w.clone()), s)))
    {
        let Some(Seen::File { bytes, exec }) = ports.beneath.look(root, path).map_err(failed)?
        else {
            continue;
        };
        let ready = match slot {
            Some(slot) => ports.beneath.look(root, &journal::slot(slot)).map_err(failed)?.is_some(),
            None => first_is_ready(ports, root, journal)?,
        };
        if !ready || was.as_deref() == Some(sha256(&bytes).as_str()) || path.starts_with(".gaia/") {
            continue;
        }
        let copy = format!("{BEFORE}/crash/{path}");
        let seen = Seen::File { bytes, exec };
        ports.beneath.put(root, &copy, &seen, Some(path)).map_err(failed)?;
    }
    Ok(())
}

/// Whether nothing has come to its place yet, so that files may still have to go.
fn first_is_ready(ports: &Ports, root: &Path, journal: &Journal) -> Result<bool, Refusal> {
    let Some(first) = journal.places.first() else { return Ok(true) };
    Ok(ports.beneath.look(root, &journal::slot(first.slot)).map_err(failed)?.is_some())
}

/// Does what the journal says; what is done already is not done again.
pub(super) async fn carry_out(
    ports: &Ports,
    root: &Path,
    journal: &Journal,
) -> Result<(), Refusal> {
    let beneath = &ports.beneath;
    if first_is_ready(ports, root, journal)? {
        for remove in &journal.removes {
            beneath.remove(root, &remove.path).map_err(failed)?;
        }
    }
    for place in &journal.places {
        beneath.shift(root, &journal::slot(place.slot), &place.path).map_err(failed)?;
    }
    if journal.unmerged.is_empty() {
        return Ok(());
    }
    let files: Vec<Unmerged> = journal.unmerged.iter().map(|clash| unmerged(root, clash)).collect();
    ports.past.unmerge(root, &files).await.map_err(|error| {
        failed(format!("git could not be told of the conflicts: {error}"))
            .help("the files are as they shall be; the next `gaia scaffold` command tries again")
    })
}

fn unmerged(root: &Path, clash: &Clash) -> Unmerged {
    let file = |number: &Option<usize>| number.map(|number| root.join(journal::side(number)));
    Unmerged {
        path: clash.path.clone(),
        base: file(&clash.base),
        ours: file(&clash.ours),
        theirs: file(&clash.theirs),
        exec: clash.exec,
    }
}
