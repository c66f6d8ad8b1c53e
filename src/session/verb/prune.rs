use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::time::Duration;

use crate::{
    base::{Code, Refusal},
    session::{
        actor::Handle,
        file::duration,
        record::Life,
        verb::kill,
        view::{PaneView, SessionView},
    },
    verb::{Method, Ui, Verb},
};
/// `gaia session prune`
pub(super) struct Prune;

/// Arguments of [`Prune`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// How long a session must have been idle
    #[arg(long, default_value = "24h")]
    idle: String,
    /// Only say which would be ended
    #[arg(long)]
    #[serde(default)]
    dry_run: bool,
}

/// Reply of [`Prune`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Sessions that have ended (or would).
    ended: Vec<String>,
    /// Sessions that stay, each with the reason.
    kept: Vec<String>,
    /// Whether it was only asked.
    dry_run: bool,
}

impl Verb for Prune {
    const NAME: &'static str = "prune";
    const ABOUT: &'static str = "End sessions that nobody looks at and in which nothing works";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/prune";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let Some(idle) = duration(&args.idle) else {
            return Err(Refusal::new(Code::Invalid, format!("`{}` is no span of time", args.idle))
                .help("write it like 30m, 24h or 7d"));
        };
        let (mut ended, mut kept) = (vec![], vec![]);
        for session in sessions.view().sessions.iter().filter(|s| s.phase.is_some()) {
            match busy(&sessions, session, idle).await {
                Some(why) => kept.push(format!("{}: {why}", session.name)),
                None => {
                    if !args.dry_run {
                        kill::end(&sessions, &session.name).await?;
                    }
                    ended.push(session.name.clone());
                }
            }
        }
        Ok(Reply { ended, kept, dry_run: args.dry_run })
    }

    fn show(reply: &Self::Reply, _: &Ui) -> String {
        let word = if reply.dry_run { "would end" } else { "has ended" };
        let ended = reply.ended.iter().map(|name| format!("{name} {word}"));
        let kept = reply.kept.iter().map(|why| format!("kept {why}"));
        let lines: Vec<String> = ended.chain(kept).collect();
        if lines.is_empty() { "there is no session".to_owned() } else { lines.join("\n") }
    }
}

/// Why a session must stay; `None` if nothing speaks for it.
async fn busy(sessions: &Handle, session: &SessionView, idle: Duration) -> Option<String> {
    if session.attached > 0 {
        return Some("a terminal is attached".to_owned());
    }
    let now = sessions.ports().clock.now();
    let mut last = session.activity.saturating_mul(1_000).max(session.created.0);
    for pane in session.windows.iter().flat_map(|window| &window.panes) {
        if works(sessions, pane) {
            return Some(format!("`{}` works in {}", pane.command, pane.title));
        }
        if let Some(id) = &pane.id {
            let marks = sessions.ports().units.marks(id, u64::MAX, usize::MAX).await;
            last = last.max(marks.ok()?.last().map_or(0, |mark| mark.at_us / 1_000));
        }
    }
    let quiet = Duration::from_millis(now.0.saturating_sub(last));
    (quiet < idle).then(|| format!("idle for {} s only", quiet.as_secs()))
}

/// A program works unless it is a shell at its prompt; only what runs can work.
fn works(sessions: &Handle, pane: &PaneView) -> bool {
    match (pane.state, pane.pid) {
        (Life::Held | Life::Exited | Life::Closed | Life::Lost, _) => false,
        (Life::Starting, _) | (Life::Running, None) => true,
        (Life::Running, Some(pid)) => !sessions.ports().processes.is_idle_shell(pid),
    }
}
