use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    Decision, Hints, Moves, Names, Sides, What, beside, decide, follow, is_binary, three_way,
    two_way,
};
use crate::scaffold::{manifest::Stamp, model::Mode};

/// `path:text` or `path:text:x` (a program), `:l` (a link), `:d` (a folder), apart by spaces.
fn side(words: &str) -> BTreeMap<String, Stamp> {
    let one = |word: &str| {
        let mut parts = word.split(':');
        let (path, text) = (parts.next().unwrap(), parts.next().unwrap());
        let mode = match parts.next() {
            None => Mode::Plain,
            Some("x") => Mode::Exec,
            Some("l") => Mode::Link,
            Some(_) => Mode::Folder,
        };
        (path.to_owned(), Stamp::of(text.as_bytes(), mode))
    };
    words.split_whitespace().map(one).collect()
}

fn sides(base: &str, ours: &str, theirs: &str) -> Sides {
    Sides { base: side(base), ours: side(ours), theirs: side(theirs) }
}

/// The decisions in one line each: `old>from>new>to what`.
fn told(sides: &Sides, hints: &Hints) -> Vec<String> {
    let line = |d: &Decision| {
        let or = |path: &Option<String>| path.clone().unwrap_or_else(|| "-".into());
        format!("{}>{}>{}>{} {:?}", or(&d.old), or(&d.from), or(&d.new), d.to, d.what)
    };
    decide(sides, &follow(sides, hints)).iter().map(line).collect()
}

/// What becomes of the file `f`, alone.
fn fate(base: &str, ours: &str, theirs: &str) -> What {
    let file = |text: &str| if text == "-" { String::new() } else { format!("f:{text}") };
    let sides = sides(&file(base), &file(ours), &file(theirs));
    let all = decide(&sides, &follow(&sides, &Hints::default()));
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].what
}

#[test]
fn every_combination_of_three_states_has_its_fate() {
    use Mode::{Exec, Link, Plain};
    let table = [
        // base, ours, theirs
        ("1", "1", "1", What::Keep),
        ("1", "1", "2", What::Replace(Plain)),
        ("1", "2", "1", What::Keep),
        ("1", "2", "2", What::Keep),
        ("1", "2", "3", What::Merge(Plain)),
        ("1", "1", "-", What::Delete),
        ("1", "2", "-", What::Release),
        ("1", "-", "1", What::StayDeleted),
        ("1", "-", "2", What::StayDeleted),
        ("1", "-", "-", What::Forget),
        ("-", "-", "1", What::Add),
        ("-", "1", "1", What::Keep),
        ("-", "1", "2", What::Both(Plain)),
        // Modes: who changed it has the say.
        ("1", "1", "1:x", What::Carry(Exec)),
        ("1", "1:x", "1", What::Keep),
        ("1", "1:x", "2", What::Replace(Exec)),
        ("1", "2", "1:x", What::Carry(Exec)),
        ("1", "2:x", "3", What::Merge(Exec)),
        ("1", "2", "3:x", What::Merge(Exec)),
        ("1:x", "2", "3:x", What::Merge(Plain)),
        ("1", "1:x", "2:x", What::Replace(Exec)),
        ("1", "1:x", "-", What::Release),
        ("-", "1:x", "1", What::Keep),
        ("-", "1:x", "2", What::Both(Exec)),
        // What is no text is not merged.
        ("1:l", "1:l", "2:l", What::Replace(Link)),
        ("1:l", "2:l", "1:l", What::Keep),
        ("1:l", "2:l", "3:l", What::Aside),
        ("1:l", "2", "3:l", What::Aside),
        ("1", "1", "2:l", What::Replace(Link)),
        ("1", "2", "2:l", What::Aside),
        ("1", "1:d", "2", What::Aside),
        ("-", "1:l", "1", What::Aside),
        ("-", "1:d", "1", What::Aside),
    ];
    for (base, ours, theirs, fated) in table {
        assert_eq!(fate(base, ours, theirs), fated, "{base} {ours} {theirs}");
    }
}

