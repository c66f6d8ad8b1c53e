//! Questions as files: what is open has a file, what a person writes beside it is the answer.

use std::{collections::BTreeMap, path::Path, time::Duration};

use super::{Handle, Ports, pause};
use crate::{
    base::{Code, ItemId, Refusal},
    inbox::{
        machine::TEXT,
        model::{Answer, Item, Kind, Who},
        page,
        record::FolderRecord,
    },
    port::Files,
};

/// A file is whole once it has been quiet for this long.
const QUIET: Duration = Duration::from_millis(300);

/// A task that ends when this is dropped.
pub(super) struct Task(tokio::task::JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One folder while it is kept.
struct Folder {
    record: FolderRecord,
    ports: Ports,
    handle: Handle,
    user: String,
}

/// Whether questions may be kept there; the folder is made.
pub(super) fn check(files: &dyn Files, folder: &Path) -> Result<(), Refusal> {
    files.private_dir(folder, None).map_err(|what| {
        Refusal::new(Code::Failed, what).help("name a folder of your own, e.g. questions")
    })
}

/// Keeps the questions of a workspace as files.
pub(super) fn start(record: FolderRecord, ports: Ports, handle: Handle, user: String) -> Task {
    let folder = Folder { record, ports, handle, user };
    Task(tokio::spawn(folder.live()))
}

impl Folder {
    async fn live(self) {
        let root = self.record.folder.clone();
        if let Err(refusal) = check(&*self.ports.files, &root) {
            tracing::error!(%refusal, "questions cannot be kept as files");
            return;
        }
        let watch = self.ports.watcher.watch(root, &["*-answer.md".to_owned()], &[]);
        let mut written = match watch {
            Ok(written) => written,
            Err(what) => {
                tracing::error!(what, "answers in files cannot be seen");
                return;
            }
        };
        let mut view = self.handle.changes();
        // What was written while nobody watched is read first.
        let mut unread = true;
        loop {
            view.borrow_and_update();
            self.sync();
            tokio::select! {
                biased;
                changed = view.changed() => if changed.is_err() { return },
                path = written.recv() => match path {
                    Some(_) => unread = true,
                    None => return,
                },
                () = pause(Some(QUIET)), if unread => {
                    unread = false;
                    self.read_answers().await;
                }
            }
        }
    }

    /// Questions of this workspace that wait for an answer. Only questions: whoever may write here
    /// must not be able to approve anything.
    fn open(&self) -> Vec<std::sync::Arc<Item>> {
        let view = self.handle.view();
        let of_here = |item: &&std::sync::Arc<Item>| {
            item.kind == Kind::Question && item.workspace.as_ref() == Some(&self.record.workspace)
        };
        view.open().filter(of_here).cloned().collect()
    }

    /// The files of gaia's: item by name without ending.
    fn files(&self) -> BTreeMap<ItemId, String> {
        let names = self.ports.files.names(&self.record.folder).into_iter();
        let stems = names.filter_map(|name| Some(name.strip_suffix(".md")?.to_owned()));
        let item = |stem: String| {
            let path = self.record.folder.join(format!("{stem}.md"));
            let text = self.ports.files.read_plain(&path, TEXT * 2).ok()??;
            Some((page::item_of(&String::from_utf8_lossy(&text))?, stem))
        };
        stems.filter_map(item).collect()
    }

    fn sync(&self) {
        let (files, open, known) = (&self.ports.files, self.open(), self.files());
        for (id, stem) in &known {
            if !open.iter().any(|item| item.id == *id) {
                files.forget(&self.record.folder.join(format!("{stem}.md")));
                files.forget(&self.answer_path(stem));
            }
        }
        for item in open.iter().filter(|item| !known.contains_key(&item.id)) {
            let path = |stem: &str| self.record.folder.join(format!("{stem}.md"));
            let stem = page::name(item, |stem| files.exists(&path(stem)));
            // An answer that is older than its question is none to it.
            files.forget(&self.answer_path(&stem));
            let text = page::write(item, &format!("{stem}-answer.md"));
            if let Err(what) = files.create(&path(&stem), text.as_bytes()) {
                tracing::warn!(what, "a question cannot be kept as a file");
            }
        }
    }

    async fn read_answers(&self) {
        let known = self.files();
        for item in self.open() {
            let Some(stem) = known.get(&item.id) else { continue };
            let path = self.answer_path(stem);
            let text = match self.ports.files.read_plain(&path, TEXT + 1) {
                Ok(Some(text)) => String::from_utf8_lossy(&text).trim().to_owned(),
                Ok(None) => continue,
                Err(what) => {
                    tracing::warn!(what, "an answer is not taken");
                    continue;
                }
            };
            if text.is_empty() {
                continue;
            }
            let who = Who { by: self.user.clone(), via: "file".to_owned() };
            if let Err(refusal) = self.handle.answer(&item.id, Answer::text(text), who).await {
                tracing::warn!(%refusal, file = %path.display(), "an answer is not taken");
            }
        }
    }

    fn answer_path(&self, stem: &str) -> std::path::PathBuf {
        self.record.folder.join(format!("{stem}-answer.md"))
    }
}
