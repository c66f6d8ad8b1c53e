//! A unit's log as an asciicast v2 recording, line by line, which any player of that format plays.

use serde_json::{Value, json};

use crate::base::{Mark, MarkKind};

/// Turns marks and the bytes behind them into lines.
#[derive(Debug, Default)]
pub(crate) struct Cast {
    begin_us: Option<u64>,
    /// Bytes of a character that is not whole yet.
    rest: Vec<u8>,
}

impl Cast {
    /// The lines of one mark: `bytes` are what was written from it up to the next mark.
    pub(crate) fn lines(&mut self, mark: &Mark, bytes: &[u8]) -> Vec<Value> {
        let mut lines = Vec::new();
        let begin = match (self.begin_us, mark.kind) {
            (Some(begin), _) => begin,
            (None, kind) => {
                let (cols, rows) = match kind {
                    MarkKind::Resize { cols, rows } => (cols, rows),
                    // The shim writes the size right after the start.
                    MarkKind::Start(_) => return lines,
                    MarkKind::Output | MarkKind::End(_) => (200, 50),
                };
                self.begin_us = Some(mark.at_us);
                lines.push(json!({
                    "version": 2, "width": cols, "height": rows,
                    "timestamp": mark.at_us / 1_000_000,
                }));
                mark.at_us
            }
        };
        let seconds = mark.at_us.saturating_sub(begin) as f64 / 1e6;
        if let (MarkKind::Resize { cols, rows }, true) = (mark.kind, lines.is_empty()) {
            lines.push(json!([seconds, "r", format!("{cols}x{rows}")]));
        }
        let text = self.text(bytes);
        if !text.is_empty() {
            lines.push(json!([seconds, "o", text]));
        }
        lines
    }

    /// The whole characters so far; what is no character is replaced.
    fn text(&mut self, bytes: &[u8]) -> String {
        self.rest.extend_from_slice(bytes);
        let mut out = String::new();
        while let Err(error) = std::str::from_utf8(&self.rest) {
            let good = error.valid_up_to();
            out.push_str(&String::from_utf8_lossy(&self.rest[..good]));
            let Some(bad) = error.error_len() else {
                self.rest.drain(..good);
                return out;
            };
            out.push(char::REPLACEMENT_CHARACTER);
            self.rest.drain(..good + bad);
        }
        out.push_str(&String::from_utf8_lossy(&self.rest));
        self.rest.clear();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_begins_with_its_size_and_cuts_no_character() {
        let mark =
            |ms: u64, kind| Mark { at_us: 1_800_000_000_000_000 + ms * 1000, offset: 0, kind };
        let mut cast = Cast::default();
        let mut lines = cast.lines(&mark(0, MarkKind::Start(1)), b"");
        lines.extend(cast.lines(&mark(0, MarkKind::Resize { cols: 80, rows: 24 }), b"a\xc3"));
        lines.extend(cast.lines(&mark(1500, MarkKind::Output), b"\xa4\xff\n"));
        lines.extend(cast.lines(&mark(2000, MarkKind::Resize { cols: 90, rows: 30 }), b""));
        let shown: Vec<String> = lines.iter().map(Value::to_string).collect();
        assert_eq!(
            shown,
            [
                r#"{"version":2,"width":80,"height":24,"timestamp":1800000000}"#,
                r#"[0.0,"o","a"]"#,
                "[1.5,\"o\",\"ä\u{fffd}\\n\"]",
                r#"[2.0,"r","90x30"]"#,
            ]
        );
    }
}
