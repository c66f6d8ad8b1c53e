use std::{collections::VecDeque, time::Duration};

use super::slots::{Slot, Timetable};
use crate::base::Moment;

/// What becomes of slots that were missed: the daemon was down, the machine slept, its clock was
/// set forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Misfire {
    /// How late a slot may be run.
    pub(crate) window: Duration,
    /// Which of them are run.
    pub(crate) policy: Policy,
    /// Most that are run at once under [`Policy::All`].
    pub(crate) max: usize,
}

/// Which missed slots are run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Policy {
    /// The latest; it is told how many it stands for.
    #[default]
    One,
    /// Each.
    All,
    /// None.
    Skip,
}

impl Default for Misfire {
    fn default() -> Self {
        Self { window: Duration::from_secs(3600), policy: Policy::One, max: 10 }
    }
}

/// A slot acted on within this time is none that was missed.
const IN_TIME: Duration = Duration::from_secs(60);
/// Slots looked at; more passed while nobody looked are counted no further.
const MOST: usize = 20_000;

/// What the clock says is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Due {
    /// Slots to run, in order, each with the number of slots before it that are not run.
    pub(crate) run: Vec<(Slot, u64)>,
    /// Slots that are not run and that no run stands for.
    pub(crate) skipped: u64,
    /// The last slot that is neither run nor stood for, and why.
    pub(crate) why: Option<(Slot, &'static str)>,
    /// The watermark once this is done: every slot up to it is settled.
    pub(crate) watermark: Moment,
}

/// Decides about the slots after the watermark whose time has come. A clock that was set back
/// changes nothing: what is before the watermark is settled.
pub(crate) fn due(table: &Timetable, rule: Misfire, watermark: Moment, now: Moment) -> Due {
    let mut done = Due { watermark, ..Due::default() };
    let (mut fresh, mut old, mut seen) = (VecDeque::new(), 0_u64, 0);
    let mut from = watermark;
    while let Some(slot) = table.after(from).filter(|slot| slot.at.after(table.delay) <= now) {
        from = slot.at;
        done.watermark = slot.at;
        if now.since(slot.at.after(table.delay)) > rule.window.max(IN_TIME) {
            old += 1;
            done.why = Some((slot, "it is older than the misfire window"));
        } else {
            fresh.push_back(slot);
        }
        seen += 1;
        if seen == MOST {
            // Far too many were missed: only those the window holds can matter.
            let jump = now.0.saturating_sub(millis(rule.window.max(IN_TIME)) + millis(table.delay));
            from = Moment(jump.max(from.0));
        }
        if seen > 2 * MOST {
            break;
        }
    }
    let Some(last) = fresh.back().copied() else {
        done.skipped = old;
        return done;
    };
    let in_time = now.since(last.at.after(table.delay)) <= IN_TIME;
    let count = fresh.len() as u64;
    match rule.policy {
        Policy::One => {
            done.why = None;
            done.run.push((last, old + count - 1));
        }
        Policy::All => {
            let over = fresh.len().saturating_sub(rule.max.max(1));
            let dropped: Vec<Slot> = fresh.drain(..over).collect();
            if let Some(slot) = dropped.last() {
                done.why = Some((*slot, "more were missed than are made up for"));
            }
            done.skipped = old + dropped.len() as u64;
            let missed = done.skipped;
            let first = |at: usize| if at == 0 { missed } else { 0 };
            done.run = fresh.into_iter().enumerate().map(|(at, slot)| (slot, first(at))).collect();
        }
        Policy::Skip => {
            let (run, missed) = if in_time { (1, count - 1) } else { (0, count) };
            done.skipped = old + missed;
            let late = fresh.iter().rev().nth(run).copied();
            done.why = late.map(|slot| (slot, "it was missed, and misfires are not made up for"));
            if run == 1 {
                done.run.push((last, done.skipped));
            }
        }
    }
    done
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
