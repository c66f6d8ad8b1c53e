use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use gaia::{
    adapter::{GitOptions, SystemGit},
    port::{Git, How, Land, Landing, NewWork, Publish, Repo, Sha, Who, Work},
};

/// A repository with one commit, and a home of its own around it.
pub struct Yard {
    root: tempfile::TempDir,
    pub git: SystemGit,
}

impl Yard {
    pub fn new() -> Self {
        let yard = Self::empty();
        yard.write("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
        yard.write("b.txt", "b\n");
        yard.write(".gitignore", "*.log\n.env\n");
        yard.commit("first");
        yard
    }

    /// Without a commit.
    pub fn empty() -> Self {
        let root = tempfile::tempdir().unwrap();
        let yard = Self { git: SystemGit::new(options(root.path(), "git".into())), root };
        fs::create_dir(yard.home()).unwrap();
        let config = "[user]\nname = Ada\nemail = ada@example.org\n[init]\ndefaultBranch = main\n\
            [protocol \"file\"]\nallow = always\n[advice]\ndetachedHead = false\n";
        fs::write(yard.home().join(".gitconfig"), config).unwrap();
        fs::create_dir(yard.top()).unwrap();
        yard.run(&["init", "-q"]);
        yard
    }

    pub fn root(&self) -> PathBuf {
        self.root.path().canonicalize().unwrap()
    }
    fn home(&self) -> PathBuf {
        self.root().join("home")
    }
    pub fn top(&self) -> PathBuf {
        self.root().join("repo")
    }

    /// The same yard through another program.
    pub fn with_program(root: &Path, program: PathBuf) -> SystemGit {
        SystemGit::new(options(root, program))
    }

    pub fn run(&self, args: &[&str]) -> String {
        self.run_in(&self.top(), args)
    }

    pub fn run_in(&self, dir: &Path, args: &[&str]) -> String {
        let out = self.command(dir).args(args).output().unwrap();
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).trim_end().to_owned()
    }

    pub fn command(&self, dir: &Path) -> Command {
        let mut command = Command::new("git");
        command.current_dir(dir).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.home());
        command
    }

    pub fn write(&self, name: impl AsRef<OsStr>, text: &str) {
        write(&self.top(), name, text);
    }

    pub fn commit(&self, message: &str) -> Sha {
        self.run(&["add", "-A"]);
        self.run(&["commit", "-q", "-m", message]);
        self.sha("HEAD")
    }

    pub fn sha(&self, rev: &str) -> Sha {
        Sha::read(&self.run(&["rev-parse", rev])).unwrap()
    }

    pub async fn repo(&self) -> Repo {
        self.git.repo(&self.top()).await.unwrap()
    }

    pub fn new_work(&self, name: &str) -> NewWork {
        NewWork {
            path: self.root().join("trees").join(name),
            branch: format!("gaia/{name}/work"),
            base: self.sha("HEAD"),
            reason: format!("gaia task {name}"),
            submodules: false,
            exclude: vec![],
        }
    }

    pub async fn work(&self, name: &str) -> Work {
        self.git.add_worktree(&self.repo().await, &self.new_work(name)).await.unwrap()
    }

    pub fn status(&self, dir: &Path) -> String {
        self.run_in(dir, &["status", "--porcelain"])
    }

    /// Commits all of a worktree.
    pub async fn save(&self, work: &Work, message: &str) -> Sha {
        let done = self.git.commit_all(&self.repo().await, work, message, &ada()).await.unwrap();
        done.sha.unwrap()
    }

    pub fn land(&self, sha: &Sha, how: How) -> Land {
        Land {
            branch: "work".into(),
            sha: sha.clone(),
            target: "main".into(),
            expect: None,
            how,
            message: "land it".into(),
            author: ada(),
        }
    }

    pub async fn landed(&self, sha: &Sha, how: How) -> Publish {
        let landing = self.git.land(&self.repo().await, &self.land(sha, how)).await.unwrap();
        let Landing::Landed { old, new } = landing else { panic!("{landing:?}") };
        Publish { target: "main".into(), old, new, reason: "task 1".into(), agents: vec![] }
    }
}

fn options(root: &Path, program: PathBuf) -> GitOptions {
    let root = root.canonicalize().unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let env = vec![("PATH".into(), path), ("HOME".into(), root.join("home").into_os_string())];
    GitOptions { private: root.join("private"), program, env }
}

pub fn write(dir: &Path, name: impl AsRef<OsStr>, text: &str) {
    let path = dir.join(name.as_ref());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub fn read(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).unwrap()
}

pub fn ada() -> Who {
    Who { name: "Ada".into(), email: "ada@example.org".into() }
}
