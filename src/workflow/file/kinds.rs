//! What a step does.

use std::collections::BTreeMap;

use super::{
    forms::{self, Form},
    keys::{ASK, LAND, LEARN, NOTIFY, SCAFFOLD, SERVICE, WAIT},
    reader::Reader,
    scope::Sees,
    script,
    sheet::{Fields, span_ms},
};
use crate::{
    define::yaml::Node,
    workflow::{
        model::{AgentWork, Ask, Command, Kind, Place, ServiceAction, StepIndex, Wait},
        text::{Part, Template},
    },
};

/// Tokens that experts may take of a prompt, unless the step says how many.
const EXPERT_TOKENS: u32 = 1500;

/// Stands before a step whose work of the time before is meant.
const PREV: &str = "prev.";

impl Reader<'_> {
    /// What a step does.
    pub(super) fn kind(&self, index: StepIndex) -> Kind {
        let step = self.world.step(index);
        let (fields, sees) = (&step.fields, Sees::In(index));
        match step.form {
            Form::Run => Kind::Run(script::command(self, index)),
            Form::Agent => Kind::Agent(Box::new(self.agent(index))),
            Form::Approval => Kind::Approval(self.ask(sees, fields, "approval")),
            Form::Question => Kind::Question(self.ask(sees, fields, "question")),
            Form::Workflow => Kind::Workflow {
                name: fields.get("workflow").map_or_else(String::new, |node| self.word(node)),
                inputs: self.values(sees, fields.get("with")),
            },
            Form::Service => self.service(fields),
            Form::Wait => Kind::Wait(self.wait(sees, fields)),
            Form::Land => self.land(index),
            Form::Notify => self.notify(sees, fields),
            Form::Learn => self.learn(sees, fields),
            Form::Scaffold => Kind::Run(self.scaffold(sees, fields)),
            Form::Group => Kind::Group { body: step.body.clone() },
        }
    }

    fn agent(&self, index: StepIndex) -> AgentWork {
        let fields = &self.world.step(index).fields;
        let sees = Sees::In(index);
        let from = fields.get("from");
        let before = from.and_then(Node::text).is_some_and(|name| name.trim().starts_with(PREV));
        let named = fields.get("agent").filter(|_| forms::agent(fields).is_some());
        let role = || forms::role(fields).map(str::to_owned);
        let place = match (fields.text("place"), fields.flag("worktree")) {
            (Some("worktree"), _) | (None, Some(true)) => Some(Place::Worktree),
            (Some(_), _) | (None, Some(false)) => Some(Place::InPlace),
            (None, None) => None,
        };
        AgentWork {
            agent: named.map(|node| self.word(node)).or_else(role),
            prompt: self.prompt(index),
            files: self.texts(sees, fields, "files"),
            deliverables: self.texts(sees, fields, "deliverables"),
            budget: self.budget(fields),
            mode: fields.text("mode").map(str::to_owned),
            place,
            from: from.and_then(|node| self.agent_step(index, node, "from")),
            from_before: before,
            experts: self.words(fields, "experts"),
            expert_tokens: fields.count("expert_tokens").unwrap_or(EXPERT_TOKENS),
        }
    }

    fn prompt(&self, index: StepIndex) -> Template {
        let step = self.world.step(index);
        let (fields, sees) = (&step.fields, Sees::In(index));
        if let (Some(_), Some(file)) = (fields.get("prompt"), fields.place("prompt_file")) {
            let what = format!("`{}` has `prompt` and `prompt_file`", step.id);
            self.sheet.fault(file, what, "write one of them");
        } else if let Some(node) = fields.get("prompt_file") {
            return self.prompt_file(sees, node);
        }
        let told = fields.get("run").filter(|_| forms::tells_agent(self.sheet, fields));
        let node = fields.get("prompt").or(told).or_else(|| fields.get("about"));
        let prompt = node.map(|node| self.template(sees, node));
        if node.and_then(Node::text).is_none_or(|text| text.trim().is_empty()) {
            let what = format!("`{}` tells its agent nothing", step.id);
            let at = node.map_or(&step.at, |node| &node.at);
            self.sheet.fault(at, what, "add `prompt: what to do`");
        }
        prompt.unwrap_or_default()
    }

    /// A prompt that has a file of its own.
    fn prompt_file(&self, sees: Sees, node: &Node) -> Template {
        let path = self.word(node);
        let text = match (self.beside)(&path) {
            Ok(text) => text,
            Err(why) => {
                let what = format!("`{path}` cannot be read: {why}");
                self.sheet.fault(&node.at, what, "write its path from this file on");
                return Template::default();
            }
        };
        let mut wrongs = vec![];
        let template = super::reader::template(&self.scope(sees), &text, &mut wrongs);
        for wrong in wrongs {
            let line = text[..wrong.at.start].matches('\n').count() + 1;
            self.sheet.fault(&node.at, format!("{} ({path}, line {line})", wrong.what), wrong.help);
        }
        template
    }

    /// An agent step that is over before, or was the time before.
    fn agent_step(&self, index: StepIndex, node: &Node, key: &str) -> Option<StepIndex> {
        let word = self.word(node);
        let before = word.strip_prefix(PREV).filter(|_| key == "from");
        let name = before.unwrap_or(&word).to_owned();
        let help = |help: String| (format!("`{key}` names the step of an agent"), help);
        let said = match self.world.find(&name) {
            Some(found) if self.world.step(found).form != Form::Agent => {
                let word = self.world.step(found).form.word();
                help(format!("`{name}` is a step with `{word}`"))
            }
            Some(found) => {
                let shown = before.map_or_else(|| format!("{name}.status"), |_| word.clone());
                let seen = self.scope(Sees::In(index)).resolve(&shown);
                match seen {
                    Ok(_) => return Some(found),
                    Err(said) => said,
                }
            }
            None => {
                let agents = self.world.steps.iter().filter(|step| step.form == Form::Agent);
                let near = self.world.near(&name, agents.map(|step| step.id.as_str()));
                let near = near.map(|near| format!("did you mean `{near}`?"));
                (format!("there is no step `{name}`"), near.unwrap_or_default())
            }
        };
        self.sheet.fault(&node.at, said.0, said.1);
        None
    }

    fn ask(&self, sees: Sees, fields: &Fields<'_>, key: &str) -> Ask {
        let mut ask = Ask {
            title: Template::default(),
            body: None,
            options: vec![],
            default: None,
            no_fails: key == "approval",
        };
        match fields.get(key) {
            Some(node) if node.is_table() => {
                let inner = self.sheet.fields(node, &[ASK], &[]);
                match inner.get("title") {
                    Some(title) => ask.title = self.template(sees, title),
                    None => {
                        let what = format!("`{key}` needs a `title`");
                        self.sheet.fault(&node.at, what, "say in one line what is asked");
                    }
                }
                ask.body = self.text(sees, &inner, "body");
                ask.options = self.list_of_words(inner.get("options"));
                ask.default = inner.get("default").map(|node| self.word(node));
                ask.no_fails &= inner.text("on_reject") != Some("continue");
                self.default_is_an_option(&inner, &ask);
            }
            Some(node) => ask.title = self.template(sees, node),
            None => {
                let node = ["prompt", "about", "name"].iter().find_map(|key| fields.get(key));
                ask.title = node.map_or_else(Template::default, |node| self.template(sees, node));
            }
        }
        ask
    }

    fn default_is_an_option(&self, inner: &Fields<'_>, ask: &Ask) {
        if let (Some(node), Some(default)) = (inner.get("default"), &ask.default)
            && !ask.options.is_empty()
            && !ask.options.contains(default)
        {
            let help = format!("one of {}", ask.options.join(", "));
            self.sheet.fault(&node.at, format!("`{default}` is none of the options"), help);
        }
    }

    fn service(&self, fields: &Fields<'_>) -> Kind {
        let node = fields.get("service");
        let (mut action, mut names) = (ServiceAction::Start, vec![]);
        if let Some(node) = node.filter(|node| node.is_table()) {
            let inner = self.sheet.fields(node, &[SERVICE], &[]);
            let actions = [
                ("start", ServiceAction::Start),
                ("stop", ServiceAction::Stop),
                ("restart", ServiceAction::Restart),
                ("wait", ServiceAction::Wait),
            ];
            let held: Vec<_> = actions.iter().filter(|(key, _)| inner.has(key)).collect();
            if let [(key, only)] = held[..] {
                (action, names) = (*only, self.words(&inner, key));
            } else {
                let help = "write `service: {start: [db]}`";
                self.sheet.fault(&node.at, "`service` does one thing", help);
                return Kind::Service { action, names };
            }
        } else {
            names = self.words(fields, "service");
        }
        if let Some(node) = node.filter(|_| names.iter().any(String::is_empty) || names.is_empty())
        {
            self.sheet.fault(&node.at, "this names no service", "write `service: db`");
        }
        Kind::Service { action, names }
    }

    fn wait(&self, sees: Sees, fields: &Fields<'_>) -> Wait {
        let Some(node) = fields.get("wait") else { return Wait::Span(0) };
        if let Some(text) = node.text() {
            return Wait::Span(span_ms(text).unwrap_or(0));
        }
        let inner = self.sheet.fields(node, &[WAIT], &[]);
        let span = inner.span_ms("for").map(Wait::Span);
        let until = self.text(sees, &inner, "until").map(Wait::Until);
        let fact = inner.get("fact").map(|node| Wait::Fact {
            kind: self.word(node),
            fields: self.values(sees, inner.get("where")),
        });
        let without = inner.place("where").filter(|_| fact.is_none());
        if let Some(at) = without {
            self.sheet.fault(at, "`where` is for a `fact`", "add `fact: service.ready`");
        }
        let mut all = [span, until, fact].into_iter().flatten();
        match (all.next(), all.next()) {
            (Some(wait), None) => wait,
            _ => {
                let help = "write {for: 30s}, {until: a moment} or {fact: kind}";
                self.sheet.fault(&node.at, "`wait` waits for one thing", help);
                Wait::Span(0)
            }
        }
    }

    fn land(&self, index: StepIndex) -> Kind {
        let fields = &self.world.step(index).fields;
        let node = fields.get("land");
        let inner = node.filter(|node| node.is_table());
        let inner = inner.map(|node| self.sheet.fields(node, &[LAND], &[]));
        let how = inner.as_ref().and_then(|inner| inner.text("how")).map(str::to_owned);
        let named = match &inner {
            Some(inner) => inner.get("step"),
            None => node.filter(|node| node.text().is_some()),
        };
        if let (Some(node), None) = (node, named) {
            self.sheet.fault(&node.at, "`land` needs a `step`", "write the id of an agent step");
        }
        let of = named.and_then(|node| self.agent_step(index, node, "land"));
        Kind::Land { of: of.unwrap_or_default(), how }
    }

    fn notify(&self, sees: Sees, fields: &Fields<'_>) -> Kind {
        let node = fields.get("notify");
        let inner = node.filter(|node| node.is_table());
        let inner = inner.map(|node| self.sheet.fields(node, &[NOTIFY], &[]));
        let title = match &inner {
            Some(inner) => inner.get("title"),
            None => {
                node.or_else(|| ["prompt", "about", "name"].iter().find_map(|key| fields.get(key)))
            }
        };
        if let (Some(node), None) = (node, title) {
            self.sheet.fault(&node.at, "`notify` needs a `title`", "");
        }
        let level = inner.as_ref().and_then(|inner| inner.text("level")).unwrap_or("info");
        Kind::Notify {
            title: title.map_or_else(Template::default, |node| self.template(sees, node)),
            body: inner.as_ref().and_then(|inner| self.text(sees, inner, "body")),
            level: level.to_owned(),
        }
    }

    /// A new project is made by gaia itself, as a command like any other: values are words of its
    /// own, and what it did is told by its end.
    fn scaffold(&self, sees: Sees, fields: &Fields<'_>) -> Command {
        let node = fields.get("scaffold");
        let inner = node.map(|node| self.sheet.fields(node, &[SCAFFOLD], &[]));
        let of = |key: &str| inner.as_ref().and_then(|inner| inner.get(key));
        let (template, target) = (of("template"), of("target"));
        if let (Some(node), true) = (node, template.is_none() || target.is_none()) {
            let help = "write scaffold: {template: go-api, target: api}";
            self.sheet.fault(&node.at, "`scaffold` needs a `template` and a `target`", help);
        }
        let words = ["gaia", "scaffold", "new", "--defaults"].map(Template::plain);
        let mut argv = Vec::from(words);
        for (name, value) in self.values(sees, of("answers")) {
            argv.push(Template::plain("--var"));
            let name = [Part::Text(format!("{name}="))];
            argv.push(Template::new([&name[..], &value.0[..]].concat()));
        }
        argv.push(Template::plain("--"));
        argv.extend([template, target].into_iter().flatten().map(|n| self.template(sees, n)));
        Command { argv, values: BTreeMap::new() }
    }

    fn learn(&self, sees: Sees, fields: &Fields<'_>) -> Kind {
        let node = fields.get("learn");
        let inner = node.map(|node| self.sheet.fields(node, &[LEARN], &[]));
        let expert = inner.as_ref().and_then(|inner| inner.get("expert"));
        let proposal = inner.as_ref().and_then(|inner| inner.get("proposal"));
        if let (Some(node), true) = (node, expert.is_none() || proposal.is_none()) {
            let help = "write learn: {expert: area, proposal: \"{{ step.output }}\"}";
            self.sheet.fault(&node.at, "`learn` needs an `expert` and a `proposal`", help);
        }
        Kind::Learn {
            expert: expert.map_or_else(String::new, |node| self.word(node)),
            proposal: proposal.map_or_else(Template::default, |node| self.template(sees, node)),
        }
    }
}
