use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::At;
use crate::{
    base::{Name, Refusal},
    trigger::actor::Handle,
    verb::{Here, Method, Ui, Verb},
};

/// `gaia trigger lint`
pub(super) struct Lint;

/// Arguments of [`Lint`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// What may surprise.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Triggers that were read.
    triggers: usize,
    /// What may surprise in them.
    notes: Vec<Note>,
}

/// What may surprise in one trigger.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Note {
    /// The trigger.
    trigger: Name,
    /// A sentence.
    note: String,
}

impl Verb for Lint {
    const NAME: &'static str = "lint";
    const ABOUT: &'static str = "Check the triggers of this workspace, and say what may surprise";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/schedule/lint";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let declared = handle.declared(args.at.dir()?)?;
        let triggers = declared.triggers.len();
        let notes = declared.triggers.into_iter().flat_map(|one| {
            let trigger = one.name;
            one.lint.into_iter().map(move |note| Note { trigger: trigger.clone(), note })
        });
        Ok(Reply { triggers, notes: notes.collect() })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        let lines = reply.notes.iter();
        let mut lines: Vec<String> = lines
            .map(|one| format!("{}: {}", ui.paint("33", one.trigger.as_str()), one.note))
            .collect();
        lines.push(match reply.triggers {
            1 => "1 trigger is good".to_owned(),
            count => format!("{count} triggers are good"),
        });
        lines.join("\n")
    }
}
