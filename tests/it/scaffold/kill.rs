//! kill -9 at every step: the target is as it was, and the next run sweeps what was left.

use std::fs;

use super::{HEAD, Picture, Yard, picture, write};
use crate::house::seen;

const FILES: &[(&str, &[u8])] =
    &[("files/a", b"new a"), ("files/d/b", b"new b"), ("files/e/f/c", b"new c")];

/// Runs until the point is never reached; how many runs were killed.
fn killed(yard: &mut Yard, more: &[&str], check: impl Fn(&Yard, u32)) -> u32 {
    for at in 1.. {
        yard.house.env = vec![("GAIA_SCAFFOLD_CRASH_AT".to_owned(), at.to_string())];
        let output = yard.make(more);
        yard.house.env.clear();
        if output.status.success() {
            return at - 1;
        }
        assert_eq!(output.status.code(), None, "{}", seen(&output));
        check(yard, at);
    }
    0
}

#[test]
fn a_new_project_is_there_whole_or_not_at_all() {
    let mut yard = Yard::new(HEAD, FILES);
    let whole = {
        let made = yard.made(&[]);
        fs::remove_dir_all(yard.target()).unwrap();
        made
    };
    let killed = killed(&mut yard, &[], |yard, at| {
        if yard.target().exists() {
            assert_eq!(picture(&yard.target()), whole, "at {at}");
            fs::remove_dir_all(yard.target()).unwrap();
        }
        // The next run sweeps what is left and comes to its end.
        assert_eq!(yard.made(&[]), whole, "at {at}");
        assert_eq!(fs::read_dir(yard.out()).unwrap().count(), 1, "at {at}");
        fs::remove_dir_all(yard.target()).unwrap();
    });
    assert!(killed > 5, "{killed}");
}

#[test]
fn a_merge_that_dies_is_taken_back() {
    let mut yard = Yard::new(HEAD, FILES);
    let begin = |yard: &Yard| -> Picture {
        let _ = fs::remove_dir_all(yard.target());
        write(&yard.target().join("a"), b"my a");
        write(&yard.target().join("d/mine"), b"mine");
        picture(&yard.target())
    };
    let before = begin(&yard);
    let killed = killed(&mut yard, &["--overwrite"], |yard, at| {
        // Any run on this folder takes back what was half done, also one that is refused then.
        let refused = yard.make(&["--overwrite", "--var", "nobody=x"]);
        assert_eq!(refused.status.code(), Some(2), "{}", seen(&refused));
        assert_eq!(picture(&yard.target()), before, "at {at}");
    });
    assert!(killed > 8, "{killed}");
    let made = picture(&yard.target());
    assert_eq!((&made["a"].1[..], &made["d/mine"].1[..]), (&b"new a"[..], &b"mine"[..]));
    assert!(made.contains_key("e/f/c") && !made.contains_key(".gaia-new"));
}
