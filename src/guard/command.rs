use serde::{Deserialize, Serialize};

use super::{
    rule::{Rule, Rules, base},
    shell::{self, Simple, Word},
    wrap::{is_assignment, wrapped, wraps},
};

/// Commands looked at for one line; a line that needs more is judged by the words in it.
const MOST: u32 = 2000;
const MAX_DEPTH: u32 = 16;

/// Words that stand before a command in the grammar of the shell.
const RESERVED: &[&str] = &[
    "!", "{", "}", "if", "then", "else", "elif", "fi", "while", "until", "do", "done", "esac",
    "in", "coproc", "[[", "]]",
];

/// Programs that read commands.
const SHELLS: &[&str] = &["sh", "bash", "zsh", "dash", "ksh", "mksh", "ash", "fish", "rbash"];

/// Other programs that take lines for a shell on their input.
const READERS: &[&str] = &["at", "batch", "crontab", "ssh", "su", "sudo", "docker", "kubectl"];

/// Programs that run code that is one of their words.
const INTERPRETERS: &[&str] = &[
    "python",
    "python2",
    "python3",
    "perl",
    "ruby",
    "node",
    "nodejs",
    "php",
    "lua",
    "deno",
    "bun",
    "awk",
    "gawk",
    "mawk",
    "nawk",
    "osascript",
    "tclsh",
    "expect",
    "ipython",
];

/// The verdict on a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It may run.
    Allow,
    /// It may not.
    Deny {
        /// The rule, as it was written.
        rule: String,
        /// The part of the line that the rule is about.
        part: String,
    },
}

/// The verdict on a line for a shell.
#[must_use]
pub fn judge(rules: &Rules, line: &str) -> Verdict {
    let mut judge = Judge { rules, left: MOST };
    judge.line(line, 0).map_or_else(|deny| deny, |_| Verdict::Allow)
}

/// The verdict on a program and its arguments, which no shell will look at.
#[must_use]
pub fn judge_argv(rules: &Rules, argv: &[String]) -> Verdict {
    let words: Vec<Word> = argv.iter().map(|word| Word::plain(word)).collect();
    let mut judge = Judge { rules, left: MOST };
    judge.command(&words, &[], 0).map_or_else(|deny| deny, |_| Verdict::Allow)
}

/// Whether all that a command runs stands in its words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// It does.
    Words,
    /// Some comes from where nobody can see it: an input, a variable.
    Unseen,
}

struct Judge<'a> {
    rules: &'a Rules,
    left: u32,
}

