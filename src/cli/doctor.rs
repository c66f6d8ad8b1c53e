//! `gaia doctor`: works without a daemon, and starts none.

use clap::Command;

use super::{Outcome, here, send::block_on};
use crate::{
    adapter::look,
    base::Refusal,
    client::{Client, Method},
    doctor::{Finding, Level, judge},
    verb::{Here, Ui},
};

/// The command.
pub(super) fn command() -> Command {
    Command::new("doctor").about("Look for what may be wrong, and say what cures it")
}

/// Looks, judges, prints; fails if there is a fault.
pub(super) fn run(here: &Here, json: bool) -> Result<Outcome, Refusal> {
    let client = Client::new(here.home.api_socket());
    let status = block_on(client.send(Method::Get, "/v1/daemon", serde_json::Value::Null));
    let daemon = status.ok().and_then(|reply| i32::try_from(reply["pid"].as_i64()?).ok());
    let findings = judge(&look(&here.home, daemon));
    let failed = findings.iter().any(|finding| finding.level == Level::Fault);
    if json {
        let text = serde_json::to_string(&findings).map_err(Refusal::broken)?;
        return Ok(Outcome { text, failed });
    }
    let ui = here::ui(here);
    let lines: Vec<String> = findings.iter().map(|finding| line(finding, &ui)).collect();
    Ok(Outcome { text: lines.join("\n"), failed })
}

fn line(finding: &Finding, ui: &Ui) -> String {
    let (word, colour) = match finding.level {
        Level::Good => ("good", "32"),
        Level::Note => ("note", "36"),
        Level::Warning => ("warning", "33"),
        Level::Fault => ("fault", "31"),
    };
    let mark = ui.paint(colour, &format!("{word:<8}"));
    let cure = finding.cure.as_ref().map_or(String::new(), |c| format!("\n{:18}cure: {c}", ""));
    format!("{mark}{:<10}{}{cure}", finding.about, finding.what)
}