#[test]
fn a_move_by_the_template_takes_the_persons_changes_along() {
    let hints = Hints { moved: [("old/a".into(), "new/b".into())].into(), ..Hints::default() };
    let table = [
        ("old/a:1", "old/a:1", "new/b:2", "old/a>old/a>new/b>new/b Replace(Plain)"),
        ("old/a:1", "old/a:1", "new/b:1", "old/a>old/a>new/b>new/b Carry(Plain)"),
        ("old/a:1", "old/a:5", "new/b:1", "old/a>old/a>new/b>new/b Carry(Plain)"),
        ("old/a:1", "old/a:5", "new/b:2", "old/a>old/a>new/b>new/b Merge(Plain)"),
        ("old/a:1", "", "new/b:2", "old/a>->new/b>new/b StayDeleted"),
        ("old/a:1", "old/a:1", "", "old/a>old/a>->old/a Delete"),
        // Something of the person's is there already.
        ("old/a:1", "old/a:5 new/b:9", "new/b:2", "old/a>old/a>new/b>old/a Merge(Plain)"),
        ("old/a:1", "old/a:5 new:9", "new/b:1", "old/a>old/a>new/b>old/a Keep"),
    ];
    for (base, ours, theirs, line) in table {
        assert_eq!(told(&sides(base, ours, theirs), &hints), [line], "{base} {ours} {theirs}");
    }
}

#[test]
fn a_declared_folder_moves_all_that_is_below_it() {
    let hints = Hints { moved: [("src".into(), "lib".into())].into(), ..Hints::default() };
    let found = told(&sides("src/x/a:1 srcs:1", "src/x/a:2 srcs:1", "lib/x/a:3 srcs:1"), &hints);
    assert_eq!(found, ["src/x/a>src/x/a>lib/x/a>lib/x/a Merge(Plain)", "srcs>srcs>srcs>srcs Keep"]);
}

#[test]
fn a_move_that_nobody_declared_is_found_by_the_content() {
    let found = told(&sides("a:1 c:7", "a:5 c:7", "b:1 c:7"), &Hints::default());
    assert_eq!(found, ["a>a>b>b Carry(Plain)", "c>c>c>c Keep"]);
    // Nearly the same text is enough; a wholly other one is another file.
    let text = |last: &str| format!("one\ntwo\nthree\nfour\n{last}\n").into_bytes();
    let hints = Hints {
        base: [("a".into(), text("x")), ("z".into(), b"else\n".to_vec())].into(),
        theirs: [("b".into(), text("y"))].into(),
        ..Hints::default()
    };
    let found = told(&sides("a:1 z:2", "a:5 z:2", "b:3"), &hints);
    assert_eq!(found, ["a>a>b>b Merge(Plain)", "z>z>->z Delete"]);
}

#[test]
fn a_file_that_the_person_moved_is_followed_and_stays_there() {
    let blob = |text: &str| Stamp::of(text.as_bytes(), Mode::Plain).blob;
    let mut sides = sides("a:1 e:", "mine/a:1", "a:2 e:");
    let hints = Hints {
        others: [("mine/a".into(), blob("1")), ("mine/e".into(), blob(""))].into(),
        ..Hints::default()
    };
    let expected = ["e>->e>e StayDeleted", "a>mine/a>a>mine/a Replace(Plain)"];
    assert_eq!(told(&sides, &hints), expected);
    // The next time the manifest knows it, and the content may be changed.
    sides.base.get_mut("a").unwrap().at = Some("mine/a".into());
    sides.ours = side("mine/a:9");
    let expected = ["e>->e>e StayDeleted", "a>mine/a>a>mine/a Merge(Plain)"];
    assert_eq!(told(&sides, &Hints::default()), expected);
}

