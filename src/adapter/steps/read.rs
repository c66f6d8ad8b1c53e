//! Files in the folder of an attempt. The command may have put anything there.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use crate::{base::step::LOG, port::LogSpan};

/// At most `max` bytes of the log from `from` on.
pub(super) fn log(folder: &Path, from: u64, max: usize) -> io::Result<LogSpan> {
    let Some(mut file) = open(&folder.join(LOG))? else { return Ok(LogSpan::default()) };
    let end = file.metadata()?.len();
    let from = from.min(end);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take((end - from).min(max as u64)).read_to_end(&mut bytes)?;
    Ok(LogSpan { from, bytes, end })
}

/// How long the log is.
pub(super) fn length(folder: &Path) -> u64 {
    folder.join(LOG).symlink_metadata().map_or(0, |found| found.len())
}

/// The first bytes of a file.
pub(super) fn file(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = open(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(limit as u64).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Opens what is a file; a link is not followed, and nobody is waited for.
fn open(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    let how = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    match options.read(true).custom_flags(how).open(path) {
        Ok(file) => Ok(file.metadata()?.is_file().then_some(file)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        // A link; a socket.
        Err(e) if matches!(e.raw_os_error(), Some(libc::ELOOP | libc::ENXIO)) => Ok(None),
        Err(e) => Err(e),
    }
}
