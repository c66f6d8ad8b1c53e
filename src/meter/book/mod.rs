//! The account book. Pure: it decides and remembers, and [`Book::changes`] hands out what is to be
//! stored.
//!
//! Invariants:
//! - An attempt is settled once; later words about it change nothing.
//! - The sums by day are exactly the sums of the attempts, however often these are corrected.
//! - What a reservation keeps free is its estimate less what was seen so far: seen money is spent.

mod ask;
mod check;
mod keep;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use ask::{Ask, Final, Grows, Key, Reading, Seen, Settled};

use super::{
    budget::{Budgets, Estimate, Verdict},
    counter::Counter,
    fact::MeterSpent,
    record::{Attempt, Part, Row, RowKey, State, TaskRecord},
    usage::{Micros, Usage},
};
use crate::ledger::Decision;

/// Reservations, what was spent, and the last readings of sessions.
#[derive(Debug, Clone, Default)]
pub struct Book {
    tasks: BTreeMap<String, TaskRecord>,
    days: BTreeMap<RowKey, Part>,
    counters: BTreeMap<(String, String), Counter>,
    open: BTreeSet<Key>,
    told: BTreeSet<String>,
    changed: keep::Changed,
    facts: Decision,
}

impl Book {
    /// Reserves what an attempt is thought to use, if every budget allows it. Asked again for an
    /// attempt that is reserved, it answers as for one that runs and reserves nothing more.
    pub fn reserve(&mut self, ask: &Ask, budgets: &Budgets) -> Verdict {
        let place = ask.place();
        match self.attempt(&ask.key).map(|attempt| attempt.state) {
            Some(State::Settled) => return Verdict::Over,
            Some(State::Open) => return self.check_running(&place, budgets),
            Some(State::Released) | None => (),
        }
        let verdict = self.check_new(&place, ask.estimate, budgets);
        self.tell(&place, budgets, &verdict);
        if matches!(verdict, Verdict::Stop { .. }) {
            return verdict;
        }
        let before = self.attempt(&ask.key).map(|attempt| attempt.rows.clone());
        let attempt = Attempt {
            workspace: ask.workspace.clone(),
            agent: ask.agent.clone(),
            provider: ask.provider.clone(),
            model: ask.model.clone(),
            estimate: ask.estimate,
            state: State::Open,
            day: ask.day.clone(),
            rows: before.unwrap_or_default(),
        };
        let task = self.tasks.entry(ask.key.task.clone()).or_default();
        task.task.clone_from(&ask.key.task);
        task.attempts.insert(ask.key.attempt, attempt);
        self.open.insert(ask.key.clone());
        self.changed.tasks.insert(ask.key.task.clone());
        verdict
    }

    /// Books what was seen of an attempt while it runs. [`Verdict::Stop`]: end it now.
    pub fn observe(&mut self, seen: &Seen, budgets: &Budgets) -> Verdict {
        if !self.open.contains(&seen.key) {
            return Verdict::Over;
        }
        let Some(place) = self.place(&seen.key, &seen.day) else { return Verdict::Over };
        let total = self.total(&seen.key, &seen.day, &seen.model, &seen.reading);
        self.rebook(&seen.key, &seen.day, &seen.model, total);
        let verdict = self.check_running(&place, budgets);
        self.tell(&place, budgets, &verdict);
        verdict
    }

    /// The session was used before gaia saw it: its report stands here, and nothing is booked.
    pub fn begin(&mut self, session: &str, model: &str, report: &Usage, day: &str) {
        let _ = self.since(session, model, report, day);
    }

    /// What a growing report holds since its last reading. For programs that tell tokens and no
    /// cost: price this, and book it as [`Reading::More`] before the changes are stored. (A cost
    /// made from all tokens of a session would fall when a price does, and be taken for a report
    /// that was begun anew.)
    pub fn since(&mut self, session: &str, model: &str, report: &Usage, day: &str) -> Usage {
        self.counter(session, model).read(report, day)
    }

