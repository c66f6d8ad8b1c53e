//! When a trigger fires: which of the ways, and what belongs to it.

use std::{ops::Range, time::Duration};

use toml::Spanned;

use super::{load::Loader, raw::RawTrigger};
use crate::{
    base::{Name, nearest},
    define::{Any, Text},
    inbox::Secret,
    trigger::model::{Facts, Files, Hook, Source},
};

const SOURCES: &str = "one of cron = \"0 3 * * *\", every = \"5m\", file = [\"src/**\"], webhook = true, \
                       fact = \"service.failed\", on = \"boot\"";

impl Loader<'_> {
    pub(super) fn source(
        &mut self,
        name: &Name,
        at: &Range<usize>,
        raw: &RawTrigger,
    ) -> Option<Source> {
        let spans = |text: &Option<Text>| text.as_ref().map(Spanned::span);
        let any = |value: &Option<Any>| value.as_ref().map(Spanned::span);
        let given: Vec<Range<usize>> = [
            spans(&raw.cron),
            spans(&raw.every),
            spans(&raw.schedule),
            any(&raw.file),
            any(&raw.webhook),
            spans(&raw.fact),
            spans(&raw.on),
        ]
        .into_iter()
        .flatten()
        .collect();
        if given.len() != 1 {
            let (at, what) = match given.get(1) {
                None => (at.clone(), format!("nothing says when the trigger `{name}` fires")),
                Some(second) => (second.clone(), "a trigger fires for one reason only".to_owned()),
            };
            self.fault(at, what, SOURCES);
            return None;
        }
        if let Some(text) = raw.cron.as_ref().or(raw.schedule.as_ref()).or(raw.every.as_ref()) {
            return match text.get_ref().trim().eq_ignore_ascii_case("@reboot") {
                true => Some(Source::Boot),
                false => self.time(name.as_str(), text, raw),
            };
        }
        if let Some(on) = &raw.on {
            return match on.get_ref().as_str() {
                "boot" => Some(Source::Boot),
                "daemon-start" | "daemon_start" => Some(Source::DaemonStart),
                other => {
                    let what = format!("`{other}` is not known here");
                    self.fault(on.span(), what, "on = \"boot\" or on = \"daemon-start\"");
                    None
                }
            };
        }
        if let Some(file) = &raw.file {
            return self.files(file, raw);
        }
        match (&raw.webhook, &raw.fact) {
            (Some(hook), _) => self.hook(hook, raw.secret.as_ref()).map(Source::Webhook),
            (None, Some(fact)) => Some(Source::Fact(self.facts(fact, raw))),
            (None, None) => None,
        }
    }

    fn files(&mut self, file: &Any, raw: &RawTrigger) -> Option<Source> {
        let paths = self.globs(file);
        let ignore = raw.ignore.as_ref().map(|raw| self.globs(raw)).unwrap_or_default();
        if paths.is_empty() {
            self.fault(file.span(), "no file is named".to_owned(), "file = [\"src/**/*.rs\"]");
            return None;
        }
        let debounce = Duration::from_millis(self.span(raw.debounce.as_ref(), 500));
        Some(Source::Files(Files { paths, ignore, debounce }))
    }

    fn globs(&mut self, raw: &Any) -> Vec<String> {
        let texts = self.texts(raw);
        for text in &texts {
            let inside = !text.starts_with('/') && !text.split('/').any(|part| part == "..");
            if !inside || globset::Glob::new(text).is_err() {
                let what = format!("`{text}` is no glob of files in the workspace");
                self.fault(raw.span(), what, "write it like src/**/*.rs");
            }
        }
        texts
    }

    /// One text or a list of them.
    pub(super) fn texts(&mut self, raw: &Any) -> Vec<String> {
        let found = match raw.get_ref() {
            toml::Value::String(one) => Some(vec![one.clone()]),
            toml::Value::Array(all) => {
                all.iter().map(|one| one.as_str().map(str::to_owned)).collect()
            }
            _ => None,
        };
        found.unwrap_or_else(|| {
            self.fault(raw.span(), "this is no list of texts".to_owned(), "[\"one\", \"two\"]");
            vec![]
        })
    }

    fn hook(&mut self, hook: &Any, beside: Option<&Text>) -> Option<Hook> {
        let help = "webhook = { secret = \"env:HOOK_SECRET\" }; gaia keeps no secrets";
        let mut secret = beside.map(|text| (text.span(), text.get_ref().clone()));
        let mut header = None;
        match hook.get_ref() {
            toml::Value::Boolean(true) => {}
            toml::Value::Table(table) => {
                for (key, value) in table {
                    match (key.as_str(), value) {
                        ("secret", toml::Value::String(text)) => {
                            secret = Some((hook.span(), text.clone()));
                        }
                        ("header", toml::Value::String(text)) => {
                            header = Some(text.to_ascii_lowercase());
                        }
                        ("algorithm", toml::Value::String(text)) if text == "sha256" => {}
                        (other, _) => {
                            let near =
                                nearest(other, ["secret", "header", "algorithm"].into_iter());
                            let help = near.map(|near| format!("did you mean `{near}`?"));
                            let what = format!("`{other}` does not fit here");
                            let help = help.filter(|_| near != Some(other));
                            let usual = "secret, header, and algorithm = \"sha256\"".to_owned();
                            self.fault(hook.span(), what, &help.unwrap_or(usual));
                        }
                    }
                }
            }
            _ => self.fault(hook.span(), "this is no webhook".to_owned(), help),
        }
        let Some((at, text)) = secret else {
            self.fault(hook.span(), "a webhook needs a secret".to_owned(), help);
            return None;
        };
        let Some(secret) = Secret::parse(&text) else {
            self.fault(at, "a secret must not stand in this file".to_owned(), help);
            return None;
        };
        Some(Hook { secret, header })
    }

    fn facts(&mut self, fact: &Text, raw: &RawTrigger) -> Facts {
        let wanted = raw.wanted.iter().map(|(path, value)| {
            let text = match value.get_ref() {
                toml::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (path.clone(), text)
        });
        let kind = fact.get_ref().trim().to_owned();
        let fits = |c: char| c.is_ascii_lowercase() || matches!(c, '.' | '-' | '*');
        if kind.is_empty() || !kind.chars().all(fits) {
            let what = format!("`{kind}` is no kind of fact");
            self.fault(fact.span(), what, "write it like service.failed or service.*");
        }
        Facts { kind, wanted: wanted.collect() }
    }
}
