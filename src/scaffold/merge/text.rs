use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Bytes in which git looks for a zero to tell a binary file.
const LOOK: usize = 8000;

/// What the sides are called in the markers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) ours: String,
    pub(crate) theirs: String,
}

/// Two texts in one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) bytes: Vec<u8>,
    /// How many places a person has to look at, between markers.
    pub(crate) conflicts: usize,
}

/// Whether these bytes are no text.
#[must_use]
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(LOOK)].contains(&0)
}

/// A change of some lines: where they were, and where they are.
#[derive(Debug, Clone)]
struct Hunk {
    old: Range<usize>,
    new: Range<usize>,
}

/// Merges two changes of one text. Changes that overlap or touch are a conflict, unless they are
/// the same.
#[must_use]
pub(crate) fn three_way(base: &[u8], ours: &[u8], theirs: &[u8], names: &Names) -> Text {
    let (base, ours, theirs) = (lines(base), lines(ours), lines(theirs));
    let (mut a, mut b) =
        (hunks(&base, &ours).into_iter().peekable(), hunks(&base, &theirs).into_iter().peekable());
    let mut text = Text::default();
    // How far the base is used up, and how far each side is from it.
    let (mut at, mut shift_a, mut shift_b) = (0_usize, 0_isize, 0_isize);
    while let Some(first) = [a.peek(), b.peek()].into_iter().flatten().map(|h| h.old.start).min() {
        base[at..first].iter().for_each(|line| text.bytes.extend_from_slice(line));
        let mut span = first..first;
        let (before_a, before_b) = (shift_a, shift_b);
        let (mut in_a, mut in_b) = (false, false);
        loop {
            if let Some(hunk) = a.next_if(|h| h.old.start <= span.end) {
                (in_a, span.end) = (true, span.end.max(hunk.old.end));
                shift_a += growth(&hunk);
            } else if let Some(hunk) = b.next_if(|h| h.old.start <= span.end) {
                (in_b, span.end) = (true, span.end.max(hunk.old.end));
                shift_b += growth(&hunk);
            } else {
                break;
            }
        }
        let of_a = &ours[moved(span.start, before_a)..moved(span.end, shift_a)];
        let of_b = &theirs[moved(span.start, before_b)..moved(span.end, shift_b)];
        match (in_a, in_b) {
            (true, false) => text.take(of_a),
            (false, _) => text.take(of_b),
            (true, true) => text.clash(of_a, of_b, names),
        }
        at = span.end;
    }
    text.take(&base[at..]);
    text
}

/// Puts two texts of no known origin into one: where they differ, both stand between markers.
#[must_use]
pub(crate) fn two_way(ours: &[u8], theirs: &[u8], names: &Names) -> Text {
    let (ours, theirs) = (lines(ours), lines(theirs));
    let mut text = Text::default();
    let mut at = 0;
    for hunk in hunks(&ours, &theirs) {
        text.take(&ours[at..hunk.old.start]);
        text.clash(&ours[hunk.old.clone()], &theirs[hunk.new.clone()], names);
        at = hunk.old.end;
    }
    text.take(&ours[at..]);
    text
}

/// How much of two texts is the same, in hundredths of the longer one.
#[must_use]
pub(super) fn likeness(a: &[u8], b: &[u8]) -> u32 {
    if is_binary(a) || is_binary(b) {
        return 0;
    }
    let (a, b) = (lines(a), lines(b));
    let same: usize = capture_diff_slices(Algorithm::Myers, &a, &b)
        .iter()
        .map(|op| match op {
            DiffOp::Equal { old_index, len, .. } => {
                a[*old_index..old_index + len].iter().map(|line| line.len()).sum()
            }
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => 0,
        })
        .sum();
    let size = |lines: &[&[u8]]| lines.iter().map(|line| line.len()).sum::<usize>();
    let longer = size(&a).max(size(&b)).max(1);
    u32::try_from(same * 100 / longer).unwrap_or(100)
}

impl Text {
    fn take(&mut self, lines: &[&[u8]]) {
        lines.iter().for_each(|line| self.bytes.extend_from_slice(line));
    }

    /// Two changes of the same place. What both begin or end with is no conflict.
    fn clash(&mut self, ours: &[&[u8]], theirs: &[&[u8]], names: &Names) {
        let head = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
        let (shared, ours) = ours.split_at(head);
        let theirs = &theirs[head..];
        let tail = ours.iter().rev().zip(theirs.iter().rev()).take_while(|(a, b)| a == b).count();
        let (ours, rest) = ours.split_at(ours.len() - tail);
        let theirs = &theirs[..theirs.len() - tail];
        self.take(shared);
        if !ours.is_empty() || !theirs.is_empty() {
            let end = if ends(ours, theirs, rest).ends_with(b"\r\n") { "\r\n" } else { "\n" };
            self.conflicts += 1;
            self.marker(&format!("<<<<<<< {}{end}", names.ours), end);
            self.take(ours);
            self.marker(&format!("======={end}"), end);
            self.take(theirs);
            self.marker(&format!(">>>>>>> {}{end}", names.theirs), end);
        }
        self.take(rest);
    }

    /// A marker begins a line, also after a last line that has no end.
    fn marker(&mut self, marker: &str, end: &str) {
        if self.bytes.last().is_some_and(|byte| *byte != b'\n') {
            self.bytes.extend_from_slice(end.as_bytes());
        }
        self.bytes.extend_from_slice(marker.as_bytes());
    }
}

/// A line near the place, to see how lines end there.
fn ends<'a>(ours: &[&'a [u8]], theirs: &[&'a [u8]], rest: &[&'a [u8]]) -> &'a [u8] {
    ours.first().or(theirs.first()).or(rest.first()).copied().unwrap_or_default()
}

fn growth(hunk: &Hunk) -> isize {
    hunk.new.len().cast_signed() - hunk.old.len().cast_signed()
}

fn moved(at: usize, by: isize) -> usize {
    at.saturating_add_signed(by)
}

/// The lines with their ends.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

fn hunks(old: &[&[u8]], new: &[&[u8]]) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = vec![];
    for op in capture_diff_slices(Algorithm::Myers, old, new) {
        let (old, new) = (op.old_range(), op.new_range());
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        match hunks.last_mut() {
            Some(last) if last.old.end == old.start && last.new.end == new.start => {
                (last.old.end, last.new.end) = (old.end, new.end);
            }
            _ => hunks.push(Hunk { old, new }),
        }
    }
    hunks
}