    /// The attempt ended: its reservation becomes what it really used. Said once more, what its
    /// conversation used since is added.
    pub fn settle(&mut self, key: &Key, day: &str, end: &Final) -> Settled {
        match self.attempt(key).map(|attempt| attempt.state) {
            Some(State::Open) => (),
            Some(State::Settled) => {
                self.add_later(key, day, end);
                return Settled::Before;
            }
            Some(State::Released) | None => return Settled::Unknown,
        }
        let estimate = self.attempt(key).map(Attempt::reserved).unwrap_or_default();
        if let Final::Reported(lines) = end {
            for (model, reading) in lines {
                let total = self.total(key, day, model, reading);
                self.rebook(key, day, model, total);
            }
        }
        let sum = self.attempt(key).map(Attempt::sum).unwrap_or_default();
        let held = match end {
            Final::Silent => estimate,
            // A cost that nobody can tell is not nothing: its reservation stays in the budgets.
            Final::Reported(_) if sum.unpriced > 0 => Estimate { tokens: 0, ..estimate },
            Final::Reported(_) => Estimate::default(),
        };
        self.close(key, day, held);
        Settled::Booked(self.attempt(key).map(Attempt::sum).unwrap_or_default())
    }

    /// A report that grows tells by itself what was counted; others would be counted twice.
    fn add_later(&mut self, key: &Key, day: &str, end: &Final) {
        let Final::Reported(lines) = end else { return };
        for (model, reading) in lines {
            if matches!(reading, Reading::Counter { grows: Grows::All, .. }) {
                let total = self.total(key, day, model, reading);
                self.rebook(key, day, model, total);
            }
        }
    }

    /// The attempt did not start: its reservation is given back. What was seen stays booked.
    pub fn release(&mut self, key: &Key) {
        if self.open.remove(key)
            && let Some(attempt) = self.attempt_mut(key)
        {
            attempt.state = State::Released;
            self.changed.tasks.insert(key.task.clone());
        }
    }

    /// Attempts whose reservation is open.
    pub fn open(&self) -> impl Iterator<Item = &Key> {
        self.open.iter()
    }

    /// What was booked of a task.
    #[must_use]
    pub fn task(&self, task: &str) -> Option<&TaskRecord> {
        self.tasks.get(task)
    }

    /// Ends the account of an attempt: it counts once, at the model it used most.
    fn close(&mut self, key: &Key, day: &str, held: Estimate) {
        let Some(attempt) = self.attempt(key) else { return };
        let most = attempt.rows.iter().max_by_key(|row| (row.part.cost, row.part.tokens.total()));
        let model = most.map_or_else(|| attempt.model.clone(), |row| row.model.clone());
        let end = Part { held, attempts: 1, ..Part::default() };
        let mut rows = attempt.rows.clone();
        match rows.iter_mut().find(|row| row.day == day && row.model == model) {
            Some(row) => row.part = row.part.plus(&end),
            None => rows.push(Row { day: day.to_owned(), model, part: end }),
        }
        self.replace(key, rows);
        if let Some(attempt) = self.attempt_mut(key) {
            attempt.state = State::Settled;
        }
        self.open.remove(key);
        self.told_spent(key);
    }

    /// Tells the ledger what an attempt used, model by model.
    fn told_spent(&mut self, key: &Key) {
        let Some(attempt) = self.attempt(key).cloned() else { return };
        let mut models: BTreeMap<String, Part> = BTreeMap::new();
        for row in &attempt.rows {
            let sum = models.entry(row.model.clone()).or_default();
            *sum = sum.plus(&row.part);
        }
        for (model, part) in models {
            self.facts.fact(&MeterSpent {
                task: key.task.clone(),
                attempt: key.attempt,
                workspace: attempt.workspace.clone(),
                agent: attempt.agent.clone(),
                provider: attempt.provider.clone(),
                model,
                tokens: part.tokens,
                cost: (part.unpriced == 0).then_some(part.cost),
                held: part.held.cost,
            });
        }
    }

