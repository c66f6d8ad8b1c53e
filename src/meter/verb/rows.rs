use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    meter::{
        record::{DayRecord, EARLIER, Part, TaskRecord},
        usage::{Micros, Tokens},
    },
    verb::{Ui, table},
};

/// What a sum is made by.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub(in crate::meter) enum By {
    /// By agent
    #[default]
    Agent,
    /// By task
    Task,
    /// By day
    Day,
    /// By model
    Model,
    /// By provider
    Provider,
    /// By workspace
    Workspace,
}

/// A line of the account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(in crate::meter) struct Line {
    /// The agent, task, day, model, provider or workspace.
    pub(in crate::meter) name: String,
    /// Tokens by kind.
    pub(in crate::meter) tokens: Tokens,
    /// How many of the tokens have no price.
    pub(in crate::meter) unpriced_tokens: u64,
    /// Cost of the tokens that have a price, in US dollars.
    pub(in crate::meter) cost_usd: f64,
    /// The same in millionths of a dollar, exactly.
    pub(in crate::meter) cost_micros: u64,
    /// What budgets count besides, since nobody could tell the cost; in millionths of a dollar.
    pub(in crate::meter) held_micros: u64,
    /// Attempts that ended.
    pub(in crate::meter) attempts: u64,
}

impl Line {
    fn of(name: &str, part: &Part) -> Self {
        Self {
            name: name.to_owned(),
            tokens: part.tokens,
            unpriced_tokens: part.unpriced,
            cost_usd: part.cost.dollars(),
            cost_micros: part.cost.0,
            held_micros: part.held.cost.0,
            attempts: part.attempts,
        }
    }

    fn cells(&self) -> Vec<String> {
        let Tokens { input, output, cache_read, cache_write, reasoning } = self.tokens;
        let counts = [input, cache_read, cache_write, output, reasoning];
        let name = if self.name.is_empty() { "-" } else { &self.name };
        let mut cells = vec![name.to_owned(), self.attempts.to_string()];
        cells.extend(counts.map(|count| count.to_string()));
        cells.push(self.cost());
        cells
    }

    /// The cost for a person: what has no price is never shown as nothing.
    fn cost(&self) -> String {
        let all = self.tokens.total() <= self.unpriced_tokens && self.cost_micros == 0;
        let mut cost = match (self.unpriced_tokens, all) {
            (0, _) => Micros(self.cost_micros).to_string(),
            (_, true) => "unpriced".to_owned(),
            (some, false) => {
                format!("{} + {some} tokens unpriced", Micros(self.cost_micros))
            }
        };
        if self.held_micros > 0 {
            cost += &format!(" ({} held)", Micros(self.held_micros));
        }
        cost
    }
}

/// The account, a line for each name, the dearest first (days in their order), and all of it.
pub(super) fn account(
    by: By,
    days: &[DayRecord],
    tasks: &[TaskRecord],
    since: Option<&str>,
) -> (Vec<Line>, Line) {
    let wanted = |day: &str| since.is_none_or(|since| day != EARLIER && day >= since);
    let mut sums: BTreeMap<&str, Part> = BTreeMap::new();
    let mut add = |name, part: &Part| {
        let sum: &mut Part = sums.entry(name).or_default();
        *sum = sum.plus(part);
    };
    if by == By::Task {
        for task in tasks {
            let rows = task.attempts.values().flat_map(|attempt| &attempt.rows);
            rows.filter(|row| wanted(&row.day)).for_each(|row| add(&task.task, &row.part));
        }
    } else {
        for day in days.iter().filter(|day| wanted(&day.of.day)) {
            add(name(by, day), &day.part);
        }
    }
    let total = sums.values().fold(Part::default(), |sum, part| sum.plus(part));
    let mut lines: Vec<Line> = sums.iter().map(|(name, part)| Line::of(name, part)).collect();
    if by != By::Day {
        lines.sort_by_key(|line| std::cmp::Reverse((line.cost_micros, line.tokens.total())));
    }
    (lines, Line::of("all", &total))
}

