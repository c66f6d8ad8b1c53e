//! Files that change, as the kernel tells.

use std::path::{Path, PathBuf};

use globset::{Glob, GlobSet, GlobSetBuilder};
use ignore::WalkBuilder;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::{base::Moment, port::Watcher};

/// Folders that no person edits.
const NEVER: &[&str] =
    &[".git", ".hg", ".svn", ".gaia", "node_modules", "target", "__pycache__", ".venv"];

/// Watches with inotify.
pub struct SystemWatcher;

fn globs(patterns: &[String]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|e| e.to_string())?);
    }
    set.build().map_err(|e| e.to_string())
}

fn never(path: &Path) -> bool {
    path.components().any(|part| NEVER.iter().any(|name| part.as_os_str() == *name))
}

/// Entries below a folder that count, by the person's ignore files too.
fn walk(root: &Path) -> impl Iterator<Item = ignore::DirEntry> {
    let inside = root.to_owned();
    let counts = move |entry: &ignore::DirEntry| {
        !never(entry.path().strip_prefix(&inside).unwrap_or(entry.path()))
    };
    let mut walk = WalkBuilder::new(root);
    walk.hidden(false).follow_links(false).filter_entry(counts);
    walk.build().flatten()
}

fn watch_below(watcher: &mut RecommendedWatcher, folder: &Path) -> Result<(), String> {
    for entry in walk(folder) {
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            let watched = watcher.watch(entry.path(), RecursiveMode::NonRecursive);
            watched.map_err(|e| format!("{}: {e}", entry.path().display()))?;
        }
    }
    Ok(())
}

impl Watcher for SystemWatcher {
    fn watch(
        &self,
        root: PathBuf,
        paths: &[String],
        ignore: &[String],
    ) -> Result<mpsc::UnboundedReceiver<PathBuf>, String> {
        let (wanted, unwanted) = (globs(paths)?, globs(ignore)?);
        let (raw, mut events) = mpsc::unbounded_channel();
        let tell = move |event: notify::Result<notify::Event>| {
            if let Ok(event) = event {
                let _ = raw.send(event);
            }
        };
        let mut watcher = notify::recommended_watcher(tell).map_err(|e| e.to_string())?;
        watch_below(&mut watcher, &root)?;
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            loop {
                let event = tokio::select! {
                    event = events.recv() => event,
                    () = sender.closed() => return,
                };
                let Some(event) = event else { return };
                if !matches!(
                    event.kind,
                    EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)
                ) {
                    continue;
                }
                for path in event.paths {
                    let inside = path.strip_prefix(&root).unwrap_or(&path);
                    if never(inside) {
                        continue;
                    }
                    if matches!(event.kind, EventKind::Create(_)) && path.is_dir() {
                        let _ = watch_below(&mut watcher, &path);
                    }
                    if wanted.is_match(inside) && !unwanted.is_match(inside) {
                        let _ = sender.send(path);
                    }
                }
            }
        });
        Ok(receiver)
    }

    fn changed_since(&self, root: PathBuf, at: Moment, limit: usize) -> Vec<PathBuf> {
        let mut found: Vec<(u128, PathBuf)> = walk(&root)
            .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
            .filter_map(|entry| {
                let changed = entry.metadata().ok()?.modified().ok()?;
                let ms = changed.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis();
                let inside = entry.path().strip_prefix(&root).ok()?.to_owned();
                (ms > u128::from(at.0)).then_some((ms, inside))
            })
            .collect();
        found.sort_by(|a, b| b.cmp(a));
        found.into_iter().take(limit).map(|(_, path)| path).collect()
    }
}
