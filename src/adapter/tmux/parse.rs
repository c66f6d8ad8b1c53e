//! The replies of a control client, told apart by state: the lines of a reply may look like
//! anything, so only the exact `%end` of the block that is open ends it.

/// What one line brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// The answer to our oldest command: its lines, or why it failed.
    Reply(Result<Vec<u8>, String>),
    /// The client is told to leave.
    Exit,
}

/// Reads the stream of a control client.
#[derive(Debug, Default)]
pub(super) struct Parser {
    block: Option<Block>,
}

#[derive(Debug)]
struct Block {
    id: Vec<u8>,
    lines: Vec<u8>,
}

impl Parser {
    /// Takes one line, without its newline.
    pub(super) fn line(&mut self, line: &[u8]) -> Option<Heard> {
        match self.block.take() {
            Some(block) => self.inside(block, line),
            None => {
                if let Some(id) = line.strip_prefix(b"%begin ") {
                    self.block = Some(Block { id: id.to_vec(), lines: vec![] });
                }
                let exit = line == b"%exit" || line.starts_with(b"%exit ");
                exit.then_some(Heard::Exit)
            }
        }
    }

    fn inside(&mut self, mut block: Block, line: &[u8]) -> Option<Heard> {
        let done = line.strip_prefix(b"%end ").filter(|id| *id == block.id);
        let error = line.strip_prefix(b"%error ").filter(|id| *id == block.id);
        // The last word is 1 for commands that came from us; the attach itself has 0.
        let ours = block.id.ends_with(b" 1");
        match (done, error) {
            (Some(_), _) => ours.then_some(Heard::Reply(Ok(block.lines))),
            (_, Some(_)) => {
                let text = String::from_utf8_lossy(&block.lines).trim().to_owned();
                ours.then_some(Heard::Reply(Err(text)))
            }
            (None, None) => {
                block.lines.extend_from_slice(line);
                block.lines.push(b'\n');
                self.block = Some(block);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hear(text: &[u8]) -> Vec<Heard> {
        let mut parser = Parser::default();
        text.split(|b| *b == b'\n').filter_map(|line| parser.line(line)).collect()
    }

    #[test]
    fn replies_are_told_from_what_they_hold() {
        let stream = b"%begin 10 1 0\n%end 10 1 0\n%begin 11 2 1\n%end 11 9 1\n%output %1 x\nlast\n%end 11 2 1\n%sessions-changed\n%begin 12 3 1\ncan't find pane: %9\n%error 12 3 1\n%exit\n";
        let body = b"%end 11 9 1\n%output %1 x\nlast\n".to_vec();
        let wanted = vec![
            Heard::Reply(Ok(body)),
            Heard::Reply(Err("can't find pane: %9".into())),
            Heard::Exit,
        ];
        assert_eq!(hear(stream), wanted);
    }

    proptest! {
        #[test]
        fn no_bytes_upset_it(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            hear(&bytes);
        }
    }
}
