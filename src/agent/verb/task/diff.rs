use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{actor::Handle, model::State, verb::common},
    base::{Code, Refusal},
    port::DiffStat,
    verb::{Method, Ui, Verb},
};

/// `gaia task diff`
pub(super) struct Diff;

/// Arguments of [`Diff`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Task
    id: String,
    /// Only how much, file by file
    #[arg(long)]
    #[serde(default)]
    stat: bool,
    /// Lines of context
    #[arg(long, short = 'U', default_value_t = 3)]
    #[serde(default = "three")]
    context: u32,
}

fn three() -> u32 {
    3
}

/// Reply of [`Diff`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The task.
    id: String,
    /// Files changed.
    files: u32,
    /// Lines added.
    added: u32,
    /// Lines removed.
    removed: u32,
    /// The changed files: path, lines added, lines removed.
    changes: Vec<(String, u32, u32)>,
    /// Unified text; empty with `--stat`.
    diff: String,
}

impl Verb for Diff {
    const NAME: &'static str = "diff";
    const ABOUT: &'static str = "Show what a task changed: committed, uncommitted and new files";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/tasks/{id}/diff";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let id = common::task_id(&args.id)?;
        let task = handle.task(id)?;
        let failed = |e: crate::port::GitError| Refusal::new(Code::Failed, e.to_string());
        let tree = task
            .tree
            .as_ref()
            .filter(|_| !matches!(task.state, State::Landed { .. } | State::Discarded { .. }));
        let Some(tree) = tree else {
            let message = format!("{id} has no worktree (any more)");
            return Err(Refusal::new(Code::Failed, message)
                .help("`gaia task show` tells what became of it"));
        };
        let git = &handle.world().ports.git;
        let changes = git.changes(&tree.repo, &tree.work).await.map_err(failed)?;
        let DiffStat { files, added, removed } = DiffStat::of(&changes);
        let diff = match args.stat {
            true => String::new(),
            false => git.diff(&tree.repo, &tree.work, &[], args.context).await.map_err(failed)?,
        };
        let changes =
            changes.iter().map(|c| (c.path.display().to_string(), c.added, c.removed)).collect();
        Ok(Reply { id: id.to_string(), files, added, removed, changes, diff })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        let mut lines: Vec<String> = match reply.diff.is_empty() {
            false => reply.diff.lines().map(|line| paint(line, ui)).collect(),
            true => {
                reply.changes.iter().map(|(path, a, r)| format!("  {path}  +{a} -{r}")).collect()
            }
        };
        let Reply { id, files, added, removed, .. } = reply;
        let word = if *files == 1 { "file" } else { "files" };
        lines.push(format!("{id}: {files} {word}, +{added} -{removed}"));
        lines.join("\n")
    }
}

fn paint(line: &str, ui: &Ui) -> String {
    match line.as_bytes().first() {
        Some(b'+') => ui.paint("32", line),
        Some(b'-') => ui.paint("31", line),
        Some(b'@') => ui.paint("36", line),
        _ => line.to_owned(),
    }
}
