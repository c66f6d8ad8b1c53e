use std::fs;

use gaia::port::{Git, How, Landing, Published};

use super::yard::{Yard, read, write};

async fn worked(yard: &Yard, name: &str, file: &str, text: &str) -> gaia::port::Sha {
    let work = yard.work(name).await;
    write(&work.path, file, text);
    yard.save(&work, &format!("work in {file}")).await
}

#[tokio::test]
async fn each_way_of_landing_has_its_history_and_touches_nothing_before() {
    for (how, lines) in [
        (How::Squash, "land it\nsecond\nfirst"),
        (How::Merge, "land it\nsecond\nwork 2\nwork 1\nfirst"),
        (How::Rebase, "work 2\nwork 1\nsecond\nfirst"),
    ] {
        let yard = Yard::new();
        let work = yard.work("one").await;
        write(&work.path, "c.txt", "c\n");
        yard.save(&work, "work 1").await;
        write(&work.path, "a.txt", "1\n2\n3\n4\n5\n6\n7\n8\nnine\n");
        let sha = yard.save(&work, "work 2").await;
        yard.write("a.txt", "one\n2\n3\n4\n5\n6\n7\n8\n9\n");
        let old = yard.commit("second");
        let publish = yard.landed(&sha, how).await;
        assert_eq!((yard.sha("main"), &publish.old), (old.clone(), &old));
        assert_eq!(yard.status(&yard.top()), "");
        let log = ["log", "--topo-order", "--format=%s", publish.new.as_str()];
        let mut found: Vec<_> = yard.run(&log).lines().map(str::to_owned).collect();
        let mut expected: Vec<_> = lines.lines().map(str::to_owned).collect();
        if how == How::Merge {
            found.sort();
            expected.sort();
        }
        assert_eq!(found, expected, "{how:?}");

        let done = yard.git.publish(&yard.repo().await, &publish).await.unwrap();
        assert_eq!(done, Published::Done { updated: vec![yard.top()] });
        assert_eq!(yard.status(&yard.top()), "");
        assert_eq!(read(&yard.top(), "a.txt"), "one\n2\n3\n4\n5\n6\n7\n8\nnine\n");
        assert_eq!(yard.sha("HEAD"), publish.new);
        let again = yard.git.land(&yard.repo().await, &yard.land(&sha, how)).await.unwrap();
        assert_eq!(again, Landing::Nothing { old: publish.new.clone() });

        let back = publish.back("checks failed");
        let done = yard.git.publish(&yard.repo().await, &back).await.unwrap();
        assert!(matches!(done, Published::Done { .. }));
        assert_eq!((yard.sha("main"), yard.status(&yard.top())), (old, String::new()));
        assert!(!yard.top().join("c.txt").exists());
    }
}

#[tokio::test]
async fn a_merge_of_the_target_falls_out_of_a_rebase() {
    let yard = Yard::new();
    let work = yard.work("one").await;
    write(&work.path, "c.txt", "c\n");
    yard.save(&work, "work 1").await;
    yard.write("d.txt", "d\n");
    yard.commit("second");
    yard.run_in(&work.path, &["merge", "-q", "--no-edit", "main"]);
    write(&work.path, "c.txt", "c2\n");
    let sha = yard.save(&work, "work 2").await;
    yard.write("e.txt", "e\n");
    yard.commit("third");
    let publish = yard.landed(&sha, How::Rebase).await;
    let log = yard.run(&["log", "--format=%s", publish.new.as_str()]);
    assert_eq!(log, "work 2\nwork 1\nthird\nsecond\nfirst");
    assert_eq!(yard.run(&["show", &format!("{}:c.txt", publish.new)]), "c2");
}

