use std::path::PathBuf;

use serde_json::json;
use toml::Value;

use super::{LaunchAsk, gaia, hooks, pretty};

/// Seconds a hook may take.
const TIMEOUT: u32 = 60;

/// `config.toml`, `hooks.json`, and the rules about commands.
pub(super) fn files(ask: &LaunchAsk, events: &[String]) -> Vec<(PathBuf, String)> {
    let mut files = vec![(ask.home.join("config.toml"), config(ask))];
    let mut hooks = json!({"hooks": hooks(ask, events, TIMEOUT)});
    if let Some(last) = hooks.pointer_mut("/hooks/SessionEnd/0/hooks/0/timeout") {
        // It gives this one no more, and complains.
        *last = json!(3);
    }
    files.push((ask.home.join("hooks.json"), pretty(&hooks)));
    if !ask.commands_denied.is_empty() {
        files.push((ask.home.join("rules/gaia.rules"), rules(&ask.commands_denied)));
    }
    files
}

fn config(ask: &LaunchAsk) -> String {
    let words = |all: &[&str]| Value::Array(all.iter().map(|w| Value::from(*w)).collect());
    let gaia = gaia(ask);
    // It hands its tools only the variables that are named.
    let env: Vec<&str> =
        ask.env.keys().map(String::as_str).filter(|n| n.starts_with("GAIA_")).collect();
    let mut config = toml::toml! {
        check_for_update_on_startup = false
        [analytics]
        enabled = false
        [features]
        plugins = false
        [mcp_servers.gaia]
        default_tools_approval_mode = "approve"
    };
    let mut table = |path: &[&str], key: &str, value: Value| {
        let mut at = &mut config;
        for step in path {
            let next = at.entry(*step).or_insert_with(|| Value::Table(toml::Table::new()));
            let Value::Table(next) = next else { return };
            at = next;
        }
        at.insert(key.to_owned(), value);
    };
    table(&[], "notify", words(&[&gaia, "hook", "Notify"]));
    table(&["mcp_servers", "gaia"], "command", Value::from(gaia.as_str()));
    table(&["mcp_servers", "gaia"], "args", words(&["mcp"]));
    table(&["mcp_servers", "gaia"], "env_vars", words(&env));
    let root = ask.repo_root.to_string_lossy();
    table(&["projects", &root], "trust_level", Value::from("trusted"));
    config.to_string()
}

/// One rule for each command that may not run.
fn rules(commands: &[String]) -> String {
    let rule = |command: &String| {
        let words = shell_words::split(command)
            .unwrap_or_else(|_| command.split_whitespace().map(str::to_owned).collect());
        let words = json!(words);
        format!("prefix_rule(pattern = {words}, decision = \"forbidden\")\n")
    };
    commands.iter().map(rule).collect()
}
