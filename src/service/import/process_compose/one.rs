//! One process.

use super::{
    KEEPS_LOGS, Kind, Project, depends, life, probe,
    text::{self, Scope},
};
use crate::define::yaml::{Key, Node, Value};
use crate::{
    define::Command,
    service::import::{
        draft::DraftService,
        edges::Edge,
        pass,
        sheet::{Fields, Sheet},
        vars,
    },
};

/// Keys that people write and the tool does not know; and where they belong.
const ADVICE: &[(&str, &str)] = &[
    ("restart", "write availability: { restart: … }"),
    ("env", "write environment:, a list of NAME=value"),
    ("ports", "process-compose opens no ports; take it out"),
    ("healthcheck", "write readiness_probe: or liveness_probe:"),
    ("cwd", "write working_dir:"),
    ("interval", "write period_seconds: in a probe"),
];

const TERMINAL: &str = "every service of gaia has a terminal of its own";

pub(super) fn read(
    sheet: &mut Sheet<'_>,
    project: &Project,
    (key, node): (&Key, &Node),
    wanted: &mut Vec<Edge>,
) -> Option<DraftService> {
    let name = project.names.get(&key.text)?.to_owned();
    let begun = sheet.faults.len();
    let mut fields = sheet.fields(node, &name, "process");
    let kind = project.kinds.get(&key.text).cloned().unwrap_or_default();
    let scope = scope(sheet, project, (&name, &kind), &mut fields);
    let mut service = DraftService { name: name.clone(), ..DraftService::default() };
    service.description = description(sheet, &scope, &mut fields);
    service.command = command(sheet, &scope, &mut fields);
    place(sheet, &scope, &mut service, &mut fields);
    life::read(sheet, &scope, &mut service, &mut fields);
    probe::read(sheet, &scope, &mut service, &mut fields);
    depends::read(sheet, project, &name, (&mut fields, wanted));
    surroundings(sheet, &scope, &mut service, (&mut fields, &key.text));
    start(sheet, &scope, &mut service, &mut fields);
    behind(sheet, &mut fields);
    let inherits = fields.take("extends").is_some();
    if inherits {
        sheet.leave(&name, "extends", "what it inherits was not read; copy it here");
    }
    fields.done(sheet, ADVICE);
    if service.command.is_some() {
        return Some(service);
    }
    if inherits || sheet.page.text.lines().any(|line| line.starts_with("extends:")) {
        sheet.note(&name, "it is not carried over: its command stands in what it extends");
    } else if sheet.faults.len() == begun {
        let what = format!("`{}` runs nothing", key.text);
        sheet.wrong(&key.at, what, "give it a command: or an entrypoint:");
    }
    None
}

fn scope<'a>(
    sheet: &mut Sheet<'_>,
    project: &'a Project,
    (name, kind): (&'a str, &Kind),
    fields: &mut Fields,
) -> Scope<'a> {
    let mut vars = project.vars.clone();
    if let Some(node) = fields.take("vars") {
        vars.extend(text::variables(sheet, &node));
    }
    let off = fields.take("is_template_disabled");
    let off = off.and_then(|node| sheet.flag(&node, name, "is_template_disabled"));
    fields.take("ready_log_line");
    let replicas = kind.replicas.max(1);
    Scope { project, name, vars, replicas, plain_command: off == Some(true) }
}

fn description(sheet: &mut Sheet<'_>, scope: &Scope<'_>, fields: &mut Fields) -> Option<String> {
    let text = fields.take("description").and_then(|node| sheet.text(&node, "description"))?;
    let filled = scope.fill(sheet, &text, "description");
    Some(filled.replace(crate::service::import::shell::REPLICA, "N"))
}

/// The command wins over the entrypoint, as it does there.
fn command(sheet: &mut Sheet<'_>, scope: &Scope<'_>, fields: &mut Fields) -> Option<Command> {
    let (line, words) = (fields.take("command"), fields.take("entrypoint"));
    if let Some(text) = line.and_then(|node| sheet.text(&node, "command")) {
        if words.is_some() {
            sheet.leave(scope.name, "entrypoint", "its `command` wins");
        }
        fields.leave(sheet, "", &["args"], "process-compose does not read it beside a command");
        let line = scope.line(sheet, &text, "command");
        return (!line.trim().is_empty()).then(|| scope.command(line));
    }
    let words = sheet.texts(&words?, "entrypoint");
    let words: Vec<String> =
        words.iter().map(|(_, word)| scope.fill(sheet, word, "entrypoint")).collect();
    let named = words.first().is_some_and(|program| !program.trim().is_empty());
    named.then(|| argv(&words, scope.project.expands))
}

/// Program and arguments; by way of a shell where only that can fill something in.
fn argv(words: &[String], expands: bool) -> Command {
    use crate::service::import::shell;
    let special = |word: &String| {
        (expands && word.contains('$')) || word.contains("{{") || word.contains(shell::REPLICA)
    };
    if !words.iter().any(special) {
        return Command::Argv(words.to_vec());
    }
    let quoted = words.iter().map(|word| match expands {
        true => vars::word(word),
        false => shell::quote(word),
    });
    let line: Vec<String> = quoted.collect();
    Command::Line(shell::line(&format!("exec {}", line.join(" "))))
}

