//! Recorded screens of real programs against the rules of their makes.
//!
//! A recording is what a program wrote (`NAME.ansi`) and what it was really doing at chosen
//! moments (`NAME.toml`), as the server that answered it knew. Misses that are known are listed.

#![allow(clippy::expect_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::Path;

use gaia::agent::driver::Driver;
use gaia::agent::evidence::{Composer, Rules, Screen, Sign, State, Watch, judge};
use gaia::base::Moment;

/// Moments that no rule can read from the screen: (recording, moment), the reason.
const KNOWN: &[((&str, usize), &str)] = &[
    (("codex/wait", 0), "it shows the same `Working` while it waits for an hour before it retries"),
    (("gemini/retry", 0), "it shows the same `Thinking` while it retries"),
];

#[derive(serde::Deserialize)]
struct Recording {
    cols: u16,
    rows: u16,
    moment: Vec<Truth>,
}

#[derive(serde::Deserialize)]
struct Truth {
    at: usize,
    is: String,
    what: String,
    draft: Option<String>,
}

fn rules(make: &str) -> Rules {
    let path = format!("drivers/{make}.toml");
    let text = std::fs::read_to_string(&path).expect("the make has a driver");
    let driver = Driver::load(&path, &text).unwrap_or_else(|faults| panic!("{}", faults[0].show()));
    driver.rules().expect("the make has rules").clone()
}

/// All recordings of a make, by name.
fn recordings(make: &str) -> Vec<(String, Recording, Vec<u8>)> {
    let folder = format!("tests/screens/{make}");
    let mut all = Vec::new();
    for entry in Path::new(&folder).read_dir().expect("the make has recordings") {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_some_and(|kind| kind == "toml") {
            let text = std::fs::read_to_string(&path).expect("labels can be read");
            let bytes = std::fs::read(path.with_extension("ansi")).expect("bytes can be read");
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let labels = toml::from_str(&text).expect("labels are well formed");
            all.push((format!("{make}/{}", name.unwrap_or_default()), labels, bytes));
        }
    }
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

const MAKES: [&str; 6] = ["claude", "codex", "gemini", "opencode", "qwen", "command"];

/// What the person typed, as far as the input line must tell it.
fn draft_fits(truth: Option<&String>, seen: &Composer) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match (truth, seen) {
        (None, _) => true,
        (Some(draft), Composer::Absent | Composer::Empty) => draft.is_empty(),
        (Some(draft), Composer::Draft(text)) => {
            let (draft, text) = (plain(draft), plain(text));
            draft == text || (!draft.is_empty() && text.starts_with("[Pasted"))
        }
    }
}

fn kind(state: &State) -> String {
    match state {
        State::Limited { .. } => "limited".to_owned(),
        other => other.to_string(),
    }
}

fn table(make: &str, counts: &BTreeMap<(String, String), usize>) -> String {
    let mut text = format!("{make}: is → judged\n");
    for ((truth, seen), count) in counts {
        let mark = if truth == seen { "" } else { "   <- miss" };
        text.push_str(&format!("  {truth:<20} → {seen:<20} {count:>3}{mark}\n"));
    }
    text
}

#[test]
fn every_recorded_screen_is_read_right() {
    let mut total = BTreeMap::new();
    let mut missed = Vec::new();
    for make in MAKES {
        let (rules, mut counts) = (rules(make), BTreeMap::new());
        for (name, recording, bytes) in recordings(make) {
            let mut screen = Screen::new(recording.cols, recording.rows);
            let mut fed = 0;
            for (place, truth) in recording.moment.iter().enumerate() {
                screen.feed(&bytes[fed..truth.at]);
                fed = truth.at;
                let seen = judge(&rules, &screen);
                let pair = (truth.is.clone(), kind(&seen.state));
                let known = KNOWN.iter().any(|(at, _)| *at == (name.as_str(), place));
                let right = pair.0 == pair.1 && draft_fits(truth.draft.as_ref(), &seen.composer);
                if right == known {
                    missed.push(format!(
                        "{name} moment {place} ({}): {} was judged {} by `{}`, composer {:?}\n{}\n{}",
                        truth.what, pair.0, pair.1, seen.rule, seen.composer,
                        screen.title().unwrap_or_default(), screen.lines().join("\n"),
                    ));
                }
                *counts.entry(pair.clone()).or_insert(0) += 1;
                *total.entry(pair).or_insert(0) += 1;
            }
        }
        println!("{}", table(make, &counts));
    }
    println!("{}", table("all", &total));
    for ((name, place), why) in KNOWN {
        println!("known miss: {name} moment {place}: {why}");
    }
    assert!(missed.is_empty(), "{} misjudged:\n\n{}", missed.len(), missed.join("\n\n"));
}

/// Plays a recording in pieces as a daemon would see them, each 20 ms after the last; tells every
/// state that stood, and which stood half a second after each moment.
fn play(rules: &Rules, recording: &Recording, bytes: &[u8]) -> (Vec<State>, Vec<State>) {
    let mut screen = Screen::new(recording.cols, recording.rows);
    let mut watch = Watch::new(rules.silence_ms, Moment(0));
    let (mut fed, mut now, mut all, mut at_moments) = (0, 0, Vec::new(), Vec::new());
    for truth in &recording.moment {
        for piece in bytes[fed..truth.at].chunks(700) {
            now += 20;
            screen.feed(piece);
            watch.take(Sign::Output, Moment(now));
            watch.take(Sign::Judged(judge(rules, &screen)), Moment(now));
            all.push(watch.standing().state.clone());
        }
        fed = truth.at;
        for _ in 0..5 {
            now += 300;
            watch.take(Sign::Judged(judge(rules, &screen)), Moment(now));
        }
        at_moments.push(watch.standing().state.clone());
    }
    (all, at_moments)
}

#[test]
fn the_watch_comes_to_the_truth_through_half_painted_pictures() {
    for make in MAKES {
        let rules = rules(make);
        for (name, recording, bytes) in recordings(make) {
            let (_, at_moments) = play(&rules, &recording, &bytes);
            for (place, (truth, seen)) in recording.moment.iter().zip(&at_moments).enumerate() {
                let known = KNOWN.iter().any(|(at, _)| *at == (name.as_str(), place));
                // Before the first state that can be read, a program is starting.
                let seen = if *seen == State::Starting { "unknown".to_owned() } else { kind(seen) };
                let late = truth.is == "unknown";
                assert!(late || (truth.is == seen) != known, "{name} moment {place}: {seen}");
            }
        }
    }
}

#[test]
fn nothing_asks_for_a_person_where_nobody_was_asked() {
    for make in MAKES {
        let rules = rules(make);
        for (name, recording, bytes) in recordings(make) {
            let asked = |truth: &Truth| truth.is.starts_with("waiting") || truth.is == "limited";
            if recording.moment.iter().any(asked) {
                continue;
            }
            let (all, _) = play(&rules, &recording, &bytes);
            let false_alarm = all.iter().find(|state| matches!(state, State::Waiting(_)));
            assert_eq!(false_alarm, None, "{name}");
        }
    }
}
