use super::*;
use crate::{base::Code, inbox::State, port::StoreError};

#[tokio::test]
async fn an_item_is_raised_answered_once_and_told_to_whoever_waits() {
    let (inbox, ledger) = Home::new().start().await;
    let id = inbox.raise(question("which port?")).await.unwrap();
    let waiting = tokio::spawn({
        let (inbox, id) = (inbox.clone(), id.clone());
        async move { inbox.wait(&id).await.unwrap() }
    });
    let first = inbox.answer(&id, Answer::text("8080"), who("ann")).await.unwrap();
    let second = inbox.answer(&id, Answer::text("9090"), who("bob")).await.unwrap_err();
    assert_eq!(second.code, Code::Failed);
    assert!(second.message.contains("ann") && second.message.ends_with("8080"), "{second}");
    assert_eq!(waiting.await.unwrap(), first);
    assert_eq!(first.answer(), Some(&Answer::text("8080")));
    let kinds: Vec<String> =
        ledger.entries(0, 99).unwrap().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, ["inbox.raised", "inbox.answered"]);
    assert_eq!(facts(&ledger, "inbox.answered", 1).await[0].body["by"], "ann");
}

#[tokio::test]
async fn of_many_answers_at_once_one_is_taken() {
    let (inbox, ledger) = Home::new().start().await;
    let id = inbox.raise(NewItem::new(Kind::Approval, "deploy?")).await.unwrap();
    let answers = (0..50).map(|at| {
        let answer = Answer::verdict(at % 2 == 0, None);
        let (inbox, id) = (inbox.clone(), id.clone());
        tokio::spawn(async move { inbox.answer(&id, answer, who(&at.to_string())).await.is_ok() })
    });
    let taken = futures_util::future::join_all(answers).await;
    assert_eq!(taken.into_iter().filter(|one| *one.as_ref().unwrap()).count(), 1);
    assert_eq!(facts(&ledger, "inbox.answered", 0).await.len(), 1);
}

#[tokio::test]
async fn the_same_key_raises_one_item_also_after_a_crash() {
    let home = Home::new();
    let new = || NewItem { key: Some("task 7, step 2".into()), ..question("go on?") };
    let (inbox, _) = home.start().await;
    let id = inbox.raise(new()).await.unwrap();
    assert_eq!(inbox.raise(new()).await.unwrap(), id);
    drop(inbox);
    let (inbox, ledger) = home.start().await;
    assert_eq!(open(&inbox), ["go on?"]);
    assert_eq!(inbox.raise(new()).await.unwrap(), id);
    inbox.answer(&id, Answer::text("yes"), who("ann")).await.unwrap();
    // Whoever asks again after the answer gets the answer.
    let again = inbox.raise(new()).await.unwrap();
    assert_eq!(closed(&inbox, &again).await.answer(), Some(&Answer::text("yes")));
    assert_eq!(facts(&ledger, "inbox.raised", 0).await.len(), 1);
}

#[tokio::test]
async fn time_closes_an_item_whether_or_not_a_daemon_runs() {
    let home = Home::new();
    let (inbox, _) = home.start().await;
    let until = |seconds: u64| crate::base::Moment((1_700_000_000 + seconds) * 1000);
    let new = |seconds, title| NewItem { expires: Some(until(seconds)), ..question(title) };
    let on_expiry = Some(Answer::text("blue"));
    let short = inbox.raise(NewItem { on_expiry, ..new(10, "short") }).await.unwrap();
    let long = inbox.raise(new(1000, "long")).await.unwrap();
    home.clock.advance(Duration::from_secs(10));
    // Too late, though no timer has rung.
    let late = inbox.answer(&short, Answer::text("red"), who("ann")).await.unwrap_err();
    assert!(late.message.contains("expired") && late.message.ends_with("blue"), "{late}");
    assert_eq!(closed(&inbox, &short).await.answer(), Some(&Answer::text("blue")));
    drop(inbox);
    home.clock.advance(Duration::from_secs(990));
    let (inbox, ledger) = home.start().await;
    assert!(open(&inbox).is_empty());
    assert!(matches!(closed(&inbox, &long).await.state, State::Expired { answer: None, .. }));
    assert_eq!(facts(&ledger, "inbox.expired", 0).await.len(), 2);
    // The timer rings by itself.
    let now = inbox.raise(new(1000, "now")).await.unwrap();
    assert!(matches!(closed(&inbox, &now).await.state, State::Expired { .. }));
}

#[tokio::test]
async fn what_the_store_does_not_take_has_not_happened() {
    let home = Home::new();
    let (inbox, _) = home.start().await;
    let id = inbox.raise(question("one")).await.unwrap();
    let full = StoreError::Disk { path: "/x".into(), what: "no space".into() };
    home.store.fail_with(Some(full));
    assert!(inbox.raise(question("two")).await.is_err());
    assert!(inbox.answer(&id, Answer::text("x"), who("ann")).await.is_err());
    assert_eq!(open(&inbox), ["one"]);
    home.store.fail_with(None);
    inbox.answer(&id, Answer::text("y"), who("ann")).await.unwrap();
    assert_eq!(closed(&inbox, &id).await.answer(), Some(&Answer::text("y")));
}

#[tokio::test]
async fn what_is_closed_is_kept_for_a_while_and_what_is_open_for_ever() {
    let home = Home::new();
    let (inbox, _) = home.start().await;
    let oldest = inbox.raise(question("open")).await.unwrap();
    let mut ids = vec![];
    for at in 0..510 {
        let id = inbox.raise(question(&at.to_string())).await.unwrap();
        home.clock.advance(Duration::from_millis(1));
        inbox.withdraw(&id, "x").await.unwrap();
        ids.push(id);
    }
    for inbox in [inbox, home.start().await.0] {
        let view = inbox.view();
        assert_eq!(view.items.len(), 501);
        assert!(view.items.contains_key(&oldest) && !view.items.contains_key(&ids[9]));
        assert!(view.items.contains_key(&ids[10]));
    }
}
