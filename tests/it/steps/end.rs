//! How commands end, and what they leave.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use gaia::{
    adapter::landlock_abi,
    base::unit::Fence,
    port::{StepEnd, StepFile, StepSpec, Steps},
};

use super::{Yard, code, says};
use crate::house::until;

#[test]
fn a_stop_ends_those_who_fled_and_those_who_do_not_hear() {
    let yard = Yard::new();
    let deaf = r#"trap "" TERM; (setsid sh -c 'trap "" TERM; sleep 1000 & echo ready; sleep 1000' &)
        while :; do sleep 1000; done"#;
    let attempt = yard.shell("a", deaf);
    let steps = yard.runtime.block_on(async { Arc::new(yard.steps()) });
    let (own, again) = (Arc::clone(&steps), attempt.clone());
    let run = yard.runtime.spawn(async move { own.run(&again).await });
    says(&attempt.folder, "ready");
    until("all of it runs", || yard.commands().len() >= 5);
    yard.wait(steps.stop(&attempt.folder, 15, Duration::from_millis(100))).unwrap();
    assert_eq!(yard.commands(), Vec::<i32>::new());
    let end = yard.wait(run).unwrap().unwrap();
    let StepEnd::Exited { code: None, signal: Some(9), stopped: true, .. } = end else {
        panic!("{end:?}");
    };
}

#[test]
fn a_stop_says_its_signal_and_gives_time() {
    let yard = Yard::new();
    let line = r#"trap "echo told; exit 7" INT; echo ready; while :; do sleep 0.01; done"#;
    let attempt = yard.shell("a", line);
    let steps = yard.runtime.block_on(async { Arc::new(yard.steps()) });
    let (own, again) = (Arc::clone(&steps), attempt.clone());
    let run = yard.runtime.spawn(async move { own.run(&again).await });
    says(&attempt.folder, "ready");
    yard.wait(steps.stop(&attempt.folder, 2, Duration::from_secs(20))).unwrap();
    let end = yard.wait(run).unwrap().unwrap();
    let StepEnd::Exited { code: Some(7), signal: None, stopped: true, .. } = end else {
        panic!("{end:?}");
    };
    says(&attempt.folder, "told");
}

#[test]
fn a_command_that_is_held_is_stopped_too() {
    let yard = Yard::new();
    let attempt = yard.shell("a", "echo ready; kill -STOP $$; sleep 1000");
    let steps = yard.runtime.block_on(async { Arc::new(yard.steps()) });
    let (own, again) = (Arc::clone(&steps), attempt.clone());
    let run = yard.runtime.spawn(async move { own.run(&again).await });
    says(&attempt.folder, "ready");
    yard.wait(steps.stop(&attempt.folder, 15, Duration::from_secs(20))).unwrap();
    let end = yard.wait(run).unwrap().unwrap();
    let StepEnd::Exited { signal: Some(15), stopped: true, .. } = end else { panic!("{end:?}") };
}

#[test]
fn a_child_in_the_background_that_holds_the_output_holds_nobody_up() {
    let yard = Yard::new();
    let end = yard.run(&yard.shell("a", "sleep 1000 & echo over"));
    assert_eq!(code(&end), (Some(0), true));
    assert_eq!(yard.commands(), Vec::<i32>::new());
    let deaf = r#"(trap "" TERM; sleep 1000; sleep 1000) & echo over; exit 3"#;
    let end = yard.run(&yard.shell("b", deaf));
    assert_eq!(code(&end), (Some(3), true));
    assert_eq!(yard.commands(), Vec::<i32>::new());
}

#[test]
fn what_cannot_be_started_says_why() {
    let yard = Yard::new();
    let none = |attempt: StepSpec, wanted: &str| {
        let end = yard.run(&attempt);
        assert_eq!(code(&end), (Some(127), false));
        let StepEnd::Exited { note: Some(note), .. } = end else { panic!("no note") };
        assert!(note.contains(wanted), "{note}");
        let log = std::fs::read_to_string(attempt.folder.join("log")).unwrap();
        assert!(log.contains(wanted), "{log}");
    };
    none(yard.spec("a", &["no-such-program-here"]), "there is no program");
    none(yard.spec("b", &["/etc/passwd"]), "cannot be started");
    none(yard.spec("c", &[]), "names no program");
    let nowhere = StepSpec { cwd: "/nowhere".into(), ..yard.spec("d", &["true"]) };
    none(nowhere, "the folder /nowhere does not exist");
    let unread = StepSpec { stdin: Some("/nowhere".into()), ..yard.spec("e", &["true"]) };
    none(unread, "its input /nowhere cannot be read");
    let limits = BTreeMap::from([("luck".to_owned(), 1)]);
    none(StepSpec { limits, ..yard.spec("f", &["true"]) }, "no limit `luck`");
}

