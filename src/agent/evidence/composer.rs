use std::ops::Range;

use regex::Regex;

use super::Screen;
use super::rules::ComposerRule;

/// The input line of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Composer {
    /// There is none to be seen: a dialog is open, or the program is not ready.
    Absent,
    /// Nothing is typed; a hint may stand there.
    Empty,
    /// What a person has typed and not sent.
    Draft(String),
}

/// The input line, and the lines of the screen that it takes.
pub(crate) fn find(
    rule: &ComposerRule,
    screen: &Screen,
    lines: &[String],
) -> (Composer, Range<usize>) {
    let place = match &rule.below {
        Some(below) => upward(rule, below, lines),
        None => downward(rule, lines),
    };
    let Some(place) = place.filter(|place| stands(rule, lines, place)) else {
        return (Composer::Absent, lines.len()..lines.len());
    };
    let typed: Vec<String> =
        place.clone().filter_map(|row| typed(rule, screen, row, row == place.start)).collect();
    let text = typed.join("\n").trim_matches('\n').trim_end().to_owned();
    let composer = if text.trim().is_empty() { Composer::Empty } else { Composer::Draft(text) };
    (composer, place)
}

/// The lines above the lowest `below`, up to the first line of the input.
fn upward(rule: &ComposerRule, below: &Regex, lines: &[String]) -> Option<Range<usize>> {
    let end = lines.iter().rposition(|line| below.is_match(line))?;
    let mut start = end;
    while let Some(row) = start.checked_sub(1) {
        if fits(rule.first.as_ref(), &lines[row]) {
            return Some(row..end);
        }
        if !fits(rule.next.as_ref(), &lines[row]) {
            break;
        }
        start = row;
    }
    (rule.first.is_none() && start < end).then_some(start..end)
}

/// The lowest first line of the input and what follows it.
fn downward(rule: &ComposerRule, lines: &[String]) -> Option<Range<usize>> {
    let start = lines.iter().rposition(|line| fits(rule.first.as_ref(), line))?;
    let more = lines[start + 1..].iter().take_while(|line| fits(rule.next.as_ref(), line)).count();
    Some(start..start + 1 + more)
}

/// Whether the place is an input, by what stands above and in it.
fn stands(rule: &ComposerRule, lines: &[String], place: &Range<usize>) -> bool {
    let above = rule.above.as_ref().is_none_or(|above| {
        place.start.checked_sub(1).is_some_and(|row| above.is_match(&lines[row]))
    });
    above && !lines[place.clone()].iter().any(|line| fits(rule.not.as_ref(), line))
}

/// What a person typed into a line.
fn typed(rule: &ComposerRule, screen: &Screen, row: usize, first: bool) -> Option<String> {
    let line = screen.solid(u16::try_from(row).ok()?);
    let pattern =
        if first { rule.first.as_ref().or(rule.next.as_ref()) } else { rule.next.as_ref() };
    let found = pattern?.captures(&line)?;
    // Some programs keep the place of their cursor with a space of no width.
    let text = found.get(1).map_or("", |part| part.as_str()).trim_end_matches('\u{200b}');
    Some(if fits(rule.ghost.as_ref(), text) { String::new() } else { text.to_owned() })
}

fn fits(pattern: Option<&Regex>, line: &str) -> bool {
    pattern.is_some_and(|pattern| pattern.is_match(line))
}
