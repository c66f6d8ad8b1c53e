//! Values that several formats write alike.

use crate::base::duration;

/// A span such as `1m30s` in milliseconds; a bare number is seconds.
pub(super) fn milliseconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let seconds = text.parse::<u64>().ok().map(|seconds| seconds.saturating_mul(1000));
    seconds.or_else(|| u64::try_from(duration(text)?.as_millis()).ok())
}

/// More restarts than these are as many as there need be.
pub(super) const MANY: u32 = 10_000;

/// A window in which that many restarts can happen at all, where gaia's own is too short for it;
/// a limit that could never be reached is refused.
pub(super) fn window_ms(limit: u32, pause_ms: Option<u64>) -> Option<u64> {
    // The figures of gaia: pauses grow up to half a minute, the window is five.
    let longest = u64::from(limit).saturating_mul(pause_ms.unwrap_or(30_000));
    Some(longest.saturating_mul(2)).filter(|_| limit > 0 && longest > 300_000)
}

/// A folder without the variables that gaia writes otherwise.
pub(super) fn folder(text: &str) -> String {
    let plain = [("${PWD}", "."), ("$PWD", "."), ("${HOME}", "~"), ("$HOME", "~")];
    let starts = plain.iter().find_map(|(from, to)| Some((text.strip_prefix(from)?, to)));
    match starts {
        Some((rest, to)) if rest.is_empty() || rest.starts_with('/') => format!("{to}{rest}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_folders() {
        for (text, wanted) in [
            ("10", Some(10_000)),
            ("1m30s", Some(90_000)),
            ("500ms", Some(500)),
            ("1.5s", Some(1500)),
            ("soon", None),
            ("-1s", None),
        ] {
            assert_eq!(milliseconds(text), wanted, "{text}");
        }
        for (text, wanted) in
            [("$HOME/x", "~/x"), ("${PWD}", "."), ("$HOMER/x", "$HOMER/x"), ("a", "a")]
        {
            assert_eq!(folder(text), wanted);
        }
        assert_eq!(window_ms(3, Some(2000)), None);
        assert_eq!(window_ms(1000, Some(2000)), Some(4_000_000));
    }
}
