use super::{MOST, budget, tokens};
use crate::workflow::{
    model::{AgentWork, Ask, Command, Kind, Place, Secret, ServiceAction, Step, Wait},
    show::{
        escape::line,
        words::{Speech, list, span},
    },
};

/// What a step does.
pub(super) fn sentences(speech: Speech<'_>, step: &Step) -> Vec<String> {
    let mut all = match &step.kind {
        Kind::Run(command) => run(speech, step, command),
        Kind::Agent(work) => agent(speech, step, work),
        Kind::Approval(ask) => person(speech, step, (ask, "A yes or no to")),
        Kind::Question(ask) => person(speech, step, (ask, "A person is asked")),
        Kind::Workflow { name, inputs } => {
            let given = match inputs.is_empty() {
                true => String::new(),
                false => format!(", given {}", list(&names(inputs.keys()), "and")),
            };
            vec![format!("Runs the workflow {} as a run of its own{given}.", line(name, 60))]
        }
        Kind::Service { action, names } => vec![service(*action, names)],
        Kind::Wait(wait) => vec![waits(speech, wait)],
        Kind::Land { of, how } => {
            let how = how.as_deref().unwrap_or("as the workspace says");
            let of = speech.0.steps.get(*of as usize).map_or("?", |step| &step.id);
            vec![format!("Lands the work of {} ({}).", line(of, 60), line(how, 40))]
        }
        Kind::Notify { title, level, .. } => {
            let title = line(&speech.text(title), MOST);
            vec![format!("Tells a person “{title}” ({}).", line(level, 20))]
        }
        Kind::Learn { expert, .. } => {
            vec![format!("The expert {} learns, once a person agrees.", line(expert, 60))]
        }
        Kind::Group { body } => {
            let inside = super::super::words::many(body.len() as u64, "step");
            vec![format!("Holds {inside}; it is over when all of them are.")]
        }
    };
    all.extend(gives(step));
    all
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    names.map(|name| line(name, 60)).collect()
}

fn run(speech: Speech<'_>, step: &Step, command: &Command) -> Vec<String> {
    let argv: Vec<String> = command.argv.iter().map(|word| speech.text(word)).collect();
    let shown = match &argv[..] {
        [shell, options @ .., script] if options.last().is_some_and(|last| last == "-c") => {
            let first = script.trim().lines().next().unwrap_or_default();
            let more = if script.trim().lines().count() > 1 { " …" } else { "" };
            format!("`{}{more}` in {}", line(first, 100), line(shell, 40))
        }
        argv => format!("`{}`, without a shell", line(&argv.join(" "), 100)),
    };
    let mut all = vec![format!("Runs {shown}, {}.", place(speech, step))];
    if !command.values.is_empty() {
        let values = command.values.iter();
        let values = values.map(|(name, from)| format!("{name} from {}", speech.source(from)));
        let values: Vec<String> = values.map(|text| line(&text, 100)).collect();
        all.push(format!("Its variables: {}.", list(&values, "and")));
    }
    let secrets = speech.0.secrets.iter().chain(&step.secrets);
    let secret = |(name, kept): (&String, &Secret)| match kept {
        Secret::Env(variable) => format!("{name} from the variable {variable}"),
        Secret::File(path) => format!("{name} from the file {path}"),
        Secret::Command(_) => format!("{name} from a command"),
    };
    let secrets: Vec<String> = secrets.map(|pair| line(&secret(pair), 100)).collect();
    if !secrets.is_empty() {
        all.push(format!("Its secrets: {}.", list(&secrets, "and")));
    }
    all
}

fn place(speech: Speech<'_>, step: &Step) -> String {
    match &step.dir {
        None => "in the workspace".to_owned(),
        Some(dir) => format!("in {}", line(&speech.text(dir), 80)),
    }
}

