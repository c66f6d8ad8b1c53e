//! What is about the clock.

use std::time::Duration;

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use sha2::{Digest, Sha256};

use super::{load::Loader, raw::RawTrigger};
use crate::{
    base::{Moment, nearest},
    define::{self, Any, Text},
    trigger::{
        cron::{Dst, Excluded, Misfire, Pattern, Policy, Rhythm, Timetable, Unreadable},
        model::Source,
    },
};

/// The zone of a name; a sentence and help if there is none.
pub(crate) fn zone(name: &str) -> Result<TimeZone, Unreadable> {
    let zone = TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some());
    zone.ok_or_else(|| {
        let known: Vec<String> = jiff::tz::db().available().map(|one| one.to_string()).collect();
        let near = nearest(name, known.iter().map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write a name such as Europe/Berlin or UTC; an offset knows no summer".into(),
        };
        Unreadable { what: format!("there is no time zone `{name}`"), help }
    })
}

/// A moment by the clocks of a zone: a date, a date and a time, or one with its offset. A date is
/// its beginning, or the beginning of the next if it is the last day.
pub(crate) fn moment(text: &str, zone: &TimeZone, last: bool) -> Option<Moment> {
    let of = |at: Timestamp| u64::try_from(at.as_millisecond()).ok().map(Moment);
    let local = |wall: DateTime| of(zone.to_ambiguous_zoned(wall).compatible().ok()?.timestamp());
    let text = text.trim();
    if text.len() == 10 {
        let date: Date = text.parse().ok()?;
        let date = if last { date.tomorrow().ok()? } else { date };
        return local(date.at(0, 0, 0, 0));
    }
    match text.parse::<Timestamp>() {
        Ok(at) => of(at),
        Err(_) => local(text.parse().ok()?),
    }
}

