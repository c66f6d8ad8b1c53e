//! `$NAME`, `${NAME}` and `${NAME:-default}`, as process-compose and compose fill them in. gaia
//! knows the two with braces, in values of `env` only.

use std::collections::BTreeMap;

use super::shell;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece<'a> {
    /// Plain text; `$$` has become `$`.
    Text(&'a str),
    /// A variable, and what stands in for it where it is not set.
    Variable { name: &'a str, default: Option<&'a str> },
    /// A substitution that gaia has no word for, e.g. `${X:+y}`.
    Odd { name: &'a str, whole: &'a str },
}

/// The text in its pieces. A dollar sign before anything else is one.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut all, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find('$') {
        all.push(Piece::Text(&rest[..at]));
        let (piece, length) = dollar(&rest[at..]);
        all.push(piece);
        rest = &rest[at + length..];
    }
    all.push(Piece::Text(rest));
    all.retain(|piece| *piece != Piece::Text(""));
    all
}

/// The piece that a text beginning with `$` begins with, and its length.
fn dollar(text: &str) -> (Piece<'_>, usize) {
    let after = &text[1..];
    if after.starts_with('$') {
        return (Piece::Text("$"), 2);
    }
    if let Some(inside) = after.strip_prefix('{').and_then(braced) {
        let (length, name) = (inside.len() + 3, &inside[..name_length(inside)]);
        let (rest, whole) = (&inside[name.len()..], &text[..length]);
        let default = [":-", "-", ":=", "="].iter().find_map(|mark| rest.strip_prefix(mark));
        let piece = match (name, rest, default) {
            ("", ..) => Piece::Text(whole),
            (_, "", _) => Piece::Variable { name, default: None },
            (_, _, Some(default)) => Piece::Variable { name, default: Some(default) },
            // gaia says itself what is not set.
            _ if rest.starts_with(":?") || rest.starts_with('?') => {
                Piece::Variable { name, default: None }
            }
            _ => Piece::Odd { name, whole },
        };
        return (piece, length);
    }
    match name_length(after) {
        0 => (Piece::Text(&text[..1]), 1),
        length => (Piece::Variable { name: &after[..length], default: None }, length + 1),
    }
}

/// What stands before the `}` that closes, however many open and close in between.
fn braced(text: &str) -> Option<&str> {
    let mut open = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' if open == 0 => return Some(&text[..at]),
            '}' => open -= 1,
            _ => (),
        }
    }
    None
}

fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// Variables that gaia passes on anyway, or that a shell sets itself.
const OWN: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "TZ",
    "TMPDIR",
    "EDITOR",
    "PAGER",
    "PWD",
    "OLDPWD",
    "PPID",
    "IFS",
    "RANDOM",
    "SECONDS",
    "LINENO",
    "BASH_SOURCE",
    "_",
];

/// Names of the variables a text speaks of, besides those that are there anyway.
pub(super) fn mentioned(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(_) => (),
            Piece::Variable { name, default } => {
                names.push(name.to_owned());
                names.extend(default.map(mentioned).unwrap_or_default());
            }
            Piece::Odd { name, .. } => names.push(name.to_owned()),
        }
    }
    names.retain(|name| !OWN.contains(&name.as_str()) && !is_local(text, name));
    names
}

/// Whether a line of shell gives a name its value before it uses it. `X="${X:-1}"` does not.
fn is_local(text: &str, name: &str) -> bool {
    let forms = ["for {} ", "read {}", "read -r {}"].map(|form| form.replace("{}", name));
    if forms.iter().any(|form| text.contains(form)) {
        return true;
    }
    let uses = [format!("${{{name}"), format!("${name}")];
    let first = uses.iter().filter_map(|form| text.find(form)).min();
    let Some((before, value)) = text.split_once(&format!("{name}=")) else { return false };
    let word = before.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '{'));
    let itself = uses.iter().any(|form| value.trim_start_matches('"').starts_with(form));
    !word && !itself && first.is_some_and(|at| before.len() < at)
}

/// A value of `env` in gaia's way of writing; the part that it has no way for otherwise.
pub(super) fn value(text: &str) -> Result<String, String> {
    let mut out = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(plain) => out += &literal(plain),
            Piece::Variable { name, default: None } => out += &format!("${{{name}}}"),
            Piece::Variable { name, default: Some(default) } => {
                if default.contains(['$', '{', '}']) {
                    return Err(format!("${{{name}:-{default}}}"));
                }
                out += &format!("${{{name}:-{default}}}");
            }
            Piece::Odd { whole, .. } => return Err(whole.to_owned()),
        }
    }
    Ok(out)
}

