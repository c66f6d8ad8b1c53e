//! What needs a container engine, as one service.

use super::{Fate, Parts, shared};
use crate::define::yaml::{Node, Value};
use crate::{
    define::Command,
    service::import::{
        draft::{DraftService, DraftStop},
        sheet::Sheet,
        vars,
    },
};

/// Variables by which docker finds its engine and its project.
const ENGINE: &[&str] =
    &["COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME", "DOCKER_CONTEXT", "DOCKER_HOST"];

/// How long docker itself waits for a container, and how long it takes to say so.
const STOP_MS: u64 = 10_000;
const REPORT_MS: u64 = 20_000;

pub(super) fn read(sheet: &mut Sheet<'_>, parts: &Parts<'_>, top: &Node) -> Option<DraftService> {
    let inside: Vec<(&str, &Node)> = parts
        .all
        .iter()
        .filter(|(.., fate)| *fate == Fate::Container)
        .map(|(key, node, _)| (key.text.as_str(), *node))
        .collect();
    if inside.is_empty() {
        return None;
    }
    let engine = parts.engine.as_str();
    let why = format!(
        "docker compose goes on running it in a container, as a part of the service `{engine}`"
    );
    inside.iter().for_each(|(name, _)| sheet.note(name, &why));
    if parts.all.iter().any(|(.., fate)| *fate == Fate::Program) {
        sheet.note("", "docker compose refuses a file with services that have no image and no build: take those out that run here");
    }
    let file = sheet.page.path.rsplit('/').next().unwrap_or(sheet.page.path).to_owned();
    let docker = |words: &[&str]| -> Vec<String> {
        ["docker", "compose", "-f", &file]
            .iter()
            .chain(words)
            .map(|word| (*word).to_owned())
            .collect()
    };
    let mut up = docker(&["up"]);
    if parts.all.iter().any(|(.., fate)| *fate != Fate::Container) && leans_out(parts, &inside) {
        // It would start in containers what runs here.
        up.push("--no-deps".to_owned());
        sheet.note(engine, "its containers find what runs here at host.docker.internal, and do not wait for each other");
    }
    up.extend(started(sheet, engine, &inside));
    let grace = inside.iter().filter_map(|(_, node)| shared::grace_ms(sheet, node)).max();
    Some(DraftService {
        name: engine.to_owned(),
        command: Some(Command::Argv(up)),
        pass_env: spoken(top, &inside),
        stop: DraftStop {
            command: Some(Command::Argv(docker(&["stop"]))),
            grace_ms: Some(grace.unwrap_or(0).max(STOP_MS) + REPORT_MS),
            signal: None,
        },
        ..DraftService::default()
    })
}

/// Whether a container depends on what is none any more.
fn leans_out(parts: &Parts<'_>, inside: &[(&str, &Node)]) -> bool {
    let out = |name: &str| parts.fate(name).is_some_and(|fate| fate != Fate::Container);
    inside.iter().filter_map(|(_, node)| node.get("depends_on")).any(|node| match &node.value {
        Value::Table(entries) => entries.iter().any(|(key, _)| out(&key.text)),
        Value::List(items) => items.iter().any(|item| match &item.value {
            Value::Text(name) => out(name),
            Value::Nothing | Value::List(_) | Value::Table(_) => false,
        }),
        Value::Text(_) | Value::Nothing => false,
    })
}

/// The names to start. One that is named is started whatever its profiles, so those with profiles
/// are not; if all have some, docker compose chooses by itself.
fn started(sheet: &mut Sheet<'_>, engine: &str, inside: &[(&str, &Node)]) -> Vec<String> {
    let gated = |node: &Node| {
        node.get("profiles").is_some_and(|node| match &node.value {
            Value::List(items) => !items.is_empty(),
            Value::Text(_) | Value::Table(_) => true,
            Value::Nothing => false,
        })
    };
    let plain = inside.iter().filter(|(_, node)| !gated(node));
    let plain: Vec<String> = plain.map(|(name, _)| (*name).to_owned()).collect();
    if plain.is_empty() {
        let why = "all of its containers have some: name those that shall run in COMPOSE_PROFILES, but none of what runs here";
        sheet.leave(engine, "profiles", why);
    } else {
        for (name, _) in inside.iter().filter(|(_, node)| gated(node)) {
            let why =
                format!("it is not among those that `{engine}` starts; add it to its `command`");
            sheet.leave(name, "profiles", &why);
        }
    }
    plain
}

/// Variables that docker compose fills in, and those of its own.
fn spoken(top: &Node, inside: &[(&str, &Node)]) -> Vec<String> {
    let mut names: Vec<String> = ENGINE.iter().map(|name| (*name).to_owned()).collect();
    for (_, node) in inside {
        walk(node, &mut names);
        // Without a value it is that of whoever runs docker compose.
        if let Some(Value::List(items)) = node.get("environment").map(|node| &node.value) {
            let texts = items.iter().filter_map(|item| match &item.value {
                Value::Text(text) => Some(text),
                Value::Nothing | Value::List(_) | Value::Table(_) => None,
            });
            names.extend(texts.filter(|text| !text.contains(['=', '$'])).cloned());
        }
        let named = node.get("environment").map(Node::entries).unwrap_or_default();
        let bare = named.iter().filter(|(_, node)| node.value == Value::Nothing);
        names.extend(bare.map(|(key, _)| key.text.clone()));
    }
    for key in ["networks", "volumes", "secrets", "configs"] {
        if let Some(node) = top.get(key) {
            walk(node, &mut names);
        }
    }
    names.sort();
    names.dedup();
    names
}

fn walk(node: &Node, names: &mut Vec<String>) {
    match &node.value {
        Value::Nothing => (),
        Value::Text(text) => names.extend(vars::mentioned(text)),
        Value::List(items) => items.iter().for_each(|item| walk(item, names)),
        Value::Table(entries) => entries.iter().for_each(|(_, node)| walk(node, names)),
    }
}
