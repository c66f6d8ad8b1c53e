//! What the daemon, the host of steps and the shim of one attempt tell each other.
//!
//! Over the socket: an [`Order`] to the host, one [`Word`] back when its shim has ended. In the
//! folder of the attempt: `claim` (who runs it), `exit.json` (how it ended), `log`, `out`, `output`.
//! The environment of a command may hold secrets: it goes over the socket only.

use std::{collections::BTreeMap, fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Moment, fence::Fence};

/// Name of the [`Claim`].
pub const CLAIM: &str = "claim";
/// File name of [`Exit`].
pub const EXIT: &str = "exit.json";
/// All that the command wrote, as it came.
pub const LOG: &str = "log";
/// What the command wrote to its standard output, the first [`OUT_LIMIT`] bytes.
pub const OUT: &str = "out";
/// The file that the command may fill with values; made empty for one behind a fence.
pub const OUTPUT: &str = "output";
/// Variable by which the processes of an attempt are known; its value is the folder.
pub const MARK: &str = "GAIA_STEP";
/// How much of its standard output is kept apart.
pub const OUT_LIMIT: u64 = 1 << 20;
/// How long a log may become, unless a spec says otherwise.
pub const LOG_LIMIT: u64 = 64 << 20;
/// Longest frame on the socket.
const MAX_FRAME: usize = 16 << 20;
const HEAD: usize = 4;

/// An attempt at a step: what is run, and where it leaves its traces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The folder of this attempt and no other; absolute. It is made if it is not there.
    pub folder: PathBuf,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// The whole environment of the program; [`MARK`] is added.
    pub env: BTreeMap<String, String>,
    /// Working folder, absolute.
    pub cwd: PathBuf,
    /// What it reads; nothing otherwise.
    pub stdin: Option<PathBuf>,
    /// What it may reach.
    pub fence: Option<Fence>,
    /// Resource limits by their setrlimit(2) name, as those of a unit.
    pub limits: BTreeMap<String, u64>,
    /// Bytes of log that are kept; the rest is left out.
    pub log_limit: u64,
    /// How long what is told to end may take.
    pub grace_ms: u64,
    /// Which boot of the machine it was when it was decided to run this attempt. An attempt of
    /// another boot is never begun: nobody can tell whether it was.
    pub boot: String,
}

/// Who runs an attempt. It is the text of a symbolic link that leads nowhere: made in one step, by
/// one process only, and never seen half written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The shim; 0 if the attempt was withdrawn before anyone ran it.
    pub pid: i32,
    /// Its start time, in clock ticks since boot.
    pub start: u64,
    /// Which boot of the machine that was.
    pub boot: String,
}

impl Claim {
    /// The claim of nobody: the attempt will never be run.
    #[must_use]
    pub fn withdrawn(boot: String) -> Self {
        Self { pid: 0, start: 0, boot }
    }

    /// Whether the attempt was withdrawn.
    #[must_use]
    pub fn is_withdrawn(&self) -> bool {
        self.pid == 0
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.pid, self.start, self.boot)
    }
}

/// A text that is no claim.
#[derive(Debug, PartialEq, Eq)]
pub struct BadClaim;

impl FromStr for Claim {
    type Err = BadClaim;
    fn from_str(text: &str) -> Result<Self, BadClaim> {
        let mut words = text.splitn(3, ' ');
        let mut word = || words.next().ok_or(BadClaim);
        let pid = word()?.parse().map_err(|_| BadClaim)?;
        let start = word()?.parse().map_err(|_| BadClaim)?;
        Ok(Self { pid, start, boot: word()?.to_owned() })
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Exit code of the program; 127 if it could not be started.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// It was told to end.
    pub stopped: bool,
    /// It left processes behind, which were ended then.
    pub left: bool,
    /// What a person should know of it.
    pub note: Option<String>,
    /// When it began.
    pub started: Moment,
    /// When nothing of it ran any more.
    pub ended: Moment,
}

/// To the host: run this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order<S = Spec> {
    /// Comes back in the [`Word`].
    pub id: u64,
    /// What to run.
    pub spec: S,
}

/// From the host: the shim of an order has ended. How the attempt ended stands in its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// That of the order.
    pub id: u64,
    /// How the shim ended.
    pub gone: Gone,
}

