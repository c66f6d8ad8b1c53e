//! What a reference leads to, from where it stands.

use super::{
    forms::Form,
    outline::{RESERVED, World},
    variables::is_name,
};
use crate::workflow::{
    model::StepIndex,
    text::{Reference, Root},
};

/// What is wrong, and what to write instead.
pub(super) type Said = (String, String);

/// Where a reference stands.
#[derive(Clone, Copy)]
pub(super) enum Sees {
    /// Where there are no steps yet.
    Inputs,
    /// In what is asked before a step begins: its `when`, its list.
    Before(StepIndex),
    /// In a step.
    In(StepIndex),
    /// In what is asked when a step is over once.
    After(StepIndex),
    /// Where all steps are over.
    All,
}

/// What references lead to, from somewhere.
#[derive(Clone, Copy)]
pub(super) struct Scope<'w> {
    pub(super) world: &'w World<'w>,
    pub(super) sees: Sees,
}

/// Fields of `run`.
const RUN: &[&str] = &["id", "workflow", "workspace", "dir", "started"];

impl Scope<'_> {
    /// Finds what some words lead to.
    pub(super) fn resolve(&self, words: &str) -> Result<Reference, Said> {
        let parts: Vec<&str> = words.split('.').collect();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if parts.iter().any(|part| part.is_empty() || !part.chars().all(fits)) {
            return Err(no_reference(words));
        }
        let (first, rest) = (parts[0], &parts[1..]);
        if let Some(step) = self.each(first) {
            return self.checked(Root::Item(step), rest);
        }
        match (first, rest) {
            ("inputs" | "variables" | "params" | "vars", [name, path @ ..]) => {
                self.input(name, path).unwrap_or_else(|| Err(self.no_input(name)))
            }
            ("steps" | "tasks" | "jobs" | "needs", [id, rest @ ..]) => match self.find(id) {
                Some(step) => self.step(step, rest),
                None => Err(self.no_step(id)),
            },
            ("prev", [id, rest @ ..]) => self.previous(id, rest),
            ("loop", ["iteration"]) => self.iteration(),
            ("run", [field]) if RUN.contains(field) => {
                Ok(Reference { root: Root::Run((*field).to_owned()), path: vec![] })
            }
            ("run", _) => Err((
                format!("`{words}` is nothing of a run"),
                format!("one of {}", RUN.join(", ")),
            )),
            ("key", []) => self.key(),
            ("env" | "secrets", _) => Err((
                format!("`{words}` is not known when this is read"),
                "a command takes it from its environment: name it under `env` or `secrets`, and \
                 write $NAME in the script"
                    .to_owned(),
            )),
            ("item", _) => Err((
                "there is no `for_each` here".to_owned(),
                "`item` is known in a step with `for_each` and in the steps inside of it"
                    .to_owned(),
            )),
            (first, rest) if RESERVED.contains(&first) => Err(shape_of(first, rest, words)),
            (first, []) => self.input(first, &[]).unwrap_or_else(|| Err(self.unknown(first))),
            (first, rest) => match self.find(first) {
                Some(step) => self.step(step, rest),
                None => self.input(first, rest).unwrap_or_else(|| Err(self.unknown(first))),
            },
        }
    }

    /// Where it stands: the steps around, from the inside to the outside.
    fn around(&self) -> Vec<StepIndex> {
        match self.sees {
            Sees::Inputs | Sees::All => vec![],
            Sees::Before(step) => self.world.chain(step).skip(1).collect(),
            Sees::In(step) | Sees::After(step) => self.world.chain(step).collect(),
        }
    }

    /// The step whose list has this name.
    fn each(&self, name: &str) -> Option<StepIndex> {
        let each = |step: &StepIndex| self.world.step(*step).each;
        // `item` is always the innermost.
        let named =
            |step: &StepIndex| each(step).is_some_and(|known| known == name || name == "item");
        self.around().into_iter().find(named)
    }

    fn find(&self, id: &str) -> Option<StepIndex> {
        self.world.by_id.get(id).copied()
    }

    fn checked(&self, root: Root, path: &[&str]) -> Result<Reference, Said> {
        let path = path.iter().map(|field| (*field).to_owned()).collect();
        let reference = Reference { root, path };
        self.follow(&reference).map(|_| reference)
    }

    fn input(&self, name: &str, path: &[&str]) -> Option<Result<Reference, Said>> {
        let known = self.world.inputs.iter().any(|input| input.name == name);
        known.then(|| self.checked(Root::Input(name.to_owned()), path))
    }

    fn key(&self) -> Result<Reference, Said> {
        let step = self.around().into_iter().find(|step| self.world.step(*step).each.is_some());
        let root = step.map(Root::Key).ok_or_else(|| {
            let help = "`key` is known in a step with `for_each` and in the steps inside of it";
            ("there is no `for_each` here".to_owned(), help.to_owned())
        })?;
        Ok(Reference { root, path: vec![] })
    }

    /// The innermost loop around.
    fn innermost_loop(&self) -> Option<StepIndex> {
        self.around().into_iter().find(|step| self.world.step(*step).loops)
    }

    fn iteration(&self) -> Result<Reference, Said> {
        let help = "it is known in a step with `loop` and in the steps inside of it";
        let none = || ("there is no `loop` here".to_owned(), help.to_owned());
        let root = Root::Iteration(self.innermost_loop().ok_or_else(none)?);
        Ok(Reference { root, path: vec![] })
    }

    fn previous(&self, id: &str, rest: &[&str]) -> Result<Reference, Said> {
        let step = self.find(id).ok_or_else(|| self.no_step(id))?;
        let inside = self.around().into_iter().any(|around| {
            self.world.step(around).loops && self.world.chain(step).any(|outer| outer == around)
        });
        if !inside {
            let what = format!("`{id}` is not done again here: there is no `prev.{id}`");
            return Err((what, "`prev` is for steps of the same `loop`".to_owned()));
        }
        let path = match rest {
            ["output" | "outputs", path @ ..] => path,
            // Without declared outputs the whole output is just that.
            ["stdout"] if self.says_freely(step, Form::Run) => &[],
            ["text"] if self.says_freely(step, Form::Agent) => &[],
            path => path,
        };
        self.checked(Root::Previous(step), path)
    }

    fn says_freely(&self, step: StepIndex, form: Form) -> bool {
        let known = self.world.step(step);
        known.form == form && known.outputs.is_empty()
    }

    fn step(&self, step: StepIndex, rest: &[&str]) -> Result<Reference, Said> {
        let known = self.world.step(step);
        let id = &known.id;
        self.may_see(step)?;
        match rest {
            [] => Err((format!("`{id}` is a step"), format!("write `{id}.output`"))),
            ["status"] => Ok(Reference { root: Root::Status(step), path: vec![] }),
            ["output" | "outputs" | "result", path @ ..] => self.output(step, path),
            path => self.output(step, path),
        }
    }

    /// A field of what a step gives back, or one that every step of its kind gives.
    fn output(&self, step: StepIndex, path: &[&str]) -> Result<Reference, Said> {
        let known = self.world.step(step);
        if let [field, rest @ ..] = path
            && known.each.is_none_or(|_| self.is_inside(step))
            && !known.outputs.contains_key(*field)
            && always(known.form).contains(field)
        {
            return self.checked(Root::Always(step, (*field).to_owned()), rest);
        }
        self.checked(Root::Output(step), path)
    }

    /// Whether the reference stands inside of a step, or is about one time of it.
    pub(super) fn is_inside(&self, step: StepIndex) -> bool {
        match self.sees {
            Sees::Inputs | Sees::All => false,
            Sees::Before(at) => self.world.chain(at).skip(1).any(|outer| outer == step),
            Sees::In(at) | Sees::After(at) => self.world.chain(at).any(|outer| outer == step),
        }
    }

    /// Whether a step is over for sure where the reference stands.
    fn may_see(&self, step: StepIndex) -> Result<(), Said> {
        let world = self.world;
        let id = &world.step(step).id;
        let from = match self.sees {
            Sees::Inputs => {
                let help = "only inputs and `run` are known here".to_owned();
                return Err((format!("`{id}` is a step: it is not over before the run"), help));
            }
            Sees::All => return self.no_list_between(None, step),
            Sees::Before(at) | Sees::In(at) | Sees::After(at) => at,
        };
        if let Sees::After(at) = self.sees
            && world.chain(step).any(|outer| outer == at)
        {
            return if step == at { Ok(()) } else { self.no_list_between(Some(at), step) };
        }
        if world.step(from).finally && !world.step(step).finally {
            return self.no_list_between(None, step);
        }
        if world.chain(from).any(|outer| outer == step) {
            let mine = if step == from { "itself" } else { "the step it is inside of" };
            let what = format!("`{}` refers to {mine}", world.step(from).id);
            return Err((what, "what a step gives back is known when it is over".to_owned()));
        }
        for mine in world.chain(from) {
            let over = world.chain(step).find(|theirs| world.is_before(*theirs, mine));
            if let Some(over) = over {
                return if over == step { Ok(()) } else { self.no_list_between(Some(over), step) };
            }
        }
        Err(self.not_needed(from, step))
    }

    fn not_needed(&self, from: StepIndex, step: StepIndex) -> Said {
        let world = self.world;
        let (mine, theirs) = (world.step(from), world.step(step));
        let what = format!("`{}` does not wait for `{}`", mine.id, theirs.id);
        // The two that stand side by side: one around the reference, one around the step.
        let pair = world.chain(from).find_map(|mine| {
            let beside = |theirs: &StepIndex| {
                world.step(*theirs).parent == world.step(mine).parent
                    && world.step(*theirs).finally == world.step(mine).finally
            };
            world.chain(step).find(beside).map(|theirs| (mine, theirs))
        });
        let help = pair.filter(|(mine, theirs)| mine != theirs).map(|(mine, theirs)| {
            let whose = if mine == from {
                "`needs`".to_owned()
            } else {
                format!("the `needs` of `{}`", world.step(mine).id)
            };
            format!("add `{}` to {whose}", world.step(theirs).id)
        });
        (what, help.unwrap_or_default())
    }

    /// Inside of a step that is done for each of a list there are as many values as items.
    fn no_list_between(&self, outer: Option<StepIndex>, step: StepIndex) -> Result<(), Said> {
        let world = self.world;
        let between = world.chain(step).skip(1).take_while(|at| Some(*at) != outer).chain(outer);
        let Some(many) = between.into_iter().find(|at| {
            world.step(*at).each.is_some() && !(matches!(self.sees, Sees::After(a) if a == *at))
        }) else {
            return Ok(());
        };
        let (id, many) = (&world.step(step).id, &world.step(many).id);
        let what = format!("`{id}` is inside of `{many}`, which is done for each of a list");
        Err((what, format!("`{many}.output` is the list of what it gave back")))
    }

    fn no_input(&self, name: &str) -> Said {
        let known = self.world.inputs.iter().map(|input| input.name.as_str());
        let near = self.world.near(name, known).map(|near| format!("did you mean `{near}`?"));
        let help = near.unwrap_or_else(|| format!("declare it: `inputs: {{{name}: string}}`"));
        (format!("there is no input `{name}`"), help)
    }

    fn no_step(&self, id: &str) -> Said {
        let near = self.world.near(id, self.world.by_id.keys().map(String::as_str));
        let help = near.map(|near| format!("did you mean `{near}`?"));
        (format!("there is no step `{id}`"), help.unwrap_or_default())
    }

    fn unknown(&self, name: &str) -> Said {
        if self.find(name).is_some() {
            return (format!("`{name}` is a step"), format!("write `{name}.output`"));
        }
        let inputs = self.world.inputs.iter().map(|input| input.name.as_str());
        let steps = self.world.by_id.keys().map(String::as_str);
        let near =
            self.world.near(name, inputs.chain(steps).chain(["item", "inputs", "steps", "run"]));
        let help = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_else(|| {
            "write an input, `step.output`, or \\{{ and $${ for braces that stand for themselves"
                .to_owned()
        });
        (format!("there is neither an input nor a step `{name}`"), help)
    }
}

