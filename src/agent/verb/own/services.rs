use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::time::Duration;

use super::common::Own;
use crate::{
    agent::{actor::Handle, verb::common::span},
    base::{Code, Refusal, nearest, plain},
    port::Capture,
    service::{ServiceId, ServiceView},
    verb::{Here, Method, Ui, Verb, Who},
};

/// Most bytes of output that are read.
const TAIL: u64 = 64 << 10;
/// Longest wait for a service unless it is told otherwise.
const PATIENCE: Duration = Duration::from_secs(120);

/// A service of the workspace of whoever asks.
fn one(handle: &Handle, own: &Own, name: &str) -> Result<std::sync::Arc<ServiceView>, Refusal> {
    let task = own.task(handle)?;
    let view = handle.world().services.view();
    let of = || view.services.values().filter(|s| s.id.workspace == task.workspace);
    if let Some(found) = of().find(|service| service.name == name) {
        return Ok(found.clone());
    }
    let refusal = Refusal::new(Code::NotFound, format!("there is no service `{name}`"));
    Err(match nearest(name, of().map(|service| service.name.as_str())) {
        Some(near) => refusal.help(format!("did you mean `{near}`?")),
        None => refusal.help("list_services names them"),
    })
}

/// `gaia self services`
pub(super) struct Services;

/// Arguments of [`Services`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct ServicesArgs {
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

/// Reply of [`Services`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct ServicesReply {
    /// The services.
    services: Vec<Service>,
}

/// A service.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Service {
    /// Its name.
    name: String,
    /// How far it is.
    phase: String,
    /// How it is.
    health: String,
    /// Why.
    why: Option<String>,
    /// Its ports.
    ports: std::collections::BTreeMap<String, u16>,
}

impl Verb for Services {
    const NAME: &'static str = "services";
    const ABOUT: &'static str = "List the services of the workspace";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/self/services";
    type Args = ServicesArgs;
    type Reply = ServicesReply;
    type Ctx = Handle;

    fn prepare(args: &mut ServicesArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut ServicesArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: ServicesArgs) -> Result<ServicesReply, Refusal> {
        let task = args.own.task(&handle)?;
        let view = handle.world().services.view();
        let of = view.services.values().filter(|s| s.id.workspace == task.workspace);
        let row = |s: &std::sync::Arc<ServiceView>| Service {
            name: s.name.clone(),
            phase: s.phase.clone(),
            health: s.health.clone(),
            why: s.why.clone(),
            ports: s.ports.clone().into_iter().collect(),
        };
        Ok(ServicesReply { services: of.map(row).collect() })
    }

    fn show(reply: &ServicesReply, _: &Ui) -> String {
        reply
            .services
            .iter()
            .map(|s| format!("{} {} {}", s.name, s.phase, s.health))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// `gaia self logs`
pub(super) struct Logs;

/// Arguments of [`Logs`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct LogsArgs {
    /// Service
    service: String,
    /// Lines
    #[arg(long, default_value_t = 100)]
    #[serde(default = "hundred")]
    tail: usize,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

fn hundred() -> usize {
    100
}

/// Reply of [`Logs`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct LogsReply {
    /// The lines.
    lines: Vec<String>,
}

impl Verb for Logs {
    const NAME: &'static str = "logs";
    const ABOUT: &'static str = "Print the last lines of a service";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/self/logs";
    type Args = LogsArgs;
    type Reply = LogsReply;
    type Ctx = Handle;

    fn prepare(args: &mut LogsArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut LogsArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: LogsArgs) -> Result<LogsReply, Refusal> {
        let service = one(&handle, &args.own, &args.service)?;
        let Some(unit) = service.unit.clone() else { return Ok(LogsReply { lines: vec![] }) };
        let units = &handle.world().sessions.ports().units;
        let failed = |e: crate::port::UnitError| Refusal::new(Code::Failed, e);
        let end = units.output(&unit, u64::MAX, 0).await.map_err(failed)?.end;
        let span = units.output(&unit, end.saturating_sub(TAIL), TAIL as usize).await;
        let text = plain(&String::from_utf8_lossy(&span.map_err(failed)?.bytes));
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let from = lines.len().saturating_sub(args.tail);
        Ok(LogsReply { lines: lines[from..].to_vec() })
    }

