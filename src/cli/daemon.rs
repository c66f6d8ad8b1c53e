//! `gaia daemon …`, as far as it must work without a daemon.

use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{Outcome, here, json_text, send::block_on, start, world};
use crate::{
    adapter::{LogFile, files, process},
    base::{Code, Refusal},
    client::{Client, Method},
    config::Settings,
    daemon::{End, Options},
    verb::Here,
};

/// How long a daemon may take to end; it promises one second.
const END: Duration = Duration::from_secs(10);

/// The commands beside the verbs `status` and `stop`.
pub(super) fn commands() -> Vec<Command> {
    let spawned = Arg::new("spawned").long("spawned").hide(true).action(ArgAction::SetTrue);
    vec![
        Command::new("run").about("Run the daemon in the foreground").arg(spawned),
        Command::new("start").about("Start the daemon if it does not run"),
        Command::new("restart").about("End the daemon and start this gaia's; no pane is touched"),
        Command::new("logs").about("Print the daemon's own log"),
        Command::new("install")
            .about("Start the daemon at login: a systemd user unit, or a launchd agent on macOS"),
    ]
}

/// Whether this verb of `daemon` is run here instead of being sent.
pub(super) fn is_local(verb: &str) -> bool {
    matches!(verb, "run" | "start" | "restart" | "stop" | "status" | "logs" | "install")
}

/// Runs a local verb.
pub(super) fn run(
    verb: &str,
    args: &ArgMatches,
    here: &Here,
    json: bool,
) -> Result<Outcome, Refusal> {
    match verb {
        "run" => foreground(here, args.get_flag("spawned")).map(|()| Outcome::ok("")),
        "stop" => stop(here, json),
        "status" => status(here, json),
        "restart" => {
            stop(here, false)?;
            started(here, json)
        }
        "logs" => logs(here),
        "install" => super::install::run(here, json),
        _ => started(here, json),
    }
}

fn started(here: &Here, json: bool) -> Result<Outcome, Refusal> {
    block_on(start::connect(here))?;
    status(here, json)
}

fn status(here: &Here, json: bool) -> Result<Outcome, Refusal> {
    let client = Client::new(here.home.api_socket());
    let entries = crate::daemon::nouns().into_iter().flat_map(|noun| noun.entries);
    let Some(entry) = entries.into_iter().find(|entry| entry.path == "/v1/daemon") else {
        return Err(Refusal::broken("no status verb"));
    };
    let reply = block_on(client.send(Method::Get, entry.path, serde_json::Value::Null))?;
    let (text, failed) = (entry.show)(reply.clone(), &here::ui(here))?;
    Ok(Outcome { text: if json { json_text(&reply) } else { text }, failed })
}

/// Ends the daemon and waits until it has; none running is no fault.
fn stop(here: &Here, json: bool) -> Result<Outcome, Refusal> {
    let client = Client::new(here.home.api_socket());
    let asked = block_on(async {
        client.send(Method::Post, "/v1/daemon/stop", serde_json::Value::Null).await
    });
    let reply = match asked {
        Ok(reply) => reply,
        Err(refusal) if refusal.code == Code::Unreachable => {
            let text = if json { r#"{"pid":null}"# } else { "no daemon runs" };
            return Ok(Outcome::ok(text));
        }
        Err(refusal) => return Err(refusal),
    };
    let pid = reply["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok()).unwrap_or(0);
    if !process::wait_for_end(pid, END) {
        return Err(Refusal::new(Code::Failed, format!("the daemon (pid {pid}) does not end"))
            .help(format!("look at its log; `kill -9 {pid}` loses no pane")));
    }
    let text = format!("the daemon (pid {pid}) has ended; panes and their programs go on");
    Ok(Outcome::ok(if json { json_text(&reply) } else { text }))
}

fn logs(here: &Here) -> Result<Outcome, Refusal> {
    let path = here.home.logs().join("daemon.log");
    let text = files::read_text(&path).map_err(|what| {
        Refusal::new(Code::NotFound, what).help("no daemon has run with this home yet")
    })?;
    Ok(Outcome::ok(text))
}

fn foreground(here: &Here, spawned: bool) -> Result<(), Refusal> {
    if spawned {
        process::leave_terminal();
    }
    let outcome = match serve(here, spawned) {
        Ok(End::Anew) => {
            let error = process::become_anew(&here::exe()?);
            Err(world("the daemon cannot start anew", &error))
        }
        Ok(End::Told) => Ok(()),
        Err(refusal) => Err(refusal),
    };
    if let Err(refusal) = &outcome
        && spawned
    {
        // The starter reads this; nobody reads our standard error.
        let word = serde_json::to_string(refusal).unwrap_or_default();
        let _ = process::close_stdout(&word);
    }
    outcome
}

fn serve(here: &Here, spawned: bool) -> Result<End, Refusal> {
    process::keep_little_memory();
    let settings = super::config::settings(here)?;
    log_to_file(here, &settings)?;
    let crash_at = here.env.get("GAIA_CRASH_AT").and_then(|at| at.parse().ok());
    let ready = move || {
        if spawned {
            let _ = process::close_stdout(start::READY);
        }
    };
    let options = Options {
        home: here.home.clone(),
        exe: here::exe()?,
        settings,
        env: here.env.clone(),
        crash_at,
        ready: Box::new(ready),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| world("no runtime", &e))?;
    let outcome = runtime.block_on(crate::daemon::serve(options));
    // What was acknowledged is on disk; nothing else is worth waiting for.
    runtime.shutdown_timeout(Duration::from_millis(200));
    outcome
}

fn log_to_file(here: &Here, settings: &Settings) -> Result<(), Refusal> {
    let folder = here.home.logs();
    let fault = |error: &std::io::Error| {
        world(&format!("the folder {} cannot be written", folder.display()), error)
            .help("free some space or correct its owner, or set GAIA_HOME to another folder")
    };
    files::private_dir(&folder).map_err(|e| fault(&e))?;
    let limit = settings.number("daemon", "log_size").max(4096);
    let keep = u32::try_from(settings.number("daemon", "log_files")).unwrap_or(4);
    let file = LogFile::open(folder.join("daemon.log"), limit, keep).map_err(|e| fault(&e))?;
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(level(settings))
        .with_writer(std::sync::Mutex::new(file));
    subscriber.init();
    std::panic::set_hook(Box::new(|info| tracing::error!("{info}")));
    Ok(())
}

fn level(settings: &Settings) -> tracing::Level {
    settings.text("daemon", "log_level").parse().unwrap_or(tracing::Level::INFO)
}
