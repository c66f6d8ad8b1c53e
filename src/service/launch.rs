//! From a definition to what its shim runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use sha2::{Digest, Sha256};

use super::{
    file::{Filler, fill},
    model::{Command, Kind, Secret, Service, ServiceId},
};
use crate::{
    base::unit::User,
    define::program,
    port::{Files, Processes},
    session::{Env, Parts, resolve},
};

/// Longest env file or secret that is read.
const FILE: usize = 1 << 20;

/// All that is known when a service is about to start.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    /// Which one.
    pub(crate) id: ServiceId,
    /// What it shall be.
    pub(crate) service: Service,
    /// Folder of its workspace.
    pub(crate) dir: PathBuf,
    /// Environment of whoever last ran `gaia up`.
    pub(crate) caller: Env,
    /// Ports of every service of the workspace: by service, by name.
    pub(crate) ports: BTreeMap<String, BTreeMap<String, u16>>,
}

/// What a program is run with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) argv: Vec<String>,
    pub(crate) before: Vec<Vec<String>>,
    pub(crate) env: Env,
    pub(crate) cwd: PathBuf,
    pub(crate) user: Option<User>,
    pub(crate) pid_file: Option<PathBuf>,
}

impl Launch {
    /// Folder in which a service of the workspace keeps its data.
    pub(crate) fn data_of(&self, name: &str) -> PathBuf {
        self.dir.join(".gaia/data").join(name.replace('#', "-"))
    }

