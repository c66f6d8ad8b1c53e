use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Nothing, Own};
use crate::{
    agent::actor::Handle,
    base::{Code, Refusal},
    verb::{Here, Method, Ui, Verb, Who},
};

/// Longest file of what agents remember.
const LONGEST: usize = 256 << 10;

/// `gaia self remember`
pub(super) struct Remember;

/// Arguments of [`Remember`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct RememberArgs {
    /// In words
    text: String,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

impl Verb for Remember {
    const NAME: &'static str = "remember";
    const ABOUT: &'static str = "Keep something for the next task of this agent";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/self/remember";
    type Args = RememberArgs;
    type Reply = Nothing;
    type Ctx = Handle;

    fn prepare(args: &mut RememberArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut RememberArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: RememberArgs) -> Result<Nothing, Refusal> {
        let task = args.own.task(&handle)?;
        let agent = args.own.agent(&handle, &task)?;
        let world = handle.world();
        let files = &world.sessions.ports().files;
        let path = world.sessions.home().memory(&task.workspace, agent.name.as_str());
        let failed = |what: String| Refusal::new(Code::Failed, what);
        let old = files.read(&path, LONGEST).map_err(failed)?.unwrap_or_default();
        let mut text = String::from_utf8_lossy(&old).into_owned();
        if text.len() + args.text.len() > LONGEST {
            return Err(Refusal::new(Code::Failed, "what this agent remembers is full")
                .help(format!("a person can shorten {}", path.display())));
        }
        text.push_str(&format!("- {}\n", args.text.trim().replace('\n', "\n  ")));
        if let Some(folder) = path.parent() {
            files.private_dir(folder, None).map_err(failed)?;
        }
        files.keep(&path, text.as_bytes()).map_err(failed)?;
        Ok(Nothing {})
    }

    fn show(_: &Nothing, _: &Ui) -> String {
        String::new()
    }
}
