//! What is quoted how at each place of a script of sh.

use std::ops::Range;

use super::{USE_ENV, words::Line};
use crate::workflow::text::{Piece, Wrong, scan};

/// Gives the variable for a reference, or says what is wrong with it.
pub(super) type Variable<'v> = dyn FnMut(&str, Range<usize>) -> Result<String, Wrong> + 'v;

/// The script with variables where references stood.
pub(super) fn lex(
    text: &str,
    is_reference: &dyn Fn(&str) -> bool,
    variable: &mut Variable<'_>,
    wrongs: &mut Vec<Wrong>,
) -> String {
    let mut lexer = Lexer {
        text,
        at: 0,
        out: String::with_capacity(text.len()),
        around: vec![Around::Code(Code::default())],
        fresh: true,
        here: vec![],
        doubt: false,
        first: None,
        is_reference,
        variable,
        wrongs,
    };
    while lexer.at < text.len() {
        lexer.step();
    }
    if let Some(first) = lexer.first.take().filter(|_| lexer.around.len() > 1) {
        let what = "the quotes or brackets of this script do not close: what is around this is \
                    in doubt";
        lexer.wrongs.push(Wrong::new(first, what, USE_ENV));
    }
    lexer.out
}

/// What a place is inside of.
enum Around {
    /// Commands: at the top, or in `$(…)`.
    Code(Code),
    Double,
    Single,
    /// `$'…'`, which not every shell knows.
    Escapes,
    /// `${…}`
    Braces,
    /// `$((…))`, with brackets inside.
    Sum(usize),
    Backticks,
}

#[derive(Default)]
struct Code {
    brackets: usize,
    substituted: bool,
    line: Line,
}

/// The end of a text that stands in the script, and whether tabs before it do not count.
struct Here {
    end: String,
    tabs: bool,
}

struct Lexer<'t, 'v> {
    text: &'t str,
    at: usize,
    out: String,
    around: Vec<Around>,
    /// Whether a word begins here.
    fresh: bool,
    here: Vec<Here>,
    /// Whether the quotes from here on are in doubt.
    doubt: bool,
    /// The first reference.
    first: Option<Range<usize>>,
    is_reference: &'v dyn Fn(&str) -> bool,
    variable: &'v mut Variable<'v>,
    wrongs: &'v mut Vec<Wrong>,
}

