//! Updates of real folders with the real git.
#![allow(clippy::disallowed_methods, reason = "tests")]

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;

use super::{Loaded, Ports, Shop, Updated, Wish, changes, recover, state, update};
use crate::{
    adapter::{GitOptions, SystemBeneath, SystemFiles, SystemGit, SystemProber},
    base::{Code, Home, Refusal, faults_refusal},
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
pub(super) fn pack(version: &str, head: &str, files: &[(&str, &str)]) -> Pack {
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

pub(super) struct Yard {
    folder: tempfile::TempDir,
    packs: Vec<Pack>,
    forgets: bool,
    answer: Option<bool>,
    trusted: Arc<Mutex<Trusted>>,
}

impl Yard {
    /// A project made from the first version, committed to git.
    pub(super) fn new(packs: Vec<Pack>) -> Self {
        let yard = Self::without_git(packs);
        yard.git(&["init", "-q", "-b", "main"]);
        yard.commit();
        yard
    }

    pub(super) fn without_git(packs: Vec<Pack>) -> Self {
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
    pub(super) fn again(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut copy = Command::new("cp");
        let done = copy.arg("-a").arg(self.root()).arg(folder.path().join("p")).status().unwrap();
        assert!(done.success());
        let (packs, trusted) = (self.packs.clone(), Arc::default());
        Self { folder, packs, forgets: self.forgets, answer: self.answer, trusted }
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().join("p")
    }
    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }
    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|e| format!("{path}: {e}"))
    }
    pub(super) fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    pub(super) fn git(&self, words: &[&str]) -> String {
        let mut git = Command::new("git");
        git.current_dir(self.root()).env("HOME", self.folder.path());
        git.args(["-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false"]);
        let done = git.args(words).output().unwrap();
        assert!(done.status.success(), "{words:?}: {done:?}");
        String::from_utf8(done.stdout).unwrap()
    }
    pub(super) fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "c"]);
    }

    pub(super) fn ports(&self) -> Ports {
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

    pub(super) fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }
    pub(super) fn wish(&self) -> Wish {
        Wish { root: self.root(), ..Wish::default() }
    }
    pub(super) fn update(&self) -> Result<Updated, Refusal> {
        self.update_as(self.wish())
    }
    pub(super) fn update_as(&self, wish: Wish) -> Result<Updated, Refusal> {
        Self::run(update(&self.ports(), &wish))
    }

    /// Every file below the project but git's, with its mode and text.
    pub(super) fn all(&self) -> BTreeMap<String, String> {
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

#[test]
fn edits_of_both_are_merged_and_the_rest_follows_the_template() {
    let one = [("both", ABC), ("run*", "1\n"), ("same", "1\n"), ("gone", "1\n"), ("l@", "same")];
    let two = [
        ("both", "a\nb\nc\nd\nE\n"),
        ("run*", "2\n"),
        ("same", "1\n"),
        ("new*", "n\n"),
        ("l@", "run"),
    ];
    let yard = Yard::new(vec![pack("1.0.0", "", &one), pack("1.1.0", "", &two)]);
    yard.write("both", "A\nb\nc\nd\ne\n");
    yard.write("mine", "m\n");
    yard.commit();
    let updated = yard.update().unwrap();
    assert_eq!(
        told(&updated),
        ["merged both", "deleted gone", "updated l", "added new", "updated run"]
    );
    assert_eq!(
        (updated.from.as_str(), updated.to.as_str(), updated.conflicts),
        ("1.0.0", "1.1.0", 0)
    );
    assert_eq!(yard.read("both"), "A\nb\nc\nd\nE\n");
    let all = yard.all();
    assert_eq!((all["new"].as_str(), all["run"].as_str()), ("755 n\n", "755 2\n"));
    assert!(all["l"].ends_with("-> run") && all["mine"].ends_with("m\n"));
    let base: Vec<_> = all.keys().filter(|path| path.starts_with(".gaia/")).collect();
    assert_eq!(base.len(), 2, "the manifest, and the text that the next update needs: {base:?}");
    assert!(!yard.at("gone").exists());
    // The second time there is nothing to do, and nothing is written.
    yard.commit();
    let before = yard.all();
    let again = yard.update().unwrap();
    assert!(again.files.is_empty(), "{again:?}");
    assert_eq!(yard.all(), before);
}

#[test]
fn a_conflict_is_marked_in_the_file_and_in_gits_index() {
    let files = |text: &'static str| [("sub/f", text), ("other", "1\n")];
    let packs =
        vec![pack("1.0.0", "", &files("a\nb\nc\n")), pack("2.0.0", "", &files("a\nT\nc\n"))];
    let yard = Yard::new(packs);
    yard.write("sub/f", "a\nM\nc\n");
    yard.commit();
    let updated = yard.update().unwrap();
    assert_eq!((told(&updated), updated.conflicts), (vec!["conflict sub/f".to_owned()], 1));
    let marked = "a\n<<<<<<< yours\nM\n=======\nT\n>>>>>>> t 2.0.0\nc\n";
    assert_eq!(yard.read("sub/f"), marked);
    let stage = |n: u8| yard.git(&["show", &format!(":{n}:sub/f")]);
    assert_eq!(
        (stage(1), stage(2), stage(3)),
        ("a\nb\nc\n".into(), "a\nM\nc\n".into(), "a\nT\nc\n".into())
    );
    assert!(yard.git(&["status", "--porcelain"]).contains("UU sub/f"));
    // While it is open no other update is begun.
    let refusal = yard.update().unwrap_err();
    assert!(refusal.message.contains("not committed: ") && refusal.message.contains("sub/f"));
}

#[test]
fn the_text_of_a_merge_is_known_to_the_next_update() {
    let files = |text: &'static str| [("f", text)];
    let packs = vec![
        pack("1.0.0", "", &files(ABC)),
        pack("2.0.0", "", &files("a\nb\nc\nd\nE\n")),
        pack("3.0.0", "", &files("a\nb\nc\nD\nE\n")),
    ];
    let mut yard = Yard::new(packs);
    yard.forgets = true;
    yard.write("f", "A\nb\nc\nd\ne\n");
    yard.commit();
    yard.update_as(Wish { to: Some("2.0.0".into()), ..yard.wish() }).unwrap();
    yard.commit();
    let updated = yard.update().unwrap();
    assert_eq!((yard.read("f").as_str(), updated.conflicts), ("A\nb\nc\nD\nE\n", 0));
    // Once the project is as the template, nothing is kept.
    yard.commit();
    yard.write("f", "a\nb\nc\nD\nE\n");
    yard.commit();
    yard.packs.push(pack("3.1.0", "", &files("a\nb\nc\nD\nE\n")));
    yard.update().unwrap();
    let names = yard.all().into_keys().filter(|path| path.starts_with(".gaia/"));
    assert_eq!(names.collect::<Vec<_>>(), [PLACE]);
}

#[test]
fn what_the_person_deleted_or_moved_stays_so() {
    let files =
        |text: &'static str| [("del", &text[..text.len() - 1]), ("mv", text), ("keep", "1\n")];
    let head = "";
    let mut yard = Yard::new(vec![
        pack("1.0.0", head, &files("one\ntwo\nthree\n")),
        pack("2.0.0", head, &files("one\ntwo\nthree\nfour\n")),
    ]);
    fs::remove_file(yard.at("del")).unwrap();
    fs::create_dir(yard.at("mine")).unwrap();
    fs::rename(yard.at("mv"), yard.at("mine/moved")).unwrap();
    yard.commit();
    let updated = yard.update().unwrap();
    assert_eq!(told(&updated), ["kept del", "updated mine/moved"]);
    assert!(!yard.at("del").exists() && !yard.at("mv").exists());
    assert_eq!(yard.read("mine/moved"), "one\ntwo\nthree\nfour\n");
    yard.write("mine/moved", "ONE\ntwo\nthree\nfour\n");
    yard.commit();
    yard.packs.push(pack("3.0.0", head, &files("one\ntwo\nthree\n4\n")));
    let updated = yard.update().unwrap();
    assert_eq!(told(&updated), ["kept del", "merged mine/moved"]);
    assert_eq!(yard.read("mine/moved"), "ONE\ntwo\nthree\n4\n");
}

#[test]
fn a_file_that_both_added_is_a_conflict_and_not_a_loss() {
    let yard = Yard::new(vec![
        pack("1.0.0", "", &[("a", "1\n")]),
        pack("2.0.0", "", &[("a", "1\n"), ("new", "theirs\n"), ("same", "s\n"), ("bin", "x\0y")]),
    ]);
    yard.write("new", "mine\n");
    yard.write("same", "s\n");
    yard.write("bin", "mine\0");
    yard.commit();
    let updated = yard.update().unwrap();
    assert_eq!(told(&updated), ["conflict bin", "conflict new"]);
    assert_eq!(yard.read("new"), "<<<<<<< yours\nmine\n=======\ntheirs\n>>>>>>> t 2.0.0\n");
    assert_eq!((yard.read("bin").as_str(), yard.read("bin.theirs").as_str()), ("mine\0", "x\0y"));
    let status = yard.git(&["status", "--porcelain"]);
    assert!(status.contains("AA new") && status.contains("AA bin"), "{status}");
}

#[test]
fn work_that_git_does_not_hold_is_refused_or_kept() {
    let files = |text: &'static str| [("f", text), (".gitignore", "secret\n"), ("secret", text)];
    let packs = vec![pack("1.0.0", "", &files(ABC)), pack("2.0.0", "", &files("a\nb\nc\nd\nE\n"))];
    let yard = Yard::new(packs);
    yard.write("f", "A\nb\nc\nd\ne\n");
    yard.write("secret", "S\nb\nc\nd\ne\n");
    fs::set_permissions(yard.at("secret"), fs::Permissions::from_mode(0o600)).unwrap();
    let before = yard.all();
    let refusal = yard.update().unwrap_err();
    assert!(refusal.message.contains("not committed: f"), "{refusal}");
    assert_eq!(yard.all(), before, "a refusal writes nothing");
    let updated = yard.update_as(Wish { force: true, ..yard.wish() }).unwrap();
    assert_eq!(updated.kept_in.as_deref(), Some(".gaia/before/1"));
    assert_eq!(yard.read(".gaia/before/1/f"), "A\nb\nc\nd\ne\n");
    let all = yard.all();
    assert_eq!(all[".gaia/before/1/secret"], "600 S\nb\nc\nd\ne\n");
    assert_eq!(all["secret"], "600 S\nb\nc\nd\nE\n", "who may read it stays as it was");
    let status = yard.git(&["status", "--porcelain", "-uall"]);
    assert!(!status.contains("before"), "git does not see the copies: {status}");
}

#[test]
fn a_project_without_git_is_updated_and_nothing_is_lost() {
    let files = |text: &'static str| [("f", text), ("g", text)];
    let packs = vec![pack("1.0.0", "", &files(ABC)), pack("2.0.0", "", &files("a\nb\nc\nd\nE\n"))];
    let mut yard = Yard::without_git(packs);
    yard.write("f", "A\nb\nc\nd\ne\n");
    fs::rename(yard.at("g"), yard.at("h")).unwrap();
    let updated = yard.update().unwrap();
    assert_eq!(told(&updated), ["merged f", "updated h"]);
    assert_eq!(yard.read(".gaia/before/1/f"), "A\nb\nc\nd\ne\n");
    // The old template is gone too: then both texts stand there.
    yard.packs = vec![pack("3.0.0", "", &[("f", "a\nb\nc\n3\nE\n"), ("g", "3\n")])];
    yard.forgets = true;
    fs::remove_dir_all(yard.at(".gaia/base")).unwrap();
    yard.write("h", "mine\n");
    let updated = yard.update().unwrap();
    assert_eq!(told(&updated), ["conflict f", "conflict h"]);
    let note = updated.files[0].note.as_deref().unwrap();
    assert_eq!(note, "the text it was made from is not known any more");
    assert_eq!(yard.read("h"), "<<<<<<< yours\nmine\n=======\n3\n>>>>>>> t 3.0.0\n");
    assert_eq!(yard.read(".gaia/before/2/h"), "mine\n");
}

#[test]
fn a_dry_run_writes_nothing_and_shows_the_change() {
    let packs = vec![pack("1.0.0", "", &[("f", "1\n")]), pack("2.0.0", "", &[("f", "2\n")])];
    let yard = Yard::new(packs);
    let before = yard.all();
    let updated = yard.update_as(Wish { dry_run: true, ..yard.wish() }).unwrap();
    assert_eq!(yard.all(), before);
    assert!(updated.diff.unwrap().contains("-1\n+2\n"));
}

#[test]
fn answers_are_kept_changed_by_wish_and_secrets_never_written() {
    let head = |more: &str| {
        format!(
            "[answers.who]\ntype = \"text\"\ndefault = \"you\"\n[answers.key]\ntype = \"secret\"\ndefault = \"hush-123\"\n{more}"
        )
    };
    let more = "[answers.extra]\ntype = \"int\"\ndefault = 7\n";
    let yard = Yard::new(vec![
        pack("1.0.0", &head(""), &[("f.tera", "{{ who }}\n{{ today.year }} {{ target }}\n")]),
        pack(
            "2.0.0",
            &head(more),
            &[("f.tera", "{{ who }} {{ extra }}\n{{ today.year }} {{ target }}\n")],
        ),
    ]);
    let answers = serde_json::json!({ "who": "me" }).as_object().unwrap().clone();
    let typo = serde_json::json!({ "whom": "me" }).as_object().unwrap().clone();
    let refusal = yard.update_as(Wish { answers: typo, ..yard.wish() }).unwrap_err();
    assert_eq!(refusal.help.as_deref(), Some("did you mean `who`?"));
    yard.update_as(Wish { answers, ..yard.wish() }).unwrap();
    assert_eq!(yard.read("f"), "me 7\n2026 p\n");
    let manifest = yard.read(PLACE);
    assert!(manifest.contains("who = \"me\"") && manifest.contains("extra = 7"), "{manifest}");
    assert!(!manifest.contains("hush") && !manifest.contains("key"), "{manifest}");
}

#[test]
fn migrations_between_the_versions_move_files_and_run_on_a_copy() {
    let script = |text: &str| format!("[\"sh\", \"-c\", \"{text}\"]");
    let head = format!(
        "[[migrations]]\nversion = \"2.0.0\"\nmoved = {{ \"old/f\" = \"new/f\" }}\nbefore = [{}]\nafter = [{}]\n\
         [[migrations]]\nversion = \"1.0.0\"\nafter = [[\"false\"]]\n[[migrations]]\nversion = \"3.0.0\"\nafter = [[\"false\"]]\n",
        script("cat old/f > mine.copy; echo token=$SECRET_TOKEN"),
        script("cat new/f > seen; rm drop; pwd")
    );
    let yard = Yard::new(vec![
        pack("1.0.0", "", &[("old/f", ABC), ("drop", "d\n")]),
        pack("2.0.0", &head, &[("new/f", "a\nb\nc\nd\nE\n"), ("drop", "d\n")]),
    ]);
    yard.write("old/f", "A\nb\nc\nd\ne\n");
    yard.commit();
    let updated = yard.update().unwrap();
    assert_eq!(told(&updated), ["merged new/f"]);
    assert_eq!(yard.read("new/f"), "A\nb\nc\nd\nE\n");
    assert_eq!(yard.read("seen"), "A\nb\nc\nd\nE\n", "after sees the merged files");
    assert_eq!(yard.read("mine.copy"), "A\nb\nc\nd\ne\n", "before sees the old ones");
    assert!(!yard.at("drop").exists() && !yard.at("old").exists());
    assert!(updated.output[0].ends_with("token="), "{:?}", updated.output);
    assert!(updated.output[1].contains(".gaia/update/tree"), "{:?}", updated.output);
    assert!(!yard.at(".gaia/update").exists());
}

#[test]
fn a_command_that_fails_leaves_the_project_untouched() {
    let head = "[[migrations]]\nversion = \"2.0.0\"\nbefore = [[\"sh\", \"-c\", \"rm f; echo no; exit 3\"]]\n";
    let yard =
        Yard::new(vec![pack("1.0.0", "", &[("f", "1\n")]), pack("2.0.0", head, &[("f", "2\n")])]);
    let before = yard.all();
    let refusal = yard.update().unwrap_err();
    assert!(refusal.message.contains("ended with 3:\nno"), "{refusal}");
    assert_eq!(yard.all(), before);
}

#[test]
fn a_strangers_commands_run_only_if_they_were_allowed() {
    let head = |n: u8| {
        format!("[[migrations]]\nversion = \"{n}.0.0\"\nbefore = [[\"touch\", \"made{n}\"]]\n")
    };
    let mut yard = Yard::new(vec![
        pack("1.0.0", "", &[("f", "1\n")]),
        pack("2.0.0", &head(2), &[("f", "2\n")]),
    ]);
    yard.packs[1].origin = Origin::Folder("/else".into());
    let before = yard.all();
    for answer in [None, Some(false)] {
        yard.answer = answer;
        let refusal = yard.update().unwrap_err();
        assert_eq!(refusal.code, Code::Denied);
        assert!(refusal.message.contains("    touch made2"), "{refusal}");
        assert_eq!(yard.all(), before);
    }
    yard.answer = None;
    yard.update_as(Wish { trust: true, ..yard.wish() }).unwrap();
    assert!(yard.at("made2").exists());
    // The same once more is remembered, something else is not.
    yard.git(&["add", "-A"]);
    yard.git(&["reset", "-q", "--hard"]);
    yard.update().unwrap();
    yard.commit();
    yard.packs.push(pack("3.0.0", &head(3), &[("f", "3\n")]));
    yard.packs[2].origin = Origin::Folder("/else".into());
    assert_eq!(yard.update().unwrap_err().code, Code::Denied);
    yard.answer = Some(true);
    yard.update().unwrap();
}

#[test]
fn nothing_is_written_or_read_through_a_link() {
    let files = |text: &'static str| [("dir/f", text), ("dir/g", text)];
    let yard = Yard::new(vec![
        pack("1.0.0", "", &files("1\n")),
        pack("2.0.0", "", &[("dir/f", "2\n"), ("dir/g", "1\n"), ("dir/new", "n\n")]),
    ]);
    let outside = yard.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("f"), "1\n").unwrap();
    fs::remove_dir_all(yard.at("dir")).unwrap();
    symlink(&outside, yard.at("dir")).unwrap();
    yard.commit();
    let updated = yard.update().unwrap();
    assert_eq!(fs::read_to_string(outside.join("f")).unwrap(), "1\n");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(told(&updated), ["kept dir/f", "conflict dir/new"]);
    assert_eq!(yard.read("dir.theirs/new"), "n\n");
}

