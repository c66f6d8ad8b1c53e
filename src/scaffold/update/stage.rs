//! Everything of an update is laid ready, the journal last.

use std::collections::BTreeSet;

use super::{
    BASE, BEFORE, STAGE, Updated, base, failed,
    journal::{self, Clash, Journal, Place, Remove},
    run::Update,
    scan,
    weave::{Woven, Write},
};
use crate::{
    base::Refusal,
    port::Seen,
    scaffold::{manifest, model::Mode},
};

impl Update<'_> {
    /// Lays everything ready, the journal last.
    pub(super) fn stage(&self, woven: &Woven, updated: &mut Updated) -> Result<Journal, Refusal> {
        let beneath = &self.ports.beneath;
        let put = |path: &str, seen: &Seen, like: Option<&str>| {
            beneath.put(self.root, path, seen, like).map_err(|error| {
                failed(format!("the update cannot be prepared: {error}"))
                    .help("nothing was changed: free some space, or correct who may write there")
            })
        };
        let text = |bytes: Vec<u8>| Seen::File { bytes, exec: false };
        beneath.clear(self.root, STAGE).map_err(failed)?;
        put(&format!("{STAGE}/.gitignore"), &text(b"*\n".to_vec()), None)?;
        let mut journal = Journal { to: updated.to.clone(), ..Journal::default() };
        for path in &woven.removes {
            let was = scan::look(self.ports, self.root, path)?;
            let was = was.map(|(stamp, _)| stamp.sha256).unwrap_or_default();
            journal.removes.push(Remove { path: path.clone(), was });
        }
        let mut writes = self.keep(woven, updated)?;
        writes.extend(woven.writes.iter().cloned());
        self.keep_bases(woven, &mut writes, &mut journal)?;
        let manifest = self.manifest(woven).write().into_bytes();
        let place = manifest::PLACE.to_owned();
        writes.push(Write { path: place, bytes: manifest, mode: Mode::Plain, like: None });
        for (slot, write) in writes.into_iter().enumerate() {
            let was = scan::look(self.ports, self.root, &write.path)?;
            let seen = scan::seen(write.bytes, write.mode);
            put(&journal::slot(slot), &seen, write.like.as_deref())?;
            let was = was.map(|(stamp, _)| stamp.sha256);
            journal.places.push(Place { slot, path: write.path, was });
        }
        let mut number = 0;
        for dispute in woven.disputes.iter().filter(|_| self.checkout.is_some()) {
            let mut side = |bytes: Option<&Vec<u8>>| {
                let Some(bytes) = bytes else { return Ok(None) };
                number += 1;
                put(&journal::side(number), &text(bytes.clone()), None).map(|()| Some(number))
            };
            let (base, ours) = (side(dispute.base.as_ref())?, side(Some(&dispute.ours))?);
            let theirs = side(Some(&dispute.theirs))?;
            let (path, exec) = (dispute.path.clone(), dispute.exec);
            journal.unmerged.push(Clash { path, exec, base, ours, theirs });
        }
        beneath.settle(self.root).map_err(failed)?;
        let bytes = serde_json::to_vec(&journal).map_err(Refusal::broken)?;
        put(&journal::place(), &text(bytes), None)?;
        Ok(journal)
    }

    /// Copies of what the person wrote, where git does not hold it.
    fn keep(&self, woven: &Woven, updated: &mut Updated) -> Result<Vec<Write>, Refusal> {
        let held = |path: &String| {
            let checkout = self.checkout.as_ref();
            checkout.is_some_and(|c| c.held.contains_key(path) && !c.changed.contains(path))
        };
        let mut kept = vec![];
        let taken = self.ports.files.names(&self.root.join(BEFORE));
        let free = (1..).find(|n: &u32| !taken.contains(&n.to_string())).unwrap_or(u32::MAX);
        let folder = format!("{BEFORE}/{free}");
        for path in woven.touched.iter().filter(|path| !held(path)) {
            let Some((stamp, bytes)) = scan::look(self.ports, self.root, path)? else { continue };
            let (place, mode) = (format!("{folder}/{path}"), stamp.mode);
            kept.push(Write { path: place, bytes, mode, like: Some(path.clone()) });
        }
        if !kept.is_empty() {
            let (path, bytes) = (format!("{BEFORE}/.gitignore"), b"*\n".to_vec());
            kept.push(Write { path, bytes, mode: Mode::Plain, like: None });
            updated.kept_in = Some(folder);
        }
        Ok(kept)
    }

    /// Texts of the new version that will be needed again and that are nowhere else; those that
    /// nobody needs any more go.
    fn keep_bases(
        &self,
        woven: &Woven,
        writes: &mut Vec<Write>,
        journal: &mut Journal,
    ) -> Result<(), Refusal> {
        let there: BTreeSet<String> =
            self.ports.files.names(&self.root.join(BASE)).into_iter().collect();
        let theirs = scan::generated(&self.rendered);
        let old: BTreeSet<&String> =
            self.manifest.files.values().map(|stamp| &stamp.sha256).collect();
        let mut needed = BTreeSet::new();
        for new in &woven.apart {
            let (Some(stamp), Some(made)) = (woven.files.get(new), theirs.get(new)) else {
                continue;
            };
            needed.insert(stamp.sha256.clone());
            // What was generated before is where it was found before.
            if old.contains(&stamp.sha256) || there.contains(&stamp.sha256) {
                continue;
            }
            let (path, bytes) = (base::kept_at(&stamp.sha256), made.bytes.clone());
            let mode = Mode::Plain;
            writes.push(Write { path, bytes, mode, like: None });
        }
        for name in there.difference(&needed) {
            journal.removes.push(Remove { path: format!("{BASE}/{name}"), was: name.clone() });
        }
        Ok(())
    }
}