impl Judge<'_> {
    fn line(&mut self, line: &str, depth: u32) -> Result<Source, Verdict> {
        let Some(commands) = shell::read(line).ok().filter(|_| depth <= MAX_DEPTH) else {
            return self.loose(line).map(|()| Source::Words);
        };
        let mut source = Source::Words;
        for Simple { words, here } in &commands {
            source = source.max(self.command(words, here, depth)?);
        }
        if source == Source::Unseen {
            self.loose(line)?;
        }
        Ok(source)
    }

    fn lines<'b>(
        &mut self,
        lines: impl IntoIterator<Item = &'b str>,
        depth: u32,
    ) -> Result<Source, Verdict> {
        let mut source = Source::Words;
        for line in lines {
            source = source.max(self.line(line, depth + 1)?);
        }
        Ok(source)
    }

    /// Judges a command, and the command that it runs.
    fn command(&mut self, all: &[Word], here: &[String], depth: u32) -> Result<Source, Verdict> {
        let words = bare(all);
        let Some((program, rest)) = words.split_first() else { return Ok(Source::Words) };
        let shown = |words: &[Word]| shell_words::join(words.iter().map(|w| w.text.as_str()));
        self.left = self.left.saturating_sub(1);
        if self.left == 0 || depth > MAX_DEPTH {
            return self.loose(&shown(words)).map(|()| Source::Words);
        }
        if self.rules.allow.iter().any(|rule| rule.is(words)) {
            return Ok(Source::Words);
        }
        if let Some(rule) = self.rules.deny.iter().find(|rule| rule.fits(words)) {
            return Err(deny(rule, shown(words)));
        }
        let before = &all[..all.len() - words.len()];
        // git takes settings, and so aliases, from variables too.
        if before.iter().any(|word| word.text.starts_with("GIT_CONFIG")) {
            self.loose(&format!("{} {}", shown(words), shown(before)))?;
        }
        let name = base(&program.text);
        let mut source = if program.open { Source::Unseen } else { Source::Words };
        source = source.max(self.told(name, rest, depth)?);
        source = source.max(self.given(name, rest, here, depth)?);
        for inner in wrapped(name, rest) {
            source = source.max(self.command(&inner, here, depth + 1)?);
        }
        Ok(source)
    }

    /// What a program reads: commands or code in its words, or on its input.
    fn given(
        &mut self,
        name: &str,
        rest: &[Word],
        here: &[String],
        depth: u32,
    ) -> Result<Source, Verdict> {
        let mut source = Source::Words;
        if SHELLS.contains(&name) || READERS.contains(&name) {
            source = self.lines(here.iter().map(String::as_str), depth)?;
        }
        if SHELLS.contains(&name) {
            source = source.max(self.shell(rest, !here.is_empty(), depth)?);
        }
        if INTERPRETERS.contains(&name) {
            here.iter().try_for_each(|text| self.loose(text))?;
            let code = rest.iter().filter(|word| is_code(name, &word.text));
            code.map(|word| &word.text).try_for_each(|text| self.loose(text))?;
            let operand = rest.iter().any(|word| !is_option(word) && !is_unseen(&word.text));
            if here.is_empty() && !operand {
                source = Source::Unseen;
            }
        }
        let sourced =
            matches!(name, "." | "source") && rest.iter().any(|word| is_unseen(&word.text));
        Ok(if sourced || name == "parallel" { Source::Unseen } else { source })
    }

    /// Words that are commands of their own for these programs.
    fn told(&mut self, name: &str, rest: &[Word], depth: u32) -> Result<Source, Verdict> {
        let texts = rest.iter().map(|word| word.text.as_str());
        let source = match name {
            "eval" => {
                let line = texts.clone().collect::<Vec<_>>().join(" ");
                self.line(&line, depth + 1)?
            }
            "trap" => self.lines(texts.clone().take(1), depth)?,
            "alias" => {
                self.lines(texts.clone().filter_map(|t| Some(t.split_once('=')?.1)), depth)?
            }
            "git" => self.git_aliases(rest, depth)?,
            _ => Source::Words,
        };
        if !wraps(name, rest) {
            return Ok(source);
        }
        let lines = texts.filter(|text| text.contains(char::is_whitespace));
        // `-S'git push'`, `--exec='git push'`: what follows the option.
        let value = |text: &'_ str| match (text.starts_with('-'), text.split_once('=')) {
            (true, Some((option, _))) => option.len() + 1,
            (true, None) => text.char_indices().nth(2).map_or(text.len(), |(at, _)| at),
            (false, _) => 0,
        };
        Ok(source.max(self.lines(lines.map(|text| &text[value(text)..]), depth)?))
    }

    /// `git -c alias.x=push x`, `git config alias.x push`: what the alias stands for.
    fn git_aliases(&mut self, rest: &[Word], depth: u32) -> Result<Source, Verdict> {
        let mut source = Source::Words;
        for (at, word) in rest.iter().enumerate() {
            let Some((_, alias)) = word.text.split_once("alias.") else { continue };
            let next = rest.get(at + 1).map_or("", |word| word.text.as_str());
            let meant = alias.split_once('=').map_or(next, |(_, meant)| meant);
            let line =
                meant.strip_prefix('!').map_or_else(|| format!("git {meant}"), str::to_owned);
            source = source.max(self.line(&line, depth + 1)?);
        }
        Ok(source)
    }

    /// The words of a shell: a line after `-c`, else a file, else it reads its input, which is
    /// seen if it stands in the line.
    fn shell(&mut self, rest: &[Word], seen: bool, depth: u32) -> Result<Source, Verdict> {
        let cluster = |word: &Word, letter| is_option(word) && word.text.contains(letter);
        let short = |word: &Word| !word.text.starts_with("--");
        let is_line = |word: &Word| (short(word) && cluster(word, 'c')) || word.text == "--command";
        if let Some(at) = rest.iter().position(is_line) {
            let words = rest[at + 1..].iter().filter(|word| !is_option(word));
            let open = words.clone().next().is_some_and(|word| word.open);
            let source = self.lines(words.map(|word| word.text.as_str()), depth)?;
            return Ok(if open { Source::Unseen } else { source });
        }
        // Options that take the next word for their value.
        let valued = |at: usize| {
            let before = at.checked_sub(1).and_then(|at| rest.get(at));
            before.is_some_and(|w| ["-o", "+o", "-O", "+O", "--rcfile"].contains(&w.text.as_str()))
        };
        let mut operands = rest.iter().enumerate().filter(|(at, w)| !is_option(w) && !valued(*at));
        let file = operands.next().map(|(_, word)| word.text.as_str());
        let has_s = rest.iter().any(|word| short(word) && cluster(word, 's'));
        let input = file.is_none_or(|file| has_s || is_unseen(file));
        Ok(if input && !seen { Source::Unseen } else { Source::Words })
    }

    /// Judges a text by the words in it, whatever stands between them.
    fn loose(&self, text: &str) -> Result<(), Verdict> {
        // A variable may stand for a word, or for what parts two words.
        for text in [text, &without_variables(text)] {
            let bare: String = text.chars().filter(|c| !"'\"\\".contains(*c)).collect();
            let part = |c: char| c.is_alphanumeric() || "-_./:~*@$".contains(c);
            let words = bare.split(|c| !part(c)).filter(|word| !word.is_empty());
            let words: Vec<String> = words.map(str::to_owned).collect();
            if let Some(rule) = self.rules.deny.iter().find(|rule| rule.is_in(&words)) {
                return Err(deny(rule, text.trim().to_owned()));
            }
        }
        Ok(())
    }
}

