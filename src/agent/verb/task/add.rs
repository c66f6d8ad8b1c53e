use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    agent::{
        actor::Handle,
        begin::New,
        driver::Mode,
        id::TaskId,
        model::{Place, Wanted},
        verb::{
            common::{self, At},
            seen::{TaskView, task_table},
        },
    },
    base::{Code, Name, Refusal},
    meter::Cap,
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
        let caps = self.budget.iter().map(|text| text.parse::<Cap>());
        let budget = caps
            .collect::<Result<Vec<Cap>, _>>()
            .map_err(|e| Refusal::new(Code::Invalid, e.to_string()))?;
        let after = self.after.iter().map(|word| common::task_id(word));
        let after = after.collect::<Result<Vec<TaskId>, _>>()?;
        for id in &after {
            handle.task(*id)?;
        }
        let timeout = self.timeout.as_deref().map(common::span).transpose()?;
        let wanted = Wanted {
            title: self.title.clone().unwrap_or_default(),
            prompt: self.prompt.clone().unwrap_or_default(),
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
            told: BTreeMap::new(),
            output: false,
        };
        wanted.checked()
    }
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
        crew.check(&wanted)?;
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
