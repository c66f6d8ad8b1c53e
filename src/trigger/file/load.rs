use std::{collections::BTreeMap, ops::Range, time::Duration};

use jiff::tz::TimeZone;
use serde_json::Value;
use toml::Spanned;

use super::{
    raw::{Listed, RawFile, RawTrigger},
    yaml,
};
use crate::{
    base::{Moment, Name, nearest},
    define::{self, Any, Command, Faults, Page, Text},
    session::Source as Bytes,
    trigger::{
        cron::Rhythm,
        fill,
        model::{Does, Limit, Overlap, Source, Trigger},
    },
};

/// What the loader has to know of the world.
pub(crate) struct Context<'a> {
    /// Name of the workspace.
    pub(crate) workspace: &'a str,
    /// Zone of this machine.
    pub(crate) zone: TimeZone,
    /// The present moment, for what may surprise in the year to come.
    pub(crate) now: Moment,
}

/// Reads and checks the triggers of a workspace; all faults at once.
pub(crate) fn load(
    toml: &Bytes,
    yaml: Option<&Bytes>,
    context: &Context<'_>,
) -> Result<Vec<Trigger>, Faults> {
    let mut faults = Vec::new();
    let mut triggers = Vec::new();
    if let Some(text) = define::text_of(&toml.path, &toml.bytes, &mut faults) {
        let page = Page { path: &toml.path, text: &text };
        if let Some(raw) = page.parse::<RawFile>(&mut faults) {
            let mut loader = Loader { context, page, faults: vec![] };
            loader.listed(raw.triggers, &mut triggers);
            loader.listed(raw.schedules, &mut triggers);
            faults.extend(loader.sorted());
        }
    }
    if let Some(yaml) = yaml
        && let Some(text) = define::text_of(&yaml.path, &yaml.bytes, &mut faults)
    {
        let page = Page { path: &yaml.path, text: &text };
        let list = yaml::read(&page, &mut faults);
        let mut loader = Loader { context, page, faults: vec![] };
        loader.listed(Listed { named: BTreeMap::new(), list }, &mut triggers);
        faults.extend(loader.sorted());
    }
    if faults.is_empty() { Ok(triggers) } else { Err(faults) }
}

pub(super) struct Loader<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) page: Page<'a>,
    pub(super) faults: Faults,
}

