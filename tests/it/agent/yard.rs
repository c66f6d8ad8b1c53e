//! A repository with agents in a house of its own.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

use crate::house::{House, seen};

/// The house, its repository on `main`, and a folder `out` that agents may be let write to.
pub struct Yard {
    pub house: House,
}

impl Yard {
    /// A workspace `w` with this `gaia.toml`, and files beside it; `{here}` stands for the folder of
    /// it all, `{gaia}` for the program.
    pub fn new(definition: &str, files: &[(&str, &str)]) -> Self {
        let yard = Self::bare(definition, files);
        yard.git(&["init", "-q", "-b", "main", "."]);
        yard.commit("begin");
        yard
    }

    /// The same without a repository.
    pub fn bare(definition: &str, files: &[(&str, &str)]) -> Self {
        let house = House::new();
        let yard = Self { house };
        for name in ["out", "bin"] {
            std::fs::create_dir(yard.at(name)).unwrap();
        }
        yard.house.write("gaia.toml", &yard.filled(&format!("name = \"w\"\n{definition}")));
        for (name, text) in files {
            yard.put(name, text);
        }
        yard
    }

    /// Writes an executable file beside the workspace.
    pub fn put(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(self.at(name), self.filled(text)).unwrap();
        std::fs::set_permissions(self.at(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn filled(&self, text: &str) -> String {
        let here = self.house.folder.path().to_str().unwrap();
        text.replace("{here}", here).replace("{gaia}", env!("CARGO_BIN_EXE_gaia"))
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.house.folder.path().join(name)
    }

    /// What a file holds; nothing if it is not there.
    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.at(name)).unwrap_or_default()
    }

    pub fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    pub fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.house.workspace(), args)
    }

    pub fn git_in(&self, dir: &Path, args: &[&str]) -> String {
        let output = git(dir, args);
        assert!(output.status.success(), "git {args:?}\n{}", seen(&output));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Asks for a task; its id.
    pub fn add(&self, prompt: &str, args: &[&str]) -> String {
        let task = self.house.json(&[&["task", "add", prompt], args].concat());
        task["id"].as_str().unwrap().to_owned()
    }

    pub fn task(&self, id: &str) -> Value {
        let output = self.house.gaia(&["task", "show", id, "--json"]);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", seen(&output)))
    }

    pub fn state(&self, id: &str) -> String {
        self.task(id)["state"].as_str().unwrap().to_owned()
    }

    /// Waits until a task is over or asks.
    pub fn rest(&self, id: &str) -> Value {
        let args = ["task", "wait", id, "--or-asking", "--timeout", "40s", "--json"];
        let output = self.house.gaia(&args);
        let all: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}\n{}", seen(&output), self.house.log()));
        all[0].clone()
    }

    /// Waits until a task is over or asks, and that is to be so.
    pub fn ends(&self, id: &str, state: &str) -> Value {
        let task = self.rest(id);
        assert_eq!(task["state"], state, "{task:#}\n{}", self.house.log());
        task
    }

    /// Does a task from beginning to end, which is to be so.
    pub fn does(&self, prompt: &str, args: &[&str], state: &str) -> Value {
        let id = self.add(prompt, args);
        self.ends(&id, state)
    }

    /// Waits until a task is as wanted.
    pub fn until(&self, id: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut seen = Value::Null;
        self.house.until(&format!("{what} ({id})"), || {
            seen = self.task(id);
            wanted(&seen)
        });
        seen
    }

    /// Waits until an agent has written something into a file in `out`.
    pub fn signal(&self, name: &str) -> String {
        let path = format!("out/{name}");
        self.house.until(&format!("{name} is written"), || self.text(&path).ends_with('\n'));
        self.text(&path).trim_end().to_owned()
    }

    /// What waits for the person.
    pub fn items(&self) -> Vec<Value> {
        self.house.json(&["inbox"]).as_array().cloned().unwrap_or_default()
    }

    /// The one thing that waits for the person.
    pub fn item(&self) -> Value {
        self.house.until("something waits for the person", || !self.items().is_empty());
        let items = self.items();
        assert_eq!(items.len(), 1, "{items:#?}");
        items[0].clone()
    }

    /// Facts of a kind in the ledger.
    pub fn facts(&self, kind: &str) -> Vec<Value> {
        let all = self.house.json(&["ledger", "show", "--kind", kind]);
        all.as_array().cloned().unwrap_or_default()
    }

    /// Makes a gate in `out` at which an agent waits with `read x < gate`.
    pub fn gate(&self, name: &str) {
        let path = self.at(&format!("out/{name}"));
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    /// Lets the agent that waits at a gate pass.
    pub fn open(&self, name: &str) {
        use std::{io::Write, os::unix::fs::OpenOptionsExt};
        let path = self.at(&format!("out/{name}"));
        let mut open = std::fs::OpenOptions::new();
        open.write(true).custom_flags(libc::O_NONBLOCK);
        let mut gate = None;
        self.house.until(&format!("somebody waits at {name}"), || {
            gate = open.open(&path).ok();
            gate.is_some()
        });
        gate.unwrap().write_all(b"go\n").unwrap();
    }

    /// Commits of `main` that carry the work of a task.
    pub fn landed(&self, id: &str) -> usize {
        let grep = format!("^Gaia-Task: {id}$");
        self.git(&["log", "--format=%H", "--grep", &grep, "main"]).lines().count()
    }

    /// Whether anything of a task is left beside what it landed: worktree, branch, pane, folder.
    pub fn rests(&self, id: &str) -> Vec<String> {
        let mut left = Vec::new();
        let worktree = self.at(&format!("w.worktrees/{id}"));
        left.extend(worktree.exists().then(|| "worktree".to_owned()));
        let known = self.git(&["worktree", "list", "--porcelain"]);
        let name = format!("/{id}\n");
        left.extend(format!("{known}\n").contains(&name).then(|| "worktree record".to_owned()));
        let branches = self.git(&["branch", "--list", &format!("gaia/{id}/*")]);
        left.extend((!branches.is_empty()).then(|| format!("branch {branches}")));
        let folder = self.at(&format!("h/tasks/{id}"));
        left.extend(folder.exists().then(|| "folder".to_owned()));
        let panes = self.house.panes();
        left.extend((!panes.is_empty()).then(|| format!("panes {panes:?}")));
        left
    }
}

pub fn git(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=you", "-c", "user.email=you@example.com"]);
    command.args(["-c", "protocol.file.allow=always"]).args(args).current_dir(dir);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    command.output().unwrap()
}
