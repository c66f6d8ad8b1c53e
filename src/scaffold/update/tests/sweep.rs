//! A death at every point of an update: the next run finishes it or finds it untouched.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use async_trait::async_trait;

use super::{Yard, pack};
use crate::{
    port::{Beneath, Checkout, GitError, Held, Past, PastFile, Seen, Sha, Unmerged},
    scaffold::update::{Ports, apply::recover, update},
};

/// Does so many changes to the world, and from then on nothing, as one who is dead.
#[derive(Clone)]
struct Dying<T> {
    inner: T,
    left: Arc<AtomicI64>,
}

impl<T> Dying<T> {
    /// A change, unless it is over; there is a point before it and one after it.
    fn change<R>(&self, act: impl FnOnce(&T) -> Result<R, String>) -> Result<R, String> {
        let dead = || self.left.fetch_sub(1, Ordering::SeqCst) <= 0;
        if dead() {
            return Err("dead".to_owned());
        }
        let done = act(&self.inner)?;
        if dead() { Err("dead".to_owned()) } else { Ok(done) }
    }
    fn is_dead(&self) -> bool {
        self.left.load(Ordering::SeqCst) <= 0
    }
}

impl Beneath for Dying<Arc<dyn Beneath>> {
    fn hold(&self, root: &Path) -> Result<Box<dyn Held>, String> {
        self.inner.hold(root)
    }
    fn look(&self, root: &Path, path: &str) -> Result<Option<Seen>, String> {
        if self.is_dead() { Err("dead".to_owned()) } else { self.inner.look(root, path) }
    }
    fn walk(&self, root: &Path) -> Result<Vec<String>, String> {
        self.inner.walk(root)
    }
    fn put(&self, root: &Path, path: &str, what: &Seen, like: Option<&str>) -> Result<(), String> {
        self.change(|inner| inner.put(root, path, what, like))
    }
    fn shift(&self, root: &Path, from: &str, to: &str) -> Result<(), String> {
        self.change(|inner| inner.shift(root, from, to))
    }
    fn remove(&self, root: &Path, path: &str) -> Result<(), String> {
        self.change(|inner| inner.remove(root, path))
    }
    fn clear(&self, root: &Path, path: &str) -> Result<(), String> {
        self.change(|inner| inner.clear(root, path))
    }
    fn settle(&self, root: &Path) -> Result<(), String> {
        self.inner.settle(root)
    }
}

#[async_trait]
impl Past for Dying<Arc<dyn Past>> {
    async fn checkout(&self, root: &Path) -> Result<Option<Checkout>, GitError> {
        self.inner.checkout(root).await
    }
    async fn texts(
        &self,
        root: &Path,
        blobs: &[String],
    ) -> Result<BTreeMap<String, Vec<u8>>, GitError> {
        self.inner.texts(root, blobs).await
    }
    async fn unmerge(&self, root: &Path, files: &[Unmerged]) -> Result<(), GitError> {
        self.change(|_| Ok(())).map_err(GitError::Locked)?;
        self.inner.unmerge(root, files).await?;
        self.change(|_| Ok(())).map_err(GitError::Locked)
    }
    async fn fetch(&self, url: &str, into: &Path) -> Result<(), GitError> {
        self.inner.fetch(url, into).await
    }
    async fn tags(&self, of: &Path) -> Result<Vec<(String, Sha)>, GitError> {
        self.inner.tags(of).await
    }
    async fn commit(&self, of: &Path, name: Option<&str>) -> Result<Option<Sha>, GitError> {
        self.inner.commit(of, name).await
    }
    async fn files(&self, of: &Path, commit: &Sha) -> Result<Vec<PastFile>, GitError> {
        self.inner.files(of, commit).await
    }
}