#[tokio::test]
async fn a_conflict_comes_with_its_hunks() {
    let yard = Yard::new();
    let work = yard.work("one").await;
    write(&work.path, "a.txt", "1\n2\n3\n4\ntheirs\n6\n7\n8\n9\n");
    fs::remove_file(work.path.join("b.txt")).unwrap();
    let sha = yard.save(&work, "work").await;
    yard.write("a.txt", "1\n2\n3\n4\nours\n6\n7\n8\n9\n");
    yard.write("b.txt", "changed\n");
    yard.commit("second");
    for how in [How::Squash, How::Merge, How::Rebase] {
        let landing = yard.git.land(&yard.repo().await, &yard.land(&sha, how)).await.unwrap();
        let Landing::Conflict { files } = landing else { panic!("{landing:?}") };
        let hunk =
            "@@ line 2 @@\n2\n3\n4\n<<<<<<< main\nours\n=======\ntheirs\n>>>>>>> work\n6\n7\n8\n";
        assert_eq!((files[0].path.to_str(), files[0].hunks.as_str()), (Some("a.txt"), hunk));
        assert_eq!(files[1].path.to_str(), Some("b.txt"));
        assert!(files[1].hunks.contains("deleted in"), "{}", files[1].hunks);
    }
    assert_eq!(yard.status(&yard.top()), "");
}

#[tokio::test]
async fn a_target_that_moved_is_stale() {
    let yard = Yard::new();
    let sha = worked(&yard, "one", "c.txt", "c\n").await;
    let mut land = yard.land(&sha, How::Squash);
    land.expect = Some(yard.sha("main"));
    let publish = yard.landed(&sha, How::Squash).await;
    yard.write("b.txt", "other\n");
    let now = yard.commit("second");
    let repo = yard.repo().await;
    assert_eq!(yard.git.land(&repo, &land).await.unwrap(), Landing::Stale { now: now.clone() });
    let done = yard.git.publish(&repo, &publish).await.unwrap();
    assert_eq!(done, Published::Stale { now: Some(now.clone()) });
    assert_eq!((yard.sha("main"), yard.status(&yard.top())), (now, String::new()));
}

#[tokio::test]
async fn what_a_person_has_not_committed_is_kept_or_stands_in_the_way() {
    let yard = Yard::new();
    let sha = worked(&yard, "one", "a.txt", "work\n").await;
    let publish = yard.landed(&sha, How::Squash).await;
    let (repo, old) = (yard.repo().await, yard.sha("main"));
    let blocked = async |case: &str| {
        let done = yard.git.publish(&repo, &publish).await.unwrap();
        let Published::Busy { path, files, .. } = done else { panic!("{case}: {done:?}") };
        assert_eq!((path, yard.sha("main")), (yard.top(), old.clone()), "{case}");
        assert!(!repo.common.join("index.lock").exists(), "{case}");
        files
    };
    yard.write("a.txt", "mine\n");
    assert_eq!(blocked("changed").await, [std::path::PathBuf::from("a.txt")]);
    assert_eq!(read(&yard.top(), "a.txt"), "mine\n");
    yard.run(&["add", "a.txt"]);
    blocked("staged").await;
    assert_eq!(yard.status(&yard.top()), "M  a.txt");
    fs::remove_file(yard.top().join("a.txt")).unwrap();
    blocked("removed").await;
    yard.run(&["checkout", "-q", "HEAD", "--", "a.txt"]);
    write(&repo.common, "MERGE_HEAD", old.as_str());
    assert_eq!(blocked("merging").await.len(), 0);
    fs::remove_file(repo.common.join("MERGE_HEAD")).unwrap();
    write(&repo.common, "index.lock", "");
    let done = yard.git.publish(&repo, &publish).await.unwrap();
    assert!(matches!(done, Published::Busy { .. }), "{done:?}");
    assert!(repo.common.join("index.lock").exists(), "the lock of another git stays");
    fs::remove_file(repo.common.join("index.lock")).unwrap();

    yard.write("b.txt", "mine\n");
    yard.write("staged.txt", "mine\n");
    yard.run(&["add", "staged.txt"]);
    yard.write("new.txt", "mine\n");
    let done = yard.git.publish(&repo, &publish).await.unwrap();
    assert_eq!(done, Published::Done { updated: vec![yard.top()] });
    assert_eq!(yard.status(&yard.top()), " M b.txt\nA  staged.txt\n?? new.txt");
    assert_eq!(read(&yard.top(), "a.txt"), "work\n");
}

