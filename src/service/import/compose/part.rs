//! A service of a compose file that needs no container.

use super::{keys, shared};
use crate::define::yaml::{Node, Value};
use crate::{
    define::Command,
    service::{
        import::{
            Beside,
            draft::{DraftCheck, DraftProbe, DraftService},
            pass,
            sheet::Sheet,
            shell, vars, words,
        },
        model::PortWish,
    },
};

const READ: &[&str] = &[
    "command",
    "entrypoint",
    "environment",
    "env_file",
    "ports",
    "restart",
    "profiles",
    "depends_on",
    "stop_signal",
    "stop_grace_period",
    "working_dir",
    "healthcheck",
    "user",
    "ulimits",
    "scale",
    "container_name",
    "attach",
    "init",
];

/// Limits that gaia knows by the same name.
const LIMITS: &[&str] =
    &["nofile", "core", "nproc", "as", "fsize", "cpu", "data", "stack", "memlock"];

pub(super) fn read(
    sheet: &mut Sheet<'_>,
    name: &str,
    node: &Node,
    beside: Beside<'_>,
) -> DraftService {
    let mut service = DraftService { name: name.to_owned(), ..DraftService::default() };
    let line = [node.get("entrypoint"), node.get("command")].into_iter().flatten();
    let line: Vec<String> = line.flat_map(|node| program(sheet, node)).collect();
    if line.first().is_none_or(|program| program.trim().is_empty()) {
        sheet.wrong(&node.at, format!("`{name}` runs nothing"), "give it a command:");
    }
    service.command = Some(command(&line));
    if let Some(dir) = node.get("working_dir").and_then(|node| sheet.text(node, "working_dir")) {
        service.dir = sheet.settle(&words::folder(&dir), name, "working_dir");
    }
    let values = shared::environment(sheet, &mut service, (node, beside));
    shared::life(sheet, &mut service, node);
    ports(sheet, &mut service, node);
    if let Some(node) = node.get("healthcheck") {
        service.ready = health(sheet, name, node);
    }
    service.user = node.get("user").and_then(|node| user(sheet, name, node));
    limits(sheet, &mut service, node);
    service.replicas = replicas(node);
    service.by_hand =
        node.get("scale").is_some_and(|node| node.value == Value::Text("0".to_owned()));
    keys::leave_rest(sheet, name, node, READ);
    let mentioned = line.iter().flat_map(|word| vars::mentioned(word)).collect::<Vec<_>>();
    pass(sheet, &mut service, &mentioned, &values);
    service
}

/// How many of it run.
pub(super) fn replicas(node: &Node) -> u16 {
    match node.get("scale").map(|node| &node.value) {
        Some(Value::Text(text)) => text.parse().unwrap_or(1).clamp(1, 999),
        _ => 1,
    }
}

/// The words of a program: a list as it is, a text taken apart as a shell would.
fn program(sheet: &mut Sheet<'_>, node: &Node) -> Vec<String> {
    if let Value::List(_) = node.value {
        return sheet.texts(node, "command").into_iter().map(|(_, word)| word).collect();
    }
    let Some(text) = sheet.text(node, "command") else { return vec![] };
    shell_words::split(&text).unwrap_or_else(|_| {
        sheet.wrong(
            &node.at,
            "a quote is not closed",
            "write the program and its arguments as a list",
        );
        vec![]
    })
}

/// Program and arguments; by way of a shell where only that can fill a variable in.
fn command(words: &[String]) -> Command {
    if !words.iter().any(|word| word.contains('$') || word.contains("{{")) {
        return Command::Argv(words.to_vec());
    }
    let words: Vec<String> = words.iter().map(|word| vars::word(word)).collect();
    Command::Line(shell::line(&format!("exec {}", words.join(" "))))
}

