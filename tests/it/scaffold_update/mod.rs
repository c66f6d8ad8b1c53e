//! A later version of a template comes to a project, by the real binary and the real git, without a
//! daemon.

mod crash;
mod hostile;
mod life;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use crate::house::House;

/// A template in a git repository, and the project `p` made from it.
pub struct Yard {
    pub house: House,
}

impl Yard {
    pub fn new() -> Self {
        let yard = Self { house: House::new() };
        fs::create_dir(yard.repo()).unwrap();
        yard.git("t.git", &["init", "-q", "-b", "main"]);
        yard
    }

    pub fn repo(&self) -> PathBuf {
        self.house.workspace().join("t.git")
    }
    pub fn url(&self) -> String {
        self.repo().display().to_string()
    }

    pub fn git(&self, folder: &str, words: &[&str]) -> String {
        let mut git = Command::new("git");
        git.current_dir(self.house.workspace().join(folder)).env("HOME", self.house.folder.path());
        git.args(["-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false"]);
        let done = git.args(words).output().unwrap();
        assert!(done.status.success(), "{words:?}: {done:?}");
        String::from_utf8(done.stdout).unwrap()
    }
    pub fn commit(&self, folder: &str) {
        self.git(folder, &["add", "-A"]);
        self.git(folder, &["commit", "-q", "--allow-empty", "-m", "c"]);
    }

    /// Publishes a version of the template: these files, and no others.
    pub fn version(&self, version: &str, head: &str, files: &[(&str, &str)]) {
        let _ = fs::remove_dir_all(self.repo().join("files"));
        let toml = format!("name = \"t\"\nversion = \"{version}\"\nabout = \"a test\"\n{head}");
        self.write("t.git/template.toml", &toml);
        for (path, text) in files {
            self.write(&format!("t.git/files/{path}"), text);
        }
        self.commit("t.git");
        self.git("t.git", &["tag", &format!("v{version}")]);
    }

    /// Makes the project, and commits it.
    pub fn make(&self, more: &[&str]) {
        let url = self.url();
        self.house.ok(&[&["scaffold", "new", &url, "p"], more].concat());
        self.git("p", &["init", "-q", "-b", "main"]);
        self.commit("p");
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.house.workspace().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    pub fn read(&self, path: &str) -> String {
        let path = self.house.workspace().join(path);
        fs::read_to_string(&path).unwrap_or_else(|e| format!("{}: {e}", path.display()))
    }

    pub fn update(&self, more: &[&str]) -> Output {
        self.house.gaia(&[&["scaffold", "update", "p"], more].concat())
    }

    /// Every file of the project with its text, git's index included.
    pub fn whole(&self) -> Vec<(String, String)> {
        let root = self.house.workspace().join("p");
        let walk = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().flatten();
        let files = walk.filter(|entry| entry.file_type().is_file());
        let text = |entry: walkdir::DirEntry| {
            let path = entry.path().strip_prefix(&root).unwrap().display().to_string();
            (path, String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned())
        };
        let mut all: Vec<_> =
            files.map(text).filter(|(path, _)| !path.starts_with(".git/")).collect();
        all.push(("index".into(), self.git("p", &["ls-files", "--stage"])));
        all
    }
}

pub fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}
