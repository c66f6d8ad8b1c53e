use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Refusal, UnitId},
    port,
    session::{actor::Handle, target, verb::capture, view::SessionView},
    verb::{Method, Ui, Verb},
};

/// `gaia session screens`
pub(super) struct Screens;

/// Arguments of [`Screens`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Session whose panes are wanted; all of them if it is left out
    name: Option<String>,
    /// Keep colours and other attributes as escape sequences
    #[arg(long)]
    #[serde(default)]
    ansi: bool,
}

/// What one pane shows.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Screen {
    /// The pane, as SESSION:WINDOW.PANE.
    target: String,
    /// gaia's id of the pane, if it has one.
    id: Option<UnitId>,
    /// The lines, from the top; empty ones at the end are left out.
    lines: Vec<String>,
}

impl Verb for Screens {
    const NAME: &'static str = "screens";
    const ABOUT: &'static str = "Print what all panes show, in one go";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/screens";
    type Args = Args;
    type Reply = Vec<Screen>;
    type Ctx = Handle;

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let view = sessions.view();
        if let Some(name) = &args.name {
            target::session(&view, name)?;
        }
        let wanted = |s: &&SessionView| args.name.as_ref().is_none_or(|name| *name == s.name);
        let how = port::Capture { history: 0, ansi: args.ansi };
        let tmux = &sessions.ports().tmux;
        let mut asked = Vec::new();
        for session in view.sessions.iter().filter(wanted) {
            for window in &session.windows {
                for pane in window.panes.iter().filter(|pane| pane.tmux.is_some()) {
                    let target = format!("{}:{}.{}", session.name, window.name, pane.title);
                    let at = pane.tmux.clone().unwrap_or_default();
                    let id = pane.id.clone();
                    asked.push(async move { (target, id, tmux.capture(&at, how).await) });
                }
            }
        }
        let screens = futures_util::future::join_all(asked).await;
        // A pane that closed meanwhile shows nothing any more.
        let shown = screens.into_iter().filter_map(|(target, id, text)| {
            Some(Screen { target, id, lines: capture::lines(&text.ok()?) })
        });
        Ok(shown.collect())
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        let screen = |s: &Screen| format!("{}\n{}\n", ui.paint("1", &s.target), s.lines.join("\n"));
        reply.iter().map(screen).collect::<Vec<_>>().join("\n")
    }
}
