use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common;
use crate::{
    base::{Code, Moment, Name, Refusal, duration},
    inbox::{
        actor::Handle,
        model::{Answer, Choice, Item, Kind, NewItem, State},
    },
    verb::{Method, Ui, Verb},
};

/// `gaia inbox raise`
pub(super) struct Raise;

/// Arguments of [`Raise`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// What has to be decided, in one line
    title: String,
    /// All that has to be known for it
    #[arg(long, default_value = "")]
    #[serde(default)]
    body: String,
    /// What it is about
    #[arg(long, value_enum, default_value = "question")]
    #[serde(default = "question")]
    kind: Kind,
    /// An answer to choose from: `ID` or `ID=WORDS`; once for each
    #[arg(long = "option", value_name = "ID=WORDS")]
    #[serde(default)]
    options: Vec<String>,
    /// Workspace it belongs to
    #[arg(long)]
    workspace: Option<Name>,
    /// Agent that asks
    #[arg(long)]
    agent: Option<String>,
    /// Task it is about
    #[arg(long)]
    task: Option<String>,
    /// How long an answer is taken, e.g. 1h
    #[arg(long, value_name = "SPAN")]
    expires: Option<String>,
    /// What is taken for the answer then: yes, no, an option or a text
    #[arg(long, value_name = "ANSWER", requires = "expires")]
    on_expiry: Option<String>,
    /// Raise it once, however often it is asked with this key
    #[arg(long)]
    key: Option<String>,
    /// Wait until it is closed; exit code 1 without an answer, or if that is no
    #[arg(long)]
    #[serde(default)]
    wait: bool,
}

fn question() -> Kind {
    Kind::Question
}

/// Reply of [`Raise`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The item.
    #[serde(flatten)]
    item: Item,
    /// Whether it was waited for.
    waited: bool,
}

impl Verb for Raise {
    const NAME: &'static str = "raise";
    const ABOUT: &'static str = "Ask a person something, and wait for the answer if wanted";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/inbox";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(inbox: Handle, args: Args) -> Result<Reply, Refusal> {
        let wait = args.wait;
        let expires = args.expires.as_deref().map(|span| moment(span, inbox.now())).transpose()?;
        let on_expiry = args.on_expiry.map(|word| match word.as_str() {
            "yes" if args.kind.takes_verdict() => Answer::verdict(true, None),
            "no" if args.kind.takes_verdict() => Answer::verdict(false, None),
            _ => Answer::text(word),
        });
        let new = NewItem {
            kind: args.kind,
            workspace: args.workspace,
            agent: args.agent,
            task: args.task,
            title: args.title,
            body: args.body,
            options: args.options.iter().map(|option| choice(option)).collect(),
            expires,
            on_expiry,
            key: args.key,
        };
        let id = inbox.raise(new).await?;
        let item = match wait {
            true => inbox.wait(&id).await?,
            false => inbox.view().find(id.as_str())?,
        };
        Ok(Reply { item: Item::clone(&item), waited: wait })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        match (reply.waited, &reply.item.state) {
            (false, _) => reply.item.id.to_string(),
            (true, State::Answered { answer, .. }) => answer.show(),
            (true, _) => common::state(&reply.item, ui),
        }
    }

    fn failed(reply: &Reply) -> bool {
        let answer = reply.item.answer();
        reply.waited && answer.is_none_or(|answer| answer.allow == Some(false))
    }
}

fn choice(option: &str) -> Choice {
    let (id, words) = option.split_once('=').unwrap_or((option, option));
    Choice { id: id.to_owned(), words: words.to_owned() }
}

fn moment(span: &str, now: Moment) -> Result<Moment, Refusal> {
    let span = duration(span).ok_or_else(|| {
        Refusal::new(Code::Invalid, format!("`{span}` is no span of time"))
            .help("write it like 30m, 2h or 7d")
    })?;
    Ok(now.after(span))
}
