use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::{collections::BTreeMap, path::PathBuf};

use super::common::{self, Bring, Concerned, Wait};
use crate::{
    base::{Code, Refusal},
    service::actor::Handle,
    session::Caller,
    verb::{Follow, Here, Method, Ui, Verb},
};

/// `gaia service scale`
pub(super) struct Scale;

/// Arguments of [`Scale`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// NAME=COUNT, e.g. `api=3`
    #[arg(required = true)]
    counts: Vec<String>,
    /// Whether to wait
    #[command(flatten)]
    #[serde(flatten)]
    wait: Wait,
    /// Folder of the workspace, or one below it
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    caller: Caller,
}

impl Verb for Scale {
    const NAME: &'static str = "scale";
    const ABOUT: &'static str = "Run another number of replicas, until the next `gaia up`";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/services/scale";
    type Args = Args;
    type Reply = Concerned;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        let dir = args.dir.as_ref().map_or_else(|| here.cwd.clone(), |dir| here.absolute(dir));
        args.dir = Some(dir);
        args.caller.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Concerned, Refusal> {
        let patience = args.wait.patience()?;
        let scale = counts(&args.counts)?;
        let dir = args.dir.ok_or_else(|| Refusal::new(Code::Invalid, "`dir` is missing"))?;
        let names = scale.keys().cloned().collect();
        let (profiles, caller) = (vec![], args.caller);
        let bring = Bring { dir, caller, names, profiles, scale, whole: false, dry_run: false };
        let (_, ids) = common::bring(&handle, bring).await?;
        if args.wait.wait {
            common::settled(&handle, &ids, patience).await;
        }
        Ok(Concerned::of(&handle, &ids, args.wait.wait))
    }

    fn show(reply: &Concerned, ui: &Ui) -> String {
        reply.show(ui)
    }

    fn failed(reply: &Concerned) -> bool {
        reply.failed()
    }

    fn progress(args: &Args) -> Option<Follow> {
        common::progress(args.wait.wait)
    }
}

fn counts(words: &[String]) -> Result<BTreeMap<String, u16>, Refusal> {
    let one = |word: &String| {
        let (name, count) = word.split_once('=')?;
        let count = count.parse::<u16>().ok().filter(|count| (1..=999).contains(count))?;
        Some((name.to_owned(), count))
    };
    let wrong = |word: &String| {
        Refusal::new(Code::Invalid, format!("`{word}` is not NAME=COUNT"))
            .help("write it like api=3; from 1 to 999")
    };
    words.iter().map(|word| one(word).ok_or_else(|| wrong(word))).collect()
}