impl Loader<'_> {
    /// The timetable of a pattern or a span.
    pub(super) fn time(&mut self, name: &str, text: &Text, raw: &RawTrigger) -> Option<Source> {
        let rhythm = self.rhythm(text, raw.every.is_some());
        let zone = match &raw.tz {
            None => Some(self.context.zone.clone()),
            Some(tz) => zone(tz.get_ref()).map_err(|bad| self.unreadable(tz, bad)).ok(),
        };
        let (jitter, dst) = (self.span(raw.jitter.as_ref(), 0), self.dst(raw.dst.as_ref()));
        let misfire = self.misfire(raw.misfire.as_ref());
        let zone = zone?;
        let start = self.bound(raw.start.as_ref(), &zone, false);
        let end = self.bound(raw.end.as_ref(), &zone, true);
        let exclude = self.excluded(raw.exclude.as_ref());
        let delay = Duration::from_millis(share(self.context.workspace, name, jitter));
        let table = Timetable { rhythm: rhythm?, zone, dst, start, end, exclude, delay };
        let text = match &table.rhythm {
            Rhythm::Cron(pattern) => pattern.text().to_owned(),
            Rhythm::Every(_) => format!("every {}", text.get_ref().trim_start_matches("every ")),
        };
        Some(Source::Time { table: Box::new(table), text, misfire })
    }

    fn rhythm(&mut self, text: &Text, span: bool) -> Option<Rhythm> {
        let words = text.get_ref().trim();
        let every = words.strip_prefix("every ").or(words.strip_prefix("@every "));
        if let Some(words) = every.or(span.then_some(words)) {
            let span = crate::base::duration(words.trim());
            let ms = span.and_then(|span| u64::try_from(span.as_millis()).ok());
            if ms.is_none_or(|ms| ms < 1000) {
                let what = format!("`{words}` is no span of at least a second");
                self.fault(text.span(), what, "write it like every 30s, every 5m or every 2h");
            }
            return ms.filter(|ms| *ms >= 1000).map(Rhythm::Every);
        }
        Pattern::read(words)
            .map(|one| Rhythm::Cron(Box::new(one)))
            .map_err(|bad| self.unreadable(text, bad))
            .ok()
    }

    fn unreadable(&mut self, text: &Text, bad: Unreadable) {
        self.fault(text.span(), bad.what, &bad.help);
    }

    fn dst(&mut self, word: Option<&Text>) -> Dst {
        match word.map(|word| (word, word.get_ref().as_str())) {
            None | Some((_, "wall")) => Dst::Wall,
            Some((_, "elapsed")) => Dst::Elapsed,
            Some((word, other)) => {
                self.fault(word.span(), format!("`{other}` is not known here"), "wall or elapsed");
                Dst::Wall
            }
        }
    }

    fn bound(&mut self, raw: Option<&Any>, zone: &TimeZone, last: bool) -> Option<Moment> {
        let raw = raw?;
        let text = match raw.get_ref() {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let found = moment(&text, zone, last);
        if found.is_none() {
            let help = "write 2027-01-31, 2027-01-31T08:00 or 2027-01-31T08:00:00Z";
            self.fault(raw.span(), format!("`{text}` is no date and no moment"), help);
        }
        found
    }

    fn excluded(&mut self, raw: Option<&Any>) -> Vec<Excluded> {
        let Some(raw) = raw else { return vec![] };
        let texts = self.texts(raw);
        let mut all = Vec::new();
        for text in texts {
            match excluded(&text) {
                Some(one) => all.push(one),
                None => {
                    let help = "2027-01-01, 2027-07-01..2027-07-31, 12-25, or a cron pattern";
                    self.fault(raw.span(), format!("`{text}` is nothing to leave out"), help);
                }
            }
        }
        all
    }

    fn misfire(&mut self, raw: Option<&Any>) -> Misfire {
        let mut rule = Misfire::default();
        let Some(raw) = raw else { return rule };
        let help = "misfire = { window = \"1h\", policy = \"one\", max = 10 }";
        let mut policy = |loader: &mut Self, word: &str| match word {
            "one" => rule.policy = Policy::One,
            "all" => rule.policy = Policy::All,
            "skip" => rule.policy = Policy::Skip,
            other => loader.fault(
                raw.span(),
                format!("there is no misfire policy `{other}`"),
                "one, all or skip",
            ),
        };
        match raw.get_ref() {
            toml::Value::String(word) => policy(self, word),
            toml::Value::Table(table) => {
                for (key, value) in table {
                    match (key.as_str(), value) {
                        ("policy", toml::Value::String(word)) => policy(self, word),
                        ("window", toml::Value::String(_)) | ("max", toml::Value::Integer(1..)) => {
                        }
                        _ => self.fault(raw.span(), format!("`{key}` does not fit here"), help),
                    }
                }
                if let Some(text) = table.get("window").and_then(toml::Value::as_str) {
                    let text = toml::Spanned::new(raw.span(), text.to_owned());
                    let read = define::span_ms(&self.page, &mut self.faults, &text);
                    rule.window = read.map_or(rule.window, Duration::from_millis);
                }
                if let Some(max) = table.get("max").and_then(toml::Value::as_integer) {
                    rule.max = usize::try_from(max).unwrap_or(rule.max).clamp(1, 1000);
                }
            }
            _ => self.fault(raw.span(), "this is no rule for misfires".to_owned(), help),
        }
        rule
    }
}

fn excluded(text: &str) -> Option<Excluded> {
    let text = text.trim();
    if let Some((from, to)) = text.split_once("..") {
        let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        return (from <= to).then_some(Excluded::Dates(from, to));
    }
    if let Ok(date) = text.parse::<Date>() {
        return Some(Excluded::Dates(date, date));
    }
    if text.len() == 5
        && let Some((month, day)) = text.split_once('-')
    {
        let date = Date::new(2024, month.parse().ok()?, day.parse().ok()?).ok()?;
        return Some(Excluded::Yearly(date.month(), date.day()));
    }
    Pattern::read(text).ok().map(|one| Excluded::Fits(Box::new(one)))
}

/// A part of a span that is always the same for one name.
fn share(workspace: &str, name: &str, span: u64) -> u64 {
    let digest = Sha256::digest(format!("{workspace}/{name}"));
    let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    number.checked_rem(span).unwrap_or(0)
}
