//! The new text of a file with as much of the old one as can stay. Each way is tried from the
//! gentlest to the roughest, and the first whose text reads back as what is wanted is taken.

use crate::{
    define::{
        Page,
        yaml::{self, Node, Value},
    },
    knowledge::{
        file::{LISTS, item, load, section, write},
        model::Expert,
    },
};

/// See the module documentation.
pub(super) fn edit(old: &str, before: &Expert, after: &Expert) -> String {
    let good = |text: &String| {
        load("new.yaml", &after.name, text.as_bytes()).is_ok_and(|found| found == *after)
    };
    let ways = [by_section(old, before, after, true), by_section(old, before, after, false)];
    ways.into_iter().flatten().find(good).unwrap_or_else(|| write(after))
}

/// A key of the file at the left edge: the lines from its own to the next.
struct Part<'a> {
    key: &'a str,
    node: &'a Node,
    /// Bytes of the text.
    from: usize,
    to: usize,
}

/// Changes only the parts that say something else now; `gently` also keeps the items within them.
fn by_section(old: &str, before: &Expert, after: &Expert, gently: bool) -> Option<String> {
    let page = Page { path: "", text: old };
    let top = yaml::parse(&page, &mut vec![])?;
    let parts = parts(old, &top)?;
    let mut text = old[..parts.first()?.from].to_owned();
    for part in &parts {
        let new = section(after, part.key);
        let same = section(before, part.key) == new;
        // Comments and empty lines before the next key are that key's.
        let end = content_end(old, part.from, part.to);
        let kept = &old[end..part.to];
        if same {
            text.push_str(&old[part.from..end]);
        } else if let Some(items) =
            gently.then(|| by_item(old, part.node, part.from..end, (before, after))).flatten()
        {
            text.push_str(&items);
        } else {
            text.push_str(&new);
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(kept);
    }
    let keys = ["about", "commands"].iter().chain(LISTS);
    let missing = keys.filter(|key| !parts.iter().any(|part| part.key == **key));
    let more: String = missing.map(|key| section(after, key)).collect();
    if !more.is_empty() && !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    Some(text + &more)
}

fn parts<'a>(text: &str, top: &'a Node) -> Option<Vec<Part<'a>>> {
    let mut parts: Vec<Part<'a>> = vec![];
    for (key, node) in top.entries() {
        let from = key.at.start;
        if from > 0 && text.as_bytes().get(from - 1) != Some(&b'\n') {
            return None;
        }
        if let Some(last) = parts.last_mut() {
            last.to = from;
        }
        parts.push(Part { key: &key.text, node, from, to: text.len() });
    }
    parts.windows(2).all(|two| two[0].from < two[1].from).then_some(parts)
}

/// Where the last line ends that is neither empty nor a comment at the left edge.
fn content_end(text: &str, from: usize, to: usize) -> usize {
    let (mut end, mut at) = (from, from);
    for line in text[from..to].split_inclusive('\n') {
        at += line.len();
        if !line.trim().is_empty() && !line.starts_with('#') {
            end = at;
        }
    }
    end
}

/// The lines of a block list with items taken out and others added at its end.
fn by_item(
    text: &str,
    node: &Node,
    lines: std::ops::Range<usize>,
    (before, after): (&Expert, &Expert),
) -> Option<String> {
    let Value::List(items) = &node.value else { return None };
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |end| end + 1);
    let indent_of = |at: usize| text[at..].len() - text[at..].trim_start_matches(' ').len();
    let mut indent = indent_of(line_start(items.first()?.at.start));
    if !text[line_start(items.first()?.at.start) + indent..].starts_with("- ") {
        indent = indent_of(lines.start + text[lines.clone()].find("\n")? + 1);
    }
    // The place of a text of several lines is within it: its dot stands above.
    let dot_of = |item: &Node| {
        let mut at = line_start(item.at.start);
        while at > lines.start
            && !(indent_of(at) == indent && text[at + indent..].starts_with("- "))
        {
            at = line_start(at - 1);
        }
        at
    };
    let starts: Vec<usize> = items.iter().map(dot_of).collect();
    let first = *starts.first()?;
    let key = LISTS.iter().find(|key| {
        before.list(key).len() == items.len() && text[lines.clone()].starts_with(**key)
    })?;
    let in_order = starts.windows(2).all(|two| two[0] < two[1]) && first > lines.start;
    if !in_order {
        return None;
    }
    let (old, new) = (before.list(key), after.list(key));
    let mut out = text[lines.start..first].to_owned();
    for (at, start) in starts.iter().enumerate() {
        let end = starts.get(at + 1).copied().unwrap_or(lines.end);
        if new.contains(&old[at]) {
            out.push_str(&text[*start..end]);
        }
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    let fresh = new.iter().filter(|text| !old.contains(text));
    out.extend(fresh.map(|text| item(text, indent)));
    Some(out)
}