#[tokio::test]
async fn an_untracked_file_is_not_overwritten_unless_it_is_the_same() {
    let yard = Yard::new();
    let sha = worked(&yard, "one", "c.txt", "work\n").await;
    let publish = yard.landed(&sha, How::Squash).await;
    let repo = yard.repo().await;
    yard.write("c.txt/mine", "mine\n");
    let done = yard.git.publish(&repo, &publish).await.unwrap();
    assert!(matches!(done, Published::Busy { .. }), "{done:?}");
    assert_eq!(read(&yard.top(), "c.txt/mine"), "mine\n");
    fs::remove_dir_all(yard.top().join("c.txt")).unwrap();
    yard.write("c.txt", "mine\n");
    let done = yard.git.publish(&repo, &publish).await.unwrap();
    assert!(matches!(done, Published::Busy { .. }), "{done:?}");
    assert_eq!(read(&yard.top(), "c.txt"), "mine\n");
    yard.write("c.txt", "work\n");
    let done = yard.git.publish(&repo, &publish).await.unwrap();
    assert!(matches!(done, Published::Done { .. }), "{done:?}");
    assert_eq!(yard.status(&yard.top()), "");
}

#[tokio::test]
async fn a_folder_that_becomes_a_file_and_back_is_landed() {
    let yard = Yard::new();
    yard.write("x/y", "y\n");
    yard.commit("folder");
    let work = yard.work("one").await;
    fs::remove_dir_all(work.path.join("x")).unwrap();
    write(&work.path, "x", "file\n");
    let sha = yard.save(&work, "shape").await;
    let publish = yard.landed(&sha, How::Squash).await;
    let repo = yard.repo().await;
    for (publish, path) in [(publish.clone(), "x"), (publish.back("no"), "x/y")] {
        let done = yard.git.publish(&repo, &publish).await.unwrap();
        assert!(matches!(done, Published::Done { .. }), "{done:?}");
        assert!(yard.top().join(path).is_file());
        assert_eq!(yard.status(&yard.top()), "");
    }
}

#[tokio::test]
async fn a_target_in_another_worktree_or_in_none_is_landed() {
    let yard = Yard::new();
    let sha = worked(&yard, "one", "c.txt", "work\n").await;
    let publish = yard.landed(&sha, How::Squash).await;
    yard.run(&["checkout", "-q", "-b", "elsewhere"]);
    let linked = yard.root().join("linked");
    yard.run(&["worktree", "add", "-q", linked.to_str().unwrap(), "main"]);
    let repo = yard.repo().await;
    let done = yard.git.publish(&repo, &publish).await.unwrap();
    assert_eq!(done, Published::Done { updated: vec![linked.clone()] });
    assert_eq!(yard.status(&linked), "");
    assert!(linked.join("c.txt").is_file() && !yard.top().join("c.txt").exists());
    yard.run(&["worktree", "remove", linked.to_str().unwrap()]);
    let done = yard.git.publish(&repo, &publish.back("no")).await.unwrap();
    assert_eq!(done, Published::Done { updated: vec![] });
    assert_eq!(yard.sha("main"), publish.old);
}

#[tokio::test]
async fn a_candidate_is_checked_out_before_it_is_published() {
    let yard = Yard::new();
    let sha = worked(&yard, "one", "c.txt", "work\n").await;
    let publish = yard.landed(&sha, How::Squash).await;
    let (repo, path) = (yard.repo().await, yard.root().join("checks/t1"));
    let check = yard.git.candidate(&repo, &publish.new, &path).await.unwrap();
    assert_eq!(read(&path, "c.txt"), "work\n");
    assert_eq!(yard.git.candidate(&repo, &publish.new, &path).await.unwrap(), check);
    assert!(yard.git.candidate(&repo, &publish.old, &path).await.is_err());
    yard.git.remove_worktree(&repo, &check, false).await.unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn attributes_of_the_target_say_how_to_merge() {
    let yard = Yard::new();
    yard.write(".gitattributes", "b.txt merge=union\n");
    yard.commit("attributes");
    let sha = worked(&yard, "one", "b.txt", "b\ntheirs\n").await;
    yard.write("b.txt", "b\nours\n");
    yard.commit("second");
    let landing = yard.git.land(&yard.repo().await, &yard.land(&sha, How::Squash)).await.unwrap();
    let version = yard.run(&["version"]);
    let old = ["2.38", "2.39", "2.40", "2.41", "2.42"].iter().any(|v| version.contains(v));
    assert_eq!(matches!(landing, Landing::Conflict { .. }), old, "{version}");
}
