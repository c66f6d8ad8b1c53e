//! A worktree whose owner wants gaia to run something.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use gaia::port::{Git, How, Published, Rescue, Work};

use super::yard::{Yard, ada, read, write};

/// Writes configuration that runs a program at every chance that git has.
fn trap(config: &Path, marker: &Path) {
    let run = marker.with_extension("sh");
    let text = format!("#!/bin/sh\ntouch {}\ncat\n", marker.display());
    fs::write(&run, text).unwrap();
    fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).unwrap();
    let run = run.display();
    let text = format!(
        "[core]\nrepositoryformatversion = 0\nfsmonitor = {run}\nhooksPath = {hooks}\n\
         pager = {run}\neditor = {run}\nsshCommand = {run}\n\
         [diff]\nexternal = {run}\n[diff \"t\"]\ncommand = {run}\ntextconv = {run}\n\
         [filter \"t\"]\nclean = {run}\nsmudge = {run}\nprocess = {run}\nrequired = true\n\
         [merge \"t\"]\ndriver = {run}\n[gpg]\nprogram = {run}\n[commit]\ngpgSign = true\n\
         [credential]\nhelper = {run}\n[alias]\nstatus = !{run}\n",
        hooks = marker.parent().unwrap().join("hooks").display(),
    );
    fs::write(config, text).unwrap();
    let hooks = marker.parent().unwrap().join("hooks");
    fs::create_dir_all(&hooks).unwrap();
    for hook in [
        "pre-commit",
        "post-commit",
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "post-merge",
        "pre-auto-gc",
        "fsmonitor-watchman",
        "commit-msg",
        "prepare-commit-msg",
    ] {
        fs::copy(marker.with_extension("sh"), hooks.join(hook)).unwrap();
    }
}

/// Everything that the port can do with a worktree, one after another.
async fn use_all(yard: &Yard, work: &Work, marker: &Path) {
    let repo = yard.repo().await;
    let quiet = |what: &str| assert!(!marker.exists(), "{what} ran a program of the worktree");
    yard.git.worktrees(&repo).await.unwrap();
    quiet("worktrees");
    yard.git.state(&repo, work, "main").await.unwrap();
    quiet("state");
    yard.git.changes(&repo, work).await.unwrap();
    quiet("changes");
    yard.git.diff(&repo, work, &[], 3).await.unwrap();
    quiet("diff");
    let _ = yard.git.add_worktree(&repo, &yard.new_work("other")).await.unwrap();
    quiet("add_worktree");
    yard.git.rescue(&repo, Rescue::Work(work), "t1").await.unwrap();
    quiet("rescue");
    let done = yard.git.commit_all(&repo, work, "work", &ada()).await.unwrap();
    quiet("commit_all");
    for how in [How::Rebase, How::Merge, How::Squash] {
        yard.landed(&done.sha.clone().unwrap(), how).await;
        quiet("land");
    }
    let publish = yard.landed(&done.sha.unwrap(), How::Squash).await;
    let check = yard.git.candidate(&repo, &publish.new, &yard.root().join("check")).await.unwrap();
    quiet("candidate");
    let done = yard.git.publish(&repo, &publish).await.unwrap();
    assert!(matches!(done, Published::Done { .. }));
    yard.git.publish(&repo, &publish.back("no")).await.unwrap();
    quiet("publish");
    yard.git.prune(&repo).await.unwrap();
    quiet("prune");
    yard.git.remove_worktree(&repo, &check, false).await.unwrap();
    let _ = yard.git.remove_worktree(&repo, work, false).await;
    yard.git.remove_worktree(&repo, work, true).await.unwrap();
    quiet("remove_worktree");
    assert!(!work.path.exists() && !work.gitdir.exists());
}

fn bait(work: &Work) {
    write(&work.path, ".gitattributes", "* filter=t diff=t merge=t\n");
    write(&work.path, "a.txt", "hostile\n");
    write(&work.path, "new.txt", "hostile\n");
}

#[tokio::test]
async fn a_git_file_that_was_replaced_by_a_repository_runs_nothing() {
    let yard = Yard::new();
    let (work, marker) = (yard.work("one").await, yard.root().join("marker"));
    bait(&work);
    fs::remove_file(work.path.join(".git")).unwrap();
    yard.run_in(&work.path, &["init", "-q"]);
    trap(&work.path.join(".git/config"), &marker);
    // The trap works: git that looks for a repository by itself steps into it.
    let _ = yard.command(&work.path).args(["status"]).output().unwrap();
    assert!(marker.exists(), "the trap must be one");
    fs::remove_file(&marker).unwrap();
    use_all(&yard, &work, &marker).await;
}

#[tokio::test]
async fn a_folder_of_git_that_points_to_other_configuration_runs_nothing() {
    let yard = Yard::new();
    yard.run(&["config", "extensions.worktreeConfig", "true"]);
    let (work, marker) = (yard.work("one").await, yard.root().join("marker"));
    bait(&work);
    let evil = yard.root().join("evil");
    yard.run(&["clone", "-q", "--bare", ".", evil.to_str().unwrap()]);
    trap(&evil.join("config"), &marker);
    trap(&work.gitdir.join("config.worktree"), &marker);
    let _ = yard.command(&work.path).args(["status"]).output().unwrap();
    assert!(marker.exists(), "the trap must be one");
    fs::remove_file(&marker).unwrap();
    write(&work.gitdir, "commondir", evil.to_str().unwrap());
    use_all(&yard, &work, &marker).await;
}

