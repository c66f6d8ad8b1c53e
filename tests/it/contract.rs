//! One suite for each port, run against the fake and the real one: the fakes tell the truth.

use std::sync::Arc;

use gaia::{
    adapter::{SledStore, TmuxOptions, TmuxServer},
    base::{Home, UnitId},
    port::{FakeStore, FakeTmux, NewPane, Op, Place, Store, Tmux, TmuxError},
};

fn store_contract(store: &dyn Store) {
    let put = |key: &str, value: &str| Op::Put(key.into(), value.into());
    store.apply(vec![put("a/1", "x"), put("a/2", "y"), put("b/1", "z")]).unwrap();
    store.flush().unwrap();
    assert_eq!(store.get(b"a/1").unwrap(), Some(b"x".to_vec()));
    assert_eq!(store.get(b"a/9").unwrap(), None);
    let keys = |from: &str, to: &str, limit| -> Vec<String> {
        let found = store.range(from.as_bytes(), to.as_bytes(), limit).unwrap();
        found.into_iter().map(|(key, _)| String::from_utf8(key).unwrap()).collect()
    };
    assert_eq!(keys("a/", "a0", 10), ["a/1", "a/2"]);
    assert_eq!(keys("a/", "a0", 1), ["a/1"]);
    assert_eq!(keys("a0", "a/", 10), Vec::<String>::new());
    assert_eq!(store.last(b"a/", b"a0").unwrap().unwrap().0, b"a/2");
    assert_eq!(store.last(b"c/", b"c0").unwrap(), None);
    store.apply(vec![Op::Delete(b"a/2".to_vec()), put("a/1", "new")]).unwrap();
    assert_eq!(store.last(b"a/", b"a0").unwrap().unwrap(), (b"a/1".to_vec(), b"new".to_vec()));
    assert_eq!(store.witnessed(), 0);
    store.witness(12).unwrap();
    store.witness(7).unwrap();
    assert_eq!(store.witnessed(), 7);
}

#[test]
fn stores() {
    store_contract(&FakeStore::default());
    let folder = tempfile::tempdir().unwrap();
    store_contract(&SledStore::open(&folder.path().join("store")).unwrap());
}

fn pane(number: u64) -> NewPane {
    NewPane {
        unit: UnitId::new(number, 0),
        argv: vec!["sleep".into(), "1000".into()],
        cwd: "/tmp".into(),
        title: format!("t#{number}"),
    }
}

async fn tmux_contract(tmux: Arc<dyn Tmux>) {
    assert!(tmux.list().await.is_err(), "nothing runs yet");
    let first = tmux.ensure().await.unwrap();
    assert!(first.fresh);
    let again = tmux.ensure().await.unwrap();
    assert!(!again.fresh && again.pid == first.pid);
    assert_eq!(tmux.list().await.unwrap().panes, []);

    let place =
        |name: &str| Place::Session { name: name.into(), window: "w".into(), cols: 200, rows: 50 };
    let one = tmux.make(place("s"), pane(1)).await.unwrap();
    assert!(tmux.make(place("s"), pane(9)).await.is_err(), "the name is taken");
    let split = tmux.make(Place::Split { window: one.window.clone() }, pane(2)).await.unwrap();
    let beside = Place::Window { session: one.session.clone(), window: "v".into() };
    let other = tmux.make(beside, pane(3)).await.unwrap();
    tmux.tag(&one.session, "@gaia_ws", "s").await.unwrap();
    tmux.rename(&one.session, "renamed").await.unwrap();
    tmux.rename(&other.window, "u").await.unwrap();
    tmux.arrange(&one.window, "tiled").await.unwrap();
    tmux.focus(&split.pane).await.unwrap();

    let listing = tmux.list().await.unwrap();
    assert_eq!(listing.server, first.pid);
    let seen: Vec<_> = listing
        .panes
        .iter()
        .map(|p| {
            (
                p.unit.clone().unwrap(),
                p.window_index,
                p.pane_index,
                p.window_name.as_str(),
                p.title.as_str(),
            )
        })
        .collect();
    let id = |number| UnitId::new(number, 0);
    assert_eq!(
        seen,
        [(id(1), 1, 1, "w", "t#1"), (id(2), 1, 2, "w", "t#2"), (id(3), 2, 1, "u", "t#3")]
    );
    assert!(listing.panes.iter().all(|p| p.session_name == "renamed" && p.session_tag == "s"));

    tmux.kill(&split.pane).await.unwrap();
    tmux.kill(&split.pane).await.unwrap();
    assert_eq!(tmux.list().await.unwrap().panes.len(), 2);
    let gone = tmux.arrange("@999", "tiled").await.unwrap_err();
    assert!(matches!(gone, TmuxError::Gone(_)), "{gone}");
    tmux.kill(&one.session).await.unwrap();
    assert_eq!(tmux.list().await.unwrap().panes, []);

    tmux.kill_server().await.unwrap();
    assert!(tmux.ensure().await.unwrap().fresh);
    tmux.kill_server().await.unwrap();
}

#[test]
fn tmux_servers() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(tmux_contract(Arc::new(FakeTmux::default())));
    let folder = tempfile::Builder::new().prefix("gh").tempdir_in("/tmp").unwrap();
    let home = Home::new(folder.path().to_owned()).unwrap();
    std::fs::create_dir_all(home.tmux()).unwrap();
    let keeper = vec!["sleep".to_owned(), "1000".to_owned()];
    let options = TmuxOptions { keeper, user_config: None, history: 100 };
    runtime.block_on(async {
        tmux_contract(Arc::new(TmuxServer::new(home, options))).await;
    });
}
