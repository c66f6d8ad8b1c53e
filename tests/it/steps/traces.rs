//! What commands write.

use std::sync::Arc;

use gaia::port::{StepFile, StepSpec, Steps};

use super::{Yard, code, says};

const MIB: usize = 1 << 20;

#[test]
fn much_output_is_kept_to_its_limits() {
    let yard = Yard::new();
    let attempt = yard.shell("a", "head -c 10485760 /dev/zero | tr '\\0' x");
    assert_eq!(code(&yard.run(&attempt)), (Some(0), false));
    let length = |name: &str| std::fs::metadata(attempt.folder.join(name)).unwrap().len();
    assert_eq!((length("log"), length("out")), (10 << 20, 1 << 20));

    // The limit holds for what comes by standard error, too, and the command does not notice.
    let line = "head -c 3145728 /dev/zero; head -c 3145728 /dev/zero >&2; echo late; exit 5";
    let attempt = StepSpec { log_limit: 100_000, ..yard.shell("b", line) };
    assert_eq!(code(&yard.run(&attempt)), (Some(5), false));
    let log = std::fs::read(attempt.folder.join("log")).unwrap();
    let words = "\n[gaia] the log has 100000 bytes, the limit; the rest is left out\n";
    assert_eq!(&log[100_000..], words.as_bytes());
    assert_eq!(std::fs::metadata(attempt.folder.join("out")).unwrap().len(), 1 << 20);
}

#[test]
fn bytes_of_any_kind_come_as_they_are() {
    let yard = Yard::new();
    let attempt = yard.shell("a", r#"printf '\377\000\001\n\200'; printf '\376' >&2"#);
    assert_eq!(code(&yard.run(&attempt)), (Some(0), false));
    let steps = yard.runtime.block_on(async { yard.steps() });
    let out = yard.wait(steps.file(&attempt.folder, StepFile::Out, MIB)).unwrap().unwrap();
    assert_eq!(out, [0xff, 0, 1, b'\n', 0x80]);
    let log = yard.wait(steps.log(&attempt.folder, 0, MIB)).unwrap();
    assert_eq!(log.end, 6);
    assert!(log.bytes.contains(&0xfe));
}

#[test]
fn what_a_command_puts_in_place_of_its_files_is_not_followed() {
    let yard = Yard::new();
    let line = r#"rm "$GAIA_STEP/output"; ln -s /etc/passwd "$GAIA_STEP/output"
        mkfifo "$GAIA_STEP/out""#;
    let attempt = yard.shell("a", line);
    assert_eq!(code(&yard.run(&attempt)), (Some(0), false));
    let steps = yard.runtime.block_on(async { yard.steps() });
    for which in [StepFile::Out, StepFile::Output] {
        assert_eq!(yard.wait(steps.file(&attempt.folder, which, MIB)).unwrap(), None, "{which:?}");
    }
}

#[test]
fn a_log_that_grows_tells() {
    let yard = Yard::new();
    yard.gate();
    let attempt = yard.shell("a", "echo one; read x < gate; echo two");
    let steps = yard.runtime.block_on(async { Arc::new(yard.steps()) });
    let mut growth = yard.runtime.block_on(async { steps.growth(&attempt.folder) });
    let (own, again) = (Arc::clone(&steps), attempt.clone());
    let run = yard.runtime.spawn(async move { own.run(&again).await });
    yard.wait(growth.wait_for(|length| *length == 4)).unwrap();
    says(&attempt.folder, "one");
    yard.open_gate();
    yard.wait(growth.wait_for(|length| *length == 8)).unwrap();
    assert_eq!(code(&yard.wait(run).unwrap().unwrap()), (Some(0), false));
    yard.wait(async { while growth.changed().await.is_ok() {} });
    assert_eq!(yard.wait(steps.log(&attempt.folder, 4, MIB)).unwrap().bytes, b"two\n");
}