#[test]
fn gaias_own_folder_may_be_no_link_and_its_journal_names_only_files_of_the_project() {
    let packs = vec![pack("1.0.0", "", &[("f", "1\n")]), pack("2.0.0", "", &[("f", "2\n")])];
    let yard = Yard::new(packs);
    for path in ["../out", ".git/hooks/pre-commit", "/etc/x", ".gaia/before/../../../x"] {
        let places = serde_json::json!([{ "slot": 0, "path": path, "was": null }]);
        let journal =
            serde_json::json!({ "to": "2", "removes": [], "places": places, "unmerged": [] });
        yard.write(".gaia/update/journal", &journal.to_string());
        yard.write(".gaia/update/new/0", "evil");
        let refusal = yard.update().unwrap_err();
        assert!(refusal.message.contains("the journal"), "{refusal}");
        fs::remove_dir_all(yard.at(".gaia/update")).unwrap();
    }
    let outside = yard.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    symlink(&outside, yard.at(".gaia/update")).unwrap();
    yard.update().unwrap();
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    assert_eq!(yard.read("f"), "2\n");
}

#[test]
fn an_edit_after_a_crash_is_kept_when_the_update_is_finished() {
    let packs = vec![pack("1.0.0", "", &[("f", "1\n")])];
    let yard = Yard::new(packs);
    let was = crate::scaffold::manifest::sha256(b"1\n");
    let places = serde_json::json!([{ "slot": 0, "path": "f", "was": was }]);
    let journal = serde_json::json!({ "to": "2", "removes": [], "places": places, "unmerged": [] });
    yard.write(".gaia/update/new/0", "2\n");
    yard.write(".gaia/update/journal", &journal.to_string());
    yard.write("f", "my hour of work\n");
    let to = Yard::run(recover(&yard.ports(), &yard.root())).unwrap();
    assert_eq!((to.as_deref(), yard.read("f").as_str()), (Some("2"), "2\n"));
    assert_eq!(yard.read(".gaia/before/crash/f"), "my hour of work\n");
    assert!(!yard.at(".gaia/update").exists());
}

