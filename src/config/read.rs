use std::{collections::BTreeMap, time::Duration};

use toml_edit::{Document, Item};

use super::keys::{KEYS, Key, span};
use crate::base::size;
use crate::base::{Code, ConfigError, Refusal, faults_refusal, nearest};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A line of a file.
    File(String, usize),
    /// A variable of the environment.
    Environment(String),
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The value as text.
    pub text: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// All settings; every value fits its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings(BTreeMap<(&'static str, &'static str), Value>, Option<(String, String)>);

/// Tables of the file that another room reads.
const ELSEWHERE: &[&str] = &["notify"];

impl Default for Settings {
    fn default() -> Self {
        let value = |key: &Key| Value { text: key.default.to_owned(), origin: Origin::Default };
        Self(KEYS.iter().map(|key| ((key.section, key.name), value(key))).collect(), None)
    }
}

impl Settings {
    /// Reads a `config.toml` (its path and text, if there is one) and the environment; all faults
    /// at once.
    pub fn read(
        file: Option<(&str, &str)>,
        env: &BTreeMap<String, String>,
    ) -> Result<Self, Refusal> {
        let mut settings = Self::default();
        if let Some((path, text)) = file {
            let faults = settings.take_file(path, text);
            if !faults.is_empty() {
                return Err(faults_refusal(&faults));
            }
            settings.1 = Some((path.to_owned(), text.to_owned()));
        }
        settings.take_environment(env)?;
        Ok(settings)
    }

    fn take_file(&mut self, path: &str, text: &str) -> Vec<ConfigError> {
        let fault = |at, what: String| ConfigError::new(path, text, at, what);
        let document = match Document::parse(text.to_owned()) {
            Ok(document) => document,
            Err(error) => {
                return vec![fault(error.span().unwrap_or(0..0), error.message().to_owned())];
            }
        };
        let mut faults = Vec::new();
        for (section, item) in document.iter() {
            if ELSEWHERE.contains(&section) {
                continue;
            }
            let at = item.span().unwrap_or(0..0);
            let Some(table) = item.as_table_like() else {
                faults.push(fault(at, format!("`{section}` is no table of settings")));
                continue;
            };
            if !KEYS.iter().any(|key| key.section == section) {
                let near = nearest(section, KEYS.iter().map(|key| key.section));
                faults.push(advise(fault(at, format!("unknown table `[{section}]`")), near));
                continue;
            }
            for (name, item) in table.iter() {
                if let Err(fault) = self.take(section, name, item, (path, text)) {
                    faults.push(*fault);
                }
            }
        }
        faults
    }

    fn take(
        &mut self,
        section: &str,
        name: &str,
        item: &Item,
        (path, text): (&str, &str),
    ) -> Result<(), Box<ConfigError>> {
        let at = item.span().unwrap_or(0..0);
        let fault = |what: String| ConfigError::new(path, text, at.clone(), what);
        let known = || KEYS.iter().filter(|key| key.section == section);
        let Some(key) = known().find(|key| key.name == name) else {
            let near = nearest(name, known().map(|key| key.name));
            return Err(advise(fault(format!("unknown setting `{section}.{name}`")), near).into());
        };
        let given = item.as_str().map(str::to_owned);
        let given = given.or_else(|| item.as_integer().map(|number| number.to_string()));
        let given =
            given.ok_or_else(|| fault(format!("`{name}` must be text or a whole number")))?;
        key.kind
            .check(&given)
            .map_err(|(what, help)| fault(format!("`{given}` {what}")).help(help))?;
        let line = text[..at.start.min(text.len())].matches('\n').count() + 1;
        let value = Value { text: given, origin: Origin::File(path.to_owned(), line) };
        self.0.insert((key.section, key.name), value);
        Ok(())
    }

