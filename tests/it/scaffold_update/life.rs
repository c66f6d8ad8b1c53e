use std::{fs, os::unix::fs::PermissionsExt};

use super::{Yard, said};

#[test]
fn an_edit_and_a_new_version_meet_and_nothing_is_lost() {
    let yard = Yard::new();
    yard.version(
        "1.0.0",
        "",
        &[("f", "a\nb\nc\nd\ne\n"), ("c", "1\n"), ("del", "d\n"), ("mv", "m\n"), ("old", "o\n")],
    );
    yard.make(&[]);
    assert!(yard.house.gaia(&["scaffold", "check", "p"]).status.success());
    assert!(yard.house.ok(&["scaffold", "validate", "p"]).contains("as t 1.0.0 made it"));

    yard.write("p/f", "A\nb\nc\nd\ne\n");
    yard.write("p/c", "mine\n");
    yard.write("p/own", "own\n");
    fs::remove_file(yard.house.workspace().join("p/del")).unwrap();
    yard.git("p", &["mv", "mv", "moved"]);
    yard.commit("p");
    yard.version(
        "1.1.0",
        "",
        &[("f", "a\nb\nc\nd\nE\n"), ("c", "2\n"), ("del", "dd\n"), ("mv", "mm\n"), ("new", "n\n")],
    );

    let check = yard.house.gaia(&["scaffold", "check", "p", "--json"]);
    assert_eq!(check.status.code(), Some(1), "{}", said(&check));
    let reply: serde_json::Value = serde_json::from_slice(&check.stdout).unwrap();
    assert_eq!((reply["latest"].as_str(), reply["newer"].as_bool()), (Some("1.1.0"), Some(true)));
    let diff = yard.house.ok(&["scaffold", "diff", "p"]);
    assert!(diff.contains("-a\n+A\n") && diff.contains("rename to moved"), "{diff}");

    let before = yard.whole();
    let dry = yard.update(&["--dry-run"]);
    assert!(said(&dry).contains("would come from 1.0.0 to 1.1.0"), "{}", said(&dry));
    assert_eq!(yard.whole(), before);

    let done = yard.update(&[]);
    assert_eq!(done.status.code(), Some(1), "a conflict is told by the exit code: {}", said(&done));
    assert_eq!(yard.read("p/f"), "A\nb\nc\nd\nE\n");
    assert_eq!(yard.read("p/c"), "<<<<<<< yours\nmine\n=======\n2\n>>>>>>> t 1.1.0\n");
    assert_eq!((yard.read("p/moved"), yard.read("p/own")), ("mm\n".into(), "own\n".into()));
    assert!(
        !["del", "old", "mv"].iter().any(|f| yard.house.workspace().join("p").join(f).exists())
    );
    let stages = yard.git("p", &["ls-files", "-u"]);
    assert_eq!(stages.lines().filter(|line| line.ends_with("\tc")).count(), 3, "{stages}");
    yard.write("p/c", "both\n");
    yard.commit("p");
    assert!(said(&yard.update(&[])).contains("t 1.1.0 is what the project has"));
    assert!(yard.house.gaia(&["scaffold", "check", "p"]).status.success());
}

#[test]
fn a_version_can_be_named_and_a_branch_is_followed() {
    let yard = Yard::new();
    for version in ["1.0.0", "1.1.0", "2.0.0"] {
        yard.version(version, "", &[("f", version)]);
    }
    yard.house.ok(&["template", "add", "mine", &format!("{}#v1.0.0", yard.url())]);
    yard.house.ok(&["scaffold", "new", "mine", "p"]);
    assert_eq!(yard.read("p/f"), "1.0.0");
    yard.house.ok(&["scaffold", "update", "p", "--to", "1.1.0"]);
    assert_eq!(yard.read("p/f"), "1.1.0");
    let none = yard.update(&["--to", "3.0.0"]);
    assert_eq!(none.status.code(), Some(4), "{}", said(&none));
    let back = yard.update(&["--to", "1.0.0"]);
    assert_eq!(back.status.code(), Some(2), "{}", said(&back));
    yard.house.ok(&["scaffold", "update", "p"]);
    assert_eq!(yard.read("p/f"), "2.0.0");
    yard.house.ok(&["template", "remove", "mine"]);
    let gone = yard.house.gaia(&["scaffold", "new", "mine", "q"]);
    assert_eq!(gone.status.code(), Some(4), "{}", said(&gone));

    yard.house.ok(&["scaffold", "new", &format!("{}#main", yard.url()), "b"]);
    yard.write("t.git/files/f", "on the branch");
    yard.commit("t.git");
    let check = yard.house.gaia(&["scaffold", "check", "b"]);
    assert!(said(&check).contains("2.0.0 was changed since"), "{}", said(&check));
    yard.house.ok(&["scaffold", "update", "b"]);
    assert_eq!(yard.read("b/f"), "on the branch");
}

