use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Own;
use crate::{
    agent::actor::{Handle, News, command_of},
    base::Refusal,
    guard,
    inbox::{Kind, NewItem},
    verb::{Here, Method, Ui, Verb, Who},
};

/// Longest part of a call that a person is shown.
const SHOWN: usize = 2000;

/// `gaia self permit`
pub(super) struct Permit;

/// Arguments of [`Permit`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct PermitArgs {
    /// The tool
    tool: String,
    /// What it would do, as JSON
    #[arg(skip)]
    #[serde(default)]
    input: serde_json::Value,
    /// Id of the call
    #[arg(long)]
    id: Option<String>,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

/// Reply of [`Permit`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct PermitReply {
    /// Whether it may.
    allow: bool,
    /// Why.
    reason: Option<String>,
}

impl Verb for Permit {
    const NAME: &'static str = "permit";
    const ABOUT: &'static str = "Ask for leave to use a tool, and wait for it";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/self/permit";
    type Args = PermitArgs;
    type Reply = PermitReply;
    type Ctx = Handle;

    fn prepare(args: &mut PermitArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut PermitArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: PermitArgs) -> Result<PermitReply, Refusal> {
        let task = args.own.task(&handle)?;
        let agent = args.own.agent(&handle, &task)?;
        let world = handle.world();
        if let Some(line) = command_of(&args.input)
            && let guard::Verdict::Deny { rule, .. } = guard::judge(&agent.fence.commands(), &line)
        {
            let reason = Some(format!("the rules of this workspace forbid `{rule}`"));
            return Ok(PermitReply { allow: false, reason });
        }
        let call: String = args.input.to_string().chars().take(SHOWN).collect();
        let number = task.last().map_or(0, |attempt| attempt.number);
        let id = args.id.unwrap_or_else(|| crate::agent::words::digest(&call)[..16].to_owned());
        let new = NewItem {
            workspace: Some(task.workspace.clone()),
            agent: Some(agent.name.to_string()),
            task: Some(task.id.to_string()),
            body: call,
            key: Some(format!("permit.{}.{number}.{}.{id}", task.id, args.tool)),
            ..NewItem::new(Kind::Permission, format!("{} wants to use {}", task.id, args.tool))
        };
        let item = world.people.raise(new).await?;
        handle.tell(task.id, News::Waits(Some(format!("leave to use {}", args.tool))));
        let item = world.people.wait(&item).await;
        handle.tell(task.id, News::Waits(None));
        let answer = item?.answer().cloned().unwrap_or_default();
        let reason = answer.reason.clone().or(answer.text.clone());
        Ok(PermitReply { allow: answer.allow.unwrap_or(false), reason })
    }

    fn show(reply: &PermitReply, _: &Ui) -> String {
        if reply.allow { "yes".to_owned() } else { "no".to_owned() }
    }
}
