use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Refusal},
    session::{
        actor::{Handle, OpenRequest},
        record::SessionRecord,
        verb::common::{self, Caller, OpenedReply},
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia session restore`
pub(super) struct Restore;

/// Arguments of [`Restore`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Session to restore; all of them if it is left out
    name: Option<String>,
    /// Run every program at once; without it those not marked `autostart` wait for a key
    #[arg(long)]
    #[serde(default)]
    run: bool,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    caller: Caller,
}

/// Reply of [`Restore`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Sessions that were looked at, with what was done.
    sessions: Vec<OpenedReply>,
}

impl Verb for Restore {
    const NAME: &'static str = "restore";
    const ABOUT: &'static str = "Open again the sessions that a reboot or a crash took down";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/restore";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.caller.prepare(here);
        Ok(())
    }

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let view = sessions.view();
        let mut done = Vec::new();
        for known in view.sessions.iter().filter(|s| s.phase.is_some()) {
            if args.name.as_ref().is_some_and(|name| *name != known.name) {
                continue;
            }
            let record: Option<SessionRecord> = sessions.ledger().load(&known.name)?;
            let Some(record) = record else { continue };
            let request = OpenRequest {
                declared: record.declared,
                origin: record.origin,
                env: args.caller.env.clone(),
                size: args.caller.size(),
                dry_run: false,
                fresh: false,
                hold: !args.run,
                only: None,
            };
            done.push(common::open(&sessions, request).await?);
        }
        if let (Some(name), true) = (&args.name, done.is_empty()) {
            return Err(Refusal::new(Code::NotFound, format!("there is no session `{name}`")));
        }
        Ok(Reply { sessions: done })
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        if reply.sessions.is_empty() {
            return "there is nothing to restore".to_owned();
        }
        let shown: Vec<String> = reply.sessions.iter().map(|one| one.show(ui)).collect();
        shown.join("\n")
    }
}
