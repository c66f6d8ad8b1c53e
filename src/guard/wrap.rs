//! Programs that run other programs.

use std::{borrow::Cow, collections::BTreeSet};

use super::shell::Word;

/// Programs that run the program that follows, by how many words of their own stand before it.
const WRAPPERS: [(usize, &str); 3] = [
    (
        0,
        "sudo doas env nohup time nice ionice stdbuf setsid command builtin exec xargs parallel \
         watch strace ltrace gdb script su runuser unshare nsenter bwrap prlimit systemd-run \
         busybox toybox screen expect unbuffer hyperfine entr watchexec dotenv npx pnpx bunx uvx \
         nix-shell python python2 python3 php ruby node find fd start-stop-daemon",
    ),
    (
        1,
        "timeout flock chroot taskset chrt ssh tmux pipx npm pnpm yarn bun uv poetry pdm hatch \
         bundle mise nix devbox deno git",
    ),
    (2, "direnv docker podman gaia"),
];

/// Wrappers that are one only with these words.
const ONLY_WITH: &[(&str, &str)] = &[
    ("npm", "exec x"),
    ("pnpm", "exec dlx"),
    ("yarn", "exec dlx run node"),
    ("bun", "x run"),
    ("uv", "run tool x"),
    ("poetry", "run"),
    ("pdm", "run"),
    ("hatch", "run"),
    ("pipx", "run"),
    ("bundle", "exec"),
    ("mise", "exec x"),
    ("docker", "run exec compose"),
    ("podman", "run exec compose"),
    ("git", "submodule bisect rebase filter-branch for-each-repo"),
    ("gaia", "run pane session"),
];

/// Wrappers that have words of their own that nobody can count.
const UNCOUNTED: &[&str] = &["docker", "podman", "git", "ssh", "flock", "gaia"];

/// Words of `find` and `fd` that a command follows.
const RUNS: &[&str] = &["-exec", "-execdir", "-ok", "-okdir", "-x", "-X", "--exec", "--exec-batch"];

/// How many words of its own a wrapper has; `None` if it is none.
fn own_words(name: &str) -> Option<usize> {
    let has = |names: &&str| names.split_whitespace().any(|known| known == name);
    let versioned = name.starts_with("python3.").then_some(0);
    WRAPPERS.iter().find(|(_, names)| has(names)).map(|(own, _)| *own).or(versioned)
}

/// Whether a program runs what its words say.
pub(super) fn wraps(name: &str, rest: &[Word]) -> bool {
    let has = |words: &str| {
        rest.iter().any(|word| words.split_whitespace().any(|known| known == word.text))
    };
    let only = ONLY_WITH.iter().find(|(wrapper, _)| *wrapper == name);
    own_words(name).is_some() && only.is_none_or(|(_, words)| has(words))
}

/// The commands that a wrapper may run: its options, variables and own words are left out. Where
/// an option may take the next word for its value, both are tried.
pub(super) fn wrapped<'a>(name: &str, rest: &'a [Word]) -> Vec<Cow<'a, [Word]>> {
    if name == "find" || name == "fd" {
        let at = rest.iter().enumerate().filter(|(_, word)| RUNS.contains(&word.text.as_str()));
        return at.map(|(at, _)| Cow::Borrowed(&rest[at + 1..])).collect();
    }
    let Some(own) = own_words(name).filter(|_| wraps(name, rest)) else { return vec![] };
    let mut starts = BTreeSet::new();
    // How many words of its own may have been passed at a place.
    let mut passed: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); rest.len() + 2];
    passed[0].insert(0);
    for (at, word) in rest.iter().enumerate() {
        let text = word.text.as_str();
        for seen in std::mem::take(&mut passed[at]) {
            if text.starts_with('-') {
                passed[at + 1].insert(seen);
                if !text.contains('=') {
                    passed[at + 2].insert(seen);
                }
            } else if is_assignment(text) || is_number(text) {
                passed[at + 1].extend([seen, (seen + 1).min(own)]);
            } else if seen < own {
                passed[at + 1].insert(seen + 1);
            } else {
                starts.insert(at);
                if UNCOUNTED.contains(&name) {
                    passed[at + 1].insert(seen);
                }
            }
        }
    }
    let starts = starts.into_iter().map(|at| &rest[at..]);
    match name {
        "xargs" | "parallel" => starts.map(|words| Cow::Owned(with_input(words))).collect(),
        _ => starts.map(Cow::Borrowed).collect(),
    }
}

/// A command with words that come from an input: `{}`, and whatever is put behind it.
fn with_input(words: &[Word]) -> Vec<Word> {
    let open = |word: &Word| Word { open: word.open || word.text.contains("{}"), ..word.clone() };
    let more = Word { text: "…".to_owned(), open: true };
    words.iter().map(open).chain([more]).collect()
}

/// Whether a word sets a variable.
pub(super) fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    let name = name.strip_suffix('+').unwrap_or(name);
    let name = name.split('[').next().unwrap_or(name);
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// A number, or a span of time as timeout(1) and nice(1) take it.
fn is_number(word: &str) -> bool {
    let digits = word.trim_end_matches(['s', 'm', 'h', 'd', 'k', 'M']);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || ".,:+%".contains(c))
}