    fn show(reply: &LogsReply, _: &Ui) -> String {
        reply.lines.join("\n")
    }
}

/// `gaia self screen`
pub(super) struct Screen;

/// Arguments of [`Screen`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct ScreenArgs {
    /// Service
    service: String,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

/// Reply of [`Screen`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct ScreenReply {
    /// The screen.
    text: String,
}

impl Verb for Screen {
    const NAME: &'static str = "screen";
    const ABOUT: &'static str = "Print what the pane of a service shows";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/self/screen";
    type Args = ScreenArgs;
    type Reply = ScreenReply;
    type Ctx = Handle;

    fn prepare(args: &mut ScreenArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut ScreenArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: ScreenArgs) -> Result<ScreenReply, Refusal> {
        let service = one(&handle, &args.own, &args.service)?;
        let sessions = &handle.world().sessions;
        let pane = service.unit.as_ref().and_then(|unit| sessions.tmux_pane(unit));
        let Some(pane) = pane else { return Ok(ScreenReply { text: String::new() }) };
        let text = sessions.ports().tmux.capture(&pane, Capture::default()).await;
        let text = text.map_err(|e| Refusal::new(Code::Failed, e))?;
        Ok(ScreenReply { text: String::from_utf8_lossy(&text).trim_end().to_owned() })
    }

    fn show(reply: &ScreenReply, _: &Ui) -> String {
        reply.text.clone()
    }
}

/// `gaia self wait-ready`
pub(super) struct WaitReady;

/// Arguments of [`WaitReady`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct WaitReadyArgs {
    /// Service
    service: String,
    /// Longest time to wait, e.g. `1m`
    #[arg(long)]
    timeout: Option<String>,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

/// Reply of [`WaitReady`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct WaitReadyReply {
    /// Whether it is.
    ready: bool,
    /// Why not.
    why: Option<String>,
}

impl Verb for WaitReady {
    const NAME: &'static str = "wait-ready";
    const ABOUT: &'static str = "Wait until a service is ready";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/self/wait-ready";
    type Args = WaitReadyArgs;
    type Reply = WaitReadyReply;
    type Ctx = Handle;

    fn prepare(args: &mut WaitReadyArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut WaitReadyArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: WaitReadyArgs) -> Result<WaitReadyReply, Refusal> {
        let id = one(&handle, &args.own, &args.service)?.id.clone();
        let patience = args.timeout.as_deref().map(span).transpose()?.unwrap_or(PATIENCE);
        let services = &handle.world().services;
        let done = |s: &ServiceView| s.is_done() || s.is_hopeless();
        let view = services
            .until(patience, |view| view.services.get(&id).is_none_or(|service| done(service)))
            .await;
        let service = view.services.get(&id);
        let ready = service.is_some_and(|service| service.is_done());
        Ok(WaitReadyReply { ready, why: service.and_then(|service| service.why.clone()) })
    }

    fn show(reply: &WaitReadyReply, _: &Ui) -> String {
        if reply.ready { "ready".to_owned() } else { "not ready".to_owned() }
    }
}

/// `gaia self restart`
pub(super) struct Restart;

/// Arguments of [`Restart`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct RestartArgs {
    /// Service
    service: String,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

/// Reply of [`Restart`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct RestartReply {
    /// The service.
    name: String,
}

impl Verb for Restart {
    const NAME: &'static str = "restart";
    const ABOUT: &'static str =
        "Restart a service, if the rules of the workspace let agents do that";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/self/restart";
    type Args = RestartArgs;
    type Reply = RestartReply;
    type Ctx = Handle;

    fn prepare(args: &mut RestartArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut RestartArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: RestartArgs) -> Result<RestartReply, Refusal> {
        let service = one(&handle, &args.own, &args.service)?;
        let task = args.own.task(&handle)?;
        let agent = args.own.agent(&handle, &task)?;
        if !agent.fence.restart_services {
            return Err(Refusal::new(Code::Denied, "agents may not restart services here").help(
                "ask a person; `restart_services = true` in [fence] of gaia.toml allows it",
            ));
        }
        let id: ServiceId = service.id.clone();
        handle.world().services.restart(id).await?;
        Ok(RestartReply { name: service.name.clone() })
    }

    fn show(reply: &RestartReply, _: &Ui) -> String {
        format!("{} restarts", reply.name)
    }
}
