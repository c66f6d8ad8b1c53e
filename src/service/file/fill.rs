//! Fills in `{{ … }}`: strict, and never into the text of a shell line unquoted.

use std::ops::Range;

/// Says the value of a key such as `services.db.port`.
pub(crate) type Filler<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The keys a text refers to, with their places; a sentence if a brace is not closed.
pub(crate) fn references(text: &str) -> Result<Vec<(Range<usize>, String)>, String> {
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(open) = text[from..].find("{{").map(|at| from + at) {
        let Some(close) = text[open..].find("}}").map(|at| open + at) else {
            return Err(format!("`{{{{` is not closed in `{text}`"));
        };
        found.push((open..close + 2, text[open + 2..close].trim().to_owned()));
        from = close + 2;
    }
    Ok(found)
}

/// The text with every `{{ key }}` replaced; `quoted` for the text of a shell line.
pub(crate) fn fill(text: &str, quoted: bool, filler: Filler<'_>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, key) in references(text)? {
        let value = filler(&key).ok_or_else(|| format!("`{{{{ {key} }}}}` is not known"))?;
        out.push_str(&text[from..at.start]);
        match quoted {
            true => out.push_str(&shell_words::quote(&value)),
            false => out.push_str(&value),
        }
        from = at.end;
    }
    out.push_str(&text[from..]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_filled_in_and_unknown_ones_refused() {
        let filler = |key: &str| match key {
            "port" => Some("80".to_owned()),
            "dir" => Some("a b; rm".to_owned()),
            _ => None,
        };
        assert_eq!(fill("x {{port}}:{{ port }}", false, &filler).unwrap(), "x 80:80");
        assert_eq!(fill("cd {{ dir }}", true, &filler).unwrap(), "cd 'a b; rm'");
        assert_eq!(fill("cd {{ dir }}", false, &filler).unwrap(), "cd a b; rm");
        assert!(fill("{{ nope }}", false, &filler).unwrap_err().contains("nope"));
        assert!(fill("{{ port", false, &filler).is_err());
        assert_eq!(fill("plain } {", false, &filler).unwrap(), "plain } {");
    }
}
