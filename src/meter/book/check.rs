use super::{
    super::{
        budget::{Amount, Budgets, Cap, Estimate, Span, Verdict, Which},
        fact::{MeterStopped, MeterWarned},
        record::{Attempt, Part, State},
        usage::Micros,
    },
    Ask, Book, Key,
};

/// Attempts whose cost the next estimate is taken from.
const PAST: usize = 15;

/// Where an attempt stands in the budgets.
pub(super) struct Place {
    key: Key,
    agent: String,
    workspace: String,
    day: String,
}

impl Ask {
    pub(super) fn place(&self) -> Place {
        Place {
            key: self.key.clone(),
            agent: self.agent.clone(),
            workspace: self.workspace.clone(),
            day: self.day.clone(),
        }
    }
}

impl Place {
    /// What a limit is about, in a word.
    fn of(&self, which: Which) -> &str {
        match which {
            Which::Task => &self.key.task,
            Which::Agent => &self.agent,
            Which::Day => &self.day,
            Which::Workspace => &self.workspace,
        }
    }

    fn fits(&self, which: Which, workspace: &str, agent: &str) -> bool {
        match which {
            Which::Agent => agent == self.agent && workspace == self.workspace,
            Which::Workspace => workspace == self.workspace,
            Which::Day | Which::Task => true,
        }
    }
}

impl Book {
    /// What an attempt of an agent is thought to use: the median of what its past ones used, else
    /// `unknown`; never more than its task may still spend.
    #[must_use]
    pub fn estimate(&self, ask: &Ask, unknown: Estimate, budgets: &Budgets) -> Estimate {
        let place = ask.place();
        let mut past: Vec<&Attempt> =
            self.tasks.values().flat_map(|t| t.attempts.values()).collect();
        past.retain(|a| place.fits(Which::Agent, &a.workspace, &a.agent));
        past.retain(|a| a.state == State::Settled);
        past.sort_by(|a, b| b.last_day().cmp(a.last_day()));
        let sums: Vec<Part> = past.into_iter().take(PAST).map(Attempt::sum).collect();
        let cost = sums.iter().filter(|s| s.unpriced == 0 && s.held.cost == Micros(0));
        let cost = median(cost.map(|sum| sum.cost.0).collect());
        let tokens = median(sums.iter().map(|sum| sum.tokens.total()).collect());
        let mut estimate = Estimate {
            cost: cost.map_or(unknown.cost, Micros),
            tokens: tokens.unwrap_or(unknown.tokens),
        };
        for (which, cap) in budgets.caps.iter().filter(|(which, _)| *which == Which::Task) {
            let (spent, reserved) = self.filled(&place, *which, *cap);
            let left = cap.limit.number().saturating_sub(spent).saturating_sub(reserved);
            match cap.limit {
                Amount::Money(_) => estimate.cost = estimate.cost.min(Micros(left)),
                Amount::Tokens(_) => estimate.tokens = estimate.tokens.min(left),
            }
        }
        estimate
    }

    /// What is spent of a limit, and what is reserved besides.
    fn filled(&self, place: &Place, which: Which, cap: Cap) -> (u64, u64) {
        let today = |day: &str| cap.span == Span::Ever || day == place.day;
        let kind = cap.limit;
        let spent = if which == Which::Task {
            let attempts = self.tasks.get(&place.key.task).into_iter();
            let rows = attempts.flat_map(|t| t.attempts.values()).flat_map(|a| &a.rows);
            rows.filter(|row| today(&row.day)).map(|row| row.part.fills(kind)).fold(0, add)
        } else {
            let rows = self.days.iter().filter(|(of, _)| today(&of.day));
            let rows = rows.filter(|(of, _)| place.fits(which, &of.workspace, &of.agent));
            rows.map(|(_, part)| part.fills(kind)).fold(0, add)
        };
        // What is reserved may be used today, whenever it was asked for.
        let open =
            self.open.iter().filter(|key| which != Which::Task || key.task == place.key.task);
        let open = open.filter_map(|key| self.attempt(key));
        let open = open.filter(|a| place.fits(which, &a.workspace, &a.agent));
        (spent, open.map(|attempt| attempt.reserved().of(kind)).fold(0, add))
    }

