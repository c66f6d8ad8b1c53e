//! Files that a step leaves and that are kept with its run.

use std::path::Path;

use super::Job;

/// A larger file is not kept.
const LARGEST: usize = 64 << 20;

/// Copies what a step leaves below `cwd` to the folder of its run. What cannot be kept is told in
/// the log of the daemon; the step ended well all the same.
pub(super) fn keep(job: &Job, cwd: &Path) {
    let files = &job.world.sessions.ports().files;
    let run = job.world.sessions.home().a_run(job.record.id.as_str());
    for glob in &job.step.artifacts {
        let whole = cwd.join(glob).display().to_string();
        for path in files.matching(cwd, &whole) {
            let Ok(name) = path.strip_prefix(cwd) else { continue };
            let to = run.join("artifacts").join(job.path.replace('/', ".")).join(name);
            let kept = match files.read_plain(&path, LARGEST + 1) {
                Ok(Some(bytes)) if bytes.len() <= LARGEST => {
                    let parent = to.parent().unwrap_or(&run);
                    files.private_dir(parent, None).and_then(|()| files.keep(&to, &bytes))
                }
                Ok(Some(_)) => Err("it is larger than 64 MiB".to_owned()),
                Ok(None) => Ok(()),
                Err(what) => Err(what),
            };
            if let Err(what) = kept {
                tracing::warn!(file = %path.display(), what, "an artifact is not kept");
            }
        }
    }
}
