//! Everything a store holds as JSON lines, and back into an empty store.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    actor::{CHECKPOINT, LAST, PAGE, acknowledged, checkpoint, entry_key},
    chain::{Check, Checkpoint, Entry, Fault, Verdict},
    handle::{page, records},
};
use crate::{
    base::{Code, Refusal},
    port::{Op, Store, StoreError},
};

/// Format of an export; raised when an older gaia could misread it.
const FORMAT: u32 = 1;

/// One line of an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    /// The first line.
    Header { format: u32, gaia: String, checkpoint: Checkpoint },
    /// A record under its key.
    Record { key: String, value: Value },
    /// An entry of the ledger.
    Entry(Entry),
    /// The last line: how many came before it, and the digest of their text.
    End { lines: u64, digest: String },
}

/// All lines of an export, in order.
pub fn lines(store: &dyn Store) -> Result<Vec<String>, StoreError> {
    let mut all = Vec::new();
    let gaia = env!("CARGO_PKG_VERSION").to_owned();
    push(&mut all, &Line::Header { format: FORMAT, gaia, checkpoint: checkpoint(store)? });
    for (key, text) in records(store)? {
        let key = String::from_utf8_lossy(&key).into_owned();
        let value = serde_json::from_slice(&text).unwrap_or_default();
        push(&mut all, &Line::Record { key, value });
    }
    let (mut after, last) = (checkpoint(store)?.seq, acknowledged(store)?);
    while after < last {
        let found = page(store, after, PAGE)?;
        let Some(newest) = found.last() else { break };
        after = newest.seq;
        found.into_iter().for_each(|entry| push(&mut all, &Line::Entry(entry)));
    }
    let end = Line::End { lines: all.len() as u64, digest: digest(&all) };
    push(&mut all, &end);
    Ok(all)
}

fn push(all: &mut Vec<String>, line: &Line) {
    all.push(serde_json::to_string(line).unwrap_or_default());
}

fn digest(lines: &[String]) -> String {
    let mut hasher = Sha256::new();
    for line in lines {
        hasher.update(line.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks the ledger in an export, as far as it can be read.
#[must_use]
pub fn verify_lines(text: &str) -> Verdict {
    let parsed: Vec<(usize, Option<Line>)> =
        text.lines().map(|l| serde_json::from_str(l).ok()).enumerate().collect();
    let mark = parsed.iter().find_map(|(_, line)| match line {
        Some(Line::Header { checkpoint, .. }) => Some(checkpoint.clone()),
        _ => None,
    });
    let mut check = Check::new(&mark.unwrap_or_default());
    let mut at = 0;
    let mut unread = Vec::new();
    for (number, line) in parsed {
        match line {
            Some(Line::Entry(entry)) => {
                // In a file the place of an entry is its line; the chain says whether it fits.
                at = if at == 0 { entry.seq } else { at + 1 };
                check.next(at, Some(&entry));
            }
            Some(Line::Header { .. } | Line::Record { .. } | Line::End { .. }) => (),
            None => {
                unread.push(Fault {
                    seq: at + 1,
                    what: format!("line {} is unreadable", number + 1),
                });
                at += u64::from(at > 0);
            }
        }
    }
    let mut verdict = check.end(at);
    verdict.faults.splice(0..0, unread);
    if let Err(refusal) = read(text)
        && verdict.faults.is_empty()
    {
        verdict.faults.push(Fault { seq: at, what: refusal.message });
    }
    verdict
}

/// Fills an empty store from an export; every line is checked before the first is written.
pub fn import(store: &dyn Store, text: &str) -> Result<(u64, u64), Refusal> {
    if acknowledged(store).map_err(super::handle::refusal)? > 0
        || !records(store).map_err(super::handle::refusal)?.is_empty()
    {
        return Err(Refusal::new(Code::Denied, "this home is not empty")
            .help("import into an empty one: GAIA_HOME=/another/folder gaia import FILE"));
    }
    let (checkpoint, rest) = read(text)?;
    let mut ops = Vec::new();
    let (mut records, mut entries, mut last) = (0, 0, checkpoint.seq);
    for line in rest {
        match line {
            Line::Record { key, value } => {
                records += 1;
                ops.push(Op::Put(key.into_bytes(), value.to_string().into_bytes()));
            }
            Line::Entry(entry) => {
                entries += 1;
                last = entry.seq;
                let text = serde_json::to_vec(&entry).unwrap_or_default();
                ops.push(Op::Put(entry_key(entry.seq), text));
            }
            Line::Header { .. } | Line::End { .. } => (),
        }
    }
    ops.push(Op::Put(CHECKPOINT.to_vec(), serde_json::to_vec(&checkpoint).unwrap_or_default()));
    ops.push(Op::Put(LAST.to_vec(), last.to_string().into_bytes()));
    let stored = store.apply(ops).and_then(|()| store.flush()).and_then(|()| store.witness(last));
    stored.map_err(super::handle::refusal)?;
    Ok((records, entries))
}

/// Reads and checks a whole export.
fn read(text: &str) -> Result<(Checkpoint, Vec<Line>), Refusal> {
    let bad = |line: usize, what: &str| {
        Refusal::new(Code::Invalid, format!("line {}: {what}", line + 1))
            .help("export again: this file is not as `gaia export` wrote it")
    };
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        lines.push(serde_json::from_str(line).map_err(|e| bad(number, &e.to_string()))?);
    }
    let Some(Line::Header { format, checkpoint, .. }) = lines.first().cloned() else {
        return Err(bad(0, "this is not an export of gaia's"));
    };
    if format > FORMAT {
        return Err(bad(0, "this export was written by a later gaia"));
    }
    let count = lines.len() - 1;
    let body: Vec<String> = text.lines().take(count).map(str::to_owned).collect();
    match lines.last() {
        Some(Line::End { lines, digest: wanted })
            if *lines == count as u64 && *wanted == digest(&body) => {}
        Some(Line::End { .. }) => return Err(bad(count, "the file was changed or is incomplete")),
        _ => return Err(bad(count, "the end of the file is missing")),
    }
    let mut check = Check::new(&checkpoint);
    for line in &lines {
        if let Line::Entry(entry) = line {
            check.next(entry.seq, Some(entry));
        }
    }
    let (last, _) = check.head();
    match check.end(last).faults.first() {
        Some(fault) => Err(bad(0, &format!("entry {}: {}", fault.seq, fault.what))),
        None => Ok((checkpoint, lines)),
    }
}
