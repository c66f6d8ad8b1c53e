//! Reads the log segments that a shim writes.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use crate::{
    base::{Home, Mark, SegmentName, UnitId, unit},
    port::LogSpan,
};

/// A segment that is removed while it is looked for is looked for again, this often.
const TRIES: u32 = 5;

/// At most `max` bytes of a unit's output from `from` on.
pub(super) fn read(home: &Home, id: &UnitId, from: u64, max: usize) -> io::Result<LogSpan> {
    let folder = home.unit(id).join(unit::LOG);
    let mut tries = 0;
    loop {
        match read_once(&folder, from, max) {
            Err(e) if e.kind() == io::ErrorKind::NotFound && tries < TRIES => tries += 1,
            other => return other,
        }
    }
}

fn read_once(folder: &Path, from: u64, max: usize) -> io::Result<LogSpan> {
    let segments = segments(folder)?;
    let Some((first, last)) = segments.first().zip(segments.last()) else {
        return Ok(LogSpan { from, ..LogSpan::default() });
    };
    let end = last + fs::metadata(path(folder, *last, "out"))?.len();
    let from = from.clamp(*first, end.max(*first));
    let mut bytes = Vec::new();
    let mut at = from;
    for (begin, next) in spans(&segments, end) {
        if at < next && bytes.len() < max {
            let mut file = File::open(path(folder, begin, "out"))?;
            file.seek(SeekFrom::Start(at - begin))?;
            let room = (max - bytes.len()) as u64;
            at += file.take(room.min(next - at)).read_to_end(&mut bytes)? as u64;
        }
    }
    Ok(LogSpan { from, bytes, end })
}

/// The index entries from the newest one at or before `from` on, at most `max`.
pub(super) fn marks(home: &Home, id: &UnitId, from: u64, max: usize) -> io::Result<Vec<Mark>> {
    let folder = home.unit(id).join(unit::LOG);
    let mut found: Vec<Mark> = Vec::new();
    for (begin, next) in spans(&segments(&folder)?, u64::MAX) {
        if next < from {
            continue;
        }
        let index = fs::read(path(&folder, begin, "idx")).unwrap_or_default();
        let marks = index.as_chunks::<{ Mark::SIZE }>().0.iter().filter_map(Mark::decode);
        for mark in marks {
            if mark.offset <= from && found.last().is_some_and(|old| old.offset < mark.offset) {
                found.clear();
            }
            found.push(mark);
            if found.len() >= max {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// Begin and end of each segment.
fn spans(segments: &[u64], end: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
    let next = segments.iter().skip(1).copied().chain([end]);
    segments.iter().copied().zip(next)
}

fn segments(folder: &Path) -> io::Result<Vec<u64>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        Err(e) => return Err(e),
    };
    let name = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.strip_suffix(".out")?.parse::<SegmentName>().ok().map(|name| name.0)
    };
    let mut found: Vec<u64> = entries.flatten().filter_map(name).collect();
    found.sort_unstable();
    Ok(found)
}

fn path(folder: &Path, begin: u64, kind: &str) -> PathBuf {
    folder.join(format!("{}.{kind}", SegmentName(begin)))
}
