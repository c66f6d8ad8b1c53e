use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::At;
use crate::{
    base::{Name, Refusal, faults_refusal},
    knowledge::actor::Handle,
    verb::{Here, Method, Ui, Verb},
};

/// `gaia expert lint`
pub(super) struct Lint;

/// Arguments of [`Lint`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the expert; all without it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Name>,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// What was looked at, and is good.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Names of the experts.
    good: Vec<String>,
}

impl Verb for Lint {
    const NAME: &'static str = "lint";
    const ABOUT: &'static str = "Check the files of experts: every fault at its place, all at once";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/experts/-/lint";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(experts: Handle, args: Args) -> Result<Reply, Refusal> {
        let dir = args.at.dir()?;
        let all = match args.name {
            Some(name) => vec![(name.clone(), experts.find(dir, &name))],
            None => experts.all(dir),
        };
        let (mut faults, mut good) = (vec![], vec![]);
        for (name, found) in all {
            match found?.load() {
                Ok(_) => good.push(name.to_string()),
                Err(more) => faults.extend(more),
            }
        }
        if faults.is_empty() { Ok(Reply { good }) } else { Err(faults_refusal(&faults)) }
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        format!("without a fault: {}", reply.good.join(", "))
    }
}
