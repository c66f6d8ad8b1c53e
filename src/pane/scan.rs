//! What the program asked of its terminal, told from its output as it passes.

/// Watches for `CSI ? … h` and `CSI ? … l`, across chunks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// Bracketed paste, mode 2004.
    pub(super) bracketed_paste: bool,
    /// The alternate screen, modes 47, 1047 and 1049.
    pub(super) alternate: bool,
    state: At,
    numbers: Vec<u16>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum At {
    #[default]
    Text,
    Escape,
    Csi,
    Private,
}

/// More numbers than this in one sequence are not remembered.
const MAX_NUMBERS: usize = 16;

impl Scan {
    /// Reads one chunk.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            if self.state == At::Text {
                // Nearly all output is text: jump to the next escape.
                match bytes[at..].iter().position(|byte| *byte == 0x1b) {
                    Some(skip) => at += skip,
                    None => return,
                }
            }
            self.step(bytes[at]);
            at += 1;
        }
    }

    fn step(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (_, 0x1b) => At::Escape,
            (At::Escape, b'[') => At::Csi,
            (At::Escape, b'c') => {
                (self.bracketed_paste, self.alternate) = (false, false);
                At::Text
            }
            (At::Csi, b'?') => {
                self.numbers = vec![0];
                At::Private
            }
            (At::Private, b'0'..=b'9') => {
                if let Some(last) = self.numbers.last_mut() {
                    *last = last.saturating_mul(10).saturating_add(u16::from(byte - b'0'));
                }
                At::Private
            }
            (At::Private, b';') => {
                if self.numbers.len() < MAX_NUMBERS {
                    self.numbers.push(0);
                }
                At::Private
            }
            (At::Private, b'h' | b'l') => {
                self.set(byte == b'h');
                At::Text
            }
            _ => At::Text,
        };
    }

    fn set(&mut self, on: bool) {
        for number in std::mem::take(&mut self.numbers) {
            match number {
                2004 => self.bracketed_paste = on,
                47 | 1047 | 1049 => self.alternate = on,
                _ => (),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(bytes: &[u8]) -> (bool, bool) {
        let mut scan = Scan::default();
        scan.read(bytes);
        (scan.bracketed_paste, scan.alternate)
    }

    #[test]
    fn modes_are_told_from_the_output() {
        assert_eq!(after(b"x\x1b[?2004hy"), (true, false));
        assert_eq!(after(b"\x1b[?1049;2004h\x1b[?1049l"), (true, false));
        assert_eq!(after(b"\x1b[?1049h"), (false, true));
        assert_eq!(after(b"\x1b[2004h\x1b]2;?2004h\x07"), (false, false));
        assert_eq!(after(b"\x1b[?2004h\x1bc"), (false, false));
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference(
            parts in proptest::collection::vec(prop_oneof![
                Just(b"\x1b[?2004h".to_vec()), Just(b"\x1b[?1049l".to_vec()), Just(b"\x1b".to_vec()),
                proptest::collection::vec(any::<u8>(), 0..6),
            ], 0..12),
            cut in 1_usize..9,
        ) {
            let all = parts.concat();
            let mut scan = Scan::default();
            all.chunks(cut).for_each(|chunk| scan.read(chunk));
            prop_assert_eq!((scan.bracketed_paste, scan.alternate), after(&all));
        }
    }
}
