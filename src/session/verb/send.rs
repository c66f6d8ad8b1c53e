use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Refusal, UnitId},
    ledger::Decision,
    port::UnitError,
    session::{
        actor::{Handle, tmux_refusal},
        fact::PaneSent,
        target,
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia session send`
pub(super) struct Send;

/// Arguments of [`Send`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Pane: SESSION, SESSION:WINDOW, SESSION:WINDOW.PANE, or its id
    target: String,
    /// Text to type; standard input if it is left out
    text: Option<String>,
    /// The words are names of keys (`C-c`, `Enter`, `Up`), separated by blanks
    #[arg(long)]
    #[serde(default)]
    keys: bool,
    /// Do not press Enter after the text
    #[arg(long)]
    #[serde(default)]
    no_enter: bool,
    /// Mark the text as pasted, if the program asked for that
    #[arg(long)]
    #[serde(default)]
    paste: bool,
}

/// Reply of [`Send`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The pane.
    target: String,
    /// Bytes the pane's terminal has taken.
    bytes: u64,
}

impl Verb for Send {
    const NAME: &'static str = "send";
    const ABOUT: &'static str = "Type text or keys into a pane";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/panes/{target}/send";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        if args.text.is_none() {
            let text = (here.stdin)()?;
            let utf8 = |_| Refusal::new(Code::Invalid, "standard input is not UTF-8 text");
            args.text = Some(String::from_utf8(text).map_err(utf8)?);
        }
        Ok(())
    }

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let view = sessions.view();
        let (session, _, pane) = target::pane(&view, &args.target)?;
        let text = args.text.clone().unwrap_or_default();
        let bytes = match (&pane.id, &pane.tmux) {
            (Some(unit), _) if !args.keys => into_shim(&sessions, unit, &text, &args).await?,
            (_, None) => {
                let message = format!("no tmux pane shows `{}` now", args.target);
                return Err(
                    Refusal::new(Code::Failed, message).help("`gaia status` shows its state")
                );
            }
            (_, Some(tmux)) => into_tmux(&sessions, tmux, &text, &args).await?,
        };
        let names = (session.name.parse(), pane.title.parse());
        if let (Some(unit), (Ok(session), Ok(pane))) = (pane.id.clone(), names) {
            let mut decision = Decision::new();
            decision.fact(&PaneSent { unit, session, pane, bytes });
            sessions.note(decision).await?;
        }
        Ok(Reply { target: args.target, bytes })
    }

    fn show(reply: &Self::Reply, _: &Ui) -> String {
        format!("{} took {} bytes", reply.target, reply.bytes)
    }
}

async fn into_shim(
    sessions: &Handle,
    unit: &UnitId,
    text: &str,
    args: &Args,
) -> Result<u64, Refusal> {
    let units = &sessions.ports().units;
    let refused =
        |error: UnitError| Refusal::new(Code::Failed, error).help("`gaia status` shows its state");
    let mut bytes = 0;
    if !text.is_empty() {
        bytes += units.input(unit, text.as_bytes().to_vec(), args.paste).await.map_err(refused)?;
    }
    if !args.no_enter {
        bytes += units.input(unit, b"\r".to_vec(), false).await.map_err(refused)?;
    }
    Ok(bytes)
}

async fn into_tmux(sessions: &Handle, pane: &str, text: &str, args: &Args) -> Result<u64, Refusal> {
    let tmux = &sessions.ports().tmux;
    let enter = ["Enter".to_owned()];
    if args.keys {
        let keys: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        tmux.keys(pane, &keys).await.map_err(tmux_refusal)?;
        return Ok(text.len() as u64);
    }
    tmux.paste(pane, text.as_bytes()).await.map_err(tmux_refusal)?;
    if !args.no_enter {
        tmux.keys(pane, &enter).await.map_err(tmux_refusal)?;
    }
    Ok(text.len() as u64)
}
