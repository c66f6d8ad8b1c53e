use std::fs;

use gaia::port::{Git, GitError, Head};

use super::yard::{Yard, ada, write};

#[tokio::test]
async fn a_clean_repository_is_told() {
    let yard = Yard::new();
    let repo = yard.repo().await;
    assert_eq!(repo.top, Some(yard.top()));
    assert_eq!(repo.common, yard.top().join(".git"));
    assert_eq!(repo.head, Head::Branch("main".into()));
    assert!(!repo.bare && !repo.dirty && !repo.untracked && !repo.submodules && !repo.linked);
    assert_eq!(yard.git.who(&repo).await.unwrap(), Some(ada()));
}

#[tokio::test]
async fn changed_and_new_files_are_told_apart() {
    let yard = Yard::new();
    yard.write("new.txt", "x");
    let repo = yard.repo().await;
    assert!(!repo.dirty && repo.untracked);
    yard.write("a.txt", "other");
    assert!(yard.repo().await.dirty);
}

#[tokio::test]
async fn a_detached_head_and_one_without_a_commit_are_told() {
    let yard = Yard::empty();
    assert_eq!(yard.repo().await.head, Head::Unborn("main".into()));
    yard.write("a", "a");
    let sha = yard.commit("first");
    yard.run(&["checkout", "-q", "--detach"]);
    assert_eq!(yard.repo().await.head, Head::Detached(sha));
}

#[tokio::test]
async fn a_bare_repository_has_no_top_and_lends_worktrees() {
    let yard = Yard::new();
    let bare = yard.root().join("bare.git");
    yard.run(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let repo = yard.git.repo(&bare).await.unwrap();
    assert!(repo.bare && repo.top.is_none());
    assert_eq!(repo.head, Head::Branch("main".into()));
    let work = yard.git.add_worktree(&repo, &yard.new_work("one")).await.unwrap();
    write(&work.path, "new.txt", "x\n");
    let done = yard.git.commit_all(&repo, &work, "work", &ada()).await.unwrap();
    assert!(done.sha.is_some());
    assert_eq!(yard.status(&work.path), "");
}

#[tokio::test]
async fn no_repository_and_no_folder_are_refused_in_words() {
    let yard = Yard::new();
    let error = yard.git.repo(&yard.root()).await.unwrap_err();
    assert_eq!(error, GitError::NotARepo(yard.root()));
    assert!(error.to_string().ends_with("is not in a git repository"));
    let gone = yard.root().join("gone");
    assert_eq!(yard.git.repo(&gone).await.unwrap_err(), GitError::Gone(gone));
}

#[tokio::test]
async fn no_git_at_all_is_said() {
    let yard = Yard::new();
    let git = Yard::with_program(&yard.root(), "no-such-git".into());
    assert_eq!(git.repo(&yard.top()).await.unwrap_err(), GitError::Missing);
}

#[tokio::test]
async fn a_submodule_and_a_linked_worktree_are_seen() {
    let yard = Yard::new();
    let other = yard.root().join("other");
    yard.run(&["clone", "-q", ".", other.to_str().unwrap()]);
    yard.run(&["submodule", "--quiet", "add", other.to_str().unwrap(), "sub"]);
    yard.commit("submodule");
    let repo = yard.repo().await;
    assert!(repo.submodules);
    let mut new = yard.new_work("with");
    new.submodules = true;
    let with = yard.git.add_worktree(&repo, &new).await.unwrap();
    assert!(with.path.join("sub/a.txt").is_file());
    let without = yard.work("without").await;
    assert!(!without.path.join("sub/a.txt").exists());
    for work in [&with, &without] {
        assert_eq!(yard.git.changes(&repo, work).await.unwrap(), []);
        let state = yard.git.state(&repo, work, "main").await.unwrap();
        assert_eq!(state.nested, Vec::<std::path::PathBuf>::new());
        yard.git.remove_worktree(&repo, work, false).await.unwrap();
    }
    let linked = yard.work("linked").await;
    let seen = yard.git.repo(&linked.path).await.unwrap();
    assert!(seen.linked);
    assert_eq!(seen.common, repo.common);
}

#[tokio::test]
async fn names_are_resolved_and_options_are_not_names() {
    let yard = Yard::new();
    let repo = yard.repo().await;
    assert_eq!(yard.git.resolve(&repo, "main").await.unwrap(), Some(yard.sha("HEAD")));
    assert_eq!(yard.git.resolve(&repo, "none").await.unwrap(), None);
    let refused = yard.git.resolve(&repo, "--exec-path=/tmp").await;
    assert_eq!(refused, Err(GitError::BadName("--exec-path=/tmp".into())));
    yard.run(&["branch", "gaia/1/x"]);
    yard.run(&["branch", "gaia/2/y"]);
    let found = yard.git.branches_like(&repo, "gaia/").await.unwrap();
    let names: Vec<_> = found.iter().map(|b| b.name.as_str()).collect();
    assert_eq!(names, ["gaia/1/x", "gaia/2/y"]);
}

#[tokio::test]
async fn a_folder_with_a_newline_in_its_name_is_a_folder() {
    let yard = Yard::new();
    let odd = yard.root().join("odd\n\"one\"");
    fs::rename(yard.top(), &odd).unwrap();
    let repo = yard.git.repo(&odd).await.unwrap();
    assert_eq!(repo.top, Some(odd.clone()));
    assert_eq!(repo.common, odd.join(".git"));
    assert_eq!(yard.git.worktrees(&repo).await.unwrap()[0].path, odd);
}
