use std::path::PathBuf;

use serde_json::json;

use super::{LaunchAsk, hooks, mcp, pretty};
use crate::agent::driver::ask::{Mode, Permission};

/// Seconds a hook may take.
const TIMEOUT: u32 = 60;

/// Tools that work on the worktree, with a question less when editing is allowed.
const WORK: &[&str] = &["Bash", "Edit", "Write", "NotebookEdit"];

/// `settings` and the description of gaia's tools.
pub(super) fn files(ask: &LaunchAsk, events: &[String]) -> Vec<(PathBuf, String)> {
    let mut allow = vec!["mcp__gaia".to_owned()];
    // In a pane there is a person who can be asked.
    if ask.permission == Permission::Edit && (ask.mode == Mode::Headless || ask.fenced) {
        allow.extend(WORK.iter().map(|tool| (*tool).to_owned()));
    }
    allow.extend(ask.tools_allowed.iter().cloned());
    let mut deny = ask.tools_denied.clone();
    // Claude reads a `*` within a rule literally: such rules are left to the hook and the guard.
    let plain = ask.commands_denied.iter().filter(|command| !command.contains('*'));
    deny.extend(plain.map(|command| format!("Bash({command}:*)")));
    let settings = json!({
        "permissions": {"allow": allow, "deny": deny},
        "skipDangerousModePermissionPrompt": true,
        // Otherwise it writes a desktop file into the person's home.
        "disableDeepLinkRegistration": "disable",
        "hooks": hooks(ask, events, TIMEOUT),
    });
    let servers = json!({"mcpServers": {"gaia": mcp(ask)}});
    vec![
        (ask.home.join("gaia-settings.json"), pretty(&settings)),
        (ask.home.join("gaia-mcp.json"), pretty(&servers)),
    ]
}
