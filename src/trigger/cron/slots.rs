use std::time::Duration;

use jiff::{
    Timestamp, Zoned,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};

use super::pattern::Pattern;
use crate::base::Moment;

/// When a trigger fires by the clock.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Timetable {
    /// How it repeats.
    pub(crate) rhythm: Rhythm,
    /// The zone whose clocks count.
    pub(crate) zone: TimeZone,
    /// What a change of the clocks does.
    pub(crate) dst: Dst,
    /// Nothing before it.
    pub(crate) start: Option<Moment>,
    /// Nothing from it on.
    pub(crate) end: Option<Moment>,
    /// What is left out.
    pub(crate) exclude: Vec<Excluded>,
    /// How much later than its slot it fires, always the same for one trigger.
    pub(crate) delay: Duration,
}

/// How a timetable repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rhythm {
    /// At times of day.
    Cron(Box<Pattern>),
    /// Every so many milliseconds, counted from the beginning of 1970 in UTC.
    Every(u64),
}

/// What a change of the clocks does to times of day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Dst {
    /// A time of day comes once on its date.
    #[default]
    Wall,
    /// As the hours pass: what comes twice runs twice.
    Elapsed,
}

/// What is left out of a timetable, by the clocks of its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Excluded {
    /// From a date to another, both with it.
    Dates(Date, Date),
    /// A day of every year: month and day.
    Yearly(i8, i8),
    /// Times that fit a pattern.
    Fits(Box<Pattern>),
}

/// Why a slot is where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Nothing about it is unusual.
    Plain,
    /// The clocks were set forward over it: it is at the end of the gap.
    AfterGap,
    /// Its time of day comes twice: this is the first.
    First,
    /// Its time of day comes twice: this is the second.
    Second,
}

/// One moment of a timetable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    /// When it is; also its name.
    pub(crate) at: Moment,
    /// Why it is there.
    pub(crate) why: Why,
}

/// Slots that may be left out one after the other before the search is given up: years of days.
const PATIENCE: usize = 10_000;

impl Timetable {
    /// The first slot after a moment.
    pub(crate) fn after(&self, moment: Moment) -> Option<Slot> {
        let mut from = moment;
        if let Some(start) = self.start.filter(|start| *start > from) {
            from = Moment(start.0.saturating_sub(1));
        }
        for _ in 0..PATIENCE {
            let slot = self.plain_after(from)?;
            if self.end.is_some_and(|end| slot.at >= end) {
                return None;
            }
            if !self.is_excluded(slot.at) {
                return Some(slot);
            }
            from = slot.at;
        }
        None
    }

    /// When the slot after a moment is to be acted on.
    pub(crate) fn next(&self, moment: Moment) -> Option<Moment> {
        self.after(moment).map(|slot| slot.at.after(self.delay))
    }

    /// Whether the zone changes its clocks in the year after a moment.
    pub(crate) fn shifts(&self, moment: Moment) -> bool {
        let Some(at) = zoned(moment, &self.zone) else { return false };
        self.zone.following(at.timestamp()).next().is_some_and(|change| {
            let year = jiff::SignedDuration::from_hours(24 * 366);
            change.timestamp().duration_since(at.timestamp()) < year
        })
    }

    fn plain_after(&self, moment: Moment) -> Option<Slot> {
        match &self.rhythm {
            Rhythm::Every(span) => {
                let at = Moment((moment.0 / span).checked_add(1)?.checked_mul(*span)?);
                Some(Slot { at, why: Why::Plain })
            }
            Rhythm::Cron(pattern) if self.dst == Dst::Elapsed || pattern.every_hour => {
                self.elapsed_after(pattern, moment)
            }
            Rhythm::Cron(pattern) => self.wall_after(pattern, moment),
        }
    }

    /// As the pattern's own reader walks through the hours.
    fn elapsed_after(&self, pattern: &Pattern, moment: Moment) -> Option<Slot> {
        let from = zoned(Moment(moment.0 / 1000 * 1000), &self.zone)?;
        let found = pattern.cron.find_next_occurrence(&from, false).ok()?;
        let ambiguous = self.zone.to_ambiguous_zoned(found.datetime());
        let why = match ambiguous.offset() {
            AmbiguousOffset::Fold { before, .. } if before == found.offset() => Why::First,
            AmbiguousOffset::Fold { .. } => Why::Second,
            AmbiguousOffset::Gap { .. } | AmbiguousOffset::Unambiguous { .. } => {
                if pattern.fits(found.datetime()) { Why::Plain } else { Why::AfterGap }
            }
        };
        Some(Slot { at: moment_of(&found)?, why })
    }

    /// Goes through times of day, each once, and asks the zone when each is.
    fn wall_after(&self, pattern: &Pattern, moment: Moment) -> Option<Slot> {
        let from = zoned(Moment(moment.0 / 1000 * 1000), &self.zone)?;
        let mut wall = pattern.cron.find_next_occurrence(&from.datetime(), true).ok()?;
        loop {
            let found = self.resolve(pattern, wall).filter(|slot| slot.at > moment);
            if found.is_some() {
                return found;
            }
            wall = pattern.cron.find_next_occurrence(&wall, false).ok()?;
        }
    }

    /// When a time of day is; never, if the clocks are set over it and its date has others.
    fn resolve(&self, pattern: &Pattern, wall: DateTime) -> Option<Slot> {
        let ambiguous = self.zone.to_ambiguous_zoned(wall);
        let why = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => Why::Plain,
            AmbiguousOffset::Fold { .. } => Why::First,
            AmbiguousOffset::Gap { .. } if self.has_another(pattern, wall.date()) => return None,
            AmbiguousOffset::Gap { .. } => {
                // Read by the clocks after the change, it lies before the change.
                let before = ambiguous.earlier().ok()?;
                let change = self.zone.following(before.timestamp()).next()?;
                return Some(Slot { at: moment_at(change.timestamp())?, why: Why::AfterGap });
            }
        };
        Some(Slot { at: moment_of(&ambiguous.earlier().ok()?)?, why })
    }

    /// Whether any slot of a date is not in a gap.
    fn has_another(&self, pattern: &Pattern, date: Date) -> bool {
        let mut next = pattern.cron.find_next_occurrence(&date.at(0, 0, 0, 0), true).ok();
        while let Some(wall) = next.filter(|wall| wall.date() == date) {
            let offset = self.zone.to_ambiguous_zoned(wall).offset();
            if !matches!(offset, AmbiguousOffset::Gap { .. }) {
                return true;
            }
            next = pattern.cron.find_next_occurrence(&wall, false).ok();
        }
        false
    }

    fn is_excluded(&self, at: Moment) -> bool {
        let Some(wall) = zoned(at, &self.zone).map(|at| at.datetime()) else { return false };
        self.exclude.iter().any(|excluded| match excluded {
            Excluded::Dates(from, to) => (*from..=*to).contains(&wall.date()),
            Excluded::Yearly(month, day) => wall.month() == *month && wall.day() == *day,
            Excluded::Fits(pattern) => pattern.fits(wall),
        })
    }
}

/// A moment by the clocks of a zone.
pub(super) fn zoned(moment: Moment, zone: &TimeZone) -> Option<Zoned> {
    let millis = i64::try_from(moment.0).ok()?;
    Some(Timestamp::from_millisecond(millis).ok()?.to_zoned(zone.clone()))
}

fn moment_of(at: &Zoned) -> Option<Moment> {
    moment_at(at.timestamp())
}

fn moment_at(at: Timestamp) -> Option<Moment> {
    u64::try_from(at.as_millisecond()).ok().map(Moment)
}
