//! A command line as the words that a shell would run, as far as that can be told without one.
//!
//! Every simple command of the line comes out, those inside `$(…)`, backticks, `<(…)` and
//! subshells too. A word whose text only the shell could tell (a variable, a pattern) is `open`.

mod lex;
mod word;

use lex::Lexer;

/// A longer line, or one that is nested deeper, is not read.
const MAX_BYTES: usize = 64 << 10;
const MAX_DEPTH: usize = 40;

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Its text, quotes taken away; what the shell would fill in as it is written.
    pub(super) text: String,
    /// Whether the shell would make something else of it.
    pub(super) open: bool,
}

impl Word {
    /// A word that is what it says.
    pub(super) fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), open: false }
    }
}

/// One program with its words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Simple {
    /// Program and arguments.
    pub(super) words: Vec<Word>,
    /// Texts that it is given on its standard input.
    pub(super) here: Vec<String>,
}

/// A text that is no shell line, or none that can be read here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unclear;

/// All simple commands of a line.
pub(super) fn read(text: &str) -> Result<Vec<Simple>, Unclear> {
    read_at(text, 0)
}

fn read_at(text: &str, depth: usize) -> Result<Vec<Simple>, Unclear> {
    if text.len() > MAX_BYTES || text.contains('\0') {
        return Err(Unclear);
    }
    let mut lexer = Lexer::new(text, depth);
    lexer.commands(None)?;
    Ok(lexer.found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands of a line; an open word is marked with `?`.
    fn shown(text: &str) -> Vec<String> {
        let Ok(all) = read(text) else { return vec!["unclear".to_owned()] };
        let word = |w: &Word| if w.open { format!("{}?", w.text) } else { w.text.clone() };
        all.iter().map(|c| c.words.iter().map(word).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn a_line_becomes_its_commands() {
        for (line, wanted) in [
            ("a b && c;d|e & f\ng", vec!["a b", "c", "d", "e", "f", "g"]),
            ("gi't' \"pu\"sh \\x a\\\nb", vec!["git push x ab"]),
            ("(a; b) || { c; }", vec!["a", "b", "{ c", "}"]),
            ("a $(b `c d` e) f", vec!["c d", "b `c d`? e", "a $(…)? f"]),
            ("a \"x $(b) y\" '$(c)'", vec!["b", "a x $(…) y? $(c)"]),
            ("a <(b c) >out 2>&1 <in", vec!["b c", "a <(…)?"]),
            ("a &>out b", vec!["a b"]),
            ("a # b; c\nd#e", vec!["a", "d#e"]),
            ("X=1 $Y ${Z:-$(b)} *.c", vec!["b", "X=1 $Y? ${Z:-$(b)}? *.c?"]),
            ("$'\\x67it' push", vec!["git push"]),
            ("{git,push} a{b,c}d {x} '{a,b}'", vec!["git push abd acd {x} {a,b}"]),
            ("cat <<E; b\n$(c) d\nE\ne", vec!["cat", "b", "c", "e"]),
            ("cat <<'E'\n$(c) d\nE\ne", vec!["cat", "e"]),
            ("sh <<-E\n\ta b\n\tE\nf", vec!["sh", "f"]),
            ("echo $((1 + 2))", vec!["1 + 2", "echo $(…)?"]),
            ("a 'b", vec!["unclear"]),
            ("a \"b", vec!["unclear"]),
            ("a $(b", vec!["unclear"]),
            ("a `b", vec!["unclear"]),
            ("a\0b", vec!["unclear"]),
            ("", vec![]),
        ] {
            assert_eq!(shown(line), wanted, "{line:?}");
        }
        let deep = "$(".repeat(5000);
        assert_eq!(read(&deep), Err(Unclear));
        let here = read("sh <<E\na b\nE\nbash <<<'c d'").unwrap();
        assert_eq!(
            (&here[0].here[..], &here[1].here[..]),
            (&["a b\n".to_owned()][..], &["c d".to_owned()][..])
        );
    }
}
