//! A file, from intent to history.

use std::{path::Path, pin::Pin};

use super::{Actor, handle};
use crate::{
    base::{Code, Name, Refusal},
    knowledge::{
        actor::Version,
        fact::{Found, Reverted},
        find::{self, own},
        model::Origin,
        record::{Cause, IntentRecord, ProposalRecord, VersionRecord, digest, place},
    },
    ledger::Decision,
};

/// How often a file is looked at anew that somebody changes at the same time.
const TRIES: u32 = 3;

/// What a file shall say.
struct Wish<'a> {
    cause: Cause,
    text: String,
    by: &'a str,
    why: String,
}

impl Actor {
    /// Writes what a proposal makes of the file as it is now.
    pub(super) async fn write_proposal(
        &mut self,
        record: &ProposalRecord,
        by: &str,
    ) -> Result<(), Refusal> {
        let place = (record.dir.as_path(), &record.name);
        self.settle_first(place).await?;
        if self.open(&record.id).is_none() {
            return Ok(());
        }
        let mut tries = 0..TRIES;
        loop {
            let (merged, base) = Self::merge(&self.world, place, &record.proposal)?;
            let anew = if base == record.base { "" } else { ", merged anew" };
            let why = format!("learned ({}{anew}), {} by {}", merged.gist, record.id, record.who);
            let cause = Cause::Accept(record.id.clone());
            let wish = Wish { cause, text: merged.text, by, why };
            if self.write(place, base.as_deref(), wish).await?.is_some() {
                return Ok(());
            }
            tries.next().ok_or_else(busy)?;
        }
    }

    /// Writes what an older version says.
    pub(super) async fn revert(
        &mut self,
        place: (&Path, &Name),
        to: Option<u32>,
        by: &str,
    ) -> Result<Version, Refusal> {
        let (dir, name) = place;
        self.settle_first(place).await?;
        let mut tries = 0..TRIES;
        loop {
            let base = self.note_found(place).await?;
            let all = handle::versions(&self.world.ledger, dir, name)?;
            let back = match to {
                Some(version) => handle::require(&all, name, version)?,
                None => all.len().checked_sub(2).and_then(|at| all.get(at)).ok_or_else(|| {
                    let message = format!("the expert `{name}` has no earlier version");
                    Refusal::new(Code::NotFound, message)
                        .help(format!("`gaia expert history {name}` lists what there is"))
                })?,
            };
            let file = Self::library(&self.world).own(dir, name)?;
            if file.is_some_and(|bytes| bytes == back.text.as_bytes()) {
                let message = format!("`{name}` says what it said in version {}", back.version);
                return Err(Refusal::new(Code::Failed, message)
                    .help(format!("gaia expert revert {name} VERSION")));
            }
            let why = format!("back to version {}", back.version);
            let (cause, text) = (Cause::Revert(back.version), back.text.clone());
            let wish = Wish { cause, text, by, why };
            if let Some(version) = self.write(place, base.as_deref(), wish).await? {
                return Ok(version);
            }
            tries.next().ok_or_else(busy)?;
        }
    }

    /// Puts the text of an expert into the history if it is not there; the digest of the text.
    async fn note_found(&mut self, (dir, name): (&Path, &Name)) -> Result<Option<String>, Refusal> {
        let Some(found) = Self::library(&self.world).find(dir, name)? else { return Ok(None) };
        let all = handle::versions(&self.world.ledger, dir, name)?;
        let text = found.text();
        let last = all.last();
        if last.is_some_and(|last| last.text == text) {
            return Ok(Some(digest(&found.bytes)));
        }
        let (by, why) = match &found.origin {
            Origin::Workspace(_) if last.is_none() => ("a person", "found in the workspace".into()),
            Origin::Workspace(_) => ("a person", "edited by hand".to_owned()),
            Origin::Home(path) => ("a person", format!("found in {path}")),
            Origin::BuiltIn => ("gaia", "built in".to_owned()),
        };
        let version = last.map_or(1, |last| last.version + 1);
        let record = VersionRecord {
            dir: dir.to_owned(),
            name: name.clone(),
            version,
            text,
            by: by.to_owned(),
            why: why.clone(),
            at: self.world.ledger.now(),
        };
        let mut decision = Decision::new();
        let dir = dir.display().to_string();
        decision.put(&record).fact(&Found { expert: name.clone(), dir, version, why });
        self.world.ledger.commit(decision).await?;
        Ok(Some(digest(&found.bytes)))
    }

