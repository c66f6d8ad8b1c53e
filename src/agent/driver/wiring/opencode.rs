use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{LaunchAsk, gaia};
use crate::agent::driver::ask::{Mode, Permission};

/// The configuration travels in a variable; the definition's own is kept and added to.
const CONFIG: &str = "OPENCODE_CONFIG_CONTENT";

/// The variables of one launch.
pub(super) fn env(ask: &LaunchAsk) -> BTreeMap<String, String> {
    let given = ask.env.get(CONFIG).or_else(|| ask.caller_env.get(CONFIG));
    let given = given.and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
    let mut config = given.unwrap_or_default();
    let files: Vec<_> = ask.instructions.iter().map(|path| path.to_string_lossy()).collect();
    let own = json!({
        "autoupdate": false,
        "share": "disabled",
        "permission": permission(ask),
        "mcp": {"gaia": {"type": "local", "command": [gaia(ask), "mcp"], "enabled": true}},
        "instructions": files,
    });
    if let Value::Object(own) = own {
        config.extend(own);
    }
    [(CONFIG.to_owned(), Value::Object(config).to_string())].into()
}

fn permission(ask: &LaunchAsk) -> Value {
    // Without a face, a question is a refusal that ends the run.
    let open = ask.mode == Mode::Headless || ask.permission == Permission::Full || ask.fenced;
    let rest = match ask.permission {
        Permission::Plan => "deny",
        Permission::Edit | Permission::Full if open => "allow",
        Permission::Edit | Permission::Full => "ask",
    };
    let mut bash = Map::from_iter([("*".to_owned(), json!(rest))]);
    for command in &ask.commands_denied {
        bash.insert(format!("{command}*"), json!("deny"));
    }
    let mut all = json!({"edit": rest, "bash": bash});
    for (tools, word) in [(&ask.tools_allowed, "allow"), (&ask.tools_denied, "deny")] {
        for tool in tools {
            all[tool.as_str()] = json!(word);
        }
    }
    all
}
