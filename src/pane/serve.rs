//! What connections ask of the shim.

use std::time::Duration;

use nix::pty::Winsize;

use super::{
    life::Phase,
    log,
    shim::{Shim, Typed},
    stop::Then,
};
use crate::base::{
    unit::{self, Reason},
    wire::{Ask, Frame, Tell},
};

/// Ends a bracketed paste; inside a pasted text it would let the rest through as typed keys.
const PASTE_END: &[u8] = b"\x1b[201~";

impl Shim {
    /// Takes in what one connection sent.
    pub(super) fn serve(&mut self, at: usize) {
        let mut buffer = [0; 16 << 10];
        let Some(conn) = self.conns.get_mut(at) else { return };
        let id = conn.id;
        let Some(frames) = conn.receive(&mut buffer) else {
            self.conns.remove(at);
            return;
        };
        for frame in frames {
            match frame {
                Frame::Ask(ask) => {
                    if let Some(answer) = self.answer(id, ask) {
                        self.tell(id, answer);
                    }
                }
                Frame::Input { id: input, paste, bytes } => self.type_in(id, input, paste, bytes),
                Frame::Keys(bytes) => self.keys(&bytes),
                Frame::Tell(_) | Frame::Output(..) => (),
            }
        }
    }

    /// Tells one connection something.
    pub(super) fn tell(&mut self, conn: u64, tell: Tell) {
        if let Some(conn) = self.conns.iter_mut().find(|c| c.id == conn) {
            conn.tell(tell);
        }
    }

    /// Tells every connection something.
    pub(super) fn tell_all(&mut self, tell: &Tell) {
        self.conns.iter_mut().for_each(|conn| conn.tell(tell.clone()));
    }

    fn answer(&mut self, conn: u64, ask: Ask) -> Option<Tell> {
        let grace = |ms: Option<u64>| Duration::from_millis(ms.unwrap_or(self.spec.stop.grace_ms));
        match ask {
            Ask::State => (),
            Ask::Output { from } => {
                if let Some(conn) = self.conns.iter_mut().find(|c| c.id == conn) {
                    conn.follows = Some(from);
                }
            }
            Ask::Resize { cols, rows } => {
                let shown = self.state().shown;
                let viewer = self.conns.iter().any(|c| c.id == conn && c.view);
                if viewer || !shown {
                    self.resize(winsize(cols, rows));
                }
            }
            Ask::Signal { signal } => {
                if !self.signal_program(signal) {
                    return Some(Tell::Refused("its program does not run".to_owned()));
                }
            }
            Ask::Stop { grace_ms, close, signal } => {
                let then = if close { Then::Leave } else { Then::Stay };
                self.stop(Reason::Stopped, grace(grace_ms), then, signal);
            }
            Ask::Start if self.phase.runs() => {
                return Some(Tell::Refused("its program runs already".to_owned()));
            }
            Ask::Start if self.stopping.is_some() => {
                return Some(Tell::Refused("it is being stopped".to_owned()));
            }
            Ask::Start => self.start(),
            Ask::Restart => self.stop(Reason::Stopped, grace(None), Then::Start, None),
            Ask::Hangup => self.end_unit(Reason::Hangup),
            Ask::View { cols, rows } => self.begin_view(conn, winsize(cols, rows)),
        }
        Some(Tell::State(self.state()))
    }

    /// A later pane shows the unit: what was there, then what comes, and a fresh painting.
    fn begin_view(&mut self, conn: u64, size: Winsize) {
        let end = self.log.end();
        let folder = self.folder.join(unit::LOG);
        let from = if self.scan.alternate { end } else { log::tail_start(&folder, end) };
        if let Some(conn) = self.conns.iter_mut().find(|c| c.id == conn) {
            conn.view = true;
            conn.follows = Some(from);
        }
        self.resize(size);
        if self.scan.alternate {
            self.begin_repaint();
        }
        match self.phase {
            Phase::Held => self.say_held(),
            Phase::Running { .. }
            | Phase::Forking { .. }
            | Phase::Draining { .. }
            | Phase::Ended
            | Phase::Over => (),
        }
    }

    fn type_in(&mut self, conn: u64, id: u64, paste: bool, mut bytes: Vec<u8>) {
        if !matches!(self.phase, Phase::Running { closed: false }) {
            let what = "its program does not run".to_owned();
            return self.tell(conn, Tell::NotTyped { id, what });
        }
        if paste && self.scan.bracketed_paste {
            if bytes.windows(PASTE_END.len()).any(|part| part == PASTE_END) {
                let what = "the text holds the end mark of a paste (ESC [201~)".to_owned();
                return self.tell(conn, Tell::NotTyped { id, what });
            }
            bytes = [b"\x1b[200~", &bytes[..], PASTE_END].concat();
        }
        self.typed.push_back(Typed { bytes, written: 0, receipt: Some((conn, id)) });
    }
}

fn winsize(cols: u16, rows: u16) -> Winsize {
    Winsize { ws_row: rows.max(1), ws_col: cols.max(1), ws_xpixel: 0, ws_ypixel: 0 }
}
