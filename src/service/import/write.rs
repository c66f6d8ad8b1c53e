//! Services on their way to TOML.

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value, value};

use super::draft::{
    Draft, DraftAfter, DraftCheck, DraftProbe, DraftService, DraftStop, DraftWatch,
};
use crate::{
    define::Command,
    service::model::{Condition, Policy, PortWish},
};

impl Draft {
    /// The text of the `gaia.toml`, with what stayed behind as a comment at its head.
    pub(crate) fn text(&self, from: &str) -> String {
        let mut text = format!("# Carried over from {}.\n", one_line(from));
        for note in &self.left {
            text += &format!("# Left behind: {}\n", one_line(note));
        }
        let mut document = DocumentMut::new();
        let mut services = Table::new();
        services.set_implicit(true);
        for service in &self.services {
            services[&service.name] = Item::Table(service.table());
        }
        document["services"] = Item::Table(services);
        let body = document.to_string();
        text + "\n" + body.trim_start_matches('\n')
    }
}

/// A comment ends where its line does.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl DraftService {
    fn table(&self) -> Table {
        let mut table = Table::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                table.insert(key, Item::Value(value));
            }
        };
        put("description", self.description.clone().map(Value::from));
        put("use", self.uses.clone().map(Value::from));
        match &self.command {
            Some(Command::Argv(_)) => put("command", self.command.as_ref().and_then(command)),
            other => put("run", other.as_ref().and_then(command)),
        }
        put("type", self.oneshot.then(|| "oneshot".into()));
        put("dir", self.dir.clone().map(Value::from));
        put("env", table_of(self.env.iter().map(|(k, v)| (k, v.into()))));
        put("env_files", list(&self.env_files));
        put("pass_env", list(&self.pass_env));
        put("secrets", table_of(self.secrets.iter().map(|(k, line)| (k, printed(line)))));
        put("user", self.user.clone().map(Value::from));
        put("limits", table_of(self.limits.iter().map(|(k, n)| (k, whole(*n)))));
        let (main, named): (Vec<_>, Vec<_>) = self.ports.iter().partition(|(k, _)| k == "port");
        put("port", main.first().map(|(_, wish)| wished(*wish)));
        put("ports", table_of(named.iter().map(|(k, wish)| (k, wished(*wish)))));
        put("after", table_of(self.after.iter().map(|one| (&one.service, one.value()))));
        self.probes(&mut table);
        self.life(&mut table);
        table
    }

    fn probes(&self, table: &mut Table) {
        let mut probes = Table::new();
        probes.set_dotted(true);
        for (role, probe) in [("ready", &self.ready), ("alive", &self.alive)] {
            if let Some(probe) = probe {
                probes[role] = value(probe.table());
            }
        }
        if !probes.is_empty() {
            table["probe"] = Item::Table(probes);
        }
    }

    /// When it is started, started again and stopped.
    fn life(&self, table: &mut Table) {
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                table.insert(key, Item::Value(value));
            }
        };
        put("restart", self.restart.map(|policy| word(policy).into()));
        put("backoff", self.backoff_ms.map(span));
        put("backoff_cap", self.backoff_cap_ms.map(span));
        put("max_restarts", self.max_restarts.map(|n| whole(n.into())));
        put("restart_window", self.restart_window_ms.map(span));
        let codes: Array = self.success_codes.iter().map(|code| i64::from(*code)).collect();
        put("success_codes", (!codes.is_empty()).then(|| codes.into()));
        put("restart_when_unready", self.restart_when_unready.then(|| true.into()));
        put("stop", self.stop.value());
        put("start_timeout", self.start_timeout_ms.map(span));
        put("watch", self.watch.as_ref().map(DraftWatch::value));
        put("schedule", self.schedule.clone().map(Value::from));
        put("replicas", (self.replicas > 1).then(|| whole(self.replicas.into())));
        put("profiles", list(&self.profiles));
        put("autostart", self.by_hand.then(|| false.into()));
    }
}

