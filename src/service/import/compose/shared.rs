//! What programs and entries of the catalog have alike.

use crate::define::yaml::{Node, Value};
use crate::{
    base::signal,
    service::{
        import::{
            Beside,
            draft::DraftService,
            sheet::Sheet,
            vars,
            words::{MANY, milliseconds, window_ms},
        },
        model::Policy,
    },
};

/// A port of a container.
pub(super) struct Published {
    /// Where this machine listens for it, if it says so.
    pub(super) published: Option<u16>,
    /// Where the program listens.
    pub(super) target: u16,
}

/// The environment; gives the variables that its values speak of.
pub(super) fn environment(
    sheet: &mut Sheet<'_>,
    service: &mut DraftService,
    (node, beside): (&Node, Beside<'_>),
) -> Vec<String> {
    let name = service.name.clone();
    if let Some(files) = node.get("env_file") {
        for file in env_files(sheet, &name, files) {
            match file {
                (path, false) if beside(&path).is_none() => {
                    let why =
                        format!("`{path}` need not be there, and is not; gaia wants what is named");
                    sheet.leave(&name, "env_file", &why);
                }
                (path, _) => service.env_files.push(path),
            }
        }
    }
    let mut mentioned = Vec::new();
    let pairs = node.get("environment").map(|node| sheet.pairs(node, "environment"));
    for (key, text) in pairs.unwrap_or_default() {
        let Some(text) = text else {
            service.pass_env.push(key);
            continue;
        };
        match vars::value(&text) {
            Ok(value) if !value.contains("{{") => {
                mentioned.extend(vars::mentioned(&text));
                service.env.push((key, value));
            }
            _ => sheet.leave(
                &name,
                &format!("environment.{key}"),
                "it is more than gaia fills in; write what it stands for",
            ),
        }
    }
    let known = |name: &String| sheet.dotenv.as_ref().is_some_and(|env| env.contains_key(name));
    if mentioned.iter().any(known) && !service.env_files.iter().any(|file| file == ".env") {
        service.env_files.insert(0, ".env".to_owned());
    }
    mentioned
}

/// Paths of env files, and whether they must be there.
fn env_files(sheet: &mut Sheet<'_>, name: &str, node: &Node) -> Vec<(String, bool)> {
    let one = std::slice::from_ref(node);
    let items = if let Value::List(items) = &node.value { items.as_slice() } else { one };
    let mut files = Vec::new();
    for item in items {
        if item.entries().is_empty() {
            files.extend(sheet.plain(item, name, "env_file").map(|path| (path, true)));
            continue;
        }
        let mut fields = sheet.fields(item, name, "env_file");
        let path = fields.take("path").and_then(|node| sheet.plain(&node, name, "env_file"));
        let required = fields.take("required").and_then(|node| sheet.flag(&node, name, "required"));
        fields.leave(sheet, "env_file.", &["format"], "gaia reads all of them alike");
        fields.done(sheet, &[]);
        files.extend(path.map(|path| (path, required.unwrap_or(true))));
    }
    let local = |path: String| path.strip_prefix("./").map_or(path.clone(), str::to_owned);
    files.into_iter().map(|(path, required)| (local(path), required)).collect()
}

/// When it is started again and how it is stopped, and its profiles.
pub(super) fn life(sheet: &mut Sheet<'_>, service: &mut DraftService, node: &Node) {
    let name = service.name.clone();
    let native = service.uses.is_some();
    // An entry of the catalog knows what is good for it.
    service.restart = if native { None } else { Some(Policy::No) };
    if let Some(node) = node.get("restart") {
        restart(sheet, service, node);
    }
    if let Some(node) = node.get("stop_signal") {
        let word = sheet.plain(node, &name, "stop_signal");
        service.stop.signal = word.filter(|word| {
            let known = signal(word).is_some();
            if !known {
                sheet.leave(&name, "stop_signal", &format!("gaia does not know `{word}`"));
            }
            known
        });
    }
    service.stop.grace_ms = grace_ms(sheet, node);
    if let Some(node) = node.get("profiles") {
        service.profiles =
            sheet.texts(node, "profiles").into_iter().map(|(_, word)| word).collect();
    }
}

fn restart(sheet: &mut Sheet<'_>, service: &mut DraftService, node: &Node) {
    let Some(word) = sheet.plain(node, &service.name, "restart") else { return };
    let (word, limit) = word.split_once(':').unwrap_or((&word, "0"));
    service.restart = match word {
        "no" | "false" => Some(Policy::No),
        "always" => Some(Policy::Always),
        "unless-stopped" => Some(Policy::UnlessStopped),
        "on-failure" => Some(Policy::OnFailure),
        _ => {
            let what = format!("there is no restart policy `{word}`");
            return sheet.wrong(&node.at, what, "one of no, always, on-failure, unless-stopped");
        }
    };
    match limit.parse().map(|limit| if limit > MANY { 0 } else { limit }) {
        // docker gives up only where a limit says so.
        Ok(limit) if service.uses.is_none() && service.restart != Some(Policy::No) => {
            service.max_restarts = Some(limit);
            service.restart_window_ms = window_ms(limit, None);
        }
        Ok(_) => (),
        Err(_) => sheet.wrong(
            &node.at,
            format!("`{limit}` is no number of restarts"),
            "write on-failure:3",
        ),
    }
}

/// How long it may take to stop.
pub(super) fn grace_ms(sheet: &mut Sheet<'_>, node: &Node) -> Option<u64> {
    let Value::Text(text) = &node.get("stop_grace_period")?.value else { return None };
    let known = sheet.dotenv.clone().unwrap_or_default();
    vars::settled(text, &known).ok().as_deref().and_then(milliseconds)
}

/// The ports, one by one. A range and UDP are left behind.
pub(super) fn ports(sheet: &mut Sheet<'_>, name: &str, node: &Node) -> Vec<Published> {
    let items = match node.get("ports").map(|node| &node.value) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    let mut all = Vec::new();
    for item in items {
        let (text, udp) = if item.entries().is_empty() {
            let Some(text) = sheet.plain(item, name, "ports") else { continue };
            let (text, kind) = text.split_once('/').map_or((text.as_str(), "tcp"), |(t, k)| (t, k));
            (text.to_owned(), kind == "udp")
        } else {
            long(sheet, name, item)
        };
        let mut words = text.rsplit(':');
        let target = words.next().and_then(|word| word.parse().ok());
        let published = words.next().map(|word| word.parse().ok());
        match (target, published, udp) {
            (Some(0), ..) | (_, Some(Some(0)), _) => (),
            (Some(target), None, false) => all.push(Published { published: None, target }),
            (Some(target), Some(Some(number)), false) => {
                all.push(Published { published: Some(number), target });
            }
            _ => sheet.leave(name, "ports", &format!("`{text}` is no single port of TCP")),
        }
    }
    all
}

/// The long form, as the short one would say it.
fn long(sheet: &mut Sheet<'_>, name: &str, item: &Node) -> (String, bool) {
    let mut fields = sheet.fields(item, name, "ports");
    let mut text = |key| fields.take(key).and_then(|node| sheet.plain(&node, name, key));
    let (target, published, kind) = (text("target"), text("published"), text("protocol"));
    for key in ["host_ip", "mode", "name", "app_protocol"] {
        fields.take(key);
    }
    fields.done(sheet, &[]);
    let target = target.unwrap_or_default();
    let text =
        published.map_or_else(|| target.clone(), |published| format!("{published}:{target}"));
    (text, kind.as_deref() == Some("udp"))
}
