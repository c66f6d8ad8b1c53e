//! Templates in real repositories, fetched by the real git.
#![allow(clippy::disallowed_methods, reason = "tests")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    adapter::{GitOptions, SystemFiles, SystemGit},
    base::{Code, Home, Refusal},
    port::Past,
    scaffold::{
        model::{Origin, Tree},
        remote::{Address, Store, Want},
    },
};

struct Yard {
    folder: tempfile::TempDir,
    home: Home,
    git: SystemGit,
}

impl Yard {
    /// A repository `t.git` with the versions 1.0.0 and 1.1.0, and a later state without a tag.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().join("h")).unwrap();
        let git = SystemGit::new(GitOptions::new(home.root().join("git")));
        let yard = Self { folder, home, git };
        fs::create_dir_all(yard.repo()).unwrap();
        yard.run(&["init", "-q", "-b", "main"]);
        for version in ["1.0.0", "1.1.0"] {
            yard.write(
                "template.toml",
                &format!("name = \"t\"\nversion = \"{version}\"\nabout = \"a\"\n"),
            );
            yard.write("files/f", version);
            yard.commit();
            yard.run(&["tag", "-a", "-m", "v", &format!("v{version}")]);
        }
        yard.write("files/f", "later");
        yard.commit();
        yard
    }

    fn repo(&self) -> PathBuf {
        self.folder.path().join("t.git")
    }
    fn url(&self) -> String {
        self.repo().display().to_string()
    }
    fn write(&self, path: &str, text: &str) {
        let path = self.repo().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fn run(&self, words: &[&str]) -> String {
        let mut git = Command::new("git");
        git.current_dir(self.repo()).args(["-c", "user.name=n", "-c", "user.email=e@x"]);
        git.args(["-c", "protocol.file.allow=always"]);
        let done = git.args(words).output().unwrap();
        assert!(done.status.success(), "{words:?}: {done:?}");
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }
    fn commit(&self) {
        self.run(&["add", "-A"]);
        self.run(&["commit", "-q", "-m", "c"]);
    }

    fn store(&self) -> Store<'_> {
        Store { past: &self.git, files: &SystemFiles, home: &self.home }
    }
    fn block<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }
    fn load(&self, want: Want<'_>) -> Result<(Origin, Tree), Refusal> {
        let address = Address::read(&self.url()).unwrap();
        Self::block(self.store().load(&address, want))
    }
    fn add(&self, name: &str, text: &str) -> Result<(Origin, Tree), Refusal> {
        Self::block(self.store().add(name, text))
    }
}

fn text(tree: &Tree) -> String {
    String::from_utf8(tree.files["files/f"].bytes.clone()).unwrap()
}

#[test]
fn a_version_is_a_tag_and_the_latest_is_the_highest() {
    let yard = Yard::new();
    let main = yard.run(&["rev-parse", "HEAD"]);
    let table = [
        (Want::Latest, "1.1.0", Some("v1.1.0")),
        (Want::Version("1.0.0"), "1.0.0", Some("v1.0.0")),
        (Want::Reference("v1.0.0"), "1.0.0", Some("v1.0.0")),
        (Want::Reference("main"), "later", Some("main")),
        (Want::Reference(&main), "later", Some(main.as_str())),
        (Want::Reference(&main[..10]), "later", Some(&main[..10])),
    ];
    for (want, content, name) in table {
        let (origin, tree) = yard.load(want).unwrap();
        assert_eq!(text(&tree), content, "{want:?}");
        let Origin::Git { url, reference, commit } = origin else { panic!("{origin:?}") };
        assert_eq!((url, reference.as_deref()), (yard.url(), name));
        assert_eq!(commit.len(), 40);
    }
    let refusal = yard.load(Want::Version("3.0.0")).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.help.unwrap().as_str()),
        (Code::NotFound, "it has v1.1.0, v1.0.0")
    );
    assert_eq!(yard.load(Want::Reference("HEAD")).unwrap_err().code, Code::NotFound);
    assert_eq!(yard.load(Want::Reference("refs/heads/main")).unwrap_err().code, Code::NotFound);
}