/// A project in which an update merges, adds, deletes, moves and conflicts, and runs commands if
/// `commands`.
fn yard(commands: bool) -> Yard {
    let run = "before = [[\"sh\", \"-c\", \"echo b > by-before\"]]\nafter = [[\"rm\", \"junk\"]]\n";
    let head = format!(
        "[[migrations]]\nversion = \"2.0.0\"\nmoved = {{ \"a\" = \"b\", \"b\" = \"a\" }}\n{}",
        if commands { run } else { "" }
    );
    let one = [
        ("a", "a\nA\n"),
        ("b", "b\nB\n"),
        ("m", "1\n2\n3\n"),
        ("c", "x\n"),
        ("d/gone", "g\n"),
        ("junk", "j\n"),
    ];
    let two = [
        ("a", "b\nB\n"),
        ("b", "a\nA2\n"),
        ("m", "1\n2\n3\n4\n"),
        ("c", "y\n"),
        ("new/n", "n\n"),
        ("junk", "j\n"),
    ];
    let yard = Yard::new(vec![pack("1.0.0", "", &one), pack("2.0.0", &head, &two)]);
    yard.write("m", "0\n1\n2\n3\n");
    yard.write("c", "z\n");
    yard.commit();
    yard
}

/// Files and index.
fn whole(yard: &Yard) -> (BTreeMap<String, String>, String) {
    (yard.all(), yard.git(&["ls-files", "--stage"]))
}

fn sweep(commands: bool) {
    let fresh = yard(commands);
    let before = whole(&fresh);
    let done = fresh.again();
    done.update().unwrap();
    let after = whole(&done);
    assert!(after.1.lines().filter(|line| line.ends_with("\tc")).count() == 3, "{}", after.1);
    assert_ne!(before.0, after.0);
    let (mut untouched, mut finished) = (0, 0);
    for point in (0..).step_by(if commands { 3 } else { 1 }) {
        let yard = fresh.again();
        let left = Arc::new(AtomicI64::new(point));
        let ports = yard.ports();
        let dying = Ports {
            beneath: Arc::new(Dying { inner: Arc::clone(&ports.beneath), left: Arc::clone(&left) }),
            past: Arc::new(Dying { inner: Arc::clone(&ports.past), left }),
            ..ports.clone()
        };
        let ended = Yard::run(update(&dying, &yard.wish())).is_ok();
        Yard::run(recover(&ports, &yard.root())).unwrap();
        let now = whole(&yard);
        if now == before {
            untouched += 1;
            assert_eq!(finished, 0, "an update that was finished is not taken back later");
        } else {
            finished += 1;
            assert_eq!(now, after, "death at point {point}");
        }
        // Twice is the same as once.
        Yard::run(recover(&ports, &yard.root())).unwrap();
        assert_eq!(whole(&yard), now);
        if ended {
            break;
        }
    }
    assert!(untouched > 9 && finished > 9, "{untouched} {finished}");
}

#[test]
fn an_update_that_dies_anywhere_is_finished_or_was_never_begun() {
    sweep(false);
}

#[test]
fn so_is_one_with_commands() {
    sweep(true);
}

#[test]
fn an_update_that_dies_in_its_recovery_is_finished_by_the_next() {
    let fresh = yard(false);
    let done = fresh.again();
    done.update().unwrap();
    let after = whole(&done);
    let mut begun_ones = 0;
    for (first, second) in (30..60).step_by(5).flat_map(|first| [(first, 3), (first, 8)]) {
        let yard = fresh.again();
        let ports = yard.ports();
        let die = |left: i64| {
            let left = Arc::new(AtomicI64::new(left));
            Ports {
                beneath: Arc::new(Dying {
                    inner: Arc::clone(&ports.beneath),
                    left: Arc::clone(&left),
                }),
                past: Arc::new(Dying { inner: Arc::clone(&ports.past), left }),
                ..ports.clone()
            }
        };
        let _ = Yard::run(update(&die(first), &yard.wish()));
        let begun = yard.at(".gaia/update/journal").exists();
        let _ = Yard::run(recover(&die(second), &yard.root()));
        Yard::run(recover(&ports, &yard.root())).unwrap();
        if begun {
            begun_ones += 1;
            assert_eq!(whole(&yard), after, "{first} {second}");
        }
    }
    assert!(begun_ones > 2, "{begun_ones}");
}
