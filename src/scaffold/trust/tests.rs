use super::{Trusted, Wanted};
use crate::base::Code;

fn wanted(source: &str, commands: &[&[&str]]) -> Wanted {
    let commands = commands.iter().map(|c| c.iter().map(|w| (*w).to_owned()).collect()).collect();
    Wanted { template: "t".into(), source: source.into(), tree: "00".into(), commands }
}

#[test]
fn only_exactly_what_was_allowed_is_trusted() {
    let url = "https://example.com/good/t.git";
    let said = wanted(url, &[&["make", "setup"], &["true"]]);
    let mut trusted = Trusted::default();
    trusted.allow(&said);
    assert!(trusted.allows(&said));
    let others = [
        wanted(url, &[&["make", "setup"], &["false"]]),
        wanted(url, &[&["make", "setup"]]),
        wanted(url, &[&["make"], &["setup", "true"]]),
        wanted(url, &[&["make setup"], &["true"]]),
        wanted(url, &[&["true"], &["make", "setup"]]),
        // A trusted beginning of an address does not help what goes up from it.
        wanted("https://example.com/good/../evil/t.git", &[&["make", "setup"], &["true"]]),
        wanted("https://example.com/good/%2e%2e/evil/t.git", &[&["make", "setup"], &["true"]]),
        wanted("https://example.com/good/t.git/", &[&["make", "setup"], &["true"]]),
        Wanted { tree: "01".into(), ..said.clone() },
    ];
    for other in others {
        assert!(!trusted.allows(&other), "{other:?}");
    }
}

#[test]
fn the_record_is_read_back_and_a_broken_one_trusts_nothing() {
    let said = wanted("/t", &[&["a", ""]]);
    let mut trusted = Trusted::default();
    trusted.allow(&said);
    let bytes = trusted.write().unwrap();
    assert_eq!(Trusted::read(Some(&bytes)).unwrap(), trusted);
    assert_eq!(Trusted::read(None).unwrap(), Trusted::default());
    assert!(Trusted::read(Some(b"{")).is_err());
}

#[test]
fn commands_are_shown_so_that_nothing_hides() {
    let sly = wanted("https://x/\u{1b}[2K", &[&["echo", "a b", "\u{1b}[1A\r", "\u{202e}hs"]]);
    let refusal = sly.refusal();
    assert_eq!(refusal.code, Code::Denied);
    assert!(!refusal.message.replace('\n', "").contains(char::is_control), "{refusal}");
    assert!(refusal.message.contains("echo 'a b' '\\u{1b}[1A\\u{d}'"), "{refusal}");
    assert!(refusal.message.contains("\\u{202e}hs"), "{refusal}");
}
