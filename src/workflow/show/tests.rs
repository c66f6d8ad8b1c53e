use serde_json::json;

use super::{
    block, dot, explain, implied, line, mermaid,
    sample::{SHIP, Story, definition, night},
    terminal,
};
use crate::verb::Ui;

const PLAIN: Ui = Ui { colour: false, width: Some(80) };

#[test]
fn a_workflow_is_drawn_in_layers() {
    insta::assert_snapshot!(terminal(&definition(SHIP), None, &PLAIN));
}

#[test]
fn a_run_is_drawn_with_the_state_of_each_step() {
    let story = night();
    insta::assert_snapshot!(terminal(&story.definition, Some(&story.view()), &PLAIN));
}

#[test]
fn what_is_too_big_to_be_drawn_is_a_list() {
    let mut steps = SHIP.split_once("finally:").unwrap().0.to_owned();
    for number in 0..30 {
        let need = number % 7;
        steps += &match number {
            0..7 => format!("  - {{id: extra-{number}, needs: announce, run: 'true'}}\n"),
            _ => format!("  - {{id: extra-{number}, needs: extra-{need}, run: 'true'}}\n"),
        };
    }
    let text = terminal(&definition(&steps), None, &PLAIN);
    assert!(text.lines().all(|line| super::escape::width(line) <= 80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_drawing_fits_the_terminal() {
    let story = night();
    for wide in [60, 80, 100, 160] {
        let ui = Ui { colour: false, width: Some(wide) };
        let text = terminal(&story.definition, Some(&story.view()), &ui);
        let widest = text.lines().map(super::escape::width).max().unwrap();
        assert!(widest <= usize::from(wide), "{widest} > {wide}\n{text}");
    }
}

#[test]
fn every_to_every_and_long_lines_are_drawn_apart() {
    let text = "steps:
  - {id: a, run: 'true'}
  - {id: b, run: 'true'}
  - {id: c, run: 'true', needs: [a, b]}
  - {id: d, run: 'true', needs: [a, b]}
  - {id: e, run: 'true', needs: [a]}
  - {id: f, run: 'true', needs: [c, e]}
  - {id: g, run: 'true', needs: [d, f, a]}
  - {id: alone, run: 'true'}
";
    insta::assert_snapshot!(terminal(&definition(text), None, &PLAIN));
}

#[test]
fn what_is_too_tangled_to_be_followed_is_a_list() {
    let mut text = "steps:\n  - {id: start, run: 'true'}\n".to_owned();
    for n in 0..14 {
        text += &format!("  - {{id: check-number-{n}, run: 'true', needs: start}}\n");
    }
    for n in 0..6 {
        let (a, b) = (n + 3, 12 - n);
        let needs = format!("[check-number-{n}, check-number-{a}, check-number-{b}]");
        text += &format!("  - {{id: merge-{n}, run: 'true', needs: {needs}}}\n");
    }
    let drawn = terminal(&definition(&text), None, &PLAIN);
    assert!(drawn.contains("← check-number-5, check-number-8, check-number-7"), "{drawn}");
}

#[test]
fn colours_are_only_for_those_who_want_them() {
    let story = night();
    let plain = terminal(&story.definition, Some(&story.view()), &PLAIN);
    let ui = Ui { colour: true, width: Some(80) };
    let coloured = terminal(&story.definition, Some(&story.view()), &ui);
    assert!(!plain.contains('\x1b') && coloured.contains("\x1b[1;31m"));
    assert_eq!(crate::base::plain(&coloured), plain);
}

#[test]
fn drawings_for_other_programs() {
    let story = night();
    insta::assert_snapshot!("mermaid", mermaid(&story.definition, Some(&story.view())));
    insta::assert_snapshot!("dot", dot(&story.definition, Some(&story.view())));
}

#[test]
fn names_of_strangers_do_not_leave_their_labels() {
    let mut evil = definition("steps:\n  - {id: a, run: 'true'}\n");
    evil.steps[0].id = "x\"]; click s0 \"y\"\n\u{1b}[31m<b>".to_owned();
    let mermaid = mermaid(&evil, None);
    assert_eq!(mermaid, "flowchart TD\n  s0[\"x#34;#93;#59; click s0 #34;y#34; #60;b#62;\"]\n");
    let dot = dot(&evil, None);
    assert!(dot.contains("label=\"x\\\"]; click s0 \\\"y\\\" <b>\""), "{dot}");
    assert!(!terminal(&evil, None, &PLAIN).contains('\x1b'));
}

#[test]
fn progress_in_a_line() {
    let story = night();
    let view = story.view();
    insta::assert_snapshot!(line(&view, story.now()));
    let mut early = Story::of(SHIP, json!({"target": "staging"}));
    early.begin(&["checkout"]).after(2).done("checkout", json!({}), 0);
    early.begin(&["install"]).after(40);
    insta::assert_snapshot!("an_early_line", line(&early.view(), early.now()));
}

#[test]
fn progress_in_a_block() {
    let story = night();
    insta::assert_snapshot!(block(&story.view(), &PLAIN, story.now()));
}

#[test]
fn a_definition_in_plain_words() {
    insta::assert_snapshot!(explain(&definition(SHIP)));
}

#[test]
fn the_table_of_what_is_implied_holds_for_a_workflow_that_says_nothing() {
    let text = "
steps:
  - {id: a, run: 'true'}
  - {id: b, agent: x, prompt: y, for_each: [1], needs: a}
  - {id: c, approval: ok, loop: {until: c.approved, max_iterations: 2}}
";
    let words = explain(&definition(text));
    for said in [
        "At most 16 commands run at a time",
        "Any number of runs of it may be under way",
        "A run may take as long as it takes",
        "whatever does not need it goes on",
        "It has no budget of its own",
        "Begins at once: it needs nothing",
        "Tried once",
        "An attempt may take as long as it takes",
        "If it fails, the run fails",
        "If nobody knows how it ended, a person says what is done",
        "all at a time",
        "well when all are over, even if some failed; a failure of one means nothing",
        "after that, it fails",
        "in /bin/sh, in the workspace",
        "up to 1500 tokens",
        "It waits for an answer as long as it takes",
        "A no is a failure",
    ] {
        assert!(words.contains(said), "{said}\n{words}");
    }
    assert!(implied().lines().all(|line| super::escape::width(line) <= 140));
}
