use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    session::{
        actor::Handle,
        record::{Life, Phase},
        view::{PaneView, SessionView},
    },
    verb::{Method, Ui, Verb, table},
};

/// `gaia session list`
pub(super) struct List;

/// Arguments of [`List`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {}

/// One session, as scripts want it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Line {
    /// The session.
    #[serde(flatten)]
    session: SessionView,
    /// The panes of all its windows in one list.
    panes: Vec<PaneView>,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ABOUT: &'static str = "List the sessions with their windows and panes";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/sessions";
    type Args = Args;
    type Reply = Vec<Line>;
    type Ctx = Handle;

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let Args {} = args;
        let line = |session: &SessionView| {
            let panes = session.windows.iter().flat_map(|window| window.panes.clone()).collect();
            Line { session: session.clone(), panes }
        };
        Ok(sessions.view().sessions.iter().map(line).collect())
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        let row = |Line { session: s, panes }: &Line| {
            let running = panes.iter().filter(|p| p.state == Life::Running).count();
            let phase = match s.phase {
                Some(Phase::Open) => "open",
                Some(Phase::Opening) => "opening",
                Some(Phase::Closing) => "closing",
                None => "by hand",
            };
            let counts = format!("{running}/{}", panes.len());
            let attached = if s.attached > 0 { "attached" } else { "" };
            [s.name.as_str(), phase, &counts, attached, &s.dir].map(str::to_owned).to_vec()
        };
        table(ui, &["SESSION", "PHASE", "RUNNING", "", "FOLDER"], reply.iter().map(row).collect())
    }
}
