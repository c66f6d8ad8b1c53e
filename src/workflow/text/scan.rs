//! A text cut at its references.

use std::ops::Range;

/// Something that does not fit in a text, at a range of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) at: Range<usize>,
    pub(crate) what: String,
    pub(crate) help: String,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Stands for itself.
    Text(String),
    /// What stands between the braces, and the range of it with its braces.
    Value(&'a str, Range<usize>),
}

impl Wrong {
    /// Something wrong and what to write instead.
    pub(crate) fn new(at: Range<usize>, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { at, what: what.into(), help: help.into() }
    }
}

/// Cuts a text: `{{ x }}`, `${x}` and `${{ x }}` are references; `\{{`, `{{ '{{' }}` and `$${`
/// stand for braces.
pub(crate) fn scan<'a>(text: &'a str, wrongs: &mut Vec<Wrong>) -> Vec<Piece<'a>> {
    let (mut pieces, mut plain, mut at) = (vec![], String::new(), 0);
    while let Some(found) = text[at..].find(['\\', '$', '{']) {
        plain.push_str(&text[at..at + found]);
        at += found;
        let tail = &text[at..];
        if let Some((escape, stands_for)) = ESCAPES.iter().find(|(e, _)| tail.starts_with(e)) {
            plain.push_str(stands_for);
            at += escape.len();
            continue;
        }
        let Some((open, close)) = BRACES.iter().find(|(open, _)| tail.starts_with(open)) else {
            plain.push_str(&tail[..1]);
            at += 1;
            continue;
        };
        match inside(&tail[open.len()..], close) {
            Some((Inside::Literal(literal), length)) => {
                plain.push_str(literal);
                at += open.len() + length;
            }
            Some((Inside::Words(words), length)) => {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                let end = at + open.len() + length;
                pieces.push(Piece::Value(words, at..end));
                at = end;
            }
            None => {
                let what = format!("`{open}` has no `{close}`");
                let help = "write \\{{ or $${ for braces that stand for themselves";
                wrongs.push(Wrong::new(at..at + open.len(), what, help));
                at += open.len();
            }
        }
    }
    plain.push_str(&text[at..]);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

/// What is written for braces that stand for themselves.
const ESCAPES: &[(&str, &str)] = &[("\\{{", "{{"), ("$${", "${")];

/// What stands around a reference.
const BRACES: &[(&str, &str)] = &[("${{", "}}"), ("{{", "}}"), ("${", "}")];

enum Inside<'a> {
    Literal(&'a str),
    Words(&'a str),
}

/// What stands between the braces, and how long it is with the closing one.
fn inside<'a>(text: &'a str, close: &str) -> Option<(Inside<'a>, usize)> {
    let start = text.len() - text.trim_start().len();
    if let Some(quote) = text[start..].chars().next().filter(|c| matches!(c, '\'' | '"')) {
        let literal = &text[start + 1..];
        let end = literal.find(quote)?;
        let rest = &literal[end + 1..];
        let gap = rest.len() - rest.trim_start().len();
        if rest[gap..].starts_with(close) {
            return Some((Inside::Literal(&literal[..end]), start + end + 2 + gap + close.len()));
        }
    }
    let end = text.find(close)?;
    Some((Inside::Words(text[..end].trim()), end + close.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut wrongs = vec![];
        let pieces = scan(text, &mut wrongs);
        let piece = |piece: &Piece<'_>| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Value(words, at) => {
                assert!(text[at.clone()].contains(words));
                format!("<{words}>")
            }
        };
        let wrongs = wrongs.into_iter().map(|wrong| format!("!{}", wrong.what));
        pieces.iter().map(piece).chain(wrongs).collect()
    }

    #[test]
    fn references_are_found_and_braces_can_be_written() {
        for (text, wanted) in [
            ("plain", "plain"),
            ("", ""),
            ("a {{ b.c }} d", "a <b.c> d"),
            ("{{b}}{{c}}", "<b><c>"),
            ("${name}.x", "<name>.x"),
            ("${{ name }}", "<name>"),
            ("$name costs $5 {x}", "$name costs $5 {x}"),
            ("\\{{ x }}", "{{ x }}"),
            ("$${x}", "${x}"),
            ("{{ '{{' }} and {{ \"}}\" }}", "{{ and }}"),
            ("ü {{ ö }} ä", "ü <ö> ä"),
            ("a {{ b", "a  b!`{{` has no `}}`"),
            ("{{ x | upper }}", "<x | upper>"),
            ("{{ 'a' + b }}", "<'a' + b>"),
        ] {
            assert_eq!(shown(text), wanted, "{text:?}");
        }
    }
}
