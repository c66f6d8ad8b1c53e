use globset::{Glob, GlobMatcher};
use serde::Deserialize;
use toml::Spanned;

use super::usage::{Micros, Tokens};
use crate::{
    base::{Refusal, faults_refusal},
    define::{Faults, Page, Text},
};

/// The price list that comes with gaia.
pub const BUILT_IN: &str = include_str!("../../prices.toml");

/// Dearer than any model: a price that is meant per token or per thousand is a slip.
const DEAREST: f64 = 10_000.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawList {
    date: Option<String>,
    #[serde(default)]
    price: Vec<RawPrice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPrice {
    #[serde(default)]
    provider: String,
    model: Text,
    input: Spanned<f64>,
    output: Spanned<f64>,
    cache_read: Option<Spanned<f64>>,
    cache_write: Option<Spanned<f64>>,
    #[serde(default)]
    source: String,
}

/// What a model costs, in millionths of a dollar per million tokens.
#[derive(Debug, Clone)]
pub struct Price {
    /// Who sells it.
    pub provider: String,
    /// Which models; `*` stands for anything.
    pub model: String,
    /// Price by kind; `reasoning` is that of output.
    pub micros: Tokens,
    /// Where the price comes from.
    pub source: String,
    /// Date of the list it stands in.
    pub date: String,
    matcher: GlobMatcher,
}

/// A price list.
#[derive(Debug, Clone, Default)]
pub struct Prices(Vec<Price>);

impl Prices {
    /// The prices of a file; all faults at once.
    pub fn load(path: &str, text: &str) -> Result<Self, Refusal> {
        let (page, mut faults) = (Page { path, text }, Faults::new());
        let raw: Option<RawList> = page.parse(&mut faults);
        let RawList { date, price } = raw.unwrap_or(RawList { date: None, price: vec![] });
        let date = date.unwrap_or_else(|| "no date".to_owned());
        let prices = price.into_iter().filter_map(|raw| one(&page, &mut faults, raw, &date));
        let prices = prices.collect();
        if faults.is_empty() { Ok(Self(prices)) } else { Err(faults_refusal(&faults)) }
    }

    /// The list that comes with gaia, and after it the user's own (its path and text).
    pub fn with(own: Option<(&str, &str)>) -> Result<Self, Refusal> {
        let mut prices = Self::load("prices.toml", BUILT_IN)?;
        if let Some((path, text)) = own {
            prices.0.extend(Self::load(path, text)?.0);
        }
        Ok(prices)
    }

    /// The last price that fits a model, by its whole name or by what follows its last `/`.
    #[must_use]
    pub fn find(&self, model: &str) -> Option<&Price> {
        let short = model.rsplit('/').next().unwrap_or(model);
        let fits = |price: &&Price| price.matcher.is_match(model) || price.matcher.is_match(short);
        self.0.iter().rev().find(fits)
    }

    /// What these tokens cost, rounded up; `None` if the model has no price.
    #[must_use]
    pub fn cost(&self, model: &str, tokens: &Tokens) -> Option<Micros> {
        let price = self.find(model)?.micros;
        let times = |count: u64, price: u64| u128::from(count) * u128::from(price);
        let sum = times(tokens.input, price.input)
            + times(tokens.output, price.output)
            + times(tokens.cache_read, price.cache_read)
            + times(tokens.cache_write, price.cache_write)
            + times(tokens.reasoning, price.reasoning);
        Some(Micros(u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX)))
    }
}

fn one(page: &Page<'_>, faults: &mut Faults, raw: RawPrice, date: &str) -> Option<Price> {
    let RawPrice { provider, model, input, output, cache_read, cache_write, source } = raw;
    let at = model.span();
    let glob = Glob::new(model.get_ref()).map_err(|error| {
        let what = format!("`{}` is no pattern: {}", model.get_ref(), error.kind());
        faults.push(page.fault(at.clone(), what).help("write it like claude-opus-4-5*"));
    });
    if model.get_ref().trim().is_empty() {
        faults.push(page.fault(at, "a price needs the name of a model"));
    }
    let input = micros(page, faults, &input)?;
    let output = micros(page, faults, &output)?;
    // A cache whose price nobody wrote costs as if there were none: too much, never too little.
    let mut or_input =
        |own: Option<Spanned<f64>>| own.map_or(Some(input), |own| micros(page, faults, &own));
    let (cache_read, cache_write) = (or_input(cache_read)?, or_input(cache_write)?);
    let micros = Tokens { input, output, cache_read, cache_write, reasoning: output };
    let (model, date, matcher) =
        (model.into_inner(), date.to_owned(), glob.ok()?.compile_matcher());
    Some(Price { provider, model, micros, source, date, matcher })
}

