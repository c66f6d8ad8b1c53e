use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::usage::Micros;

/// Money or tokens.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Amount {
    /// Millionths of a dollar.
    Money(Micros),
    /// Tokens of all kinds together.
    Tokens(u64),
}

impl Amount {
    /// The bare number; only to compare amounts of one kind.
    pub(super) fn number(self) -> u64 {
        match self {
            Self::Money(micros) => micros.0,
            Self::Tokens(count) => count,
        }
    }

    /// The same kind with another number.
    pub(super) fn like(self, number: u64) -> Self {
        match self {
            Self::Money(_) => Self::Money(Micros(number)),
            Self::Tokens(_) => Self::Tokens(number),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Money(micros) => write!(f, "{micros}"),
            Self::Tokens(count) => write!(f, "{count} tokens"),
        }
    }
}

/// How long a limit counts before it begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Span {
    /// A day.
    Day,
    /// From the first attempt on.
    Ever,
}

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Cap {
    /// How much.
    pub limit: Amount,
    /// In which time.
    pub span: Span,
}

/// Text that is no budget.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no budget: write it like 2.50 USD, 500k tokens or 20 USD a day")]
pub struct BadBudget(pub String);

impl FromStr for Cap {
    type Err = BadBudget;

    fn from_str(text: &str) -> Result<Self, BadBudget> {
        let low = text.trim().to_ascii_lowercase();
        let by_day = ["/day", "a day", "per day"].iter().find_map(|end| low.strip_suffix(end));
        let span = if by_day.is_some() { Span::Day } else { Span::Ever };
        let limit = amount(by_day.unwrap_or(&low).trim());
        limit.map(|limit| Self { limit, span }).ok_or_else(|| BadBudget(text.to_owned()))
    }
}

fn amount(text: &str) -> Option<Amount> {
    let dollars = text.strip_prefix('$').or_else(|| text.strip_suffix("usd"));
    if let Some(dollars) = dollars {
        return decimal(dollars.trim(), 6).map(|micros| Amount::Money(Micros(micros)));
    }
    let count = text.strip_suffix("tokens").or_else(|| text.strip_suffix("token"))?.trim();
    let (number, places) = match count.strip_suffix('k') {
        Some(thousands) => (thousands, 3),
        None => count.strip_suffix('m').map_or((count, 0), |millions| (millions, 6)),
    };
    decimal(number.trim(), places).map(Amount::Tokens)
}

/// A decimal number times ten to the power of `places`, exactly.
fn decimal(text: &str, places: usize) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > places {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

/// What a limit is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// All attempts of one task.
    Task,
    /// One agent of a workspace.
    Agent,
    /// Everything, of all workspaces.
    Day,
    /// One workspace.
    Workspace,
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Task => "task",
            Self::Agent => "agent",
            Self::Day => "day",
            Self::Workspace => "workspace",
        })
    }
}

/// The limits that hold for an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budgets {
    /// Limits; every one holds.
    pub caps: Vec<(Which, Cap)>,
    /// Percent of a limit from which on it is warned.
    pub warn: u8,
}

impl Default for Budgets {
    fn default() -> Self {
        Self { caps: vec![], warn: 80 }
    }
}

impl Budgets {
    /// The limits of an attempt from where they are written. An agent's `2 USD` is for each of its
    /// tasks, unless the task has limits of its own; its `20 USD a day` is for all of them
    /// together. What is written for a workspace is for all of its agents.
    #[must_use]
    pub fn of(agent: &[Cap], task: &[Cap], workspace: &[Cap]) -> Self {
        let each = agent.iter().filter(|cap| cap.span == Span::Ever && task.is_empty());
        let daily = agent.iter().filter(|cap| cap.span == Span::Day);
        let budgets = each.chain(task).fold(Self::default(), |all, cap| all.cap(Which::Task, *cap));
        let budgets = daily.fold(budgets, |all, cap| all.cap(Which::Agent, *cap));
        workspace.iter().fold(budgets, |all, cap| all.cap(Which::Workspace, *cap))
    }

