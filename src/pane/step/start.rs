//! Starts the command of an attempt.

use std::{
    io::{self, PipeReader, PipeWriter, pipe},
    process::{Command, Stdio},
};

use nix::{
    sys::{
        prctl,
        resource::{Resource, setrlimit},
        signal::{SigSet, Signal},
    },
    unistd::{Pid, getpid, getppid, setsid},
};

use super::quick;
use crate::{
    base::step::{MARK, Spec},
    pane::{
        child,
        fence::{self, Prepared},
        sys,
    },
};

/// A command that runs.
pub(super) struct Started {
    /// It leads a session and a process group.
    pub(super) pid: Pid,
    pub(super) out: PipeReader,
    pub(super) err: PipeReader,
    /// What its fence cannot do, where that was accepted.
    pub(super) lacks: Option<String>,
}

/// Starts it; the sentence says why it could not.
pub(super) fn start(spec: &Spec) -> Result<Started, String> {
    let Some((program, args)) = spec.argv.split_first() else {
        return Err("the step names no program".to_owned());
    };
    if !spec.cwd.is_dir() {
        return Err(format!("the folder {} does not exist", spec.cwd.display()));
    }
    if let Some(started) = quick::start(spec) {
        return Ok(started);
    }
    let fence = spec.fence.as_ref().map(|fence| fence::build(fence, &spec.cwd)).transpose()?;
    let lacks = fence.as_ref().and_then(|fence| fence.lacks.clone());
    let mut command = Command::new(program);
    command.args(args).current_dir(&spec.cwd).env_clear().envs(&spec.env);
    command.env(MARK, &spec.folder);
    if let Some(path) = &spec.stdin {
        command.stdin(child::input(path)?);
    }
    let limits = child::limits(&spec.limits)?;
    let (out, err) = wire(&mut command).map_err(|e| format!("it gets no pipes: {e}"))?;
    prepare(&mut command, limits, fence);
    let child = command.spawn().map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => format!("there is no program `{program}`"),
        _ => format!("`{program}` cannot be started: {e}"),
    })?;
    // The ends of the pipes that the command holds go with it here.
    Ok(Started { pid: Pid::from_raw(child.id() as i32), out, err, lacks })
}

fn wire(command: &mut Command) -> io::Result<(PipeReader, PipeReader)> {
    let (out, out_end): (PipeReader, PipeWriter) = pipe()?;
    let (err, err_end) = pipe()?;
    command.stdout(Stdio::from(out_end)).stderr(Stdio::from(err_end));
    Ok((out, err))
}

/// What is done in the child between fork and exec.
fn prepare(command: &mut Command, limits: Vec<(Resource, u64)>, mut fence: Option<Prepared>) {
    let shim = getpid();
    sys::before_exec(command, move || {
        // First: it takes the rights of the shim, and no limits.
        fence.as_ref().map_or(Ok(()), Prepared::cover)?;
        // Signals have their default effect since the host began.
        SigSet::empty().thread_set_mask()?;
        setsid()?;
        for (resource, limit) in &limits {
            setrlimit(*resource, *limit, *limit)?;
        }
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        // The shim may have died before the line above took effect.
        if getppid() != shim {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        // Last: it takes rights away that the steps before it need.
        fence.as_mut().map_or(Ok(()), Prepared::apply)
    });
}
