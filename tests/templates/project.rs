//! A project out of a template, and what is served of it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    house::{House, processes, seen, until},
    tools::Tools,
};

/// A new project in a house of its own.
pub struct Project {
    house: House,
    folder: PathBuf,
    template: String,
}

impl Project {
    pub fn new(tools: &Tools, template: &str, vars: &[&str]) -> Self {
        let mut house = House::new();
        house.env.extend(tools.env());
        // Not one name for all: the Rust projects are built into one folder.
        let folder = house.folder.path().join(template);
        let mut args = vec!["scaffold", template, folder.to_str().unwrap(), "--defaults"];
        args.extend(vars.iter().flat_map(|var| ["--var", *var]));
        house.ok(&args);
        assert!(folder.join(".gaia/scaffold.toml").is_file(), "{template} remembers nothing");
        Self { house, folder, template: template.to_owned() }
    }

    /// Runs a program in it, which must end well.
    pub fn runs(&self, program: &str, args: &[&str]) {
        let start = Instant::now();
        let mut command = Command::new(self.program(program));
        command.args(args).current_dir(&self.folder).env_clear().stdin(Stdio::null());
        command.env("HOME", self.house.folder.path()).env("LANG", "C.UTF-8");
        let output = command.envs(self.house.env.clone()).output().unwrap();
        assert!(
            output.status.success(),
            "{}: {program} {args:?}\n{}",
            self.template,
            seen(&output)
        );
        self.took(&format!("{program} {}", args.first().unwrap_or(&"")), start);
    }

    /// The place of a program: it is looked for in the project's PATH, not in ours.
    fn program(&self, name: &str) -> PathBuf {
        let path = self.house.env.iter().find(|(name, _)| name == "PATH").unwrap();
        let mut all = std::env::split_paths(&path.1).map(|folder| folder.join(name));
        all.find(|place| place.is_file()).unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// Checks the files that only others run: CI, Dependabot, containers.
    pub fn has_good_ci(&self) {
        let schema = |file: &str, schema: &str| {
            self.runs("check-jsonschema", &["-q", "--builtin-schema", schema, file]);
        };
        schema(".github/workflows/ci.yml", "vendor.github-workflows");
        schema(".github/dependabot.yml", "vendor.dependabot");
        self.runs("zizmor", &["--offline", "-q", "."]);
        if self.folder.join("compose.yaml").is_file() {
            schema("compose.yaml", "vendor.compose-spec");
        }
        for file in ["Dockerfile", "web/Dockerfile"] {
            if self.folder.join(file).is_file() {
                self.runs("hadolint", &[file]);
            }
        }
    }

    /// What the project needs is up, or the test ends here.
    pub fn up(&self) -> Up<'_> {
        let start = Instant::now();
        self.gaia(&["up", "--wait"]);
        let list = self.gaia(&["service", "list", "--json"]);
        self.took("gaia up", start);
        Up { project: self, services: serde_json::from_str(&list).unwrap() }
    }

    fn gaia(&self, args: &[&str]) -> String {
        let mut command = self.house.command(args);
        let output = command.current_dir(&self.folder).output().unwrap();
        let log = self.house.log();
        assert!(
            output.status.success(),
            "{}: gaia {args:?}\n{}\n{log}",
            self.template,
            seen(&output)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn took(&self, what: &str, start: Instant) {
        eprintln!("{}: {what}: {:.1} s", self.template, start.elapsed().as_secs_f64());
    }
}

/// A project whose services are up.
pub struct Up<'a> {
    project: &'a Project,
    services: serde_json::Value,
}

impl Up<'_> {
    /// What a service answers at this path; it must be good.
    pub fn get(&self, service: &str, path: &str) -> String {
        let (head, body) = ask(self.port(service), path);
        let good = head.lines().next().is_some_and(|line| line.contains(" 200"));
        assert!(good, "{}: {service} answers {path} with {head}", self.project.template);
        body
    }

    fn port(&self, service: &str) -> u16 {
        let all = self.services.as_array().unwrap();
        let found = all.iter().find(|one| one["name"] == service);
        let port = found.and_then(|one| one["port"].as_u64());
        u16::try_from(port.unwrap_or_else(|| panic!("no port of {service}: {all:#?}"))).unwrap()
    }

    /// Ends it; nothing is left behind.
    pub fn down(self) {
        let Self { project, services } = self;
        project.gaia(&["down"]);
        let ports = services.as_array().unwrap().iter().filter_map(|one| one["port"].as_u64());
        for port in ports.map(|port| u16::try_from(port).unwrap()) {
            until("its ports are free", || TcpStream::connect(("127.0.0.1", port)).is_err());
        }
        until("nothing of the project runs", || left(&project.folder).is_empty());
        project.gaia(&["daemon", "stop"]);
    }
}

/// Processes that work in this folder.
fn left(folder: &Path) -> Vec<i32> {
    let inside = |pid: &i32| {
        let place = std::fs::read_link(format!("/proc/{pid}/cwd"));
        place.is_ok_and(|place| place.starts_with(folder))
    };
    processes().into_iter().filter(inside).collect()
}

/// Head and body of an answer.
fn ask(port: u16, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let host = format!("Host: 127.0.0.1:{port}\r\nAccept: text/html, */*\r\nConnection: close");
    write!(stream, "GET {path} HTTP/1.1\r\n{host}\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.split_once("\r\n\r\n").map(|(head, body)| (head.to_owned(), body.to_owned())).unwrap()
}