impl DraftAfter {
    fn value(&self) -> Value {
        let simple = match &self.condition {
            Condition::Started => "started",
            Condition::Ready | Condition::HealthyFor(_) => "ready",
            Condition::Completed => "completed",
            Condition::CompletedOk => "completed-ok",
            Condition::Log(_) => "",
        };
        let mut table = InlineTable::new();
        match &self.condition {
            Condition::Log(line) => drop(table.insert("log", line.into())),
            _ if !self.optional => return simple.into(),
            _ => drop(table.insert("condition", simple.into())),
        }
        if self.optional {
            table.insert("required", false.into());
        }
        table.into()
    }
}

impl DraftProbe {
    fn table(&self) -> InlineTable {
        let mut table = InlineTable::new();
        match &self.check {
            DraftCheck::Http { url, status: None, headers } if headers.is_empty() => {
                table.insert("http", url.into());
            }
            DraftCheck::Http { url, status, headers } => {
                let mut http = InlineTable::new();
                http.insert("url", url.into());
                http.extend(status.map(|code| ("status", whole(code.into()))));
                let headers = table_of(headers.iter().map(|(k, v)| (k, v.into())));
                http.extend(headers.map(|headers| ("headers", headers)));
                table.insert("http", http.into());
            }
            DraftCheck::Tcp(address) => drop(table.insert("tcp", address.into())),
            DraftCheck::Exec(what) => table.extend(command(what).map(|what| ("exec", what))),
        }
        table.extend(self.interval_ms.map(|ms| ("interval", span(ms))));
        table.extend(self.timeout_ms.map(|ms| ("timeout", span(ms))));
        table.extend(self.failures.map(|n| ("failures", whole(n.into()))));
        table.extend(self.successes.map(|n| ("successes", whole(n.into()))));
        table.extend(self.start_period_ms.map(|ms| ("start_period", span(ms))));
        table.extend(self.start_interval_ms.map(|ms| ("start_interval", span(ms))));
        table
    }
}

impl DraftStop {
    fn value(&self) -> Option<Value> {
        let mut table = InlineTable::new();
        table.extend(self.signal.iter().map(|signal| ("signal", Value::from(signal))));
        table.extend(self.command.iter().filter_map(command).map(|what| ("command", what)));
        table.extend(self.grace_ms.map(|ms| ("grace", span(ms))));
        (!table.is_empty()).then(|| table.into())
    }
}

impl DraftWatch {
    fn value(&self) -> Value {
        let mut table = InlineTable::new();
        table.extend(list(&self.paths).map(|paths| ("paths", paths)));
        table.extend(list(&self.ignore).map(|paths| ("ignore", paths)));
        table.extend(self.debounce_ms.map(|ms| ("debounce", span(ms))));
        table.into()
    }
}

fn command(command: &Command) -> Option<Value> {
    match command {
        Command::Line(line) => Some(line.into()),
        Command::Argv(words) => Some(words.iter().collect::<Array>().into()),
        Command::Shell | Command::Service(_) | Command::Task(_) => None,
    }
}

fn printed(line: &str) -> Value {
    let mut table = InlineTable::new();
    table.insert("command", ["sh", "-c", line].into_iter().collect::<Array>().into());
    table.into()
}

fn table_of<'k>(pairs: impl Iterator<Item = (&'k String, Value)>) -> Option<Value> {
    let table: InlineTable = pairs.collect();
    (!table.is_empty()).then(|| table.into())
}

fn list(words: &[String]) -> Option<Value> {
    (!words.is_empty()).then(|| words.iter().collect::<Array>().into())
}

fn wished(wish: PortWish) -> Value {
    match wish {
        PortWish::Auto => "auto".into(),
        PortWish::Fixed(number) => whole(number.into()),
    }
}

fn whole(number: u64) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

fn span(ms: u64) -> Value {
    if ms.is_multiple_of(1000) {
        format!("{}s", ms / 1000).into()
    } else {
        format!("{ms}ms").into()
    }
}

fn word(policy: Policy) -> &'static str {
    match policy {
        Policy::No => "no",
        Policy::OnFailure => "on-failure",
        Policy::OnAbnormal => "on-abnormal",
        Policy::Always => "always",
        Policy::UnlessStopped => "unless-stopped",
    }
}