    /// What a reading makes of the total of an attempt and model.
    fn total(&mut self, key: &Key, day: &str, model: &str, reading: &Reading) -> Part {
        let so_far = self.attempt(key).map(|attempt| of_model(&attempt.rows, model));
        let so_far = so_far.unwrap_or_default();
        match reading {
            Reading::Total(usage) => part(usage),
            Reading::More(usage) => so_far.plus(&part(usage)),
            Reading::Counter { session, report, grows } => {
                let more = self.counter(session, model).read(report, day);
                match grows {
                    Grows::All => so_far.plus(&part(&more)),
                    Grows::Cost => {
                        let cost = more.cost.map(|cost| so_far.cost.plus(cost));
                        part(&Usage { tokens: report.tokens, cost })
                    }
                }
            }
        }
    }

    fn counter(&mut self, session: &str, model: &str) -> &mut Counter {
        let name = (session.to_owned(), model.to_owned());
        self.changed.counters.insert(name.clone());
        let new =
            Counter { session: session.to_owned(), model: model.to_owned(), ..Counter::default() };
        self.counters.entry(name).or_insert(new)
    }

    /// Gives a model of an attempt this total: days that are over keep what they have, as far as
    /// the total reaches; the rest is of today.
    fn rebook(&mut self, key: &Key, day: &str, model: &str, total: Part) {
        let Some(attempt) = self.attempt(key) else { return };
        let (old, mut rows): (Vec<Row>, Vec<Row>) =
            attempt.rows.iter().cloned().partition(|row| row.model == model);
        let mut left = total;
        for row in old.into_iter().filter(|row| row.day != day) {
            let part = row.part.least(&left);
            left = left.minus(&part);
            rows.push(Row { part, ..row });
        }
        rows.push(Row { day: day.to_owned(), model: model.to_owned(), part: left });
        rows.retain(|row| row.part != Part::default());
        self.replace(key, rows);
    }

    /// Gives an attempt these rows, and the days with it.
    fn replace(&mut self, key: &Key, rows: Vec<Row>) {
        let Some(attempt) = self.attempt_mut(key) else { return };
        let before = std::mem::replace(&mut attempt.rows, rows.clone());
        let (workspace, agent, provider) =
            (attempt.workspace.clone(), attempt.agent.clone(), attempt.provider.clone());
        let of = |row: &Row| RowKey {
            day: row.day.clone(),
            workspace: workspace.clone(),
            agent: agent.clone(),
            provider: provider.clone(),
            model: row.model.clone(),
        };
        let taken = before.iter().map(|row| (of(row), row.part, false));
        let given = rows.iter().map(|row| (of(row), row.part, true));
        // First what is given: a sum that is not whole for a moment must not sink below nothing.
        for (of, part, plus) in given.chain(taken).collect::<Vec<_>>() {
            let sum = self.days.entry(of.clone()).or_default();
            *sum = if plus { sum.plus(&part) } else { sum.minus(&part) };
            if *sum == Part::default() {
                self.days.remove(&of);
            }
            self.changed.days.insert(of);
        }
        self.changed.tasks.insert(key.task.clone());
    }

    fn attempt(&self, key: &Key) -> Option<&Attempt> {
        self.tasks.get(&key.task)?.attempts.get(&key.attempt)
    }

    fn attempt_mut(&mut self, key: &Key) -> Option<&mut Attempt> {
        self.tasks.get_mut(&key.task)?.attempts.get_mut(&key.attempt)
    }
}

/// A usage as a sum; tokens without a price are counted as such.
fn part(usage: &Usage) -> Part {
    Part {
        tokens: usage.tokens,
        cost: usage.cost.unwrap_or(Micros(0)),
        unpriced: if usage.cost.is_none() { usage.tokens.total() } else { 0 },
        ..Part::default()
    }
}

fn of_model(rows: &[Row], model: &str) -> Part {
    let rows = rows.iter().filter(|row| row.model == model);
    rows.fold(Part::default(), |sum, row| sum.plus(&row.part))
}
