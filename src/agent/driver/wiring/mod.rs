//! The settings files that join a program to gaia: hooks, tools, what is denied.
//!
//! Pure; one small file for each family. All of them call `gaia hook EVENT`, which reads the
//! message of the program on stdin and prints the answer, and `gaia mcp` for gaia's tools.

mod claude;
mod codex;
mod gemini;
mod opencode;

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Value, json};

use super::{
    ask::LaunchAsk,
    model::{Driver, Wire},
};

/// The files of one launch.
pub(super) fn files(driver: &Driver, ask: &LaunchAsk) -> Vec<(PathBuf, String)> {
    let events = &driver.wiring.events;
    match driver.wiring.style {
        Wire::Claude => claude::files(ask, events),
        Wire::Codex => codex::files(ask, events),
        Wire::Gemini => gemini::gemini(ask, events),
        Wire::Qwen => gemini::qwen(ask, events),
        Wire::Opencode | Wire::None => vec![],
    }
}

/// The variables of one launch.
pub(super) fn env(driver: &Driver, ask: &LaunchAsk) -> BTreeMap<String, String> {
    match driver.wiring.style {
        Wire::Opencode => opencode::env(ask),
        Wire::Claude | Wire::Codex | Wire::Gemini | Wire::Qwen | Wire::None => BTreeMap::new(),
    }
}

fn gaia(ask: &LaunchAsk) -> String {
    ask.gaia.to_string_lossy().into_owned()
}

/// The shell line that a hook runs.
fn hook_line(ask: &LaunchAsk, event: &str) -> String {
    shell_words::join([gaia(ask).as_str(), "hook", event])
}

/// Hooks for all tools; the time out is in the unit of the program.
fn hooks(ask: &LaunchAsk, events: &[String], timeout: u32) -> Value {
    let one = |event: &String| {
        let hook = json!({"type": "command", "command": hook_line(ask, event), "timeout": timeout});
        (event.clone(), json!([{"hooks": [hook]}]))
    };
    Value::Object(events.iter().map(one).collect())
}

/// gaia's tools as most programs want them described.
fn mcp(ask: &LaunchAsk) -> Value {
    json!({"command": gaia(ask), "args": ["mcp"]})
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn shown(files: Vec<(PathBuf, String)>) -> String {
        let file = |(path, text): (PathBuf, String)| format!("--- {}\n{text}", path.display());
        files.into_iter().map(file).collect()
    }

    fn ask() -> LaunchAsk {
        LaunchAsk {
            home: "/state/a1".into(),
            tmp: "/tmp/a1".into(),
            worktree: "/repo-wt".into(),
            repo_root: "/repo".into(),
            gaia: "/opt/my apps/gaia".into(),
            tools_allowed: vec!["WebFetch".into()],
            tools_denied: vec!["Task".into()],
            commands_denied: vec!["git push".into()],
            env: [("GAIA_AGENT".to_owned(), "a1".to_owned())].into(),
            role: Some("You review.".into()),
            instructions: vec!["/repo/RULES.md".into()],
            ..LaunchAsk::default()
        }
    }

    fn events(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_files_of_claude() {
        assert_snapshot!(shown(claude::files(&ask(), &events(&["PreToolUse", "Stop"]))));
    }

    #[test]
    fn the_files_of_codex() {
        assert_snapshot!(shown(codex::files(&ask(), &events(&["PreToolUse", "Stop"]))));
    }

    #[test]
    fn the_files_of_gemini() {
        assert_snapshot!(shown(gemini::gemini(&ask(), &events(&["BeforeTool", "AfterAgent"]))));
    }

    #[test]
    fn the_files_of_qwen() {
        assert_snapshot!(shown(gemini::qwen(&ask(), &events(&["PreToolUse", "Stop"]))));
    }

    #[test]
    fn the_settings_of_opencode() {
        let env = opencode::env(&ask());
        let text: Value = serde_json::from_str(&env["OPENCODE_CONFIG_CONTENT"]).unwrap();
        assert_snapshot!(pretty(&text));
    }
}
