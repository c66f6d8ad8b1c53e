//! The environment and the folder of a command.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
    time::Duration,
};

use super::{Job, World};
use crate::{
    base::{RunId, step::OUTPUT},
    port::Run,
    workflow::model::Secret,
};

/// The most that is read of a kept environment, and of a secret.
const ENV_SIZE: usize = 4 << 20;
const SECRET_SIZE: usize = 64 << 10;
/// Longest time of a command that prints a secret.
const ASKED: Duration = Duration::from_secs(30);

/// The environment of whoever started the run, without what belongs to their own terminal.
pub(super) fn of(job: &Job) -> BTreeMap<String, String> {
    let mut env = caller(job);
    let own = |name: &str| {
        let gaia = name.starts_with("GAIA_") && !name.starts_with("GAIA_TRIGGER_");
        gaia || matches!(name, "TMUX" | "TMUX_PANE" | "PWD" | "OLDPWD" | "_")
    };
    env.retain(|name, _| !own(name));
    env
}

/// All of the environment of whoever started the run.
pub(super) fn caller(job: &Job) -> BTreeMap<String, String> {
    BTreeMap::clone(&job.env)
}

/// The environment that was written down when a run came in.
pub(super) fn kept(world: &World, run: &RunId) -> BTreeMap<String, String> {
    let path = world.sessions.home().a_run(run.as_str()).join(super::super::book::ENV_FILE);
    let text = world.sessions.ports().files.read(&path, ENV_SIZE).ok().flatten();
    text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

/// What gaia itself adds.
pub(super) fn gaia(job: &Job, folder: &Path) -> BTreeMap<String, String> {
    let home = job.world.sessions.home().root().display().to_string();
    [
        ("GAIA_HOME", home),
        ("GAIA_RUN", job.record.id.to_string()),
        ("GAIA_WORKFLOW", job.record.workflow.clone()),
        ("GAIA_WORKSPACE", job.record.dir.display().to_string()),
        ("GAIA_STEP_PATH", job.path.clone()),
        ("GAIA_ATTEMPT", job.attempt.to_string()),
        ("GAIA_IDEMPOTENCY_KEY", job.idempotency_key()),
        ("GAIA_OUTPUT", folder.join(OUTPUT).display().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Secrets, looked up now; the sentence never holds one.
pub(super) async fn secrets(
    job: &Job,
    wanted: &BTreeMap<String, Secret>,
) -> Result<BTreeMap<String, String>, String> {
    let mut env = BTreeMap::new();
    for (name, secret) in wanted {
        let value = match secret {
            Secret::Env(variable) => job.env.get(variable).cloned().ok_or_else(|| {
                format!("secrets.{name}: {variable} was not set where the run was started")
            })?,
            Secret::File(path) => {
                let path = job.record.dir.join(path);
                let files = &job.world.sessions.ports().files;
                let text =
                    files.read(&path, SECRET_SIZE).map_err(|e| format!("secrets.{name}: {e}"))?;
                let text = text.ok_or_else(|| {
                    format!("secrets.{name}: the file {} does not exist", path.display())
                })?;
                String::from_utf8_lossy(&text).trim_end_matches('\n').to_owned()
            }
            Secret::Command(argv) => {
                let run = Run {
                    argv: argv.clone(),
                    env: of(job),
                    cwd: job.record.dir.clone(),
                    user: None,
                    timeout: ASKED,
                };
                match job.world.ports.prober.run(&run).await {
                    Ok(ran) if ran.code == 0 => ran.output.trim_end_matches('\n').to_owned(),
                    Ok(ran) => {
                        return Err(format!("secrets.{name}: its command ended with {}", ran.code));
                    }
                    Err(error) => return Err(format!("secrets.{name}: {error}")),
                }
            }
        };
        env.insert(name.clone(), value);
    }
    Ok(env)
}

/// A folder below that of the workspace, or an absolute one that the definition names; no value
/// leads out of the workspace by `..`.
pub(super) fn folder_in(job: &Job, dir: &str) -> Result<PathBuf, String> {
    let path = Path::new(dir);
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(format!("`dir`: {dir} leads out of the workspace"));
    }
    let folder = job.record.dir.join(path);
    match job.world.sessions.ports().files.is_dir(&folder) {
        true => Ok(folder),
        false => Err(format!("`dir`: there is no folder {}", folder.display())),
    }
}
