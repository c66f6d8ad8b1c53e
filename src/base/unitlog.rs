use std::{fmt, str::FromStr};

/// Name of a log segment: the offset of its first byte, 16 hex digits. Each segment has two
/// files: `<name>.out` holds the bytes, `<name>.idx` the [`Mark`]s that fall into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentName(pub u64);

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for SegmentName {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// What a [`Mark`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// Output arrived: the bytes from this offset up to the next mark's.
    Output,
    /// The terminal took this size.
    Resize {
        /// Columns.
        cols: u16,
        /// Rows.
        rows: u16,
    },
    /// An incarnation began.
    Start(u32),
    /// An incarnation ended.
    End(u32),
}

/// One entry of the (offset, time) index of a unit's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Microseconds since the Unix epoch.
    pub at_us: u64,
    /// Offset in the unit's output, counted from its first byte ever.
    pub offset: u64,
    /// What happened there.
    pub kind: MarkKind,
}

impl Mark {
    /// Bytes of one entry on disk.
    pub const SIZE: usize = 24;

    /// The entry as it lies on disk: three little-endian words, the last one kind and argument.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let (kind, argument) = match self.kind {
            MarkKind::Output => (0_u32, 0),
            MarkKind::Resize { cols, rows } => (1, (u32::from(cols) << 16) | u32::from(rows)),
            MarkKind::Start(incarnation) => (2, incarnation),
            MarkKind::End(incarnation) => (3, incarnation),
        };
        let mut bytes = [0; Self::SIZE];
        bytes[..8].copy_from_slice(&self.at_us.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.offset.to_le_bytes());
        bytes[16..20].copy_from_slice(&kind.to_le_bytes());
        bytes[20..].copy_from_slice(&argument.to_le_bytes());
        bytes
    }

    /// Reads an entry back; `None` for a kind of a later gaia.
    #[must_use]
    pub fn decode(bytes: &[u8; Self::SIZE]) -> Option<Self> {
        let half = |at: usize| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        let word = |at: usize| {
            u64::from(u32::from_le_bytes(half(at)))
                | (u64::from(u32::from_le_bytes(half(at + 4))) << 32)
        };
        let argument = u32::from_le_bytes(half(20));
        let kind = match u32::from_le_bytes(half(16)) {
            0 => MarkKind::Output,
            1 => MarkKind::Resize { cols: (argument >> 16) as u16, rows: argument as u16 },
            2 => MarkKind::Start(argument),
            3 => MarkKind::End(argument),
            _ => return None,
        };
        Some(Self { at_us: word(0), offset: word(8), kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_read_back() {
        let kinds = [
            MarkKind::Output,
            MarkKind::Resize { cols: 200, rows: 50 },
            MarkKind::Start(7),
            MarkKind::End(7),
        ];
        for kind in kinds {
            let mark = Mark { at_us: 1_800_000_000_123_456, offset: u64::MAX - 3, kind };
            assert_eq!(Mark::decode(&mark.encode()), Some(mark));
        }
    }
}
