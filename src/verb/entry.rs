use std::{any::Any, future::Future, pin::Pin};

use clap::{ArgMatches, Args, Command, FromArgMatches};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::{Here, Ui, Verb};
use crate::{
    base::{Code, Refusal},
    client::{Client, Method},
};

/// A noun of the command line with its verbs; no noun for `gaia up` and its like.
pub struct Noun {
    /// The word, or `None` for verbs at the top.
    pub name: Option<&'static str>,
    /// One line for `--help`.
    pub about: &'static str,
    /// Its verbs.
    pub entries: Vec<Entry>,
    /// The verb that is meant by the noun alone.
    pub usual: Option<&'static str>,
    /// Its verbs run where they are asked: no daemon is needed.
    pub local: bool,
}

/// A reply under way, as JSON.
pub(super) type Reply = Pin<Box<dyn Future<Output = Result<Value, Refusal>> + Send>>;

/// A verb as the CLI and the references see it.
pub struct Entry {
    /// Command name.
    pub name: &'static str,
    /// One line.
    pub about: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Route.
    pub path: &'static str,
    /// The clap command.
    pub command: fn() -> Command,
    /// Schema of the arguments.
    pub args: fn() -> Schema,
    /// Schema of the reply.
    pub reply: fn() -> Schema,
    /// Reads and completes the arguments; refuses what makes no sense before the daemon is asked.
    pub read: fn(&ArgMatches, &Here) -> Result<Request, Refusal>,
    /// Writes a reply for a person, and says whether the thing asked about failed.
    pub show: fn(Value, &Ui) -> Shown,
    /// Runs it with the handle of its domain: for verbs that run where they are asked.
    pub run: fn(&dyn Any, Value) -> Reply,
}

/// A reply for a person, and whether the thing asked about failed.
pub(super) type Shown = Result<(String, bool), Refusal>;

/// A request ready to go.
pub struct Request {
    /// The arguments as one JSON object.
    pub args: Value,
    /// Set when a stream is wanted.
    pub follow: Option<Follow>,
    /// Set when a person may see how far it is meanwhile.
    pub progress: Option<Follow>,
}

/// A stream of server-sent events, and how one prints.
pub struct Follow {
    /// Route with query.
    pub path: String,
    /// Writes one item for a person.
    pub show: fn(&Value, &Ui) -> String,
    /// The items are pieces of one text, not lines.
    pub raw: bool,
}

/// What came back.
pub struct Answer {
    /// The reply as it came.
    pub reply: Value,
    /// The reply for a person.
    pub text: String,
    /// Whether the thing asked about failed.
    pub failed: bool,
}

impl Entry {
    /// Sends a request to the daemon; the outer error says that it may be sent again.
    pub async fn call(
        &self,
        client: &Client,
        args: Value,
        ui: &Ui,
    ) -> Result<Result<Answer, Refusal>, Refusal> {
        let reply = client.deliver(self.method, self.path, args).await?;
        Ok(reply.and_then(|reply| {
            let (text, failed) = (self.show)(reply.clone(), ui)?;
            Ok(Answer { reply, text, failed })
        }))
    }
}

/// The CLI side of `V`.
#[must_use]
pub fn entry<V: Verb>() -> Entry {
    Entry {
        name: V::NAME,
        about: V::ABOUT,
        method: V::METHOD,
        path: V::PATH,
        // clap takes the doc comment of `Args` for the command's: ours is set after it.
        command: || {
            V::Args::augment_args(Command::new(V::NAME)).about(V::ABOUT).long_about(None::<&str>)
        },
        args: schema::<V::Args>,
        reply: schema::<V::Reply>,
        read: |matches, here| {
            let mut args =
                V::Args::from_arg_matches(matches).map_err(|e| Refusal::new(Code::Invalid, e))?;
            V::prepare(&mut args, here)?;
            let (follow, progress) = (V::follow(&args), V::progress(&args));
            let args = serde_json::to_value(&args).map_err(Refusal::broken)?;
            Ok(Request { args, follow, progress })
        },
        show: |reply, ui| {
            let reply: V::Reply = serde_json::from_value(reply).map_err(Refusal::broken)?;
            Ok((V::show(&reply, ui), V::failed(&reply)))
        },
        run: |ctx, args| {
            let ctx = ctx.downcast_ref::<V::Ctx>().cloned();
            Box::pin(async move {
                let ctx = ctx.ok_or_else(|| Refusal::broken("the handle is another domain's"))?;
                let args = serde_json::from_value(args).map_err(Refusal::broken)?;
                let reply = V::run(ctx, args).await?;
                serde_json::to_value(&reply).map_err(Refusal::broken)
            })
        },
    }
}

fn schema<T: JsonSchema>() -> Schema {
    schemars::SchemaGenerator::default().into_root_schema_for::<T>()
}
