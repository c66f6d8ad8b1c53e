//! What kind of step it is, from the keys that it has.

use std::ops::Range;

use super::sheet::{Fields, Sheet};

/// A kind of step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Run,
    Agent,
    Approval,
    Question,
    Workflow,
    Service,
    Wait,
    Land,
    Notify,
    Learn,
    Scaffold,
    Group,
}

/// Keys that make a step what it is.
const HELD: &[(&str, Form)] = &[
    ("run", Form::Run),
    ("agent", Form::Agent),
    ("prompt", Form::Agent),
    ("prompt_file", Form::Agent),
    ("approval", Form::Approval),
    ("question", Form::Question),
    ("workflow", Form::Workflow),
    ("service", Form::Service),
    ("wait", Form::Wait),
    ("land", Form::Land),
    ("notify", Form::Notify),
    ("learn", Form::Learn),
    ("scaffold", Form::Scaffold),
    ("steps", Form::Group),
];

/// Words of `type`. Any other is work for an agent, or a command if there is one.
const TYPES: &[(&[&str], Form)] = &[
    (&["shell", "command", "script", "run", "bash", "sh", "exec"], Form::Run),
    (&["agent", "prompt", "llm"], Form::Agent),
    (&["approval", "human", "gate", "manual"], Form::Approval),
    (&["question", "ask"], Form::Question),
    (&["workflow", "subworkflow", "call"], Form::Workflow),
    (&["service"], Form::Service),
    (&["wait", "sleep", "delay"], Form::Wait),
    (&["land"], Form::Land),
    (&["notify", "notification"], Form::Notify),
    (&["learn"], Form::Learn),
    (&["group", "parallel", "loop", "steps"], Form::Group),
];

/// Agents that are none.
const NO_AGENT: &[&str] = &["system", "shell", "none", "local"];

impl Form {
    /// One word for it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Agent => "agent",
            Self::Approval => "approval",
            Self::Question => "question",
            Self::Workflow => "workflow",
            Self::Service => "service",
            Self::Wait => "wait",
            Self::Land => "land",
            Self::Notify => "notify",
            Self::Learn => "learn",
            Self::Scaffold => "scaffold",
            Self::Group => "steps",
        }
    }

    /// Whether the file says what it gives back.
    pub(super) const fn has_outputs(self) -> bool {
        matches!(self, Self::Run | Self::Agent | Self::Workflow)
    }
}

/// The agent of a step, unless it is one that is none.
pub(super) fn agent<'a>(fields: &Fields<'a>) -> Option<&'a str> {
    fields.text("agent").filter(|name| !NO_AGENT.contains(name))
}

/// Whether `command` is what an agent is told: there is an agent, and nothing else is said to it.
pub(super) fn tells_agent(sheet: &Sheet<'_>, fields: &Fields<'_>) -> bool {
    let at = fields.place("run").and_then(|at| sheet.page.text.get(at.clone()));
    let typed = fields.text("type").and_then(of_type);
    at.is_some_and(|written| written == "command")
        && agent(fields).is_some()
        && !fields.has("prompt")
        && !fields.has("prompt_file")
        && typed != Some(Form::Run)
}

/// The role that `type` names, if it is no kind of step.
pub(super) fn role<'a>(fields: &Fields<'a>) -> Option<&'a str> {
    fields.text("type").filter(|word| of_type(word).is_none())
}

fn of_type(word: &str) -> Option<Form> {
    TYPES.iter().find(|(words, _)| words.contains(&word)).map(|(_, form)| *form)
}

/// What kind of step it is; tells what does not go together.
pub(super) fn form(
    sheet: &Sheet<'_>,
    (id, at): (&str, &Range<usize>),
    fields: &Fields<'_>,
) -> Option<Form> {
    let typed = fields.text("type");
    let wanted = typed.and_then(of_type);
    let asks = matches!(wanted, Some(Form::Approval | Form::Question | Form::Notify));
    let mut held: Vec<(&str, Form)> = vec![];
    for (key, form) in HELD {
        let nobody = *key == "agent" && agent(fields).is_none();
        let told = *key == "run" && tells_agent(sheet, fields);
        let asked = *key == "prompt" && asks;
        let there = fields.has(key) && !nobody && !told && !asked;
        if there && held.iter().all(|(_, known)| known != form) {
            held.push((key, *form));
        }
    }
    if fields.get("loop").is_some_and(|node| node.get("steps").or(node.get("tasks")).is_some())
        && held.iter().all(|(_, form)| *form != Form::Group)
    {
        held.push(("loop.steps", Form::Group));
    }
    if let [(first, _), (second, _), ..] = held[..] {
        let what = format!("`{id}` has `{first}` and `{second}`: a step does one thing");
        sheet.fault(fields.place(second).unwrap_or(at), what, "make two steps of it");
        return held.first().map(|(_, form)| *form);
    }
    let held = held.first().copied();
    if let (Some((_, Form::Agent)), Some(nobody)) = (held, fields.text("agent"))
        && NO_AGENT.contains(&nobody)
    {
        let what = format!("`{id}` has a prompt, and `{nobody}` is no agent");
        let help = "name an agent, or write a `command`";
        sheet.fault(fields.place("agent").unwrap_or(at), what, help);
    }
    match (held, wanted) {
        (Some((key, form)), Some(wanted)) if form != wanted => {
            let typed = typed.unwrap_or_default();
            let what = format!("`{id}` is of type `{typed}` and has `{key}`");
            sheet.fault(fields.place(key).unwrap_or(at), what, "leave the type out");
            Some(form)
        }
        (Some((_, form)), _) => Some(form),
        (None, Some(form)) => complete(sheet, (id, at), fields, form),
        (None, None) if typed.is_some() && fields.has("about") => Some(Form::Agent),
        (None, None) if HELD.iter().any(|(key, _)| fields.is_broken(key)) => None,
        (None, None) => {
            let what = format!("`{id}` does nothing");
            let help = "give it `run`, `agent` and `prompt`, `approval`, `question`, `workflow`, \
                        `service`, `wait`, `land`, `notify`, `learn`, `scaffold` or `steps`";
            sheet.fault(at, what, help);
            None
        }
    }
}

/// A step whose type says what it is; what it needs for it must be there.
fn complete(
    sheet: &Sheet<'_>,
    (id, at): (&str, &Range<usize>),
    fields: &Fields<'_>,
    form: Form,
) -> Option<Form> {
    let words = ["prompt", "about", "name"].iter().any(|key| fields.has(key));
    let enough = match form {
        Form::Approval | Form::Question | Form::Notify => words,
        Form::Agent => fields.has("about"),
        Form::Run
        | Form::Workflow
        | Form::Service
        | Form::Wait
        | Form::Land
        | Form::Learn
        | Form::Scaffold
        | Form::Group => false,
    };
    if !enough {
        let key = if form == Form::Agent { "prompt" } else { form.word() };
        let typed = fields.text("type").unwrap_or_default();
        let what = format!("`{id}` is of type `{typed}` and has no `{key}`");
        sheet.fault(fields.place("type").unwrap_or(at), what, format!("add `{key}: …`"));
    }
    enough.then_some(form)
}
