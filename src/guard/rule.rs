use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::shell::Word;

/// Options that take the next word for their value, where it is worth knowing.
const VALUED: &[(&str, &[&str])] = &[
    (
        "git",
        &["-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env"],
    ),
    ("kubectl", &["-n", "--namespace", "--context", "--cluster", "--kubeconfig", "-s", "--user"]),
    ("npm", &["--prefix", "-w", "--workspace", "--registry"]),
    ("cargo", &["--manifest-path", "--config", "-Z", "-C", "--color"]),
    ("gh", &["-R", "--repo"]),
];

/// A pattern of a command: program, then the words it is told first, then options and operands
/// that may stand anywhere: `git push`, `rm -rf /`, `rails db:*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rule {
    text: String,
    program: String,
    lead: Vec<String>,
    options: Vec<String>,
    operands: Vec<String>,
}

/// What commands are denied, and what is allowed all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Denied.
    pub deny: Vec<Rule>,
    /// Allowed although denied; only if it is told exactly so, with `*` for parts of words and a
    /// last `*` for any words.
    pub allow: Vec<Rule>,
}

impl Rules {
    /// Rules from texts; a text without a word is left out.
    #[must_use]
    pub fn new<S: AsRef<str>>(deny: &[S], allow: &[S]) -> Self {
        let rules = |texts: &[S]| texts.iter().filter_map(|t| Rule::new(t.as_ref())).collect();
        Self { deny: rules(deny), allow: rules(allow) }
    }

    /// Programs that some rule denies something of: those a guard in the PATH has to stand for.
    #[must_use]
    pub fn programs(&self) -> BTreeSet<String> {
        let names = self.deny.iter().map(|rule| rule.program.clone());
        names.filter(|name| !name.contains('*')).collect()
    }
}

impl TryFrom<String> for Rule {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text).ok_or("a rule names a program")
    }
}

impl From<Rule> for String {
    fn from(rule: Rule) -> Self {
        rule.text
    }
}

impl Rule {
    /// The rule of a text; `None` if it names no program.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace().map(str::to_owned);
        let program = base(&words.next()?).to_owned();
        let mut rule = Self {
            text: text.trim().to_owned(),
            program,
            lead: vec![],
            options: vec![],
            operands: vec![],
        };
        for word in words {
            if word.starts_with('-') && word.len() > 1 {
                rule.options.push(word);
            } else if rule.options.is_empty() {
                rule.lead.push(word);
            } else {
                rule.operands.push(word);
            }
        }
        Some(rule)
    }

    /// The rule as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a command is one that the rule is about. A word that only the shell could tell fits
    /// where the program or its first words stand.
    pub(super) fn fits(&self, argv: &[Word]) -> bool {
        let Some((program, rest)) = argv.split_first() else { return false };
        // A program that nobody can tell is no reason by itself to refuse all of them.
        let open = program.open && !(self.lead.is_empty() && self.options.is_empty());
        let fits = open || wild(&self.program, without_version(base(&program.text)));
        fits && self.leads(rest) && self.has_options(rest) && self.has_operands(rest)
    }

    fn leads(&self, rest: &[Word]) -> bool {
        let valued = VALUED.iter().find(|(program, _)| *program == self.program);
        lead(&self.lead, rest, valued.map(|(_, options)| *options))
    }

    fn has_options(&self, rest: &[Word]) -> bool {
        let has = |letter: char| rest.iter().any(|word| letters(&word.text).contains(letter));
        self.options.iter().all(|option| match option.strip_prefix("--") {
            Some(long) => rest.iter().any(|word| {
                let given = word.text.strip_prefix("--").and_then(|w| w.split('=').next());
                given.is_some_and(|given| !given.is_empty() && long.starts_with(given))
            }),
            None => letters(option).chars().all(has),
        })
    }

    fn has_operands(&self, rest: &[Word]) -> bool {
        let is = |operand: &str, word: &Word| {
            wild(operand, &word.text) || wild(trim(operand), trim(&word.text))
        };
        self.operands.iter().all(|operand| rest.iter().any(|word| is(operand, word)))
    }

    /// Whether a command is told exactly so.
    pub(super) fn is(&self, argv: &[Word]) -> bool {
        let mut wanted = self.text.split_whitespace().peekable();
        let mut given = argv.iter();
        let mut first = true;
        while let Some(pattern) = wanted.next() {
            if pattern == "*" && wanted.peek().is_none() && !first {
                return given.all(|word| !word.open);
            }
            let Some(word) = given.next() else { return false };
            let text = if first { base(&word.text) } else { &word.text };
            if word.open || !wild(pattern, text) {
                return false;
            }
            first = false;
        }
        given.next().is_none()
    }

    /// Whether the words of the rule stand in a text in their order, whatever is between them.
    pub(super) fn is_in(&self, words: &[String]) -> bool {
        let mut wanted = std::iter::once(self.program.as_str())
            .chain(self.lead.iter().map(String::as_str))
            .peekable();
        for word in words {
            if wanted.peek().is_some_and(|pattern| wild(pattern, base(word))) {
                wanted.next();
            }
        }
        let has = |letter: char| words.iter().any(|word| letters(word).contains(letter));
        let options =
            self.options.iter().flat_map(|option| letters(option).chars().collect::<Vec<_>>());
        let in_it = |operand: &String| words.iter().any(|word| wild(trim(operand), trim(word)));
        wanted.peek().is_none() && options.into_iter().all(has) && self.operands.iter().all(in_it)
    }
}