impl Loader<'_> {
    pub(super) fn fault(&mut self, at: Range<usize>, what: String, help: &str) {
        self.faults.push(self.page.fault(at, what).help(help));
    }

    fn sorted(mut self) -> Faults {
        self.faults.sort_by_key(crate::base::ConfigError::place);
        self.faults
    }

    fn listed(&mut self, listed: Listed, all: &mut Vec<Trigger>) {
        for (name, raw) in listed.named {
            if let Some(wrong) = &raw.get_ref().name {
                let what = "its name stands in the head of the table already".to_owned();
                self.fault(wrong.span(), what, "leave `name` out");
            }
            let at = name.span();
            self.one(&name, &at, raw.into_inner(), all);
        }
        for raw in listed.list {
            let at = raw.span();
            let at = at.start..(at.start + 1).min(at.end);
            let raw = raw.into_inner();
            match raw.name.clone() {
                Some(name) => self.one(&name, &at, raw, all),
                None => {
                    let what = "an entry of a list has no name".to_owned();
                    self.fault(at, what, "name = \"nightly\"");
                }
            }
        }
    }

    fn one(&mut self, name: &Text, at: &Range<usize>, raw: RawTrigger, all: &mut Vec<Trigger>) {
        let Some(name) = define::name(&self.page, &mut self.faults, name) else { return };
        if all.iter().any(|known| known.name == name) {
            self.fault(at.clone(), format!("there are two triggers `{name}`"), "rename one");
        }
        all.extend(self.trigger(name, at, &raw));
    }

    fn trigger(&mut self, name: Name, at: &Range<usize>, raw: &RawTrigger) -> Option<Trigger> {
        let source = self.source(&name, at, raw);
        let does = self.does(&name, at, raw);
        let limit = self.limit(raw.limit.as_ref(), source.as_ref());
        let overlap = self.overlap(raw.overlap.as_ref());
        let source = source?;
        self.strangers(raw, &source);
        let inputs = self.inputs(&raw.inputs, &source);
        Some(Trigger {
            about: raw.about.clone().unwrap_or_default(),
            does: does?,
            inputs,
            enabled: raw.enabled.unwrap_or(true),
            overlap,
            pause_on_failures: raw.pause_on_failures.unwrap_or(0),
            limit,
            lint: self.lint(&source),
            source,
            name,
        })
    }

    fn lint(&self, source: &Source) -> Vec<String> {
        match source {
            Source::Time { table, .. } => match &table.rhythm {
                Rhythm::Cron(pattern) => pattern.lint(table.shifts(self.context.now)),
                Rhythm::Every(_) => vec![],
            },
            Source::Boot
            | Source::DaemonStart
            | Source::Files(_)
            | Source::Webhook(_)
            | Source::Fact(_) => vec![],
        }
    }

    fn does(&mut self, name: &Name, at: &Range<usize>, raw: &RawTrigger) -> Option<Does> {
        let help = "workflow = \"name\", command = [\"program\"] or run = \"a shell line\"";
        let run = raw
            .run
            .as_ref()
            .map(|run| Spanned::new(run.span(), toml::Value::String(run.get_ref().clone())));
        let given = [raw.workflow.is_some(), raw.command.is_some(), run.is_some()];
        if given.iter().filter(|given| **given).count() != 1 {
            let what = format!("the trigger `{name}` starts nothing, or two things");
            self.fault(at.clone(), what, help);
            return None;
        }
        if let Some(workflow) = &raw.workflow {
            let name = define::name(&self.page, &mut self.faults, workflow)?;
            return Some(Does::Workflow(name.to_string()));
        }
        let command = raw.command.as_ref().or(run.as_ref())?;
        match define::command_of(&self.page, &mut self.faults, command)? {
            Command::Line(line) => Some(Does::Line(line)),
            Command::Argv(argv) => Some(Does::Argv(argv)),
            Command::Shell | Command::Service(_) | Command::Task(_) => None,
        }
    }

    fn inputs(&mut self, raw: &BTreeMap<String, Any>, source: &Source) -> BTreeMap<String, Value> {
        let roots = fill::roots(source);
        let mut all = BTreeMap::new();
        for (name, value) in raw {
            let at = value.span();
            let value = serde_json::to_value(value.get_ref()).unwrap_or_default();
            let mut texts = Vec::new();
            collect(&value, &mut texts);
            for text in texts {
                match fill::paths(text) {
                    Err(what) => self.fault(at.clone(), what, "write {{ name }}"),
                    Ok(paths) => {
                        for path in paths {
                            self.root(&at, &path, &roots);
                        }
                    }
                }
            }
            all.insert(name.clone(), value);
        }
        all
    }

    fn root(&mut self, at: &Range<usize>, path: &str, roots: &[&'static str]) {
        let root = path.split('.').next().unwrap_or_default();
        if !roots.contains(&root) {
            let help = match nearest(root, roots.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is: {}", roots.join(", ")),
            };
            self.fault(at.clone(), format!("this trigger knows no `{root}`"), &help);
        }
    }

    /// Keys that say nothing for this kind of trigger.
    fn strangers(&mut self, raw: &RawTrigger, source: &Source) {
        let text = |text: &Option<Text>| text.as_ref().map(Spanned::span);
        let any = |value: &Option<Any>| value.as_ref().map(Spanned::span);
        let keys = [
            ("tz", text(&raw.tz), "time"),
            ("jitter", text(&raw.jitter), "time"),
            ("start", any(&raw.start), "time"),
            ("end", any(&raw.end), "time"),
            ("exclude", any(&raw.exclude), "time"),
            ("dst", text(&raw.dst), "time"),
            ("misfire", any(&raw.misfire), "time"),
            ("ignore", any(&raw.ignore), "file"),
            ("debounce", text(&raw.debounce), "file"),
            ("secret", text(&raw.secret), "webhook"),
            ("where", raw.wanted.values().next().map(Spanned::span), "fact"),
        ];
        for (key, at, kind) in keys {
            if let Some(at) = at.filter(|_| source.kind() != kind) {
                let what = format!("`{key}` says nothing for this kind of trigger");
                self.fault(at, what, "leave it out");
            }
        }
        if let (Some(limit), Source::Time { .. }) = (&raw.limit, source) {
            let what = "`limit` is not for the clock".to_owned();
            self.fault(limit.span(), what, "change the pattern instead");
        }
    }

    pub(super) fn span(&mut self, text: Option<&Text>, default: u64) -> u64 {
        let read = text.map(|text| define::span_ms(&self.page, &mut self.faults, text));
        read.flatten().unwrap_or(default)
    }

    fn limit(&mut self, raw: Option<&Text>, source: Option<&Source>) -> Option<Limit> {
        let usual = |most| Some(Limit { most, span: Duration::from_secs(3600) });
        let Some(raw) = raw else {
            return match source? {
                Source::Fact(_) => usual(30),
                Source::Files(_) | Source::Webhook(_) => usual(300),
                Source::Time { .. } | Source::Boot | Source::DaemonStart => None,
            };
        };
        let read = raw.get_ref().split_once('/').and_then(|(most, span)| {
            let span = span.trim();
            let one = format!("1{span}");
            let span = crate::base::duration(span).or_else(|| crate::base::duration(&one))?;
            let most = most.trim().parse().ok().filter(|most| (1..=1000).contains(most))?;
            Some(Limit { most, span })
        });
        if read.is_none() {
            let what = format!("`{}` is no limit", raw.get_ref());
            self.fault(raw.span(), what, "write it like 10/1h: 1 to 1000 in a span of time");
        }
        read
    }

    fn overlap(&mut self, raw: Option<&Any>) -> Overlap {
        let Some(raw) = raw else { return Overlap::default() };
        let help = "skip, queue_one, queue_all, cancel_running, allow, or { queue_all = 5 }";
        let read = match raw.get_ref() {
            toml::Value::String(word) => match word.as_str() {
                "skip" => Some(Overlap::Skip),
                "queue_one" => Some(Overlap::QueueOne),
                "queue_all" => Some(Overlap::QueueAll(10)),
                "cancel_running" => Some(Overlap::CancelRunning),
                "allow" => Some(Overlap::Allow),
                _ => None,
            },
            toml::Value::Table(table) if table.len() == 1 => {
                let most = table.get("queue_all").and_then(toml::Value::as_integer);
                let most = most.and_then(|most| usize::try_from(most).ok());
                most.filter(|most| (1..=100).contains(most)).map(Overlap::QueueAll)
            }
            _ => None,
        };
        if read.is_none() {
            self.fault(raw.span(), "this is no rule for what overlaps".to_owned(), help);
        }
        read.unwrap_or_default()
    }
}

/// Every text in a value.
fn collect<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(all) => all.iter().for_each(|one| collect(one, texts)),
        Value::Object(map) => map.values().for_each(|one| collect(one, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
