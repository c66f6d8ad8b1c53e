use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    fill::{PLACES, places},
    model::{Driver, PromptBy, Style},
    output::Kind,
};
use crate::{
    agent::evidence::Rules,
    base::nearest,
    define::{Faults, Page},
};

/// Keys whose value is a regular expression.
const PATTERNS: &[&str] = &["pattern", "matches", "not_matches", "line"];

impl Driver {
    /// Reads a driver file; all that is wrong with it, each fault at its place.
    pub fn load(path: &str, text: &str) -> Result<Self, Faults> {
        let page = Page { path, text };
        let mut faults = vec![];
        let mut driver = page.parse::<Self>(&mut faults);
        if let Some(driver) = &mut driver {
            let raw = driver.evidence.take();
            driver.rules = raw.and_then(|raw| Rules::read(&page, &mut faults, &raw));
        }
        if let Ok(table) = DeTable::parse(text) {
            let mut walk = Walk { page, faults: &mut faults };
            walk.table(table.get_ref());
            if let Some(driver) = &driver {
                walk.sense(driver, table.get_ref());
            }
        }
        faults.sort_by_key(crate::base::ConfigError::place);
        match driver {
            Some(driver) if faults.is_empty() => Ok(driver),
            _ => Err(faults),
        }
    }
}

/// Goes through the text of a driver, for the faults its shape does not show.
struct Walk<'a> {
    page: Page<'a>,
    faults: &'a mut Faults,
}

impl Walk<'_> {
    fn table(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            // Titles and screen rules are another room's.
            if name != "evidence" {
                self.value(name, value);
            }
        }
    }

    fn value(&mut self, key: &str, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.table(table),
            DeValue::Array(all) => all.iter().for_each(|one| self.value(key, one)),
            DeValue::String(text) if PATTERNS.contains(&key) => self.pattern(value, text),
            DeValue::String(text) => self.places(value, text),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }

    fn pattern(&mut self, at: &Spanned<DeValue<'_>>, text: &str) {
        if let Err(error) = regex::Regex::new(text) {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            let what = format!("`{text}` is no regular expression: {why}");
            let help =
                "write it in single quotes, and a backslash before .?*+()[]{}| as themselves";
            self.faults.push(self.page.fault(at.span(), what).help(help));
        }
    }

    fn places(&mut self, at: &Spanned<DeValue<'_>>, text: &str) {
        for (_, name) in places(text) {
            if PLACES.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let span = at.span();
            let written = &self.page.text[span.clone()];
            let start =
                written.find(&format!("{{{{{name}}}}}")).map_or(span.start, |i| span.start + i);
            let end = if start == span.start { span.end } else { start + name.len() + 4 };
            let known: Vec<&str> = PLACES.iter().map(|(known, _)| *known).collect();
            let help = nearest(name, known.iter().copied()).map_or_else(
                || format!("one of {}", known.join(", ")),
                |near| format!("did you mean `{{{{{near}}}}}`?"),
            );
            let what = format!("there is no place `{{{{{name}}}}}`");
            self.faults.push(self.page.fault(start..end, what).help(help));
        }
    }

    /// What each part allows, but not all of it together.
    fn sense(&mut self, driver: &Driver, table: &DeTable<'_>) {
        let span = |name: &str| {
            let found = table.iter().find(|(key, _)| key.get_ref().as_ref() == name);
            found.map_or(0..0, |(key, _)| key.span())
        };
        if driver.headless.is_none() && driver.interactive.is_none() {
            let fault = self.page.fault(span("driver"), "this driver starts nothing");
            self.faults.push(fault.help("add [headless] or [interactive] with a `command`"));
        }
        let styles = [("headless", &driver.headless), ("interactive", &driver.interactive)];
        for (name, style) in styles {
            let style = style.as_ref();
            if let Some((what, help)) = style.and_then(|style| bad_prompt(name, style)) {
                self.faults.push(self.page.fault(span(name), what).help(help));
            }
        }
        let output = &driver.output;
        if driver.headless.is_some() && output.kind != Kind::Exit && output.last.is_empty() {
            let what = "[output] does not say which record is the final one";
            let help =
                "add final = [{ \"/type\" = \"result\" }]; without one, write kind = \"exit\"";
            self.faults.push(self.page.fault(span("output"), what).help(help));
        }
    }
}

fn bad_prompt(name: &str, style: &Style) -> Option<(String, &'static str)> {
    let says = |place: &str| style.prompt_args.iter().any(|word| word.contains(place));
    match style.prompt {
        PromptBy::Arg if !says("{{prompt}}") => Some((
            format!("[{name}] gives the prompt as an argument, and does not say where"),
            "add prompt_args = [\"{{prompt}}\"]",
        )),
        PromptBy::File if !says("{{prompt_file}}") => Some((
            format!("[{name}] gives the prompt as a file, and does not name it"),
            "add prompt_args = [\"--message-file\", \"{{prompt_file}}\"]",
        )),
        PromptBy::Paste | PromptBy::Http if name == "headless" => Some((
            format!("[{name}] has no screen to put the prompt in"),
            "write prompt = \"stdin\", \"arg\" or \"file\"",
        )),
        PromptBy::Stdin if name == "interactive" => Some((
            format!("[{name}] reads keys, not stdin"),
            "write prompt = \"arg\", \"file\", \"paste\" or \"http\"",
        )),
        PromptBy::Arg | PromptBy::File | PromptBy::Paste | PromptBy::Http | PromptBy::Stdin => None,
    }
}
