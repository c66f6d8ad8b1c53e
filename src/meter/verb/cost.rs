use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rows::{By, Line, account, show};
use crate::{
    base::{Code, Refusal, moment_before},
    ledger::Handle,
    meter::{DayRecord, TaskRecord, day_of},
    verb::{Method, Ui, Verb},
};

/// `gaia cost`
pub(super) struct Cost;

/// Arguments of [`Cost`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// What the sums are made by
    #[arg(long, value_enum, default_value = "agent")]
    #[serde(default)]
    by: By,
    /// Only what was used since then, by whole days: a span (`7d`) or a moment in milliseconds
    #[arg(long)]
    since: Option<String>,
}

/// The account.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// What the sums are made by.
    by: By,
    /// First day that is counted.
    since: Option<String>,
    /// The sums.
    lines: Vec<Line>,
    /// All of them together.
    total: Line,
}

impl Verb for Cost {
    const NAME: &'static str = "cost";
    const ABOUT: &'static str = "Show the tokens and the money that agents used";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/cost";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(ledger: Handle, args: Args) -> Result<Reply, Refusal> {
        let since = args.since.as_deref().map(|text| {
            moment_before(text, ledger.now()).map(day_of).ok_or_else(|| {
                Refusal::new(Code::Invalid, format!("`{text}` is no span of time"))
                    .help("write it like 7d, 24h or 30m")
            })
        });
        let since = since.transpose()?;
        let tasks = match args.by {
            By::Task => ledger.scan::<TaskRecord>()?,
            By::Agent | By::Day | By::Model | By::Provider | By::Workspace => vec![],
        };
        let days = ledger.scan::<DayRecord>()?;
        let (lines, total) = account(args.by, &days, &tasks, since.as_deref());
        Ok(Reply { by: args.by, since, lines, total })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        show(ui, reply.by, &reply.lines, &reply.total)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;
    use crate::{
        ledger::{Retention, spawn},
        meter::{Amount, Ask, Book, Budgets, Cap, Estimate, Final, Key, Micros, Span, Which},
        port::{FakeClock, FakeStore},
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_stored_is_what_is_shown() {
        let clock = FakeClock::default();
        clock.advance(Duration::from_millis(1_795_262_400_000));
        let ledger = spawn(Arc::new(FakeStore::default()), Arc::new(clock), Retention::default());
        let ledger = ledger.unwrap();
        let day = day_of(ledger.now());
        assert_eq!(day, "2026-11-21");
        let key = Key { task: "t1".to_owned(), attempt: 1 };
        let ask = Ask {
            key: key.clone(),
            agent: "ann".to_owned(),
            provider: "anthropic".to_owned(),
            model: "claude-opus-4-5".to_owned(),
            workspace: "shop".to_owned(),
            day: day.clone(),
            estimate: Estimate::UNKNOWN,
        };
        let cap = Cap { limit: Amount::Money(Micros(500_000)), span: Span::Ever };
        let budgets = Budgets::default().cap(Which::Task, cap);
        let mut book = Book::default();
        book.reserve(&ask, &budgets);
        ledger.commit(book.changes()).await.unwrap();
        book.settle(&key, &day, &Final::Silent);
        ledger.commit(book.changes()).await.unwrap();
        let next = Ask { key: Key { attempt: 2, ..key }, ..ask };
        book.reserve(&next, &budgets);
        ledger.commit(book.changes()).await.unwrap();
        let kinds: Vec<String> =
            ledger.entries(0, 9).unwrap().iter().map(|entry| entry.kind.clone()).collect();
        assert_eq!(kinds, ["meter.spent", "meter.stopped"]);
        for (by, since) in [(By::Task, None), (By::Agent, Some("1d".to_owned()))] {
            let reply = Cost::run(ledger.clone(), Args { by, since }).await.unwrap();
            assert_eq!((reply.total.held_micros, reply.total.attempts), (500_000, 1));
        }
        let soon = Args { by: By::Day, since: Some("soon".to_owned()) };
        assert_eq!(Cost::run(ledger, soon).await.unwrap_err().code, Code::Invalid);
    }
}