    fn take_environment(&mut self, env: &BTreeMap<String, String>) -> Result<(), Refusal> {
        let sections: Vec<String> =
            KEYS.iter().map(|key| format!("GAIA_{}_", key.section.to_uppercase())).collect();
        for (name, text) in env {
            let Some(key) = KEYS.iter().find(|key| variable(key) == *name) else {
                if sections.iter().any(|prefix| name.starts_with(prefix.as_str())) {
                    let known: Vec<String> = KEYS.iter().map(variable).collect();
                    let near = nearest(name, known.iter().map(String::as_str));
                    let refusal = Refusal::new(Code::Invalid, format!("{name} is no setting"));
                    return Err(match near {
                        Some(near) => refusal.help(format!("did you mean {near}?")),
                        None => refusal.help("`gaia config show` lists them"),
                    });
                }
                continue;
            };
            key.kind.check(text).map_err(|(what, help)| {
                Refusal::new(Code::Invalid, format!("{name}: `{text}` {what}")).help(help)
            })?;
            let origin = Origin::Environment(name.clone());
            self.0.insert((key.section, key.name), Value { text: text.clone(), origin });
        }
        Ok(())
    }

    /// Path and text of the file, for the tables that other rooms read; empty if there is none.
    #[must_use]
    pub fn file(&self) -> (&str, &str) {
        self.1.as_ref().map_or(("", ""), |(path, text)| (path, text))
    }

    /// Every setting with its value.
    pub fn all(&self) -> impl Iterator<Item = (&'static Key, &Value)> {
        KEYS.iter().filter_map(|key| Some((key, self.0.get(&(key.section, key.name))?)))
    }

    /// A setting as text.
    #[must_use]
    pub fn text(&self, section: &str, name: &str) -> &str {
        let mut all = self.0.iter();
        let found = all.find(|((s, n), _)| *s == section && *n == name);
        found.map_or("", |(_, value)| value.text.as_str())
    }

    /// A number or a size.
    #[must_use]
    pub fn number(&self, section: &str, name: &str) -> u64 {
        size(self.text(section, name)).unwrap_or(0)
    }

    /// A span of time; zero for never.
    #[must_use]
    pub fn span(&self, section: &str, name: &str) -> Duration {
        span(self.text(section, name)).unwrap_or_default()
    }
}

fn advise(fault: ConfigError, near: Option<&str>) -> ConfigError {
    match near {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault.help("`gaia config show` lists the settings"),
    }
}

/// Name of the variable that sets a setting.
fn variable(key: &Key) -> String {
    format!("GAIA_{}_{}", key.section, key.name).to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn the_last_one_wins_and_is_remembered() {
        let file = Some(("config.toml", "[tmux]\nhistory = 10\n\n[prune]\nidle = \"1h\"\n"));
        let settings = Settings::read(file, &env(&[("GAIA_PRUNE_IDLE", "2h")])).unwrap();
        assert_eq!(settings.number("tmux", "history"), 10);
        assert_eq!(settings.span("prune", "idle"), Duration::from_secs(7200));
        assert_eq!(settings.number("logs", "segment"), 16 << 20);
        let origin = |section, name| {
            settings
                .all()
                .find(|(k, _)| k.section == section && k.name == name)
                .unwrap()
                .1
                .origin
                .clone()
        };
        assert_eq!(origin("tmux", "history"), Origin::File("config.toml".into(), 2));
        assert_eq!(origin("prune", "idle"), Origin::Environment("GAIA_PRUNE_IDLE".into()));
        assert_eq!(origin("logs", "keep"), Origin::Default);
    }

    #[test]
    fn every_fault_says_where_and_what_instead() {
        let text = "[tmxu]\nhistory = 1\n[tmux]\nhistroy = 1\n[api]\ntcp = \"0.0.0.0:80\"\n[logs]\nkeep = \"soon\"\n";
        let message = Settings::read(Some(("c.toml", text)), &env(&[])).unwrap_err().message;
        for part in [
            "c.toml:1:1: unknown table `[tmxu]`",
            "did you mean `tmux`?",
            "unknown setting `tmux.histroy`",
            "did you mean `history`?",
            "c.toml:6:7: `0.0.0.0:80` is no loopback address",
            "c.toml:8:8: `soon` is no span of time",
        ] {
            assert!(message.contains(part), "{part}\n{message}");
        }
        let refusal = Settings::read(None, &env(&[("GAIA_PRUNE_IDEL", "1h")])).unwrap_err();
        assert_eq!(refusal.help.as_deref(), Some("did you mean GAIA_PRUNE_IDLE?"));
        assert!(Settings::read(None, &env(&[("GAIA_HOME", "x"), ("GAIA_PANE", "y")])).is_ok());
        assert!(Settings::default().all().all(|(k, v)| k.kind.check(&v.text).is_ok()));
    }
}
