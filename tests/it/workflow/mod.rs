//! Workflows with the real daemon, real commands, and whatever may go wrong with them.

mod crash;
mod groups;
mod kept;
mod life;
mod rebase;
mod reboot;
mod screen;
#[cfg(debug_assertions)]
mod sweep;
mod trouble;
mod values;

use std::path::PathBuf;

use serde_json::Value;

use crate::house::{House, alive, processes, seen};

/// Tells its step and attempt with one write, to a file outside of the home.
const EFFECT: &str =
    "#!/bin/sh\nprintf '%s %s\\n' \"$GAIA_STEP_PATH\" \"$GAIA_ATTEMPT\" >> {here}/effects\n";
/// Waits until its gate is opened: the first argument, and what it tells then.
const GATED: &str = "#!/bin/sh\n{here}/fx\nread x < {here}/$1\n";

/// A house with a workflow.
pub struct Yard {
    pub house: House,
}

impl Yard {
    /// A workspace with this workflow; `{here}` stands for the folder around it all.
    pub fn new(workflow: &str) -> Self {
        let yard = Self { house: House::with("name = \"w\"\n") };
        yard.program("fx", EFFECT);
        yard.program("gated", GATED);
        yard.workflow("w", workflow);
        yard
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.house.folder.path().join(name)
    }

    pub fn filled(&self, text: &str) -> String {
        text.replace("{here}", self.house.folder.path().to_str().unwrap())
    }

    /// Writes a workflow file.
    pub fn workflow(&self, name: &str, text: &str) {
        self.house.write(&format!("{name}.yaml"), &self.filled(text));
    }

    pub fn program(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(self.at(name), self.filled(text)).unwrap();
        std::fs::set_permissions(self.at(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Starts a run; its id.
    pub fn start(&self, args: &[&str]) -> String {
        let run = self.house.json(&[&["run", "start", "w.yaml"], args].concat());
        run["id"].as_str().unwrap().to_owned()
    }

    /// Runs the workflow to its end.
    pub fn runs(&self, args: &[&str]) -> Value {
        let id = self.start(args);
        self.over(&id)
    }

    /// Waits until a run is over.
    pub fn over(&self, id: &str) -> Value {
        let output = self.house.gaia(&["run", "wait", id, "--json"]);
        let run = serde_json::from_slice(&output.stdout);
        run.unwrap_or_else(|_| panic!("{}\n{}", seen(&output), self.house.log()))
    }

    /// The same, and that is to be so.
    pub fn ends(&self, id: &str, state: &str) -> Value {
        let run = self.over(id);
        assert_eq!(run["state"], state, "{run:#}\n{}", self.house.log());
        run
    }

    pub fn show(&self, id: &str) -> Value {
        self.house.json(&["run", "show", id])
    }

    /// Waits until a step of a run is in this state.
    pub fn until(&self, id: &str, name: &str, state: &str) -> Value {
        let mut found = Value::Null;
        self.house.until(&format!("{name} is {state}"), || {
            found = step(&self.show(id), name);
            found["state"] == state
        });
        found
    }

    /// Waits until a step has told its effect this often.
    pub fn told(&self, line: &str) {
        self.house.until(&format!("{line} is told"), || self.effects().iter().any(|l| l == line));
    }

    /// What steps told, in order of their names.
    pub fn effects(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.at("effects")).unwrap_or_default();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// What waits for the person.
    pub fn items(&self) -> Vec<Value> {
        self.house.json(&["inbox"]).as_array().cloned().unwrap_or_default()
    }

    /// The one thing that waits for the person; its id.
    pub fn item(&self) -> String {
        self.house.until("something waits for the person", || !self.items().is_empty());
        let items = self.items();
        assert_eq!(items.len(), 1, "{items:#?}");
        items[0]["id"].as_str().unwrap().to_owned()
    }

    pub fn gate(&self, name: &str) {
        nix::unistd::mkfifo(&self.at(name), nix::sys::stat::Mode::S_IRWXU).unwrap();
    }

    /// Lets whoever waits at a gate pass.
    pub fn open(&self, name: &str) {
        std::fs::write(self.at(name), "go\n").unwrap();
    }

    /// Everything that steps of this house started, and their shims.
    pub fn commands(&self) -> Vec<i32> {
        let mark = format!("GAIA_STEP={}", self.house.home().display());
        let of = |pid: &i32| {
            let text = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            String::from_utf8_lossy(&text).contains(&mark)
        };
        processes().into_iter().filter(|pid| of(pid) && alive(*pid)).collect()
    }

    /// The folder of the newest attempt of a step.
    pub fn folder(&self, id: &str, name: &str) -> PathBuf {
        let step = step(&self.show(id), name);
        let attempt = format!("{}.{}", step["instance"], step["attempts"]);
        self.house.home().join("runs").join(id).join(attempt)
    }

    /// The shim of the newest attempt of a step.
    pub fn shim(&self, id: &str, name: &str) -> i32 {
        crate::steps::shim(&self.folder(id, name))
    }
}

/// A step of a run as it is shown.
pub fn step(run: &Value, name: &str) -> Value {
    let steps = run["steps"].as_array().unwrap();
    let found = steps.iter().find(|step| step["id"] == name);
    found.cloned().unwrap_or_else(|| panic!("no step {name}: {run:#}"))
}

/// The states of all steps of a run, by their names.
pub fn states(run: &Value) -> Vec<String> {
    let steps = run["steps"].as_array().unwrap().iter();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    steps.map(|step| format!("{} {}", word(&step["id"]), word(&step["state"]))).collect()
}
