//! The output of a unit on disk: segments by size, each with an index of (offset, time).

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::base::{Mark, MarkKind, SegmentName, unit::LogRule};

/// Output marks are at least this far apart, in microseconds; a replay is not smoother than that.
const MARK_EVERY_US: u64 = 10_000;

/// Writes the log of one unit.
pub(super) struct Log {
    folder: PathBuf,
    rule: LogRule,
    segments: Vec<u64>,
    out: File,
    index: File,
    end: u64,
    last_mark_us: u64,
    /// Bytes that found no room on the disk.
    lost: u64,
}

impl Log {
    /// Opens the log of a unit folder and goes on where it ended.
    pub(super) fn open(folder: PathBuf, rule: LogRule) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let mut segments = segments(&folder);
        let begin = segments.last().copied().unwrap_or(0);
        if segments.is_empty() {
            segments.push(0);
        }
        let (out, index) = open_segment(&folder, begin)?;
        let end = begin + out.metadata()?.len();
        Ok(Self { folder, rule, segments, out, index, end, last_mark_us: 0, lost: 0 })
    }

    /// Offset of the first byte kept.
    pub(super) fn start(&self) -> u64 {
        self.segments.first().copied().unwrap_or(0)
    }

    /// Offset after the last byte.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Appends output. A full disk stops neither the program nor the shim: what finds no room is
    /// counted, and a line in the log says how much it was as soon as there is room again.
    pub(super) fn output(&mut self, bytes: &[u8]) {
        if self.lost > 0 {
            let note =
                format!("\r\n[gaia: {} bytes are missing here, the disk was full]\r\n", self.lost);
            match self.append(note.as_bytes()) {
                0 => return self.lost += bytes.len() as u64,
                _ => self.lost = 0,
            }
        }
        let now = now_us();
        if now.saturating_sub(self.last_mark_us) >= MARK_EVERY_US {
            self.mark(MarkKind::Output);
            self.last_mark_us = now;
        }
        let written = self.append(bytes);
        self.lost += (bytes.len() - written) as u64;
        if self.end - self.segments.last().copied().unwrap_or(0) >= self.rule.segment_bytes {
            self.rotate();
        }
    }

    /// Notes something in the index.
    pub(super) fn mark(&mut self, kind: MarkKind) {
        let mark = Mark { at_us: now_us(), offset: self.end, kind };
        // A mark that finds no room only makes a replay coarser.
        let _ = self.index.write_all(&mark.encode());
    }

    /// Bytes written, all of them unless the disk is full.
    fn append(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() {
            match self.out.write(&bytes[written..]) {
                Ok(0) => break,
                Ok(n) => written += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => (),
                Err(_) => break,
            }
        }
        self.end += written as u64;
        written
    }

    fn rotate(&mut self) {
        // If no new segment can be opened, the present one goes on.
        let Ok((out, index)) = open_segment(&self.folder, self.end) else { return };
        (self.out, self.index, self.last_mark_us) = (out, index, 0);
        self.segments.push(self.end);
        while self.segments.len() > 1 && self.end - self.segments[1] >= self.rule.keep_bytes {
            let oldest = self.segments.remove(0);
            for kind in ["out", "idx"] {
                let _ = fs::remove_file(path(&self.folder, oldest, kind));
            }
        }
    }
}

/// Reads at most `max` bytes of a log at `from`; an offset that is no longer kept begins at the
/// oldest byte. The offset of the first byte comes first.
pub(super) fn read(folder: &Path, from: u64, max: usize) -> io::Result<(u64, Vec<u8>)> {
    let segments = segments(folder);
    let Some(first) = segments.first().copied() else { return Ok((from, vec![])) };
    let from = from.max(first);
    let begin = segments.iter().rev().copied().find(|begin| *begin <= from).unwrap_or(first);
    let mut file = File::open(path(folder, begin, "out"))?;
    file.seek(SeekFrom::Start(from - begin))?;
    let mut bytes = Vec::new();
    file.take(max as u64).read_to_end(&mut bytes)?;
    let next = segments.iter().copied().find(|next| *next > begin);
    match next {
        Some(next) if bytes.is_empty() => read(folder, next.max(from), max),
        _ => Ok((from, bytes)),
    }
}