#[test]
fn a_file_that_was_moved_and_edited_is_followed_by_its_text() {
    let text = |last: &str| format!("one\ntwo\nthree\nfour\n{last}\n").into_bytes();
    let hints = Hints {
        others: [("b".into(), "0".repeat(40)), ("c".into(), "1".repeat(40))].into(),
        base: [("a".into(), text("x"))].into(),
        own: [("b".into(), b"no\n".to_vec()), ("c".into(), text("y"))].into(),
        ..Hints::default()
    };
    assert_eq!(told(&sides("a:1", "c:5", "a:2"), &hints), ["a>c>a>c Merge(Plain)"]);
}

#[test]
fn files_that_change_places_do_so() {
    let hints = Hints {
        moved: [("a".into(), "x/b".into()), ("b".into(), "x/a".into())].into(),
        ..Hints::default()
    };
    let found = told(&sides("a:1 b:2 x:3", "a:1 b:9 x:3", "x/b:1 x/a:2"), &hints);
    let expected = ["x>x>->x Delete", "b>b>x/a>x/a Carry(Plain)", "a>a>x/b>x/b Carry(Plain)"];
    assert_eq!(found, expected, "a file makes room for a folder of its name");
}

#[test]
fn what_stands_in_the_way_is_left_alone() {
    let found = told(&sides("", "conf:mine", "conf/a:1"), &Hints::default());
    assert_eq!(found, ["->->conf/a>conf/a Aside"]);
    let found = told(&sides("", "dir:/etc:l", "dir/a:1"), &Hints::default());
    assert_eq!(found, ["->->dir/a>dir/a Aside"], "a link is never gone through");
    assert_eq!(beside("a", &["a.theirs".into(), "a.theirs.2".into()].into()), "a.theirs.3");
}

fn names() -> Names {
    Names { ours: "yours".into(), theirs: "template 2.0.0".into() }
}

fn merged(base: &str, ours: &str, theirs: &str) -> (String, usize) {
    let text = three_way(base.as_bytes(), ours.as_bytes(), theirs.as_bytes(), &names());
    (String::from_utf8(text.bytes).unwrap(), text.conflicts)
}

#[test]
fn changes_apart_are_merged_and_changes_of_one_place_are_marked() {
    let (text, conflicts) = merged("a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\nf\n");
    assert_eq!((text.as_str(), conflicts), ("A\nb\nc\nd\nE\nf\n", 0));
    let (text, conflicts) = merged("a\nb\nc\n", "a\nX\nsame\nc\n", "a\nY\nsame\nc\n");
    let marked = "a\n<<<<<<< yours\nX\n=======\nY\n>>>>>>> template 2.0.0\nsame\nc\n";
    assert_eq!((text.as_str(), conflicts), (marked, 1));
    assert_eq!(merged("a\nb\n", "a\nB\n", "a\nB\n"), ("a\nB\n".into(), 0));
    // What touches is a conflict too, as in git.
    assert_eq!(merged("a\nb\n", "A\nb\n", "a\nB\n").1, 1);
}

#[test]
fn line_ends_and_last_lines_without_one_are_kept() {
    let (text, _) = merged("a\r\nb\r\nc\r\n", "a\r\nX\r\nc\r\n", "a\r\nY\r\nc\r\n");
    assert!(text.lines().count() == 7 && text.matches("\r\n").count() == 7, "{text:?}");
    let (text, conflicts) = merged("a\nb", "a\nX", "a\nY");
    let marked = "a\n<<<<<<< yours\nX\n=======\nY\n>>>>>>> template 2.0.0\n";
    assert_eq!((text.as_str(), conflicts), (marked, 1));
    assert_eq!(merged("a\nb\nc\nd", "A\nb\nc\nd", "a\nb\nc\nd\ne"), ("A\nb\nc\nd\ne".into(), 0));
}

