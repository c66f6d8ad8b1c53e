//! The frames on a shim's socket: one byte kind, four bytes length (big-endian), the body.
//!
//! Both sides may open the connection: the shim dials the daemon's hello socket when it starts,
//! and a daemon that was restarted dials `shim.sock`. From then on the same frames flow: the shim
//! sends [`Tell::Hello`] first, then answers each [`Ask`] in order; [`Tell::Exit`] and
//! [`Tell::Started`] come unasked to every connection.

use serde::{Deserialize, Serialize};

use super::unit::{Exit, State};

/// Longest body accepted, 16 MiB; a longer one ends the connection.
pub const MAX_BODY: usize = 16 << 20;
/// Offset of output that is not the program's.
pub const NOT_LOGGED: u64 = u64::MAX;
const HEAD: usize = 5;

/// What is asked of a shim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ask {
    /// Answer [`Tell::State`].
    State,
    /// Send the output from this offset on as [`Frame::Output`], what is on disk first, then as it
    /// comes. Served from the log files, so a slow reader holds nobody up.
    Output {
        /// First offset wanted; an older one than is on disk begins at the oldest byte.
        from: u64,
    },
    /// Give the inner terminal this size (only used while no terminal shows the unit).
    Resize {
        /// Columns.
        cols: u16,
        /// Rows.
        rows: u16,
    },
    /// Send a signal to the program's process group.
    Signal {
        /// Signal number.
        signal: i32,
    },
    /// Stop the program as its spec says; the pane stays or closes by `close`.
    Stop {
        /// Overrides the grace time of the spec, in milliseconds.
        grace_ms: Option<u64>,
        /// End the shim, and so its pane, once the program is gone.
        close: bool,
        /// Overrides the signal of the spec; 0 sends none, only waits and then kills.
        #[serde(default)]
        signal: Option<i32>,
    },
    /// Start the program (again): a new incarnation, from a freshly read `spec.json`. Refused
    /// while it runs.
    Start,
    /// Stop, then start.
    Restart,
    /// A person closed the pane of this view: end as if it had been the pane of the shim itself.
    Hangup,
    /// Become a view: from here on the connection carries [`Frame::Keys`] and [`Frame::Output`].
    View {
        /// Columns of the viewing terminal.
        cols: u16,
        /// Rows of the viewing terminal.
        rows: u16,
    },
}

/// What a shim tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tell {
    /// First frame of every connection.
    Hello(State),
    /// Answer to [`Ask::State`] and to every ask that succeeded.
    State(State),
    /// An input was written to the program's terminal, whole.
    Receipt {
        /// The id of the [`Frame::Input`].
        id: u64,
        /// Bytes written, brackets included.
        bytes: u64,
    },
    /// The program ended; the exit record is on disk already.
    Exit(Exit),
    /// A new incarnation runs; told again when a later process of it takes its place.
    Started(State),
    /// Nothing that this incarnation started runs any more.
    Empty {
        /// Which one.
        incarnation: u32,
    },
    /// The ask was not carried out; takes the place of its [`Tell::State`].
    Refused(String),
    /// An input was not written to the program's terminal, or not whole.
    NotTyped {
        /// The id of the [`Frame::Input`].
        id: u64,
        /// Why.
        what: String,
    },
}

/// One frame.
#[expect(clippy::large_enum_variant, reason = "one at a time; a box would only cost more")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Towards the shim.
    Ask(Ask),
    /// From the shim.
    Tell(Tell),
    /// Output of the program at this offset; [`NOT_LOGGED`] for words of the shim's own to a view.
    Output(u64, Vec<u8>),
    /// Bytes for the program's terminal, answered by [`Tell::Receipt`] with the same id.
    Input {
        /// Chosen by the sender.
        id: u64,
        /// Put paste brackets around if the program asked for them.
        paste: bool,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Keys typed by a person in a view; not answered.
    Keys(Vec<u8>),
}

/// A peer that does not speak these frames.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a frame of gaia's: {0}")]
pub struct BadFrame(pub String);

impl Frame {
    /// The frame as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let (kind, body) = match self {
            Self::Ask(ask) => (b'a', serde_json::to_vec(ask).unwrap_or_default()),
            Self::Tell(tell) => (b't', serde_json::to_vec(tell).unwrap_or_default()),
            Self::Output(offset, bytes) => (b'o', [&offset.to_be_bytes()[..], bytes].concat()),
            Self::Input { id, paste, bytes } => {
                (b'i', [&id.to_be_bytes()[..], &[u8::from(*paste)], bytes].concat())
            }
            Self::Keys(bytes) => (b'k', bytes.clone()),
        };
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
        [&[kind][..], &length, &body].concat()
    }

    /// Takes the first whole frame off `buffer`; `None` while it is not whole yet.
    pub fn decode(buffer: &mut Vec<u8>) -> Result<Option<Self>, BadFrame> {
        let Some(head) = buffer.get(..HEAD) else { return Ok(None) };
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if length > MAX_BODY {
            return Err(BadFrame(format!("a body of {length} bytes")));
        }
        if buffer.len() < HEAD + length {
            return Ok(None);
        }
        let kind = buffer[0];
        let body: Vec<u8> = buffer.drain(..HEAD + length).skip(HEAD).collect();
        Self::read(kind, body).map(Some)
    }

    fn read(kind: u8, body: Vec<u8>) -> Result<Self, BadFrame> {
        let bad = |e: serde_json::Error| BadFrame(e.to_string());
        match kind {
            b'a' => serde_json::from_slice(&body).map(Self::Ask).map_err(bad),
            b't' => serde_json::from_slice(&body).map(Self::Tell).map_err(bad),
            b'o' => take_word(&body).map(|(offset, bytes)| Self::Output(offset, bytes.to_vec())),
            b'i' => match take_word(&body)? {
                (id, [paste, bytes @ ..]) => {
                    Ok(Self::Input { id, paste: *paste != 0, bytes: bytes.to_vec() })
                }
                (_, []) => Err(BadFrame("an input without its flag".into())),
            },
            b'k' => Ok(Self::Keys(body)),
            other => Err(BadFrame(format!("kind {other}"))),
        }
    }
}

fn take_word(body: &[u8]) -> Result<(u64, &[u8]), BadFrame> {
    match body.split_first_chunk::<8>() {
        Some((word, rest)) => Ok((u64::from_be_bytes(*word), rest)),
        None => Err(BadFrame(format!("a body of {} bytes", body.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_read_back_even_in_pieces() {
        let frames = [
            Frame::Ask(Ask::Stop { grace_ms: Some(10), close: true, signal: None }),
            Frame::Tell(Tell::Receipt { id: 3, bytes: 9 }),
            Frame::Output(1 << 40, vec![0, 255, 27]),
            Frame::Input { id: 7, paste: true, bytes: b"hi\n".to_vec() },
            Frame::Keys(vec![3]),
        ];
        let stream: Vec<u8> = frames.iter().flat_map(Frame::encode).collect();
        let (mut buffer, mut seen) = (Vec::new(), Vec::new());
        for byte in stream {
            buffer.push(byte);
            while let Some(frame) = Frame::decode(&mut buffer).unwrap() {
                seen.push(frame);
            }
        }
        assert_eq!(seen, frames);
    }

    #[test]
    fn a_stranger_is_noticed() {
        assert!(Frame::decode(&mut b"GET / HTTP/1.1\r\n".to_vec()).is_err());
        assert!(Frame::decode(&mut b"z\0\0\0\0".to_vec()).is_err());
    }
}
