use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Set};
use crate::{
    base::{Code, Refusal, signal, wire::Ask},
    ledger::Decision,
    service::{actor::Handle, fact::ServiceSent, view::ServiceView},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia service signal`
pub(super) struct Signal;

/// Arguments of [`Signal`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Signal, e.g. `HUP`
    signal: String,
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    set: Set,
}

/// Reply of [`Signal`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Services whose process group has had the signal.
    services: Vec<String>,
    /// Services that do not run.
    idle: Vec<String>,
}

impl Verb for Signal {
    const NAME: &'static str = "signal";
    const ABOUT: &'static str = "Send a signal to the process group of services";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/services/signal";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let number = signal(&args.signal).ok_or_else(|| {
            Refusal::new(Code::Invalid, format!("`{}` is no signal", args.signal))
                .help("write it like HUP, USR1 or 10")
        })?;
        let mut reply = Reply { services: vec![], idle: vec![] };
        for service in common::views(&handle, &args.set.choose(&handle, false)?) {
            match send(&handle, &service, number).await {
                true => reply.services.push(service.name),
                false => reply.idle.push(service.name),
            }
        }
        Ok(reply)
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        let all = [("sent to", &reply.services), ("not running:", &reply.idle)];
        let some = all.iter().filter(|(_, names)| !names.is_empty());
        some.map(|(word, names)| format!("{word} {}", names.join(", ")))
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn failed(reply: &Reply) -> bool {
        reply.services.is_empty()
    }
}

async fn send(handle: &Handle, service: &ServiceView, signal: i32) -> bool {
    let Some(unit) = service.unit.as_ref().filter(|_| service.pid.is_some()) else { return false };
    let units = &handle.sessions().ports().units;
    let sent = units.ask(unit, Ask::Signal { signal }).await.is_ok();
    if sent {
        let mut decision = Decision::new();
        decision.fact(&ServiceSent { service: service.id.clone(), signal });
        handle.note(decision);
    }
    sent
}
