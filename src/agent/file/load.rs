use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use super::raw::{RawAgent, RawFile, RawTasks};
use crate::{
    agent::{
        driver::{Mode, Permission},
        model::{Agent, How, Policy, Tools},
    },
    base::{Name, nearest},
    define::{self, Any, Faults, Page, Text},
    guard::Fence,
    meter::Cap,
    session::Source,
};

/// An attempt ends after an hour unless it is told otherwise.
const TIMEOUT_MS: u64 = 60 * 60_000;
/// Codex and opencode wait for a limit without a word (real-agents.md §2).
const SILENCE_MS: u64 = 10 * 60_000;

/// Starts in a minute at one make: more look like abuse to some of them.
const STARTS: u32 = 30;

/// What the loader has to know of the world.
pub(crate) struct Context<'a> {
    /// Folder of the workspace, absolute.
    pub(crate) dir: &'a Path,
    /// Names of all drivers.
    pub(crate) drivers: Vec<String>,
    /// Name of the workspace.
    pub(crate) workspace: &'a Name,
    /// Drivers that an agent of their name stands for, where none is declared.
    pub(crate) implied: &'a [Name],
}

/// The agents of a workspace, and how their tasks are done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Declared {
    /// The agents.
    pub(crate) agents: Vec<Agent>,
    /// How their tasks are done.
    pub(crate) policy: Policy,
}

/// Reads and checks the agents of a definition; all faults at once.
pub(crate) fn load(source: &Source, context: &Context<'_>) -> Result<Declared, Faults> {
    let mut faults = Vec::new();
    let Some(text) = define::text_of(&source.path, &source.bytes, &mut faults) else {
        return Err(faults);
    };
    let page = Page { path: &source.path, text: &text };
    let Some(raw) = page.parse::<RawFile>(&mut faults) else { return Err(faults) };
    let mut loader = Loader { context, page, faults };
    let declared = loader.file(raw);
    let mut faults = loader.faults;
    faults.sort_by_key(crate::base::ConfigError::place);
    if faults.is_empty() { Ok(declared) } else { Err(faults) }
}

struct Loader<'a> {
    context: &'a Context<'a>,
    page: Page<'a>,
    faults: Faults,
}