#[test]
fn a_strangers_commands_are_refused_without_a_word_of_the_person() {
    let yard = Yard::new();
    yard.version("1.0.0", "", &[("f", "1\n")]);
    yard.make(&[]);
    let head = "[[migrations]]\nversion = \"2.0.0\"\nmoved = { \"f\" = \"g\" }\nafter = [[\"sh\", \"-c\", \"env > seen\"]]\n";
    yard.version("2.0.0", head, &[("g", "2\n")]);
    let before = yard.whole();
    let refused = yard.update(&[]);
    assert_eq!(refused.status.code(), Some(5), "{}", said(&refused));
    assert!(said(&refused).contains("sh -c 'env > seen'"), "{}", said(&refused));
    assert_eq!(yard.whole(), before);
    let record = yard.house.home().join("trusted.json");
    assert!(!record.exists());
    let done = yard.update(&["--trust"]);
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(fs::metadata(&record).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(yard.read("p/g"), "2\n");
    let seen = yard.read("p/seen");
    assert!(seen.contains("PATH=") && !seen.contains("GAIA_HOME"), "{seen}");
    // The very same once more needs no word.
    yard.git("p", &["checkout", "-q", "."]);
    yard.git("p", &["clean", "-qfd"]);
    assert!(yard.update(&[]).status.success());
}

#[test]
fn secrets_are_never_written_down() {
    let yard = Yard::new();
    let head =
        "[answers.who]\ntype = \"text\"\ndefault = \"you\"\n[answers.key]\ntype = \"secret\"\n";
    yard.version("1.0.0", head, &[("f.tera", "{{ who }}\n")]);
    yard.make(&["--var", "key=hush-4711", "--var", "who=me"]);
    yard.version("1.1.0", head, &[("f.tera", "hello {{ who }}\n")]);
    let missing = yard.update(&[]);
    assert!(!missing.status.success() && said(&missing).contains("key"), "{}", said(&missing));
    let done = yard.update(&["--var", "key=hush-4711"]);
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(yard.read("p/f"), "hello me\n");
    let all = yard.whole();
    assert!(all.iter().all(|(_, text)| !text.contains("hush-4711")), "{all:?}");
    assert!(yard.read("p/.gaia/scaffold.toml").contains("who = \"me\""));
}

#[test]
fn what_is_no_project_is_told_with_a_way_out() {
    let yard = Yard::new();
    yard.version("1.0.0", "", &[("f", "1\n")]);
    yard.make(&[]);
    let table = [(".", 4, "has no .gaia/scaffold.toml"), ("none", 4, "is no folder")];
    for (path, code, words) in table {
        let refused = yard.house.gaia(&["scaffold", "update", path]);
        assert_eq!(refused.status.code(), Some(code), "{}", said(&refused));
        assert!(said(&refused).contains(words), "{}", said(&refused));
    }
    let place = "p/.gaia/scaffold.toml";
    let text = yard.read(place).replace("version = \"1.0.0\"", "version = \"one\"");
    yard.write(place, &text);
    let refused = yard.update(&["--force"]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(
        said(&refused).contains("scaffold.toml:8:11: \"one\" is no version"),
        "{}",
        said(&refused)
    );
}