#[tokio::test]
async fn a_nested_repository_and_a_false_submodule_run_nothing() {
    let yard = Yard::new();
    let marker = yard.root().join("marker");
    let other = yard.root().join("other");
    yard.run(&["clone", "-q", ".", other.to_str().unwrap()]);
    yard.run(&["submodule", "--quiet", "add", other.to_str().unwrap(), "sub"]);
    yard.commit("submodule");
    let work = yard.work("one").await;
    bait(&work);
    for name in ["sub", "nested"] {
        let inner = work.path.join(name);
        let _ = fs::remove_dir_all(&inner);
        yard.run(&["clone", "-q", ".", inner.to_str().unwrap()]);
        write(&inner, "a.txt", "hostile\n");
        write(&inner, ".gitattributes", "* filter=t\n");
        trap(&inner.join(".git/config"), &marker);
    }
    let _ = yard.command(&work.path).args(["status"]).output().unwrap();
    assert!(marker.exists(), "the trap must be one");
    fs::remove_file(&marker).unwrap();
    use_all(&yard, &work, &marker).await;
}

#[tokio::test]
async fn links_in_the_folders_of_git_lead_gaia_nowhere() {
    let yard = Yard::new();
    let (repo, work) = (yard.repo().await, yard.work("one").await);
    yard.git.guard_paths(&repo, &work).await.unwrap();
    let mine = yard.root().join("mine");
    fs::write(&mine, "mine\n").unwrap();
    let log = repo.common.join("logs/refs/heads/gaia/one/work");
    let _ = fs::remove_file(&log);
    symlink(&mine, &log).unwrap();
    let index = work.gitdir.join("index");
    fs::remove_file(&index).unwrap();
    symlink(&mine, &index).unwrap();
    write(&work.path, "a.txt", "work\n");
    let sha = yard.save(&work, "work").await;
    assert_eq!(read(&yard.root(), "mine"), "mine\n");
    assert_eq!(yard.sha("gaia/one/work"), sha);
    assert_eq!(yard.status(&work.path), "");
}

#[tokio::test]
async fn a_branch_that_was_made_a_link_to_the_target_does_not_move_the_target() {
    let yard = Yard::new();
    let (repo, work) = (yard.repo().await, yard.work("one").await);
    let (main, own) = (yard.sha("main"), repo.common.join("refs/heads/gaia/one/work"));
    fs::write(&own, "ref: refs/heads/main\n").unwrap();
    write(&work.path, "a.txt", "work\n");
    let sha = yard.save(&work, "work").await;
    assert_eq!((yard.sha("main"), yard.sha("gaia/one/work")), (main, sha));
    fs::write(&own, "ref: refs/heads/main\n").unwrap();
    let main = yard.sha("main");
    yard.git.remove_worktree(&repo, &work, true).await.unwrap();
    yard.git.delete_branch(&repo, "gaia/one/work", &main).await.unwrap();
    assert_eq!(yard.sha("main"), main);
}

#[tokio::test]
async fn a_worktree_that_says_it_is_on_the_target_is_left_alone() {
    let yard = Yard::new();
    let work = yard.work("one").await;
    write(&work.path, "c.txt", "work\n");
    let sha = yard.save(&work, "work").await;
    let mut publish = yard.landed(&sha, How::Squash).await;
    publish.agents = vec![work.gitdir.clone()];
    fs::write(work.gitdir.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    write(&work.path, "b.txt", "in work\n");
    let done = yard.git.publish(&yard.repo().await, &publish).await.unwrap();
    assert_eq!(done, Published::Done { updated: vec![yard.top()] });
    assert_eq!(read(&work.path, "b.txt"), "in work\n");
}

#[tokio::test]
async fn a_folder_that_was_made_a_link_is_not_followed_when_removed() {
    let yard = Yard::new();
    let (repo, work) = (yard.repo().await, yard.work("one").await);
    write(&yard.root(), "mine/keep", "mine\n");
    symlink(yard.root().join("mine"), work.path.join("way")).unwrap();
    symlink(yard.root().join("mine"), work.gitdir.join("way")).unwrap();
    yard.git.remove_worktree(&repo, &work, true).await.unwrap();
    let kept: PathBuf = yard.root().join("mine/keep");
    assert!(kept.is_file());
}

#[tokio::test]
async fn a_folder_of_git_that_claims_the_files_of_a_person_gets_nothing_written_there() {
    let yard = Yard::new();
    let work = yard.work("one").await;
    write(&work.path, "c.txt", "work\n");
    let sha = yard.save(&work, "work").await;
    let publish = yard.landed(&sha, How::Squash).await;
    let (mine, linked) = (yard.root().join("mine"), yard.root().join("linked"));
    write(&mine, "a.txt", "mine\n");
    let claim = |top: &Path| {
        fs::write(work.gitdir.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(work.gitdir.join("gitdir"), format!("{}/.git\n", top.display())).unwrap();
    };
    claim(&mine);
    let done = yard.git.publish(&yard.repo().await, &publish).await.unwrap();
    assert_eq!(done, Published::Done { updated: vec![yard.top()] });
    assert!(!mine.join("c.txt").exists());

    yard.run(&["checkout", "-q", "--detach"]);
    yard.run(&["worktree", "add", "-f", "-q", linked.to_str().unwrap(), "main"]);
    claim(&linked);
    let done = yard.git.publish(&yard.repo().await, &publish.back("no")).await.unwrap();
    let Published::Done { updated } = done else { panic!("{done:?}") };
    assert!(updated.iter().all(|path| *path == linked), "{updated:?}");
    assert_eq!(yard.status(&linked), "");
}
