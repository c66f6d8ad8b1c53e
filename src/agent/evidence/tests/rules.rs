use super::super::{Composer, Rules, Screen, State, explain, judge};

const RULES: &str = r"
[evidence]
silence = '90s'
turn = '^> \S'
ticking = ['^\* thinking']

[evidence.composer]
below = '^----'
first = '^> ?(.*)$'
next = '^  (.*)$'
above = '^----'
ghost = '^Ask me'

[[evidence.rule]]
name = 'limit'
is = 'limited'
in = 'turn'
any = ['limit reached']
until = 'until\s+([^.]+)'

[[evidence.rule]]
name = 'title'
is = 'working'
in = 'title'
any = ['^busy']

[[evidence.rule]]
name = 'thinking'
is = 'working'
in = 'bottom(4)'
all = ['^\* ', 'thinking']
not = ['paused']

[[evidence.rule]]
name = 'error'
is = 'failed'
in = 'turn'
any = ['^error: ']

[[evidence.rule]]
name = 'ready'
is = 'idle'
in = 'composer'
any = ['^']
";

fn rules(text: &str) -> Rules {
    Rules::parse("driver.toml", text).expect("these rules are good")
}

fn screen(text: &str) -> Screen {
    let mut screen = Screen::new(60, 20);
    screen.feed(text.replace('\n', "\r\n").as_bytes());
    screen
}

fn judged(text: &str) -> (String, String, String) {
    let seen = judge(&rules(RULES), &screen(text));
    (seen.state.to_string(), seen.rule, seen.evidence)
}

fn is(state: &str, rule: &str, evidence: &str) -> (String, String, String) {
    (state.to_owned(), rule.to_owned(), evidence.to_owned())
}

#[test]
fn the_first_rule_that_fits_counts_and_shows_its_line() {
    let table = [
        ("----\n> \n----\n", is("idle", "ready", "")),
        ("* thinking 3 s\n----\n> \n----\n", is("working", "thinking", "* thinking 3 s")),
        ("* thinking, paused\n----\n> \n----\n", is("idle", "ready", "")),
        ("\x1b]0;busy now\x07----\n> \n----\n", is("working", "title", "busy now")),
        ("> go\nerror: no\n----\n> \n----\n", is("failed", "error", "error: no")),
        ("> go\nerror: no\n> again\nfine\n----\n> \n----\n", is("idle", "ready", "")),
        ("nothing of ours", is("unknown", "none", "")),
        ("", is("unknown", "none", "")),
    ];
    for (text, expected) in table {
        assert_eq!(judged(text), expected, "{text}");
    }
}

#[test]
fn the_end_of_a_limit_is_read_over_the_end_of_a_line() {
    let seen = judged("> go\nlimit reached, wait until\n  5 pm. Bye\n----\n> \n----\n");
    assert_eq!(seen.0, "limited(until 5 pm)");
    assert_eq!(judged("> go\nlimit reached\n----\n> \n----\n").0, "limited");
}

#[test]
fn a_draft_is_what_a_person_typed_and_nothing_else() {
    let table = [
        ("----\n> \n----", Composer::Empty),
        ("----\n> Ask me anything\n----", Composer::Empty),
        ("----\n> \x1b[2msome faint hint\x1b[0m\n----", Composer::Empty),
        ("----\n> \x1b[7mT\x1b[0m\x1b[2mry this\x1b[0m\n----", Composer::Empty),
        ("----\n> half a\n----", Composer::Draft("half a".into())),
        ("----\n> one\n  two\n\x20\x20\n  four\n----", Composer::Absent),
        ("----\n> one\n  two\n----", Composer::Draft("one\ntwo".into())),
        ("----\n> 日本\n----", Composer::Draft("日本".into())),
        ("no line above\n> one\n----", Composer::Absent),
        ("----\nno input\n----", Composer::Absent),
        ("----\n> cut off by the lower end", Composer::Absent),
    ];
    for (text, expected) in table {
        assert_eq!(judge(&rules(RULES), &screen(text)).composer, expected, "{text}");
    }
}

#[test]
fn what_ticks_is_no_progress() {
    let moved = |text: &str| judge(&rules(RULES), &screen(text)).moved;
    let first = moved("> go\n* thinking 1 s\n----\n> \n----\n");
    assert_eq!(first, moved("> go\n* thinking 2 s\n----\n> \n----\n"));
    assert_eq!(first, moved("> go\n* thinking 2 s\n----\n> a person types\n----\n"));
    assert_ne!(first, moved("> go\na word\n* thinking 2 s\n----\n> \n----\n"));
}

/// What is wrong with a text, with line and column.
fn faults(text: &str) -> Vec<String> {
    let faults = Rules::parse("d.toml", text).expect_err("it is wrong");
    faults.iter().map(|fault| fault.show().lines().next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn bad_rules_are_told_with_their_place() {
    let rule = |more: &str| format!("[[evidence.rule]]\nname = 'x'\n{more}\n");
    let table = [
        (rule("is = 'busy'\nin = 'whole'\nany = ['a']"), "d.toml:3:6: there is no state `busy`"),
        (rule("is = 'idle'\nin = 'top'\nany = ['a']"), "d.toml:4:6: there is no region `top`"),
        (
            rule("is = 'idle'\nin = 'bottom(0)'\nany = ['a']"),
            "d.toml:4:6: there is no region `bottom(0)`",
        ),
        (
            rule("is = 'idle'\nin = 'whole'\nany = ['a', '(']"),
            "d.toml:5:13: this pattern is wrong: unclosed group",
        ),
        (rule("is = 'idle'\nin = 'whole'"), "d.toml:1:1: rule `x` looks for nothing"),
        (
            "[evidence.composer]\nbelow = '-'\n".to_owned(),
            "d.toml:2:9: the composer cannot be found like this",
        ),
        ("[evidence]\nsilence = 'long'\n".to_owned(), "d.toml:2:11: `long` is no span of time"),
    ];
    for (text, expected) in table {
        assert_eq!(faults(&text), vec![expected.to_owned()], "{text}");
    }
}

#[test]
fn all_faults_are_told_at_once_and_unknown_keys_with_what_was_meant() {
    let rule = "[[evidence.rule]]\nname = 'x'\nis = 'no'\nin = 'no'\nany = ['[']\n";
    assert_eq!(faults(&format!("{rule}{rule}")).len(), 7);
    let fault = Rules::parse("d.toml", "[evidence]\ntunr = 'x'\n").expect_err("no such key");
    assert!(fault[0].show().contains("did you mean `turn`?"), "{}", fault[0].show());
}

#[test]
fn a_file_without_rules_judges_nothing() {
    let rules = rules("[evidence]\n");
    assert_eq!(judge(&rules, &screen("$ ")).state, State::Unknown);
    assert_eq!(rules.silence_ms, 300_000);
}

#[test]
fn every_rule_can_say_why_it_fits_or_does_not() {
    let all = explain(&rules(RULES), &screen("> go\nerror: no\n----\n> half\n----\n"));
    let said: Vec<(&str, String, Option<&str>)> = all
        .iter()
        .map(|(rule, state, line)| (rule.as_str(), state.to_string(), line.as_deref()))
        .collect();
    let expected = [
        ("limit", "limited".to_owned(), None),
        ("title", "working".to_owned(), None),
        ("thinking", "working".to_owned(), None),
        ("error", "failed".to_owned(), Some("error: no")),
        ("ready", "idle".to_owned(), Some("half")),
    ];
    assert_eq!(said, expected);
}
