//! Outputs of the real programs, recorded on a pseudo terminal, and what is made of them.

use super::{Class, Outcome, Reader, Sign, Tokens};
use crate::agent::driver::{Driver, builtin};

type Exit = (Option<i32>, Option<i32>);

const fn code(code: i32) -> Exit {
    (Some(code), None)
}

const fn signal(signal: i32) -> Exit {
    (None, Some(signal))
}

fn run(make: &str, case: &str, exit: Exit, piece: usize) -> (Vec<Sign>, Outcome) {
    let bytes = disk::bytes(make, case);
    let driver = Driver::load(make, builtin(make).unwrap()).unwrap();
    let mut reader = Reader::new(&driver);
    let signs = bytes.chunks(piece).flat_map(|piece| reader.feed(piece)).collect();
    (signs, reader.end(Some(exit)))
}

/// Make, case, how the process ended, what that is, and a piece of the reason.
const RECORDED: &[(&str, &str, Exit, Class, &str)] = &[
    ("aider", "auth401", code(0), Class::Auth, "litellm.AuthenticationError"),
    ("aider", "dropped", code(0), Class::Transient, "Connection"),
    ("aider", "limit429", code(0), Class::Limited, "scripted rate limit"),
    ("aider", "over529", code(0), Class::Transient, "litellm."),
    ("aider", "success", code(0), Class::Done, ""),
    ("claude", "auth401", code(1), Class::Auth, "401 scripted bad key"),
    ("claude", "budget", code(1), Class::Budget, "maximum budget"),
    ("claude", "denied", code(0), Class::Done, ""),
    ("claude", "denied328", code(0), Class::Done, ""),
    ("claude", "down500", code(1), Class::Transient, "500 scripted"),
    ("claude", "dropped", code(1), Class::Transient, "ECONNRESET"),
    ("claude", "interrupted", code(1), Class::Killed, ""),
    ("claude", "interrupted328", code(0), Class::Killed, ""),
    ("claude", "limit429", code(1), Class::Limited, "scripted usage limit"),
    ("claude", "no-session", code(1), Class::Failed, "No conversation found"),
    ("claude", "over529", code(1), Class::Transient, "529 scripted"),
    ("claude", "overflow", code(1), Class::Overflow, "Prompt is too long"),
    ("claude", "resumed", code(0), Class::Done, ""),
    ("claude", "resumed328", code(0), Class::Done, ""),
    ("claude", "success", code(0), Class::Done, ""),
    ("claude", "success328", code(0), Class::Done, ""),
    ("claude", "terminated", code(143), Class::Killed, "signal 15"),
    ("claude", "turns", code(1), Class::Turns, "number of turns (2)"),
    ("codex", "auth401", code(1), Class::Auth, "401 Unauthorized"),
    ("codex", "denied", code(0), Class::Done, ""),
    ("codex", "denied-by-hook", code(0), Class::Done, ""),
    ("codex", "down500", code(1), Class::Transient, "high demand"),
    ("codex", "dropped", code(1), Class::Transient, "stream disconnected"),
    ("codex", "interrupted", code(1), Class::Crashed, "code 1 and without"),
    ("codex", "limit3600", signal(9), Class::Killed, "signal 9"),
    ("codex", "limit429", code(1), Class::Limited, "last status: 429"),
    ("codex", "over529", code(1), Class::Transient, "status 529"),
    ("codex", "overflow", code(1), Class::Overflow, "context window"),
    ("codex", "resumed", code(0), Class::Done, ""),
    ("codex", "success", code(0), Class::Done, ""),
    ("codex", "terminated", signal(15), Class::Killed, "signal 15"),
    ("gemini", "auth401", code(145), Class::Auth, "scripted bad key"),
    ("gemini", "denied", code(0), Class::Done, ""),
    ("gemini", "dropped", code(1), Class::Transient, "Error when talking"),
    ("gemini", "limit3600", code(173), Class::Limited, "3600s"),
    ("gemini", "limit429", code(173), Class::Limited, "scripted rate limit"),
    ("gemini", "over529", code(17), Class::Transient, "scripted overload"),
    ("gemini", "resumed", code(0), Class::Done, ""),
    ("gemini", "success", code(0), Class::Done, ""),
    ("gemini", "terminated", code(0), Class::Killed, "without a result"),
    ("gemini", "turns", code(53), Class::Turns, "max session turns"),
    ("opencode", "auth401", code(1), Class::Auth, "scripted bad key"),
    ("opencode", "denied", code(0), Class::Done, ""),
    ("opencode", "dropped", code(1), Class::Transient, "socket connection"),
    ("opencode", "limit429", code(1), Class::Limited, "scripted rate limit"),
    ("opencode", "over529", code(1), Class::Transient, "scripted overload"),
    ("opencode", "overflow", signal(9), Class::Overflow, "for ever"),
    ("opencode", "resumed", code(0), Class::Done, ""),
    ("opencode", "success", code(0), Class::Done, ""),
    ("qwen", "auth401", code(0), Class::Auth, "401 scripted"),
    ("qwen", "denied", code(0), Class::Done, ""),
    ("qwen", "dropped", code(0), Class::Transient, "terminated"),
    ("qwen", "limit429", signal(9), Class::Killed, "signal 9"),
    ("qwen", "success", code(0), Class::Done, ""),
];

