//! What differs between two texts, line by line, as people know it from other tools.

use std::fmt::Write;

/// Lines shown around a change.
const AROUND: usize = 2;
/// Pairs of lines that are compared at most; beyond, what lies between the ends counts as new.
const PAIRS: usize = 4_000_000;

/// A line and where it is: ` ` in both, `-` only before, `+` only after.
type Line<'a> = (char, &'a str);

/// The lines that differ, with some around them; empty if none does.
pub(crate) fn diff(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let lines = compare(&old, &new);
    let near = |at: usize| {
        let (from, to) = (at.saturating_sub(AROUND), (at + AROUND + 1).min(lines.len()));
        lines[from..to].iter().any(|(mark, _)| *mark != ' ')
    };
    let (mut text, mut number, mut gap) = (String::new(), 0, true);
    for (at, (mark, line)) in lines.iter().enumerate() {
        number += usize::from(*mark != '-');
        if !near(at) {
            gap = true;
            continue;
        }
        if gap {
            let _ = writeln!(text, "@@ line {} @@", number.max(1));
            gap = false;
        }
        let _ = writeln!(text, "{mark}{line}");
    }
    text
}

fn compare<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_mid, new_mid) =
        (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    let mut lines: Vec<Line<'a>> = old[..head].iter().map(|line| (' ', *line)).collect();
    match old_mid.len().saturating_mul(new_mid.len()) > PAIRS {
        true => {
            lines.extend(old_mid.iter().map(|line| ('-', *line)));
            lines.extend(new_mid.iter().map(|line| ('+', *line)));
        }
        false => middle(old_mid, new_mid, &mut lines),
    }
    lines.extend(old_rest[old_rest.len() - tail..].iter().map(|line| (' ', *line)));
    lines
}

/// The longest common lines stay; the rest is taken out and put in.
fn middle<'a>(old: &[&'a str], new: &[&'a str], lines: &mut Vec<Line<'a>>) {
    let width = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            common[a * width + b] = match old[a] == new[b] {
                true => common[(a + 1) * width + b + 1] + 1,
                false => common[(a + 1) * width + b].max(common[a * width + b + 1]),
            };
        }
    }
    let (mut a, mut b) = (0, 0);
    while a < old.len() || b < new.len() {
        let (below, right) = (common.get((a + 1) * width + b), common.get(a * width + b + 1));
        if a < old.len() && b < new.len() && old[a] == new[b] {
            lines.push((' ', old[a]));
            (a, b) = (a + 1, b + 1);
        } else if b == new.len() || (a < old.len() && below >= right) {
            lines.push(('-', old[a]));
            a += 1;
        } else {
            lines.push(('+', new[b]));
            b += 1;
        }
    }
}
