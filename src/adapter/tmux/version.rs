//! Which tmux this is.

/// The oldest tmux that has what gaia needs (RHEL 9, Ubuntu 22.04).
const OLDEST: (u32, u32, char) = (3, 2, 'a');

/// Reads `tmux 3.3a`, `tmux next-3.4`, `tmux openbsd-7.4`, `tmux master`.
pub(super) fn read(said: &str) -> String {
    said.trim().strip_prefix("tmux ").unwrap_or(said.trim()).to_owned()
}

/// Major, minor and letter; `None` for builds that carry no release number.
fn numbers(version: &str) -> Option<(u32, u32, char)> {
    let text = version.strip_prefix("next-").unwrap_or(version);
    let (major, rest) = text.split_once('.')?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let letter = rest[digits..].chars().next().unwrap_or(' ');
    Some((major.parse().ok()?, rest[..digits].parse().ok()?, letter))
}

/// Whether gaia can work with it; a build without a release number is taken for a new one.
pub(super) fn is_enough(version: &str) -> bool {
    numbers(version).is_none_or(|found| found >= OLDEST)
}

/// Whether it is this release or a later one.
pub(super) fn at_least(version: &str, (major, minor): (u32, u32)) -> bool {
    numbers(version).is_none_or(|found| (found.0, found.1) >= (major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_they_come() {
        for (said, enough) in [
            ("tmux 3.3a", true),
            ("tmux 3.2a", true),
            ("tmux 3.2", false),
            ("tmux 2.9a", false),
            ("tmux next-3.4", true),
            ("tmux openbsd-7.4", true),
            ("tmux master", true),
            ("tmux 3.10", true),
        ] {
            assert_eq!(is_enough(&read(said)), enough, "{said}");
        }
        assert!(at_least("3.7b", (3, 7)) && !at_least("3.6b", (3, 7)));
    }
}
