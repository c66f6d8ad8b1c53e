use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Own;
use crate::{
    agent::{
        actor::{Handle, News},
        verb::common::span,
        words::digest,
    },
    base::{Code, Moment, Refusal},
    inbox::{Choice, Kind, NewItem, State},
    verb::{Here, Method, Ui, Verb, Who},
};

/// `gaia self ask`
pub(super) struct Ask;

/// Arguments of [`Ask`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct AskArgs {
    /// The question
    question: String,
    /// An answer to choose from
    #[arg(long = "option", value_name = "ANSWER")]
    #[serde(default)]
    options: Vec<String>,
    /// Longest time to wait, e.g. `1h`; for ever if it is left out
    #[arg(long)]
    timeout: Option<String>,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

/// Reply of [`Ask`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct AskReply {
    /// The answer.
    answer: String,
    /// Who answered.
    by: String,
}

impl Verb for Ask {
    const NAME: &'static str = "ask";
    const ABOUT: &'static str = "Ask a person, and wait for the answer";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/self/ask";
    type Args = AskArgs;
    type Reply = AskReply;
    type Ctx = Handle;

    fn prepare(args: &mut AskArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut AskArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: AskArgs) -> Result<AskReply, Refusal> {
        let task = args.own.task(&handle)?;
        let number = task.last().map_or(0, |attempt| attempt.number);
        let world = handle.world();
        let patience = args.timeout.as_deref().map(span).transpose()?;
        let expires = patience.map(|span| Moment(world.now().0 + span.as_millis() as u64));
        let question = args.question.trim().to_owned();
        let options = args
            .options
            .iter()
            .enumerate()
            .map(|(at, words)| Choice { id: (at + 1).to_string(), words: words.clone() });
        let title: String = question.lines().next().unwrap_or("").chars().take(200).collect();
        // Asked again after a daemon came back, it is the same question.
        let key = format!("ask.{}.{number}.{}", task.id, &digest(&question)[..16]);
        let new = NewItem {
            workspace: Some(task.workspace.clone()),
            agent: task.last().map(|attempt| attempt.agent.to_string()),
            task: Some(task.id.to_string()),
            body: question,
            options: options.collect(),
            expires,
            key: Some(key),
            ..NewItem::new(Kind::Question, title.clone())
        };
        let id = world.people.raise(new).await?;
        handle.tell(task.id, News::Waits(Some(title)));
        let item = world.people.wait(&id).await;
        handle.tell(task.id, News::Waits(None));
        let item = item?;
        let answer = item.answer().map(|answer| {
            let chosen = answer.option.as_ref().and_then(|id| {
                item.options.iter().find(|choice| choice.id == *id).map(|c| c.words.clone())
            });
            chosen.or_else(|| answer.text.clone()).unwrap_or_else(|| answer.show())
        });
        let by = match &item.state {
            State::Answered { by, .. } => by.clone(),
            State::Open | State::Expired { .. } | State::Withdrawn { .. } => "nobody".to_owned(),
        };
        let answer = answer.ok_or_else(|| {
            Refusal::new(Code::Failed, "nobody answered in time")
                .help("decide yourself, and say in your summary what you decided and why")
        })?;
        Ok(AskReply { answer, by })
    }

    fn show(reply: &AskReply, _: &Ui) -> String {
        reply.answer.clone()
    }
}
