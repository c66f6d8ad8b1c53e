use std::{fs, process::Command};

use super::{ABC, Yard, pack, told};
use crate::scaffold::{
    manifest::PLACE,
    update::{Wish, changes, state},
};

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
