/// The terminal a reply is written for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ui {
    /// Colours are wanted: a terminal, and no `NO_COLOR`.
    pub colour: bool,
    /// Columns, if it is a terminal.
    pub width: Option<u16>,
}

impl Ui {
    /// `text` in the colour of this SGR code, if colours are wanted.
    #[must_use]
    pub fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A table without borders, columns as wide as their cells.
#[must_use]
pub fn table(ui: &Ui, head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(head.iter().map(|word| ui.paint("1", word)));
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}
