use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::path::PathBuf;

use crate::{
    base::{Code, Name, Refusal},
    session::{
        actor::Handle,
        import::{Draft, DraftPane, DraftWindow},
        model::{Command, Pane},
        record::SessionRecord,
        target,
        view::{PaneView, SessionView, WindowView},
    },
    verb::{Method, Ui, Verb},
};

/// `gaia session save`
pub(super) struct Save;

/// Arguments of [`Save`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Session to save
    name: String,
    /// Name of the layout; that of the session if it is left out
    #[arg(long = "as")]
    layout: Option<Name>,
}

/// Reply of [`Save`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Name of the layout.
    layout: Name,
    /// Where it was written.
    file: PathBuf,
}

impl Verb for Save {
    const NAME: &'static str = "save";
    const ABOUT: &'static str = "Write a running session back as a layout of the home";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/sessions/{name}/save";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let view = sessions.view();
        let session = target::session(&view, &args.name)?;
        let record: Option<SessionRecord> = sessions.ledger().load(&session.name)?;
        let layout = args.layout.unwrap_or_else(|| Name::near(&session.name, "saved"));
        let text = draft(session, record.as_ref()).text("", &[]);
        let file = sessions.home().sessions().join(format!("{layout}.toml"));
        let written = sessions.ports().files.create(&file, text.as_bytes());
        written.map_err(|what| {
            Refusal::new(Code::Failed, what)
                .help("choose another name with --as, or remove that one")
        })?;
        Ok(Reply { layout, file })
    }

    fn show(reply: &Self::Reply, _: &Ui) -> String {
        let Reply { layout, file } = reply;
        format!("{} is written; open it: gaia session new NAME --layout {layout}", file.display())
    }
}

/// The session as it stands in tmux, with what its panes were declared to run.
fn draft(session: &SessionView, record: Option<&SessionRecord>) -> Draft {
    let shown = |window: &&WindowView| window.panes.iter().any(|pane| pane.tmux.is_some());
    let windows = session.windows.iter().filter(shown).map(|window| {
        let panes: Vec<&PaneView> = window.panes.iter().filter(|p| p.tmux.is_some()).collect();
        DraftWindow {
            name: window.name.clone(),
            layout: (panes.len() > 1).then(|| window.layout.clone()),
            focus: window.active,
            panes: panes.into_iter().map(|pane| draft_pane(pane, record)).collect(),
            ..DraftWindow::default()
        }
    });
    let description = Some(format!("Saved from the session {}", session.name));
    Draft { description, windows: windows.collect(), ..Draft::default() }
}

fn draft_pane(pane: &PaneView, record: Option<&SessionRecord>) -> DraftPane {
    let all = record.into_iter().flat_map(|r| &r.declared.windows).flat_map(|w| &w.panes);
    let declared: Option<&Pane> = all.into_iter().find(|p| p.name.as_str() == pane.title);
    let (run, argv) = match declared.filter(|_| pane.managed).map(|p| &p.command) {
        Some(Command::Line(line)) => (Some(line.clone()), vec![]),
        Some(Command::Argv(argv)) => (None, argv.clone()),
        Some(Command::Shell | Command::Service(_) | Command::Task(_)) | None => (None, vec![]),
    };
    let name = Some(pane.title.clone());
    DraftPane { name, run, argv, focus: pane.active, ..DraftPane::default() }
}