impl<'t> Lexer<'t, '_> {
    fn tail(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Takes some bytes over as they are.
    fn copy(&mut self, length: usize) {
        let tail = self.tail();
        let length = (length..=tail.len()).find(|end| tail.is_char_boundary(*end));
        let taken = &tail[..length.unwrap_or(tail.len())];
        self.out.push_str(taken);
        self.at += taken.len();
        self.fresh = taken.ends_with([' ', '\t', '\n', ';', '&', '|', '(', ')', '<', '>']);
    }

    /// Takes a character and the one after it; neither means anything.
    fn escaped(&mut self) {
        self.copy(2);
        self.fresh = false;
    }

    fn enter(&mut self, around: Around, length: usize) {
        self.copy(length);
        self.fresh = matches!(around, Around::Code(_));
        self.around.push(around);
    }

    fn leave(&mut self, length: usize) {
        self.copy(length);
        self.fresh = false;
        if self.around.len() > 1 {
            self.around.pop();
        }
    }

    fn step(&mut self) {
        let tail = self.tail();
        if tail.starts_with("\\{{") {
            self.at += 1;
            self.copy(2);
            self.fresh = false;
        } else if let Some(length) = self.reference_here() {
            self.reference(length);
        } else {
            match self.around.last() {
                Some(Around::Code(_)) | None => self.code(),
                Some(Around::Single) => self.until('\''),
                Some(Around::Double) => self.double(),
                Some(Around::Escapes) => {
                    // Shells that do not know them take the backslash for itself.
                    self.doubt |= tail.starts_with('\\');
                    if tail.starts_with('\\') { self.escaped() } else { self.until('\'') }
                }
                Some(Around::Braces) => self.braces(),
                Some(Around::Sum(_)) => self.sum(),
                Some(Around::Backticks) => {
                    if tail.starts_with('\\') {
                        self.escaped()
                    } else {
                        self.until('`')
                    }
                }
            }
        }
    }

    /// One character of a text that ends with a quote.
    fn until(&mut self, end: char) {
        let tail = self.tail();
        self.doubt |= tail.starts_with('\n') && !self.here.is_empty();
        if tail.starts_with(end) { self.leave(1) } else { self.copy(1) }
    }

    fn double(&mut self) {
        match self.tail().as_bytes() {
            [b'\\', ..] => self.escaped(),
            [b'$' | b'`', ..] => self.expansion(),
            _ => self.until('"'),
        }
    }

    /// `$(…)`, `${…}`, `$((…))`, backticks, or a `$` that is nothing of these.
    fn expansion(&mut self) {
        let tail = self.tail();
        if tail.starts_with("$((") {
            self.enter(Around::Sum(0), 3);
        } else if tail.starts_with("$(") {
            self.enter(Around::Code(Code { substituted: true, ..Code::default() }), 2);
        } else if tail.starts_with("${") {
            self.enter(Around::Braces, 2);
        } else if tail.starts_with('`') {
            self.enter(Around::Backticks, 1);
        } else {
            self.copy(1);
        }
    }

    fn braces(&mut self) {
        match self.tail().as_bytes() {
            [b'\\', ..] => self.escaped(),
            [b'}', ..] => self.leave(1),
            [b'"', ..] => self.enter(Around::Double, 1),
            [b'$' | b'`', ..] => self.expansion(),
            // Whether it quotes depends on what is around the braces, and on the shell.
            [b'\'', ..] => {
                self.doubt = true;
                self.copy(1);
            }
            _ => self.copy(1),
        }
    }

    fn sum(&mut self) {
        let tail = self.tail().as_bytes();
        let Some(Around::Sum(open)) = self.around.last_mut() else { return self.copy(1) };
        match tail {
            [b'(', ..] => *open += 1,
            [b')', ..] if *open > 0 => *open -= 1,
            [b')', b')', ..] => return self.leave(2),
            [b')', ..] => {
                // It was no sum.
                self.doubt = true;
                return self.leave(1);
            }
            [b'$' | b'`', ..] => return self.expansion(),
            _ => (),
        }
        self.copy(1);
    }

    fn code(&mut self) {
        let tail = self.tail();
        match tail.as_bytes() {
            [b'\\', ..] => self.escaped(),
            [b'\'', ..] => self.enter(Around::Single, 1),
            [b'"', ..] => self.enter(Around::Double, 1),
            [b'$', b'\'', ..] => self.enter(Around::Escapes, 2),
            [b'$' | b'`', ..] => self.expansion(),
            [b'#', ..] if self.fresh => {
                self.copy(tail.find('\n').unwrap_or(tail.len()));
            }
            [b'<', b'<', b'<', ..] => self.copy(3),
            [b'<', b'<', ..] => self.here(),
            [b'(', b'(', ..] => self.enter(Around::Sum(0), 2),
            [b'(' | b')' | b'\n' | b';' | b'&' | b'|', ..] => self.sign(),
            [c, ..] if self.fresh && !c.is_ascii_whitespace() && *c != b'<' && *c != b'>' => {
                self.word();
            }
            _ => self.copy(1),
        }
    }

    /// The beginning of a word, as far as nothing in it is quoted.
    fn word(&mut self) {
        let tail = self.tail();
        let ends = |c: char| c.is_whitespace() || "\\'\"$`#();&|<>{}".contains(c);
        let end = tail.find(ends).unwrap_or(tail.len());
        if end == 0 {
            return self.copy(1);
        }
        let word = &tail[..end];
        if let Some(Around::Code(code)) = self.around.last_mut() {
            code.line.word(word);
            // Its brackets close without being opened.
            self.doubt |= word == "case" && code.substituted;
        }
        self.copy(end);
        self.fresh = false;
    }

    /// A sign between commands.
    fn sign(&mut self) {
        let sign = self.tail().as_bytes()[0];
        let Some(Around::Code(code)) = self.around.last_mut() else { return };
        code.line = Line::default();
        match sign {
            b'(' => code.brackets += 1,
            b')' if code.brackets > 0 => code.brackets -= 1,
            b')' if code.substituted => return self.leave(1),
            _ => (),
        }
        self.copy(1);
        if sign == b'\n' {
            self.bodies();
        }
    }

    /// `<<END`: a text follows after the line.
    fn here(&mut self) {
        let tail = &self.tail()[2..];
        let tabs = tail.starts_with('-');
        let rest = tail[usize::from(tabs)..].trim_start_matches([' ', '\t']);
        let ends = |c: char| c.is_whitespace() || "();&|<>".contains(c);
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let end: String = word.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
        let length = 2 + (tail.len() - rest.len()) + word.len();
        self.doubt |= end.is_empty() || word.contains(['$', '`', '{']);
        self.here.push(Here { end, tabs });
        self.copy(length);
        self.fresh = false;
    }

    /// The texts that were announced in the line before.
    fn bodies(&mut self) {
        for here in std::mem::take(&mut self.here) {
            while self.at < self.text.len() {
                let tail = self.tail();
                let length = tail.find('\n').map_or(tail.len(), |end| end + 1);
                let line = &tail[..length];
                self.body_line(line);
                let line = line.trim_end_matches('\n');
                let line = if here.tabs { line.trim_start_matches('\t') } else { line };
                if line == here.end {
                    break;
                }
            }
        }
        self.fresh = true;
    }

    fn body_line(&mut self, line: &str) {
        let begin = self.at;
        for (found, _) in line.match_indices("{{") {
            if line[..found].ends_with('\\') {
                continue;
            }
            let end = line[found..].find("}}").map_or(line.trim_end().len(), |end| found + end + 2);
            let at = begin + found..begin + end;
            let what = "a value cannot stand in a text after `<<`";
            self.wrongs.push(Wrong::new(at, what, OR_BRACES));
        }
        self.out.push_str(&line.replace("\\{{", "{{"));
        self.at += line.len();
    }

    /// The length of a reference with its braces, if one stands here.
    fn reference_here(&self) -> Option<usize> {
        let tail = self.tail();
        if tail.starts_with("{{") || tail.starts_with("${{") {
            return Some(tail.find("}}").map_or(2, |end| end + 2));
        }
        let inside = tail.strip_prefix("${")?;
        let end = inside.find('}')?;
        (self.is_reference)(&inside[..end]).then_some(end + 3)
    }

    fn reference(&mut self, length: usize) {
        let at = self.at..self.at + length;
        let mut wrongs = vec![];
        let pieces = scan(&self.text[at.clone()], &mut wrongs);
        self.at = at.end;
        self.fresh = false;
        let words = match &pieces[..] {
            [Piece::Value(words, _)] => *words,
            [Piece::Text(literal)] if wrongs.is_empty() => return self.out.push_str(literal),
            _ => {
                let what = "`{{` has no `}}`";
                return self.wrongs.push(Wrong::new(at, what, OR_BRACES));
            }
        };
        let again = self.around.iter().any(|a| matches!(a, Around::Code(c) if c.line.again));
        if again {
            let what = "what is run here reads its words as a script once more";
            let help = "put the value into `env:` and write \\$NAME or '$NAME' in that script";
            return self.wrongs.push(Wrong::new(at, what, help));
        }
        let form = match self.around.last() {
            _ if self.doubt => None,
            Some(Around::Code(_)) => Some(("\"${", "}\"")),
            Some(Around::Double) => Some(("${", "}")),
            Some(Around::Single) => Some(("'\"${", "}\"'")),
            Some(Around::Escapes | Around::Braces | Around::Sum(_) | Around::Backticks) | None => {
                None
            }
        };
        let Some((open, close)) = form else {
            let what = "what is around this value is in doubt";
            return self.wrongs.push(Wrong::new(at, what, OR_BRACES));
        };
        match (self.variable)(words, at.clone()) {
            Ok(name) => {
                self.out.extend([open, &name, close]);
                self.first.get_or_insert(at);
            }
            Err(wrong) => self.wrongs.push(wrong),
        }
    }
}

/// What is written where a value cannot stand, or where none is meant.
const OR_BRACES: &str = "put it into `env:` and write \"$NAME\" here; braces that stand for \
                         themselves are written \\{{";
