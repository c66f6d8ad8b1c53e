//! tmuxp workspaces.

use serde_json::Value;

use super::{
    read::{Notes, commands, commands_at, text, text_at, variables},
    write::{Draft, DraftPane, DraftWindow},
};

const KNOWN: &[&str] = &[
    "session_name",
    "start_directory",
    "windows",
    "environment",
    "shell_command_before",
    "suppress_history",
];
const WINDOW: &[&str] = &[
    "window_name",
    "layout",
    "start_directory",
    "panes",
    "shell_command_before",
    "focus",
    "environment",
    "suppress_history",
    "window_index",
];
const PANE: &[&str] = &[
    "shell_command",
    "start_directory",
    "focus",
    "environment",
    "suppress_history",
    "enter",
    "sleep_before",
    "sleep_after",
    "title",
];

pub(super) fn draft(value: &Value, notes: &mut Notes) -> Draft {
    notes.unread("", value, KNOWN);
    let before = commands_at(value, "shell_command_before");
    let list = value.get("windows").and_then(Value::as_array).into_iter().flatten();
    let windows = list.enumerate().map(|(n, item)| window(n + 1, item, &before, notes)).collect();
    Draft {
        name: text_at(value, "session_name"),
        dir: text_at(value, "start_directory"),
        env: variables(value, "environment"),
        windows,
        ..Draft::default()
    }
}

fn window(number: usize, body: &Value, before: &[String], notes: &mut Notes) -> DraftWindow {
    let name = text_at(body, "window_name").unwrap_or_else(|| format!("window-{number}"));
    let at = format!("windows.{name}");
    notes.unread(&at, body, WINDOW);
    let first = [before.to_vec(), commands_at(body, "shell_command_before")].concat();
    let panes = body.get("panes").and_then(Value::as_array).into_iter().flatten();
    let panes =
        panes.enumerate().map(|(n, item)| pane(&format!("{at}.panes[{n}]"), item, &first, notes));
    let panes = panes.collect();
    DraftWindow {
        layout: text_at(body, "layout").filter(|layout| fits(&at, layout, notes)),
        dir: text_at(body, "start_directory"),
        focus: is_true(body, "focus"),
        env: variables(body, "environment"),
        panes,
        name,
    }
}

/// The names of tmux, and layout strings; the two mirrored names came with tmux 3.5.
fn fits(at: &str, layout: &str, notes: &mut Notes) -> bool {
    let known = layout.contains(',')
        || ["tiled", "even-horizontal", "even-vertical", "main-horizontal", "main-vertical"]
            .contains(&layout);
    if !known {
        notes.left(&format!("{at}.layout"), &format!("`{layout}` is no layout of tmux's"));
    }
    known
}

fn pane(at: &str, item: &Value, before: &[String], notes: &mut Notes) -> DraftPane {
    if !item.is_object() {
        return DraftPane {
            typed: [before.to_vec(), plain(item)].concat(),
            ..DraftPane::default()
        };
    }
    notes.unread(at, item, PANE);
    for key in ["sleep_before", "sleep_after", "enter"] {
        if item.get(key).is_some() {
            notes.left(&format!("{at}.{key}"), "gaia runs the lines as one script");
        }
    }
    let lines = item.get("shell_command").map(plain).unwrap_or_default();
    DraftPane {
        name: text_at(item, "title"),
        dir: text_at(item, "start_directory"),
        typed: [before.to_vec(), lines].concat(),
        focus: is_true(item, "focus"),
        env: variables(item, "environment"),
        ..DraftPane::default()
    }
}

/// `pane`, `blank` and nothing at all stand for an empty shell.
fn plain(value: &Value) -> Vec<String> {
    match text(value) {
        Some(word) if ["pane", "blank"].contains(&word.as_str()) => vec![],
        _ => commands(value),
    }
}

fn is_true(table: &Value, key: &str) -> bool {
    text_at(table, key).is_some_and(|word| word == "true")
}
