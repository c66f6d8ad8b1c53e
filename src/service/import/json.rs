//! Lists of services as many small supervisors keep them:
//! `{ name, command, args, port, health_check, auto_restart, env, cwd }`.

use super::{
    draft::{DraftCheck, DraftProbe, DraftService},
    names::Names,
    sheet::{Fields, Sheet},
    shell, vars,
    words::{folder, milliseconds},
};
use crate::define::yaml::{Key, Node, Value};
use crate::{
    define::Command,
    service::model::{Policy, PortWish},
};

const ADVICE: &[(&str, &str)] = &[
    ("environment", "write env"),
    ("working_dir", "write cwd"),
    ("dir", "write cwd"),
    ("restart", "write auto_restart"),
    ("healthcheck", "write health_check"),
];

pub(super) fn read(sheet: &mut Sheet<'_>, top: &Node) -> Vec<DraftService> {
    let list = top.get("services").filter(|_| top.get("command").is_none()).unwrap_or(top);
    let entries: Vec<(Option<&Key>, &Node)> = match &list.value {
        Value::List(items) => items.iter().map(|item| (None, item)).collect(),
        Value::Table(_) if list.get("command").is_some() => vec![(None, list)],
        Value::Table(entries) => entries.iter().map(|(key, node)| (Some(key), node)).collect(),
        Value::Text(_) | Value::Nothing => vec![],
    };
    if entries.is_empty() {
        sheet.wrong(
            &list.at,
            "this names no services",
            "write [{ \"name\": \"web\", \"command\": \"bin/server\" }]",
        );
    }
    let (mut services, mut names) = (Vec::new(), Names::default());
    for (key, node) in entries {
        services.extend(service(sheet, &mut names, key, node));
    }
    services
}

fn service(
    sheet: &mut Sheet<'_>,
    names: &mut Names,
    key: Option<&Key>,
    node: &Node,
) -> Option<DraftService> {
    let mut fields = sheet.fields(node, "", "service");
    let own = fields.take("name");
    let at = own.as_ref().map_or_else(|| node.at.clone(), |node| node.at.clone());
    let own = own.and_then(|node| sheet.text(&node, "name"));
    let Some(written) = own.or_else(|| key.map(|key| key.text.clone())) else {
        sheet.wrong(&at, "this service has no name", "add \"name\": \"web\"");
        return None;
    };
    if names.get(&written).is_some() {
        sheet.wrong(&at, format!("there are two services `{written}`"), "rename one of them");
        return None;
    }
    let name = names.add(sheet, &written, 1);
    let mut service = DraftService { name, ..DraftService::default() };
    service.command = command(sheet, &mut fields);
    if service.command.is_none() {
        let at = key.map_or(at, |key| key.at.clone());
        sheet.wrong(&at, format!("`{written}` runs nothing"), "add \"command\": \"…\"");
    }
    surroundings(sheet, &mut service, &mut fields);
    let number = fields.take("port");
    let number = number.and_then(|node| sheet.number::<u16>(&node, &service.name, "port"));
    if let Some(number) = number.filter(|number| *number > 0) {
        service.ports.push(("port".to_owned(), PortWish::Fixed(number)));
    }
    if let Some(node) = fields.take("health_check") {
        service.ready = health(sheet, &service.name, &node, number);
    }
    if let Some(node) = fields.take("auto_restart") {
        let again = sheet.flag(&node, &service.name, "auto_restart");
        service.restart = again.map(|again| if again { Policy::Always } else { Policy::No });
    }
    fields.done(sheet, ADVICE);
    service.command.is_some().then_some(service)
}

/// With arguments it is a program, alone it is a line of shell.
fn command(sheet: &mut Sheet<'_>, fields: &mut Fields) -> Option<Command> {
    let (line, args) = (fields.take("command"), fields.take("args"));
    let line = line?;
    let mut words: Vec<String> =
        sheet.texts(&line, "command").into_iter().map(|(_, word)| word).collect();
    let is_list = matches!(line.value, Value::List(_));
    words.retain(|word| !word.trim().is_empty());
    let args = args.map(|node| sheet.texts(&node, "args"));
    if args.is_none() && !is_list {
        return words.first().map(|line| Command::Line(shell::line(line)));
    }
    words.first()?;
    words.extend(args.unwrap_or_default().into_iter().map(|(_, word)| word));
    if !words.iter().any(|word| word.contains("{{")) {
        return Some(Command::Argv(words));
    }
    let quoted: Vec<String> = words.iter().map(|word| shell::quote(word)).collect();
    Some(Command::Line(shell::line(&format!("exec {}", quoted.join(" ")))))
}

