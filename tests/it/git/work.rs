use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, fs::symlink},
    path::{Path, PathBuf},
};

use gaia::port::{Change, ChangeKind, DiffStat, Git, GitError, Rescue};

use super::yard::{Yard, ada, read, write};

fn paths<const N: usize>(names: [&str; N]) -> Vec<PathBuf> {
    names.map(PathBuf::from).to_vec()
}

async fn changes(yard: &Yard, work: &gaia::port::Work) -> Vec<Change> {
    yard.git.changes(&yard.repo().await, work).await.unwrap()
}

#[tokio::test]
async fn the_state_tells_all_that_would_be_lost() {
    let yard = Yard::new();
    let (repo, work) = (yard.repo().await, yard.work("one").await);
    let state = async || yard.git.state(&repo, &work, "main").await.unwrap();
    let fresh = state().await;
    assert!(fresh.merged && fresh.on_branch && !fresh.pushed);
    assert_eq!((fresh.commits_ahead, fresh.changed.len(), fresh.untracked.len()), (0, 0, 0));

    write(&work.path, "a.txt", "other\n");
    write(&work.path, "new.txt", "new\n");
    write(&work.path, "ignored.log", "x");
    let dirty = state().await;
    assert_eq!(dirty.changed, paths(["a.txt"]));
    assert_eq!(dirty.untracked, paths(["new.txt"]));

    let sha = yard.save(&work, "work").await;
    let saved = state().await;
    assert_eq!((saved.head, saved.commits_ahead, saved.merged), (Some(sha.clone()), 1, false));
    assert_eq!((saved.changed, saved.untracked), (vec![], vec![]));

    yard.run(&["update-ref", "refs/remotes/origin/x", sha.as_str()]);
    assert!(state().await.pushed);
    yard.run(&["merge", "-q", "--squash", sha.as_str()]);
    yard.commit("squashed");
    assert!(state().await.merged, "squashed work is merged by its content");
    yard.run_in(&work.path, &["checkout", "-q", "--detach"]);
    assert!(!state().await.on_branch);
}