    /// Whether so much more may be reserved.
    pub(super) fn check_new(&self, place: &Place, more: Estimate, budgets: &Budgets) -> Verdict {
        self.check(place, budgets, |limit, spent, reserved| {
            let filled = spent.saturating_add(reserved);
            filled >= limit.number() || filled.saturating_add(more.of(limit)) > limit.number()
        })
    }

    /// Whether an attempt may go on: it stops where a limit is spent, and, once it uses more than
    /// was reserved for it, where it would take what is reserved for others.
    pub(super) fn check_running(&self, place: &Place, budgets: &Budgets) -> Verdict {
        let Some(attempt) = self.attempt(&place.key) else { return Verdict::Over };
        let (used, wanted) = (attempt.sum(), attempt.estimate);
        self.check(place, budgets, |limit, spent, reserved| {
            let beyond = used.fills(limit) > wanted.of(limit);
            spent >= limit.number() || (beyond && spent.saturating_add(reserved) > limit.number())
        })
    }

    fn check(
        &self,
        place: &Place,
        budgets: &Budgets,
        stops: impl Fn(Amount, u64, u64) -> bool,
    ) -> Verdict {
        let mut verdict = Verdict::Go;
        for (which, cap) in &budgets.caps {
            let (spent, reserved) = self.filled(place, *which, *cap);
            let (which, limit) = (*which, cap.limit);
            let amount = limit.like(spent);
            if stops(limit, spent, reserved) {
                let reserved = limit.like(reserved);
                return Verdict::Stop { which, spent: amount, reserved, limit };
            }
            if verdict == Verdict::Go && budgets.warns(amount, limit) {
                verdict = Verdict::Warn { which, spent: amount, limit };
            }
        }
        verdict
    }

    /// Tells the ledger of a verdict, once for each limit (and attempt, if it is stopped).
    pub(super) fn tell(&mut self, place: &Place, budgets: &Budgets, verdict: &Verdict) {
        let by_day = |which, limit| {
            let mut caps = budgets.caps.iter();
            caps.any(|(w, cap)| *w == which && cap.limit == limit && cap.span == Span::Day)
        };
        let name = |word: &str, which: Which, limit: Amount| {
            let day = if by_day(which, limit) { place.day.as_str() } else { "" };
            format!("{word} {which} {} {day} {limit:?}", place.of(which))
        };
        match *verdict {
            Verdict::Go | Verdict::Over => (),
            Verdict::Warn { which, spent, limit } => {
                let of = place.of(which).to_owned();
                if self.told.insert(name("warned", which, limit)) {
                    self.facts.fact(&MeterWarned { which, of, spent, limit });
                }
            }
            Verdict::Stop { which, spent, reserved, limit } => {
                let Key { task, attempt } = place.key.clone();
                let of = place.of(which).to_owned();
                let name = format!("{} {task} {attempt}", name("stopped", which, limit));
                if self.told.insert(name) {
                    let fact = MeterStopped { task, attempt, which, of, spent, reserved, limit };
                    self.facts.fact(&fact);
                }
            }
        }
    }

    pub(super) fn place(&self, key: &Key, day: &str) -> Option<Place> {
        let attempt = self.attempt(key)?;
        Some(Place {
            key: key.clone(),
            agent: attempt.agent.clone(),
            workspace: attempt.workspace.clone(),
            day: day.to_owned(),
        })
    }
}

fn add(a: u64, b: u64) -> u64 {
    a.saturating_add(b)
}

/// The middle one; of two middle ones the greater.
fn median(mut all: Vec<u64>) -> Option<u64> {
    all.sort_unstable();
    all.get(all.len() / 2).copied()
}
