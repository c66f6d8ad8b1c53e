//! What Linux writes about a process (proc(5)); the text comes in from whoever may read files.

/// Programs that people type into.
pub const SHELLS: &[&str] =
    &["sh", "bash", "zsh", "fish", "dash", "ksh", "mksh", "ash", "nu", "tcsh"];

/// The fields of `/proc/PID/stat` that gaia needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// `R`, `S`, `D`, `Z`, …
    pub state: char,
    /// Process id of the parent.
    pub parent: i32,
    /// Process group that has the terminal; -1 without one.
    pub foreground: i32,
    /// Start time in clock ticks since boot.
    pub start: u64,
    /// Processor time so far, in clock ticks.
    pub ticks: u64,
    /// Threads.
    pub threads: u64,
    /// Resident memory, in pages.
    pub pages: u64,
}

impl Stat {
    /// Reads the text of the file. The name of the program may hold anything, brackets included.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (_, fields) = text.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let number = |at: usize| fields.get(at).and_then(|text| text.parse().ok()).unwrap_or(0);
        Some(Self {
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            foreground: fields.get(5)?.parse().ok()?,
            start: fields.get(19)?.parse().ok()?,
            ticks: number(11) + number(12),
            threads: number(17),
            pages: number(21),
        })
    }

    /// Whether it is only waited for, or not even that.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

/// Whether a process can never gain rights by what it runs, from the text of `/proc/PID/status`.
/// It is never taken back, and all that stand behind a fence have it.
#[must_use]
pub fn no_new_privs(status: &str) -> Option<bool> {
    let value = status.lines().find_map(|line| line.strip_prefix("NoNewPrivs:"))?;
    Some(value.trim() == "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_confuse_it() {
        let text = "77 (a) b (c)) S 5 77 77 34816 78 4194304 1 0 0 0 7 2 0 0 20 0 3 0 4242 1 9 3";
        let (ticks, threads, pages) = (9, 3, 9);
        let (parent, foreground, start) = (5, 78, 4242);
        let wanted = Stat { state: 'S', parent, foreground, start, ticks, threads, pages };
        assert_eq!(Stat::read(text), Some(wanted));
        assert_eq!(Stat::read(""), None);
    }

    #[test]
    fn the_mark_of_a_fence_is_read() {
        assert_eq!(no_new_privs("Name:\tx\nNoNewPrivs:\t1\nSeccomp:\t0\n"), Some(true));
        assert_eq!(no_new_privs("Name:\tNoNewPrivs\nNoNewPrivs:\t0\n"), Some(false));
        assert_eq!(no_new_privs(""), None);
    }
}
