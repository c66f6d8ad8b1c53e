use std::{fs, path::PathBuf};

use super::*;

struct Room {
    inbox: Handle,
    questions: PathBuf,
    _folder: tempfile::TempDir,
}

async fn room() -> Room {
    let folder = tempfile::tempdir().unwrap();
    let questions = folder.path().join("questions");
    Room { _folder: folder, ..room_in(Home::new(), questions).await }
}

async fn room_in(home: Home, questions: PathBuf) -> Room {
    let (inbox, _) = home.start().await;
    let shop = "shop".parse().unwrap();
    inbox.keep_files(shop, Some(questions.clone())).await.unwrap();
    Room { inbox, questions, _folder: tempfile::tempdir().unwrap() }
}

fn of_shop(task: Option<&str>, title: &str) -> NewItem {
    let workspace = Some("shop".parse().unwrap());
    NewItem { workspace, task: task.map(str::to_owned), ..question(title) }
}

impl Room {
    /// Waits until the files are these.
    async fn until(&self, wanted: &[&str]) {
        let names = || {
            let mut names: Vec<String> = fs::read_dir(&self.questions)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let look = async {
            while names() != wanted {
                tokio::task::yield_now().await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, look).await;
        found.unwrap_or_else(|_| panic!("{wanted:?} is never there: {:?}", names()));
    }
}

#[tokio::test]
async fn a_question_is_a_file_and_the_file_beside_it_its_answer() {
    let room = room().await;
    let id = room.inbox.raise(of_shop(Some("fix login"), "which way?")).await.unwrap();
    room.inbox.raise(NewItem::new(Kind::Approval, "not for files")).await.unwrap();
    room.until(&["fix-login.md"]).await;
    let text = fs::read_to_string(room.questions.join("fix-login.md")).unwrap();
    assert!(text.contains("# which way?") && text.contains("fix-login-answer.md"), "{text}");
    // As editors do: another file, then a rename.
    let (fresh, answer) = (room.questions.join(".tmp"), room.questions.join("fix-login-answer.md"));
    fs::write(&fresh, "left\nthen right\n").unwrap();
    fs::rename(fresh, answer).unwrap();
    let item = closed(&room.inbox, &id).await;
    assert_eq!(item.answer(), Some(&Answer::text("left\nthen right")));
    assert!(
        matches!(&item.state, crate::inbox::State::Answered { by, via, .. } if by == "ann" && via == "file")
    );
    room.until(&[]).await;
}

#[tokio::test]
async fn an_answer_that_is_a_link_or_older_than_its_question_is_none() {
    let room = room().await;
    room.until(&[]).await;
    fs::write(room.questions.join("t-answer.md"), "to the one before").unwrap();
    let id = room.inbox.raise(of_shop(Some("t"), "now?")).await.unwrap();
    room.until(&["t.md"]).await;
    let secret = room.questions.with_file_name("secret");
    fs::write(&secret, "a key").unwrap();
    std::os::unix::fs::symlink(&secret, room.questions.join("t-answer.md")).unwrap();
    // A second question is answered meanwhile, so the folder was looked at.
    let other = room.inbox.raise(of_shop(None, "and?")).await.unwrap();
    let theirs = format!("{other}.md");
    room.until(&[&theirs, "t-answer.md", "t.md"]).await;
    fs::write(room.questions.join(format!("{other}-answer.md")), "yes").unwrap();
    assert_eq!(closed(&room.inbox, &other).await.answer(), Some(&Answer::text("yes")));
    assert!(room.inbox.view().items[&id].is_open());
}

/// A life of a daemon; when it ends, all its tasks end.
fn life<T>(work: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().unwrap();
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(PATIENCE);
    done
}

#[test]
fn what_was_written_while_no_daemon_ran_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (home, questions) = (Home::new(), folder.path().join("questions"));
    let (first, second) = life(async {
        let room = room_in(home.clone(), questions.clone()).await;
        let first = room.inbox.raise(of_shop(Some("t"), "one")).await.unwrap();
        let second = room.inbox.raise(of_shop(Some("t"), "two")).await.unwrap();
        room.until(&[&format!("{second}.md"), "t.md"]).await;
        (first, second)
    });
    fs::write(questions.join("t-answer.md"), "first").unwrap();
    life(async {
        let (inbox, _) = home.start().await;
        let room = Room { inbox, questions, _folder: folder };
        assert_eq!(closed(&room.inbox, &first).await.answer(), Some(&Answer::text("first")));
        assert!(room.inbox.view().items[&second].is_open());
        room.until(&[&format!("{second}.md")]).await;
    });
}
