//! Files that change, as the kernel tells.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
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
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(glob.map_err(|e| e.to_string())?);
    }
    set.build().map_err(|e| e.to_string())
}

/// Folders that do not count, unless a glob names one of them.
fn never(globs: &[String]) -> Vec<&'static str> {
    let named = |name: &str| globs.iter().any(|glob| glob.split('/').any(|part| part == name));
    NEVER.iter().copied().filter(|name| !named(name)).collect()
}

fn counts(path: &Path, never: &[&str]) -> bool {
    !path.components().any(|part| never.iter().any(|name| part.as_os_str() == *name))
}

/// Entries below a folder that count.
fn walk(root: &Path, never: &[&'static str]) -> impl Iterator<Item = ignore::DirEntry> + use<> {
    let (inside, never) = (root.to_owned(), never.to_vec());
    let wanted = move |entry: &ignore::DirEntry| {
        counts(entry.path().strip_prefix(&inside).unwrap_or(entry.path()), &never)
    };
    let mut walk = WalkBuilder::new(root);
    walk.standard_filters(false).follow_links(false).filter_entry(wanted);
    walk.build().flatten()
}

/// Watches a folder and those below it; the files that are there.
fn watch_below(
    watcher: &mut RecommendedWatcher,
    folder: &Path,
    never: &[&'static str],
) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for entry in walk(folder, never) {
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            let watched = watcher.watch(entry.path(), RecursiveMode::NonRecursive);
            watched.map_err(|e| format!("{}: {e}", entry.path().display()))?;
        } else {
            files.push(entry.into_path());
        }
    }
    Ok(files)
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
        let never = never(paths);
        // Globs without a folder are about this one alone: the rest is not watched.
        let flat = paths.iter().all(|path| !path.contains('/') && !path.contains("**"));
        match flat {
            true => watcher.watch(&root, RecursiveMode::NonRecursive).map_err(|e| e.to_string())?,
            false => drop(watch_below(&mut watcher, &root, &never)?),
        }
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
                    let mut changed = vec![path.clone()];
                    if !flat && matches!(event.kind, EventKind::Create(_)) && path.is_dir() {
                        // What was put into it before it was watched has changed too.
                        let inside = watch_below(&mut watcher, &path, &never);
                        changed.extend(inside.unwrap_or_default());
                    }
                    for path in changed {
                        let inside = path.strip_prefix(&root).unwrap_or(&path);
                        let fits = wanted.is_match(inside) && !unwanted.is_match(inside);
                        if fits && counts(inside, &never) {
                            let _ = sender.send(path);
                        }
                    }
                }
            }
        });
        Ok(receiver)
    }

    fn changed_since(&self, root: PathBuf, at: Moment, limit: usize) -> Vec<PathBuf> {
        let mut found: Vec<(u128, PathBuf)> = walk(&root, NEVER)
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