#[test]
fn without_a_base_both_texts_stand_there() {
    let text = two_way(b"a\nmine\nz\n", b"a\nnew\nz\nend\n", &names());
    let marked = "a\n<<<<<<< yours\nmine\n=======\nnew\n>>>>>>> template 2.0.0\nz\n<<<<<<< yours\n=======\nend\n>>>>>>> template 2.0.0\n";
    assert_eq!((String::from_utf8(text.bytes).unwrap().as_str(), text.conflicts), (marked, 2));
    assert!(is_binary(b"PNG\0") && !is_binary("latin \u{fc}".as_bytes()));
}

/// A text of few lines of few kinds, so that much is the same.
fn some_text() -> impl Strategy<Value = String> {
    let line = prop_oneof!["[a-d]\n", "[a-d]\r\n"];
    (proptest::collection::vec(line, 0..12), proptest::bool::ANY).prop_map(|(lines, cut)| {
        let text = lines.concat();
        if cut { text.trim_end().to_owned() } else { text }
    })
}

proptest! {
    #[test]
    fn a_merge_with_one_side_unchanged_is_the_other_side(base in some_text(), new in some_text()) {
        prop_assert_eq!(merged(&base, &new, &base), (new.clone(), 0));
        prop_assert_eq!(merged(&base, &base, &new), (new.clone(), 0));
        prop_assert_eq!(merged(&base, &new, &new), (new, 0));
    }

    #[test]
    fn without_a_base_no_line_of_either_is_lost(ours in some_text(), theirs in some_text()) {
        let count = |text: &str, line: &str| text.lines().filter(|l| *l == line).count();
        let both = two_way(ours.as_bytes(), theirs.as_bytes(), &names());
        let both = String::from_utf8(both.bytes).unwrap();
        for line in ["a", "b", "c", "d"] {
            prop_assert!(count(&both, line) >= count(&ours, line).max(count(&theirs, line)));
        }
    }

    #[test]
    fn no_decision_ever_touches_a_changed_file_but_by_a_merge(
        base in proptest::collection::btree_map("[a-c](/[a-c])?", 0..4_u8, 0..5),
        ours in proptest::collection::btree_map("[a-c](/[a-c])?", 0..4_u8, 0..5),
        theirs in proptest::collection::btree_map("[a-c](/[a-c])?", 0..4_u8, 0..5),
        moved in proptest::collection::btree_map("[a-c](/[a-c])?", "[a-c](/[a-c])?", 0..3),
    ) {
        let side = |files: &BTreeMap<String, u8>| -> BTreeMap<String, Stamp> {
            let apart = |path: &String| path.len() == 1 || !files.contains_key(&path[..1]);
            files.iter().filter(|(path, _)| apart(path))
                .map(|(path, n)| (path.clone(), Stamp::of(&[*n], Mode::Plain))).collect()
        };
        let sides = Sides { base: side(&base), ours: side(&ours), theirs: side(&theirs) };
        let moves: Moves = follow(&sides, &Hints { moved, ..Hints::default() });
        let all = decide(&sides, &moves);
        let mut places = std::collections::BTreeSet::new();
        for d in &all {
            let ours = d.from.as_ref().map(|from| &sides.ours[from]);
            let base = d.old.as_ref().map(|old| &sides.base[old]);
            match d.what {
                What::Replace(_) | What::Delete => prop_assert_eq!(ours.unwrap().sha256.clone(), base.unwrap().sha256.clone()),
                What::Add => prop_assert!(ours.is_none()),
                _ => (),
            }
            // Nothing is written over another file of the project.
            let writes = matches!(d.what, What::Add | What::Carry(_) | What::Replace(_) | What::Merge(_) | What::Both(_));
            if writes {
                prop_assert!(places.insert(d.to.clone()), "{} twice: {all:?}", d.to);
            }
            if writes && d.from.as_ref() != Some(&d.to) && sides.ours.contains_key(&d.to) {
                let leaves = all.iter().any(|o| o.from.as_ref() == Some(&d.to)
                    && (o.what == What::Delete || o.to != d.to));
                prop_assert!(leaves, "{} is written over: {all:?}", d.to);
            }
        }
    }
}
