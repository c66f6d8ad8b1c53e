use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Refusal, UnitId},
    port,
    session::{
        actor::{Handle, tmux_refusal},
        target,
    },
    verb::{Method, Ui, Verb},
};

/// `gaia session capture`
pub(super) struct Capture;

/// Arguments of [`Capture`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Pane: SESSION, SESSION:WINDOW, SESSION:WINDOW.PANE, or its id
    target: String,
    /// Lines of history above the screen
    #[arg(long, default_value_t = 0)]
    #[serde(default)]
    lines: u32,
    /// Keep colours and other attributes as escape sequences
    #[arg(long)]
    #[serde(default)]
    ansi: bool,
}

/// Reply of [`Capture`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// gaia's id of the pane, if it has one.
    id: Option<UnitId>,
    /// The lines, from the top; empty ones at the end are left out.
    lines: Vec<String>,
}

impl Verb for Capture {
    const NAME: &'static str = "capture";
    const ABOUT: &'static str = "Print what a pane shows";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/panes/{target}/capture";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let view = sessions.view();
        let (_, _, pane) = target::pane(&view, &args.target)?;
        let Some(tmux) = &pane.tmux else {
            let message = format!("no tmux pane shows `{}` now", args.target);
            return Err(Refusal::new(Code::Failed, message)
                .help("`gaia session logs` prints what it wrote"));
        };
        let how = port::Capture { history: args.lines, ansi: args.ansi };
        let text = sessions.ports().tmux.capture(tmux, how).await.map_err(tmux_refusal)?;
        Ok(Reply { id: pane.id.clone(), lines: lines(&text) })
    }

    fn show(reply: &Self::Reply, _: &Ui) -> String {
        reply.lines.join("\n")
    }
}

/// The lines of a screen without the empty ones at its end.
pub(super) fn lines(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}