/// How much of the log is painted again: some screens full.
const TAIL: u64 = 64 << 10;
/// Where the tail of a log begins: at a line, so that no sequence is cut.
pub(super) fn tail_start(folder: &Path, end: u64) -> u64 {
    let from = end.saturating_sub(TAIL);
    if from == 0 {
        return 0;
    }
    match read(folder, from, TAIL as usize) {
        Ok((at, bytes)) => {
            let line = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |p| p as u64 + 1);
            at + line
        }
        Err(_) => end,
    }
}

/// The tail of a log, across its segments.
pub(super) fn tail(folder: &Path, end: u64) -> Vec<u8> {
    let (mut at, mut all) = (tail_start(folder, end), Vec::new());
    while at < end {
        match read(folder, at, TAIL as usize) {
            Ok((from, bytes)) if !bytes.is_empty() => {
                at = from + bytes.len() as u64;
                all.extend(bytes);
            }
            Ok(_) | Err(_) => break,
        }
    }
    all
}

fn segments(folder: &Path) -> Vec<u64> {
    let mut found: Vec<u64> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.strip_suffix(".out")?.parse::<SegmentName>().ok().map(|name| name.0)
        })
        .collect();
    found.sort_unstable();
    found
}

fn path(folder: &Path, begin: u64, kind: &str) -> PathBuf {
    folder.join(format!("{}.{kind}", SegmentName(begin)))
}

fn open_segment(folder: &Path, begin: u64) -> io::Result<(File, File)> {
    let open = |kind| {
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600).open(path(folder, begin, kind))
    };
    Ok((open("out")?, open("idx")?))
}

/// Microseconds since the Unix epoch.
pub(super) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_at_every_offset(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..30),
            segment in 1_u64..64,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let rule = LogRule { segment_bytes: segment, keep_bytes: 1 << 20 };
            let all: Vec<u8> = chunks.concat();
            for half in chunks.chunks(7) {
                // Each shim goes on where the one before it ended.
                let mut log = Log::open(folder.path().into(), rule.clone()).unwrap();
                half.iter().for_each(|chunk| log.output(chunk));
            }
            for from in 0..=all.len() {
                let (at, bytes) = read(folder.path(), from as u64, 16).unwrap();
                prop_assert_eq!(at, from as u64);
                prop_assert!(bytes == all[from..from + bytes.len()] && (!bytes.is_empty() || from == all.len()));
            }
        }
    }

    #[test]
    fn a_tail_goes_over_segments_and_begins_at_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let rule = LogRule { segment_bytes: 10_000, keep_bytes: 1 << 20 };
        let mut log = Log::open(folder.path().into(), rule).unwrap();
        let all: String = (0..10_000).map(|n| format!("line {n:05}\n")).collect();
        all.as_bytes().chunks(777).for_each(|chunk| log.output(chunk));
        let tail = String::from_utf8(tail(folder.path(), log.end())).unwrap();
        assert!(all.ends_with(&tail) && tail.starts_with("line "), "{tail:.40}");
        assert!(tail.len() as u64 > TAIL - 20 && tail.len() as u64 <= TAIL);
    }

    #[test]
    fn the_oldest_segments_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let rule = LogRule { segment_bytes: 10, keep_bytes: 25 };
        let mut log = Log::open(folder.path().into(), rule).unwrap();
        for n in 0..10 {
            log.output(format!("line {n:04}\n").as_bytes());
        }
        assert_eq!((log.start(), log.end()), (70, 100));
        assert_eq!(read(folder.path(), 0, 100).unwrap(), (70, b"line 0007\n".to_vec()));
    }
}