/// A value of `env` in which no dollar sign means anything.
pub(super) fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

/// The text with what is known of its variables; the first one of which nothing is otherwise.
pub(super) fn settled(text: &str, known: &BTreeMap<String, String>) -> Result<String, String> {
    let mut out = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(plain) => out += plain,
            Piece::Variable { name, default } => {
                match (known.get(name).filter(|value| !value.is_empty()), default) {
                    (Some(value), _) => out += value,
                    (None, Some(default)) => out += &settled(default, known)?,
                    (None, None) => return Err(name.to_owned()),
                }
            }
            Piece::Odd { name, .. } => return Err(name.to_owned()),
        }
    }
    Ok(out)
}

/// A word for a shell that fills in its variables and touches nothing else.
pub(super) fn word(text: &str) -> String {
    let plain = pieces(text).iter().all(|piece| matches!(piece, Piece::Text(_)));
    if plain {
        return shell::quote(&text.replace("$$", "$"));
    }
    let mut out = String::from('"');
    for piece in pieces(text) {
        match piece {
            Piece::Text(plain) => {
                for c in plain.chars() {
                    let special = matches!(c, '"' | '\\' | '$' | '`');
                    out.extend(special.then_some('\\').into_iter().chain([c]));
                }
            }
            Piece::Variable { name, default: None } => out += &format!("${{{name}}}"),
            Piece::Variable { name, default: Some(default) } => {
                out += &format!("${{{name}:-{default}}}");
            }
            Piece::Odd { whole, .. } => out += whole,
        }
    }
    out + "\""
}

/// Names and values of the lines of a `.env`.
pub(super) fn dotenv(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(|line| line.trim().trim_start_matches("export ").trim_start());
    let pairs = lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.trim().to_owned(), unquoted(value.trim()))).collect()
}

fn unquoted(value: &str) -> String {
    let quoted = |mark: char| value.strip_prefix(mark)?.split_once(mark).map(|(inside, _)| inside);
    let plain = || value.split(" #").next().unwrap_or("").trim_end();
    quoted('"').or_else(|| quoted('\'')).unwrap_or_else(plain).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_gaia_s() {
        for (text, wanted) in [
            ("plain", Ok("plain")),
            ("$A-${B}", Ok("${A}-${B}")),
            ("${A:-x}${B-y}${C:=z}", Ok("${A:-x}${B:-y}${C:-z}")),
            ("$$A ${D:?say}", Ok("$$A ${D}")),
            ("5$ $1", Ok("5$$ $$1")),
            ("${A:+b}", Err("${A:+b}")),
            ("${A:-${B:-c}}", Err("${A:-${B:-c}}")),
            ("${open", Ok("$${open")),
        ] {
            let wanted = wanted.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(value(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_known_is_filled_in() {
        let known = dotenv("# c\nexport A=1\nB='two' # x\nC=\nD=4 # four\n");
        let settled = |text: &str| settled(text, &known);
        assert_eq!(settled("$A ${B} ${C:-c} ${D} $$x").unwrap(), "1 two c 4 $x");
        assert_eq!(settled("${X:-${Y:-$A}}").unwrap(), "1");
        assert_eq!(settled("${X}").unwrap_err(), "X");
    }

    #[test]
    fn names_that_must_be_passed_on() {
        let names = |text: &str| mentioned(text).join(" ");
        assert_eq!(names("cd $HOME && x ${A:-$B} $1 $? $$ ${C:+d}"), "A B C");
        assert_eq!(names("for i in 1 2; do echo $i $N; done"), "N");
        assert_eq!(names("A=1 && echo $A; B=\"${B:-2}\" x; $C; C=3; ${D:=4}"), "B C D");
    }

    #[test]
    fn words_for_a_shell() {
        for (text, wanted) in [
            ("a b", "'a b'"),
            ("$$x", "'$x'"),
            ("--x=${A:-b c}\"", "\"--x=${A:-b c}\\\"\""),
            ("$A$$`", "\"${A}\\$\\`\""),
        ] {
            assert_eq!(word(text), wanted, "{text}");
        }
    }
}
