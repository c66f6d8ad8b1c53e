//! Drawings as text for other programs.

use super::{Node, Picture};
use crate::workflow::{
    model::Definition,
    show::{
        escape::{dot as quoted, mermaid as label},
        mark::{ALL, Mark},
    },
    view::RunView,
};

/// The steps in the language of Mermaid. Names of steps are labels there, never names of its own.
pub(crate) fn mermaid(definition: &Definition, view: Option<&RunView>) -> String {
    let picture = Picture::of(definition, view);
    let mut lines = vec!["flowchart TD".to_owned()];
    mermaid_body(&picture.body, 1, &mut lines);
    if !picture.finally.is_empty() {
        lines.push("  subgraph last[\"at the end, however it ends\"]".to_owned());
        mermaid_body(&picture.finally, 2, &mut lines);
        lines.push("  end".to_owned());
    }
    let all = picture.all();
    for mark in ALL {
        let these: Vec<String> = all
            .iter()
            .filter(|node| node.mark() == Some(mark))
            .map(|node| format!("s{}", node.index))
            .collect();
        if !these.is_empty() {
            let (fill, stroke) = mark.paint();
            let word = mark.word();
            lines.push(format!("  classDef {word} fill:{fill},stroke:{stroke},color:#1f2328"));
            lines.push(format!("  class {} {word}", these.join(",")));
        }
    }
    lines.join("\n") + "\n"
}

fn title(node: &Node) -> String {
    let sign = node.mark().map_or_else(String::new, |mark| format!("{} ", mark.sign()));
    format!("{sign}{}{}", node.name, node.flags())
}

fn mermaid_body(body: &[Node], depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    for node in body {
        let (id, text) = (format!("s{}", node.index), label(&title(node)));
        if node.body.is_empty() {
            let (open, close) = match node.kind {
                "agent" => ("([", "])"),
                "approval" | "question" => ("{{", "}}"),
                "wait" => (">", "]"),
                _ => ("[", "]"),
            };
            lines.push(format!("{indent}{id}{open}\"{text}\"{close}"));
        } else {
            lines.push(format!("{indent}subgraph {id}[\"{text}\"]"));
            mermaid_body(&node.body, depth + 1, lines);
            lines.push(format!("{indent}end"));
        }
    }
    for node in body {
        for edge in &node.needs {
            let (from, to) = (body[edge.from].index, node.index);
            let line = if edge.label.is_empty() {
                format!("{indent}s{from} --> s{to}")
            } else {
                format!("{indent}s{from} -. \"{}\" .-> s{to}", label(&edge.label))
            };
            lines.push(line);
        }
    }
}

/// The steps in the language of Graphviz.
pub(crate) fn dot(definition: &Definition, view: Option<&RunView>) -> String {
    let picture = Picture::of(definition, view);
    let mut lines = vec![
        format!("digraph {} {{", quoted(&definition.name)),
        "  compound=true; rankdir=TB;".to_owned(),
        "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\"];"
            .to_owned(),
    ];
    dot_body(&picture.body, 1, &mut lines);
    if !picture.finally.is_empty() {
        lines.push("  subgraph cluster_last {".to_owned());
        lines.push("    label=\"at the end, however it ends\"; style=dashed;".to_owned());
        dot_body(&picture.finally, 2, &mut lines);
        lines.push("  }".to_owned());
    }
    lines.push("}".to_owned());
    lines.join("\n") + "\n"
}

fn dot_body(body: &[Node], depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    for node in body {
        let (id, text) = (node.index, quoted(&title(node)));
        let colours = node.mark().map(Mark::paint);
        if node.body.is_empty() {
            let paint = colours.map_or_else(String::new, |(fill, line)| {
                format!(", fillcolor=\"{fill}\", color=\"{line}\"")
            });
            lines.push(format!("{indent}s{id} [label={text}{paint}];"));
        } else {
            let paint = colours.map_or_else(String::new, |c| format!(" color=\"{}\";", c.1));
            lines.push(format!("{indent}subgraph cluster_s{id} {{"));
            lines.push(format!("{indent}  label={text}; style=rounded;{paint}"));
            dot_body(&node.body, depth + 1, lines);
            lines.push(format!("{indent}}}"));
        }
    }
    for node in body {
        for edge in &node.needs {
            dot_edge(&body[edge.from], node, (&edge.label, &indent), lines);
        }
    }
}

/// Lines of this language go between steps, and are cut off at the frames around them.
fn dot_edge(from: &Node, to: &Node, (label, indent): (&str, &str), lines: &mut Vec<String>) {
    let (mut tail, mut head, mut with) = (from, to, Vec::new());
    if !from.body.is_empty() {
        with.push(format!("ltail=cluster_s{}", from.index));
    }
    if !to.body.is_empty() {
        with.push(format!("lhead=cluster_s{}", to.index));
    }
    while let Some(inner) = tail.body.last() {
        tail = inner;
    }
    while let Some(inner) = head.body.first() {
        head = inner;
    }
    if !label.is_empty() {
        with.push(format!("label={}, style=dashed", quoted(label)));
    }
    let with = if with.is_empty() { String::new() } else { format!(" [{}]", with.join(", ")) };
    lines.push(format!("{indent}s{} -> s{}{with};", tail.index, head.index));
}
