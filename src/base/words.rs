//! Words that stand for values: signals, spans of time.

use std::time::Duration;

/// Signals by name, as kill(1) knows them.
pub const SIGNALS: &[(&str, i32)] = &[
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("KILL", 9),
    ("USR1", 10),
    ("USR2", 12),
    ("TERM", 15),
    ("CONT", 18),
    ("STOP", 19),
    ("WINCH", 28),
];

/// The number of a signal, given by name (with or without `SIG`) or number.
#[must_use]
pub fn signal(word: &str) -> Option<i32> {
    let upper = word.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let by_name = SIGNALS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
    by_name.or_else(|| word.parse().ok().filter(|number| (1..=64).contains(number)))
}

/// A span of time such as `5s`, `1m 30s`, `24h`, `14d`.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let span: jiff::Span = text.parse().ok()?;
    let relative = jiff::SpanRelativeTo::days_are_24_hours();
    let seconds = span.total((jiff::Unit::Second, relative)).ok()?;
    (seconds >= 0.0).then(|| Duration::from_secs_f64(seconds))
}

/// Bytes, with or without a binary unit.
#[must_use]
pub fn size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let factor = match text[digits..].trim() {
        "" | "B" => 1,
        "KiB" | "K" => 1 << 10,
        "MiB" | "M" => 1 << 20,
        "GiB" | "G" => 1 << 30,
        _ => return None,
    };
    text[..digits].parse::<u64>().ok()?.checked_mul(factor)
}

/// A text without the escape sequences that only a terminal understands.
#[must_use]
pub fn plain(text: &str) -> String {
    if text.contains('\x1b') { strip_ansi_escapes::strip_str(text) } else { text.to_owned() }
}

/// A moment in the past: a span before `now` (`10m`), or milliseconds since the Unix epoch.
#[must_use]
pub fn moment_before(text: &str, now: super::Moment) -> Option<super::Moment> {
    if let Ok(millis) = text.parse::<u64>() {
        return Some(super::Moment(millis));
    }
    let span = u64::try_from(duration(text)?.as_millis()).unwrap_or(u64::MAX);
    Some(super::Moment(now.0.saturating_sub(span)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_people_write() {
        assert_eq!(signal("term"), Some(15));
        assert_eq!(signal("SIGINT"), Some(2));
        assert_eq!(signal("9"), Some(9));
        assert_eq!(signal("TREM"), None);
        assert_eq!(duration("5s"), Some(Duration::from_secs(5)));
        assert_eq!(duration("1m 30s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("14d"), Some(Duration::from_secs(14 * 86_400)));
        assert_eq!(duration("soon"), None);
        assert_eq!(duration("-1s"), None);
    }
}
