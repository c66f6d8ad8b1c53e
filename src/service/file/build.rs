//! Lays one table over a service: what it says wins, what it leaves out stays.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use toml::Spanned;

use super::raw::{RawProbes, RawService, RawStop};
use crate::{
    define::{self, Any, Faults, OneOrMany, Page, Text, span_ms},
    service::{
        model::{Kind, Policy, PortWish, Probes, Secret, Service, StopRule, Watch},
        probe::{self, Probe, RawProbe},
    },
};

/// Lays tables over a service, from one file.
pub(super) struct Layer<'a> {
    pub(super) page: Page<'a>,
    pub(super) faults: &'a mut Faults,
    /// Home folder of the person, for `~`.
    pub(super) home: &'a Path,
    /// Folder that relative paths start from.
    pub(super) base: &'a Path,
    pub(super) is_dir: &'a dyn Fn(&Path) -> bool,
}

impl Layer<'_> {
    pub(super) fn wrong(
        &mut self,
        at: std::ops::Range<usize>,
        what: impl Into<String>,
        help: &str,
    ) {
        self.faults.push(self.page.fault(at, what).help(help));
    }

    fn span(&mut self, text: Option<Text>, place: &mut u64) {
        if let Some(ms) = text.and_then(|text| span_ms(&self.page, self.faults, &text)) {
            *place = ms;
        }
    }

    fn commands(&mut self, raw: Option<Any>, place: &mut Vec<define::Command>) {
        if let Some(raw) = raw {
            *place = define::commands_of(&self.page, self.faults, &raw);
        }
    }

    pub(super) fn absolute(&self, dir: &Path, text: &str) -> PathBuf {
        match Path::new(text).strip_prefix("~") {
            Ok(rest) => self.home.join(rest),
            Err(_) => dir.join(text),
        }
    }

    /// Lays a table over `service`.
    pub(super) fn lay(&mut self, service: &mut Service, raw: RawService) {
        self.program(service, &raw);
        self.place(service, &raw);
        self.surroundings(service, raw.env, (raw.env_files, raw.pass_env), raw.secrets);
        self.identity(service, (raw.user, raw.group, raw.user_if_root));
        service.limits.extend(define::limits(&self.page, self.faults, raw.limits));
        if let Some(size) = raw.max_memory {
            service.max_memory = define::bytes(&self.page, self.faults, &size);
        }
        self.ports(service, raw.port, raw.ports);
        if let Some(after) = raw.after {
            service.after = self.after(&after);
        }
        self.probes(&mut service.probes, raw.probe);
        self.policy(service, raw.restart);
        self.span(raw.backoff, &mut service.restart.first_ms);
        self.span(raw.backoff_cap, &mut service.restart.cap_ms);
        self.span(raw.restart_window, &mut service.restart.window_ms);
        self.span(raw.stable_after, &mut service.restart.stable_ms);
        let rule = &mut service.restart;
        rule.limit = raw.max_restarts.map_or(rule.limit, Spanned::into_inner);
        rule.success = raw.success_codes.unwrap_or(std::mem::take(&mut rule.success));
        rule.permanent = raw.permanent_codes.unwrap_or(std::mem::take(&mut rule.permanent));
        rule.when_unready = raw.restart_when_unready.unwrap_or(rule.when_unready);
        self.stop(&mut service.stop, raw.stop);
        self.commands(raw.pre_start, &mut service.pre_start);
        self.commands(raw.post_start, &mut service.post_start);
        self.commands(raw.pre_stop, &mut service.pre_stop);
        self.span(raw.start_timeout, &mut service.start_timeout_ms);
        if let Some(watch) = raw.watch {
            service.watch = self.watch(&watch);
        }
        self.schedule(service, raw.schedule);
        if let Some(count) = raw.replicas {
            if !(1..=999).contains(count.get_ref()) {
                self.wrong(count.span(), "`replicas` is 1 to 999", "leave it out for one");
            }
            service.replicas = count.into_inner().max(1);
        }
        service.profiles = raw.profiles.unwrap_or(std::mem::take(&mut service.profiles));
        service.autostart = raw.autostart.unwrap_or(service.autostart);
    }

    fn program(&mut self, service: &mut Service, raw: &RawService) {
        let words = (raw.run.as_ref(), raw.command.as_ref());
        if let Ok(Some(command)) = define::argv(&self.page, self.faults, "a service", words) {
            service.command = command;
        }
        let Some(word) = &raw.kind else {
            if let Some(file) = &raw.pid_file {
                service.kind = Kind::Forking(file.get_ref().clone());
            }
            return;
        };
        service.kind = match (word.get_ref().as_str(), &raw.pid_file) {
            ("simple", None) => Kind::Simple,
            ("oneshot", None) => Kind::Oneshot,
            ("forking", Some(file)) => Kind::Forking(file.get_ref().clone()),
            ("forking", None) => {
                let help = "add pid_file = \"…\": gaia follows the process whose pid stands there";
                return self.wrong(word.span(), "a `forking` service needs its `pid_file`", help);
            }
            ("simple" | "oneshot", Some(file)) => {
                let help = "leave one of the two out";
                return self.wrong(file.span(), "only a `forking` service has a `pid_file`", help);
            }
            (other, _) => {
                let what = format!("there is no type `{other}` of services");
                return self.wrong(word.span(), what, "one of simple, oneshot, forking");
            }
        };
        if service.kind == Kind::Oneshot {
            service.restart.policy = Policy::No;
        }
    }

    fn place(&mut self, service: &mut Service, raw: &RawService) {
        let Some(dir) = &raw.dir else { return };
        let path = self.absolute(self.base, dir.get_ref());
        if dir.get_ref().contains('\0') || !(self.is_dir)(&path) {
            let what = format!("the folder {} does not exist", path.display());
            self.wrong(dir.span(), what, "make it, or write the path from the folder of this file");
        }
        service.dir = path;
    }

    fn surroundings(
        &mut self,
        service: &mut Service,
        env: BTreeMap<String, Text>,
        (env_files, pass_env): (Vec<Text>, Vec<String>),
        secrets: BTreeMap<String, Any>,
    ) {
        for (key, value) in env {
            if key.is_empty() || key.contains(['=', '\0']) || value.get_ref().contains('\0') {
                let what = format!("`{key}` cannot be set in an environment");
                self.wrong(value.span(), what, "a name has no =, and neither side a zero byte");
            }
            service.env.insert(key, value.into_inner());
        }
        for file in env_files {
            service.env_files.push(self.absolute(self.base, file.get_ref()));
        }
        service.pass_env.extend(pass_env);
        for (key, raw) in secrets {
            match self.secret(raw.get_ref()) {
                Some(secret) => drop(service.secrets.insert(key, secret)),
                None => {
                    let help =
                        "write { file = \"…\" }, { env = \"NAME\" } or { command = [\"…\"] }";
                    self.wrong(raw.span(), format!("it is not said where `{key}` is kept"), help);
                }
            }
        }
    }

    fn secret(&self, raw: &toml::Value) -> Option<Secret> {
        let table = raw.as_table().filter(|table| table.len() == 1)?;
        let (kind, value) = table.iter().next()?;
        match (kind.as_str(), value) {
            ("file", toml::Value::String(path)) => {
                Some(Secret::File(self.absolute(self.base, path)))
            }
            ("env", toml::Value::String(name)) => Some(Secret::Env(name.clone())),
            ("command", toml::Value::Array(words)) => {
                let words: Option<Vec<String>> =
                    words.iter().map(|word| word.as_str().map(str::to_owned)).collect();
                words.filter(|words| !words.is_empty()).map(Secret::Command)
            }
            _ => None,
        }
    }

    fn identity(
        &mut self,
        service: &mut Service,
        (user, group, root): (Option<Text>, Option<Text>, Option<Text>),
    ) {
        let set = |text: Option<Text>, place: &mut Option<String>| {
            if let Some(text) = text {
                *place = Some(text.into_inner());
            }
        };
        set(user, &mut service.user);
        set(group, &mut service.group);
        set(root, &mut service.user_if_root);
    }

    fn ports(&mut self, service: &mut Service, port: Option<Any>, ports: BTreeMap<String, Any>) {
        let named = port.map(|port| ("port".to_owned(), port)).into_iter().chain(ports);
        for (name, raw) in named {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(fits) {
                let help = "use letters, digits and _: it becomes PORT_NAME";
                self.wrong(raw.span(), format!("`{name}` is no name of a port"), help);
            }
            let wish = match raw.get_ref() {
                toml::Value::String(word) if word == "auto" => Some(PortWish::Auto),
                toml::Value::Integer(number) => {
                    u16::try_from(*number).ok().filter(|port| *port > 0).map(PortWish::Fixed)
                }
                _ => None,
            };
            match wish {
                Some(wish) => drop(service.ports.insert(name, wish)),
                None => {
                    let help = "write a number from 1 to 65535, or \"auto\"";
                    self.wrong(raw.span(), "this is no port", help);
                }
            }
        }
    }

    fn probes(&mut self, probes: &mut Probes, raw: RawProbes) {
        let roles = [
            (raw.startup, &mut probes.startup),
            (raw.ready, &mut probes.ready),
            (raw.alive, &mut probes.alive),
        ];
        for (raw, place) in roles {
            if let Some(raw) = raw {
                *place = self.role(raw);
            }
        }
    }

    fn role(&mut self, raw: Spanned<OneOrMany<RawProbe>>) -> Vec<Probe> {
        let at = raw.span();
        let all = raw.into_inner().0.into_iter();
        all.filter_map(|raw| probe::read(&self.page, self.faults, (at.clone(), raw))).collect()
    }

    fn policy(&mut self, service: &mut Service, word: Option<Text>) {
        let Some(word) = word else { return };
        service.restart.policy = match word.get_ref().as_str() {
            "no" | "never" => Policy::No,
            "on-failure" => Policy::OnFailure,
            "on-abnormal" => Policy::OnAbnormal,
            "always" => Policy::Always,
            "unless-stopped" => Policy::UnlessStopped,
            other => {
                let what = format!("there is no restart policy `{other}`");
                let help = "one of no, on-failure, on-abnormal, always, unless-stopped";
                return self.wrong(word.span(), what, help);
            }
        };
    }

    fn stop(&mut self, rule: &mut StopRule, raw: Option<RawStop>) {
        let Some(raw) = raw else { return };
        if let Some(word) = raw.signal {
            let number = define::signal_number(&self.page, self.faults, &word);
            rule.signal = number.unwrap_or(rule.signal);
        }
        if let Some(keys) = raw.keys {
            rule.keys = keys;
        }
        if let Some(command) = raw.command {
            rule.command = define::command_of(&self.page, self.faults, &command);
        }
        self.span(raw.grace, &mut rule.grace_ms);
    }

    fn watch(&mut self, raw: &Any) -> Option<Watch> {
        let strings = |value: &toml::Value| match value {
            toml::Value::String(one) => Some(vec![one.clone()]),
            toml::Value::Array(many) => {
                many.iter().map(|one| one.as_str().map(str::to_owned)).collect()
            }
            _ => None,
        };
        let mut watch = Watch { paths: vec![], ignore: vec![], debounce_ms: 300 };
        let mut good = true;
        match raw.get_ref() {
            toml::Value::Table(table) => {
                for (key, value) in table {
                    match (
                        key.as_str(),
                        strings(value),
                        value.as_str().and_then(crate::base::duration),
                    ) {
                        ("paths", Some(paths), _) => watch.paths = paths,
                        ("ignore", Some(paths), _) => watch.ignore = paths,
                        ("debounce", _, Some(span)) => {
                            watch.debounce_ms = u64::try_from(span.as_millis()).unwrap_or(300);
                        }
                        _ => good = false,
                    }
                }
            }
            other => match strings(other) {
                Some(paths) => watch.paths = paths,
                None => good = false,
            },
        }
        let outside = |glob: &&String| glob.starts_with(['/', '~']) || glob.starts_with("..");
        if let Some(glob) = watch.paths.iter().find(outside) {
            let what = format!("`{glob}` is outside of the folder of the service");
            self.wrong(raw.span(), what, "set `dir` to a folder above, and write globs from there");
        }
        let globs = watch.paths.iter().chain(&watch.ignore);
        let broken = globs.filter_map(|glob| globset::Glob::new(glob).err()).next();
        if let Some(error) = broken {
            self.wrong(
                raw.span(),
                format!("this is no glob: {error}"),
                "write it like src/**/*.py",
            );
        } else if !good || watch.paths.is_empty() {
            let help = "write watch = [\"src/**\"], or { paths = [...], ignore = [...], debounce = \"300ms\" }";
            self.wrong(raw.span(), "`watch` names no files", help);
        }
        Some(watch)
    }

    fn schedule(&mut self, service: &mut Service, text: Option<Text>) {
        let Some(text) = text else { return };
        if let Err(error) = text.get_ref().parse::<croner::Cron>() {
            let what = format!("`{}` is no cron pattern: {error}", text.get_ref());
            self.wrong(
                text.span(),
                what,
                "five fields: minute hour day month weekday, e.g. \"*/5 * * * *\"",
            );
        }
        if service.kind != Kind::Oneshot {
            let help = "add type = \"oneshot\"";
            self.wrong(text.span(), "only a one-shot has a `schedule`", help);
        }
        service.schedule = Some(text.into_inner());
    }
}