#[test]
fn what_was_added_is_known_by_its_name_until_it_is_removed() {
    let yard = Yard::new();
    yard.add("mine", &format!("{}#v1.0.0", yard.url())).unwrap();
    let known = yard.store().names().unwrap();
    assert_eq!(known["mine"].reference.as_deref(), Some("v1.0.0"));
    assert!(yard.add("mine", &yard.url()).unwrap_err().message.contains("already"));
    assert_eq!(yard.add("a/b", &yard.url()).unwrap_err().code, Code::Invalid);
    assert_eq!(
        yard.store().remove("min").unwrap_err().help.as_deref(),
        Some("did you mean `mine`?")
    );
    let list = yard.home.root().join("templates.json");
    assert_eq!(fs::metadata(&list).unwrap().permissions().mode() & 0o777, 0o600);
    let cache = yard.home.root().join("cache/templates");
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 1);
    yard.store().remove("mine").unwrap();
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
    assert!(yard.store().names().unwrap().is_empty());
    // The list may have been edited: what it says is checked again.
    fs::write(&list, r#"{"templates":{"x":{"url":"ext::sh -c id","reference":null}}}"#).unwrap();
    assert_eq!(yard.store().names().unwrap_err().code, Code::Invalid);
}

#[test]
fn an_old_commit_is_read_from_the_cache_without_the_repository() {
    let yard = Yard::new();
    let old = yard.run(&["rev-parse", "v1.0.0^{commit}"]);
    yard.load(Want::Latest).unwrap();
    fs::rename(yard.repo(), yard.folder.path().join("away")).unwrap();
    let address = Address::read(&yard.url()).unwrap();
    let tree = Yard::block(yard.store().at(&address, &old)).unwrap();
    assert_eq!(text(&tree), "1.0.0");
    let refusal = yard.load(Want::Latest).unwrap_err();
    assert!(refusal.message.contains("cannot be fetched"), "{refusal}");
}

#[test]
fn what_a_stranger_put_into_a_repository_is_refused_and_nothing_of_it_runs() {
    let yard = Yard::new();
    let mark = yard.folder.path().join("mark");
    let hook = format!("#!/bin/sh\ntouch {}\n", mark.display());
    for name in ["post-checkout", "post-merge", "reference-transaction", "post-update"] {
        yard.write(&format!(".git/hooks/{name}"), &hook);
        let path = yard.repo().join(".git/hooks").join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    yard.write(".gitattributes", "* filter=x\n");
    yard.run(&["config", "filter.x.smudge", &format!("touch {}", mark.display())]);
    yard.commit();
    let _ = fs::remove_file(&mark);
    let (_, tree) = yard.load(Want::Reference("main")).unwrap();
    assert!(tree.files.contains_key(".gitattributes") && !mark.exists());
    fs::remove_dir_all(yard.repo().join(".git/hooks")).unwrap();

    symlink("/etc", yard.repo().join("files/etc")).unwrap();
    yard.commit();
    let refusal = yard.load(Want::Reference("main")).unwrap_err();
    assert!(refusal.message.contains("leads out of the template"), "{refusal}");
    fs::remove_file(yard.repo().join("files/etc")).unwrap();

    let url = yard.url();
    yard.run(&["submodule", "--quiet", "add", &url, "files/sub"]);
    yard.commit();
    let refusal = yard.load(Want::Reference("main")).unwrap_err();
    assert!(refusal.message.contains("submodule"), "{refusal}");
}

#[test]
fn paths_that_git_itself_would_not_make_are_not_fetched() {
    let yard = Yard::new();
    let blob = yard.run(&["rev-parse", "HEAD:files/f"]);
    for name in ["..", ".git"] {
        let tree = format!("100644 blob {blob}\t{name}");
        let mut make = Command::new("sh");
        make.current_dir(yard.repo()).args([
            "-c",
            "printf '%s\\n' \"$1\" | git mktree",
            "sh",
            &tree,
        ]);
        let made = make.output().unwrap();
        let tree = String::from_utf8(made.stdout).unwrap();
        let commit = yard.run(&["commit-tree", "-m", "x", tree.trim()]);
        yard.run(&["update-ref", "refs/heads/evil", &commit]);
        let refusal = yard.load(Want::Reference("evil")).unwrap_err();
        assert!(refusal.message.contains("cannot be fetched"), "{name}: {refusal}");
    }
}

#[test]
fn git_is_given_no_transport_but_the_plain_ones() {
    let yard = Yard::new();
    let mark = yard.folder.path().join("mark");
    let into = yard.folder.path().join("into");
    let urls = [
        format!("ext::sh -c touch% {}", mark.display()),
        format!("file://{}", yard.url()),
        format!("--upload-pack=touch {}", mark.display()),
        "http://127.0.0.1:1/t".to_owned(),
        "t.git".to_owned(),
    ];
    for url in urls {
        // Even if an address were not checked before.
        let fetched = Yard::block(yard.git.fetch(&url, Path::new(&into)));
        assert!(fetched.is_err() && !mark.exists(), "{url}");
    }
    assert!(Yard::block(yard.git.fetch(&yard.url(), &into)).is_ok());
}