fn agent(speech: Speech<'_>, step: &Step, work: &AgentWork) -> Vec<String> {
    let who = work.agent.as_deref().map_or("any agent".to_owned(), |who| line(who, 60));
    let prompt = speech.text(&work.prompt);
    let prompt = line(prompt.trim().lines().next().unwrap_or_default(), 100);
    let mode = work.mode.as_deref().unwrap_or("as the agent is set up");
    let place = match work.place {
        None => "where the agent works".to_owned(),
        Some(Place::Worktree) => "in a worktree of its own".to_owned(),
        Some(Place::InPlace) => self::place(speech, step),
    };
    let mut all =
        vec![format!("Asks {who}: “{prompt}”"), format!("It works {place}; {}.", line(mode, 40))];
    if let Some(from) = work.from.and_then(|from| speech.0.steps.get(from as usize)) {
        all.push(format!("It goes on from the work of {}.", line(&from.id, 60)));
    }
    let texts = |all: &[crate::workflow::text::Template]| -> Vec<String> {
        all.iter().map(|one| line(&speech.text(one), 80)).collect()
    };
    if !work.files.is_empty() {
        all.push(format!("It is about {}.", list(&texts(&work.files), "and")));
    }
    if !work.deliverables.is_empty() {
        let files = list(&texts(&work.deliverables), "and");
        all.push(format!("At the end there must be {files}."));
    }
    if !work.budget.is_empty() {
        all.push(format!("It may cost {}.", budget(&work.budget)));
    }
    all.push(match (work.expert_tokens, &work.experts[..]) {
        (0, _) => "It hears no experts.".to_owned(),
        (most, []) => format!("It hears the experts of its files, up to {}.", tokens(most)),
        (most, areas) => {
            let areas = list(&names(areas.iter()), "and");
            format!("It hears the experts of {areas}, up to {}.", tokens(most))
        }
    });
    all
}

fn person(speech: Speech<'_>, step: &Step, (ask, verb): (&Ask, &str)) -> Vec<String> {
    let mut all = vec![format!("{verb} “{}”", line(&speech.text(&ask.title), MOST))];
    if !ask.options.is_empty() {
        all.push(format!("The answers: {}.", list(&names(ask.options.iter()), "or")));
    }
    all.push(match (step.timeout_ms, &ask.default) {
        (None, _) => "It waits for an answer as long as it takes.".to_owned(),
        (Some(ms), Some(default)) => {
            format!("If nobody answers within {}, the answer is {}.", span(ms), line(default, 60))
        }
        (Some(ms), None) => format!("If nobody answers within {}, it fails.", span(ms)),
    });
    if matches!(step.kind, Kind::Approval(_)) {
        all.push(match ask.no_fails {
            true => "A no is a failure.".to_owned(),
            false => "A no is no failure: `approved` tells.".to_owned(),
        });
    }
    all
}

fn service(action: ServiceAction, names: &[String]) -> String {
    let names = list(&self::names(names.iter()), "and");
    match action {
        ServiceAction::Start => format!("Starts {names} and waits until they are ready."),
        ServiceAction::Stop => format!("Stops {names}."),
        ServiceAction::Restart => format!("Stops and starts {names}."),
        ServiceAction::Wait => format!("Waits until {names} are ready."),
    }
}

fn waits(speech: Speech<'_>, wait: &Wait) -> String {
    match wait {
        Wait::Span(ms) => format!("Waits {}.", span(*ms)),
        Wait::Until(when) => format!("Waits until {}.", line(&speech.text(when), 60)),
        Wait::Fact { kind, fields } => {
            let fields =
                fields.iter().map(|(name, from)| format!("{name} = {}", speech.text(from)));
            let fields: Vec<String> = fields.map(|text| line(&text, 60)).collect();
            let with = if fields.is_empty() { String::new() } else { " with ".to_owned() };
            format!("Waits for the fact {}{with}{}.", line(kind, 60), list(&fields, "and"))
        }
    }
}

fn gives(step: &Step) -> Vec<String> {
    let mut all = Vec::new();
    if !step.outputs.is_empty() {
        let outputs = list(&names(step.outputs.keys()), "and");
        let again = match (&step.kind, step.max_asks) {
            (Kind::Agent(_), 0) => "; it is not asked again for others".to_owned(),
            (Kind::Agent(_), most) => {
                let most = super::super::words::many(most.into(), "time");
                format!("; asked again up to {most} if they do not fit")
            }
            (
                Kind::Run(_)
                | Kind::Approval(_)
                | Kind::Question(_)
                | Kind::Workflow { .. }
                | Kind::Service { .. }
                | Kind::Wait(_)
                | Kind::Land { .. }
                | Kind::Notify { .. }
                | Kind::Learn { .. }
                | Kind::Group { .. },
                _,
            ) => String::new(),
        };
        all.push(format!("It gives back {outputs}{again}."));
    }
    if !step.artifacts.is_empty() {
        all.push(format!("Of its files, {} are kept.", list(&names(step.artifacts.iter()), "and")));
    }
    all
}