/// How a shim ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gone {
    /// It ended by itself: 0, or the number of the error that kept it from its work. `EEXIST`: the
    /// attempt is another's.
    Left(i32),
    /// It was ended by a signal.
    Killed,
    /// There could be none; the number of the error.
    NotForked(i32),
}

/// How an attempt is stopped, in the number that a queued signal carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// What the program is told.
    pub signal: i32,
    /// How long it may take, in milliseconds; at most [`Stop::LONGEST`].
    pub grace_ms: u64,
}

impl Stop {
    /// Four hours and a half.
    pub const LONGEST: u64 = (1 << 24) - 1;

    /// As a number that is never 0.
    #[must_use]
    pub fn pack(self) -> i32 {
        let grace = i32::try_from(self.grace_ms.min(Self::LONGEST)).unwrap_or(0);
        (self.signal.clamp(1, 64) << 24) | grace
    }

    /// From such a number; `None` if it is 0, as it is when somebody just sends a signal.
    #[must_use]
    pub fn unpack(number: i32) -> Option<Self> {
        let signal = number >> 24;
        let grace_ms = u64::try_from(number & 0xff_ffff).unwrap_or(0);
        (1..=64).contains(&signal).then_some(Self { signal, grace_ms })
    }
}

/// A frame: four bytes length, then the value as JSON.
#[must_use]
pub fn encode(value: &impl Serialize) -> Vec<u8> {
    let mut frame = vec![0; HEAD];
    let done = serde_json::to_writer(&mut frame, value);
    let length = frame.len() - HEAD;
    match u32::try_from(length) {
        Ok(length) if done.is_ok() => frame[..HEAD].copy_from_slice(&length.to_be_bytes()),
        Ok(_) | Err(_) => frame.clear(),
    }
    frame
}

/// Takes the first whole frame off `buffer`; `None` while it is not whole yet.
pub fn decode<T: DeserializeOwned>(buffer: &mut Vec<u8>) -> Result<Option<T>, String> {
    let Some((head, rest)) = buffer.split_first_chunk::<HEAD>() else { return Ok(None) };
    let length = u32::from_be_bytes(*head) as usize;
    if length > MAX_FRAME {
        return Err(format!("a frame of {length} bytes, and {MAX_FRAME} is the limit"));
    }
    let Some(body) = rest.get(..length) else { return Ok(None) };
    let value = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    buffer.drain(..HEAD + length);
    Ok(Some(value))
}

/// Whether a frame is one that the other side will take.
#[must_use]
pub fn fits(frame: &[u8]) -> bool {
    frame.len() > HEAD && frame.len() <= HEAD + MAX_FRAME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_reads_back() {
        let claim = Claim { pid: 4711, start: 99, boot: "b-1".to_owned() };
        assert_eq!(claim.to_string().parse(), Ok(claim.clone()));
        assert!(!claim.is_withdrawn());
        assert!("0 0 b".parse::<Claim>().unwrap().is_withdrawn());
        for text in ["", "4711", "4711 99", "x 99 b", "4711 x b"] {
            assert_eq!(text.parse::<Claim>(), Err(BadClaim), "{text}");
        }
    }

    #[test]
    fn a_stop_fits_into_the_number_of_a_signal() {
        for stop in [
            Stop { signal: 15, grace_ms: 0 },
            Stop { signal: 1, grace_ms: 10_000 },
            Stop { signal: 64, grace_ms: Stop::LONGEST },
        ] {
            assert_eq!(Stop::unpack(stop.pack()), Some(stop));
        }
        let long = Stop { signal: 2, grace_ms: u64::MAX }.pack();
        assert_eq!(Stop::unpack(long), Some(Stop { signal: 2, grace_ms: Stop::LONGEST }));
        assert_eq!(Stop::unpack(0), None);
    }

    #[test]
    fn frames_read_back_even_in_pieces() {
        let words = [Word { id: 1, gone: Gone::Left(0) }, Word { id: 2, gone: Gone::Killed }];
        let mut buffer = Vec::new();
        let mut read = Vec::new();
        for byte in words.iter().flat_map(encode) {
            buffer.push(byte);
            read.extend(decode::<Word>(&mut buffer).unwrap());
        }
        assert_eq!(read, words);
        assert!(buffer.is_empty());
        assert!(decode::<Word>(&mut vec![255; 8]).is_err());
        assert!(decode::<Word>(&mut vec![0, 0, 0, 1, b'x']).is_err());
    }
}