#[test]
fn a_command_gets_what_it_was_given_and_nothing_else() {
    let yard = Yard::new();
    std::fs::write(yard.path("in"), "from a file\n").unwrap();
    let line = r#"env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= | sort; cat; ls -l /proc/self/fd | wc -l
        grep -h -e ^SigBlk -e ^SigIgn /proc/self/status; ulimit -n; pwd
        cut -d" " -f5,6 /proc/$$/stat | tr " " =; echo $$"#;
    let mut attempt = yard.shell("a", line);
    attempt.stdin = Some(yard.path("in"));
    attempt.limits = BTreeMap::from([("nofile".to_owned(), 77)]);
    assert_eq!(code(&yard.run(&attempt)), (Some(0), false));
    let out = std::fs::read_to_string(attempt.folder.join("out")).unwrap();
    let lines: Vec<&str> = out.lines().collect();
    let mark = format!("GAIA_STEP={}", attempt.folder.display());
    assert_eq!(lines[..2], [mark.as_str(), &format!("PATH={}", attempt.env["PATH"])], "{out}");
    // Standard ones and the folder that `ls` reads, under a line with the total.
    assert_eq!(lines[2..4], ["from a file", "5"], "{out}");
    // Of the signals that programs have; two after them are the C library's own.
    let signals = |line: &str| u64::from_str_radix(&line[8..], 16).unwrap() & 0x7fff_ffff;
    assert!(lines[4..6].iter().all(|line| signals(line) == 0), "{out}");
    assert_eq!(lines[6..8], ["77", yard.folder.path().to_str().unwrap()], "{out}");
    assert_eq!(lines[8], format!("{0}={0}", lines[9]), "it leads a session and a group: {out}");
}

#[test]
fn a_secret_is_written_nowhere() {
    let yard = Yard::new();
    yard.gate();
    let mut attempt = yard.shell("a", "echo ready; read x < gate; test \"$TOKEN\" = geheim-4711");
    attempt.env.insert("TOKEN".to_owned(), "geheim-4711".to_owned());
    let steps = yard.runtime.block_on(async { Arc::new(yard.steps()) });
    let (own, again) = (Arc::clone(&steps), attempt.clone());
    let run = yard.runtime.spawn(async move { own.run(&again).await });
    says(&attempt.folder, "ready");
    let has = |bytes: &[u8]| bytes.windows(11).any(|part| part == b"geheim-4711");
    let shim = super::shim(&attempt.folder);
    for pid in [shim, i32::try_from(steps.host_pid().unwrap()).unwrap()] {
        for file in ["cmdline", "environ"] {
            let text = std::fs::read(format!("/proc/{pid}/{file}")).unwrap();
            assert!(file == "environ" || text.ends_with(b"\0"), "it lives");
            assert!(!has(&text), "{pid} {file}");
        }
    }
    yard.open_gate();
    assert_eq!(code(&yard.wait(run).unwrap().unwrap()), (Some(0), false));
    let files: Vec<_> = walkdir::WalkDir::new(yard.path("at"))
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert!(!has(&std::fs::read(file.path()).unwrap()), "{}", file.path().display());
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{}", file.path().display());
    }
}

#[test]
fn a_fenced_command_reaches_its_output_and_no_more() {
    assert!(landlock_abi().is_some(), "this kernel cannot fence");
    let yard = Yard::new();
    let line = r#"echo value > "$GAIA_STEP/output"; echo x > outside; echo "code $?""#;
    let mut attempt = yard.shell("a", line);
    let write = vec![attempt.folder.join("output")];
    attempt.fence = Some(Fence { write, ..Fence::default() });
    assert_eq!(code(&yard.run(&attempt)), (Some(0), false));
    assert!(!yard.path("outside").exists());
    let output = yard.wait(async {
        yard.steps().file(&attempt.folder, StepFile::Output, 1 << 20).await.unwrap()
    });
    assert_eq!(output.unwrap(), b"value\n");
    // A fence that cannot be put up is no reason to run without.
    let mut attempt = yard.shell("b", "echo x > outside");
    let write = vec![yard.path("not-there")];
    attempt.fence = Some(Fence { write, ..Fence::default() });
    assert_eq!(code(&yard.run(&attempt)), (Some(127), false));
    assert!(!yard.path("outside").exists());
}
