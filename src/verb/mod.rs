//! A verb is one thing a person or a program can ask of gaia.
//!
//! One file per verb gives the CLI command, the API endpoint, the reply and how it prints.
//! A domain lists its verbs once with [`verbs!`](crate::verbs); the daemon mounts them as routes,
//! the CLI as subcommands, and both references (CLI, OpenAPI) are generated from the same list.
//!
//! Invariant: a verb adds no policy of its own; it asks its domain's handle and reports.

mod entry;
mod here;
mod mount;
mod openapi;
mod query;
mod sse;
mod ui;
mod who;
mod wire;

use std::future::Future;

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

pub(crate) use crate::client::escape;
pub use crate::client::{Method, route};
pub use entry::{Answer, Entry, Follow, Noun, entry};
pub use here::Here;
pub use mount::mount;
pub use openapi::openapi;
pub use query::args as query_args;
pub use sse::sse;
pub use ui::{Ui, table};
pub use who::Who;

/// Where the routes begin that an agent may ask, for itself and for nothing else.
pub const SELF: &str = "/v1/self/";

use crate::base::Refusal;

/// See the module documentation.
pub trait Verb: Sized + 'static {
    /// Command name, e.g. `restart`.
    const NAME: &'static str;
    /// One line for `--help` and for the API reference.
    const ABOUT: &'static str;
    /// `Get` for questions, `Post` for everything that changes something.
    const METHOD: Method;
    /// Route with the arguments it takes from the path, e.g. `/v1/sessions/{name}/rename`.
    const PATH: &'static str;
    /// What the caller gives: command-line arguments and request in one type.
    type Args: clap::Args + Serialize + DeserializeOwned + JsonSchema + Send + Sync;
    /// What the caller gets.
    type Reply: Serialize + DeserializeOwned + JsonSchema + Send;
    /// The domain's handle.
    type Ctx: Clone + Send + Sync + 'static;

    /// Completes the arguments on the caller's side with what only the caller can know: its
    /// folder, its environment, its standard input.
    fn prepare(_args: &mut Self::Args, _here: &Here) -> Result<(), Refusal> {
        Ok(())
    }

    /// Completes the arguments on the daemon's side with who asks. Only verbs below [`SELF`] are
    /// asked by agents.
    fn admit(_args: &mut Self::Args, _who: &Who) {}

    /// Runs inside the daemon.
    fn run(
        ctx: Self::Ctx,
        args: Self::Args,
    ) -> impl Future<Output = Result<Self::Reply, Refusal>> + Send;

    /// Writes the reply for a person.
    fn show(reply: &Self::Reply, ui: &Ui) -> String;

    /// Whether the thing asked about failed: exit code 1 instead of 0.
    fn failed(_reply: &Self::Reply) -> bool {
        false
    }

    /// A stream that tells a person on a terminal how far it is, while the reply is waited for.
    fn progress(_args: &Self::Args) -> Option<Follow> {
        None
    }

    /// Where these arguments ask for a stream instead of one reply, and how an item prints.
    fn follow(_args: &Self::Args) -> Option<Follow> {
        None
    }
}

/// Lists the verbs of a domain, once, for both sides.
#[macro_export]
macro_rules! verbs {
    ($ctx:ty => $($verb:path),+ $(,)?) => {
        /// The CLI side of this domain.
        #[must_use]
        pub(crate) fn entries() -> Vec<$crate::verb::Entry> {
            vec![$($crate::verb::entry::<$verb>()),+]
        }

        /// The API side of this domain.
        pub(crate) fn routes<S>(router: axum::Router<S>) -> axum::Router<S>
        where
            $ctx: axum::extract::FromRef<S>,
            S: Clone + Send + Sync + 'static,
        {
            $(let router = $crate::verb::mount::<$verb, S>(router);)+
            router
        }
    };
}
