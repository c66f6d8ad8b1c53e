use std::{fs, os::unix::fs::PermissionsExt};

use gaia::port::{Carry, Git, GitError};

use super::yard::{Yard, read, write};

#[tokio::test]
async fn a_worktree_is_made_once_however_often_it_is_asked_for() {
    let yard = Yard::new();
    let (repo, new) = (yard.repo().await, yard.new_work("one"));
    let work = yard.git.add_worktree(&repo, &new).await.unwrap();
    assert_eq!(read(&work.path, "b.txt"), "b\n");
    assert_eq!(yard.status(&work.path), "");
    write(&work.path, "b.txt", "work\n");
    assert_eq!(yard.git.add_worktree(&repo, &new).await.unwrap(), work);
    assert_eq!(read(&work.path, "b.txt"), "work\n");
    let all = yard.git.worktrees(&repo).await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[1].path, work.path);
    assert_eq!(all[1].gitdir, work.gitdir);
    assert_eq!(all[1].branch.as_deref(), Some("gaia/one/work"));
    assert!(all[1].locked.as_ref().unwrap().starts_with("gaia task one"));
}

#[tokio::test]
async fn what_is_in_the_way_is_told_apart() {
    let yard = Yard::new();
    let repo = yard.repo().await;
    let mut new = yard.new_work("one");
    write(&new.path, "mine.txt", "x");
    let error = yard.git.add_worktree(&repo, &new).await.unwrap_err();
    assert_eq!(error, GitError::PathExists(new.path.clone()));
    assert_eq!(read(&new.path, "mine.txt"), "x");

    fs::remove_dir_all(&new.path).unwrap();
    yard.run(&["branch", &new.branch]);
    yard.write("b.txt", "b2\n");
    new.base = yard.commit("second");
    let error = yard.git.add_worktree(&repo, &new).await.unwrap_err();
    assert_eq!(error, GitError::BranchExists { branch: new.branch.clone(), at: None });

    let elsewhere = yard.root().join("elsewhere");
    yard.run(&["worktree", "add", "-q", elsewhere.to_str().unwrap(), &new.branch]);
    let error = yard.git.add_worktree(&repo, &new).await.unwrap_err();
    let at = Some(elsewhere.clone());
    assert_eq!(error, GitError::BranchExists { branch: new.branch.clone(), at });

    let mut unknown = yard.new_work("two");
    unknown.base = gaia::port::Sha::read(&"1".repeat(40)).unwrap();
    let error = yard.git.add_worktree(&repo, &unknown).await.unwrap_err();
    assert_eq!(error, GitError::UnknownCommit("1".repeat(40)));
    let mut option = yard.new_work("three");
    option.branch = "--force".into();
    let error = yard.git.add_worktree(&repo, &option).await.unwrap_err();
    assert_eq!(error, GitError::BadName("--force".into()));
}

#[tokio::test]
async fn a_dirty_base_stays_as_it_is() {
    let yard = Yard::new();
    yard.write("a.txt", "dirty\n");
    yard.write("new.txt", "new\n");
    let work = yard.work("one").await;
    assert!(!work.path.join("new.txt").exists());
    assert_eq!(yard.status(&yard.top()), " M a.txt\n?? new.txt");
}

#[tokio::test]
async fn a_branch_that_is_at_the_base_and_nowhere_checked_out_is_taken() {
    let yard = Yard::new();
    let new = yard.new_work("one");
    yard.run(&["branch", &new.branch]);
    yard.git.add_worktree(&yard.repo().await, &new).await.unwrap();
}

