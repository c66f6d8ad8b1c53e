use std::collections::{BTreeMap, BTreeSet};

use super::{report::Line, scan::Now};
use crate::scaffold::{
    manifest::Stamp,
    merge::{Decision, Names, Text, What, beside, is_binary, three_way, two_way},
    model::{Made, Mode},
};

/// What goes in.
pub(super) struct Threads<'a> {
    pub(super) now: &'a Now,
    pub(super) base: &'a BTreeMap<String, Stamp>,
    pub(super) texts: &'a BTreeMap<String, Vec<u8>>,
    pub(super) theirs: &'a BTreeMap<String, &'a Made>,
    pub(super) names: &'a Names,
}

/// A content and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Write {
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
    pub(super) mode: Mode,
    /// Where it was before, for who may read it.
    pub(super) like: Option<String>,
}

/// Three contents that a person has to bring together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dispute {
    pub(super) path: String,
    pub(super) exec: bool,
    pub(super) base: Option<Vec<u8>>,
    pub(super) ours: Vec<u8>,
    pub(super) theirs: Vec<u8>,
}

/// What comes out.
#[derive(Debug, Default)]
pub(super) struct Woven {
    pub(super) writes: Vec<Write>,
    pub(super) removes: BTreeSet<String>,
    pub(super) disputes: Vec<Dispute>,
    /// The new manifest's files.
    pub(super) files: BTreeMap<String, Stamp>,
    pub(super) lines: Vec<Line>,
    /// Files of the project whose text of the person's changes or goes.
    pub(super) touched: BTreeSet<String>,
    /// Texts of the new version that the project does not have as they are.
    pub(super) apart: BTreeSet<String>,
    pub(super) conflicts: usize,
    taken: BTreeSet<String>,
}

/// Turns decisions into contents.
pub(super) fn weave(decisions: &[Decision], threads: &Threads<'_>) -> Woven {
    let places = decisions.iter().map(|decision| decision.to.clone());
    let taken = places.chain(threads.now.keys().cloned()).chain(threads.theirs.keys().cloned());
    let mut woven = Woven { taken: taken.collect(), ..Woven::default() };
    for decision in decisions {
        woven.one(decision, threads);
    }
    woven.lines.sort_by(|a, b| a.path.cmp(&b.path));
    woven
}

impl Woven {
    fn one(&mut self, d: &Decision, threads: &Threads<'_>) {
        let ours = d.from.as_ref().and_then(|from| threads.now.get(from));
        let theirs = d.new.as_ref().and_then(|new| threads.theirs.get(new)).copied();
        self.remember(d, theirs, ours.map(|(stamp, _)| stamp));
        match (d.what, ours, theirs) {
            (What::Delete, ..) => {
                self.removes.extend(d.from.clone());
                self.tell(d, "deleted", None);
            }
            (What::Release, ..) => {
                let note = "you changed it and the template has it no more: it is yours now";
                self.tell(d, "kept", Some(note.into()));
            }
            (What::StayDeleted, _, Some(theirs)) => {
                let old = d.old.as_ref().and_then(|old| threads.base.get(old));
                if old.is_some_and(|old| !old.is_like(&Stamp::of(&theirs.bytes, theirs.mode))) {
                    let note = "you deleted it, the template changed it: it stays deleted";
                    self.tell(d, "kept", Some(note.into()));
                }
            }
            (What::Carry(mode), Some((_, bytes)), _) => self.put(d, bytes.clone(), mode, "moved"),
            (What::Add, _, Some(theirs)) => self.put(d, theirs.bytes.clone(), theirs.mode, "added"),
            (What::Replace(mode), _, Some(theirs)) => {
                self.put(d, theirs.bytes.clone(), mode, "updated");
            }
            (What::Merge(mode) | What::Both(mode), Some(ours), Some(theirs)) => {
                self.merge(d, mode, (&ours.1, theirs), threads);
            }
            (What::Aside, _, Some(theirs)) => {
                let why = "what is there cannot be merged, or is not of the template";
                self.aside(d, theirs, why);
            }
            (What::Keep | What::Forget, ..) | (_, _, None) | (_, None, _) => {}
        }
    }

