use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{At, Caller, paint};
use crate::{
    base::{Code, Name, ProposalId, Refusal},
    knowledge::{
        actor::{Handle, New},
        learn::Proposal,
        model::Fate,
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia expert learn`
pub(super) struct Learn;

/// Arguments of [`Learn`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the expert; a new one needs `about`
    name: Name,
    /// File with the proposal: JSON with about, area, paths, patterns, pitfalls, commands, notes,
    /// why; - is standard input
    #[arg(long, value_name = "FILE.json")]
    #[serde(skip)]
    from: PathBuf,
    /// What it should learn
    #[arg(skip)]
    proposal: Proposal,
    /// Say yes at once
    #[arg(long, short)]
    #[serde(default)]
    yes: bool,
    /// Propose it once, however often it is asked with this key
    #[arg(long)]
    key: Option<String>,
    /// Wait until it is decided; exit code 1 if it is rejected
    #[arg(long)]
    #[serde(default)]
    wait: bool,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
    /// Who proposes
    #[command(flatten)]
    #[serde(flatten)]
    caller: Caller,
}

/// What was proposed, and what became of it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Its id.
    proposal: ProposalId,
    /// The change in a few words.
    gist: String,
    /// The change of the file.
    diff: String,
    /// What became of it.
    fate: Fate,
}

fn read(args: &Args, here: &Here) -> Result<Proposal, Refusal> {
    let shown = args.from.display().to_string();
    let text = match shown.as_str() {
        "-" => String::from_utf8((here.stdin)()?)
            .map_err(|_| Refusal::new(Code::Invalid, "standard input is not UTF-8 text"))?,
        _ => (here.read)(&here.absolute(&args.from))?,
    };
    Proposal::read(&shown, &text)
}

impl Verb for Learn {
    const NAME: &'static str = "learn";
    const ABOUT: &'static str = "Propose that an expert learns something; you say yes in the inbox";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/experts/{name}/learn";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.proposal = read(args, here)?;
        args.at.prepare(here);
        args.caller.prepare(here);
        Ok(())
    }

    async fn run(experts: Handle, args: Args) -> Result<Reply, Refusal> {
        let who = args.caller.by();
        let new = New {
            dir: args.at.dir()?.to_owned(),
            name: args.name,
            proposal: args.proposal,
            yes: args.yes.then(|| who.clone()),
            who,
            key: args.key,
        };
        let id = experts.propose(new).await?;
        if args.wait {
            experts.wait(&id).await?;
        }
        let record = experts.proposal(&id)?;
        let (gist, diff) = (record.gist.clone(), record.diff.clone());
        Ok(Reply { proposal: id, gist, diff, fate: record.fate.clone() })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        let (id, gist) = (ui.paint("1", reply.proposal.as_str()), &reply.gist);
        let fate = match &reply.fate {
            Fate::Open => "it waits for your yes: gaia inbox".to_owned(),
            Fate::Accepted { by, version } => format!("accepted by {by}: version {version}"),
            Fate::Rejected { by, why } => format!("rejected by {by}: {why}"),
        };
        format!("{id}  {gist}\n{}\n{fate}", paint(&reply.diff, ui))
    }

    fn failed(reply: &Reply) -> bool {
        matches!(reply.fate, Fate::Rejected { .. })
    }
}
