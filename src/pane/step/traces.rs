//! What a command writes: all of it to the log, its standard output also to a file of its own.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use crate::base::step::{LOG, OUT, OUT_LIMIT};

/// A file that takes so many bytes and no more. It is made when there is something to write.
struct Bounded {
    name: &'static str,
    file: Option<File>,
    left: u64,
}

impl Bounded {
    fn new(name: &'static str, left: u64) -> Self {
        Self { name, file: None, left }
    }

    /// Whether all of it had room.
    fn write(&mut self, folder: &Path, bytes: &[u8]) -> io::Result<bool> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        if room > 0 {
            self.open(folder)?.write_all(&bytes[..room])?;
            self.left -= room as u64;
        }
        Ok(room == bytes.len())
    }

    fn open(&mut self, folder: &Path) -> io::Result<&mut File> {
        if self.file.is_none() {
            self.file = Some(open(&folder.join(self.name))?);
        }
        self.file.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Nothing that somebody put there is followed.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(path)
}

/// Makes the file that the command may fill.
pub(super) fn make_empty(path: &Path) -> io::Result<()> {
    open(path).map(drop)
}

/// The files of an attempt.
pub(super) struct Traces<'a> {
    folder: &'a Path,
    log: Bounded,
    out: Bounded,
    limit: u64,
    full: bool,
    /// Why something of it is missing, other than its length.
    pub(super) fault: Option<String>,
}

impl<'a> Traces<'a> {
    pub(super) fn new(folder: &'a Path, limit: u64) -> Self {
        let (log, out) = (Bounded::new(LOG, limit), Bounded::new(OUT, OUT_LIMIT));
        Self { folder, log, out, limit, full: false, fault: None }
    }

    /// Keeps what the command wrote; `plain`: to its standard output.
    pub(super) fn take(&mut self, bytes: &[u8], plain: bool) {
        let mut done = self.keep(bytes);
        if plain {
            done = done.and(self.out.write(self.folder, bytes).map(drop));
        }
        if let Err(error) = done {
            // The command is not to be held up by a full disk.
            self.fault.get_or_insert_with(|| format!("what it wrote could not be kept: {error}"));
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.full || self.log.write(self.folder, bytes)? {
            return Ok(());
        }
        self.full = true;
        let limit = self.limit;
        let line = format!("\n[gaia] the log has {limit} bytes, the limit; the rest is left out\n");
        self.log.open(self.folder)?.write_all(line.as_bytes())
    }

    /// A line of the shim's own.
    pub(super) fn note(&mut self, sentence: &str) {
        self.take(format!("[gaia] {sentence}\n").as_bytes(), false);
    }
}
