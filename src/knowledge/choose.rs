//! Which experts a step is told of, and how much of each.
//!
//! Pure, and the same for the same input. What experts say is put there as it is: nothing in it is
//! filled in, and nothing of it is run.

use super::model::{Brief, Chosen, Expert, Left};
use crate::{base::Name, guard::Globs};

/// Bytes that are taken for a token: the rule of thumb that vendors of models give for English text
/// (OpenAI's help page on tokens: about four characters each). Code takes somewhat more tokens.
const BYTES_A_TOKEN: usize = 4;

/// Tokens that a text of so many bytes has, about; rounded up.
#[must_use]
pub(crate) fn tokens(bytes: usize) -> usize {
    bytes.div_ceil(BYTES_A_TOKEN)
}

/// How well an expert fits; more is better. An area that was named beats every glob, and among
/// globs the one that says more: folders and files it names, then letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    named: bool,
    parts: usize,
    letters: usize,
}

/// What a step is told, within about so many tokens.
pub(crate) fn choose(
    experts: &[Expert],
    areas: &[String],
    paths: &[String],
    budget_tokens: usize,
) -> Brief {
    let mut found: Vec<(Fit, String, &Expert)> = experts
        .iter()
        .filter_map(|expert| fit(expert, areas, paths).map(|(fit, why)| (fit, why, expert)))
        .collect();
    found.sort_by(|(a, _, x), (b, _, y)| {
        let best_first = b.cmp(a).then_with(|| y.priority.cmp(&x.priority));
        best_first.then_with(|| x.name.cmp(&y.name))
    });
    let mut brief = Brief::default();
    let room = budget_tokens.saturating_mul(BYTES_A_TOKEN);
    for (_, why, expert) in found {
        let between = usize::from(!brief.text.is_empty());
        let left = room.saturating_sub(brief.text.len() + between);
        match section(expert, left) {
            Some((text, cut)) => {
                brief.text.push_str(if between > 0 { "\n" } else { "" });
                brief.text.push_str(&text);
                let (name, tokens) = (expert.name.clone(), tokens(text.len()));
                brief.chosen.push(Chosen { name, why, tokens, cut });
            }
            None => brief.left_out.push(left_out(&expert.name, &why)),
        }
    }
    brief
}

fn left_out(name: &Name, why: &str) -> Left {
    Left { name: name.to_string(), why: format!("it fits ({why}), and there is no room for it") }
}

/// Whether an expert fits, how well, and why.
fn fit(expert: &Expert, areas: &[String], paths: &[String]) -> Option<(Fit, String)> {
    let names = |area: &&String| {
        let same = |own: &String| own.eq_ignore_ascii_case(area.trim());
        expert.area.iter().any(same) || expert.name.as_str().eq_ignore_ascii_case(area.trim())
    };
    if let Some(area) = areas.iter().find(names) {
        let fit = Fit { named: true, parts: 0, letters: 0 };
        return Some((fit, format!("the area `{}` is named", area.trim())));
    }
    let mut best: Option<(Fit, String)> = None;
    for glob in &expert.paths {
        let Ok(globs) = Globs::new(&[glob], false) else { continue };
        let clean = |path: &String| path.strip_prefix("./").unwrap_or(path).to_owned();
        let Some(path) = paths.iter().map(clean).find(|path| globs.fits(path)) else { continue };
        let (parts, letters) = said(glob);
        let fit = Fit { named: false, parts, letters };
        if best.as_ref().is_none_or(|(known, _)| *known < fit) {
            best = Some((fit, format!("`{glob}` fits {path}")));
        }
    }
    best
}

/// How much a glob says: its parts without wildcards, and its letters that are none. `**` says
/// nothing.
fn said(glob: &str) -> (usize, usize) {
    let wild = |c: char| matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | ',' | '!');
    let parts = glob.trim_start_matches("./").split('/').filter(|part| !part.is_empty());
    let whole = parts.clone().filter(|part| !part.contains(wild)).count();
    let letters = parts.map(|part| part.chars().filter(|c| !wild(*c)).count()).sum();
    (whole, letters)
}

/// What an expert says within so many bytes, and whether it was cut; `None` if not even one item
/// finds room.
fn section(expert: &Expert, room: usize) -> Option<(String, bool)> {
    let mut text = format!("## What is known here: {}\n\n{}\n", expert.name, expert.about);
    let parts = [
        ("How things are done here:", bullets(&expert.patterns)),
        ("What goes wrong here:", bullets(&expert.pitfalls)),
        ("Commands:", expert.commands.iter().map(command).collect()),
        ("Notes:", bullets(&expert.notes)),
    ];
    let all: usize = parts.iter().map(|(_, items)| items.len()).sum();
    let mut taken = 0;
    'all: for (head, items) in parts {
        for (at, item) in items.iter().enumerate() {
            let head = if at == 0 { format!("\n{head}\n\n") } else { String::new() };
            if text.len() + head.len() + item.len() > room {
                break 'all;
            }
            text.push_str(&head);
            text.push_str(item);
            taken += 1;
        }
    }
    let fits = text.len() <= room && (taken > 0 || all == 0);
    fits.then_some((text, taken < all))
}

/// Items of a list; a longer one stays below its dot.
fn bullets(items: &[String]) -> Vec<String> {
    items.iter().map(|item| format!("- {}\n", item.replace('\n', "\n  "))).collect()
}

/// A command between as many backticks as it needs.
fn command((name, line): &(String, String)) -> String {
    let runs = line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(runs + 1);
    let space = if runs > 0 { " " } else { "" };
    format!("- {name}: {fence}{space}{line}{space}{fence}\n")
}

#[cfg(test)]
mod tests;