#[tokio::test]
async fn a_worktree_with_work_is_not_removed_unless_forced() {
    let yard = Yard::new();
    let repo = yard.repo().await;
    let work = yard.work("one").await;
    write(&work.path, "new.txt", "x");
    let error = yard.git.remove_worktree(&repo, &work, false).await.unwrap_err();
    assert_eq!(error, GitError::Unsaved { path: work.path.clone(), files: vec!["new.txt".into()] });
    let locked = work.path.join("cache");
    write(&locked, "f", "x");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    yard.git.remove_worktree(&repo, &work, true).await.unwrap();
    assert!(!work.path.exists() && !work.gitdir.exists());
    yard.git.remove_worktree(&repo, &work, true).await.unwrap();

    let branch = work.branch.unwrap();
    let elsewhere = gaia::port::Sha::read(&"2".repeat(40)).unwrap();
    let error = yard.git.delete_branch(&repo, &branch, &elsewhere).await.unwrap_err();
    assert_eq!(error, GitError::Moved(branch.clone()));
    yard.git.delete_branch(&repo, &branch, &work.base).await.unwrap();
    yard.git.delete_branch(&repo, &branch, &work.base).await.unwrap();
    assert_eq!(yard.run(&["branch", "--list", "gaia/*"]), "");
}

#[tokio::test]
async fn nothing_but_a_worktree_of_gaia_can_be_removed() {
    let yard = Yard::new();
    let (repo, work) = (yard.repo().await, yard.work("one").await);
    for (path, gitdir) in [
        (yard.top(), work.gitdir.clone()),
        (yard.root(), work.gitdir.clone()),
        (work.path.clone(), repo.common.clone()),
        (work.path.clone(), repo.common.join("worktrees/..")),
    ] {
        let wrong = gaia::port::Work { path, gitdir, ..work.clone() };
        let error = yard.git.remove_worktree(&repo, &wrong, true).await.unwrap_err();
        assert!(matches!(error, GitError::BadName(_)), "{error:?}");
    }
    assert_eq!(yard.status(&work.path), "");
}

#[tokio::test]
async fn an_agent_can_be_let_write_to_its_branch_and_no_other() {
    let yard = Yard::new();
    let (repo, work) = (yard.repo().await, yard.work("one").await);
    let paths = yard.git.guard_paths(&repo, &work).await.unwrap();
    let git = yard.top().join(".git");
    let expected = [
        git.join("objects"),
        work.gitdir.clone(),
        git.join("refs/heads/gaia/one"),
        git.join("logs/refs/heads/gaia/one"),
    ];
    assert_eq!(paths, expected);
    yard.run(&["pack-refs", "--all", "--prune"]);
    assert!(paths[2].is_dir(), "the folder of the branch outlives packing");
    assert_eq!(yard.run(&["fsck"]), "");
    assert_eq!(
        yard.run(&["branch", "--list", "gaia/*", "--format=%(refname:short)"]),
        "gaia/one/work"
    );
    yard.git.remove_worktree(&repo, &work, false).await.unwrap();
    yard.git.delete_branch(&repo, "gaia/one/work", &work.base).await.unwrap();
    assert!(!paths[2].exists());
}

#[tokio::test]
async fn carried_files_come_along_and_nothing_is_overwritten() {
    let yard = Yard::new();
    yard.write(".env", "secret");
    yard.write("apps/x/.env", "x");
    yard.write("apps/x/deep/.env", "too deep");
    fs::set_permissions(yard.top().join(".env"), fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", yard.top().join("apps/.env")).unwrap();
    let work = yard.work("one").await;
    let patterns = [".env", "apps/*/.env", "apps/.env", "a.txt"].map(str::to_owned).to_vec();
    let copy = Carry { patterns: patterns.clone(), link: false };
    let carried = yard.git.carry(&yard.top(), &work.path, &copy).await.unwrap();
    assert_eq!(carried, [".env", "apps/x/.env"].map(std::path::PathBuf::from));
    let mode = fs::metadata(work.path.join(".env")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(yard.git.carry(&yard.top(), &work.path, &copy).await.unwrap().len(), 0);

    let other = yard.work("two").await;
    let link = Carry { patterns, link: true };
    yard.git.carry(&yard.top(), &other.path, &link).await.unwrap();
    assert_eq!(fs::read_link(other.path.join(".env")).unwrap(), yard.top().join(".env"));
    let out = Carry { patterns: vec!["../x".into()], link: false };
    assert!(yard.git.carry(&yard.top(), &work.path, &out).await.is_err());
}
