//! Lines of shell on their way into a definition, where `{{` means something.

/// What quotes are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Single,
    Double,
}

/// Stands for the number of a replica counted from 0 until a line is written.
pub(super) const REPLICA: char = '\u{E000}';

/// The line with every `{{` taken apart by quotes that a shell takes away again, so that gaia does
/// not look for a key there, and with the number of the replica filled in.
pub(super) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for (c, quotes) in scan(text) {
        match (c, quotes) {
            ('{', Quotes::None | Quotes::Single) if before == '{' => out += "''{",
            ('{', Quotes::Double) if before == '{' => out += "\"\"{",
            // gaia counts replicas from 1.
            (REPLICA, Quotes::Single) => out += "'$(({{ replica }} - 1))'",
            (REPLICA, _) => out += "$(({{ replica }} - 1))",
            _ => out.push(c),
        }
        before = c;
    }
    out
}

/// Every character, and the quotes it stands in.
fn scan(text: &str) -> Vec<(char, Quotes)> {
    let (mut quotes, mut escaped, mut comment) = (Quotes::None, false, false);
    let (mut all, mut before) = (Vec::new(), '\n');
    for c in text.chars() {
        all.push((c, quotes));
        if escaped || comment {
            escaped = false;
            comment &= c != '\n';
        } else {
            match (quotes, c) {
                (Quotes::None | Quotes::Double, '\\') => escaped = true,
                (Quotes::None, '\'') => quotes = Quotes::Single,
                (Quotes::None, '"') => quotes = Quotes::Double,
                (Quotes::Single, '\'') | (Quotes::Double, '"') => quotes = Quotes::None,
                (Quotes::None, '#') => comment = before.is_whitespace(),
                _ => (),
            }
        }
        before = c;
    }
    all
}

/// Whether a variable stands in single quotes: a tool that fills in variables before the shell
/// sees the line fills it in, the shell does not.
pub(super) fn hides_variable(text: &str) -> bool {
    let all = scan(text);
    all.windows(2).any(|pair| {
        let begins = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '{';
        pair[0] == ('$', Quotes::Single) && begins(pair[1].0)
    })
}

/// A word that no shell changes; also braces mean something to some of them.
pub(super) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// Whether a line needs bash rather than any `sh`.
pub(super) fn is_bash(text: &str) -> bool {
    let marks = ["[[ ", "<(", ">(", "<<<", "&>", "|&", "pipefail", "shopt ", "declare ", "${BASH"];
    let sources = text.split(['\n', ';', '&']).any(|part| part.trim().starts_with("source "));
    sources || marks.iter().any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_mean_nothing_to_gaia_and_the_same_to_a_shell() {
        for (text, wanted) in [
            ("echo {{.X}}", "echo {''{.X}}"),
            ("echo '{{.X}}' \"{{.Y}}\"", "echo '{''{.X}}' \"{\"\"{.Y}}\""),
            ("echo \\\"{{{", "echo \\\"{''{''{"),
            ("# it's\necho {{", "# it's\necho {''{"),
            ("n\u{E000} '\u{E000}'", "n$(({{ replica }} - 1)) ''$(({{ replica }} - 1))''"),
            ("${A} {b}", "${A} {b}"),
        ] {
            assert_eq!(line(text), wanted);
        }
    }

    #[test]
    fn what_another_shell_would_read_otherwise() {
        assert!(hides_variable("awk '{ print $A }'") && !hides_variable("echo \"$A\" '$1'"));
        assert!(is_bash("[[ -n $A ]] && x") && is_bash("x; source a") && !is_bash("[ -n x ]"));
    }
}
