//! What an attempt asks for, with every value in its place.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    base::Moment,
    meter::Cap,
    workflow::{
        model::{
            AgentWork, Ask, Command, Kind, Place, Secret, ServiceAction, Step, StepIndex, Wait,
        },
        run::{InstanceId, Phase, Run, Scope},
        schema,
        text::{self, Template},
    },
};

/// What an attempt asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work {
    /// A program is run.
    Command(CommandAsk),
    /// An agent is given a task.
    Agent(Box<AgentAsk>),
    /// A person is asked.
    Person(PersonAsk),
    /// Another workflow is run.
    Workflow(String, Map<String, Value>),
    /// Something is done with services.
    Service(ServiceAction, Vec<String>),
    /// Nothing, until a moment.
    Until(Moment),
    /// Nothing, until a fact of this kind with these fields.
    Fact(String, BTreeMap<String, Value>),
    /// The work of these tasks becomes part of its target.
    Land(Vec<String>, Option<String>),
    /// A person is told something: title, text, level.
    Notify(String, String, String),
    /// An expert learns.
    Learn(String, Value),
}

/// A program to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandAsk {
    /// Program and arguments.
    pub(crate) argv: Vec<String>,
    /// Variables of its environment.
    pub(crate) env: BTreeMap<String, String>,
    /// Secrets of its environment.
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// Its folder, relative to the workspace.
    pub(crate) dir: String,
}

/// A task for an agent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AgentAsk {
    /// An agent, a label, a driver or a role.
    pub(crate) agent: Option<String>,
    /// What to do.
    pub(crate) prompt: String,
    /// What is said of the outputs, if some are wanted.
    pub(crate) outputs: Option<String>,
    /// Globs of files it is about.
    pub(crate) files: Vec<String>,
    /// Files that must be there at the end.
    pub(crate) deliverables: Vec<String>,
    /// What it may cost.
    pub(crate) budget: Vec<Cap>,
    /// `headless` or `interactive`.
    pub(crate) mode: Option<String>,
    /// Where it works.
    pub(crate) place: Option<Place>,
    /// Tasks whose work it goes on from.
    pub(crate) from: Vec<String>,
    /// Areas whose experts it hears.
    pub(crate) experts: Vec<String>,
    /// Tokens that experts may take of its prompt.
    pub(crate) expert_tokens: u32,
}

/// A question to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PersonAsk {
    /// Whether yes or no is the answer.
    pub(crate) is_approval: bool,
    /// One line.
    pub(crate) title: String,
    /// The rest.
    pub(crate) body: String,
    /// Answers to choose from.
    pub(crate) options: Vec<String>,
    /// Taken for the answer when nobody answers in time.
    pub(crate) default: Option<String>,
    /// Until then.
    pub(crate) expires: Option<Moment>,
    /// Whether a no is a failure.
    pub(crate) no_fails: bool,
}

/// What the present attempt of an instance asks for; a sentence if a value it needs is not there.
pub(crate) fn work(run: &Run, at: InstanceId) -> Result<Work, String> {
    let (scope, step) = (Scope { run, at: Some(at) }, run.step_of(at));
    let render = |template: &Template| text::render(template, &scope);
    Ok(match &step.kind {
        Kind::Run(wanted) => Work::Command(command(run, at, wanted)?),
        Kind::Agent(wanted) => Work::Agent(Box::new(agent(&scope, step, wanted)?)),
        Kind::Approval(ask) => Work::Person(person(run, at, (ask, true))?),
        Kind::Question(ask) => Work::Person(person(run, at, (ask, false))?),
        Kind::Workflow { name, inputs } => {
            let one =
                |(name, from): (&String, &Template)| Ok((name.clone(), text::value(from, &scope)?));
            Work::Workflow(name.clone(), inputs.iter().map(one).collect::<Result<_, String>>()?)
        }
        Kind::Service { action, names } => Work::Service(*action, names.clone()),
        Kind::Wait(Wait::Span(ms)) => {
            let since = run.get(at).since.unwrap_or_default();
            Work::Until(Moment(since.0.saturating_add(*ms)))
        }
        Kind::Wait(Wait::Until(when)) => Work::Until(moment(&text::value(when, &scope)?)?),
        Kind::Wait(Wait::Fact { kind, fields }) => {
            let one =
                |(name, from): (&String, &Template)| Ok((name.clone(), text::value(from, &scope)?));
            Work::Fact(kind.clone(), fields.iter().map(one).collect::<Result<_, String>>()?)
        }
        Kind::Land { of, how } => Work::Land(tasks_of(&scope, *of), how.clone()),
        Kind::Notify { title, body, level } => {
            let body = body.as_ref().map(render).transpose()?.unwrap_or_default();
            Work::Notify(render(title)?, body, level.clone())
        }
        Kind::Learn { expert, proposal } => {
            Work::Learn(expert.clone(), text::value(proposal, &scope)?)
        }
        Kind::Group { .. } => return Err("a group does nothing by itself".to_owned()),
    })
}