/// Whether the first words of a command, its options left out, are these. Where it is not known
/// whether an option takes the next word for its value, both are tried.
fn lead(wanted: &[String], rest: &[Word], valued: Option<&[&str]>) -> bool {
    // Places in `rest` where the next wanted word may stand.
    let mut places = vec![false; rest.len() + 3];
    places[0] = true;
    for pattern in wanted {
        let mut next = vec![false; rest.len() + 3];
        for (at, word) in rest.iter().enumerate() {
            if !places[at] {
                continue;
            }
            if word.text.starts_with(['-', '+']) && !word.open {
                let known = valued.is_some_and(|all| all.contains(&word.text.as_str()));
                places[at + 1] |= !known;
                places[at + 2] |= !word.text.contains('=');
            } else if word.open || wild(pattern, base_of(pattern, &word.text)) {
                next[at + 1] = true;
            }
        }
        places = next;
    }
    places.contains(&true)
}

/// A word as the pattern looks at it: without its folders, if the pattern has none.
fn base_of<'a>(pattern: &str, word: &'a str) -> &'a str {
    if pattern.contains('/') { word } else { base(word) }
}

/// The name of a program without its folders.
pub(super) fn base(word: &str) -> &str {
    word.trim_end_matches('/').rsplit('/').next().unwrap_or(word)
}

/// `prisma` of `prisma@latest`, as the runners of packages take it.
fn without_version(name: &str) -> &str {
    name.split_once('@').map_or(name, |(name, _)| if name.is_empty() { "@" } else { name })
}

/// The letters of an option: `rf` of `-rf`; a long one stands for its first letter. `-R` is `-r`.
fn letters(word: &str) -> String {
    let letters = match word.strip_prefix("--") {
        Some(long) => long.chars().take(1).collect(),
        None => word.strip_prefix('-').unwrap_or_default().to_owned(),
    };
    letters.to_ascii_lowercase()
}

/// A path without what does not change it: `/` of `/*`, `//` and `/./`.
fn trim(path: &str) -> &str {
    let ends = ['/', '*', '.'];
    let trimmed = path.strip_prefix("./").unwrap_or(path).trim_end_matches(ends);
    if trimmed.is_empty() && path.starts_with('/') { "/" } else { trimmed }
}

/// Whether a text is what a pattern says; `*` stands for anything, also for nothing.
pub(super) fn wild(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, fits) in [
            ("db:*", "db:migrate", true),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b", "ab", true),
            ("a*a", "a", false),
            ("push", "pushed", false),
            ("", "", true),
        ] {
            assert_eq!(wild(pattern, text), fits, "{pattern} {text}");
        }
    }
}
