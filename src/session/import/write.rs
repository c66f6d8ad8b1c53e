//! A definition on its way to TOML.

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, value};

use crate::base::Name;

/// A session to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) dir: Option<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) windows: Vec<DraftWindow>,
}

/// A window to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DraftWindow {
    pub(crate) name: String,
    pub(crate) layout: Option<String>,
    pub(crate) dir: Option<String>,
    pub(crate) focus: bool,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) panes: Vec<DraftPane>,
}

/// A pane to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DraftPane {
    pub(crate) name: Option<String>,
    pub(crate) dir: Option<String>,
    /// What a person would have typed into the shell of the pane, line by line.
    pub(crate) typed: Vec<String>,
    /// A shell line, instead of typed lines.
    pub(crate) run: Option<String>,
    /// Program and arguments, instead of typed lines.
    pub(crate) argv: Vec<String>,
    pub(crate) focus: bool,
    pub(crate) env: Vec<(String, String)>,
}

impl Draft {
    /// The text of the `gaia.toml`, with what stayed behind as a comment at its head.
    pub(crate) fn text(&self, from: &str, left: &[String]) -> String {
        let mut text =
            if from.is_empty() { String::new() } else { format!("# Carried over from {from}.\n") };
        for note in left {
            text += &format!("# Left behind: {}\n", note.replace('\n', " "));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text + &self.document().to_string()
    }

    fn document(&self) -> DocumentMut {
        let mut document = DocumentMut::new();
        if let Some(name) = &self.name {
            document["name"] = value(Name::near(name, "workspace").as_str());
        }
        if let Some(description) = &self.description {
            document["description"] = value(description);
        }
        if let Some(dir) = &self.dir {
            document["dir"] = value(folder(dir));
        }
        put_env(document.as_table_mut(), &self.env);
        let mut windows = ArrayOfTables::new();
        let mut names = Vec::new();
        for window in &self.windows {
            windows.push(window.table(&mut names));
        }
        if !windows.is_empty() {
            document["windows"] = Item::ArrayOfTables(windows);
        }
        document
    }
}

impl DraftWindow {
    fn table(&self, names: &mut Vec<String>) -> Table {
        let mut table = Table::new();
        table["name"] = value(unique(&self.name, "window", names));
        if let Some(layout) = &self.layout {
            table["layout"] = value(layout);
        }
        if let Some(dir) = &self.dir {
            table["dir"] = value(folder(dir));
        }
        if self.focus {
            table["focus"] = value(true);
        }
        put_env(&mut table, &self.env);
        let mut panes = ArrayOfTables::new();
        let mut names = Vec::new();
        for pane in &self.panes {
            panes.push(pane.table(&mut names));
        }
        if !panes.is_empty() {
            table["panes"] = Item::ArrayOfTables(panes);
        }
        table
    }
}

impl DraftPane {
    fn table(&self, names: &mut Vec<String>) -> Table {
        let mut table = Table::new();
        if let Some(name) = &self.name {
            table["name"] = value(unique(name, "pane", names));
        }
        if let Some(dir) = &self.dir {
            table["dir"] = value(folder(dir));
        }
        if !self.argv.is_empty() {
            table["command"] = value(self.argv.iter().collect::<Array>());
        } else if let Some(line) = &self.run {
            table["run"] = value(line);
        } else if !self.typed.is_empty() {
            table["run"] = value(typed_line(&self.typed));
        }
        if self.focus {
            table["focus"] = value(true);
        }
        put_env(&mut table, &self.env);
        table
    }
}

/// A folder without the variables that gaia writes otherwise.
fn folder(text: &str) -> String {
    let plain = [("${PWD}", "."), ("$PWD", "."), ("${HOME}", "~"), ("$HOME", "~")];
    plain.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Those tools type into a shell that stays when the command has ended; so does this line.
fn typed_line(lines: &[String]) -> String {
    format!("{}\nexec \"${{SHELL:-sh}}\"", lines.join("\n"))
}

fn put_env(table: &mut Table, env: &[(String, String)]) {
    if !env.is_empty() {
        let mut inline = InlineTable::new();
        for (name, text) in env {
            // A dollar sign is literal there, and stands for a variable in gaia.
            inline.insert(name, text.replace('$', "$$").into());
        }
        table["env"] = value(inline);
    }
}

/// A name gaia takes, that no earlier one of the same place has.
fn unique(text: &str, fallback: &str, taken: &mut Vec<String>) -> String {
    let near = Name::near(text, fallback).as_str().to_owned();
    let short: String = near.chars().take(34).collect();
    let numbered = (2..).map(|n| format!("{short}-{n}"));
    let free = std::iter::once(near).chain(numbered).find(|name| !taken.contains(name));
    let name = free.unwrap_or_default();
    taken.push(name.clone());
    name
}
