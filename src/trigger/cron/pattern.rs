use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use jiff::civil::DateTime;

/// A cron pattern that fires at least once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    text: String,
    pub(super) cron: Cron,
    /// The hours are `*` or `*/n`: it counts hours that pass, not times of day.
    pub(super) every_hour: bool,
}

/// Why a text is no pattern, and what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) what: String,
    pub(crate) help: String,
}

/// Words that stand for a whole pattern, with their hours.
const NICKNAMES: &[(&str, &str)] = &[
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

const FIELDS: &str = "minute hour day month weekday, e.g. \"30 3 * * *\"; seconds may stand before";

impl Pattern {
    /// Reads a pattern of 5 fields, of 6 with seconds first, or a word such as `@daily`. One that
    /// never matches is refused.
    pub(crate) fn read(text: &str) -> Result<Self, Unreadable> {
        let text = text.trim();
        let whole = match text.strip_prefix('@') {
            None => text.to_owned(),
            Some(_) => of_nickname(text)?,
        };
        let fields: Vec<&str> = whole.split_whitespace().collect();
        if !(5..=6).contains(&fields.len()) {
            let what = format!("`{text}` has {} fields, a cron pattern has 5 or 6", fields.len());
            return Err(Unreadable { what, help: FIELDS.to_owned() });
        }
        let hours = fields[fields.len() - 4];
        let every_hour = hours == "*" || hours.starts_with("*/");
        let parser =
            CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let cron = parser.parse(&whole).map_err(|error| {
            let said = error.to_string();
            let said = said.trim_end_matches('.').replace("Component error: ", "");
            let what = format!("`{text}` is no cron pattern: {}", lowercase(&said));
            Unreadable { what, help: FIELDS.to_owned() }
        })?;
        let pattern = Self { text: text.to_owned(), cron, every_hour };
        let begin = DateTime::constant(2024, 1, 1, 0, 0, 0, 0);
        if pattern.cron.find_next_occurrence(&begin, true).is_err() {
            return Err(Unreadable {
                what: format!("`{text}` never comes: there is no such date"),
                help: "look at the day and the month".to_owned(),
            });
        }
        Ok(pattern)
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a time of day on a date fits.
    pub(super) fn fits(&self, wall: DateTime) -> bool {
        self.cron.is_time_matching(&wall).unwrap_or(false)
    }

    /// What may surprise.
    pub(crate) fn lint(&self, shifts: bool) -> Vec<String> {
        let pattern = &self.cron.pattern;
        let mut found = Vec::new();
        let days = pattern.days.values();
        let late: Vec<String> =
            days.iter().filter(|day| **day > 28).map(ToString::to_string).collect();
        if !pattern.is_dom_wildcard() && !late.is_empty() && late.len() == days.len() {
            let days = late.join(", ");
            found.push(format!(
                "day {days} is not in every month: those without it are left out; `L` is the last day"
            ));
        }
        let hours = pattern.hours.values();
        if shifts && !self.every_hour && hours.iter().any(|hour| (1..=2).contains(hour)) {
            found.push(
                "between 01:00 and 03:00 clocks are set: on such a day it runs at another time, once"
                    .to_owned(),
            );
        }
        let both = !pattern.is_dom_wildcard() && !pattern.is_dow_wildcard();
        if both && !pattern.matches_dom_and_dow() {
            found.push(
                "a day fits if its date or its weekday fits; write `+` before the weekday for both"
                    .to_owned(),
            );
        }
        found
    }
}

fn of_nickname(text: &str) -> Result<String, Unreadable> {
    let lower = text.to_ascii_lowercase();
    let known = NICKNAMES.iter().find(|(word, _)| *word == lower);
    known.map(|(_, pattern)| (*pattern).to_owned()).ok_or_else(|| {
        let near = crate::base::nearest(&lower, NICKNAMES.iter().map(|(word, _)| *word));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "one of @hourly, @daily, @weekly, @monthly, @yearly, @reboot".to_owned(),
        };
        Unreadable { what: format!("there is no pattern `{text}`"), help }
    })
}

fn lowercase(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