/// The group an instance shares places with, and how many may be in it.
pub(crate) fn group(run: &Run, at: InstanceId) -> Option<(String, u32)> {
    let rule = run.step_of(at).concurrency.as_ref()?;
    let name = text::render(&rule.group, &Scope { run, at: Some(at) }).ok()?;
    Some((name, rule.max))
}

fn command(run: &Run, at: InstanceId, wanted: &Command) -> Result<CommandAsk, String> {
    let (scope, step) = (Scope { run, at: Some(at) }, run.step_of(at));
    let definition = &run.plan.definition;
    let mut env = BTreeMap::new();
    for (name, value) in definition.env.iter().chain(&step.env).chain(&wanted.values) {
        let value = text::render(value, &scope).map_err(|why| format!("env.{name}: {why}"))?;
        if value.contains('\0') {
            return Err(format!("the value of {name} holds a zero byte"));
        }
        env.insert(name.clone(), value);
    }
    let argv = wanted.argv.iter().map(|word| text::render(word, &scope));
    let mut secrets = definition.secrets.clone();
    secrets.extend(step.secrets.clone());
    Ok(CommandAsk {
        argv: argv.collect::<Result<_, _>>()?,
        env,
        secrets,
        dir: step
            .dir
            .as_ref()
            .map(|dir| text::render(dir, &scope))
            .transpose()?
            .unwrap_or_default(),
    })
}

fn agent(scope: &Scope<'_>, step: &Step, wanted: &AgentWork) -> Result<AgentAsk, String> {
    let all = |templates: &[Template]| {
        templates.iter().map(|one| text::render(one, scope)).collect::<Result<Vec<_>, _>>()
    };
    let outputs = (!step.outputs.is_empty()).then(|| schema::request(&step.outputs));
    Ok(AgentAsk {
        agent: wanted.agent.clone(),
        prompt: text::render(&wanted.prompt, scope)?,
        outputs,
        files: all(&wanted.files)?,
        deliverables: all(&wanted.deliverables)?,
        budget: wanted.budget.clone(),
        mode: wanted.mode.clone(),
        place: wanted.place,
        from: wanted.from.map(|step| from(scope, step, wanted.from_before)).unwrap_or_default(),
        experts: wanted.experts.clone(),
        expert_tokens: wanted.expert_tokens,
    })
}

fn person(
    run: &Run,
    at: InstanceId,
    (ask, is_approval): (&Ask, bool),
) -> Result<PersonAsk, String> {
    let scope = Scope { run, at: Some(at) };
    let (instance, step) = (run.get(at), run.step_of(at));
    let expires = step.timeout_ms.zip(instance.since).map(|(ms, since)| Moment(since.0 + ms));
    Ok(PersonAsk {
        is_approval,
        title: text::render(&ask.title, &scope)?,
        body: ask.body.as_ref().map(|b| text::render(b, &scope)).transpose()?.unwrap_or_default(),
        options: ask.options.clone(),
        default: ask.default.clone(),
        expires,
        no_fails: ask.no_fails,
    })
}

/// The tasks whose work an agent goes on from.
fn from(scope: &Scope<'_>, step: StepIndex, before: bool) -> Vec<String> {
    if before {
        scope.before(step).map(|at| tasks_below(scope.run, at)).unwrap_or_default()
    } else {
        tasks_of(scope, step)
    }
}

/// The tasks of a step as it is seen from a place.
fn tasks_of(scope: &Scope<'_>, step: StepIndex) -> Vec<String> {
    scope.seen(step).map(|at| tasks_below(scope.run, at)).unwrap_or_default()
}

/// The tasks of an instance: of each of a list, of the last time of a loop.
fn tasks_below(run: &Run, at: InstanceId) -> Vec<String> {
    let (mut todo, mut found) = (vec![at], Vec::new());
    while let Some(at) = todo.pop() {
        let instance = run.get(at);
        let is_loop = run.step_of(at).repeat.is_some();
        match &instance.children[..] {
            [] if instance.phase == Phase::Done => {
                found.extend(instance.link.as_deref().map(str::to_owned));
            }
            [] => (),
            [.., last] if is_loop && run.step_of(at).for_each.is_none() => todo.push(*last),
            all => todo.extend(all.iter().rev()),
        }
    }
    found
}

fn moment(value: &Value) -> Result<Moment, String> {
    let bad = || format!("{value} is no moment: write it like 2026-11-21T07:00:00Z");
    match value {
        Value::Number(number) => number.as_u64().map(Moment).ok_or_else(bad),
        Value::String(text) => match text.parse::<u64>() {
            Ok(number) => Ok(Moment(number)),
            Err(_) => {
                let at: jiff::Timestamp = text.parse().map_err(|_| bad())?;
                u64::try_from(at.as_millisecond()).map(Moment).map_err(|_| bad())
            }
        },
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(bad()),
    }
}