fn deny(rule: &Rule, part: String) -> Verdict {
    Verdict::Deny { rule: rule.text().to_owned(), part }
}

/// A command without the words of the grammar and the variables before it.
fn bare(mut words: &[Word]) -> &[Word] {
    while let Some((first, rest)) = words.split_first() {
        let skip = match first.text.as_str() {
            "function" => rest.len().min(1) + 1,
            word if !first.open && RESERVED.contains(&word) => 1,
            word if is_assignment(word) => 1,
            _ => break,
        };
        words = &words[skip..];
    }
    words
}

/// A text with a space in place of each variable.
fn without_variables(text: &str) -> String {
    let mut pieces = text.split('$');
    let first = pieces.next().unwrap_or_default().to_owned();
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    pieces.fold(first, |all, piece| all + " " + piece.trim_start_matches(name))
}

fn is_option(word: &Word) -> bool {
    word.text.starts_with(['-', '+']) && word.text.len() > 1
}

/// Whether a file is one whose text is made while the line runs.
fn is_unseen(file: &str) -> bool {
    file == "-" || file.starts_with("/dev/") || file.ends_with("(…)")
}

/// Whether a word may be code: more than a name, a path or an option. Most of what awk is given
/// are patterns of text, which run nothing.
fn is_code(program: &str, word: &str) -> bool {
    if program.ends_with("awk") && !word.contains("system") && !word.contains('|') {
        return false;
    }
    word.contains(|c: char| c.is_whitespace() || "(;!|`'\"".contains(c))
}

#[cfg(test)]
mod tests;
