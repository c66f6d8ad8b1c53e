use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Own;
use crate::{
    agent::{actor::Handle, fact::AgentMessaged, record::MessageRecord},
    base::{Code, Moment, Refusal, nearest},
    ledger::Decision,
    verb::{Here, Method, Ui, Verb, Who},
};

/// Longest message.
const LONGEST: usize = 64 << 10;

/// `gaia self send`
pub(super) struct Send;

/// Arguments of [`Send`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct SendArgs {
    /// Agent or task
    to: String,
    /// The text
    text: String,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

/// Reply of [`Send`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct SendReply {
    /// The message.
    id: u64,
}

impl Verb for Send {
    const NAME: &'static str = "send";
    const ABOUT: &'static str = "Write to another agent of the workspace";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/self/send";
    type Args = SendArgs;
    type Reply = SendReply;
    type Ctx = Handle;

    fn prepare(args: &mut SendArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut SendArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: SendArgs) -> Result<SendReply, Refusal> {
        let task = args.own.task(&handle)?;
        let view = handle.view();
        let crew = view.crews.get(&task.workspace);
        let names: Vec<&str> =
            crew.into_iter().flat_map(|crew| crew.agents.iter().map(|a| a.name.as_str())).collect();
        let of_task = args.to.parse().is_ok_and(|id| view.tasks.contains_key(&id));
        if !names.contains(&args.to.as_str()) && !of_task {
            let refusal = Refusal::new(Code::NotFound, format!("there is no agent `{}`", args.to));
            return Err(refusal.help(match nearest(&args.to, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is: {}", names.join(", ")),
            }));
        }
        if args.text.len() > LONGEST {
            return Err(Refusal::new(Code::Invalid, "the message is longer than 64 KiB")
                .help("write a file into the workspace and name it"));
        }
        let from = task.last().map_or("?".to_owned(), |attempt| attempt.agent.to_string());
        let world = handle.world();
        let at = world.now();
        let message = MessageRecord {
            seq: at.0 * 1000 + u64::from(world.sessions.ports().random.word() % 1000),
            workspace: task.workspace.clone(),
            from: from.clone(),
            to: args.to.clone(),
            text: args.text,
            at,
            read: false,
        };
        let bytes = message.text.len() as u64;
        let mut decision = Decision::new();
        let workspace = task.workspace;
        decision.put(&message).fact(&AgentMessaged { workspace, from, to: args.to, bytes });
        world.desk.note(decision).await?;
        Ok(SendReply { id: message.seq })
    }

    fn show(reply: &SendReply, _: &Ui) -> String {
        reply.id.to_string()
    }
}

/// `gaia self messages`
pub(super) struct Messages;

/// Arguments of [`Messages`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct MessagesArgs {
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

/// Reply of [`Messages`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct MessagesReply {
    /// The messages, the oldest first.
    messages: Vec<Message>,
}

/// A message.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Message {
    /// Who wrote it.
    from: String,
    /// The text.
    text: String,
    /// When.
    at: Moment,
}

impl Verb for Messages {
    const NAME: &'static str = "messages";
    const ABOUT: &'static str = "Read what other agents wrote; each message is shown once";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/self/messages";
    type Args = MessagesArgs;
    type Reply = MessagesReply;
    type Ctx = Handle;

    fn prepare(args: &mut MessagesArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut MessagesArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: MessagesArgs) -> Result<MessagesReply, Refusal> {
        let task = args.own.task(&handle)?;
        let agent = task.last().map(|attempt| attempt.agent.to_string()).unwrap_or_default();
        let id = task.id.to_string();
        let world = handle.world();
        let all = world.ledger().scan::<MessageRecord>()?;
        let mine = |message: &MessageRecord| {
            message.workspace == task.workspace
                && (message.to == agent || message.to == id)
                && !message.read
        };
        let mine: Vec<MessageRecord> = all.into_iter().filter(mine).collect();
        let mut decision = Decision::new();
        for message in &mine {
            decision.put(&MessageRecord { read: true, ..message.clone() });
        }
        world.desk.note(decision).await?;
        let messages = mine.into_iter().map(|message| Message {
            from: message.from,
            text: message.text,
            at: message.at,
        });
        Ok(MessagesReply { messages: messages.collect() })
    }

    fn show(reply: &MessagesReply, _: &Ui) -> String {
        reply
            .messages
            .iter()
            .map(|m| format!("{}: {}", m.from, m.text))
            .collect::<Vec<_>>()
            .join("\n")
    }
}