fn micros(page: &Page<'_>, faults: &mut Faults, dollars: &Spanned<f64>) -> Option<u64> {
    let good = (0.0..=DEAREST).contains(dollars.get_ref());
    if !good {
        let what = format!("`{}` is no price per million tokens", dollars.get_ref());
        faults.push(page.fault(dollars.span(), what).help("write US dollars, like 3.00"));
    }
    Micros::of_dollars(*dollars.get_ref()).filter(|_| good).map(|micros| micros.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn million_each() -> Tokens {
        let m = 1_000_000;
        Tokens { input: m, output: m, cache_read: m, cache_write: m, reasoning: 0 }
    }

    #[test]
    fn the_built_in_list_reads_and_every_price_says_where_it_comes_from() {
        let prices = Prices::with(None).unwrap();
        assert!(prices.0.len() > 20);
        for price in &prices.0 {
            assert!(!price.source.is_empty() && !price.provider.is_empty(), "{}", price.model);
            assert!(price.micros.output > price.micros.input, "{}", price.model);
            assert!(price.micros.cache_read < price.micros.input, "{}", price.model);
            assert_eq!(price.date, "2026-11-21");
        }
    }

    #[test]
    fn models_find_their_price_and_others_find_none() {
        let prices = Prices::with(None).unwrap();
        let cost = |model: &str| prices.cost(model, &million_each()).map(|c| c.0 / 10_000);
        for (model, cents) in [
            ("claude-opus-4-5-20251101", 3675),
            ("claude-opus-4-20250514", 11025),
            ("claude-opus-4-1", 11025),
            ("claude-sonnet-4-5-20250929", 2205),
            ("anthropic/claude-sonnet-4-6", 2205),
            ("claude-haiku-4-5", 735),
            ("gpt-5-codex", 1262),
            ("gpt-5-mini", 252),
            ("gemini-2.5-flash", 313),
            ("gemini-2.5-flash-lite", 61),
            ("openrouter/qwen/qwen3-coder-plus", 735),
        ] {
            assert_eq!(cost(model), Some(cents), "{model}");
        }
        for model in ["scripted-1", "", "gpt-6", "claude-opus-9", "gpt-4o-audio-preview", "/"] {
            assert_eq!(cost(model), None, "{model}");
        }
    }

    #[test]
    fn a_later_entry_wins_and_a_cache_without_a_price_costs_as_input() {
        let own = "[[price]]\nmodel = \"claude-*\"\ninput = 1\noutput = 2.5\n";
        let prices = Prices::with(Some(("/home/x/prices.toml", own)));
        let prices = prices.unwrap_or_else(|refusal| panic!("{}", refusal.message));
        assert_eq!(prices.cost("claude-opus-4-5", &million_each()), Some(Micros(5_500_000)));
        let one = Tokens { cache_read: 1, ..Tokens::default() };
        assert_eq!(prices.cost("claude-x", &one), Some(Micros(1)), "rounded up");
        let huge = Tokens { output: u64::MAX, ..Tokens::default() };
        assert_eq!(prices.cost("claude-x", &huge), Some(Micros(u64::MAX)));
    }

    #[test]
    fn every_fault_is_told_at_its_place() {
        let text = "[[price]]\nmodel = \"a[\"\ninput = -1.0\noutput = 99999.0\n";
        let message = Prices::load("p.toml", text).unwrap_err().message;
        for part in ["p.toml:2:9: `a[` is no pattern", "p.toml:3:9: `-1` is no price"] {
            assert!(message.contains(part), "{part}\n{message}");
        }
        let text = "[[price]]\nmodel = \"a\"\ninptu = 1.0\noutput = 9.0\n";
        let message = Prices::load("p.toml", text).unwrap_err().message;
        assert!(message.contains("did you mean `input`?"), "{message}");
    }
}