#[tokio::test]
async fn changes_are_committed_uncommitted_and_new_ones_together() {
    let yard = Yard::new();
    yard.write("old name.txt", "many\nlines\nthat\nstay\nas\nthey\nare\n");
    yard.write("gone.txt", "1\n2\n");
    yard.write("run.sh", "x\n");
    yard.commit("more");
    let work = yard.work("one").await;
    write(&work.path, "a.txt", "1\n2\n3\nfour\n5\n6\n7\n8\n9\n10");
    yard.save(&work, "committed").await;
    fs::rename(work.path.join("old name.txt"), work.path.join("new name.txt")).unwrap();
    fs::remove_file(work.path.join("gone.txt")).unwrap();
    write(&work.path, "data.bin", "a\0b");
    fs::set_permissions(work.path.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("/etc/passwd", work.path.join("link")).unwrap();

    let all = changes(&yard, &work).await;
    let one = |name: &str| all.iter().find(|c| c.path == Path::new(name)).unwrap().clone();
    assert_eq!(all.len(), 6);
    let a = one("a.txt");
    assert_eq!((a.kind, a.added, a.removed, a.lines_after), (ChangeKind::Modified, 2, 1, 10));
    let renamed = one("new name.txt");
    assert_eq!(renamed.kind, ChangeKind::Renamed);
    assert_eq!((renamed.old_path, renamed.lines_after), (Some("old name.txt".into()), 7));
    let gone = one("gone.txt");
    assert_eq!((gone.kind, gone.removed, gone.lines_after), (ChangeKind::Deleted, 2, 0));
    assert!(one("data.bin").binary);
    assert_eq!(one("run.sh").kind, ChangeKind::ModeChanged);
    assert_eq!(one("link").kind, ChangeKind::Symlink { target: "/etc/passwd".into() });
    assert_eq!(DiffStat::of(&all).files, 6);

    let repo = yard.repo().await;
    let text = yard.git.diff(&repo, &work, &paths(["a.txt"]), 1).await.unwrap();
    assert!(text.starts_with("diff --git a/a.txt b/a.txt\n"), "{text}");
    assert!(text.contains("\n@@ -3,3 +3,3 @@"), "{text}");
    assert!(!text.contains("gone.txt"));
}

#[tokio::test]
async fn attributes_of_the_worktree_hide_nothing() {
    let yard = Yard::new();
    let work = yard.work("one").await;
    write(&work.path, ".gitattributes", "*.txt -diff binary\n");
    write(&work.path, "a.txt", "other\n");
    let all = changes(&yard, &work).await;
    let a = all.iter().find(|c| c.path == Path::new("a.txt")).unwrap();
    assert_eq!((a.binary, a.added, a.removed), (false, 1, 9));
}

#[tokio::test]
async fn an_index_that_hides_files_hides_nothing() {
    let yard = Yard::new();
    let work = yard.work("one").await;
    yard.run_in(&work.path, &["update-index", "--assume-unchanged", "a.txt"]);
    yard.run_in(&work.path, &["update-index", "--skip-worktree", "b.txt"]);
    write(&work.path, "a.txt", "other\n");
    write(&work.path, "b.txt", "other\n");
    assert_eq!(yard.status(&work.path), "");
    assert_eq!(changes(&yard, &work).await.len(), 2);
}

#[tokio::test]
async fn a_change_of_the_same_length_at_once_is_seen() {
    let yard = Yard::new();
    for name in 0..5 {
        let work = yard.work(&format!("w{name}")).await;
        write(&work.path, "b.txt", "c\n");
        assert_eq!(changes(&yard, &work).await.len(), 1);
        write(&work.path, "b.txt", "b\n");
        assert_eq!(changes(&yard, &work).await.len(), 0);
    }
}

#[tokio::test]
async fn committing_leaves_a_clean_worktree_and_takes_what_is_not_ignored() {
    let yard = Yard::new();
    let (repo, mut work) = (yard.repo().await, yard.work("one").await);
    work.exclude = vec!["/carried".into()];
    write(&work.path, "a.txt", "staged\n");
    yard.run_in(&work.path, &["add", "a.txt"]);
    write(&work.path, "a.txt", "final\n");
    write(&work.path, "new/deep.txt", "x\n");
    write(&work.path, "x.log", "ignored");
    write(&work.path, "carried", "secret");
    let done = yard.git.commit_all(&repo, &work, "the work\n\nin words", &ada()).await.unwrap();
    let sha = done.sha.unwrap();
    assert_eq!(yard.status(&work.path), "?? carried");
    assert_eq!(yard.sha("gaia/one/work"), sha);
    let show = ["show", "--format=%an <%ae>%n%B", "--name-only", sha.as_str()];
    let text = "Ada <ada@example.org>\nthe work\n\nin words\n\n\na.txt\nnew/deep.txt";
    assert_eq!(yard.run(&show), text);
    assert_eq!(yard.run(&["show", &format!("{sha}:a.txt")]), "final");
    let again = yard.git.commit_all(&repo, &work, "nothing", &ada()).await.unwrap();
    assert_eq!(again.sha, None);
    assert_eq!(yard.status(&yard.top()), "");
}

#[tokio::test]
async fn a_file_that_becomes_a_folder_or_a_link_and_back_is_committed() {
    let yard = Yard::new();
    yard.write("dir/f", "f\n");
    yard.commit("dir");
    let work = yard.work("one").await;
    fs::remove_file(work.path.join("b.txt")).unwrap();
    write(&work.path, "b.txt/inner", "x\n");
    fs::remove_dir_all(work.path.join("dir")).unwrap();
    symlink("/etc", work.path.join("dir")).unwrap();
    let sha = yard.save(&work, "shapes").await;
    assert_eq!(yard.status(&work.path), "");
    let tree = yard.run(&["ls-tree", "-r", "--name-only", sha.as_str()]);
    assert_eq!(tree, ".gitignore\na.txt\nb.txt/inner\ndir");
}

#[tokio::test]
async fn names_of_any_bytes_are_only_names() {
    let yard = Yard::new();
    let (repo, work) = (yard.repo().await, yard.work("one").await);
    let names: [&[u8]; 6] =
        [b"new\nline", b"\"quoted\"", b"-rf", b"--exec=x", b"\xff\xfe", b":(top)*\t?"];
    for name in names {
        write(&work.path, OsStr::from_bytes(name), "x\n");
    }
    let state = yard.git.state(&repo, &work, "main").await.unwrap();
    assert_eq!(state.untracked.len(), 6);
    let all = changes(&yard, &work).await;
    for name in names {
        let name = Path::new(OsStr::from_bytes(name));
        let change = all.iter().find(|c| c.path == name).unwrap();
        assert_eq!((change.added, change.lines_after), (1, 1), "{name:?}");
        let text = yard.git.diff(&repo, &work, &[name.to_owned()], 3).await.unwrap();
        assert_eq!(text.matches("diff --git").count(), 1, "{name:?}");
    }
    let sha = yard.save(&work, "-m odd --amend").await;
    assert_eq!(yard.run(&["log", "-1", "--format=%s", sha.as_str()]), "-m odd --amend");
    assert_eq!(yard.status(&work.path), "");
}

#[tokio::test]
async fn a_nested_repository_is_told_and_not_taken() {
    let yard = Yard::new();
    let (repo, work) = (yard.repo().await, yard.work("one").await);
    for (name, commit) in [("empty", false), ("full", true)] {
        let nested = work.path.join(name);
        write(&nested, "inside.txt", "x\n");
        yard.run_in(&nested, &["init", "-q"]);
        if commit {
            yard.run_in(&nested, &["add", "-A"]);
            yard.run_in(&nested, &["commit", "-q", "-m", "nested"]);
        }
    }
    let both = paths(["empty", "full"]);
    assert_eq!(yard.git.state(&repo, &work, "main").await.unwrap().nested, both);
    let done = yard.git.commit_all(&repo, &work, "x", &ada()).await.unwrap();
    assert_eq!((done.sha, done.nested), (None, both.clone()));
    let error = yard.git.remove_worktree(&repo, &work, false).await.unwrap_err();
    assert_eq!(error, GitError::Unsaved { path: work.path.clone(), files: both });

    let kept = yard.git.rescue(&repo, Rescue::Work(&work), "t1").await.unwrap();
    let tree = yard.run(&["ls-tree", "-r", "--name-only", &kept.refname]);
    assert!(tree.contains("empty/inside.txt") && tree.contains("full/inside.txt"), "{tree}");
}

#[tokio::test]
async fn a_submodule_that_an_agent_commits_is_told() {
    let yard = Yard::new();
    let work = yard.work("one").await;
    let nested = work.path.join("sub");
    yard.run(&["clone", "-q", ".", nested.to_str().unwrap()]);
    yard.run_in(&work.path, &["add", "sub"]);
    yard.run_in(&work.path, &["commit", "-q", "-m", "gitlink"]);
    write(&work.path, ".gitmodules", "[submodule \"sub\"]\npath = sub\nurl = x\nignore = all\n");
    let all = changes(&yard, &work).await;
    let sub = all.iter().find(|c| c.path == Path::new("sub")).unwrap();
    assert_eq!(sub.kind, ChangeKind::Submodule);
}

#[tokio::test]
async fn rescued_work_survives_worktree_and_branch() {
    let yard = Yard::new();
    let (repo, work) = (yard.repo().await, yard.work("one").await);
    write(&work.path, "new.txt", "precious\n");
    yard.run_in(&work.path, &["checkout", "-q", "--detach"]);
    yard.run_in(&work.path, &["commit", "-q", "--allow-empty", "-m", "on no branch"]);
    let stray = yard.run_in(&work.path, &["rev-parse", "HEAD"]);
    let kept = yard.git.rescue(&repo, Rescue::Work(&work), "t1").await.unwrap();
    assert_eq!(kept.refname, "refs/gaia/rescue/t1");
    yard.git.remove_worktree(&repo, &work, true).await.unwrap();
    yard.git.delete_branch(&repo, "gaia/one/work", &work.base).await.unwrap();
    yard.run(&["gc", "-q", "--prune=now"]);
    assert_eq!(yard.run(&["show", "refs/gaia/rescue/t1:new.txt"]), "precious");
    yard.run(&["merge-base", "--is-ancestor", &stray, "refs/gaia/rescue/t1"]);

    let branch = yard.git.rescue(&repo, Rescue::Branch("main"), "t2").await.unwrap();
    assert_eq!(branch.sha, yard.sha("main"));
    assert!(yard.git.rescue(&repo, Rescue::Branch("none"), "t3").await.is_err());
    assert!(yard.git.tag(&repo, "../../heads/x", &branch.sha).await.is_err());
    let tag = yard.git.tag(&repo, "t1", &branch.sha).await.unwrap();
    assert_eq!(yard.sha(&tag), branch.sha);
    assert_eq!(yard.git.tag(&repo, "t1", &branch.sha).await.unwrap(), tag);
}

#[tokio::test]
async fn a_branch_that_moves_meanwhile_and_a_locked_index_are_told() {
    let yard = Yard::new();
    let (repo, work) = (yard.repo().await, yard.work("one").await);
    write(&work.path, "new.txt", "x\n");
    write(&work.gitdir, "index.lock", "");
    let error = yard.git.commit_all(&repo, &work, "x", &ada()).await.unwrap_err();
    assert!(matches!(error, GitError::Locked(_)), "{error:?}");
    fs::remove_file(work.gitdir.join("index.lock")).unwrap();
    fs::remove_dir_all(&work.path).unwrap();
    let error = yard.git.changes(&repo, &work).await.unwrap_err();
    assert_eq!(error, GitError::Gone(work.path.clone()));
    yard.git.prune(&repo).await.unwrap();
    assert!(work.gitdir.is_dir(), "a lock keeps it from being pruned");
}

#[tokio::test]
async fn files_that_were_never_there_are_not_read_through_links() {
    let yard = Yard::new();
    let work = yard.work("one").await;
    write(&yard.root(), "outside/secret", "secret\n");
    symlink(yard.root().join("outside"), work.path.join("way")).unwrap();
    let sha = yard.save(&work, "link").await;
    let tree = yard.run(&["ls-tree", "-r", sha.as_str(), "--", "way"]);
    assert!(tree.starts_with("120000"), "{tree}");
    assert_eq!(read(&yard.root(), "outside/secret"), "secret\n");
}

#[tokio::test]
async fn what_git_never_takes_is_told_and_keeps_its_worktree() {
    let yard = Yard::new();
    let (repo, work) = (yard.repo().await, yard.work("one").await);
    write(&work.path, "deep/.GIT/config", "x\n");
    write(&work.path, "new.txt", "x\n");
    let done = yard.git.commit_all(&repo, &work, "x", &ada()).await.unwrap();
    let odd = paths(["deep/.GIT/config"]);
    assert!(done.sha.is_some());
    assert_eq!(done.left_out, odd);
    let kept = yard.git.rescue(&repo, Rescue::Work(&work), "t1").await.unwrap();
    assert_eq!(kept.left_out, odd);
    let error = yard.git.remove_worktree(&repo, &work, false).await.unwrap_err();
    assert_eq!(error, GitError::Unsaved { path: work.path.clone(), files: odd });
}