/// What every step of a kind gives beside its outputs.
pub(super) const fn always(form: Form) -> &'static [&'static str] {
    match form {
        Form::Run | Form::Scaffold => &["stdout", "exit_code"],
        Form::Agent => &["text"],
        Form::Approval
        | Form::Question
        | Form::Workflow
        | Form::Service
        | Form::Wait
        | Form::Land
        | Form::Notify
        | Form::Learn
        | Form::Group => &[],
    }
}

fn no_reference(words: &str) -> Said {
    let what = format!("`{words}` is no reference");
    let computes = "text is data here and nothing is computed: let a script step do it and give \
                    the result back";
    let help = match words {
        "" => "write an input or `step.output` between the braces".to_owned(),
        _ if words.contains('|') => format!("there are no filters: {computes}"),
        _ if words.contains('(') => format!("there are no functions: {computes}"),
        _ if words.contains('[') => {
            "write `x.0` for the first of a list, `x.name` for a field".into()
        }
        _ if words.contains([':', '?', '#', '%']) => {
            "only a script has that: here write an input or `step.output`, and $${ for braces that \
             stand for themselves"
                .to_owned()
        }
        _ if words.starts_with('.') || !words.is_ascii() || !words.split('.').all(is_name) => {
            format!("{computes}; braces that stand for themselves are written \\{{{{ and $${{")
        }
        _ => computes.to_owned(),
    };
    (what, help)
}

/// A word that begins references, in a form that is none.
fn shape_of(first: &str, rest: &[&str], words: &str) -> Said {
    let forms = match first {
        "loop" => "loop.iteration",
        "prev" => "prev.step.output",
        "key" => "key",
        "steps" | "tasks" | "jobs" | "needs" => "steps.name.output",
        _ if rest.is_empty() => "inputs.name",
        _ => "an input or `step.output`",
    };
    (format!("`{words}` is no reference"), format!("write {forms}"))
}
