//! gaia dies before and after every run of git; the same call again ends what was begun.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use gaia::port::{Git, How, Publish, Published, Sha};

use super::yard::{Yard, read, write};

/// Tells a copy of this test that it is the one to die.
const ROOT: &str = "GAIA_TEST_YARD";
/// A git that kills who started it at one of its runs.
const KILLER: &str = "#!/bin/sh\nread n < \"$D/count\"; n=$((n+1)); echo $n > \"$D/count\"\n\
    read at when < \"$D/plan\"\n\
    if [ $n = $at ] && [ $when = before ]; then kill -9 $PPID; exit 1; fi\n\
    git \"$@\"; r=$?\n\
    if [ $n = $at ]; then kill -9 $PPID; fi\nexit $r\n";

/// Runs this very test again as a process that dies at a run of git; false if it lived.
fn dies(yard: &Yard, at: u32, when: &str) -> bool {
    let root = yard.root();
    let program = root.join("killer");
    fs::write(&program, KILLER.replace("$D", root.to_str().unwrap())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    write(&root, "count", "0\n");
    write(&root, "plan", &format!("{at} {when}\n"));
    let name = std::thread::current().name().unwrap().to_owned();
    let mut child = Command::new(std::env::current_exe().unwrap());
    let ended = child.args(["--exact", &name]).env(ROOT, &root).output().unwrap();
    let text = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() || ended.status.code().is_none(), "{text}");
    // A git that holds a ref gives it back when it sees that nobody is there any more.
    let held = yard.top().join(".git/refs/heads/main.lock");
    while held.exists() {
        std::thread::yield_now();
    }
    !ended.status.success()
}

/// The folder of the yard, if this process is the one to die.
fn victim() -> Option<PathBuf> {
    std::env::var_os(ROOT).map(PathBuf::from)
}

fn killer(root: &Path) -> gaia::adapter::SystemGit {
    Yard::with_program(root, root.join("killer"))
}

#[tokio::test]
async fn a_worktree_that_was_begun_is_finished() {
    if let Some(root) = victim() {
        let git = killer(&root);
        let repo = git.repo(&root.join("repo")).await.unwrap();
        let sha = git.resolve(&repo, "main").await.unwrap().unwrap();
        git.add_worktree(&repo, &new(&root, sha)).await.unwrap();
        return;
    }
    let mut deaths = 0;
    for at in 1.. {
        let mut died = false;
        for when in ["before", "after"] {
            let yard = Yard::new();
            died |= dies(&yard, at, when);
            let (repo, new) = (yard.repo().await, new(&yard.root(), yard.sha("main")));
            let work = yard.git.add_worktree(&repo, &new).await.unwrap();
            assert_eq!(yard.status(&work.path), "", "{when} {at}");
            assert_eq!(yard.git.worktrees(&repo).await.unwrap().len(), 2, "{when} {at}");
            assert_eq!(yard.git.changes(&repo, &work).await.unwrap(), [], "{when} {at}");
        }
        if !died {
            break;
        }
        deaths += 1;
    }
    assert!(deaths > 5, "{deaths}");
}

fn new(root: &Path, base: Sha) -> gaia::port::NewWork {
    gaia::port::NewWork {
        path: root.join("trees/one"),
        branch: "gaia/one/work".into(),
        base,
        reason: "gaia task one".into(),
        submodules: false,
        exclude: vec![],
    }
}

#[tokio::test]
async fn a_worktree_that_git_left_half_made_is_finished() {
    let yard = Yard::new();
    let (repo, new) = (yard.repo().await, new(&yard.root(), yard.sha("main")));
    let work = yard.git.add_worktree(&repo, &new).await.unwrap();
    let half = |shape: &str| match shape {
        "no index" => fs::remove_file(work.gitdir.join("index")).unwrap(),
        "half the files" => {
            fs::remove_file(work.gitdir.join("index")).unwrap();
            write(&work.gitdir, "index.lock", "DIRC");
            fs::remove_file(work.path.join("b.txt")).unwrap();
        }
        "no folder" => fs::remove_dir_all(&work.path).unwrap(),
        _ => {
            fs::remove_dir_all(&work.path).unwrap();
            fs::remove_file(work.gitdir.join("gitdir")).unwrap();
        }
    };
    for shape in ["no index", "half the files", "no folder", "no gitdir"] {
        half(shape);
        let _ = fs::remove_dir_all(yard.root().join("private"));
        assert_eq!(yard.git.add_worktree(&repo, &new).await.unwrap(), work, "{shape}");
        assert_eq!(yard.status(&work.path), "", "{shape}");
        assert_eq!(yard.git.worktrees(&repo).await.unwrap().len(), 2, "{shape}");
    }
}

