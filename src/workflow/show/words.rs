//! Values as people read them.

use serde_json::Value;

use super::escape::line;
use crate::workflow::{
    expr::{Expr, Operand},
    model::{Definition, StepIndex},
    text::{Part, Reference, Root, Template},
};

/// A span as people say it: `0.4s`, `42s`, `3m 20s`, `2h 5m`.
pub(super) fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    let two = |whole: u64, big: &str, rest: u64, small: &str| match rest {
        0 => format!("{whole}{big}"),
        _ => format!("{whole}{big} {rest}{small}"),
    };
    match seconds {
        0 if ms > 0 => format!("0.{}s", (ms / 100).max(1)),
        0..60 => format!("{seconds}s"),
        60..3600 => two(seconds / 60, "m", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds % 3600 / 60, "m"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

/// A span as a clock shows it: `00:42`, `1:02:03`.
pub(super) fn clock(ms: u64) -> String {
    let seconds = ms / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes:02}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// Dollars with two digits; four below a cent.
pub(super) fn dollars(cost: f64) -> String {
    if cost > 0.0 && cost < 0.01 { format!("${cost:.4}") } else { format!("${cost:.2}") }
}

/// A big number with few digits.
pub(super) fn count(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{:.1}k", number as f64 / 1e3),
        _ => format!("{:.1}M", number as f64 / 1e6),
    }
}

/// `1 step`, `2 steps`.
pub(super) fn many(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

/// A value on one line.
pub(super) fn value(value: &Value, most: usize) -> String {
    match value {
        Value::String(text) => line(text, most),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            line(&value.to_string(), most)
        }
    }
}

/// Several names in a sentence.
pub(super) fn list(words: &[String], and: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {and} {last}", most.join(", ")),
    }
}

/// Says what is written in a definition, with the names that are written there.
#[derive(Clone, Copy)]
pub(super) struct Speech<'a>(pub(super) &'a Definition);

impl Speech<'_> {
    fn name(self, step: StepIndex) -> String {
        self.0.steps.get(step as usize).map_or_else(|| "?".to_owned(), |step| step.id.clone())
    }

    /// A text with its references.
    pub(super) fn text(self, template: &Template) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Value(reference) => format!("{{{{ {} }}}}", self.reference(reference)),
        };
        template.0.iter().map(part).collect()
    }

    /// What a value is taken from: bare if the text is nothing else.
    pub(super) fn source(self, template: &Template) -> String {
        match &template.0[..] {
            [Part::Value(reference)] => self.reference(reference),
            _ => self.text(template),
        }
    }

    fn reference(self, reference: &Reference) -> String {
        let root = match &reference.root {
            Root::Input(name) => format!("inputs.{name}"),
            Root::Output(step) if reference.path.is_empty() => {
                format!("{}.output", self.name(*step))
            }
            Root::Output(step) => self.name(*step),
            Root::Always(step, field) => format!("{}.{field}", self.name(*step)),
            Root::Status(step) => format!("{}.status", self.name(*step)),
            Root::Previous(step) => format!("prev.{}", self.name(*step)),
            Root::Item(step) => self.item(*step),
            Root::Key(_) => "key".to_owned(),
            Root::Iteration(_) => "loop.iteration".to_owned(),
            Root::Run(field) => format!("run.{field}"),
        };
        std::iter::once(root).chain(reference.path.iter().cloned()).collect::<Vec<_>>().join(".")
    }

    fn item(self, step: StepIndex) -> String {
        let step = self.0.steps.get(step as usize);
        let each = step.and_then(|step| step.for_each.as_ref());
        each.map_or_else(|| "item".to_owned(), |each| each.name.clone())
    }

    /// A condition.
    pub(super) fn condition(self, expr: &Expr) -> String {
        let inner = |expr: &Expr| match expr {
            Expr::All(_) | Expr::Any(_) => format!("({})", self.condition(expr)),
            Expr::Not(_) | Expr::Equal(..) | Expr::In(..) | Expr::Is(_) => self.condition(expr),
        };
        let joined = |all: &[Expr], word: &str| {
            all.iter().map(inner).collect::<Vec<_>>().join(&format!(" {word} "))
        };
        match expr {
            Expr::All(all) => joined(all, "and"),
            Expr::Any(any) => joined(any, "or"),
            Expr::Not(not) => match &**not {
                Expr::Equal(a, b) => format!("{} != {}", self.side(a), self.side(b)),
                Expr::In(a, b) => format!("{} not in {}", self.side(a), self.side(b)),
                other @ (Expr::All(_) | Expr::Any(_) | Expr::Not(_) | Expr::Is(_)) => {
                    format!("not {}", inner(other))
                }
            },
            Expr::Equal(a, b) => format!("{} == {}", self.side(a), self.side(b)),
            Expr::In(a, b) => format!("{} in {}", self.side(a), self.side(b)),
            Expr::Is(operand) => self.side(operand),
        }
    }

    fn side(self, operand: &Operand) -> String {
        match operand {
            Operand::Value(reference) => self.reference(reference),
            Operand::Literal(Value::String(text)) => format!("'{text}'"),
            Operand::Literal(value) => value.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_money_and_numbers_are_short() {
        let spans = [0, 40, 400, 42_000, 200_000, 7_500_000, 90_000_000].map(span);
        assert_eq!(spans, ["0s", "0.1s", "0.4s", "42s", "3m 20s", "2h 5m", "1d 1h"]);
        assert_eq!([clock(42_000), clock(3_723_000)], ["00:42", "1:02:03"]);
        assert_eq!([dollars(0.0), dollars(0.0042), dollars(0.124)], ["$0.00", "$0.0042", "$0.12"]);
        assert_eq!([count(9_999), count(12_340), count(2_500_000)], ["9999", "12.3k", "2.5M"]);
    }
}
