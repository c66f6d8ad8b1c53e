//! The scripted model: a server on loopback that answers from a file.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

pub struct Model {
    server: Child,
    folder: PathBuf,
    pub url: String,
}

impl Model {
    /// One that plays a scenario; what it is asked is kept in the folder.
    pub fn playing(scenario: &str, folder: &Path) -> Self {
        let fake = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fake");
        let mut command = Command::new("python3");
        command.arg(fake.join("model_server.py")).args(["--quiet", "--announce", "url"]);
        command.arg("--scenario").arg(fake.join(format!("scenarios/{scenario}.json")));
        command.arg("--dump").arg(folder.join("asked")).arg("--log").arg(folder.join("asked.log"));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut server = command.spawn().expect("python3, for the scripted model");
        let mut url = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(url.starts_with("http://127.0.0.1:"), "the scripted model does not start: {url}");
        Self { server, folder: folder.to_owned(), url: url.trim().to_owned() }
    }

    /// What it was asked, in order: the line of its log, without requests beside the conversation.
    pub fn answers(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.folder.join("asked.log")).unwrap_or_default();
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| decision(line).contains("turns[")).collect()
    }

    /// How often a turn of the script was given.
    pub fn turns(&self) -> usize {
        self.answers().iter().filter(|line| !decision(line).contains("error")).count()
    }

    /// The last request of the conversation, whole.
    pub fn last_request(&self) -> String {
        let seq = self.answers().last().expect("a request")["seq"].as_u64().unwrap();
        std::fs::read_to_string(self.folder.join(format!("asked/{seq:05}.json"))).unwrap()
    }

    /// The whole log, for people.
    pub fn log(&self) -> String {
        let short = |line: &Value| {
            let show = |key: &str| line[key].to_string().chars().take(160).collect::<String>();
            format!("{} {} {} {}\n", show("path"), show("status"), show("decision"), show("calls"))
        };
        let log = std::fs::read_to_string(self.folder.join("asked.log")).unwrap_or_default();
        log.lines().map(|line| short(&serde_json::from_str(line).unwrap())).collect()
    }
}

fn decision(line: &Value) -> &str {
    line["decision"].as_str().unwrap_or_default()
}

impl Drop for Model {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
