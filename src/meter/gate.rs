use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::Moment;

/// Milliseconds of a minute: what one start weighs in a bucket.
const WEIGHT: u64 = 60_000;

/// How fast attempts may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Starts per minute; 0 for as many as wanted.
    pub per_minute: u32,
    /// Starts at once after a pause; at least 1.
    pub burst: u32,
}

/// A bucket that fills with time and gives one start at a time. No floats: it is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    level: u64,
    at: Moment,
}

impl Bucket {
    /// A full one.
    #[must_use]
    pub fn full(rate: Rate, now: Moment) -> Self {
        Self { level: brim(rate), at: now }
    }

    /// Takes one start, or tells when there will be one. A clock that went back fills nothing.
    pub fn take(&mut self, rate: Rate, now: Moment) -> Result<(), Moment> {
        if rate.per_minute == 0 {
            return Ok(());
        }
        let per_ms = u64::from(rate.per_minute);
        let passed = now.0.saturating_sub(self.at.0);
        self.level = self.level.saturating_add(passed.saturating_mul(per_ms)).min(brim(rate));
        self.at = now;
        match self.level.checked_sub(WEIGHT) {
            Some(left) => {
                self.level = left;
                Ok(())
            }
            None => Err(Moment(now.0.saturating_add((WEIGHT - self.level).div_ceil(per_ms)))),
        }
    }
}

fn brim(rate: Rate) -> u64 {
    u64::from(rate.burst.max(1)) * WEIGHT
}

/// Whether an attempt may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Now; the start is counted.
    Go,
    /// Too many started; again from then on.
    Paced(Moment),
    /// The provider takes none before then.
    Limited(Moment),
}

/// The way to one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// The provider.
    pub provider: String,
    /// Starts that are left.
    pub bucket: Bucket,
    /// It takes nothing before then.
    #[serde(default)]
    pub limited: Option<Moment>,
}

/// The ways to all providers. A gate that changed is to be stored: a limit outlives a reboot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gates(BTreeMap<String, Gate>);

impl Gates {
    /// The gates as stored.
    #[must_use]
    pub fn of(gates: Vec<Gate>) -> Self {
        Self(gates.into_iter().map(|gate| (gate.provider.clone(), gate)).collect())
    }

    /// Lets an attempt start, or tells when to ask again.
    pub fn start(&mut self, provider: &str, rate: Rate, now: Moment) -> Start {
        let gate = self.gate(provider, rate, now);
        match gate.limited.filter(|until| *until > now) {
            Some(until) => return Start::Limited(until),
            None => gate.limited = None,
        }
        gate.bucket.take(rate, now).map_or_else(Start::Paced, |()| Start::Go)
    }

    /// The provider takes nothing before `until`. A later word replaces an earlier one.
    pub fn limit(&mut self, provider: &str, rate: Rate, (now, until): (Moment, Moment)) {
        self.gate(provider, rate, now).limited = Some(until);
    }

    /// Until when a provider takes nothing.
    #[must_use]
    pub fn limited(&self, provider: &str, now: Moment) -> Option<Moment> {
        self.0.get(provider)?.limited.filter(|until| *until > now)
    }

    /// The gate of a provider, to be stored.
    #[must_use]
    pub fn get(&self, provider: &str) -> Option<&Gate> {
        self.0.get(provider)
    }

    fn gate(&mut self, provider: &str, rate: Rate, now: Moment) -> &mut Gate {
        let gate = || Gate {
            provider: provider.to_owned(),
            bucket: Bucket::full(rate, now),
            limited: None,
        };
        self.0.entry(provider.to_owned()).or_insert_with(gate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATE: Rate = Rate { per_minute: 6, burst: 2 };

    #[test]
    fn a_burst_is_let_through_and_the_rest_is_paced() {
        let mut gates = Gates::default();
        let mut start = |at| gates.start("anthropic", RATE, Moment(at));
        assert_eq!([start(0), start(0)], [Start::Go, Start::Go]);
        assert_eq!(start(0), Start::Paced(Moment(10_000)));
        assert_eq!(start(9_999), Start::Paced(Moment(10_000)));
        assert_eq!(start(10_000), Start::Go);
        assert_eq!(start(0), Start::Paced(Moment(10_000)), "the clock went back");
        let free = Rate { per_minute: 0, burst: 0 };
        assert!((0..99).all(|_| gates.start("local", free, Moment(0)) == Start::Go));
    }

    #[test]
    fn a_limited_provider_takes_nothing_until_then_even_after_a_restart() {
        let mut gates = Gates::default();
        gates.limit("openai", RATE, (Moment(0), Moment(5_000)));
        let stored = serde_json::to_string(gates.get("openai").unwrap()).unwrap();
        let mut gates = Gates::of(vec![serde_json::from_str(&stored).unwrap()]);
        assert_eq!(gates.start("openai", RATE, Moment(4_999)), Start::Limited(Moment(5_000)));
        assert_eq!(gates.limited("openai", Moment(4_999)), Some(Moment(5_000)));
        assert_eq!(gates.start("anthropic", RATE, Moment(1)), Start::Go, "another one is free");
        assert_eq!(gates.start("openai", RATE, Moment(5_000)), Start::Go);
        assert_eq!(gates.limited("openai", Moment(5_000)), None);
    }

    proptest! {
        #[test]
        fn never_more_starts_than_burst_and_rate(
            (rate, burst) in (1_u32..120, 1_u32..9),
            steps in proptest::collection::vec(0_u64..30_000, 1..80),
        ) {
            let rate = Rate { per_minute: rate, burst };
            let (mut now, mut started) = (0, 0);
            let mut bucket = Bucket::full(rate, Moment(0));
            for step in steps {
                now += step;
                if let Err(then) = bucket.take(rate, Moment(now)) {
                    now = then.0;
                    prop_assert_eq!(bucket.take(rate, then), Ok(()));
                }
                started += 1;
                let most = u64::from(burst) + now * u64::from(rate.per_minute) / 60_000;
                prop_assert!(started <= most, "{started} > {most}");
            }
        }
    }
}