/// Without a container it listens where it listens.
fn ports(sheet: &mut Sheet<'_>, service: &mut DraftService, node: &Node) {
    for one in shared::ports(sheet, &service.name, node) {
        if one.published.is_some_and(|number| number != one.target) {
            let why = format!(
                "it listens on {} itself, and nothing hands on what comes to another one",
                one.target
            );
            sheet.leave(&service.name, "ports", &why);
        }
        let name = match service.ports.is_empty() {
            true => "port".to_owned(),
            false => format!("p{}", one.target),
        };
        if !service.ports.iter().any(|(_, wish)| *wish == PortWish::Fixed(one.target)) {
            service.ports.push((name, PortWish::Fixed(one.target)));
        }
    }
}

fn health(sheet: &mut Sheet<'_>, name: &str, node: &Node) -> Option<DraftProbe> {
    let mut fields = sheet.fields(node, name, "healthcheck");
    let off = fields.take("disable").and_then(|node| sheet.flag(&node, name, "disable"));
    let test = fields.take("test");
    let check = test.as_ref().and_then(|node| test_of(sheet, node));
    let mut span = |key| {
        let text = fields.take(key).and_then(|node| sheet.plain(&node, name, key))?;
        words::milliseconds(&text).filter(|ms| *ms > 0)
    };
    let (interval_ms, timeout_ms) = (span("interval"), span("timeout"));
    let (start_period_ms, start_interval_ms) = (span("start_period"), span("start_interval"));
    let retries: Option<u32> =
        fields.take("retries").and_then(|node| sheet.number(&node, name, "retries"));
    fields.done(sheet, &[]);
    let check = check.filter(|_| off != Some(true))?;
    Some(DraftProbe {
        // What docker takes where nothing is said.
        interval_ms: interval_ms.or(Some(30_000)),
        timeout_ms: timeout_ms.or(Some(30_000)),
        start_period_ms,
        start_interval_ms,
        failures: retries.filter(|n| *n > 0),
        ..DraftProbe::new(check)
    })
}

fn test_of(sheet: &mut Sheet<'_>, node: &Node) -> Option<DraftCheck> {
    let line = |text: &str| DraftCheck::Exec(Command::Line(shell::line(&text.replace("$$", "$"))));
    if let Value::Text(text) = &node.value {
        return Some(line(text)).filter(|_| !text.trim().is_empty());
    }
    let texts = sheet.texts(node, "test");
    let all: Vec<String> = texts.into_iter().map(|(_, word)| word).collect();
    match all.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["NONE"] | [] => None,
        ["CMD-SHELL", text] => Some(line(text)),
        ["CMD", _, ..] => Some(DraftCheck::Exec(command(&all[1..]))),
        _ => {
            sheet.wrong(&node.at, "this test is none", "begin it with CMD, CMD-SHELL or NONE");
            None
        }
    }
}

/// gaia takes a user and a group apart, and must be root for either.
fn user(sheet: &mut Sheet<'_>, name: &str, node: &Node) -> Option<String> {
    let text = sheet.plain(node, name, "user")?;
    let (user, group) = text.split_once(':').map_or((text.as_str(), None), |(u, g)| (u, Some(g)));
    if let Some(group) = group {
        sheet.leave(name, "user", &format!("write group = \"{group}\" beside it"));
    }
    Some(user.to_owned())
}

fn limits(sheet: &mut Sheet<'_>, service: &mut DraftService, node: &Node) {
    for (key, node) in node.get("ulimits").map(Node::entries).unwrap_or_default() {
        // gaia sets both to the same.
        let node = node.get("hard").unwrap_or(node);
        let number: Option<i64> = sheet.number(node, &service.name, "ulimits");
        match number.and_then(|number| u64::try_from(number).ok()) {
            Some(number) if LIMITS.contains(&key.text.as_str()) => {
                service.limits.push((key.text.clone(), number));
            }
            _ => sheet.leave(
                &service.name,
                &format!("ulimits.{}", key.text),
                "gaia has no such limit",
            ),
        }
    }
}