/// Where it runs.
fn place(
    sheet: &mut Sheet<'_>,
    scope: &Scope<'_>,
    service: &mut DraftService,
    fields: &mut Fields,
) {
    let dir = fields.take("working_dir").and_then(|mut node| {
        if let Value::Text(text) = &mut node.value {
            *text = crate::service::import::words::folder(text);
        }
        scope.plain(sheet, &node, "working_dir")
    });
    service.dir = dir.filter(|dir| !matches!(dir.as_str(), "" | "." | "./"));
    if let Some(file) =
        fields.take("env_file").and_then(|node| scope.plain(sheet, &node, "env_file"))
    {
        // It is looked for where the process runs; gaia looks in the folder of the definition.
        let from = service.dir.as_ref().filter(|_| !file.starts_with(['/', '~']));
        service.env_files.push(from.map_or(file.clone(), |dir| format!("{dir}/{file}")));
    }
}

/// Its environment: `.env`, that of the file, its own.
fn surroundings(
    sheet: &mut Sheet<'_>,
    scope: &Scope<'_>,
    service: &mut DraftService,
    (fields, written): (&mut Fields, &str),
) {
    let without = fields.take("is_dotenv_disabled");
    let without = without.and_then(|node| sheet.flag(&node, scope.name, "is_dotenv_disabled"));
    if sheet.dotenv.is_some() && without != Some(true) {
        service.env_files.insert(0, ".env".to_owned());
    }
    let mut pairs = scope.project.env.clone();
    if let Some(node) = fields.take("environment") {
        for (name, value) in sheet.pairs(&node, "environment") {
            pairs.retain(|(other, _)| *other != name);
            pairs.push((name, value));
        }
    }
    let values = scope.env(sheet, service, pairs);
    let mut names = said(service);
    let speaks = |names: &[String], name: &str| names.iter().any(|other| other == name);
    for (name, line) in &scope.project.printed {
        if speaks(&names, name) || speaks(&values, name) {
            let line = scope.line(sheet, line, "env_cmds");
            service.secrets.push((name.clone(), line));
        }
    }
    if scope.replicas == 1 && speaks(&names, "PC_REPLICA_NUM") {
        service.env.push(("PC_REPLICA_NUM".to_owned(), "0".to_owned()));
    }
    if speaks(&names, "PC_PROC_NAME") {
        service.env.push(("PC_PROC_NAME".to_owned(), vars::literal(written)));
    }
    names.retain(|name| name != "PC_REPLICA_NUM");
    pass(sheet, service, &names, &values);
}

/// Variables that its commands speak of.
fn said(service: &DraftService) -> Vec<String> {
    let probes = [&service.ready, &service.alive].into_iter().flatten();
    let asked = probes.filter_map(|probe| probe.check.command());
    let all = service.command.iter().chain(&service.stop.command).chain(asked);
    all.flat_map(|command| match command {
        Command::Line(line) => vars::mentioned(line),
        Command::Argv(words) => words.last().map(|line| vars::mentioned(line)).unwrap_or_default(),
        Command::Shell | Command::Service(_) | Command::Task(_) => vec![],
    })
    .collect()
}

/// Whether and how often it starts.
fn start(
    sheet: &mut Sheet<'_>,
    scope: &Scope<'_>,
    service: &mut DraftService,
    fields: &mut Fields,
) {
    let mut flag = |key| fields.take(key).and_then(|node| sheet.flag(&node, scope.name, key));
    let disabled = flag("disabled");
    // The one as a text is there to be a variable, and wins.
    let disabled = flag("is_disabled").or(disabled).unwrap_or(false);
    let foreground = flag("is_foreground").unwrap_or(false);
    let (tty, interactive) = (flag("is_tty"), flag("is_interactive"));
    service.by_hand |= disabled || foreground;
    if foreground {
        sheet.leave(
            scope.name,
            "is_foreground",
            "it is started by hand, as there, in a terminal of its own",
        );
    }
    if tty.is_some() {
        sheet.leave(scope.name, "is_tty", TERMINAL);
    }
    if interactive.is_some() {
        sheet.leave(scope.name, "is_interactive", TERMINAL);
    }
    fields.take("replicas");
    service.replicas = scope.replicas.min(999);
    if service.replicas < scope.replicas {
        sheet.leave(scope.name, "replicas", "gaia runs 999 of a service at most");
    }
}

/// What gaia has no word for.
fn behind(sheet: &mut Sheet<'_>, fields: &mut Fields) {
    fields.leave(sheet, "", &["log_location", "log_configuration", "truncate_log"], KEEPS_LOGS);
    fields.leave(
        sheet,
        "",
        &["disable_ansi_colors"],
        "set NO_COLOR=1 in its `env` if it knows that",
    );
    fields.leave(
        sheet,
        "",
        &["namespace"],
        "gaia has no groups of that kind; `profiles` tell what starts by default",
    );
    fields.leave(
        sheet,
        "",
        &["is_elevated"],
        "gaia runs nothing by sudo; begin its command with that, or give it a `user`",
    );
    fields.leave(sheet, "", &["mcp"], "gaia offers no service to agents as a tool");
    fields.leave(
        sheet,
        "",
        &["monitor_for", "monitor_silence_threshold"],
        "gaia does not watch for silence",
    );
    fields.leave(sheet, "", &["launch_timeout_seconds"], "it belongs to `is_daemon`");
    let own = ["name", "original_config", "replica_num", "replica_name", "executable", "args"];
    fields.leave(sheet, "", &own, "process-compose fills it in itself and reads no other");
}