fn name(by: By, day: &DayRecord) -> &str {
    match by {
        By::Agent => &day.of.agent,
        By::Day => &day.of.day,
        By::Model => &day.of.model,
        By::Provider => &day.of.provider,
        By::Workspace => &day.of.workspace,
        By::Task => "",
    }
}

/// The account as a table.
pub(super) fn show(ui: &Ui, by: By, lines: &[Line], total: &Line) -> String {
    if lines.is_empty() {
        return "nothing was spent".to_owned();
    }
    let first = match by {
        By::Agent => "agent",
        By::Task => "task",
        By::Day => "day",
        By::Model => "model",
        By::Provider => "provider",
        By::Workspace => "workspace",
    };
    let head =
        [first, "attempts", "input", "cache read", "cache write", "output", "thought", "cost"];
    let rows = lines.iter().chain([total].into_iter().filter(|_| lines.len() > 1));
    table(ui, &head, rows.map(Line::cells).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::{budget::Estimate, record::RowKey};

    fn day(day: &str, agent: &str, model: &str, part: Part) -> DayRecord {
        let of = RowKey {
            day: day.to_owned(),
            workspace: "shop".to_owned(),
            agent: agent.to_owned(),
            provider: "anthropic".to_owned(),
            model: model.to_owned(),
        };
        DayRecord { of, part }
    }

    fn days() -> Vec<DayRecord> {
        let tokens = Tokens { input: 10, output: 5, cache_read: 900, ..Tokens::default() };
        let priced = Part { tokens, cost: Micros(1_250_000), attempts: 1, ..Part::default() };
        let held = Estimate { cost: Micros(500_000), tokens: 0 };
        let free = Part { tokens, unpriced: 915, held, cost: Micros(0), attempts: 2 };
        vec![
            day(EARLIER, "ann", "claude-opus-4-5", priced),
            day("2026-11-20", "ann", "claude-opus-4-5", priced),
            day("2026-11-21", "bob", "scripted-1", free),
        ]
    }

    #[test]
    fn what_has_no_price_is_told_and_not_shown_as_nothing() {
        let (lines, total) = account(By::Agent, &days(), &[], None);
        let text = show(&Ui::default(), By::Agent, &lines, &total);
        let shown: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split("  ").map(str::trim).filter(|c| !c.is_empty()).collect())
            .collect();
        let head = vec![
            "agent",
            "attempts",
            "input",
            "cache read",
            "cache write",
            "output",
            "thought",
            "cost",
        ];
        let row = |cells: [&'static str; 8]| cells.to_vec();
        assert_eq!(
            shown,
            [
                head,
                row(["ann", "2", "20", "1800", "0", "10", "0", "$2.50"]),
                row(["bob", "2", "10", "900", "0", "5", "0", "unpriced ($0.5000 held)"]),
                row([
                    "all",
                    "4",
                    "30",
                    "2700",
                    "0",
                    "15",
                    "0",
                    "$2.50 + 915 tokens unpriced ($0.5000 held)"
                ]),
            ]
        );
        assert_eq!(show(&Ui::default(), By::Agent, &[], &total), "nothing was spent");
    }

    #[test]
    fn since_leaves_out_what_is_older_and_days_stand_in_their_order() {
        let names = |by, since| {
            let (lines, _) = account(by, &days(), &[], since);
            lines.into_iter().map(|line| line.name).collect::<Vec<_>>()
        };
        assert_eq!(names(By::Day, None), ["2026-11-20", "2026-11-21", "earlier"]);
        assert_eq!(names(By::Day, Some("2026-11-21")), ["2026-11-21"]);
        assert_eq!(names(By::Model, None), ["claude-opus-4-5", "scripted-1"]);
        assert_eq!(names(By::Workspace, Some("2026-11-22")), Vec::<String>::new());
    }
}
