use std::path::PathBuf;

use serde_json::{Value, json};

use super::{LaunchAsk, hooks, mcp, pretty};

/// Milliseconds a hook may take.
const TIMEOUT: u32 = 60_000;

/// `settings.json` and a policy file for Gemini CLI.
pub(super) fn gemini(ask: &LaunchAsk, events: &[String]) -> Vec<(PathBuf, String)> {
    let quiet = json!({"enableAutoUpdate": false, "enableAutoUpdateNotification": false});
    let has = |name: &str| ask.env.contains_key(name) || ask.caller_env.contains_key(name);
    let vertex = has("GOOGLE_GENAI_USE_VERTEXAI");
    let auth = if vertex { "vertex-ai" } else { "gemini-api-key" };
    let settings = settings(ask, hooks(ask, events, TIMEOUT), quiet, Some(auth));
    let mut files = vec![(ask.home.join(".gemini/settings.json"), pretty(&settings))];
    if !ask.commands_denied.is_empty() || !ask.tools_denied.is_empty() {
        files.push((ask.home.join(".gemini/policies/gaia.toml"), policy(ask)));
    }
    files
}

/// `settings.json` for Qwen Code, whose hooks are those of Claude Code.
pub(super) fn qwen(ask: &LaunchAsk, events: &[String]) -> Vec<(PathBuf, String)> {
    let quiet = json!({"disableAutoUpdate": true});
    let mut settings = settings(ask, hooks(ask, events, TIMEOUT), quiet, Some("openai"));
    let commands = ask.commands_denied.iter().map(|command| format!("Bash({command} *)"));
    let deny: Vec<String> = ask.tools_denied.iter().cloned().chain(commands).collect();
    settings["permissions"] = json!({"allow": ask.tools_allowed, "deny": deny});
    vec![(ask.home.join("settings.json"), pretty(&settings))]
}

fn settings(ask: &LaunchAsk, hooks: Value, general: Value, auth: Option<&str>) -> Value {
    let mut server = mcp(ask);
    server["trust"] = json!(true);
    let mut settings = json!({
        "general": general,
        "privacy": {"usageStatisticsEnabled": false},
        "hooks": hooks,
        "mcpServers": {"gaia": server},
    });
    if let Some(kind) = auth.filter(|_| !ask.login) {
        settings["security"] = json!({"auth": {"selectedType": kind}});
    }
    if let Some(turns) = ask.max_turns {
        settings["model"] = json!({"maxSessionTurns": turns});
    }
    settings
}

/// Rules of the person's own rank, which is above those of `yolo`.
fn policy(ask: &LaunchAsk) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let rule = |tool: &str, more: String| {
        let tool = text(tool);
        format!("[[rule]]\ntoolName = {tool}\n{more}decision = \"deny\"\npriority = 900\n")
    };
    let commands = ask
        .commands_denied
        .iter()
        .map(|command| rule("run_shell_command", format!("commandPrefix = {}\n", text(command))));
    let tools = ask.tools_denied.iter().map(|tool| rule(tool, String::new()));
    commands.chain(tools).collect::<Vec<_>>().join("\n")
}
