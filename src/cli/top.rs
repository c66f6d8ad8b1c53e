//! `gaia top`: services and what they use, agents and what they do, as it changes.

use std::{io::IsTerminal, time::Duration};

use clap::{Arg, ArgMatches, Command};
use serde_json::{Value, json};

use super::{Outcome, here, send::block_on, start};
use crate::{
    base::{Code, Refusal, duration},
    client::{Client, Method},
    verb::{Here, table},
};

/// The command.
pub(super) fn command() -> Command {
    let every = Arg::new("every").long("every").value_name("SPAN").default_value("1s");
    Command::new("top")
        .about("Show services and agents as they change; Ctrl-C ends it")
        .arg(every.help("Pause between two looks"))
}

/// Shows the table again and again on a terminal, and once elsewhere.
pub(super) fn run(matches: &ArgMatches, here: &Here, as_json: bool) -> Result<Outcome, Refusal> {
    let text = matches.get_one::<String>("every").map_or("1s", String::as_str);
    let every = duration(text).filter(|span| *span >= Duration::from_millis(100));
    let every = every.ok_or_else(|| {
        Refusal::new(Code::Invalid, format!("`{text}` is no span of time"))
            .help("write it like 1s or 500ms; 100ms is the least")
    })?;
    block_on(async {
        let client = start::connect(here).await?;
        let live = std::io::stdout().is_terminal() && !as_json;
        loop {
            let seen = look(&client).await?;
            if as_json {
                return Ok(Outcome::ok(seen["services"].to_string()));
            }
            let shown = picture(&seen, here);
            if !live {
                return Ok(Outcome::ok(shown));
            }
            // Home, the table, and nothing of the last one below it.
            super::print_raw(&format!("\x1b[H{}\x1b[J", shown.replace('\n', "\x1b[K\n")));
            pause(every).await;
        }
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a person watches: the screen is painted by the clock"
)]
async fn pause(every: Duration) {
    tokio::time::sleep(every).await;
}

async fn look(client: &Client) -> Result<Value, Refusal> {
    let services = client.send(Method::Get, "/v1/services/status", json!({ "all": true })).await?;
    let agents = client.send(Method::Post, "/v1/agents/list", json!({ "all": true })).await?;
    Ok(json!({ "services": services, "agents": agents }))
}

fn picture(seen: &Value, here: &Here) -> String {
    let mut rows: Vec<&Value> = seen["services"].as_array().into_iter().flatten().collect();
    let cpu = |service: &Value| service["cpu_percent"].as_f64().unwrap_or(0.0);
    rows.sort_by(|a, b| cpu(b).total_cmp(&cpu(a)));
    let ui = here::ui(here);
    let (cpu_sum, memory): (f64, u64) = (
        rows.iter().map(|s| cpu(s)).sum(),
        rows.iter().filter_map(|s| s["memory_bytes"].as_u64()).sum(),
    );
    let up = rows.iter().filter(|s| !s["pid"].is_null()).count();
    let head = format!("{up} of {} run   {cpu_sum:.1} % CPU   {} MiB", rows.len(), memory >> 20);
    let cells = rows.iter().map(|service| row(service)).collect();
    let names = ["SERVICE", "STATE", "PID", "UPTIME", "RESTARTS", "CPU", "MEMORY", "PORTS"];
    let mut shown = format!("{}\n\n{}\n", ui.paint("1", &head), table(&ui, &names, cells));
    let agents: Vec<&Value> = seen["agents"].as_array().into_iter().flatten().collect();
    if !agents.is_empty() {
        let cells = agents.iter().map(|agent| agent_row(agent)).collect();
        let names = ["AGENT", "STATE", "TASK", "DRIVER", "EVIDENCE"];
        shown.push_str(&format!("\n{}\n", table(&ui, &names, cells)));
    }
    shown
}

fn agent_row(agent: &Value) -> Vec<String> {
    let text = |key: &str| agent[key].as_str().unwrap_or("-").to_owned();
    let evidence: String = text("evidence").chars().take(40).collect();
    vec![
        format!("{}@{}", text("name"), text("workspace")),
        text("state"),
        text("task"),
        text("driver"),
        evidence,
    ]
}

fn row(service: &Value) -> Vec<String> {
    let text = |key: &str| service[key].as_str().unwrap_or("").to_owned();
    let number = |key: &str| service[key].as_u64().map_or("-".to_owned(), |n| n.to_string());
    let state = match (text("phase").as_str(), text("health")) {
        ("running", health) if health != "unknown" => health,
        (phase, _) => phase.to_owned(),
    };
    let uptime = service["uptime_ms"].as_u64().map_or("-".to_owned(), |ms| {
        let seconds = ms / 1000;
        format!("{}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60)
    });
    let ports = service["ports"].as_object().into_iter().flatten();
    let ports: Vec<String> = ports.map(|(_, port)| port.to_string()).collect();
    vec![
        text("id"),
        state,
        number("pid"),
        uptime,
        number("restarts"),
        format!("{:.1} %", service["cpu_percent"].as_f64().unwrap_or(0.0)),
        format!("{:.1} MiB", service["memory_bytes"].as_f64().unwrap_or(0.0) / 1_048_576.0),
        ports.join(" "),
    ]
}
