use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Refusal, plain},
    verb::{Follow, Method, Ui, Verb},
    workflow::{actor::Handle, logs, view::RunView},
};

/// `gaia run logs`
pub(crate) struct Logs;

/// Arguments of [`Logs`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Run: its id or the end of it, or `last`
    id: String,
    /// This step only, e.g. `fix[api]`, with what is inside of it
    step: Option<String>,
    /// Go on with what comes, until the run is over
    #[arg(long, short)]
    #[serde(default)]
    follow: bool,
    /// Last lines of each step; 0 for all
    #[arg(long, short = 'n', default_value_t = 0)]
    #[serde(default)]
    lines: usize,
}

/// What a step wrote.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct StepLog {
    /// The step.
    pub(crate) step: String,
    /// The attempt.
    pub(crate) attempt: u32,
    /// What it wrote.
    pub(crate) text: String,
}

impl Verb for Logs {
    const NAME: &'static str = "logs";
    const ABOUT: &'static str = "What the steps of a run wrote";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/runs/{id}/logs";
    type Args = Args;
    type Reply = Vec<StepLog>;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let id = handle.find(&args.id).await?;
        let view = handle.show(&id).await?;
        let mut all = Vec::new();
        for step in chosen(&view, args.step.as_deref())? {
            if step.attempts == 0 {
                continue;
            }
            let text = logs::of_step(&handle, &view, step).await?;
            let text = last_lines(&text, args.lines);
            all.push(StepLog { step: step.id.clone(), attempt: step.attempts, text });
        }
        Ok(all)
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        let part = |log: &StepLog| {
            let head = ui.paint("1", &format!("── {} (attempt {})", log.step, log.attempt));
            let text = if ui.width.is_some() { log.text.clone() } else { plain(&log.text) };
            format!("{head}\n{}", text.trim_end())
        };
        match reply.as_slice() {
            [one] => one.text.trim_end().to_owned(),
            all => all.iter().map(part).collect::<Vec<_>>().join("\n"),
        }
    }

    fn follow(args: &Args) -> Option<Follow> {
        let step = args.step.as_deref().unwrap_or_default();
        let path = format!("/v1/runs/{}/logs/stream?step={}", args.id, crate::verb::escape(step));
        let show =
            |item: &serde_json::Value, _: &Ui| item.as_str().map(str::to_owned).unwrap_or_default();
        args.follow.then_some(Follow { path, show, raw: true })
    }
}

/// The steps meant, those inside of one too.
pub(crate) fn chosen<'a>(
    view: &'a RunView,
    step: Option<&str>,
) -> Result<Vec<&'a crate::workflow::view::StepView>, Refusal> {
    let Some(wanted) = step.filter(|step| !step.is_empty()) else {
        return Ok(view.steps.iter().collect());
    };
    let fits = |id: &str| {
        id.strip_prefix(wanted)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '{', '/']))
    };
    let found: Vec<_> = view.steps.iter().filter(|step| fits(&step.id)).collect();
    if found.is_empty() {
        let known: Vec<&str> = view.steps.iter().map(|step| step.id.as_str()).collect();
        let message = format!("{} has no step `{wanted}`", view.id);
        return Err(
            Refusal::new(Code::NotFound, message).help(format!("it has: {}", known.join(", ")))
        );
    }
    Ok(found)
}

fn last_lines(text: &str, lines: usize) -> String {
    if lines == 0 {
        return text.to_owned();
    }
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
