use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use regex::Regex;

use super::composer::{Composer, find};
use super::rules::{Region, Rule, Rules};
use super::{Screen, Source, State};

/// What the rules of a make say of a screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What the agent seems to do.
    pub state: State,
    /// Name of the rule that fitted; `none` if none did.
    pub rule: String,
    /// The line that fitted.
    pub evidence: String,
    /// Whether the title or the screen told it.
    pub source: Source,
    /// The input line.
    pub composer: Composer,
    /// A number that changes when anything but spinners and clocks has moved.
    pub moved: u64,
}

/// Reads a screen by the rules of its make.
#[must_use]
pub fn judge(rules: &Rules, screen: &Screen) -> Judgement {
    let picture = Picture::of(rules, screen);
    let moved = picture.moved(&rules.ticking);
    let fitting = rules.rules.iter().find_map(|rule| {
        let text = picture.text(rule.region)?;
        evidence(rule, &text).map(|evidence| (rule, text, evidence))
    });
    let Some((rule, text, evidence)) = fitting else {
        return Judgement {
            state: State::Unknown,
            rule: "none".to_owned(),
            evidence: String::new(),
            source: Source::Screen,
            composer: picture.composer,
            moved,
        };
    };
    let source = if rule.region == Region::Title { Source::Title } else { Source::Screen };
    let state = meant(rule, &text);
    Judgement {
        state,
        rule: rule.name.clone(),
        evidence,
        source,
        composer: picture.composer,
        moved,
    }
}

/// What each rule makes of a screen, in their order: its name, its state, and the line that fitted
/// if one did.
#[must_use]
pub fn explain(rules: &Rules, screen: &Screen) -> Vec<(String, State, Option<String>)> {
    let picture = Picture::of(rules, screen);
    let said = |rule: &Rule| {
        let text = picture.text(rule.region);
        let line = text.as_deref().and_then(|text| evidence(rule, text));
        let state = text.map_or_else(|| rule.is.clone(), |text| meant(rule, &text));
        (rule.name.clone(), state, line)
    };
    rules.rules.iter().map(said).collect()
}

/// The picture, cut into its parts.
struct Picture {
    lines: Vec<String>,
    title: Option<String>,
    composer: Composer,
    place: Range<usize>,
    turn: Range<usize>,
    cursor: usize,
}

impl Picture {
    fn of(rules: &Rules, screen: &Screen) -> Self {
        let mut lines = screen.lines();
        let used = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        lines.truncate(used);
        let (composer, place) = match &rules.composer {
            Some(rule) => find(rule, screen, &lines),
            None => (Composer::Absent, lines.len()..lines.len()),
        };
        let before = &lines[..place.start];
        let prompt = |pattern: &Regex| before.iter().rposition(|line| pattern.is_match(line));
        let turn = rules.turn.as_ref().and_then(prompt).map_or(0, |row| row + 1)..place.start;
        let cursor = usize::from(screen.cursor().1);
        Self { lines, title: screen.title(), composer, place, turn, cursor }
    }

    /// The text of a region; none if the screen has no such region.
    fn text(&self, region: Region) -> Option<String> {
        match region {
            Region::Whole => Some(self.lines.join("\n")),
            Region::Bottom(count) => {
                let full = self.lines.iter().rev().filter(|line| !line.is_empty());
                let mut last: Vec<&str> = full.take(count).map(String::as_str).collect();
                last.reverse();
                Some(last.join("\n"))
            }
            Region::Turn => Some(self.lines[self.turn.clone()].join("\n")),
            Region::Composer => match &self.composer {
                Composer::Absent => None,
                Composer::Empty => Some(String::new()),
                Composer::Draft(text) => Some(text.clone()),
            },
            Region::Cursor => Some(self.lines.get(self.cursor).cloned().unwrap_or_default()),
            Region::Title => self.title.clone(),
        }
    }

    /// A digest of all that does not tick.
    fn moved(&self, ticking: &[Regex]) -> u64 {
        let mut hash = DefaultHasher::new();
        for (row, line) in self.lines.iter().enumerate() {
            if !self.place.contains(&row) && !ticking.iter().any(|pattern| pattern.is_match(line)) {
                line.hash(&mut hash);
            }
        }
        hash.finish()
    }
}

/// The line that makes a rule fit.
fn evidence(rule: &Rule, text: &str) -> Option<String> {
    let every = rule.all.iter().all(|pattern| pattern.is_match(text));
    let none = !rule.not.iter().any(|pattern| pattern.is_match(text));
    let one = rule.any.is_empty() || rule.any.iter().any(|pattern| pattern.is_match(text));
    if !(every && none && one) {
        return None;
    }
    let patterns = rule.any.iter().chain(&rule.all);
    let at = patterns.filter_map(|pattern| pattern.find(text)).map(|found| found.start()).max()?;
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    Some(line.trim().to_owned())
}

/// The state of a rule, with the time of its limit.
fn meant(rule: &Rule, text: &str) -> State {
    let until = || {
        let found = rule.until.as_ref()?.captures(text)?;
        Some(found.get(1)?.as_str().split_whitespace().collect::<Vec<_>>().join(" "))
    };
    if let State::Limited { .. } = rule.is {
        return State::Limited { until: until() };
    }
    rule.is.clone()
}
