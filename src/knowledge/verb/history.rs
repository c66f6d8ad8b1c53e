use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::At;
use crate::{
    base::{Name, ProposalId, Refusal},
    knowledge::actor::{Handle, Version},
    verb::{Here, Method, Ui, Verb, table},
};

/// `gaia expert history`
pub(super) struct History;

/// Arguments of [`History`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the expert
    name: Name,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// A proposal that waits for a person.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Open {
    /// Its id.
    id: ProposalId,
    /// Who proposes it.
    who: String,
    /// The change in a few words.
    gist: String,
    /// The change of the file.
    diff: String,
}

/// What was, and what may come.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Every version that is known, oldest first.
    versions: Vec<Version>,
    /// Proposals that wait for a person.
    open: Vec<Open>,
}

impl Verb for History {
    const NAME: &'static str = "history";
    const ABOUT: &'static str = "List the versions of an expert, and the proposals that wait";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/experts/{name}/history";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(experts: Handle, args: Args) -> Result<Reply, Refusal> {
        let dir = args.at.dir()?;
        let versions = experts.history(dir, &args.name)?;
        let open = experts.open(dir, &args.name);
        if versions.is_empty() && open.is_empty() {
            // Whoever mistyped the name is told so.
            experts.find(dir, &args.name)?;
        }
        let open = open.into_iter().map(|one| Open {
            id: one.id.clone(),
            who: one.who.clone(),
            gist: one.gist.clone(),
            diff: one.diff.clone(),
        });
        Ok(Reply { versions, open: open.collect() })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        if reply.versions.is_empty() && reply.open.is_empty() {
            return "nothing has been learned yet".to_owned();
        }
        let row = |one: &Version| {
            let version = ui.paint("1", &one.version.to_string());
            vec![version, one.at.show(), one.by.clone(), one.why.clone()]
        };
        let open = |one: &Open| {
            let waits = ui.paint("33", &format!("waits for your yes: {} ({})", one.gist, one.id));
            vec!["?".to_owned(), String::new(), one.who.clone(), waits]
        };
        let rows = reply.versions.iter().map(row).chain(reply.open.iter().map(open));
        table(ui, &["VERSION", "AT", "BY", "WHY"], rows.collect())
    }
}
