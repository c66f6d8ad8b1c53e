//! Updates of real folders with the real git.
//!
//! Rooms: `meet` (what becomes of projects), `care` (what must not happen), `sweep` (a death at every
//! point).
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "tests")]

mod care;
mod meet;
mod sweep;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;

use super::{Loaded, Ports, Shop, Updated, Wish, update};
use crate::{
    adapter::{GitOptions, SystemBeneath, SystemFiles, SystemGit, SystemProber},
    base::{Home, Refusal, faults_refusal},
    scaffold::{
        manifest::{Manifest, PLACE, Source},
        model::{Given, Mode, Origin, Pack, Rendered, Tree, TreeFile},
        render::render,
        trust::{Trusted, Wanted},
    },
};

/// Versions of a template, the latest last.
struct Shelf {
    packs: Vec<Pack>,
    /// The old ones are not to be had any more.
    forgets: bool,
    answer: Option<bool>,
    trusted: Arc<Mutex<Trusted>>,
}

#[async_trait]
impl Shop for Shelf {
    async fn load(&self, _of: &Source, to: Option<&str>) -> Result<Loaded, Refusal> {
        let all: Vec<Loaded> = self.packs.iter().map(|p| Loaded::of(p.clone()).unwrap()).collect();
        let wanted = |l: &&Loaded| to.is_none_or(|to| l.source.version == to);
        Ok(all.iter().rev().find(wanted).unwrap().clone())
    }
    async fn old(&self, of: &Source) -> Option<Loaded> {
        let all = self.packs.iter().map(|p| Loaded::of(p.clone()).unwrap());
        all.filter(|_| !self.forgets).find(|l| l.source.hash == of.hash)
    }
    async fn render(&self, pack: &Pack, given: &Given, _quiet: bool) -> Result<Rendered, Refusal> {
        render(pack, given).map_err(|faults| faults_refusal(&faults))
    }
    fn allow(&self, wanted: &Wanted, trust: bool) -> Result<(), Refusal> {
        let mut trusted = self.trusted.lock().unwrap();
        if !trusted.allows(wanted) && !trust && self.answer != Some(true) {
            return Err(wanted.refusal());
        }
        trusted.allow(wanted);
        Ok(())
    }
}

/// A version of a template: head beside name and version, and files (`path` or `path*` for a
/// program, `path@` for a link).
fn pack(version: &str, head: &str, files: &[(&str, &str)]) -> Pack {
    let plain = |bytes: &str, mode| TreeFile { bytes: bytes.into(), mode };
    let toml = format!("name = \"t\"\nversion = \"{version}\"\nabout = \"a test\"\n{head}");
    let mut all = BTreeMap::from([("template.toml".to_owned(), plain(&toml, Mode::Plain))]);
    for (path, text) in files {
        let mode = match path.as_bytes().last() {
            Some(b'*') => Mode::Exec,
            Some(b'@') => Mode::Link,
            _ => Mode::Plain,
        };
        all.insert(format!("files/{}", path.trim_end_matches(['*', '@'])), plain(text, mode));
    }
    let tree = Tree { name: "t".into(), files: all };
    Pack { origin: Origin::Builtin, layers: vec![tree] }
}

struct Yard {
    folder: tempfile::TempDir,
    packs: Vec<Pack>,
    forgets: bool,
    answer: Option<bool>,
    trusted: Arc<Mutex<Trusted>>,
}

impl Yard {
    /// A project made from the first version, committed to git.
    fn new(packs: Vec<Pack>) -> Self {
        let yard = Self::without_git(packs);
        yard.git(&["init", "-q", "-b", "main"]);
        yard.commit();
        yard
    }

    fn without_git(packs: Vec<Pack>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let yard = Self { folder, packs, forgets: false, answer: None, trusted: Arc::default() };
        let loaded = Loaded::of(yard.packs[0].clone()).unwrap();
        let given = Given { target: "p".into(), year: 2026, ..Given::default() };
        let rendered = render(&yard.packs[0], &given).unwrap();
        for made in &rendered.made {
            let path = yard.at(&made.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match made.mode {
                Mode::Link => {
                    symlink(String::from_utf8(made.bytes.clone()).unwrap(), path).unwrap()
                }
                Mode::Plain | Mode::Folder => fs::write(path, &made.bytes).unwrap(),
                Mode::Exec => {
                    fs::write(&path, &made.bytes).unwrap();
                    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
                }
            }
        }
        let source = Source { target: Some("p".into()), year: Some(2026), ..loaded.source };
        fs::create_dir_all(yard.at(".gaia")).unwrap();
        fs::write(yard.at(PLACE), Manifest::of(source, &rendered).write()).unwrap();
        yard
    }

    /// The same project once more.
    fn again(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut copy = Command::new("cp");
        let done = copy.arg("-a").arg(self.root()).arg(folder.path().join("p")).status().unwrap();
        assert!(done.success());
        let (packs, trusted) = (self.packs.clone(), Arc::default());
        Self { folder, packs, forgets: self.forgets, answer: self.answer, trusted }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("p")
    }
    fn at(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }
    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|e| format!("{path}: {e}"))
    }
    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    fn git(&self, words: &[&str]) -> String {
        let mut git = Command::new("git");
        git.current_dir(self.root()).env("HOME", self.folder.path());
        git.args(["-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false"]);
        let done = git.args(words).output().unwrap();
        assert!(done.status.success(), "{words:?}: {done:?}");
        String::from_utf8(done.stdout).unwrap()
    }
    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "c"]);
    }

    fn ports(&self) -> Ports {
        let home = Home::new(self.folder.path().join("h")).unwrap();
        let env = |name: &str| (name.to_owned(), std::env::var(name).unwrap_or_default());
        let (packs, trusted) = (self.packs.clone(), Arc::clone(&self.trusted));
        let shop = Shelf { packs, forgets: self.forgets, answer: self.answer, trusted };
        Ports {
            files: Arc::new(SystemFiles),
            beneath: Arc::new(SystemBeneath),
            past: Arc::new(SystemGit::new(GitOptions::new(home.root().join("git")))),
            prober: Arc::new(SystemProber),
            shop: Arc::new(shop),
            env: ["PATH", "SECRET_TOKEN"].map(env).into(),
        }
    }

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }
    fn wish(&self) -> Wish {
        Wish { root: self.root(), ..Wish::default() }
    }
    fn update(&self) -> Result<Updated, Refusal> {
        self.update_as(self.wish())
    }
    fn update_as(&self, wish: Wish) -> Result<Updated, Refusal> {
        Self::run(update(&self.ports(), &wish))
    }

    /// Every file below the project but git's, with its mode and text.
    fn all(&self) -> BTreeMap<String, String> {
        let walk = walkdir::WalkDir::new(self.root()).into_iter().map(Result::unwrap);
        let files = walk.filter(|e| !e.file_type().is_dir());
        let one = |e: walkdir::DirEntry| {
            let path = e.path().strip_prefix(self.root()).unwrap().display().to_string();
            let text = match e.file_type().is_symlink() {
                true => format!("-> {}", fs::read_link(e.path()).unwrap().display()),
                false => String::from_utf8_lossy(&fs::read(e.path()).unwrap()).into_owned(),
            };
            (path, format!("{:o} {text}", e.metadata().unwrap().permissions().mode() & 0o777))
        };
        files.map(one).filter(|(path, _)| !path.starts_with(".git/")).collect()
    }
}

/// What was done to which file.
fn told(updated: &Updated) -> Vec<String> {
    updated.files.iter().map(|line| format!("{} {}", line.what, line.path)).collect()
}

const ABC: &str = "a\nb\nc\nd\ne\n";
