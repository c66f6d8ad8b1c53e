use std::collections::BTreeMap;

use super::{Actor, OpenRequest};
use crate::{
    base::{
        Code, Name, Refusal, UnitId,
        unit::{Spec, Stop, VERSION},
    },
    define::program,
    session::{
        env::{Env, Parts, resolve},
        model::{Command, Pane},
        record::{Life, PaneRecord},
    },
};

/// Longest env file that is read.
const ENV_FILE: usize = 1 << 20;

impl Actor {
    /// Writes the spec of a pane's program and makes the record of it; nothing runs yet.
    pub(super) async fn launch(
        &mut self,
        request: &OpenRequest,
        unit: UnitId,
        window: Name,
        pane: Pane,
    ) -> Result<PaneRecord, Refusal> {
        let mut env = self.environment(&request.env, &pane)?;
        let own = [
            ("GAIA_SESSION", request.declared.name.to_string()),
            ("GAIA_WINDOW", window.to_string()),
            ("GAIA_PANE", pane.name.to_string()),
            ("GAIA_PANE_ID", unit.to_string()),
            ("GAIA_HOME", self.home.root().display().to_string()),
        ];
        env.extend(own.map(|(key, value)| (key.to_owned(), value)));
        let rev = self.ports.units.spec(&unit).await.map_or(1, |old| old.rev + 1);
        let spec = Spec {
            v: VERSION,
            id: unit.clone(),
            rev,
            held: match pane.command {
                Command::Shell => false,
                Command::Service(_) | Command::Task(_) => true,
                Command::Line(_) | Command::Argv(_) => request.hold && !pane.autostart,
            },
            argv: program(&pane.command, env.get("SHELL").map_or("/bin/sh", String::as_str)),
            cwd: pane.dir.clone(),
            env,
            on_server_exit: pane.on_server_exit,
            on_exit: pane.on_exit,
            stop: Stop { signal: pane.stop.signal, grace_ms: pane.stop.grace_ms },
            limits: pane.limits.clone(),
            before: vec![],
            pid_file: None,
            user: None,
            stdin: None,
            fence: None,
            supervised: pane.command.is_held(),
            log: self.upkeep.log.clone(),
            hello: Some(self.home.hello_socket()),
        };
        let prepared = self.ports.units.prepare(&spec).await;
        prepared.map_err(|error| {
            Refusal::new(Code::Failed, error)
                .help("free some space, or correct the owner of the home")
        })?;
        Ok(PaneRecord {
            unit,
            session: request.declared.name.clone(),
            window,
            pane,
            life: Life::Starting,
            incarnation: 0,
            exit: None,
            since: self.now(),
        })
    }

    fn environment(&self, caller: &BTreeMap<String, String>, pane: &Pane) -> Result<Env, Refusal> {
        let mut files = Vec::new();
        for path in &pane.env_files {
            let text = self.ports.files.read(path, ENV_FILE);
            let text = text.map_err(|what| Refusal::new(Code::Invalid, what))?;
            let Some(text) = text else {
                let message = format!("the env file {} does not exist", path.display());
                return Err(Refusal::new(Code::Invalid, message).help(format!(
                    "make it, or take it out of `env_files` of pane `{}`",
                    pane.name
                )));
            };
            files.push((path.display().to_string(), String::from_utf8_lossy(&text).into_owned()));
        }
        let parts = Parts { caller, pass: &pane.pass_env, files, declared: &pane.env };
        resolve(&parts).map_err(|faults| {
            let message = format!("the environment of pane `{}`: {}", pane.name, faults.join("; "));
            Refusal::new(Code::Invalid, message)
        })
    }
}
