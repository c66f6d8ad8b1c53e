use serde::{Deserialize, Serialize};

use super::usage::{Micros, Tokens, Usage};

/// The last reading of a session whose report only grows, over every run that resumes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Id of the session, as its program gave it.
    pub session: String,
    /// Model, for programs that report each apart.
    pub model: String,
    /// Tokens at the last reading.
    pub tokens: Tokens,
    /// Cost at the last reading.
    pub cost: Micros,
    /// Day of the last reading.
    #[serde(default)]
    pub day: String,
}

impl Counter {
    /// What came since the last reading. A report that fell was begun anew from nothing.
    pub(super) fn read(&mut self, now: &Usage, day: &str) -> Usage {
        let anew = now.tokens.fell_below(&self.tokens);
        let tokens = if anew { now.tokens } else { now.tokens.minus(&self.tokens) };
        day.clone_into(&mut self.day);
        self.tokens = now.tokens;
        let cost = now.cost.map(|cost| {
            let anew = cost < self.cost;
            let more = if anew { cost } else { cost.minus(self.cost) };
            self.cost = cost;
            more
        });
        Usage { tokens, cost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(input: u64, micros: u64) -> Usage {
        let tokens = Tokens { input, ..Tokens::default() };
        Usage { tokens, cost: Some(Micros(micros)) }
    }

    #[test]
    fn readings_become_differences_and_a_fresh_report_begins_at_nothing() {
        let mut counter = Counter::default();
        let told: Vec<Usage> = [(100, 10), (100, 10), (250, 30), (40, 5), (60, 5)]
            .map(|(input, micros)| counter.read(&reading(input, micros), "d"))
            .into();
        let wanted = [(100, 10), (0, 0), (150, 20), (40, 5), (20, 0)];
        assert_eq!(told, wanted.map(|(input, micros)| reading(input, micros)));
    }
}
