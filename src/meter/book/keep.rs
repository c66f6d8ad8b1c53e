use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        counter::Counter,
        record::{DayRecord, EARLIER, Part, RowKey, State, TaskRecord},
    },
    Book, Key,
};
use crate::ledger::{Decision, Record};

/// What is to be stored.
#[derive(Debug, Clone, Default)]
pub(super) struct Changed {
    pub(super) tasks: BTreeSet<String>,
    pub(super) days: BTreeSet<RowKey>,
    pub(super) counters: BTreeSet<(String, String)>,
}

impl Book {
    /// The book as stored.
    #[must_use]
    pub fn of(tasks: Vec<TaskRecord>, days: Vec<DayRecord>, counters: Vec<Counter>) -> Self {
        let key =
            |task: &TaskRecord, attempt: &u32| Key { task: task.task.clone(), attempt: *attempt };
        let open = tasks.iter().flat_map(|task| {
            let open = task.attempts.iter().filter(|(_, a)| a.state == State::Open);
            open.map(move |(attempt, _)| key(task, attempt))
        });
        let name = |c: &Counter| (c.session.clone(), c.model.clone());
        Self {
            open: open.collect(),
            tasks: tasks.into_iter().map(|task| (task.task.clone(), task)).collect(),
            days: days.into_iter().map(|day| (day.of, day.part)).collect(),
            counters: counters.into_iter().map(|c| (name(&c), c)).collect(),
            ..Self::default()
        }
    }

    /// What changed since the last time, to be stored in one step. If that fails, read the book
    /// anew from what is stored.
    #[must_use]
    pub fn changes(&mut self) -> Decision {
        let Changed { tasks, days, counters } = std::mem::take(&mut self.changed);
        let mut decision = std::mem::take(&mut self.facts);
        for task in tasks {
            match self.tasks.get(&task) {
                Some(record) => decision.put(record),
                None => decision.delete::<TaskRecord>(&task),
            };
        }
        for of in days {
            match self.days.get(&of) {
                Some(part) => decision.put(&DayRecord { part: *part, of }),
                None => decision.delete::<DayRecord>(&of.text()),
            };
        }
        for name in counters {
            let (session, model) = name.clone();
            match self.counters.get(&name) {
                Some(counter) => decision.put(counter),
                None => decision
                    .delete::<Counter>(&Counter { session, model, ..Counter::default() }.key()),
            };
        }
        decision
    }

    /// The sums of the days.
    pub fn days(&self) -> impl Iterator<Item = (&RowKey, &Part)> {
        self.days.iter()
    }

    /// Keeps no day before `day` apart, and no task or session that was last heard of before it.
    /// Sums stay what they are: what is old becomes the row of a day called `earlier`.
    pub fn forget(&mut self, day: &str) {
        let old = |d: &str| d != EARLIER && d < day;
        let open: BTreeSet<&str> = self.open.iter().map(|key| key.task.as_str()).collect();
        let gone = |task: &TaskRecord| {
            !open.contains(task.task.as_str()) && task.attempts.values().all(|a| old(a.last_day()))
        };
        let names: Vec<String> =
            self.tasks.values().filter(|task| gone(task)).map(|task| task.task.clone()).collect();
        for name in names {
            self.tasks.remove(&name);
            self.changed.tasks.insert(name);
        }
        for record in self.tasks.values_mut() {
            let rows = record.attempts.values_mut().flat_map(|a| &mut a.rows);
            for row in rows.filter(|row| old(&row.day)) {
                EARLIER.clone_into(&mut row.day);
                self.changed.tasks.insert(record.task.clone());
            }
        }
        self.fold_days(old);
        let silent: Vec<_> = self
            .counters
            .iter()
            .filter(|(_, c)| old(&c.day))
            .map(|(name, _)| name.clone())
            .collect();
        for name in silent {
            self.counters.remove(&name);
            self.changed.counters.insert(name);
        }
        self.told.clear();
    }

    fn fold_days(&mut self, old: impl Fn(&str) -> bool) {
        let days = std::mem::take(&mut self.days);
        let (gone, mut kept): (BTreeMap<_, _>, BTreeMap<_, _>) =
            days.into_iter().partition(|(of, _)| old(&of.day));
        for (of, part) in gone {
            let earlier = RowKey { day: EARLIER.to_owned(), ..of.clone() };
            let sum: &mut Part = kept.entry(earlier.clone()).or_default();
            *sum = sum.plus(&part);
            self.changed.days.extend([of, earlier]);
        }
        self.days = kept;
    }
}
