//! What services used over the last day: a point a minute, kept in chunks that overwrite those of
//! the day before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::ServiceId;
use crate::{base::Moment, ledger::Record, port::Usage};

/// Milliseconds between two points.
pub(crate) const STEP_MS: u64 = 60_000;
/// Points of one chunk: what a daemon that is killed can lose.
const CHUNK: u64 = 10;
/// Chunks of a day.
const SLOTS: u64 = 24 * 60 / CHUNK;

/// What a tree used at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Point {
    /// When.
    pub(crate) at: Moment,
    /// Share of one processor since the look before, in percent.
    pub(crate) cpu_percent: f64,
    /// Resident memory, in bytes.
    pub(crate) memory_bytes: u64,
    /// Open descriptors.
    pub(crate) open_files: u64,
    /// Threads.
    pub(crate) threads: u64,
}

/// Some points of one service, as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Chunk {
    /// The service.
    pub(crate) service: ServiceId,
    /// Which part of a day.
    pub(crate) slot: u64,
    /// In the order of time.
    pub(crate) points: Vec<Point>,
}

impl Record for Chunk {
    const KIND: &'static str = "usage";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        format!("{}/{:03}", self.service, self.slot)
    }
}

/// The points of one service that are not stored yet.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct History(Vec<Point>);

impl History {
    /// Goes on where an earlier daemon stopped, if that was just now.
    pub(crate) fn resume(&mut self, chunk: Chunk, now: Moment) {
        let part = |point: &Point| part_of(point.at);
        self.0 = chunk.points.into_iter().filter(|point| part(point) == part_of(now)).collect();
    }

    /// The points that are not stored yet.
    pub(crate) fn points(&self) -> &[Point] {
        &self.0
    }

    /// Adds a point if it is time for one; the chunk before it, once that is full.
    pub(crate) fn add(
        &mut self,
        service: &ServiceId,
        at: Moment,
        (usage, cpu_percent): (Usage, f64),
    ) -> Option<Chunk> {
        let last = self.0.last().map(|point| point.at);
        if last.is_some_and(|last| at.0 < last.0 + STEP_MS) {
            return None;
        }
        let full = last.filter(|last| part_of(*last) != part_of(at)).map(|last| Chunk {
            service: service.clone(),
            slot: part_of(last) % SLOTS,
            points: std::mem::take(&mut self.0),
        });
        self.0.push(Point {
            at,
            cpu_percent,
            memory_bytes: usage.memory,
            open_files: usage.files,
            threads: usage.threads,
        });
        full
    }
}

/// Which part of all time a moment lies in; as long as one chunk.
fn part_of(at: Moment) -> u64 {
    at.0 / (STEP_MS * CHUNK)
}

/// Key of the chunk that a moment lies in.
pub(crate) fn key(service: &ServiceId, at: Moment) -> String {
    format!("{service}/{:03}", part_of(at) % SLOTS)
}

/// Keys of all chunks of a service.
pub(crate) fn keys(service: &ServiceId) -> impl Iterator<Item = String> {
    (0..SLOTS).map(move |slot| format!("{service}/{slot:03}"))
}

/// The points of the last day in order, from chunks and what is not stored yet.
pub(crate) fn day(chunks: Vec<Chunk>, fresh: &[Point], now: Moment) -> Vec<Point> {
    let stored = chunks.into_iter().flat_map(|chunk| chunk.points);
    let oldest = now.0.saturating_sub(STEP_MS * CHUNK * SLOTS);
    let mut points: Vec<Point> =
        stored.chain(fresh.iter().copied()).filter(|point| point.at.0 > oldest).collect();
    points.sort_by_key(|point| point.at);
    points.dedup_by_key(|point| point.at);
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_kept_and_comes_back_from_its_chunks() {
        let id: ServiceId = "api@demo".parse().unwrap();
        let (mut history, mut stored) = (History::default(), std::collections::BTreeMap::new());
        let mut now = Moment(1_000_000_000);
        for minute in 0..3_000 {
            now = Moment(1_000_000_000 + minute * STEP_MS);
            let usage = Usage { memory: minute, ..Usage::default() };
            if let Some(chunk) = history.add(&id, now, (usage, 1.0)) {
                stored.insert(chunk.key(), chunk);
            }
            assert!(history.add(&id, Moment(now.0 + 10), (usage, 1.0)).is_none(), "too early");
        }
        assert_eq!(stored.len() as u64, SLOTS);
        assert!(keys(&id).all(|key| stored.contains_key(&key)));
        let chunks: Vec<Chunk> = stored.into_values().collect();
        let day = day(chunks, history.points(), now);
        assert_eq!(day.len() as u64, SLOTS * CHUNK);
        let memory: Vec<u64> = day.iter().map(|point| point.memory_bytes).collect();
        assert!(memory.windows(2).all(|pair| pair[1] == pair[0] + 1) && memory[1439] == 2_999);
    }
}
