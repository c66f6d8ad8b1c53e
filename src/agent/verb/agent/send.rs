use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use tokio::sync::oneshot;

use super::target::Target;
use crate::{
    agent::{
        actor::{Handle, News},
        delivery::Receipt as Rung,
        model::Receipt,
    },
    base::{Code, Refusal},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia agent send`
pub(super) struct Send;

/// Arguments of [`Send`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    target: Target,
    /// Text; standard input if it is left out
    text: Option<String>,
}

/// Reply of [`Send`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The task.
    id: String,
    /// What became of it.
    receipt: Receipt,
}

impl Verb for Send {
    const NAME: &'static str = "send";
    const ABOUT: &'static str =
        "Give an agent in its own screen more to do, with a receipt; never over a draft of yours";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/agents/send";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.target.at.prepare(here);
        if args.text.is_none() {
            let utf8 = |_| Refusal::new(Code::Invalid, "standard input is not UTF-8 text");
            args.text = Some(String::from_utf8((here.stdin)()?).map_err(utf8)?);
        }
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let (task, _) = args.target.pane(&handle)?;
        let (reply, answer) = oneshot::channel();
        handle.tell(task.id, News::Send(args.text.unwrap_or_default(), None, reply));
        let gone = |_| {
            Refusal::new(Code::Failed, format!("the program of {} does not run", task.id))
                .help("`gaia agent resume` goes on with what it knows")
        };
        let receipt = answer.await.map_err(gone)??;
        Ok(Reply { id: task.id.to_string(), receipt })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        let Receipt { state, bytes, .. } = &reply.receipt;
        match state {
            Rung::Refused(why) => format!("{} refused {bytes} bytes: {why}", reply.id),
            Rung::Unknown(why) => {
                format!("{}: nobody can tell whether {bytes} bytes arrived: {why}", reply.id)
            }
            Rung::Queued | Rung::Typed | Rung::Submitted => {
                format!("{} has {bytes} bytes", reply.id)
            }
            Rung::Accepted => format!("{} accepted {bytes} bytes", reply.id),
        }
    }

    fn failed(reply: &Reply) -> bool {
        reply.receipt.state != Rung::Accepted
    }
}
