//! Words and lines on a terminal: lines that belong together join, others pass over each other.

use crate::{verb::Ui, workflow::show::escape::width};

const NORTH: u8 = 1;
const EAST: u8 = 2;
const SOUTH: u8 = 4;
const WEST: u8 = 8;

/// A place for one character.
#[derive(Debug, Clone, Default)]
struct Spot {
    /// A word's character; empty for the second half of a wide one.
    text: Option<String>,
    /// Its colour.
    sgr: &'static str,
    /// Where lines go from here.
    ways: u8,
    /// Lines that cross here without meeting the one that is drawn.
    nets: Vec<usize>,
}

/// Words and lines.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    rows: Vec<Vec<Spot>>,
}

impl Canvas {
    /// Columns that are used.
    pub(super) fn width(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Rows that are used.
    pub(super) fn height(&self) -> usize {
        self.rows.len()
    }

    fn spot(&mut self, x: usize, y: usize) -> &mut Spot {
        if self.rows.len() <= y {
            self.rows.resize_with(y + 1, Vec::new);
        }
        let row = &mut self.rows[y];
        if row.len() <= x {
            row.resize_with(x + 1, Spot::default);
        }
        &mut row[x]
    }

    /// Writes a word.
    pub(super) fn put(&mut self, (x, y): (usize, usize), text: &str, sgr: &'static str) {
        let mut x = x;
        for c in text.chars() {
            let c = c.to_string();
            let wide = width(&c);
            *self.spot(x, y) = Spot { text: Some(c), sgr, ..Spot::default() };
            for second in 1..wide {
                *self.spot(x + second, y) = Spot { text: Some(String::new()), ..Spot::default() };
            }
            x += wide.max(1);
        }
    }

    /// Draws another canvas into this one.
    pub(super) fn place(&mut self, (x, y): (usize, usize), other: Self) {
        for (down, row) in other.rows.into_iter().enumerate() {
            for (right, spot) in row.into_iter().enumerate() {
                if spot.text.is_some() || spot.ways != 0 {
                    *self.spot(x + right, y + down) = spot;
                }
            }
        }
    }

    /// Draws a line from left to right.
    pub(super) fn across(&mut self, (from, to): (usize, usize), y: usize, net: usize) {
        for x in from..=to {
            let spot = self.spot(x, y);
            spot.ways |= u8::from(x > from) * WEST + u8::from(x < to) * EAST;
            spot.nets.push(net);
        }
    }

    /// Draws a line downwards, from the upper edge of one row to the lower edge of another. It
    /// meets lines of these nets and passes over others.
    pub(super) fn down(&mut self, x: usize, (from, to): (usize, usize), meets: &[usize]) {
        for y in from..=to {
            let spot = self.spot(x, y);
            if !spot.nets.is_empty() && !spot.nets.iter().any(|net| meets.contains(net)) {
                spot.ways = 0;
            }
            spot.ways |= NORTH | SOUTH;
        }
    }

    /// Takes away the upper or the lower half of a line that ends in a row.
    pub(super) fn cut(&mut self, x: usize, y: usize, upper: bool) {
        self.spot(x, y).ways &= !(if upper { NORTH } else { SOUTH });
    }

    /// Draws a frame.
    pub(super) fn frame(&mut self, size: (usize, usize), sgr: &'static str) {
        let (right, bottom) = (size.0 - 1, size.1 - 1);
        let edge = "─".repeat(right.saturating_sub(1));
        self.put((0, 0), &format!("╭{edge}╮"), sgr);
        self.put((0, bottom), &format!("╰{edge}╯"), sgr);
        for y in 1..bottom {
            self.put((0, y), "│", sgr);
            self.put((right, y), "│", sgr);
        }
    }

    /// All of it as lines.
    pub(super) fn lines(&self, ui: &Ui) -> Vec<String> {
        self.rows.iter().map(|row| line(row, ui)).collect()
    }
}

fn line(row: &[Spot], ui: &Ui) -> String {
    let (mut line, mut run, mut colour) = (String::new(), String::new(), "");
    let flush = |run: &mut String, colour: &str, line: &mut String| {
        let text = if colour.is_empty() { run.clone() } else { ui.paint(colour, run) };
        line.push_str(&text);
        run.clear();
    };
    for spot in row {
        let is_line = spot.text.is_none() && spot.ways != 0;
        let wanted = if is_line { "2" } else { spot.sgr };
        if wanted != colour {
            flush(&mut run, colour, &mut line);
            colour = wanted;
        }
        match &spot.text {
            Some(text) => run.push_str(text),
            None => run.push(way(spot.ways)),
        }
    }
    flush(&mut run, colour, &mut line);
    line.trim_end().to_owned()
}

/// The character that goes these ways.
fn way(ways: u8) -> char {
    const SIGNS: [char; 16] =
        [' ', '│', '─', '╰', '│', '│', '╭', '├', '─', '╯', '─', '┴', '╮', '┤', '┬', '┼'];
    SIGNS[usize::from(ways & 15)]
}