impl Loader<'_> {
    fn file(&mut self, raw: RawFile) -> Declared {
        let common = raw.fence.map(|fence| fence.read(&self.page, &mut self.faults));
        let common = common.unwrap_or_default();
        let mut agents = Vec::new();
        for (name, raw) in raw.agents {
            let at = name.span();
            let Some(name) = define::name(&self.page, &mut self.faults, &name) else { continue };
            agents.push(self.agent(name, &at, raw.into_inner(), &common));
        }
        for name in self.context.implied {
            let declared = agents.iter().any(|agent| agent.name == *name);
            if !declared && stands_for(&self.context.drivers, name.as_str()) {
                let agent = self.agent(name.clone(), &(0..0), RawAgent::default(), &common);
                agents.push(Agent { implied: true, ..agent });
            }
        }
        let policy = self.tasks(raw.tasks, &agents);
        Declared { agents, policy }
    }

    fn agent(&mut self, name: Name, at: &Range<usize>, raw: RawAgent, common: &Fence) -> Agent {
        let driver = self.driver(&name, at, raw.driver.as_ref());
        let command = raw.command.map(toml::Spanned::into_inner).unwrap_or_default();
        if driver == "command" && command.is_empty() {
            let what = format!("the agent `{name}` has no program");
            let fault = self.page.fault(at.clone(), what);
            self.faults.push(fault.help("command = [\"program\", \"argument\"]"));
        }
        let fence = match raw.fence {
            Some(fence) => fence.over(common, &self.page, &mut self.faults),
            None => common.clone(),
        };
        Agent {
            about: raw.about.unwrap_or_default(),
            command,
            args: raw.args,
            model: raw.model,
            mode: self.word(raw.mode.as_ref(), &MODES),
            permission: self.word(raw.permission.as_ref(), &PERMISSIONS),
            role: raw.role,
            instructions: raw.instructions,
            env: raw.env,
            pass_env: raw.pass_env,
            login: raw.login,
            tools: Tools { allow: raw.tools.allow, deny: raw.tools.deny },
            fence,
            budget: self.budget(raw.budget.as_ref()),
            concurrency: raw.concurrency.unwrap_or(1).max(1),
            labels: raw.labels,
            timeout_ms: self.span(raw.timeout.as_ref(), TIMEOUT_MS),
            silence_ms: self.span(raw.silence.as_ref(), SILENCE_MS),
            retries: raw.retries.unwrap_or(1),
            max_turns: raw.max_turns,
            implied: false,
            name,
            driver,
        }
    }

    fn driver(&mut self, name: &Name, at: &Range<usize>, word: Option<&Text>) -> String {
        let (driver, at) = match word {
            Some(word) => (word.get_ref().clone(), word.span()),
            None => (name.to_string(), at.clone()),
        };
        if !self.context.drivers.contains(&driver) {
            let known = self.context.drivers.iter().map(String::as_str);
            let help = match nearest(&driver, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("driver = one of {}", self.context.drivers.join(", ")),
            };
            let what = format!("there is no driver `{driver}`");
            self.faults.push(self.page.fault(at, what).help(help));
        }
        driver
    }

    fn word<T: Copy>(&mut self, word: Option<&Text>, known: &[(&str, T)]) -> T {
        let Some(word) = word else { return known[0].1 };
        let found = known.iter().find(|(name, _)| name == word.get_ref());
        if found.is_none() {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let what = format!("`{}` is not known here", word.get_ref());
            let help = format!("one of {}", names.join(", "));
            self.faults.push(self.page.fault(word.span(), what).help(help));
        }
        found.unwrap_or(&known[0]).1
    }

    fn span(&mut self, text: Option<&Text>, default: u64) -> u64 {
        let read = text.map(|text| define::span_ms(&self.page, &mut self.faults, text));
        read.flatten().unwrap_or(default)
    }

    fn budget(&mut self, raw: Option<&Any>) -> Vec<Cap> {
        let Some(raw) = raw else { return vec![] };
        let words = match raw.get_ref() {
            toml::Value::String(one) => Some(vec![one.clone()]),
            toml::Value::Array(many) => {
                many.iter().map(|v| v.as_str().map(str::to_owned)).collect()
            }
            _ => None,
        };
        let caps = words.ok_or_else(|| "this is no budget".to_owned()).and_then(|words| {
            let all = words.iter().map(|word| word.parse::<Cap>().map_err(|e| e.to_string()));
            all.collect::<Result<Vec<Cap>, String>>()
        });
        caps.unwrap_or_else(|what| {
            let help = "write \"2 USD\", \"20 USD a day\", \"500k tokens\", or a list of these";
            self.faults.push(self.page.fault(raw.span(), what).help(help));
            vec![]
        })
    }

    fn commands(&mut self, raw: Option<&Any>) -> Vec<define::Command> {
        raw.map_or(vec![], |raw| define::commands_of(&self.page, &mut self.faults, raw))
    }

    fn tasks(&mut self, raw: RawTasks, agents: &[Agent]) -> Policy {
        Policy {
            default_agent: self.default_agent(raw.default_agent.as_ref(), agents),
            concurrency: raw.concurrency.unwrap_or(4).max(1),
            branch: self.branch(raw.branch),
            base: raw.base,
            target: raw.target,
            worktrees: self.worktrees(raw.worktrees),
            copy: raw.copy,
            link: raw.link,
            setup: self.commands(raw.setup.as_ref()),
            checks: self.commands(raw.checks.as_ref()),
            verify: self.commands(raw.verify.as_ref()),
            ports: raw.ports,
            land: self.word(raw.land.as_ref(), &HOWS),
            submodules: raw.submodules,
            starts_per_minute: raw.starts_per_minute.unwrap_or(STARTS),
            budget: self.budget(raw.budget.as_ref()),
            questions: raw.questions.map(|dir| self.context.dir.join(dir)),
        }
    }

    fn default_agent(&mut self, word: Option<&Text>, agents: &[Agent]) -> Option<Name> {
        let name = define::name(&self.page, &mut self.faults, word?)?;
        let known = agents.iter().any(|agent| agent.name == name);
        if !known && !stands_for(&self.context.drivers, name.as_str()) {
            let what = format!("there is no agent and no driver `{name}`");
            let names: Vec<&str> = agents.iter().map(|agent| agent.name.as_str()).collect();
            let help = match nearest(name.as_str(), names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "name one of [agents], or a driver such as claude".to_owned(),
            };
            self.faults.push(self.page.fault(word?.span(), what).help(help));
        }
        Some(name)
    }

    /// A branch needs its task's id as a folder of its own: the fence lets an agent write below it
    /// and nowhere else.
    fn branch(&mut self, raw: Option<Text>) -> String {
        let Some(raw) = raw else { return "gaia/{id}/{slug}".to_owned() };
        let folder = raw.get_ref().rsplit_once('/').map_or("", |(folder, _)| folder);
        if !folder.contains("{id}") {
            let what = "the pattern needs {id} before its last slash";
            let help = "write it like gaia/{id}/{slug}";
            self.faults.push(self.page.fault(raw.span(), what).help(help));
        }
        raw.into_inner()
    }

    fn worktrees(&self, raw: Option<String>) -> PathBuf {
        let dir = self.context.dir;
        match raw {
            Some(path) => dir.join(path),
            None => {
                let name = dir.file_name().map(|name| name.to_string_lossy().into_owned());
                let name = name.unwrap_or_else(|| self.context.workspace.to_string());
                dir.with_file_name(format!("{name}.worktrees"))
            }
        }
    }
}

/// Whether an agent that nobody declared can stand for the driver of this name: `command` says
/// nothing by itself.
pub(crate) fn stands_for(drivers: &[String], word: &str) -> bool {
    word != "command" && drivers.iter().any(|driver| driver == word)
}

const MODES: [(&str, Mode); 2] = [("headless", Mode::Headless), ("interactive", Mode::Interactive)];
const PERMISSIONS: [(&str, Permission); 3] =
    [("edit", Permission::Edit), ("plan", Permission::Plan), ("full", Permission::Full)];
const HOWS: [(&str, How); 3] =
    [("squash", How::Squash), ("merge", How::Merge), ("rebase", How::Rebase)];