fn surroundings(sheet: &mut Sheet<'_>, service: &mut DraftService, fields: &mut Fields) {
    let pairs = fields.take("env").map(|node| sheet.pairs(&node, "env"));
    for (key, text) in pairs.unwrap_or_default() {
        match text {
            Some(text) if text.contains("{{") => {
                sheet.leave(
                    &service.name,
                    &format!("env.{key}"),
                    "gaia would look for a value between its braces",
                );
            }
            // JSON fills nothing in.
            Some(text) => service.env.push((key, vars::literal(&text))),
            None => service.pass_env.push(key),
        }
    }
    let dir = fields.take("cwd").and_then(|node| sheet.text(&node, "cwd"));
    service.dir = dir.and_then(|dir| sheet.settle(&folder(&dir), &service.name, "cwd"));
}

fn health(sheet: &mut Sheet<'_>, name: &str, node: &Node, own: Option<u16>) -> Option<DraftProbe> {
    let mut fields = sheet.fields(node, name, "health_check");
    let kind = fields.take("type").and_then(|node| sheet.text(&node, "type"));
    let aim = fields.take("endpoint").or_else(|| fields.take("command"));
    let aim = aim.and_then(|node| sheet.text(&node, "endpoint")).unwrap_or_default();
    let mut span = |key| {
        let node = fields.take(key)?;
        let text = sheet.text(&node, key)?;
        let ms = milliseconds(&text).filter(|ms| *ms > 0);
        if ms.is_none() {
            sheet.wrong(&node.at, format!("`{text}` is no span of time"), "write 10 or \"10s\"");
        }
        ms
    };
    let (interval_ms, timeout_ms) = (span("interval"), span("timeout"));
    let retries: Option<u32> =
        fields.take("retries").and_then(|node| sheet.number(&node, name, "retries"));
    fields.done(sheet, &[("url", "write endpoint"), ("path", "write endpoint")]);
    if aim.contains("{{") && kind.as_deref() != Some("command") {
        sheet.wrong(&node.at, "nothing fills in `{{ … }}` here", "write the endpoint as it is");
        return None;
    }
    let check = match kind.as_deref() {
        Some("http") => http(sheet, node, &aim, own),
        Some("tcp") => tcp(sheet, node, &aim, own),
        Some("command") if !aim.trim().is_empty() => {
            Some(DraftCheck::Exec(Command::Line(shell::line(&aim))))
        }
        Some("command") => {
            sheet.wrong(&node.at, "this check runs nothing", "add \"endpoint\": \"a command\"");
            None
        }
        _ => {
            sheet.wrong(
                &node.at,
                "this check has no type that is known",
                "add \"type\": http, tcp or command",
            );
            None
        }
    };
    let failures = retries.filter(|number| *number > 0);
    check.map(|check| DraftProbe { interval_ms, timeout_ms, failures, ..DraftProbe::new(check) })
}

/// An address, or a path on the port of the service.
fn http(sheet: &mut Sheet<'_>, node: &Node, aim: &str, own: Option<u16>) -> Option<DraftCheck> {
    let path = format!("/{}", aim.trim_start_matches('/'));
    let url = match own {
        _ if aim.starts_with("http://") => aim.to_owned(),
        _ if aim.starts_with("https://") => {
            let help = "write \"type\": \"command\" and an endpoint that runs curl";
            sheet.wrong(&node.at, "gaia does not probe over TLS", help);
            return None;
        }
        Some(_) => path,
        None => {
            let help = "add a \"port\" to the service, or write \"http://127.0.0.1:8000/…\"";
            sheet.wrong(&node.at, "there is no port to ask at", help);
            return None;
        }
    };
    Some(DraftCheck::Http { url, status: None, headers: vec![] })
}

/// `HOST:PORT`, a port, or nothing for that of the service.
fn tcp(sheet: &mut Sheet<'_>, node: &Node, aim: &str, own: Option<u16>) -> Option<DraftCheck> {
    let (host, number) = aim.trim().rsplit_once(':').unwrap_or(("127.0.0.1", aim.trim()));
    let number = if number.is_empty() { own } else { number.parse().ok() };
    match number.filter(|number| *number > 0) {
        Some(number) if !host.is_empty() => Some(DraftCheck::Tcp(format!("{host}:{number}"))),
        _ => {
            sheet.wrong(
                &node.at,
                format!("`{aim}` is no address to connect to"),
                "write \"127.0.0.1:5432\"",
            );
            None
        }
    }
}
