//! process-compose files. Defaults are those of its documentation, and of its source where that
//! says more.

mod depends;
mod life;
mod one;
mod probe;
mod text;

use crate::define::yaml::{Key, Node, Value};
use std::collections::BTreeMap;

use super::{
    CALLER,
    draft::DraftService,
    edges,
    names::Names,
    sheet::{Fields, Sheet},
};
use crate::service::model::Condition;

/// What all processes of a file share.
#[derive(Debug, Default)]
pub(super) struct Project {
    names: Names,
    /// Variables of every process, as written.
    env: Vec<(String, Option<String>)>,
    /// Variables and the shell lines that print them.
    printed: Vec<(String, String)>,
    /// What `{{.NAME}}` stands for.
    vars: BTreeMap<String, String>,
    /// Shell and its argument, where the file names them.
    shell: Option<(String, String)>,
    /// Whether `$NAME` is filled in in the whole file.
    expands: bool,
    /// Names with their `replicas` and `ready_log_line`.
    kinds: BTreeMap<String, Kind>,
}

/// What others have to know of a process.
#[derive(Debug, Clone, Default)]
pub(super) struct Kind {
    replicas: u16,
    log_line: Option<String>,
}

const KEEPS_LOGS: &str = "gaia keeps all output itself and turns its logs over";
const OF_THE_TOOL: &str = "it is about process-compose itself";

pub(super) fn read(sheet: &mut Sheet<'_>, top: &Node) -> Vec<DraftService> {
    let mut fields = sheet.fields(top, "", "process-compose file");
    let list = fields.take("processes");
    let mut project = project(sheet, &mut fields);
    fields.leave(
        sheet,
        "",
        &["log_location", "log_length", "log_configuration", "log_format"],
        KEEPS_LOGS,
    );
    let own = ["name", "log_level", "is_strict", "is_tui_disabled", "mcp_server"];
    fields.leave(sheet, "", &own, OF_THE_TOOL);
    fields.leave(sheet, "", &["file_names", "env_file_names", "dot_env_vars"], OF_THE_TOOL);
    if let Some(file) = fields.take("extends").and_then(|node| sheet.text(&node, "extends")) {
        let why = format!("`{file}` was not read; carry it over too, or copy what is needed of it");
        sheet.leave("", "extends", &why);
    }
    fields.done(
        sheet,
        &[
            ("env", "write environment:, a list of NAME=value"),
            ("env_file", "each process has an env_file of its own"),
            ("services", "this is no compose file: they stand under processes:"),
        ],
    );
    let Some(list) = list else {
        sheet.wrong(
            &top.at,
            "this file has no `processes`",
            "write processes: and the processes below it",
        );
        return vec![];
    };
    processes(sheet, &mut project, &list)
}

fn project(sheet: &mut Sheet<'_>, fields: &mut Fields) -> Project {
    let mut project = Project { expands: true, ..Project::default() };
    // Neither changes anything: the one is for people, the other is how gaia always does it.
    fields.take("version");
    fields.take("ordered_shutdown");
    if let Some(node) = fields.take("disable_env_expansion") {
        project.expands = !sheet.flag(&node, "", "disable_env_expansion").unwrap_or(false);
    }
    if let Some(node) = fields.take("environment") {
        project.env = sheet.pairs(&node, "environment");
    }
    if let Some(node) = fields.take("vars") {
        project.vars = text::variables(sheet, &node);
    }
    if let Some(node) = fields.take("env_cmds") {
        for (name, line) in node.entries() {
            project
                .printed
                .extend(sheet.text(line, "env_cmds").map(|line| (name.text.clone(), line)));
        }
    }
    if let Some(node) = fields.take("shell") {
        project.shell = shell(sheet, &node);
    }
    project
}

fn shell(sheet: &mut Sheet<'_>, node: &Node) -> Option<(String, String)> {
    let mut fields = sheet.fields(node, "", "shell");
    let mut text = |key| fields.take(key).and_then(|node| sheet.plain(&node, "", key));
    let (program, argument) = (text("shell_command"), text("shell_argument"));
    let root = ["elevated_shell_command", "elevated_shell_argument"];
    fields.leave(sheet, "shell.", &root, "gaia runs nothing by sudo; a service may have a `user`");
    fields.done(
        sheet,
        &[("command", "write shell_command"), ("args", "write shell_argument, which is one text")],
    );
    Some((program?, argument.unwrap_or_else(|| "-c".to_owned())))
}

fn processes(sheet: &mut Sheet<'_>, project: &mut Project, list: &Node) -> Vec<DraftService> {
    if !matches!(list.value, Value::Table(_)) {
        let what = format!("`processes` is a table of names, and this is {}", list.kind());
        sheet.wrong(&list.at, what, "write `NAME:` and the keys of the process below it");
        return vec![];
    }
    for (key, node) in list.entries() {
        let replicas = node.get("replicas").and_then(|n| sheet.number(n, &key.text, "replicas"));
        let log_line = node.get("ready_log_line").and_then(|n| sheet.text(n, "ready_log_line"));
        let kind = Kind { replicas: replicas.unwrap_or(1).max(1), log_line };
        project.kinds.insert(key.text.clone(), kind);
    }
    let many = |key: &&(Key, Node)| project.kinds.get(&key.0.text).is_some_and(|k| k.replicas > 1);
    let (many, single): (Vec<_>, Vec<_>) = list.entries().iter().partition(many);
    for (key, _) in many.into_iter().chain(single) {
        let replicas = project.kinds.get(&key.text).map_or(1, |kind| kind.replicas);
        project.names.add(sheet, &key.text, replicas.min(999));
    }
    let (mut services, mut wanted) = (Vec::new(), Vec::new());
    for (key, node) in list.entries() {
        services.extend(one::read(sheet, project, (key, node), &mut wanted));
    }
    unmentioned(sheet, project, &services);
    unwaited(sheet, project, &wanted);
    depends::endings(&mut services, &wanted);
    edges::tie(sheet, &mut services, wanted);
    sheet.note("", CALLER);
    services
}

/// A line that is printed when a process is ready, and nobody waits for.
fn unwaited(sheet: &mut Sheet<'_>, project: &Project, wanted: &[edges::Edge]) {
    let logs = |edge: &&edges::Edge| matches!(edge.condition, Condition::Log(_));
    for (written, kind) in project.kinds.iter().filter(|(_, kind)| kind.log_line.is_some()) {
        let name = project.names.get(written).unwrap_or_default();
        if !wanted.iter().filter(logs).any(|edge| edge.to == name) {
            let line = regex::escape(kind.log_line.as_deref().unwrap_or_default());
            let why = format!(
                "nothing waits for it; probe.ready = {{ log = '{line}' }} would tell when it is ready"
            );
            sheet.leave(name, "ready_log_line", &why);
        }
    }
}

/// What is said of the file as a whole once all its processes are known.
fn unmentioned(sheet: &mut Sheet<'_>, project: &Project, services: &[DraftService]) {
    for (name, _) in &project.printed {
        let used =
            services.iter().any(|service| service.secrets.iter().any(|(key, _)| key == name));
        if !used {
            let why =
                format!("no command speaks of {name}; give it as `secrets` to those that read it");
            sheet.leave("", "env_cmds", &why);
        }
    }
    if project.shell.is_none() && !services.is_empty() {
        sheet.note("", "process-compose runs lines by bash; here they run by sh, but for those that are plainly bash");
    }
}