fn plan(root: &Path) -> Publish {
    let text = read(root, "move");
    let shas: Vec<_> = text.split(' ').map(|s| Sha::read(s).unwrap()).collect();
    let (old, new) = (shas[0].clone(), shas[1].clone());
    Publish { target: "main".into(), old, new, reason: "task one".into(), agents: vec![] }
}

#[tokio::test]
async fn a_landing_that_was_begun_is_finished() {
    if let Some(root) = victim() {
        let git = killer(&root);
        let repo = git.repo(&root.join("repo")).await.unwrap();
        git.publish(&repo, &plan(&root)).await.unwrap();
        return;
    }
    let mut deaths = 0;
    for at in 1.. {
        let mut died = false;
        for when in ["before", "after"] {
            let yard = Yard::new();
            let publish = prepared(&yard).await;
            died |= dies(&yard, at, when);
            let done = yard.git.publish(&yard.repo().await, &publish).await.unwrap();
            assert!(matches!(done, Published::Done { .. }), "{when} {at}: {done:?}");
            arrived(&yard, &publish, &format!("{when} {at}"));
        }
        if !died {
            break;
        }
        deaths += 1;
    }
    assert!(deaths > 8, "{deaths}");
}

/// Work that changes, adds and removes, while a person works on another file.
async fn prepared(yard: &Yard) -> Publish {
    yard.write("mine.txt", "1\n");
    yard.write("mine too.txt", "1\n");
    yard.commit("mine");
    let work = yard.work("one").await;
    write(&work.path, "a.txt", "work\n");
    write(&work.path, "c.txt", "work\n");
    fs::remove_file(work.path.join("b.txt")).unwrap();
    let sha = yard.save(&work, "work").await;
    yard.write("mine.txt", "not committed\n");
    yard.write("mine too.txt", "staged\n");
    yard.run(&["add", "mine too.txt"]);
    let publish = yard.landed(&sha, How::Squash).await;
    write(&yard.root(), "move", &format!("{} {}", publish.old, publish.new));
    publish
}

fn arrived(yard: &Yard, publish: &Publish, case: &str) {
    assert_eq!(yard.sha("main"), publish.new, "{case}");
    assert_eq!(yard.status(&yard.top()), "M  \"mine too.txt\"\n M mine.txt", "{case}");
    assert_eq!(read(&yard.top(), "mine.txt"), "not committed\n", "{case}");
    assert_eq!(read(&yard.top(), "c.txt"), "work\n", "{case}");
    assert!(!yard.top().join(".git/index.lock").exists(), "{case}");
}

#[tokio::test]
async fn a_landing_that_was_stopped_among_the_files_is_finished() {
    for moved in [false, true] {
        let yard = Yard::new();
        let publish = prepared(&yard).await;
        let Publish { old, new, .. } = &publish;
        let mark = format!("gaia moves main from {old} to {new}");
        write(&yard.top(), ".git/index.lock", &mark);
        // One file is new, one is between old and new, one is old; the index is old.
        yard.write("c.txt", "work\n");
        fs::remove_file(yard.top().join("a.txt")).unwrap();
        if moved {
            yard.run(&["update-ref", "refs/heads/main", new.as_str()]);
        }
        let done = yard.git.publish(&yard.repo().await, &publish).await.unwrap();
        assert_eq!(done, Published::Done { updated: vec![yard.top()] });
        arrived(&yard, &publish, &format!("moved: {moved}"));
    }
}

#[tokio::test]
async fn a_landing_that_cannot_be_ended_any_more_leaves_no_lock() {
    let yard = Yard::new();
    let publish = prepared(&yard).await;
    let mark = format!("gaia moves main from {} to {}", publish.old, publish.new);
    write(&yard.top(), ".git/index.lock", &mark);
    let other = yard.run(&["commit-tree", "-m", "other", "-p", "HEAD", "HEAD^{tree}"]);
    yard.run(&["update-ref", "refs/heads/main", &other]);
    let done = yard.git.publish(&yard.repo().await, &publish).await.unwrap();
    assert_eq!(done, Published::Stale { now: Sha::read(&other) });
    assert!(!yard.top().join(".git/index.lock").exists());
}