    /// Its own data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.data_of(&self.id.short())
    }

    /// Whether any of its texts names its data folder.
    pub(crate) fn wants_data(&self) -> bool {
        let text = serde_json::to_string(&self.service).unwrap_or_default();
        text.contains("{{ data }}") || text.contains("{{data}}") || text.contains("GAIA_DATA")
    }

    fn own_ports(&self) -> BTreeMap<String, u16> {
        self.ports.get(&self.id.short()).cloned().unwrap_or_default()
    }

    /// The value of a key between `{{` and `}}`.
    pub(crate) fn value(&self, key: &str) -> Option<String> {
        let port = |ports: &BTreeMap<String, u16>, name: &str| ports.get(name).map(u16::to_string);
        match key.split('.').collect::<Vec<_>>()[..] {
            ["port"] => port(&self.own_ports(), "port"),
            ["ports", name] => port(&self.own_ports(), name),
            ["data"] => Some(self.data().display().to_string()),
            ["dir"] => Some(self.service.dir.display().to_string()),
            ["workspace"] => Some(self.dir.display().to_string()),
            ["name"] => Some(self.id.short()),
            ["replica"] => Some(self.id.replica.unwrap_or(1).to_string()),
            ["services", other, "port"] => port(self.ports_of(other)?, "port"),
            ["services", other, "ports", name] => port(self.ports_of(other)?, name),
            ["services", other, "data"] => Some(self.data_of(other).display().to_string()),
            ["services", _, "host"] => Some("127.0.0.1".to_owned()),
            _ => None,
        }
    }

    /// Ports of another service; of its first replica where there are several.
    fn ports_of(&self, name: &str) -> Option<&BTreeMap<String, u16>> {
        self.ports.get(name).or_else(|| self.ports.get(&format!("{name}#1")))
    }

    /// A text with its keys filled in.
    pub(crate) fn text(&self, text: &str) -> Result<String, String> {
        let filler: Filler<'_> = &|key| self.value(key);
        fill(text, false, filler)
    }

    /// A command as program and arguments.
    pub(crate) fn argv(&self, command: &Command) -> Result<Vec<String>, String> {
        let filler: Filler<'_> = &|key| self.value(key);
        let filled = match command {
            Command::Line(line) => Command::Line(fill(line, true, filler)?),
            Command::Argv(words) => Command::Argv(
                words.iter().map(|word| fill(word, false, filler)).collect::<Result<_, _>>()?,
            ),
            Command::Shell | Command::Service(_) | Command::Task(_) => command.clone(),
        };
        Ok(program(&filled, "/bin/sh"))
    }

    /// The user it runs as, if not gaia's own.
    pub(crate) fn user(&self, processes: &dyn Processes) -> Result<Option<User>, String> {
        let name = match (&self.service.user, &self.service.user_if_root) {
            (Some(user), _) => user,
            (None, Some(user)) if processes.is_root() => user,
            (None, _) => return Ok(None),
        };
        let user = processes.user(name, self.service.group.as_deref())?;
        match processes.is_root() {
            true => Ok(Some(user)),
            false => Err(format!("only root can run it as `{name}`")),
        }
    }

    /// Its environment without secrets; the sentences say what does not resolve, and where.
    pub(crate) fn environment(&self, files: &dyn Files) -> Result<Env, Vec<String>> {
        let mut texts = Vec::new();
        let mut faults = Vec::new();
        for path in &self.service.env_files {
            match files.read(path, FILE) {
                Ok(Some(text)) => {
                    let text = String::from_utf8_lossy(&text).into_owned();
                    texts.push((path.display().to_string(), text));
                }
                Ok(None) => faults.push(format!("the env file {} does not exist", path.display())),
                Err(what) => faults.push(what),
            }
        }
        let mut declared = Env::new();
        for (key, value) in &self.service.env {
            match self.text(value) {
                Ok(value) => drop(declared.insert(key.clone(), value)),
                Err(what) => faults.push(format!("env.{key}: {what}")),
            }
        }
        let parts = Parts {
            caller: &self.caller,
            pass: &self.service.pass_env,
            files: texts,
            declared: &declared,
        };
        let env = resolve(&parts);
        match env {
            Ok(mut env) if faults.is_empty() => {
                env.extend(self.gaia());
                Ok(env)
            }
            Ok(_) => Err(faults),
            Err(more) => Err([faults, more].concat()),
        }
    }

    /// What gaia itself adds.
    fn gaia(&self) -> Env {
        let mut env = Env::from([
            ("GAIA_SERVICE".to_owned(), self.id.short()),
            ("GAIA_SERVICE_ID".to_owned(), self.id.to_string()),
            ("GAIA_SESSION".to_owned(), self.id.workspace.to_string()),
            ("GAIA_WORKSPACE".to_owned(), self.dir.display().to_string()),
            ("GAIA_DATA".to_owned(), self.data().display().to_string()),
        ]);
        for (name, port) in self.own_ports() {
            let key = match name.as_str() {
                "port" => "PORT".to_owned(),
                name => format!("PORT_{}", name.to_uppercase()),
            };
            env.insert(key, port.to_string());
        }
        env
    }

    /// Secrets that a file or the caller keeps; those that a command prints are asked elsewhere.
    pub(crate) fn secrets(&self, files: &dyn Files) -> Result<Env, String> {
        let mut env = Env::new();
        for (key, secret) in &self.service.secrets {
            let value = match secret {
                Secret::Command(_) => continue,
                Secret::Env(name) => self.caller.get(name).cloned().ok_or_else(|| {
                    format!("secrets.{key}: {name} is not set where `gaia up` was run")
                })?,
                Secret::File(path) => {
                    let text = files.read(path, FILE).map_err(|e| format!("secrets.{key}: {e}"))?;
                    let text = text.ok_or_else(|| {
                        format!("secrets.{key}: the file {} does not exist", path.display())
                    })?;
                    String::from_utf8_lossy(&text).trim_end_matches('\n').to_owned()
                }
            };
            env.insert(key.clone(), value);
        }
        Ok(env)
    }

    /// Everything but the secrets of commands.
    pub(crate) fn ready(
        &self,
        files: &dyn Files,
        processes: &dyn Processes,
    ) -> Result<Ready, String> {
        let mut env = self.environment(files).map_err(|faults| faults.join("; "))?;
        env.extend(self.secrets(files)?);
        let user = self.user(processes)?;
        let pid_file = match &self.service.kind {
            Kind::Forking(file) => Some(self.service.dir.join(self.text(file)?)),
            Kind::Simple | Kind::Oneshot => None,
        };
        let before = self.service.pre_start.iter().map(|command| self.argv(command));
        Ok(Ready {
            argv: self.argv(&self.service.command)?,
            before: before.collect::<Result<_, _>>()?,
            env,
            cwd: self.service.dir.clone(),
            user,
            pid_file,
        })
    }

    /// A fingerprint of what env files and variables make of it: another one needs a restart. What
    /// comes from the caller's own environment unasked (PATH and the like) does not count.
    pub(crate) fn digest(&self, files: &dyn Files) -> String {
        let Ok(mut env) = self.environment(files) else { return String::new() };
        let unasked: Vec<String> = self
            .caller
            .iter()
            .filter(|(key, value)| {
                !self.service.env.contains_key(*key) && env.get(*key) == Some(*value)
            })
            .map(|(key, _)| key.clone())
            .collect();
        env.retain(|key, _| !unasked.contains(key));
        let text = serde_json::to_vec(&env).unwrap_or_default();
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Variables of the caller that some service of a workspace asks for, besides the usual ones: all
/// of it that is kept for later starts.
pub(crate) fn kept(
    services: &[Service],
    files: &dyn Files,
    caller: &Env,
    usual: impl Fn(&str) -> bool,
) -> Env {
    let paths: BTreeSet<&PathBuf> = services.iter().flat_map(|s| &s.env_files).collect();
    let texts = paths.into_iter().filter_map(|path| files.read(path, FILE).ok().flatten());
    let texts: Vec<String> =
        texts.map(|text| String::from_utf8_lossy(&text).into_owned()).collect();
    let asked = |name: &str| {
        services.iter().any(|service| {
            let passed = service.pass_env.iter().any(|wanted| wanted == name || wanted == "*");
            let secret = |s: &Secret| matches!(s, Secret::Env(wanted) if wanted == name);
            let named = |text: &String| text.contains(&format!("${{{name}"));
            passed
                || texts.iter().any(named)
                || service.secrets.values().any(secret)
                || service.env.values().any(named)
        })
    };
    let keep = |name: &str| usual(name) || asked(name);
    caller.iter().filter(|(name, _)| keep(name)).map(|(k, v)| (k.clone(), v.clone())).collect()
}