    /// Intent, file, history. `None` if the text is not the one any more that the wish was made
    /// from.
    async fn write(
        &mut self,
        place: (&Path, &Name),
        base: Option<&str>,
        wish: Wish<'_>,
    ) -> Result<Option<Version>, Refusal> {
        let (dir, name) = place;
        self.safe(dir)?;
        if self.note_found(place).await?.as_deref() != base {
            return Ok(None);
        }
        let all = handle::versions(&self.world.ledger, dir, name)?;
        let next = VersionRecord {
            dir: dir.to_owned(),
            name: name.clone(),
            version: all.last().map_or(1, |last| last.version + 1),
            text: wish.text,
            by: wish.by.to_owned(),
            why: wish.why,
            at: self.world.ledger.now(),
        };
        let intent = IntentRecord { cause: wish.cause, next };
        let mut decision = Decision::new();
        decision.put(&intent);
        self.world.ledger.commit(decision).await?;
        match self.put(place, base, &intent.next.text) {
            Ok(true) => (),
            Ok(false) => {
                self.forget(&intent).await?;
                return Ok(None);
            }
            Err(refusal) => {
                self.forget(&intent).await?;
                return Err(refusal);
            }
        }
        self.complete(&intent).await?;
        Ok(Some(Version::from(intent.next)))
    }

    /// Writes the file, unless its text is another one by now.
    fn put(
        &self,
        (dir, name): (&Path, &Name),
        base: Option<&str>,
        text: &str,
    ) -> Result<bool, Refusal> {
        let found = Self::library(&self.world).find(dir, name)?;
        if found.as_ref().map(|found| digest(&found.bytes)).as_deref() != base {
            return Ok(false);
        }
        let (files, path) = (&self.world.ports.files, own(dir, name));
        let written = match found {
            Some(find::Found { origin: Origin::Workspace(_), .. }) => {
                files.rewrite(&path, text.as_bytes())
            }
            _ => files.create(&path, text.as_bytes()),
        };
        written.map_err(|what| Refusal::new(Code::Failed, what))?;
        Ok(true)
    }

    /// Refuses a folder that is gone, or that leads out of the workspace.
    fn safe(&self, dir: &Path) -> Result<(), Refusal> {
        let files = &self.world.ports.files;
        if !files.is_dir(dir) {
            let message = format!("the folder {} is not there", dir.display());
            return Err(Refusal::new(Code::Failed, message));
        }
        let folder = dir.join(".gaia/experts");
        if files.real(&folder) == files.real(dir).join(".gaia/experts") {
            return Ok(());
        }
        let message = format!("{} is a link, and gaia does not write through it", folder.display());
        Err(Refusal::new(Code::Failed, message).help("make it a folder of the workspace"))
    }

    /// The file says what was intended: that goes into the history.
    async fn complete(&mut self, intent: &IntentRecord) -> Result<(), Refusal> {
        let next = &intent.next;
        let mut decision = Decision::new();
        decision.put(next).delete::<IntentRecord>(&place(&next.dir, &next.name));
        match intent.cause {
            Cause::Accept(_) => return self.accepted(intent, decision).await,
            Cause::Revert(to) => {
                decision.fact(&Reverted {
                    expert: next.name.clone(),
                    dir: next.dir.display().to_string(),
                    by: next.by.clone(),
                    to,
                    version: next.version,
                });
            }
        }
        self.world.ledger.commit(decision).await.map(drop)
    }

    async fn forget(&mut self, intent: &IntentRecord) -> Result<(), Refusal> {
        let mut decision = Decision::new();
        decision.delete::<IntentRecord>(&place(&intent.next.dir, &intent.next.name));
        self.world.ledger.commit(decision).await.map(drop)
    }

    /// Finishes what was being written when something broke off, before anything else is written.
    async fn settle_first(&mut self, (dir, name): (&Path, &Name)) -> Result<(), Refusal> {
        match self.world.ledger.load::<IntentRecord>(&place(dir, name))? {
            Some(intent) => self.settle(intent).await,
            None => Ok(()),
        }
    }

    /// The file says how far it was: its new text is put into the history; else all is done anew
    /// from what the file says.
    // Boxed: doing it anew may lead here again.
    pub(super) fn settle(
        &mut self,
        intent: IntentRecord,
    ) -> Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send + '_>> {
        Box::pin(self.settle_now(intent))
    }

    async fn settle_now(&mut self, intent: IntentRecord) -> Result<(), Refusal> {
        let next = &intent.next;
        if !self.world.ports.files.is_dir(&next.dir) {
            let message = format!("the folder {} is not there", next.dir.display());
            return Err(Refusal::new(Code::Failed, message));
        }
        let found = Self::library(&self.world).own(&next.dir, &next.name)?;
        if found.is_some_and(|bytes| bytes == next.text.as_bytes()) {
            return self.complete(&intent).await;
        }
        self.forget(&intent).await?;
        match &intent.cause {
            Cause::Accept(id) => {
                self.accept(id, &next.by).await;
                Ok(())
            }
            Cause::Revert(to) => {
                let place = (next.dir.as_path(), &next.name);
                self.revert(place, Some(*to), &next.by).await.map(drop)
            }
        }
    }
}

fn busy() -> Refusal {
    Refusal::new(Code::Failed, "somebody else writes this file all the time")
        .help("close it in the editor, then try again")
}
