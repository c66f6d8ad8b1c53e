//! The accounts: what may be begun for its money, and what was used.

use std::collections::BTreeMap;

use super::{Actor, Ask, Desk, World};
use crate::{
    agent::{
        id::TaskId,
        model::{Agent, State},
        record::TaskRecord,
    },
    base::{Moment, Refusal},
    inbox::{Kind, NewItem},
    meter::{
        Ask as Reserve, Book, Budgets, Counter, DayRecord, Estimate, Final, Gates, Key, Micros,
        Prices, Reading, Seen, Span, TaskRecord as Account, Tokens, Usage, Verdict, Which,
    },
};

/// The file of a person's own prices, in the home.
const PRICES: &str = "prices.toml";
const PRICES_SIZE: usize = 1 << 20;

/// The account book with prices, and what makes of agents said of their limits.
pub(crate) struct Accounts {
    book: Book,
    prices: Prices,
    limits: BTreeMap<String, Moment>,
    pub(super) gates: Gates,
}

/// What an attempt used, as its program reported it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Used {
    /// The task and the attempt.
    pub(crate) key: Key,
    /// The model.
    pub(crate) model: String,
    /// How much.
    pub(crate) reading: Reading,
}

impl Accounts {
    /// Reads the accounts back.
    pub(super) fn load(world: &World) -> Result<Self, Refusal> {
        let ledger = world.ledger();
        let (tasks, days) = (ledger.scan::<Account>()?, ledger.scan::<DayRecord>()?);
        let book = Book::of(tasks, days, ledger.scan::<Counter>()?);
        let path = world.sessions.home().root().join(PRICES);
        let own = world.sessions.ports().files.read(&path, PRICES_SIZE).ok().flatten();
        let own = own.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let shown = path.display().to_string();
        let prices = Prices::with(own.as_deref().map(|text| (shown.as_str(), text)))?;
        Ok(Self { book, prices, limits: BTreeMap::new(), gates: Gates::default() })
    }

    /// What tokens of a model cost.
    pub(super) fn price(&self, model: &str, tokens: Tokens) -> Option<Micros> {
        self.prices.cost(model, &tokens)
    }

    /// Until when a driver takes no work.
    pub(super) fn until(&self, driver: &str) -> Option<Moment> {
        self.limits.get(driver).copied()
    }

    /// A driver takes no work until a moment.
    pub(super) fn limit(&mut self, driver: String, until: Moment) {
        self.limits.insert(driver, until);
    }

    /// Fills in what the model costs where its program does not say.
    fn priced(&self, model: &str, usage: Usage) -> Usage {
        let cost = usage.cost.or_else(|| self.prices.cost(model, &usage.tokens));
        Usage { cost, ..usage }
    }

    fn reading(&self, model: &str, reading: Reading) -> Reading {
        match reading {
            Reading::Total(usage) => Reading::Total(self.priced(model, usage)),
            Reading::More(usage) => Reading::More(self.priced(model, usage)),
            Reading::Counter { session, report, grows } => {
                Reading::Counter { session, report: self.priced(model, report), grows }
            }
        }
    }
}

/// The limits that hold for a task.
fn budgets(task: &TaskRecord, agent: &Agent, workspace: &[crate::meter::Cap]) -> Budgets {
    let mut budgets = Budgets::default();
    if task.waived {
        return budgets;
    }
    for cap in task.wanted.budget.iter().copied() {
        budgets = budgets.cap(Which::Task, cap);
    }
    for cap in agent.budget.iter().copied() {
        let which = if cap.span == Span::Day { Which::Agent } else { Which::Task };
        budgets = budgets.cap(which, cap);
    }
    for cap in workspace.iter().copied() {
        budgets = budgets.cap(Which::Workspace, cap);
    }
    budgets
}

impl Desk {
    /// Tells what an attempt that runs has used; the verdict says whether it may go on.
    pub(crate) async fn used(&self, used: Used) -> Result<Verdict, Refusal> {
        self.ask(|reply| Ask::Used(used, reply)).await
    }

    /// What tokens of a model cost, if it has a price.
    pub(crate) async fn price(
        &self,
        model: String,
        tokens: Tokens,
    ) -> Result<Option<Micros>, Refusal> {
        self.ask(|reply| Ask::Price(model, tokens, reply)).await
    }

    /// Reserves the money of the next attempt of a task; the inner error says why not.
    pub(crate) async fn reserve(&self, id: TaskId) -> Result<Result<(), String>, Refusal> {
        self.ask(|reply| Ask::Reserve(id, reply)).await
    }

    /// A conversation has used so much when it was first seen: later readings count from there.
    pub(crate) fn begins(&self, session: String, model: String, report: Usage) {
        self.send(Ask::Begins(session, model, report));
    }

    /// Tells what an attempt used in all: tokens, and money if that is known.
    pub(crate) async fn settle(
        &self,
        key: Key,
        end: Final,
    ) -> Result<(Tokens, Option<Micros>), Refusal> {
        self.ask(|reply| Ask::Settle(key, end, reply)).await
    }
}

