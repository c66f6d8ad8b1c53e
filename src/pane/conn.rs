//! One connection to the shim: of the daemon, or of a view.

use std::{
    io::{ErrorKind, Read, Write},
    os::{fd::AsFd, unix::net::UnixStream},
    path::Path,
};

use super::log;
use crate::base::wire::{Frame, Tell};

/// Output is read from the log only while less than this waits to be sent.
const ROOM: usize = 64 << 10;
/// Bytes of output in one frame.
const PIECE: usize = 32 << 10;
/// Unread requests above this are not read on until the program took its input.
pub(super) const MAX_PENDING: usize = 1 << 20;

/// A connection and what waits on it.
pub(super) struct Conn {
    pub(super) id: u64,
    stream: UnixStream,
    input: Vec<u8>,
    output: Vec<u8>,
    /// Next offset of the log to send, if it follows the output.
    pub(super) follows: Option<u64>,
    /// Whether it is a view: it shows the unit and types into it.
    pub(super) view: bool,
}

impl Conn {
    pub(super) fn new(id: u64, stream: UnixStream) -> std::io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self { id, stream, input: vec![], output: vec![], follows: None, view: false })
    }

    pub(super) fn fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.stream.as_fd()
    }

    pub(super) fn tell(&mut self, tell: Tell) {
        self.send(&Frame::Tell(tell));
    }

    pub(super) fn send(&mut self, frame: &Frame) {
        self.output.extend_from_slice(&frame.encode());
    }

    /// Reads what came; the frames, or `None` if the peer is gone or speaks another language.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Option<Vec<Frame>> {
        let mut open = true;
        loop {
            match self.stream.read(buffer) {
                Ok(0) => {
                    open = false;
                    break;
                }
                Ok(n) => self.input.extend_from_slice(&buffer[..n]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == ErrorKind::Interrupted => (),
                Err(_) => return None,
            }
            if self.input.len() > MAX_PENDING + crate::base::wire::MAX_BODY {
                break;
            }
        }
        let mut frames = Vec::new();
        while let Some(frame) = Frame::decode(&mut self.input).ok()? {
            frames.push(frame);
        }
        (open || !frames.is_empty()).then_some(frames)
    }

    /// Sends what waits, and output from the log as far as the peer takes it. `false`: it is gone.
    pub(super) fn pump(&mut self, folder: &Path, end: u64) -> bool {
        loop {
            self.fill(folder, end);
            if self.output.is_empty() {
                return true;
            }
            match self.stream.write(&self.output) {
                Ok(0) => return false,
                Ok(n) => drop(self.output.drain(..n)),
                Err(e) if e.kind() == ErrorKind::WouldBlock => return true,
                Err(e) if e.kind() == ErrorKind::Interrupted => (),
                Err(_) => return false,
            }
        }
    }

    fn fill(&mut self, folder: &Path, end: u64) {
        while let Some(next) = self.follows.filter(|next| *next < end)
            && self.output.len() < ROOM
        {
            let Ok((at, bytes)) = log::read(folder, next, PIECE) else { return };
            if bytes.is_empty() {
                return;
            }
            self.follows = Some(at + bytes.len() as u64);
            self.send(&Frame::Output(at, bytes));
        }
    }

    /// Whether something waits to be sent.
    pub(super) fn waits(&self) -> bool {
        !self.output.is_empty()
    }
}
