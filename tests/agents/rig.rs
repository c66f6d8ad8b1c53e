//! A repository with an agent of a make, a scripted model, and a gaia of its own.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;

use crate::{
    house::{House, seen},
    make::Make,
    model::Model,
};

/// A real program on a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Headless,
    Interactive,
}

pub struct Rig {
    // Before the house, whose folder it writes to.
    pub model: Model,
    pub house: House,
    mode: Mode,
}

impl Rig {
    pub fn new(make: &Make, mode: Mode, scenario: &str) -> Self {
        let mut house = House::new();
        let top = house.folder.path().to_owned();
        for folder in ["model", "outside"] {
            std::fs::create_dir(top.join(folder)).unwrap();
        }
        std::fs::write(top.join("outside/kept"), "kept\n").unwrap();
        let model = Model::playing(scenario, &top.join("model"));
        house.patience = PATIENCE;
        let path = std::env::var("PATH").unwrap();
        house.env = quiet();
        house.env.push(("PATH".to_owned(), format!("{}:{path}", make.bin.display())));
        let agent = make.agent.replace("{url}", &model.url);
        let (driver, outside) = (make.name, top.join("outside"));
        let more = format!("GAIA_TEST_OUTSIDE = \"{}\"\n", outside.display());
        let definition = format!("[agents.builder]\ndriver = \"{driver}\"\n{agent}{more}");
        house.write("gaia.toml", &format!("name = \"real\"\n{definition}"));
        house.write("calc.py", "def add(a, b):\n    return a - b\n");
        house.write("test_calc.py", TEST);
        house.write(".gitignore", "__pycache__/\n");
        let rig = Self { model, house, mode };
        rig.repository();
        rig
    }

    fn repository(&self) {
        let remote = self.remote();
        self.git(&["init", "-q", "--bare", remote.to_str().unwrap()]);
        self.git(&["init", "-q", "-b", "main"]);
        self.git(&["config", "user.name", "ann"]);
        self.git(&["config", "user.email", "ann@example.org"]);
        self.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", "begin"]);
    }

    pub fn remote(&self) -> PathBuf {
        self.house.folder.path().join("remote.git")
    }

    pub fn outside(&self) -> PathBuf {
        self.house.folder.path().join("outside")
    }

    /// git in the workspace, which must succeed.
    pub fn git(&self, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(args).current_dir(self.house.workspace()).env("HOME", "/nonexistent");
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {errors}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Hands work to the agent; the id of the task.
    pub fn add(&self, prompt: &str) -> String {
        let mode = match self.mode {
            Mode::Headless => "--headless",
            Mode::Interactive => "--interactive",
        };
        let task = self.house.json(&["task", "add", prompt, "--agent", "builder", mode]);
        task["id"].as_str().unwrap().to_owned()
    }

    /// Hands work to the agent, which must do it.
    pub fn done(&self, prompt: &str) -> Value {
        let id = self.add(prompt);
        self.wait(&id)
    }

    /// The task, once it is done.
    pub fn wait(&self, id: &str) -> Value {
        self.house.gaia(&["task", "wait", id, "--or-asking", "--timeout", "120s"]);
        let task = self.task(id);
        assert_eq!(task["state"], "done", "{}", self.seen(id));
        task
    }

    pub fn task(&self, id: &str) -> Value {
        // Its exit tells how the task ended, which is no matter here.
        let output = self.house.gaia(&["task", "show", id, "--json"]);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", seen(&output)))
    }

    /// Facts of a kind.
    pub fn facts(&self, kind: &str) -> Vec<Value> {
        let all = self.house.json(&["ledger", "show"]);
        let list = all.as_array().or_else(|| all["entries"].as_array()).expect("entries").clone();
        list.into_iter().filter(|fact| fact["kind"] == kind || fact["fact"] == kind).collect()
    }

    /// What a file of the branch of a task holds; it must be the only commit there.
    pub fn work(&self, task: &Value, file: &str) -> String {
        let branch = task["branch"].as_str().expect("a branch");
        self.git(&["show", &format!("{branch}:{file}")])
    }

    /// Waits for something that a task shall bring about.
    pub fn until(&self, id: &str, what: &str, mut check: impl FnMut() -> bool) {
        let start = std::time::Instant::now();
        while !check() {
            assert!(start.elapsed() < PATIENCE, "never: {what}\n{}", self.seen(id));
            std::thread::yield_now();
        }
    }

    /// Everything a person wants to see when it went wrong.
    pub fn seen(&self, id: &str) -> String {
        let show =
            |args: &[&str]| String::from_utf8_lossy(&self.house.gaia(args).stdout).into_owned();
        format!(
            "{}\n--- logs\n{}\n--- model\n{}\n--- inbox\n{}\n{}",
            show(&["task", "show", id, "--json"]),
            show(&["task", "logs", id, "--tail", "8KiB"]),
            self.model.log(),
            show(&["inbox"]),
            self.house.log()
        )
    }
}

/// Nothing goes further than this machine.
fn quiet() -> Vec<(String, String)> {
    let nowhere = "http://127.0.0.1:9";
    let here = "127.0.0.1,localhost";
    let pairs = [("HTTP_PROXY", nowhere), ("HTTPS_PROXY", nowhere), ("NO_PROXY", here)];
    let both = pairs.iter().flat_map(|(name, value)| {
        [((*name).to_owned(), (*value).to_owned()), (name.to_lowercase(), (*value).to_owned())]
    });
    both.chain([("TERM".to_owned(), "xterm-256color".to_owned())]).collect()
}

/// Whether a folder holds nothing but what it is named to hold.
pub fn holds_only(folder: &Path, names: &[&str]) -> bool {
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    found == names
}

const TEST: &str = "import unittest

from calc import add


class Add(unittest.TestCase):
    def test_two_and_two(self):
        self.assertEqual(add(2, 2), 4)
";
