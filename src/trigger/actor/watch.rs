//! Files that change: those that fire, and the definitions themselves.

use std::{collections::BTreeSet, path::Path, time::Duration};

use tokio::sync::mpsc::UnboundedReceiver;

use super::{Ask, Handle, Key, Ports, handle::iso, pause, take::NewFiring};
use crate::{
    base::Name,
    session::FILE,
    trigger::{find::SCHEDULES, model::Files},
};

/// A definition is whole once it has been quiet for this long.
const QUIET: Duration = Duration::from_millis(300);
/// Files that never get quiet fire after so many times their debounce.
const LONGEST: u32 = 20;
/// Files that one firing names.
const MOST: usize = 1000;

/// A task that ends when this is dropped.
pub(super) struct Task(tokio::task::JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Fires a trigger when files change.
pub(super) fn files(
    ports: &Ports,
    handle: &Handle,
    (key, dir): (&Key, &Path),
    wanted: &Files,
) -> Result<Task, String> {
    let mut changes = ports.watcher.watch(dir.to_owned(), &wanted.paths, &wanted.ignore)?;
    let (key, dir, debounce) = (key.clone(), dir.to_owned(), wanted.debounce);
    let (handle, clock) = (handle.clone(), std::sync::Arc::clone(&ports.clock));
    Ok(Task(tokio::spawn(async move {
        let mut count = 0_u64;
        while let Some(first) = changes.recv().await {
            let mut found = BTreeSet::from([first]);
            gather(&mut changes, debounce, &mut found).await;
            let inside = found.iter().map(|path| path.strip_prefix(&dir).unwrap_or(path));
            let names: Vec<String> =
                inside.map(|path| path.display().to_string()).take(MOST).collect();
            count += 1;
            let at = clock.now();
            let id = format!("file/{}/{}/{}-{}-{count}", key.0, key.1, iso(at), at.0 % 1000);
            let by = format!("{} files", found.len());
            let known = serde_json::json!({ "files": names });
            let new = Box::new(NewFiring::new(id, by, known));
            handle.tell(Ask::Fire { key: key.clone(), new, reply: None });
        }
    })))
}

/// Takes changes until there are none for a while.
async fn gather(
    changes: &mut UnboundedReceiver<std::path::PathBuf>,
    quiet: Duration,
    found: &mut BTreeSet<std::path::PathBuf>,
) {
    let end = pause(Some(quiet * LONGEST));
    tokio::pin!(end);
    loop {
        tokio::select! {
            change = changes.recv() => match change {
                Some(path) => drop(found.insert(path)),
                None => return,
            },
            () = pause(Some(quiet)) => return,
            () = &mut end => return,
        }
    }
}

/// Reads a workspace again when what it declares was changed.
pub(super) fn definition(
    ports: &Ports,
    handle: &Handle,
    workspace: &Name,
    dir: &Path,
) -> Vec<Task> {
    let mut tasks = Vec::new();
    for (folder, file) in [(dir.to_owned(), FILE), (dir.join(".gaia"), SCHEDULES)] {
        if !ports.files.is_dir(&folder) {
            continue;
        }
        let mut changes = match ports.watcher.watch(folder, &[file.to_owned()], &[]) {
            Ok(changes) => changes,
            Err(what) => {
                tracing::warn!(what, %workspace, "changes of a definition cannot be seen");
                continue;
            }
        };
        let (handle, workspace) = (handle.clone(), workspace.clone());
        tasks.push(Task(tokio::spawn(async move {
            while let Some(first) = changes.recv().await {
                gather(&mut changes, QUIET, &mut BTreeSet::from([first])).await;
                handle.tell(Ask::Reread(workspace.clone()));
            }
        })));
    }
    tasks
}
