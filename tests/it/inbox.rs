//! What waits for a person: raised, answered, refused, and still there after a crash.

use insta::assert_snapshot;

use crate::house::{House, seen};

fn raise(house: &House, args: &[&str]) -> String {
    house.ok(&[&["inbox", "raise"], args].concat()).trim().to_owned()
}

/// Exit code, output and errors, with ids and times made the same everywhere.
fn picture(house: &House, args: &[&str], ids: &[&str]) -> String {
    let mut text = seen(&house.command(args).env("USER", "ann").output().unwrap());
    for (at, id) in ids.iter().enumerate() {
        text = text.replace(id, &format!("ID{}", at + 1));
    }
    let time = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ").unwrap();
    time.replace_all(&text, "TIME").into_owned()
}

#[test]
fn a_person_sees_answers_and_is_told_what_was_answered() {
    let house = House::new();
    let options = ["--option", "red=the red one", "--option", "blue", "--task", "paint"];
    let first = raise(&house, &[&["which colour?"][..], &options].concat());
    let second = raise(&house, &["deploy?", "--kind", "approval", "--workspace", "shop"]);
    let see = |args: &[&str]| picture(&house, args, &[&first, &second]);
    assert_snapshot!(see(&["inbox"]), @"
    exit 0
    --- out
    ID             KIND      FROM   TITLE          UNTIL
    ID1  question  paint  which colour?
    ID2  approval  shop   deploy?
    --- err
    ");
    assert_snapshot!(see(&["inbox", "count"]), @"
    exit 0
    --- out
    2?
    --- err
    ");
    assert_snapshot!(see(&["inbox", "show", &first]), @"
    exit 0
    --- out
    ID1  which colour?
    paint, question, raised TIME
    1. the red one (red)
    2. blue (blue)
    open
    answer with: gaia answer ID1 TEXT
    --- err
    ");
    assert_snapshot!(see(&["answer", &first, "--option", "2"]), @"
    exit 0
    --- out
    ID1 is answered by ann (cli): blue
    --- err
    ");
    assert_snapshot!(see(&["deny", &second[6..], "--reason", "no tests"]), @"
    exit 0
    --- out
    ID2 is answered by ann (cli): no (no tests)
    --- err
    ");
    assert_snapshot!(see(&["inbox"]), @"
    exit 0
    --- out
    nothing waits for you
    --- err
    ");
    assert_snapshot!(see(&["inbox", "--all"]), @"
    exit 0
    --- out
    ID             KIND      FROM   TITLE          UNTIL
    ID1  question  paint  which colour?  answered by ann (cli): blue
    ID2  approval  shop   deploy?        answered by ann (cli): no (no tests)
    --- err
    ");
    assert_eq!(house.json(&["inbox", "count"])["open"], 0);
}

#[test]
fn what_is_no_answer_is_refused_with_a_way_out() {
    let house = House::new();
    let first = raise(&house, &["which colour?", "--option", "red", "--option", "blue"]);
    let second = raise(&house, &["deploy?", "--kind", "approval"]);
    let see = |args: &[&str]| picture(&house, args, &[&first, &second]);
    assert_snapshot!(see(&["answer", &first, "--option", "3"]), @"
    exit 2
    --- out
    --- err
    error: ID1 has no option `3`
    help: one of red, blue, or 1 to 2
    ");
    assert_snapshot!(see(&["answer", &second, "maybe"]), @r#"
    exit 2
    --- out
    --- err
    error: ID2 wants a yes or a no, not words
    help: gaia approve ID2 or gaia deny ID2 --reason "maybe"
    "#);
    house.ok(&["answer", &second, "no", "tests"]);
    assert_snapshot!(see(&["approve", &second]), @"
    exit 1
    --- out
    --- err
    error: ID2 was answered by somebody (cli) at TIME: no (tests)
    help: `gaia inbox` lists what is open
    ");
    assert_snapshot!(see(&["approve", "qzzzz"]), @"
    exit 4
    --- out
    --- err
    error: there is no item `qzzzz` in the inbox
    help: open are: ID1
    ");
}

#[test]
fn what_waits_outlives_a_killed_daemon_and_is_there_once() {
    let house = House::new();
    let id = raise(&house, &["go on?", "--key", "k"]);
    house.crash();
    assert_eq!(raise(&house, &["go on?", "--key", "k"]), id);
    let open = house.json(&["inbox"]);
    assert_eq!((open.as_array().unwrap().len(), open[0]["id"].as_str()), (1, Some(id.as_str())));
    let mut command = house.command(&["inbox", "raise", "go on?", "--key", "k", "--wait"]);
    let waiting = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    house.ok(&["answer", &id, "yes,", "go"]);
    house.crash();
    let late = house.gaia(&["answer", &id, "no"]);
    assert_eq!(late.status.code(), Some(1), "{}", seen(&late));
    assert_eq!(house.json(&["inbox", "show", &id])["state"]["answer"]["text"], "yes, go");
    assert_eq!(waiting.wait_with_output().unwrap().stdout, b"yes, go\n");
    assert_eq!(house.ok(&["ledger", "show", "--kind", "inbox.*"]).lines().count(), 2);
}

#[test]
fn channels_are_checked_before_a_daemon_starts() {
    let house = House::new();
    std::fs::create_dir_all(house.home()).unwrap();
    let text = "[notify.team]\nkind = 'slack'\nurl = 'https://hooks.example/T/B/x'\n";
    std::fs::write(house.home().join("config.toml"), text).unwrap();
    let refused = house.gaia(&["inbox"]);
    assert_eq!(refused.status.code(), Some(2), "{}", seen(&refused));
    assert!(seen(&refused).contains("config.toml:3:7: a secret must not stand in this file"));
    std::fs::write(
        house.home().join("config.toml"),
        text.replace("https://hooks.example/T/B/x", "env:S"),
    )
    .unwrap();
    assert_eq!(house.ok(&["inbox"]), "nothing waits for you\n");
}
