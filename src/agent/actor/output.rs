//! The file in which an agent leaves a result that somebody waits for.
//!
//! It is taken into the home at the end of an attempt, before anybody sees that end: the folder it
//! is written in may be used by the next one then.

use std::path::PathBuf;

use super::{World, job::Job};
use crate::agent::{id::TaskId, model::Place, record::TaskRecord};

/// The file, in the folder the agent works in.
pub(crate) const FILE: &str = ".gaia/output.json";
/// A longer result is none.
const SIZE: usize = 1 << 20;

/// Where an agent writes its result.
pub(crate) fn path(task: &TaskRecord) -> PathBuf {
    task.cwd().join(FILE)
}

fn kept(world: &World, id: TaskId) -> PathBuf {
    world.sessions.home().task(&id.to_string()).join("output.json")
}

/// What the last attempt of a task has left.
pub(crate) fn of(world: &World, id: TaskId) -> Option<Vec<u8>> {
    world.sessions.ports().files.read(&kept(world, id), SIZE).ok().flatten()
}

/// Whether the file lies where it seems to: an agent may have put a link in place of its folder.
fn is_inside(job: &Job) -> bool {
    let files = &job.world.sessions.ports().files;
    let (path, cwd) = (path(&job.task), files.real(&job.task.cwd()));
    path.parent().is_some_and(|folder| files.real(folder) == cwd.join(".gaia"))
}

/// Takes away what an earlier attempt, or somebody else, has left, and makes the folder.
pub(super) fn make_room(job: &Job) {
    if !job.task.wanted.output {
        return;
    }
    let files = &job.world.sessions.ports().files;
    files.forget(&kept(&job.world, job.task.id));
    let path = path(&job.task);
    let Some(folder) = path.parent() else { return };
    if !files.exists(folder)
        && let Err(what) = files.private_dir(folder, None)
    {
        tracing::warn!(task = %job.task.id, what, "has no folder for its result");
    }
    if is_inside(job) {
        files.forget(&path);
    }
}

/// Keeps what an attempt that is over has left.
pub(super) fn keep(job: &Job) {
    if !job.task.wanted.output || !is_inside(job) {
        return;
    }
    let (files, path) = (&job.world.sessions.ports().files, path(&job.task));
    let kept = match files.read_plain(&path, SIZE + 1) {
        Ok(None) => return,
        Ok(Some(bytes)) if bytes.len() > SIZE => Err("it is longer than 1 MiB".to_owned()),
        Ok(Some(bytes)) => files.keep(&kept(&job.world, job.task.id), &bytes),
        Err(what) => Err(what),
    };
    match kept {
        Err(what) => tracing::warn!(task = %job.task.id, what, "its result is not taken"),
        // A person's own folder is left as it was.
        Ok(()) if job.task.wanted.place == Place::InPlace => files.forget(&path),
        Ok(()) => (),
    }
}
