//! smug sessions.

use serde_json::Value;

use super::{
    read::{Notes, commands_at, text_at, variables},
    write::{Draft, DraftPane, DraftWindow},
};

const KNOWN: &[&str] = &["session", "root", "env", "windows", "attach"];
const WINDOW: &[&str] = &["name", "root", "layout", "commands", "panes", "manual", "selected"];
const PANE: &[&str] = &["root", "commands", "type"];

pub(super) fn draft(value: &Value, notes: &mut Notes) -> Draft {
    notes.unread("", value, KNOWN);
    let list = value.get("windows").and_then(Value::as_array).into_iter().flatten();
    let windows = list.enumerate().filter_map(|(n, item)| window(n + 1, item, notes)).collect();
    Draft {
        name: text_at(value, "session"),
        dir: text_at(value, "root"),
        env: variables(value, "env"),
        windows,
        ..Draft::default()
    }
}

fn window(number: usize, body: &Value, notes: &mut Notes) -> Option<DraftWindow> {
    let name = text_at(body, "name").unwrap_or_else(|| format!("window-{number}"));
    let at = format!("windows.{name}");
    notes.unread(&at, body, WINDOW);
    if text_at(body, "manual").is_some_and(|word| word == "true") {
        notes.left(&at, "it is opened by hand only; `gaia session add-window` does that");
        return None;
    }
    // The window itself is the first pane, the others are split from it.
    let first = DraftPane { typed: commands_at(body, "commands"), ..DraftPane::default() };
    let mut panes = vec![first];
    let mut sideways = false;
    for (n, item) in body.get("panes").and_then(Value::as_array).into_iter().flatten().enumerate() {
        notes.unread(&format!("{at}.panes[{n}]"), item, PANE);
        sideways |= text_at(item, "type").is_some_and(|word| word == "horizontal");
        let (dir, typed) = (text_at(item, "root"), commands_at(item, "commands"));
        panes.push(DraftPane { dir, typed, ..DraftPane::default() });
    }
    let split = if sideways { "even-horizontal" } else { "even-vertical" };
    let layout = text_at(body, "layout").or((panes.len() > 1).then(|| split.to_owned()));
    let focus = text_at(body, "selected").is_some_and(|word| word == "true");
    Some(DraftWindow { layout, dir: text_at(body, "root"), focus, panes, name, env: vec![] })
}
