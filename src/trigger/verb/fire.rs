use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::common::At;
use crate::{
    base::{Code, Name, Refusal},
    trigger::actor::{Handle, Taken},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia trigger fire`
pub(super) struct Fire;

/// Arguments of [`Fire`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the trigger
    name: Name,
    /// Inputs in place of the declared ones
    #[arg(value_name = "INPUT=VALUE")]
    #[serde(default)]
    inputs: Vec<String>,
    /// Who asks
    #[arg(skip)]
    #[serde(default)]
    by: Option<String>,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Id of the firing.
    id: String,
    /// `started`, `waits` or `skipped`.
    state: String,
    /// Why nothing is started.
    why: Option<String>,
}

impl Verb for Fire {
    const NAME: &'static str = "fire";
    const ABOUT: &'static str = "Fire a trigger now; what it does by itself stays as it is";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/triggers/{name}/fire";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        args.by = here.env.get("USER").filter(|name| !name.is_empty()).cloned();
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let workspace = args.at.enlist(&handle).await?;
        let mut given = Map::new();
        for word in &args.inputs {
            let (name, value) = word.split_once('=').ok_or_else(|| {
                Refusal::new(Code::Invalid, format!("`{word}` is no input"))
                    .help("write it like name=value")
            })?;
            given.insert(name.to_owned(), Value::String(value.to_owned()));
        }
        let by = args.by.unwrap_or_else(|| "somebody".to_owned());
        let (id, taken) = handle.fire((workspace, args.name), given, by).await?;
        let (state, why) = match taken {
            Taken::Started | Taken::Known => ("started", None),
            Taken::Waits => ("waits", None),
            Taken::Skipped(why) => ("skipped", Some(why)),
        };
        Ok(Reply { id, state: state.to_owned(), why })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        match &reply.why {
            Some(why) => format!("nothing is started: {why}"),
            None => format!("{} {}", reply.state, reply.id),
        }
    }

    fn failed(reply: &Reply) -> bool {
        reply.why.is_some()
    }
}