    /// The new manifest's line.
    fn remember(&mut self, d: &Decision, theirs: Option<&Made>, ours: Option<&Stamp>) {
        let (Some(new), Some(theirs)) = (&d.new, theirs) else { return };
        let mut stamp = Stamp::of(&theirs.bytes, theirs.mode);
        if d.what != What::StayDeleted && d.to != *new {
            stamp.at = Some(d.to.clone());
        }
        if ours.is_some_and(|ours| ours.sha256 != stamp.sha256)
            && !matches!(d.what, What::Replace(_))
        {
            self.apart.insert(new.clone());
        }
        self.files.insert(new.clone(), stamp);
    }

    fn tell(&mut self, d: &Decision, what: &str, note: Option<String>) {
        self.lines.push(Line { path: d.to.clone(), what: what.into(), note });
    }

    fn put(&mut self, d: &Decision, bytes: Vec<u8>, mode: Mode, what: &str) {
        self.write(d, bytes, mode);
        let came = d.from.as_ref().filter(|from| **from != d.to);
        let what = if what == "moved" && came.is_none() { "updated" } else { what };
        self.tell(d, what, came.map(|from| format!("was {from}")));
    }

    fn write(&mut self, d: &Decision, bytes: Vec<u8>, mode: Mode) {
        if let Some(from) = d.from.as_ref().filter(|from| **from != d.to) {
            self.removes.insert(from.clone());
        }
        self.writes.push(Write { path: d.to.clone(), bytes, mode, like: d.from.clone() });
    }

    fn merge(
        &mut self,
        d: &Decision,
        mode: Mode,
        (ours, theirs): (&Vec<u8>, &Made),
        threads: &Threads<'_>,
    ) {
        let base = d.old.as_ref().and_then(|old| threads.texts.get(old));
        let all = [Some(ours), Some(&theirs.bytes), base];
        if all.into_iter().flatten().any(|bytes| is_binary(bytes)) {
            if d.from.as_ref() != Some(&d.to) {
                self.write(d, ours.clone(), mode);
            }
            self.dispute(d, mode, base, (ours, theirs));
            return self.aside(d, theirs, "both changed it, and it is no text");
        }
        let text: Text = match base {
            Some(base) => three_way(base, ours, &theirs.bytes, threads.names),
            None => two_way(ours, &theirs.bytes, threads.names),
        };
        self.touched.extend(d.from.clone());
        self.write(d, text.bytes, mode);
        if text.conflicts == 0 {
            let came = d.from.as_ref().filter(|from| **from != d.to);
            return self.tell(d, "merged", came.map(|from| format!("was {from}")));
        }
        self.conflicts += 1;
        self.dispute(d, mode, base, (ours, theirs));
        let note = match (base, &d.old) {
            (Some(_), _) => format!("{} places", text.conflicts),
            (None, None) => "you and the template both added it".to_owned(),
            (None, Some(_)) => "the text it was made from is not known any more".to_owned(),
        };
        self.tell(d, "conflict", Some(note));
    }

    fn dispute(
        &mut self,
        d: &Decision,
        mode: Mode,
        base: Option<&Vec<u8>>,
        (ours, theirs): (&[u8], &Made),
    ) {
        self.disputes.push(Dispute {
            path: d.to.clone(),
            exec: mode == Mode::Exec,
            base: base.cloned(),
            ours: ours.to_vec(),
            theirs: theirs.bytes.clone(),
        });
    }

    /// The template's is laid beside.
    fn aside(&mut self, d: &Decision, theirs: &Made, why: &str) {
        let blocked = d.to.match_indices('/').map(|(at, _)| &d.to[..at]);
        // Where a file stands in the way of a folder, the folder gets another name.
        let place = match blocked.into_iter().find(|folder| self.is_file(folder)) {
            Some(folder) => format!("{folder}.theirs{}", &d.to[folder.len()..]),
            None => beside(&d.to, &self.taken),
        };
        self.taken.insert(place.clone());
        if d.from.is_none()
            && let Some(stamp) = d.new.as_ref().and_then(|new| self.files.get_mut(new))
        {
            stamp.at = Some(place.clone());
        }
        let (bytes, mode) = (theirs.bytes.clone(), theirs.mode);
        self.writes.push(Write { path: place.clone(), bytes, mode, like: None });
        self.conflicts += 1;
        self.tell(d, "conflict", Some(format!("{why}; the template's is {place}")));
    }

    fn is_file(&self, path: &str) -> bool {
        self.taken.contains(path) && !self.removes.contains(path)
    }
}
