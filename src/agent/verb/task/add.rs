use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::path::PathBuf;

use crate::{
    agent::{
        actor::Handle,
        begin::New,
        driver::Mode,
        id::TaskId,
        model::{Place, Wanted},
        record::CrewRecord,
        verb::{
            common::{self, At},
            seen::{TaskView, task_table},
        },
    },
    base::{Code, Name, Refusal, nearest},
    meter::{Amount, Cap, Micros},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia task add`
pub(super) struct Add;

/// What is wanted, as the caller says it.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Wish {
    /// What to do; standard input if it is left out and no --file is given
    pub(crate) prompt: Option<String>,
    /// Read what to do from a file
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// One line about it; the first line of the prompt if it is left out
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Only agents with these labels
    #[arg(long, value_delimiter = ',', value_name = "LABELS")]
    #[serde(default)]
    pub(crate) any: Vec<String>,
    /// Higher goes first
    #[arg(long, allow_negative_numbers = true, default_value_t = 0)]
    #[serde(default)]
    pub(crate) priority: i32,
    /// Tasks that must be done before
    #[arg(long, value_delimiter = ',', value_name = "TASKS")]
    #[serde(default)]
    pub(crate) after: Vec<String>,
    /// Globs of files it is about
    #[arg(long, value_delimiter = ',', value_name = "GLOBS")]
    #[serde(default)]
    pub(crate) files: Vec<String>,
    /// A file that must be there at the end
    #[arg(long = "deliverable", value_name = "PATH")]
    #[serde(default)]
    pub(crate) deliverables: Vec<String>,
    /// What it may cost: `"2 USD"`, `"300k tokens"`
    #[arg(long)]
    #[serde(default)]
    pub(crate) budget: Vec<String>,
    /// Longest time of an attempt, e.g. `20m`
    #[arg(long)]
    pub(crate) timeout: Option<String>,
    /// In a worktree of its own (the default)
    #[arg(long, conflicts_with = "in_place")]
    #[serde(default)]
    pub(crate) worktree: bool,
    /// In the workspace itself
    #[arg(long)]
    #[serde(default)]
    pub(crate) in_place: bool,
    /// In the agent's own screen
    #[arg(long, conflicts_with = "headless")]
    #[serde(default)]
    pub(crate) interactive: bool,
    /// Through the agent's command line
    #[arg(long)]
    #[serde(default)]
    pub(crate) headless: bool,
    /// The same key asks for the same task, however often it is asked
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    pub(crate) at: At,
}

/// Arguments of [`Add`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Agent that shall do it; one that fits if it is left out
    #[arg(long, short)]
    agent: Option<Name>,
    /// Return when it is done, or a person is needed
    #[arg(long)]
    #[serde(default)]
    wait: bool,
    /// What is wanted
    #[command(flatten)]
    #[serde(flatten)]
    wish: Wish,
}

impl Wish {
    /// Completes itself on the caller's side.
    pub(crate) fn prepare(&mut self, here: &Here) -> Result<(), Refusal> {
        self.at.prepare(here);
        if let Some(path) = self.file.take() {
            self.prompt = Some((here.read)(&here.absolute(&path))?);
        }
        if self.prompt.is_none() {
            let utf8 = |_| Refusal::new(Code::Invalid, "standard input is not UTF-8 text");
            self.prompt = Some(String::from_utf8((here.stdin)()?).map_err(utf8)?);
        }
        Ok(())
    }

    /// What is wanted, checked.
    pub(crate) fn wanted(&self, agent: Option<Name>, handle: &Handle) -> Result<Wanted, Refusal> {
        let prompt = self.prompt.clone().unwrap_or_default().trim_end().to_owned();
        if prompt.trim().is_empty() {
            return Err(Refusal::new(Code::Invalid, "the task is empty").help("say what to do"));
        }
        if prompt.contains('\0') {
            return Err(Refusal::new(Code::Invalid, "the task holds a zero byte"));
        }
        let caps = self.budget.iter().map(|text| text.parse::<Cap>());
        let budget = caps
            .collect::<Result<Vec<Cap>, _>>()
            .map_err(|e| Refusal::new(Code::Invalid, e.to_string()))?;
        let nothing = |cap: &Cap| matches!(cap.limit, Amount::Money(Micros(0)) | Amount::Tokens(0));
        if budget.iter().any(nothing) {
            return Err(Refusal::new(Code::Invalid, "a budget of nothing lets nothing be done")
                .help("leave it out, or write it like \"2 USD\""));
        }
        for glob in &self.files {
            if let Err(error) = globset::Glob::new(glob) {
                let message = format!("`{glob}` is no glob: {}", error.kind());
                return Err(Refusal::new(Code::Invalid, message).help("write it like src/**/*.rs"));
            }
        }
        let after = self.after.iter().map(|word| common::task_id(word));
        let after = after.collect::<Result<Vec<TaskId>, _>>()?;
        for id in &after {
            handle.task(*id)?;
        }
        for path in &self.deliverables {
            if !is_inside(path) {
                let message = format!("the deliverable `{path}` is not inside the worktree");
                return Err(
                    Refusal::new(Code::Invalid, message).help("write it relative to its top")
                );
            }
        }
        let timeout = self.timeout.as_deref().map(common::span).transpose()?;
        Ok(Wanted {
            title: self
                .title
                .clone()
                .filter(|t| !t.trim().is_empty())
                .unwrap_or_else(|| title(&prompt)),
            prompt,
            agent,
            any: self.any.clone(),
            priority: self.priority,
            after,
            files: self.files.clone(),
            deliverables: self.deliverables.clone(),
            budget,
            timeout_ms: timeout.map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX)),
            place: if self.in_place { Place::InPlace } else { Place::Worktree },
            mode: match (self.interactive, self.headless) {
                (true, _) => Some(Mode::Interactive),
                (false, true) => Some(Mode::Headless),
                (false, false) => None,
            },
            key: self.idempotency_key.clone(),
            race: None,
        })
    }
}

fn is_inside(path: &str) -> bool {
    use std::path::Component;
    let parts = std::path::Path::new(path).components();
    !path.is_empty()
        && parts.into_iter().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

fn title(prompt: &str) -> String {
    let line = prompt.lines().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
    line.trim_start_matches(['#', ' ']).chars().take(72).collect()
}

/// Refuses an agent that is not there, and labels that nobody has.
pub(crate) fn check(crew: &CrewRecord, wanted: &Wanted) -> Result<(), Refusal> {
    let names: Vec<&str> = crew.agents.iter().map(|agent| agent.name.as_str()).collect();
    if names.is_empty() {
        let message = format!("the workspace `{}` has no agents", crew.workspace);
        return Err(Refusal::new(Code::Invalid, message)
            .help("add one to its gaia.toml: [agents.builder] driver = \"claude\""));
    }
    if let Some(agent) = &wanted.agent
        && !names.contains(&agent.as_str())
    {
        let help = match nearest(agent.as_str(), names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is: {}", names.join(", ")),
        };
        return Err(Refusal::new(Code::NotFound, format!("there is no agent `{agent}`")).help(help));
    }
    let fits = |agent: &crate::agent::model::Agent| {
        let named = wanted.agent.as_ref().is_none_or(|name| *name == agent.name);
        named && wanted.any.iter().all(|label| agent.labels.contains(label))
    };
    if crew.agents.iter().any(fits) {
        return Ok(());
    }
    let mut labels: Vec<&str> =
        crew.agents.iter().flat_map(|agent| agent.labels.iter().map(String::as_str)).collect();
    labels.sort_unstable();
    labels.dedup();
    let message = format!("no agent has the labels {}", wanted.any.join(", "));
    Err(Refusal::new(Code::Invalid, message).help(format!("there are: {}", labels.join(", "))))
}

impl Verb for Add {
    const NAME: &'static str = "add";
    const ABOUT: &'static str = "Hand work to an agent";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tasks";
    type Args = Args;
    type Reply = TaskView;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.wish.prepare(here)
    }

    async fn run(handle: Handle, args: Args) -> Result<TaskView, Refusal> {
        let crew = args.wish.at.crew(&handle).await?;
        let wanted = args.wish.wanted(args.agent, &handle)?;
        check(&crew, &wanted)?;
        let env = args.wish.at.env;
        let new = New { workspace: crew.workspace, dir: crew.dir, wanted, env };
        let task = handle.add(new).await?;
        if args.wait {
            common::rest(&handle, &[task.id], true, common::LONG).await;
        }
        common::seen(&handle, task.id).or_else(|_| Ok(TaskView::of(&task, &handle.view())))
    }

    fn show(reply: &TaskView, ui: &Ui) -> String {
        task_table(std::slice::from_ref(reply), ui)
    }

    fn failed(reply: &TaskView) -> bool {
        reply.is_bad()
    }
}
