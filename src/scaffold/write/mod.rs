//! Putting a rendered project where it belongs, whole or not at all.
//!
//! A new project is raised beside its target and moved there in one step. Into a folder with
//! something in it, files are moved one by one: each is noted before, so that a run that dies in
//! the middle is taken back by the next. `diff`: what would change.

mod diff;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Item, Mode, Refusal},
    port::{Beneath, Seen},
};
pub(crate) use diff::diff;

/// Where files wait, below the target.
const STAGING: &str = ".gaia-new";
const MOVES: &str = ".gaia-new/moves.json";

/// What was noted before the first move.
#[derive(Debug, Serialize, Deserialize)]
struct Moves {
    paths: Vec<String>,
}

fn failed(what: String) -> Refusal {
    Refusal::new(Code::Failed, what).help("nothing was changed")
}

fn new(path: &str) -> String {
    format!("{STAGING}/new/{path}")
}

fn old(path: &str) -> String {
    format!("{STAGING}/old/{path}")
}

/// An item as the world sees it.
fn seen(item: &Item) -> Seen {
    match item.mode {
        Mode::Plain => Seen::File { bytes: item.bytes.clone(), exec: false },
        Mode::Exec => Seen::File { bytes: item.bytes.clone(), exec: true },
        Mode::Link => Seen::Link(String::from_utf8_lossy(&item.bytes).into_owned()),
        Mode::Folder => Seen::Folder,
    }
}

/// What is at the place of an item.
pub(crate) fn there(
    beneath: &dyn Beneath,
    root: &Path,
    path: &str,
) -> Result<Option<Item>, String> {
    let seen = beneath.look(root, path)?;
    Ok(seen.map(|seen| {
        let (bytes, mode) = match seen {
            Seen::File { bytes, exec: false } => (bytes, Mode::Plain),
            Seen::File { bytes, exec: true } => (bytes, Mode::Exec),
            Seen::Link(to) => (to.into_bytes(), Mode::Link),
            Seen::Folder => (vec![], Mode::Folder),
        };
        Item { path: path.to_owned(), bytes, mode }
    }))
}

/// Takes back what a run that died left half done; says whether there was something.
pub(crate) fn recover(beneath: &dyn Beneath, root: &Path) -> Result<bool, Refusal> {
    let left = beneath.look(root, STAGING).map_err(failed)?;
    if left.is_none() {
        return Ok(false);
    }
    if let Some(Seen::File { bytes, .. }) = beneath.look(root, MOVES).map_err(failed)?
        && let Ok(moves) = serde_json::from_slice::<Moves>(&bytes)
    {
        for path in moves.paths.iter().rev() {
            back(beneath, root, path).map_err(failed)?;
        }
        beneath.remove(root, MOVES).map_err(failed)?;
    }
    beneath.clear(root, STAGING).map_err(failed)?;
    Ok(true)
}

/// Puts one back as it was, however far its move had come.
fn back(beneath: &dyn Beneath, root: &Path, path: &str) -> Result<(), String> {
    if beneath.look(root, &new(path))?.is_none() {
        // It had come to its place. What it took the place of comes back over it, or it goes.
        match beneath.look(root, path)? {
            Some(Seen::Folder) => beneath.clear(root, path)?,
            Some(Seen::File { .. } | Seen::Link(_)) | None => beneath.remove(root, path)?,
        }
    }
    beneath.shift(root, &old(path), path)
}

/// A merge that is done, but can still be taken back.
pub(crate) struct Merge<'a> {
    beneath: &'a dyn Beneath,
    root: &'a Path,
}

impl Merge<'_> {
    /// It stays.
    pub(crate) fn keep(self) -> Result<(), Refusal> {
        self.beneath.remove(self.root, MOVES).map_err(failed)?;
        let _ = self.beneath.clear(self.root, STAGING);
        Ok(())
    }

    /// It never was.
    pub(crate) fn undo(self) -> Result<(), Refusal> {
        recover(self.beneath, self.root).map(drop)
    }
}

/// Moves items into a folder with something in it, in place of what is at their paths.
pub(crate) fn merge<'a>(
    beneath: &'a dyn Beneath,
    root: &'a Path,
    items: &[Item],
    point: &dyn Fn(),
) -> Result<Merge<'a>, Refusal> {
    let done = (|| -> Result<(), String> {
        for item in items {
            beneath.put(root, &new(&item.path), &seen(item), None)?;
            point();
        }
        let moves = Moves { paths: items.iter().map(|item| item.path.clone()).collect() };
        let bytes = serde_json::to_vec(&moves).map_err(|e| e.to_string())?;
        beneath.put(root, MOVES, &Seen::File { bytes, exec: false }, None)?;
        for item in items {
            point();
            beneath.shift(root, &item.path, &old(&item.path))?;
            point();
            beneath.shift(root, &new(&item.path), &item.path)?;
        }
        point();
        Ok(())
    })();
    match done {
        Ok(()) => Ok(Merge { beneath, root }),
        Err(what) => {
            recover(beneath, root)?;
            Err(failed(what))
        }
    }
}
