use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{
        actor::Handle,
        driver::{Mode, Reader, Sign},
        model::Attempt,
        record::TaskRecord,
        verb::common,
    },
    base::{Code, Refusal, plain},
    verb::{Method, Ui, Verb},
};

/// `gaia task logs`
pub(super) struct Logs;

/// Arguments of [`Logs`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Task
    id: String,
    /// Attempt, the last one if it is left out
    #[arg(long)]
    attempt: Option<u32>,
    /// As it came, records and all
    #[arg(long)]
    #[serde(default)]
    raw: bool,
    /// Last bytes to print, e.g. `64KiB`
    #[arg(long, default_value = "64KiB")]
    tail: String,
}

/// Reply of [`Logs`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The task.
    id: String,
    /// The pane.
    unit: String,
    /// What its agent wrote, as it came.
    text: String,
}

impl Verb for Logs {
    const NAME: &'static str = "logs";
    const ABOUT: &'static str = "Print what the agent of a task has written";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/tasks/{id}/logs";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let id = common::task_id(&args.id)?;
        let task = handle.task(id)?;
        let attempt = match args.attempt {
            Some(number) => task.attempts.iter().find(|attempt| attempt.number == number),
            None => task.last(),
        };
        let unit = attempt.and_then(|attempt| attempt.unit.clone());
        let Some(unit) = unit else {
            let message = format!("{id} has written nothing yet");
            return Err(Refusal::new(Code::NotFound, message)
                .help("`gaia task show` tells what it waits for"));
        };
        let tail = crate::base::size(&args.tail).ok_or_else(|| {
            Refusal::new(Code::Invalid, format!("`{}` is no size", args.tail))
                .help("write it like 64KiB or 2MiB")
        })?;
        let tail = tail.min(8 << 20);
        let units = &handle.world().sessions.ports().units;
        let gone = |e: crate::port::UnitError| Refusal::new(Code::Failed, e);
        let end = units.output(&unit, u64::MAX, 0).await.map_err(gone)?.end;
        let span = units.output(&unit, end.saturating_sub(tail), tail as usize).await;
        let bytes = span.map_err(gone)?.bytes;
        let said = if args.raw { None } else { said(&handle, &task, attempt, &bytes) };
        let text = said.unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned());
        Ok(Reply { id: id.to_string(), unit: unit.to_string(), text })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        if ui.colour { reply.text.clone() } else { plain(&reply.text) }
    }
}

/// What a program that prints records says in words; nothing if that is no word.
fn said(
    handle: &Handle,
    task: &TaskRecord,
    attempt: Option<&Attempt>,
    bytes: &[u8],
) -> Option<String> {
    let attempt = attempt.filter(|attempt| attempt.mode == Mode::Headless)?;
    let driver = handle.world().driver(&task.dir, &attempt.driver).ok()?;
    let mut lines = Vec::new();
    for sign in Reader::new(&driver).feed(bytes) {
        match sign {
            Sign::Text(text) => lines.push(text),
            Sign::Denied(what) => lines.push(format!("[refused: {what}]")),
            Sign::Retrying { text, status, .. } => {
                let why = text.or(status.map(|s| s.to_string())).unwrap_or_default();
                lines.push(format!("[tries again: {why}]"));
            }
            Sign::Limited { .. } => lines.push("[a limit of its make]".to_owned()),
            Sign::Session(_) | Sign::Spent { .. } | Sign::StopNow { .. } => (),
        }
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}
