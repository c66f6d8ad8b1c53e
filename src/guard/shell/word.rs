use super::Word;

/// Braces and commas that were written without quotes, until it is known whether they expand.
pub(super) const OPEN: char = '\u{f0001}';
pub(super) const COMMA: char = '\u{f0002}';
pub(super) const CLOSE: char = '\u{f0003}';
/// More words than this out of one are not made.
const MOST: usize = 64;

/// The words that one written word stands for: `a{b,c}` for two.
pub(super) fn expand(text: &str, open: bool) -> Vec<Word> {
    let mut todo = vec![text.to_owned()];
    let mut done = vec![];
    while let Some(text) = todo.pop() {
        match alternatives(&text) {
            Some(all) if todo.len() + done.len() + all.len() <= MOST => {
                todo.extend(all.into_iter().rev());
            }
            // Too many: nobody can say what they are.
            Some(_) => done.push(Word { text: plain(&text), open: true }),
            None => done.push(Word { text: plain(&text), open }),
        }
    }
    done
}

/// The texts that the innermost first braces stand for.
fn alternatives(text: &str) -> Option<Vec<String>> {
    let mut from = 0;
    loop {
        let close = from + text[from..].find(CLOSE)?;
        let after = close + CLOSE.len_utf8();
        if let Some(open) = text[..close].rfind(OPEN) {
            let inner = &text[open + OPEN.len_utf8()..close];
            if inner.contains(COMMA) {
                let (before, after) = (&text[..open], &text[after..]);
                return Some(inner.split(COMMA).map(|x| format!("{before}{x}{after}")).collect());
            }
        }
        from = after;
    }
}

fn plain(text: &str) -> String {
    text.replace(OPEN, "{").replace(COMMA, ",").replace(CLOSE, "}")
}

/// The text of `$'…'`; `None` if it holds an escape that is not known here.
pub(super) fn ansi(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' | 'b' | 'e' | 'E' | 'f' | 'v' => ' ',
            'x' => digits(&mut chars, 16, 2, 0)?,
            'u' => digits(&mut chars, 16, 4, 0)?,
            'U' => digits(&mut chars, 16, 8, 0)?,
            first if first.is_digit(8) => digits(&mut chars, 8, 2, first.to_digit(8)?)?,
            other if "\\'\"?".contains(other) => other,
            _ => return None,
        });
    }
    Some(out)
}

fn digits(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    radix: u32,
    most: usize,
    mut value: u32,
) -> Option<char> {
    for _ in 0..most {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(radix)) else { break };
        value = value.saturating_mul(radix).saturating_add(digit);
        chars.next();
    }
    char::from_u32(value)
}
