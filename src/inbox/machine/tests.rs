use super::*;
use crate::inbox::model::Kind;

fn who() -> Who {
    Who { by: "ann".into(), via: "cli".into() }
}

fn item(kind: Kind, options: &[&str]) -> Item {
    let option = |id: &&str| Choice { id: (*id).into(), words: format!("do {id}") };
    let options = options.iter().map(option).collect();
    let new = NewItem { options, ..NewItem::new(kind, "which way?") };
    raise(new, ItemId::new(1, 1), Moment(1000)).unwrap()
}

#[test]
fn what_is_an_answer_to_what() {
    let text = || Answer::text("blue");
    let yes = || Answer::verdict(true, None);
    let first = || Answer::option("1");
    for (kind, options, given, stored) in [
        (Kind::Question, &[][..], text(), Some("blue")),
        (Kind::Question, &[], yes(), None),
        (Kind::Question, &[], first(), None),
        (Kind::Question, &["red", "blue"], first(), Some("red")),
        (Kind::Question, &["red", "blue"], Answer::text("BLUE"), Some("blue")),
        (Kind::Question, &["red", "blue"], Answer::text("green"), Some("green")),
        (Kind::Question, &["red", "blue"], Answer::option("3"), None),
        (Kind::Question, &["red", "blue"], Answer::option("0"), None),
        (Kind::Question, &["3", "2"], Answer::option("2"), Some("2")),
        (Kind::Question, &[], Answer::text("  \n"), None),
        (Kind::Question, &[], Answer::default(), None),
        (Kind::Permission, &[], yes(), Some("yes")),
        (Kind::Permission, &[], text(), None),
        (Kind::Permission, &["once", "always"], Answer::text("always"), Some("always")),
        (
            Kind::Approval,
            &[],
            Answer::verdict(false, Some("no tests".into())),
            Some("no (no tests)"),
        ),
        (Kind::Budget, &[], text(), None),
        (Kind::Conflict, &[], text(), Some("blue")),
        (Kind::Conflict, &["ours"], yes(), Some("yes")),
        (Kind::Fence, &[], yes(), Some("yes")),
        (Kind::Delivery, &[], yes(), Some("yes")),
    ] {
        let item = item(kind, options);
        let case = format!("{kind:?} {options:?} {given:?}");
        match (answer(&item, given, who(), Moment(2000)), stored) {
            (Ok(item), Some(stored)) => assert_eq!(item.answer().unwrap().show(), stored, "{case}"),
            (Err(refusal), None) => {
                assert_eq!((refusal.code, refusal.help.is_some()), (Code::Invalid, true), "{case}");
            }
            (found, _) => panic!("{case}: {found:?}"),
        }
    }
}

#[test]
fn what_is_closed_stays_as_it_is() {
    let open = item(Kind::Question, &[]);
    let first = answer(&open, Answer::text("blue"), who(), Moment(2000)).unwrap();
    let again = answer(&first, Answer::text("red"), who(), Moment(3000)).unwrap_err();
    assert_eq!(again.code, Code::Failed);
    assert!(again.message.contains("was answered by ann (cli)"), "{again}");
    assert!(again.message.ends_with(": blue"), "{again}");
    assert!(withdraw(&first, "late", Moment(3000)).is_err());
    assert_eq!(expire(&Item { expires: Some(Moment(1)), ..first }, Moment(3000)), None);
    let gone = withdraw(&open, "the task ended", Moment(2000)).unwrap();
    let late = answer(&gone, Answer::text("x"), who(), Moment(3000)).unwrap_err();
    assert!(late.message.contains("withdrawn") && late.message.ends_with("the task ended"));
}

#[test]
fn time_takes_the_answer_that_was_named_for_it() {
    let new = NewItem {
        expires: Some(Moment(5000)),
        on_expiry: Some(Answer::verdict(false, None)),
        ..NewItem::new(Kind::Approval, "deploy?")
    };
    let item = raise(new.clone(), ItemId::new(1, 1), Moment(1000)).unwrap();
    assert_eq!(expire(&item, Moment(4999)), None);
    let over = expire(&item, Moment(5000)).unwrap();
    assert_eq!(over.answer(), Some(&Answer::verdict(false, None)));
    let late = answer(&over, Answer::verdict(true, None), who(), Moment(6000)).unwrap_err();
    assert!(late.message.contains("expired") && late.message.ends_with("answer: no"), "{late}");
    let nonsense = NewItem { on_expiry: Some(Answer::text("maybe")), ..new };
    assert!(raise(nonsense, ItemId::new(1, 2), Moment(1)).is_err());
}

#[test]
fn text_that_a_terminal_would_obey_is_only_text() {
    let new = NewItem {
        body: "a\x1b[2Jb\x07\r\nc".into(),
        ..NewItem::new(Kind::Question, "\x1b]0;evil\x07title\nmore")
    };
    let item = raise(new, ItemId::new(1, 1), Moment(1)).unwrap();
    assert_eq!((item.title.as_str(), item.body.as_str()), ("title", "ab\nc"));
    for title in ["", " \n", "\x1b[31m"] {
        assert!(raise(NewItem::new(Kind::Fence, title), ItemId::new(1, 1), Moment(1)).is_err());
    }
}

#[test]
fn a_reply_in_words_is_read_as_a_person_means_it() {
    let (question, approval) = (item(Kind::Question, &["red", "blue"]), item(Kind::Approval, &[]));
    let budget = item(Kind::Budget, &[]);
    for (item, reply, read) in [
        (&approval, "Yes", Answer::verdict(true, None)),
        (&approval, "no, the tests fail", Answer::verdict(false, Some("the tests fail".into()))),
        (&approval, "hm", Answer::text("hm")),
        (&question, "yes", Answer::text("yes")),
        (&question, "2", Answer::text("2")),
        (&budget, "ok", Answer::verdict(true, None)),
        (
            &budget,
            "no more than 5 dollars",
            Answer::verdict(false, Some("more than 5 dollars".into())),
        ),
    ] {
        assert_eq!(read_reply(item, reply), read, "{reply}");
    }
    let chosen = answer(&question, read_reply(&question, "2"), who(), Moment(2)).unwrap();
    assert_eq!(chosen.answer().unwrap().option.as_deref(), Some("blue"));
}
