use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Nothing, Own};
use crate::{
    agent::actor::{Handle, Told},
    base::Refusal,
    verb::{Here, Method, Ui, Verb, Who},
};

/// `gaia self hook`
pub(super) struct Hook;

/// Arguments of [`Hook`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct HookArgs {
    /// Name of the hook
    event: String,
    /// What it says
    #[arg(skip)]
    #[serde(default)]
    payload: serde_json::Value,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

/// Reply of [`Hook`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct HookReply {
    /// What the hook prints.
    print: String,
    /// Its exit code.
    exit: i32,
}

impl Verb for Hook {
    const NAME: &'static str = "hook";
    const ABOUT: &'static str = "What the program of an agent tells gaia (its hooks call this)";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/self/hook";
    type Args = HookArgs;
    type Reply = HookReply;
    type Ctx = Handle;

    fn prepare(args: &mut HookArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut HookArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: HookArgs) -> Result<HookReply, Refusal> {
        let task = args.own.task(&handle)?;
        let agent = args.own.agent(&handle, &task)?;
        let told = Told { event: args.event, payload: args.payload };
        let (print, exit) = handle.told(&task, &agent, told).await?;
        Ok(HookReply { print, exit })
    }

    fn show(reply: &HookReply, _: &Ui) -> String {
        reply.print.clone()
    }
}

/// `gaia self refused`
pub(super) struct Refused;

/// Arguments of [`Refused`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct RefusedArgs {
    /// The command line
    what: String,
    /// The rule
    rule: String,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

impl Verb for Refused {
    const NAME: &'static str = "refused";
    const ABOUT: &'static str = "What a guard in front of a program refused";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/self/refused";
    type Args = RefusedArgs;
    type Reply = Nothing;
    type Ctx = Handle;

    fn prepare(args: &mut RefusedArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut RefusedArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: RefusedArgs) -> Result<Nothing, Refusal> {
        let task = args.own.task(&handle)?;
        handle.refused(task.id, args.what, args.rule).await?;
        Ok(Nothing {})
    }

    fn show(_: &Nothing, _: &Ui) -> String {
        String::new()
    }
}
