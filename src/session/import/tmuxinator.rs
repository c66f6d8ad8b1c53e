//! tmuxinator projects.

use serde_json::Value;

use super::{
    read::{Notes, commands, commands_at, single, text, text_at},
    write::{Draft, DraftPane, DraftWindow},
};

/// Keys that are carried over, or mean nothing to gaia.
const KNOWN: &[&str] = &[
    "name",
    "project_name",
    "root",
    "project_root",
    "windows",
    "tabs",
    "pre_window",
    "pre_tab",
    "startup_window",
    "startup_pane",
    "attach",
    "tmux_command",
    "socket_name",
    "rbenv",
    "rvm",
];
const WINDOW: &[&str] = &["root", "layout", "panes", "pre", "synchronize"];

pub(super) fn draft(value: &Value, notes: &mut Notes) -> Draft {
    notes.unread("", value, KNOWN);
    for key in ["tmux_command", "socket_name", "rbenv", "rvm"] {
        if value.get(key).is_some() {
            notes
                .left(key, "gaia has a tmux server of its own; put tool versions into `run` lines");
        }
    }
    let before = [commands_at(value, "pre_window"), commands_at(value, "pre_tab")].concat();
    let mut windows = Vec::new();
    let list = value.get("windows").or_else(|| value.get("tabs"));
    for (number, item) in list.and_then(Value::as_array).into_iter().flatten().enumerate() {
        let Some((name, body)) = single(item) else {
            notes.left(&format!("windows[{number}]"), "it has no single name");
            continue;
        };
        windows.push(window(name, body, &before, notes));
    }
    focus(value, &mut windows);
    let name = text_at(value, "name").or_else(|| text_at(value, "project_name"));
    let dir = text_at(value, "root").or_else(|| text_at(value, "project_root"));
    Draft { name, dir, windows, ..Draft::default() }
}

fn focus(value: &Value, windows: &mut [DraftWindow]) {
    let Some(wanted) = text_at(value, "startup_window") else { return };
    let by_number = wanted.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    let at = windows.iter().position(|w| w.name == wanted).or(by_number);
    let Some(window) = at.and_then(|at| windows.get_mut(at)) else { return };
    window.focus = true;
    let pane = text_at(value, "startup_pane").and_then(|n| n.parse::<usize>().ok());
    if let Some(pane) = pane.and_then(|n| window.panes.get_mut(n.saturating_sub(1))) {
        pane.focus = true;
    }
}

fn window(name: &str, body: &Value, before: &[String], notes: &mut Notes) -> DraftWindow {
    let mut window = DraftWindow { name: name.to_owned(), ..DraftWindow::default() };
    let at = format!("windows.{name}");
    if body.is_object() {
        notes.unread(&at, body, WINDOW);
        if body.get("synchronize").is_some_and(|s| *s != Value::Bool(false)) {
            notes.left(
                &format!("{at}.synchronize"),
                "gaia does not type into several panes at once",
            );
        }
        window.dir = text_at(body, "root");
        window.layout = text_at(body, "layout");
        let first = [before.to_vec(), commands_at(body, "pre")].concat();
        let panes = body.get("panes").and_then(Value::as_array).into_iter().flatten();
        window.panes = panes.map(|item| pane(item, &first)).collect();
    } else {
        // A string or a list stands for one pane.
        let typed = [before.to_vec(), commands(body)].concat();
        window.panes = vec![DraftPane { typed, ..DraftPane::default() }];
    }
    window
}

fn pane(item: &Value, before: &[String]) -> DraftPane {
    let (name, lines) = match single(item) {
        Some((name, body)) => (Some(name.clone()), commands(body)),
        None if item.is_object() => (None, vec![]),
        None => (None, text(item).map_or_else(|| commands(item), |line| vec![line])),
    };
    let lines: Vec<String> = lines.into_iter().filter(|line| !line.trim().is_empty()).collect();
    DraftPane { name, typed: [before.to_vec(), lines].concat(), ..DraftPane::default() }
}
