//! Steps as a list, each with what it needs: for what is too big to be drawn.

use super::{Node, Picture, terminal::legend};
use crate::{
    verb::Ui,
    workflow::show::{
        escape::{line, width},
        mark::Mark,
    },
};

/// All steps, indented by what is around them.
pub(in crate::workflow::show) fn tree(picture: &Picture, ui: &Ui, room: usize) -> String {
    let mut rows = Vec::new();
    collect(&picture.body, 0, &mut rows);
    let plain = rows.len();
    collect(&picture.finally, 0, &mut rows);
    let left =
        |row: &(usize, &Node, String)| 2 * row.0 + 2 + width(&row.1.name) + width(&row.1.flags());
    let widest = rows.iter().map(left).max().unwrap_or(0).min(room / 2);
    let mut lines = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        if number == plain {
            lines.push(ui.paint("2", "── at the end, however it ends ──"));
        }
        let (depth, node, needs) = row;
        let (indent, sgr) = ("  ".repeat(*depth), node.mark().map_or("", Mark::sgr));
        let flags = node.flags();
        let name = line(&node.name, widest.saturating_sub(2 * depth + 2 + width(&flags)).max(8));
        let used = 2 * depth + 2 + width(&name) + width(&flags);
        let pad = " ".repeat(widest.saturating_sub(used) + 2);
        let title = format!("{} {name}", node.sign());
        let title = if sgr.is_empty() { title } else { ui.paint(sgr, &title) };
        let word = node.mark().map_or_else(|| node.kind, Mark::word);
        let notes = format!("{word:<9} {needs}");
        let notes = line(&notes, room.saturating_sub(widest + 2).max(12));
        let flags = if flags.is_empty() { flags } else { ui.paint("2", &flags) };
        lines.push(format!("{indent}{title}{flags}{pad}{}", ui.paint("2", notes.trim_end())));
    }
    lines.extend(legend(picture, ui, room));
    lines.join("\n")
}

fn collect<'a>(body: &'a [Node], depth: usize, rows: &mut Vec<(usize, &'a Node, String)>) {
    for node in body {
        let need = |edge: &super::Edge| match edge.label.as_str() {
            "" => body[edge.from].name.clone(),
            label => format!("{} ({label})", body[edge.from].name),
        };
        let needs: Vec<String> = node.needs.iter().map(need).collect();
        let needs =
            if needs.is_empty() { String::new() } else { format!("← {}", needs.join(", ")) };
        rows.push((depth, node, needs));
        collect(&node.body, depth + 1, rows);
    }
}
