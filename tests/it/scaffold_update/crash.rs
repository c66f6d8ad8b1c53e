use std::process::Command;

use super::{Yard, said};

fn yard() -> Yard {
    let yard = Yard::new();
    yard.version(
        "1.0.0",
        "",
        &[("f", "a\nb\nc\n"), ("c", "1\n"), ("old/x", "o\n"), ("m", "1\n2\n3\n")],
    );
    yard.make(&[]);
    yard.write("p/c", "mine\n");
    yard.write("p/m", "0\n1\n2\n3\n");
    yard.commit("p");
    yard.version(
        "1.1.0",
        "",
        &[("f", "A\nb\nc\n"), ("c", "2\n"), ("new/y", "n\n"), ("m", "1\n2\n3\n4\n")],
    );
    yard
}

#[cfg(debug_assertions)]
#[test]
fn an_update_that_is_killed_anywhere_is_finished_or_taken_back_by_the_next_command() {
    let yard = yard();
    let keep = yard.house.workspace().join("keep");
    let copy = |from: &str, to: &str| {
        let root = yard.house.workspace();
        let _ = std::fs::remove_dir_all(root.join(to));
        let done = Command::new("cp").current_dir(&root).args(["-a", from, to]).status().unwrap();
        assert!(done.success());
    };
    copy("p", "keep");
    let before = yard.whole();
    assert_eq!(yard.update(&[]).status.code(), Some(1));
    let after = yard.whole();
    let (mut untouched, mut finished) = (0, 0);
    for point in (1..).step_by(2) {
        copy("keep", "p");
        let mut killed = yard.house.command(&["scaffold", "update", "p"]);
        let first = killed.env("GAIA_SCAFFOLD_CRASH_AT", point.to_string()).output().unwrap();
        if first.status.code().is_some() {
            assert_eq!(first.status.code(), Some(1), "{}", said(&first));
            break;
        }
        let next = yard.house.gaia(&["scaffold", "diff", "p"]);
        assert!(next.status.success(), "{point}: {}", said(&next));
        match yard.whole() {
            now if now == before => untouched += 1,
            now => {
                finished += 1;
                assert_eq!(now, after, "killed at {point}");
            }
        }
    }
    assert!(untouched > 5 && finished > 5, "{untouched} {finished}");
    assert!(keep.exists());
}
