//! Bad input: a clear error, exit code 2, nothing half done.

use insta::assert_snapshot;

use crate::house::{House, seen};

/// What `gaia up` says to a definition, with the folder made the same everywhere.
fn refusal(definition: &[u8]) -> String {
    let house = House::new();
    std::fs::write(house.workspace().join("gaia.toml"), definition).unwrap();
    let output = house.gaia(&["up"]);
    assert_eq!(output.status.code(), Some(2), "{}", seen(&output));
    assert!(house.panes().is_empty());
    seen(&output).replace(house.workspace().to_str().unwrap(), "W")
}

#[test]
fn every_fault_is_shown_at_its_place() {
    let text = refusal(
        b"name = \"a:b\"\n[[windows]]\nname = \"w\"\nlayout = \"tield\"\n[[windows.panes]]\nrun = \"\"\n[[windows.panes]]\ndir = \"nowhere\"\nstop = { grace = \"soon\" }\n",
    );
    for part in ["W/gaia.toml:1:8: \"a:b\" is not a valid name", "write \"a-b\""] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let text = refusal(
        b"[[windows]]\nname = \"w\"\nlayout = \"tield\"\n[[windows.panes]]\nrun = \"\"\n[[windows.panes]]\ndir = \"nowhere\"\nstop = { grace = \"soon\" }\n",
    );
    for part in [
        "gaia.toml:3:10: `tield` is not a layout",
        "gaia.toml:5:7: `run` is empty",
        "gaia.toml:7:7: the folder W/nowhere does not exist",
        "gaia.toml:8:18: `soon` is no span of time",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn a_mistyped_key_is_told_the_right_one() {
    let text = refusal(b"[[windows]]\nnmae = \"w\"\n");
    assert!(text.contains("gaia.toml:2:1: unknown field `nmae`"), "{text}");
    assert!(text.contains("did you mean `name`?"), "{text}");
}

#[test]
fn what_is_no_definition_at_all_is_refused_at_once() {
    for (bytes, wanted) in [
        (&b"name = 7\n"[..], "gaia.toml:1:8"),
        (b"\xff\xfe\x00binary", "not UTF-8"),
        (b"[[windows\n", "gaia.toml:1:"),
        (&[b'#'; 10 << 20], "longer than 1 MiB"),
        (b"extends = \"crwe\"\n", "did you mean `crew`?"),
        (b"[[windows]]\nname='a'\n[[windows]]\nname='a'\n", "already"),
        (b"env = { A = '${NOPE}' }\n", "${NOPE} is not set"),
        (b"env_files = ['.env']\n", "the env file"),
    ] {
        let text = refusal(bytes);
        assert!(text.contains(wanted), "{wanted}: {text:.600}");
    }
}

#[test]
fn a_circle_of_layouts_is_named() {
    let house = House::with("extends = \"a\"\n");
    let folder = house.workspace().join(".gaia/sessions");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("a.toml"), "extends = \"b\"\n").unwrap();
    std::fs::write(folder.join("b.toml"), "extends = \"a\"\n").unwrap();
    let output = house.gaia(&["up"]);
    assert!(seen(&output).contains("in a circle: a → b → a"), "{}", seen(&output));
}

#[test]
fn names_that_tmux_would_run_never_reach_it() {
    let house = House::new();
    for name in ["a:b", "a.b", "#(touch x)", "a\nb", "-x"] {
        let output = house.gaia(&["session", "new", "--", name]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", seen(&output));
    }
    let strange = house.workspace().join("#(touch ran)");
    std::fs::create_dir(&strange).unwrap();
    house.ok(&["session", "new", "demo", "--dir", strange.to_str().unwrap()]);
    house.ok(&["session", "send", "demo", "pwd > out"]);
    house.until("it runs in that folder", || {
        std::fs::read_to_string(strange.join("out")).unwrap_or_default().contains("#(touch ran)")
    });
    assert!(!house.workspace().join("ran").exists());
}

#[test]
fn without_tmux_or_with_an_old_one_there_is_a_way_out() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::new();
    let bin = house.folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let run = || house.command(&["session", "new", "demo"]).env("PATH", &bin).output().unwrap();
    assert_snapshot!(seen(&run()), @r"
    exit 1
    --- out
    --- err
    error: tmux is not installed (looked in PATH)
    help: install it, e.g. `apt install tmux` or `brew install tmux`
    ");
    house.ok(&["daemon", "stop"]);
    let old = bin.join("tmux");
    std::fs::write(&old, "#!/bin/sh\necho tmux 2.9a\n").unwrap();
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_snapshot!(seen(&run()), @r"
    exit 1
    --- out
    --- err
    error: tmux 2.9a is too old: gaia needs 3.2a or later
    help: install tmux 3.2a or later; `gaia doctor` tells what each version lacks
    ");
    assert!(house.panes().is_empty());
}

#[test]
fn a_home_that_cannot_be_is_refused() {
    let house = House::new();
    let long = format!("/tmp/{}", "x".repeat(100));
    let output = house.command(&["status"]).env("GAIA_HOME", &long).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(seen(&output).contains("107 is the limit"), "{}", seen(&output));
    let output = house.command(&["status"]).env("GAIA_HOME", "/proc/nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(seen(&output).contains("set GAIA_HOME"), "{}", seen(&output));
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let house = House::new();
    house.ok(&["session", "new", "demo"]);
    assert_snapshot!(seen(&house.gaia(&["session", "capture", "demx"])), @r"
    exit 4
    --- out
    --- err
    error: there is no session `demx`
    help: there is: demo
    ");
    assert_snapshot!(seen(&house.gaia(&["session", "new", "demo"])).split(", of").next().unwrap(), @r"
    exit 2
    --- out
    --- err
    error: there is a session `demo` already
    ");
    house.ok(&["session", "kill", "demo"]);
    assert_eq!(house.gaia(&["session", "send", "demo", "x"]).status.code(), Some(4));
}
