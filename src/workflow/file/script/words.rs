//! Commands that would read a word as a script once more.

/// Shells: `-c` comes before a script.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "ksh", "zsh", "fish", "su"];

/// Languages: `-c` or `-e` comes before a script.
const LANGUAGES: &[&str] = &["python", "python3", "perl", "ruby", "node", "php"];

/// Commands that take their words for a script.
const HANDERS: &[&str] = &["eval", "ssh", "trap", "awk", "gawk", "mawk"];

/// What is known of the command that is being read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Line {
    shell: bool,
    language: bool,
    /// Whether its words are read as a script once more.
    pub(super) again: bool,
}

impl Line {
    /// One more word of it.
    pub(super) fn word(&mut self, word: &str) {
        let name = word.rsplit('/').next().unwrap_or(word);
        let flags = word.strip_prefix('-').filter(|flags| !flags.starts_with('-'));
        let flag = |letter| flags.is_some_and(|flags| flags.contains(letter));
        self.again |= HANDERS.contains(&name);
        self.again |= self.shell && flag('c');
        self.again |= self.language && (flag('c') || flag('e'));
        self.shell |= SHELLS.contains(&name);
        self.language |= LANGUAGES.contains(&name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_read_their_words_again_are_known() {
        for (line, wanted) in [
            ("grep -c x", false),
            ("eval x", true),
            ("sh -c x", true),
            ("/bin/bash -lc x", true),
            ("sh -e x.sh", false),
            ("find . -exec sh -c x", true),
            ("python3 -c x", true),
            ("perl -e x", true),
            ("ssh host x", true),
            ("cargo test -p x", false),
        ] {
            let mut known = Line::default();
            line.split(' ').for_each(|word| known.word(word));
            assert_eq!(known.again, wanted, "{line}");
        }
    }
}