    /// The same with one more limit. A limit of [`Which::Day`] always counts by day.
    #[must_use]
    pub fn cap(mut self, which: Which, cap: Cap) -> Self {
        let span = if which == Which::Day { Span::Day } else { cap.span };
        self.caps.push((which, Cap { span, ..cap }));
        self
    }

    /// Whether so much of a limit is to be warned of.
    pub(super) fn warns(&self, spent: Amount, limit: Amount) -> bool {
        let (spent, limit) = (u128::from(spent.number()), u128::from(limit.number()));
        spent * 100 >= limit * u128::from(self.warn.min(100))
    }
}

/// What an attempt is thought to use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Money.
    #[serde(default)]
    pub cost: Micros,
    /// Tokens of all kinds together.
    #[serde(default)]
    pub tokens: u64,
}

impl Estimate {
    /// What is reserved if nothing is known of an agent: half a dollar.
    pub const UNKNOWN: Self = Self { cost: Micros(500_000), tokens: 0 };

    /// The part of it that counts against such a limit.
    pub(super) fn of(&self, kind: Amount) -> u64 {
        match kind {
            Amount::Money(_) => self.cost.0,
            Amount::Tokens(_) => self.tokens,
        }
    }
}

/// What the budgets say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Within all limits.
    Go,
    /// Within all limits, but one is nearly used up.
    Warn {
        /// Which limit.
        which: Which,
        /// What is spent of it.
        spent: Amount,
        /// The limit.
        limit: Amount,
    },
    /// A limit would be crossed, or is.
    Stop {
        /// Which limit.
        which: Which,
        /// What is spent of it.
        spent: Amount,
        /// What is reserved besides.
        reserved: Amount,
        /// The limit.
        limit: Amount,
    },
    /// The attempt was settled before: nothing may start under its number.
    Over,
}

impl Verdict {
    /// The verdict in words; empty if there is nothing to say.
    #[must_use]
    pub fn show(&self) -> String {
        match self {
            Self::Go => String::new(),
            Self::Warn { which, spent, limit } => {
                format!("{spent} of the {limit} for this {which} are spent")
            }
            Self::Stop { which, spent, reserved, limit } => format!(
                "the budget of this {which} is {limit}: {spent} are spent and {reserved} are reserved"
            ),
            Self::Over => "this attempt was settled already".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_for_what_they_are_written_for() {
        let cap = |text: &str| text.parse::<Cap>().unwrap();
        let (each, daily, all) = (cap("2 USD"), cap("20 USD a day"), cap("500k tokens"));
        let caps = |task: &[Cap]| Budgets::of(&[each, daily], task, &[all]).caps;
        let common = [(Which::Agent, daily), (Which::Workspace, all)];
        assert_eq!(caps(&[]), [&[(Which::Task, each)][..], &common].concat());
        let own = cap("9 USD");
        assert_eq!(caps(&[own]), [&[(Which::Task, own)][..], &common].concat());
        let day = Budgets::default().cap(Which::Day, each).caps;
        assert_eq!(day, [(Which::Day, Cap { span: Span::Day, ..each })]);
    }

    #[test]
    fn budgets_as_people_write_them() {
        let money = |micros| Amount::Money(Micros(micros));
        for (text, limit, span) in [
            ("2.50 USD", money(2_500_000), Span::Ever),
            ("$5", money(5_000_000), Span::Ever),
            ("0.000001usd", money(1), Span::Ever),
            ("20 USD a day", money(20_000_000), Span::Day),
            ("$20/day", money(20_000_000), Span::Day),
            ("500k tokens", Amount::Tokens(500_000), Span::Ever),
            ("1.5M tokens per day", Amount::Tokens(1_500_000), Span::Day),
            ("7 tokens", Amount::Tokens(7), Span::Ever),
        ] {
            assert_eq!(text.parse(), Ok(Cap { limit, span }), "{text}");
        }
        for bad in
            ["", "5", "-5 USD", "USD", "5 EUR", "1.5 tokens", "0.0000001 USD", "1e3 USD", ". usd"]
        {
            assert!(bad.parse::<Cap>().is_err(), "{bad}");
        }
        assert!("99999999999999999999 USD".parse::<Cap>().is_err());
    }
}
