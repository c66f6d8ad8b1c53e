use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{actor::Handle, model::How, verb::common},
    base::Refusal,
    verb::{Method, Ui, Verb},
};

/// `gaia task land`
pub(super) struct Land;

/// Arguments of [`Land`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Task
    id: String,
    /// As one commit
    #[arg(long, conflicts_with_all = ["merge", "rebase"])]
    #[serde(default)]
    squash: bool,
    /// As a merge commit
    #[arg(long, conflicts_with = "rebase")]
    #[serde(default)]
    merge: bool,
    /// Its commits, one after the other
    #[arg(long)]
    #[serde(default)]
    rebase: bool,
    /// Check it all, and change nothing
    #[arg(long)]
    #[serde(default)]
    dry_run: bool,
}

/// Reply of [`Land`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The task.
    id: String,
    /// The branch.
    target: String,
    /// Where it was.
    old: String,
    /// Where it is.
    new: String,
    /// The ref that keeps where it was.
    rollback: String,
    /// Whether nothing was changed.
    dry_run: bool,
}

impl Verb for Land {
    const NAME: &'static str = "land";
    const ABOUT: &'static str =
        "Make the work of a task part of its target: rebased, checked, with a way back";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tasks/{id}/land";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let id = common::task_id(&args.id)?;
        let task = handle.task(id)?;
        // The rules of today hold, not those of the day it was asked for.
        handle.crew(&task.dir, &BTreeMap::new()).await?;
        let how =
            [(args.squash, How::Squash), (args.merge, How::Merge), (args.rebase, How::Rebase)];
        let how = how.into_iter().find(|(wanted, _)| *wanted).map(|(_, how)| how);
        let landed = handle.land(id, how, args.dry_run).await?;
        Ok(Reply {
            id: id.to_string(),
            target: landed.target,
            old: landed.old,
            new: landed.new,
            rollback: landed.rollback,
            dry_run: args.dry_run,
        })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        let Reply { id, target, old, new, rollback, dry_run } = reply;
        let short = |sha: &str| sha.chars().take(10).collect::<String>();
        if *dry_run {
            return format!("{id} fits: {target} would go from {} to {}", short(old), short(new));
        }
        if old == new {
            return format!("{id} changed nothing that {target} does not have");
        }
        format!("{id} is part of {target}: {} → {}; before it: {rollback}", short(old), short(new))
    }
}
