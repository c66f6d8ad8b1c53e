use vt100::{Callbacks, Parser};

/// A longer title is none that a person reads.
const MAX_TITLE: usize = 1024;
/// No person reads a smaller one, and the model cannot scroll a single line.
const MIN_ROWS: u16 = 2;
const MIN_COLS: u16 = 4;

/// The picture that the bytes of a program make.
///
/// Feeding is all that it does by itself; whoever wants to know reads it.
pub struct Screen {
    parser: Parser<Titles>,
}

/// The title that the program set last.
#[derive(Default)]
struct Titles {
    title: Option<String>,
}

impl Callbacks for Titles {
    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        let end = title.len().min(MAX_TITLE);
        self.title = Some(String::from_utf8_lossy(&title[..end]).trim().to_owned());
    }
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").field("size", &self.size()).finish_non_exhaustive()
    }
}

impl Screen {
    /// An empty screen.
    #[must_use]
    pub fn new(cols: u16, rows: u16) -> Self {
        let parser = Parser::new_with_callbacks(
            rows.max(MIN_ROWS),
            cols.max(MIN_COLS),
            0,
            Titles::default(),
        );
        Self { parser }
    }

    /// Takes what the program wrote. Should the model break on it, the screen is empty until the
    /// program paints again; an agent must not be able to end more than its own picture.
    pub fn feed(&mut self, bytes: &[u8]) {
        let parser = &mut self.parser;
        let fed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| parser.process(bytes)));
        if fed.is_err() {
            let (cols, rows) = self.size();
            self.renew(cols, rows);
        }
    }

    /// Takes a new size.
    pub fn resize(&mut self, cols: u16, rows: u16) {
        let (cols, rows) = (cols.max(MIN_COLS), rows.max(MIN_ROWS));
        if cols >= self.size().0 {
            self.parser.screen_mut().set_size(rows, cols);
            return;
        }
        // Cut in place, a wide letter on the edge would leave a half that the model breaks on.
        // The spare row takes such a letter of the last row.
        let bytes = self.picture(cols, rows);
        self.renew(cols, rows.saturating_add(1));
        self.feed(&bytes);
        self.parser.screen_mut().set_size(rows, cols);
    }

    /// An empty screen with the title of this one.
    fn renew(&mut self, cols: u16, rows: u16) {
        let titles = Titles { title: self.title() };
        self.parser = Parser::new_with_callbacks(rows, cols, 0, titles);
    }

    /// What paints as much of this screen as fits into a smaller one.
    fn picture(&self, cols: u16, rows: u16) -> Vec<u8> {
        let screen = self.parser.screen();
        let mut bytes = Vec::new();
        if screen.alternate_screen() {
            bytes.extend_from_slice(b"\x1b[?1049h");
        }
        let kept = usize::from(rows);
        for (row, line) in screen.rows_formatted(0, cols).take(kept).enumerate() {
            bytes.extend_from_slice(format!("\x1b[m\x1b[{};1H\x1b[2K", row + 1).as_bytes());
            bytes.extend_from_slice(&line);
        }
        bytes.extend_from_slice(
            format!("\x1b[m\x1b[{};1H\x1b[2K", rows.saturating_add(1)).as_bytes(),
        );
        bytes.extend(screen.attributes_formatted());
        bytes.extend(screen.input_mode_formatted());
        let (row, col) = screen.cursor_position();
        bytes.extend_from_slice(format!("\x1b[{};{}H", row + 1, col + 1).as_bytes());
        bytes
    }

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        let (rows, cols) = self.parser.screen().size();
        (cols, rows)
    }

    /// All lines, from the top, without the blanks at their ends.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let (_, cols) = self.parser.screen().size();
        self.parser.screen().rows(0, cols).map(|line| line.trim_end().to_owned()).collect()
    }

    /// The title that the program set, if it set one.
    #[must_use]
    pub fn title(&self) -> Option<String> {
        self.parser.callbacks().title.clone()
    }

    /// Column and row of the cursor, from 0.
    #[must_use]
    pub fn cursor(&self) -> (u16, u16) {
        let (row, col) = self.parser.screen().cursor_position();
        (col, row)
    }

    /// Whether the program asked to be told where a paste begins and ends.
    #[must_use]
    pub fn bracketed_paste(&self) -> bool {
        self.parser.screen().bracketed_paste()
    }

    /// A line without its faint text: programs show hints that way. The cursor that they paint on
    /// the first letter of a hint is part of the hint.
    pub(crate) fn solid(&self, row: u16) -> String {
        let (_, cols) = self.parser.screen().size();
        let mut text = String::new();
        for col in 0..cols {
            let Some(cell) = self.parser.screen().cell(row, col) else { break };
            if cell.is_wide_continuation() {
                continue;
            }
            let hint = cell.dim() || (cell.inverse() && self.dim_at(row, col + 1));
            text.push_str(if hint || !cell.has_contents() { " " } else { cell.contents() });
        }
        text.truncate(text.trim_end().len());
        text
    }

    fn dim_at(&self, row: u16, col: u16) -> bool {
        self.parser.screen().cell(row, col).is_some_and(vt100::Cell::dim)
    }
}
