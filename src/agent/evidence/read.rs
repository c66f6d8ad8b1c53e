use regex::{Regex, RegexBuilder};
use toml::Spanned;

use super::State;
use super::rules::{ComposerRule, Region, Rule, Rules};
use crate::base::ConfigError;
use crate::define::{Faults, Page, Text, span_ms};

/// The `[evidence]` table of a driver, as written.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawEvidence {
    silence: Option<Text>,
    turn: Option<Text>,
    #[serde(default)]
    ticking: Vec<Text>,
    composer: Option<RawComposer>,
    #[serde(default)]
    rule: Vec<Spanned<RawRule>>,
}

/// `[evidence.composer]`.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawComposer {
    below: Option<Text>,
    first: Option<Text>,
    next: Option<Text>,
    above: Option<Text>,
    not: Option<Text>,
    ghost: Option<Text>,
}

/// One `[[evidence.rule]]`.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    name: Text,
    is: Text,
    #[serde(rename = "in")]
    region: Text,
    #[serde(default)]
    any: Vec<Text>,
    #[serde(default)]
    all: Vec<Text>,
    #[serde(default)]
    not: Vec<Text>,
    until: Option<Text>,
}

/// A file that holds nothing but an `[evidence]` table.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    evidence: RawEvidence,
}

/// Time without progress after which a working agent is stalled, unless its make says other.
const SILENCE_MS: u64 = 300_000;

impl Rules {
    /// The rules of a file that holds an `[evidence]` table and nothing else.
    ///
    /// # Errors
    /// All that is wrong with it, each with its place.
    pub fn parse(path: &str, text: &str) -> Result<Self, Vec<ConfigError>> {
        let (page, mut faults) = (Page { path, text }, Faults::new());
        let file: Option<RawFile> = page.parse(&mut faults);
        file.and_then(|file| Self::read(&page, &mut faults, &file.evidence)).ok_or(faults)
    }

    /// The rules of an `[evidence]` table; none if it has faults.
    pub(crate) fn read(page: &Page<'_>, faults: &mut Faults, raw: &RawEvidence) -> Option<Self> {
        let before = faults.len();
        let mut reader = Reader { page, faults };
        let silence = raw.silence.as_ref().and_then(|text| span_ms(page, reader.faults, text));
        let rules = Self {
            turn: reader.maybe(raw.turn.as_ref()),
            ticking: reader.all(&raw.ticking),
            composer: raw.composer.as_ref().map(|composer| reader.composer(composer)),
            rules: raw.rule.iter().filter_map(|rule| reader.rule(rule)).collect(),
            silence_ms: silence.unwrap_or(SILENCE_MS),
        };
        reader.twice(&raw.rule);
        (faults.len() == before).then_some(rules)
    }
}

struct Reader<'a, 'p> {
    page: &'a Page<'p>,
    faults: &'a mut Faults,
}

impl Reader<'_, '_> {
    fn rule(&mut self, raw: &Spanned<RawRule>) -> Option<Rule> {
        let (at, raw) = (raw.span(), raw.get_ref());
        if raw.any.is_empty() && raw.all.is_empty() {
            let what = format!("rule `{}` looks for nothing", raw.name.get_ref());
            self.faults.push(self.page.fault(at, what).help("give it `any` or `all`"));
        }
        let is = State::of_rule(raw.is.get_ref());
        if is.is_none() {
            let help = format!("one of {}", State::WORDS.join(", "));
            self.no(&raw.is, "state", &help);
        }
        let region = Region::of(raw.region.get_ref());
        if region.is_none() {
            self.no(
                &raw.region,
                "region",
                "one of whole, bottom(8), turn, composer, cursor, title",
            );
        }
        Some(Rule {
            name: raw.name.get_ref().clone(),
            any: self.all(&raw.any),
            all: self.all(&raw.all),
            not: self.all(&raw.not),
            until: self.maybe(raw.until.as_ref()),
            is: is?,
            region: region?,
        })
    }

    fn composer(&mut self, raw: &RawComposer) -> ComposerRule {
        if raw.first.is_none() && (raw.below.is_none() || raw.next.is_none()) {
            let at = [&raw.below, &raw.next, &raw.above].into_iter().flatten().next();
            let at = at.map_or(0..0, Spanned::span);
            let fault = self.page.fault(at, "the composer cannot be found like this");
            self.faults.push(fault.help("give it `first`, or both `below` and `next`"));
        }
        ComposerRule {
            below: self.maybe(raw.below.as_ref()),
            first: self.maybe(raw.first.as_ref()),
            next: self.maybe(raw.next.as_ref()),
            above: self.maybe(raw.above.as_ref()),
            not: self.maybe(raw.not.as_ref()),
            ghost: self.maybe(raw.ghost.as_ref()),
        }
    }

    /// Two rules of one name cannot be told apart when they are explained.
    fn twice(&mut self, rules: &[Spanned<RawRule>]) {
        for (place, rule) in rules.iter().enumerate() {
            let name = &rule.get_ref().name;
            let same = |other: &Spanned<RawRule>| other.get_ref().name.get_ref() == name.get_ref();
            if rules[..place].iter().any(same) {
                let what = format!("there is a rule `{}` already", name.get_ref());
                self.faults.push(self.page.fault(name.span(), what).help("take another name"));
            }
        }
    }

    fn no(&mut self, text: &Text, kind: &str, help: &str) {
        let what = format!("there is no {kind} `{}`", text.get_ref());
        self.faults.push(self.page.fault(text.span(), what).help(help));
    }

    fn maybe(&mut self, text: Option<&Text>) -> Option<Regex> {
        text.and_then(|text| self.pattern(text))
    }

    fn all(&mut self, texts: &[Text]) -> Vec<Regex> {
        texts.iter().filter_map(|text| self.pattern(text)).collect()
    }

    /// A pattern; `^` and `$` are the ends of a line.
    fn pattern(&mut self, text: &Text) -> Option<Regex> {
        let error = match RegexBuilder::new(text.get_ref()).multi_line(true).build() {
            Ok(pattern) => return Some(pattern),
            Err(error) => error.to_string(),
        };
        let last = error.lines().last().unwrap_or("it cannot be read");
        let why = last.strip_prefix("error: ").unwrap_or(last);
        let fault = self.page.fault(text.span(), format!("this pattern is wrong: {why}"));
        self.faults.push(fault.help("write patterns between single quotes, like '^> '"));
        None
    }
}