impl Actor {
    fn day(&self) -> String {
        self.world.now().show().chars().take(10).collect()
    }

    fn rules(&self, id: TaskId) -> Option<(Budgets, Agent)> {
        let task = self.tasks.get(&id)?;
        let crew = self.crews.get(&task.workspace)?;
        let agent = crew.agents.iter().find(|a| task.last().is_some_and(|l| l.agent == a.name))?;
        Some((budgets(task, agent, &crew.policy.budget), agent.clone()))
    }

    /// Reserves the money of the next attempt of a task; why not, in words.
    pub(super) fn reserve(&mut self, id: TaskId, agent: &Agent) -> Result<(), String> {
        let Some(task) = self.tasks.get(&id) else { return Ok(()) };
        let Some(crew) = self.crews.get(&task.workspace) else { return Ok(()) };
        let rules = budgets(task, agent, &crew.policy.budget);
        let key = Key { task: id.to_string(), attempt: task.attempts.len() as u32 + 1 };
        let ask = Reserve {
            key,
            agent: agent.name.to_string(),
            provider: agent.driver.clone(),
            model: agent.model.clone().unwrap_or_default(),
            workspace: task.workspace.to_string(),
            day: self.day(),
            estimate: Estimate::default(),
        };
        let estimate = self.book.book.estimate(&ask, Estimate::UNKNOWN, &rules);
        let verdict = self.book.book.reserve(&Reserve { estimate, ..ask }, &rules);
        let changes = self.book.book.changes();
        self.owed.append(changes);
        match verdict {
            Verdict::Go | Verdict::Warn { .. } | Verdict::Over => Ok(()),
            Verdict::Stop { .. } => Err(verdict.show()),
        }
    }

    /// Reserves the money of another turn of the agent that did a task last.
    pub(super) fn reserve_again(&mut self, id: TaskId) -> Result<(), String> {
        match self.rules(id) {
            Some((_, agent)) => self.reserve(id, &agent),
            None => Err("its agent is not declared any more".to_owned()),
        }
    }

    /// Books what an attempt that runs has used.
    pub(super) fn observe(&mut self, used: Used) -> Verdict {
        let id: Option<TaskId> = used.key.task.parse().ok();
        let Some((rules, _)) = id.and_then(|id| self.rules(id)) else { return Verdict::Go };
        let Used { key, model, reading } = used;
        let reading = self.book.reading(&model, reading);
        let seen = Seen { key, day: self.day(), model, reading };
        let verdict = self.book.book.observe(&seen, &rules);
        let changes = self.book.book.changes();
        self.owed.append(changes);
        verdict
    }

    /// A conversation begins with a report.
    pub(super) fn begins(&mut self, session: &str, model: &str, report: &Usage) {
        let (day, report) = (self.day(), self.book.priced(model, *report));
        self.book.book.begin(session, model, &report, &day);
        let changes = self.book.book.changes();
        self.owed.append(changes);
    }

    /// Books what an attempt used in all.
    pub(super) fn settle(&mut self, key: &Key, end: Final) -> (Tokens, Option<Micros>) {
        let end = match end {
            Final::Silent => Final::Silent,
            Final::Reported(lines) => {
                let priced = |(model, reading): (String, Reading)| {
                    let reading = self.book.reading(&model, reading);
                    (model, reading)
                };
                Final::Reported(lines.into_iter().map(priced).collect())
            }
        };
        let day = self.day();
        let _ = self.book.book.settle(key, &day, &end);
        let changes = self.book.book.changes();
        self.owed.append(changes);
        let account = self.book.book.task(&key.task);
        let sum = account.and_then(|task| task.attempts.get(&key.attempt)).map(|a| a.sum());
        let sum = sum.unwrap_or_default();
        let priced = sum.unpriced == 0 || sum.cost > Micros(0);
        (sum.tokens, priced.then_some(sum.cost))
    }

    /// A person is asked about a task whose budget is used up.
    pub(super) async fn ask_for_money(&mut self, id: TaskId, why: String) -> Result<(), Refusal> {
        let Some(task) = self.tasks.get(&id) else { return Ok(()) };
        let new = NewItem {
            workspace: Some(task.workspace.clone()),
            task: Some(id.to_string()),
            body: format!("{why}. Approve to begin all the same, once; deny to give up the task."),
            key: Some(format!("budget.{id}.{}", task.attempts.len())),
            ..NewItem::new(Kind::Budget, format!("no money left for {id}: {}", task.wanted.title))
        };
        let item = self.world.people.raise(new).await?.to_string();
        self.change(
            id,
            Box::new(move |task, decision| {
                decision.fact(&crate::agent::fact::TaskAsked {
                    task: id,
                    item: item.clone(),
                    why: why.clone(),
                });
                task.state = State::Asking { item, why };
            }),
        )
        .await
        .map(drop)
    }
}