#[test]
fn every_recorded_run_is_understood() {
    for (make, case, exit, class, why) in RECORDED {
        let (_, outcome) = run(make, case, *exit, 1 << 20);
        assert_eq!(outcome.class, *class, "{make} {case}: {outcome:#?}");
        let told = outcome.why.unwrap_or_default();
        assert!(told.contains(why), "{make} {case}: {told}");
        assert_eq!(told.is_empty(), *class == Class::Done, "{make} {case}: {told}");
    }
}

#[test]
fn what_a_good_run_used_is_counted() {
    let text = Some("Fixed add(); the tests pass.");
    let cached =
        Tokens { input: 4600, output: 180, cache_read: 2600, cache_write: 500, reasoning: 0 };
    // Only one make tells what was written to the cache; the others count it as read anew.
    let plain = Tokens { input: 5100, cache_write: 0, ..cached };
    let rows = [
        ("claude", cached, Some(4), Some(19_155)),
        ("codex", plain, None, None),
        ("gemini", plain, None, None),
        ("opencode", plain, Some(4), Some(18_780)),
        ("qwen", plain, Some(4), None),
    ];
    for (make, tokens, turns, cost) in rows {
        let (signs, outcome) = run(make, "success", code(0), 1 << 20);
        assert_eq!((outcome.text.as_deref(), outcome.tokens), (text, tokens), "{make}");
        assert_eq!((outcome.turns, outcome.cost_micros), (turns, cost), "{make}");
        let session = outcome.session.map(Sign::Session).unwrap();
        assert!(signs.contains(&session), "{make}");
        assert!(signs.contains(&Sign::Text("Now the tests.".into())), "{make}");
        assert_eq!(signs.last(), Some(&Sign::Spent { tokens, cost_micros: cost }), "{make}");
    }
}

#[test]
fn a_conversation_that_went_on_says_what_its_counters_mean() {
    let (_, old) = run("claude", "resumed", code(0), 1 << 20);
    assert_eq!(
        (old.cost_micros, old.cost_cumulative, old.cumulative),
        (Some(19_155), false, false)
    );
    let (_, new) = run("claude", "resumed328", code(0), 1 << 20);
    assert_eq!((new.cost_micros, new.cost_cumulative, new.cumulative), (Some(57_465), true, false));
    let (_, codex) = run("codex", "resumed", code(0), 1 << 20);
    assert_eq!((codex.tokens.output, codex.cumulative), (360, true));
    for make in ["gemini", "opencode"] {
        let (_, other) = run(make, "resumed", code(0), 1 << 20);
        assert_eq!((other.tokens.output, other.cumulative), (180, false), "{make}");
    }
}

#[test]
fn what_was_denied_is_told() {
    let tries = |make| run(make, "denied", code(0), 1 << 20).1.denials;
    let both = |tool: &str| {
        vec![
            format!("{tool} git commit --allow-empty -m 'made by the agent'"),
            format!("{tool} git push origin HEAD"),
        ]
    };
    assert_eq!(tries("claude"), both("Bash"));
    assert_eq!(tries("opencode"), both("bash"));
    assert_eq!(tries("gemini").len(), 2);
    assert_eq!(tries("qwen"), both("run_shell_command"));
    let (_, hook) = run("codex", "denied-by-hook", code(0), 1 << 20);
    assert_eq!(hook.denials, ["git push origin HEAD"]);
    assert!(tries("codex")[1].contains("git push origin HEAD"), "{:?}", tries("codex"));
}

#[test]
fn a_run_that_was_killed_while_it_waited_says_for_what() {
    let (signs, outcome) = run("codex", "limit3600", signal(9), 1 << 20);
    assert!(matches!(signs.last(), Some(Sign::Retrying { .. })), "{signs:?}");
    assert_eq!(outcome.before_kill, Some(Class::Limited));
    let (_, gemini) = run("gemini", "limit3600", code(173), 1 << 20);
    assert_eq!(gemini.after_s, Some(3600));
}

#[test]
fn how_the_output_is_cut_into_pieces_does_not_matter() {
    for (make, case, exit, _, _) in RECORDED {
        assert_eq!(run(make, case, *exit, 1 << 20), run(make, case, *exit, 7), "{make} {case}");
    }
}

#[test]
fn every_recorded_run_has_a_row() {
    for (make, case) in disk::cases() {
        let row = RECORDED.iter().find(|row| (row.0, row.1) == (make.as_str(), case.as_str()));
        assert!(row.is_some(), "{make}/{case} has no row");
    }
}

/// The folder with the recordings.
#[cfg(test)]
mod disk {
    use std::{fs, path::PathBuf};

    fn root() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/outputs")
    }

    pub(super) fn bytes(make: &str, case: &str) -> Vec<u8> {
        fs::read(root().join(make).join(format!("{case}.txt"))).unwrap()
    }

    pub(super) fn cases() -> Vec<(String, String)> {
        let names = |path: PathBuf| {
            fs::read_dir(path)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        };
        let files = |make: String| {
            let cases = names(root().join(&make)).map(move |file| file.replace(".txt", ""));
            cases.map(move |case| (make.clone(), case)).collect::<Vec<_>>()
        };
        names(root()).flat_map(files).collect()
    }
}
