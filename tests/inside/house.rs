//! A home of its own for each test.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use crate::daemon::Daemon;

pub(crate) struct House {
    pub(crate) root: tempfile::TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        let house = Self { root: tempfile::tempdir().unwrap() };
        std::fs::create_dir(house.work()).unwrap();
        house
    }

    pub(crate) fn daemon(&self) -> Daemon {
        Daemon::at(&self.root.path().join("home/run/gaia.sock"))
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.root.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        file
    }

    pub(crate) fn gaia(&self, args: &[&str]) -> Command {
        self.command(env!("CARGO_BIN_EXE_gaia"), args)
    }

    pub(crate) fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).env_clear().current_dir(self.work());
        command.env("GAIA_HOME", self.root.path().join("home")).env("PATH", "/usr/bin:/bin");
        command.env("HOME", self.root.path());
        command
    }
}

/// Runs to the end with this input.
pub(crate) fn fed(command: &mut Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    output
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Waits for something to become true, and tells what there was if it does not.
pub(crate) fn until(what: &str, mut seen: impl FnMut() -> Result<(), String>) {
    let mut last = String::new();
    for _ in 0..1500 {
        match seen() {
            Ok(()) => return,
            Err(state) => last = state,
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{what} did not come: {last}");
}
