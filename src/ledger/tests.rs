//! Records that are kept apart.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Decision, Handle, Record, Retention, export, record, spawn};
use crate::port::{FakeClock, FakeStore, Op, Store, StoreError};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Large(String);

impl Record for Large {
    const KIND: &'static str = "large";
    const VERSION: u16 = 1;
    const BULKY: bool = true;

    fn key(&self) -> String {
        "one".to_owned()
    }
}

fn ledger(store: &Arc<FakeStore>) -> Handle {
    let store: Arc<dyn Store> = Arc::clone(store) as Arc<dyn Store>;
    spawn(store, Arc::new(FakeClock::default()), Retention::default()).unwrap()
}

#[tokio::test]
async fn what_is_large_is_kept_apart_and_goes_into_exports() {
    let store = Arc::new(FakeStore::default());
    let handle = ledger(&store);
    let mut decision = Decision::new();
    decision.put(&Large("text".to_owned()));
    assert!(!handle.has::<Large>("one").unwrap());
    handle.commit(decision).await.unwrap();
    assert!(handle.has::<Large>("one").unwrap());
    assert_eq!(handle.scan::<Large>().unwrap(), [Large("text".to_owned())]);
    assert!(store.get(b"r/large/one").unwrap().is_none());

    let text = export::lines(&*store).unwrap().join("\n") + "\n";
    let other = Arc::new(FakeStore::default());
    export::import(&*other, &text).unwrap();
    let again = ledger(&other).load::<Large>("one").unwrap();
    assert_eq!(again, Some(Large("text".to_owned())));
}

#[tokio::test]
async fn what_an_earlier_gaia_did_not_keep_apart_is_found() {
    let store = Arc::new(FakeStore::default());
    let old = record::old_key_of::<Large>("one");
    store.apply(vec![Op::Put(old, record::seal(&Large("old".to_owned())))]).unwrap();
    let found = ledger(&store).load::<Large>("one").unwrap();
    assert_eq!(found, Some(Large("old".to_owned())));
}

#[tokio::test]
async fn a_damaged_store_is_no_reason_to_start_anew() {
    let store = Arc::new(FakeStore::default());
    let handle = ledger(&store);
    let (path, what) = ("s".to_owned(), "torn".to_owned());
    store.fail_with(Some(StoreError::Damaged { path, what }));
    let mut decision = Decision::new();
    decision.put(&Large(String::new()));
    assert!(handle.commit(decision).await.is_err());
    let told = futures_util::FutureExt::now_or_never(handle.failed());
    assert!(told.is_none());
}

#[tokio::test]
async fn a_store_that_takes_nothing_is_told() {
    let store = Arc::new(FakeStore::default());
    let handle = ledger(&store);
    let (path, what) = ("s".to_owned(), "full".to_owned());
    store.fail_with(Some(StoreError::Disk { path, what }));
    let mut decision = Decision::new();
    decision.put(&Large(String::new()));
    assert!(handle.commit(decision).await.is_err());
    handle.failed().await;
}
