use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    ledger::{chain::Entry, handle::Handle, stream::Wanted},
    verb::{Follow, Method, Ui, Verb},
};

/// Entries read at once.
const PAGE: usize = 512;

/// `gaia ledger show`
pub(super) struct Show;

/// Arguments of [`Show`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Go on as things happen
    #[arg(long, short)]
    #[serde(default)]
    follow: bool,
    /// Only what happened since then: a span (`10m`) or a moment in milliseconds
    #[arg(long)]
    since: Option<String>,
    /// Only facts of this kind; `*` stands for anything, as in `pane.*`
    #[arg(long)]
    kind: Option<String>,
    /// Only entries after this position
    #[arg(long)]
    after: Option<u64>,
    /// At most this many, the newest
    #[arg(long, short = 'n')]
    limit: Option<usize>,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Print what happened, oldest first";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/ledger";
    type Args = Args;
    type Reply = Vec<Entry>;
    type Ctx = Handle;

    fn follow(args: &Args) -> Option<Follow> {
        let show = |item: &serde_json::Value, ui: &Ui| {
            serde_json::from_value(item.clone()).map_or_else(|_| item.to_string(), |e| line(&e, ui))
        };
        let path = crate::verb::route("/v1/ledger/stream", args);
        args.follow.then_some(Follow { path, show, raw: false })
    }

    async fn run(ledger: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let wanted = Wanted::read(&ledger, args.since.as_deref(), args.kind.as_deref())?;
        let limit = args.limit.unwrap_or(usize::MAX);
        let mut found = std::collections::VecDeque::new();
        let mut after = args.after.unwrap_or(0);
        loop {
            let page = ledger.entries(after, PAGE)?;
            let Some(last) = page.last() else { return Ok(found.into()) };
            after = last.seq;
            found.extend(page.into_iter().filter(|entry| wanted.fits(entry)));
            while found.len() > limit {
                found.pop_front();
            }
        }
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        reply.iter().map(|entry| line(entry, ui)).collect::<Vec<_>>().join("\n")
    }
}

/// One entry for a person.
fn line(entry: &Entry, ui: &Ui) -> String {
    let kind = ui.paint("36", &format!("{:<18}", entry.kind));
    format!("{:>6}  {}  {kind} {}", entry.seq, entry.at.show(), entry.body)
}
