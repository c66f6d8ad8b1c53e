//! Words and signs of an expression.

use std::ops::Range;

use crate::workflow::text::Wrong;

/// A word or sign.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    /// A reference, a number or a word of the language.
    Word(&'a str),
    /// What stands between quotes.
    Quoted(String),
    /// `==`, `!=` or a bracket.
    Sign(&'static str),
}

/// Signs of the language, longest first.
const SIGNS: &[&str] = &["==", "!=", "(", ")", "[", "]", ","];

/// Signs of other languages, and what is written here.
const FOREIGN: &[(&str, &str)] = &[
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("<=", NO_ORDER),
    (">=", NO_ORDER),
    ("<", NO_ORDER),
    (">", NO_ORDER),
    ("=~", "patterns are for a script step: let it give back true or false, and ask for that"),
    ("=", "write `==`"),
    ("!", "write `not`"),
    ("|", NO_WORK),
    ("+", NO_WORK),
    ("*", NO_WORK),
    ("/", NO_WORK),
    ("%", NO_WORK),
    ("-", NO_WORK),
];
const NO_ORDER: &str =
    "only == and != compare: let a script step give back true or false, and ask for that";
pub(super) const NO_WORK: &str = "nothing is computed here: let a script step do it";

/// All of them with their places; the first that is none is told.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token<'_>, Range<usize>)>, Wrong> {
    let (mut all, mut at) = (vec![], 0);
    while let Some(c) = text[at..].chars().next() {
        let tail = &text[at..];
        // Braces may stand around a reference or the whole; they mean nothing.
        let braces = ["${{", "{{", "}}", "${", "}"];
        if c.is_whitespace() {
            at += c.len_utf8();
        } else if let Some(braces) = braces.iter().find(|b| tail.starts_with(**b)) {
            at += braces.len();
        } else if matches!(c, '\'' | '"') {
            let (words, length) = quoted(tail, c)
                .ok_or_else(|| Wrong::new(at..at + 1, "this quote has no end", ""))?;
            all.push((Token::Quoted(words), at..at + length));
            at += length;
        } else if let Some(length) = word(tail) {
            all.push((Token::Word(&tail[..length]), at..at + length));
            at += length;
        } else if let Some(sign) = SIGNS.iter().find(|sign| tail.starts_with(**sign)) {
            all.push((Token::Sign(sign), at..at + sign.len()));
            at += sign.len();
        } else {
            let foreign = FOREIGN.iter().find(|(sign, _)| tail.starts_with(sign));
            let (sign, help) = foreign.map_or((&tail[..c.len_utf8()], ""), |(s, h)| (*s, *h));
            let what = format!("`{sign}` means nothing here");
            return Err(Wrong::new(at..at + sign.len(), what, help));
        }
    }
    Ok(all)
}

/// The length of a word: letters, digits, `_`, `.`, and `-` inside or before a number.
fn word(text: &str) -> Option<usize> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let first = text.chars().next()?;
    let number = first == '-' && text[1..].starts_with(|c: char| c.is_ascii_digit());
    if !(first.is_alphanumeric() || matches!(first, '_' | '.') || number) {
        return None;
    }
    Some(text.find(|c| !fits(c)).unwrap_or(text.len()))
}

/// What stands between quotes, and the length with them; a quote inside is written twice or after
/// a backslash.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let (mut words, mut chars) = (String::new(), text.char_indices().skip(1).peekable());
    while let Some((at, c)) = chars.next() {
        if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                return Some((words, at + 1));
            }
        } else if c == '\\' && chars.peek().is_some_and(|(_, n)| *n == quote || *n == '\\') {
            words.extend(chars.next().map(|(_, c)| c));
            continue;
        }
        words.push(c);
    }
    None
}
