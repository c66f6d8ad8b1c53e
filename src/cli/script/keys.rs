//! From the bytes of a terminal to what a person (or a paste) meant.

const PASTE: &[u8] = b"\x1b[200~";
const PASTED: &[u8] = b"\x1b[201~";
const ESC: u8 = 0x1b;

/// What was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// Text, typed or pasted.
    Text(Vec<u8>),
    Enter,
    Escape,
    /// Ctrl-C.
    Break,
    /// Ctrl-D.
    End,
    Back,
    /// Ctrl-U.
    Clear,
}

/// Keeps what is not whole yet.
#[derive(Default)]
pub(super) struct Reader {
    held: Vec<u8>,
    pasting: bool,
    /// So much of a paste was searched for its end: a long one comes in many pieces.
    searched: usize,
}

impl Reader {
    /// The keys in these bytes, and in those held back before.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Vec<Key> {
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        let mut rest = all.as_slice();
        let mut keys = vec![];
        while !rest.is_empty() {
            let next = if self.pasting { self.paste(rest) } else { self.key(rest) };
            let Some((key, length)) = next else {
                self.held = rest.to_vec();
                break;
            };
            keys.extend(key);
            rest = &rest[length..];
        }
        keys
    }

    /// The rest of a paste, if its end is there.
    fn paste(&mut self, rest: &[u8]) -> Option<(Option<Key>, usize)> {
        let tail = rest.get(self.searched..)?;
        let Some(end) = tail.windows(PASTED.len()).position(|part| part == PASTED) else {
            self.searched = rest.len().saturating_sub(PASTED.len() - 1);
            return None;
        };
        let end = end + std::mem::take(&mut self.searched);
        self.pasting = false;
        let text = rest[..end].iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte });
        Some((Some(Key::Text(text.collect())), end + PASTED.len()))
    }

    fn key(&mut self, rest: &[u8]) -> Option<(Option<Key>, usize)> {
        match rest[0] {
            ESC => self.escape(rest),
            b'\r' => Some((Some(Key::Enter), 1)),
            0x03 => Some((Some(Key::Break), 1)),
            0x04 => Some((Some(Key::End), 1)),
            0x08 | 0x7f => Some((Some(Key::Back), 1)),
            0x15 => Some((Some(Key::Clear), 1)),
            b'\n' | b'\t' => Some((Some(Key::Text(vec![rest[0]])), 1)),
            byte if byte < b' ' => Some((None, 1)),
            _ => {
                let end = rest.iter().position(|byte| *byte < b' ' || *byte == 0x7f);
                let end = end.unwrap_or(rest.len());
                Some((Some(Key::Text(rest[..end].to_vec())), end))
            }
        }
    }

    /// The key itself, the beginning of a paste, or a key that means nothing here.
    fn escape(&mut self, rest: &[u8]) -> Option<(Option<Key>, usize)> {
        if rest.starts_with(PASTE) {
            self.pasting = true;
            return Some((None, PASTE.len()));
        }
        match rest.get(1) {
            Some(b'[') => {
                let end = rest[2..].iter().position(|byte| (0x40..=0x7e).contains(byte))?;
                Some((None, end + 3))
            }
            Some(b'O') => (rest.len() > 2).then_some((None, 3)),
            _ => Some((Some(Key::Escape), 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Key {
        Key::Text(text.into())
    }

    #[test]
    fn a_paste_is_one_text_however_it_is_cut() {
        let bytes = b"a\x1b[200~one\rtwo;\n#{x}\x1b[201~\r";
        for cut in 0..bytes.len() {
            // A lone escape is the key, not the beginning of something.
            if bytes[..cut].ends_with(b"\x1b") && cut < 10 {
                continue;
            }
            let mut reader = Reader::default();
            let mut keys = reader.read(&bytes[..cut]);
            keys.extend(reader.read(&bytes[cut..]));
            assert_eq!(keys, [text("a"), text("one\ntwo;\n#{x}"), Key::Enter], "cut at {cut}");
        }
    }

    #[test]
    fn keys_are_told_apart() {
        let keys = Reader::default().read(b"\x1b[A\x1bOPx\x7f\x15\x03\x04\x01\n");
        let meant = [text("x"), Key::Back, Key::Clear, Key::Break, Key::End, text("\n")];
        assert_eq!(keys, meant);
        assert_eq!(Reader::default().read(b"\x1b"), [Key::Escape]);
    }
}
