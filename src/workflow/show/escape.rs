//! Texts of strangers inside other languages: they stay text there.

use unicode_width::UnicodeWidthChar;

use crate::base::plain;

/// A text inside of HTML or SVG, also inside of an attribute in quotes.
pub(super) fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_hidden(*c) || matches!(c, '\n' | '\t')) {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

/// A label of a Mermaid drawing, without its quotes: whatever is no plain word is a number there.
pub(super) fn mermaid(text: &str) -> String {
    let mut safe = String::new();
    for c in line(text, 80).chars() {
        if c.is_alphanumeric() || " -_.,/→×…".contains(c) {
            safe.push(c);
        } else {
            safe.push_str(&format!("#{};", u32::from(c)));
        }
    }
    safe
}

/// A string of the dot language, with its quotes.
pub(super) fn dot(text: &str) -> String {
    let text = line(text, 80).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{text}\"")
}

/// One line without anything that a terminal takes for a command, at most so wide.
pub(super) fn line(text: &str, most: usize) -> String {
    let stripped = plain(text);
    let (mut short, mut wide) = (String::new(), 0);
    for c in stripped.chars() {
        let c = if c.is_whitespace() { ' ' } else { c };
        if is_hidden(c) {
            continue;
        }
        wide += c.width().unwrap_or(0);
        if wide > most {
            while !short.is_empty() && width(&short) >= most {
                short.pop();
            }
            // Where there is no room at all, nothing stands.
            short.extend((most > 0).then_some('…'));
            break;
        }
        short.push(c);
    }
    short
}

/// Columns a text takes on a terminal.
pub(super) fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

/// Characters that do something instead of being seen: they make a text look like another one.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_a_text_in_every_language() {
        assert_eq!(html("<b a='x'>&\"\u{7}\u{202e}"), "&lt;b a=&#39;x&#39;&gt;&amp;&quot;");
        assert_eq!(mermaid("a\"]; `b`\nc"), "a#34;#93;#59; #96;b#96; c");
        assert_eq!(dot("a\"b\\"), "\"a\\\"b\\\\\"");
        assert_eq!(line("\u{1b}[31mred\u{1b}[0m\r\nnext", 80), "red next");
    }

    #[test]
    fn a_long_text_is_cut_by_columns() {
        assert_eq!(line("abcdef", 6), "abcdef");
        assert_eq!(line("abcdefg", 6), "abcde…");
        assert_eq!(line("漢字漢字", 5), "漢字…");
        assert_eq!(line("ab", 1), "…");
        assert_eq!(line("ab", 0), "", "a terminal may say that it has no columns");
    }
}
