//! Where moments are on a drawing: evenly, but for long times in which nothing is done, which are
//! folded to a narrow strip.

use crate::{base::Moment, workflow::show::words::span};

/// Width of a folded time, in percent.
const FOLD: f64 = 6.0;
/// Folded times in a drawing.
const MOST_FOLDS: usize = 6;
/// Steps between marks that people find even, in seconds.
const STEPS: [u64; 20] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    172_800, 604_800,
];

/// A piece of time that is drawn evenly.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    from: u64,
    to: u64,
    left: f64,
    right: f64,
    folded: bool,
}

/// Moments as percent of a width.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pieces: Vec<Piece>,
    start: u64,
}

/// A mark at the edge.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    /// Where, in percent.
    pub(super) at: f64,
    /// Time since the begin.
    pub(super) label: String,
}

impl Axis {
    /// From a moment to another, with the times in which something is done.
    pub(super) fn of(start: Moment, end: Moment, busy: &[(Moment, Moment)]) -> Self {
        let (start, end) = (start.0, end.0.max(start.0 + 1));
        let mut gaps = gaps(start, end, busy);
        let quiet: u64 = gaps.iter().map(|(from, to)| to - from).sum();
        let work = (end - start - quiet).max(1);
        // What is as long as a third of all the work hides it.
        gaps.retain(|(from, to)| to - from > (work / 3).max(60_000));
        gaps.sort_by_key(|(from, to)| std::cmp::Reverse(to - from));
        gaps.truncate(MOST_FOLDS);
        gaps.sort_unstable();
        Self { pieces: pieces(start, end, &gaps), start }
    }

    /// Where a moment is, in percent.
    pub(super) fn at(&self, moment: Moment) -> f64 {
        let piece = self.pieces.iter().find(|piece| moment.0 <= piece.to);
        let Some(piece) = piece else { return 100.0 };
        let part = moment.0.saturating_sub(piece.from) as f64 / (piece.to - piece.from) as f64;
        piece.left + part * (piece.right - piece.left)
    }

    /// Folded times: from, to, how long.
    pub(super) fn folds(&self) -> impl Iterator<Item = (f64, f64, String)> {
        let folded = self.pieces.iter().filter(|piece| piece.folded);
        folded.map(|piece| (piece.left, piece.right, span(piece.to - piece.from)))
    }

    /// Marks at even times.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        let even = || self.pieces.iter().filter(|piece| !piece.folded);
        let wide: f64 = even().map(|piece| piece.right - piece.left).sum();
        let time: u64 = even().map(|piece| piece.to - piece.from).sum();
        let wanted = time as f64 * 11.0 / wide.max(1.0) / 1000.0;
        let step = STEPS.iter().find(|step| **step as f64 >= wanted).copied();
        let step = step.unwrap_or(((wanted / 604_800.0).ceil() as u64).max(1) * 604_800) * 1000;
        let mut ticks: Vec<Tick> = Vec::new();
        for piece in even() {
            let first = (piece.from - self.start).div_ceil(step);
            for number in first..=(piece.to - self.start) / step {
                let at = self.at(Moment(self.start + number * step));
                let last = ticks.last().map_or(-100.0, |tick| tick.at);
                // The length of a folded time stands above it.
                let mut folds = self.folds();
                let free = folds.all(|(from, to, _)| (at - (from + to) / 2.0).abs() >= 5.5);
                if free && at <= 97.0 && at - last >= 5.0 {
                    ticks.push(Tick { at, label: span(number * step) });
                }
            }
        }
        ticks
    }
}

/// Times in which nothing is done.
fn gaps(start: u64, end: u64, busy: &[(Moment, Moment)]) -> Vec<(u64, u64)> {
    let mut busy: Vec<(u64, u64)> = busy.iter().map(|(from, to)| (from.0, to.0)).collect();
    busy.sort_unstable();
    let (mut gaps, mut until) = (Vec::new(), start);
    for (from, to) in busy {
        if from > until {
            gaps.push((until, from.min(end)));
        }
        until = until.max(to);
    }
    if end > until {
        gaps.push((until, end));
    }
    gaps
}

fn pieces(start: u64, end: u64, folds: &[(u64, u64)]) -> Vec<Piece> {
    let folded: u64 = folds.iter().map(|(from, to)| to - from).sum();
    // Nothing but quiet: there is nothing to make room for.
    let folds = if folded >= end - start { &[] } else { folds };
    let folded = if folds.is_empty() { 0 } else { folded };
    let scale = (100.0 - FOLD * folds.len() as f64) / (end - start - folded) as f64;
    let (mut pieces, mut at, mut left) = (Vec::new(), start, 0.0);
    let mut add = |at: &mut u64, to: u64, folded: bool| {
        if to > *at {
            let wide = if folded { FOLD } else { (to - *at) as f64 * scale };
            pieces.push(Piece { from: *at, to, left, right: left + wide, folded });
            (*at, left) = (to, left + wide);
        }
    };
    for (from, to) in folds {
        add(&mut at, *from, false);
        add(&mut at, *to, true);
    }
    add(&mut at, end, false);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(of: &[(u64, u64)]) -> Vec<(Moment, Moment)> {
        of.iter().map(|(from, to)| (Moment(*from), Moment(*to))).collect()
    }

    #[test]
    fn time_runs_evenly_while_something_is_done() {
        let axis =
            Axis::of(Moment(0), Moment(100_000), &moments(&[(0, 60_000), (50_000, 100_000)]));
        assert_eq!(axis.at(Moment(25_000)), 25.0);
        assert_eq!(axis.at(Moment(200_000)), 100.0);
        let labels: Vec<String> = axis.ticks().into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["0s", "15s", "30s", "45s", "1m", "1m 15s", "1m 30s"]);
    }

    #[test]
    fn a_night_in_which_a_person_sleeps_is_folded() {
        let night = 9 * 3_600_000;
        let busy = moments(&[(0, 600_000), (600_000 + night, 1_200_000 + night)]);
        let axis = Axis::of(Moment(0), Moment(1_200_000 + night), &busy);
        assert_eq!(axis.folds().map(|fold| fold.2).collect::<Vec<_>>(), ["9h"]);
        assert!((axis.at(Moment(600_000)) - 47.0).abs() < 0.01);
        assert!((axis.at(Moment(600_000 + night)) - 53.0).abs() < 0.01);
    }

    #[test]
    fn a_run_without_any_work_or_time_is_drawn_too() {
        assert!(Axis::of(Moment(5), Moment(5), &[]).at(Moment(5)) <= 100.0);
        let quiet = Axis::of(Moment(0), Moment(86_400_000), &[]);
        assert_eq!(quiet.folds().count(), 0);
    }
}