#[test]
fn what_was_changed_since_is_told() {
    let yard = Yard::new(vec![pack(
        "1.0.0",
        "",
        &[("a", "1\n"), ("b", "2\n"), ("c", "3\n"), ("d", "4\n")],
    )]);
    yard.write("a", "one\n");
    fs::remove_file(yard.at("b")).unwrap();
    fs::rename(yard.at("c"), yard.at("e")).unwrap();
    let found = Yard::run(state(&yard.ports(), &yard.root())).unwrap();
    assert_eq!(
        (found.changed, found.missing, found.same),
        (vec!["a".to_owned()], vec!["b".to_owned()], 2)
    );
    assert_eq!(found.moved, [("c".to_owned(), "e".to_owned())]);
    let (_, text) = Yard::run(changes(&yard.ports(), &yard.root())).unwrap();
    assert!(
        text.contains("-1\n+one\n")
            && text.contains("+++ /dev/null")
            && text.contains("rename to e"),
        "{text}"
    );
}

#[test]
fn a_project_in_a_folder_of_a_larger_repository_is_updated() {
    let packs =
        vec![pack("1.0.0", "", &[("f", "a\nb\nc\n")]), pack("2.0.0", "", &[("f", "a\nT\nc\n")])];
    let yard = Yard::without_git(packs);
    let top = yard.folder.path();
    let git = |words: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(top).args(["-c", "user.name=n", "-c", "user.email=e@x"]).args(words);
        let done = git.output().unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    git(&["init", "-q"]);
    fs::write(top.join(".git/info/exclude"), "h\n").unwrap();
    yard.write("f", "a\nM\nc\n");
    fs::write(top.join("beside"), "1").unwrap();
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "c"]);
    fs::write(top.join("beside"), "2").unwrap();
    let updated = yard.update().unwrap();
    assert_eq!(updated.conflicts, 1, "the base came from the old template");
    assert!(git(&["status", "--porcelain"]).contains("UU p/f"));
}

/// Measured by hand: `cargo test --lib a_thousand -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn a_thousand_files_are_updated() {
    let text = |n: usize, new: bool| {
        let lines = (0..40).map(|l| format!("line {l} of file {n}\n"));
        let mut lines: Vec<String> = lines.collect();
        if new && n.is_multiple_of(20) {
            lines[30] = "changed by the template\n".into();
        }
        lines.concat()
    };
    let version = |version: &str, new: bool| {
        let files: Vec<(String, String)> =
            (0..1000).map(|n| (format!("d{}/f{n}", n / 50), text(n, new))).collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
        pack(version, "", &files)
    };
    let yard = Yard::new(vec![version("1.0.0", false), version("2.0.0", true)]);
    for n in (0..1000).step_by(20) {
        yard.write(&format!("d{}/f{n}", n / 50), &text(n, false).replace("line 3 ", "mine 3 "));
    }
    yard.commit();
    let begin = std::time::Instant::now();
    let updated = yard.update().unwrap();
    eprintln!("1,000 files, 50 merged: {:?}", begin.elapsed());
    assert_eq!(updated.files.len(), 50);
    assert!(updated.files.iter().all(|line| line.what == "merged"));
}
