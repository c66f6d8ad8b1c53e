use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    base::Refusal,
    session::{actor::Handle, verb::common},
    verb::{Here, Method, Ui, Verb, table},
};

/// `gaia session layouts`
pub(super) struct Layouts;

/// Arguments of [`Layouts`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Folder whose own layouts are listed too
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// One layout.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Line {
    /// Its name.
    name: String,
    /// File it stands in, or `built in`.
    origin: String,
}

impl Verb for Layouts {
    const NAME: &'static str = "layouts";
    const ABOUT: &'static str = "List the layouts that can be opened, and where each comes from";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/layouts";
    type Args = Args;
    type Reply = Vec<Line>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        common::absolute(&mut args.dir, here);
        Ok(())
    }

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let (env, dir) = (BTreeMap::new(), args.dir.unwrap_or_default());
        let found = common::finder(&sessions, &env).layouts(&dir);
        Ok(found.into_iter().map(|l| Line { name: l.name, origin: l.origin }).collect())
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        let rows = reply.iter().map(|line| vec![line.name.clone(), line.origin.clone()]);
        table(ui, &["LAYOUT", "FROM"], rows.collect())
    }
}
