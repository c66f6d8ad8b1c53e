use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{
        actor::Handle,
        verb::{
            common,
            seen::{TaskView, cost, state},
        },
    },
    base::Refusal,
    verb::{Method, Ui, Verb},
};

/// `gaia task show`
pub(super) struct Show;

/// Arguments of [`Show`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Task
    id: String,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show all that is known of a task";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/tasks/{id}";
    type Args = Args;
    type Reply = TaskView;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<TaskView, Refusal> {
        common::seen(&handle, common::task_id(&args.id)?)
    }

    fn show(t: &TaskView, ui: &Ui) -> String {
        let mut lines = vec![format!("{} {} {}", ui.paint("1", &t.id), state(t, ui), t.title)];
        let rows = rows(t);
        let told = rows.into_iter().filter(|(_, value)| !value.is_empty());
        lines.extend(told.map(|(key, value)| format!("  {key:<10} {value}")));
        for attempt in &t.attempts {
            let end = match (&attempt.class, &attempt.why) {
                (Some(class), Some(why)) => {
                    format!("{}: {why}", format!("{class:?}").to_lowercase())
                }
                (Some(class), None) => format!("{class:?}").to_lowercase(),
                (None, _) => {
                    format!(
                        "{} by {}: {}",
                        attempt.seen.state, attempt.seen.rule, attempt.seen.evidence
                    )
                }
            };
            let receipt = attempt.receipt.as_ref().map(|r| format!("prompt {:?}", r.state));
            let receipt = receipt.unwrap_or_default().to_lowercase();
            lines.push(format!(
                "  attempt {}  {} ({}) {end}  {receipt}",
                attempt.number, attempt.agent, attempt.driver
            ));
        }
        if let Some(text) = &t.text {
            lines.push(String::new());
            lines.push(text.clone());
        }
        lines.join("\n")
    }
}

fn rows(t: &TaskView) -> Vec<(&'static str, String)> {
    let ports = t.ports.iter().map(|(name, port)| format!("{name} {port}"));
    vec![
        ("why", t.why.clone().unwrap_or_default()),
        (
            "waits for",
            t.item.as_ref().map(|i| format!("{i} (gaia inbox show {i})")).unwrap_or_default(),
        ),
        ("agent", t.agent.clone().unwrap_or_default()),
        ("says", t.progress.clone().unwrap_or_default()),
        ("branch", t.branch.clone().unwrap_or_default()),
        ("worktree", t.worktree.clone().unwrap_or_default()),
        ("target", t.target.clone().unwrap_or_default()),
        ("landed as", t.commit.clone().unwrap_or_default()),
        ("ports", ports.collect::<Vec<_>>().join(", ")),
        ("cost", format!("{}, {} tokens", cost(t), t.tokens.total())),
        ("delivered", t.delivered.join(", ")),
    ]
}
