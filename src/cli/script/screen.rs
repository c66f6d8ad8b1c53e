//! A play shown in a pane: what was said, what goes on, and a line to type in.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use super::{
    NOTE,
    keys::{Key, Reader},
    play::{Class, Done, End, Player, Stage},
};
use crate::{
    adapter::{play::Keys, process},
    base::plain,
    cli::print_raw,
};

/// The other screen, pastes in a frame, no wrapping.
const BEGIN: &str = "\x1b[?1049h\x1b[?2004h\x1b[?7l";
const LEAVE: &str = "\x1b[?7h\x1b[?2004l\x1b[?1049l\x1b]2;\x07";
const WORKING: &str = "working… (esc to interrupt)";
/// Rows of typed text that are shown.
const ROWS: usize = 8;
const SIZE: (u16, u16) = (80, 24);
/// Between two looks at the size of the terminal, and at what happens.
const IDLE: Duration = Duration::from_millis(500);
const BUSY: Duration = Duration::from_millis(20);

/// What the play tells the screen.
enum Event {
    Said(String),
    Did(String),
    Ended(End, Done),
}

impl Stage for Sender<Event> {
    fn say(&mut self, text: &str) {
        let _ = self.send(Event::Said(text.to_owned()));
    }

    fn did(&mut self, what: &str) {
        let _ = self.send(Event::Did(what.to_owned()));
    }
}

/// Shows plays until it is left.
pub(super) fn run(player: Arc<Player>, done: Done, first: Option<String>) -> io::Result<()> {
    let keys = Keys::take()?;
    print_raw(BEGIN);
    let (tell, told) = channel();
    let mut screen = Screen {
        player,
        tell,
        lines: vec![NOTE.to_owned(), String::new()],
        typed: vec![],
        queue: first.into_iter().collect(),
        done: Some(done),
        stop: Arc::default(),
        armed: false,
    };
    screen.live(&keys, &told);
    print_raw(LEAVE);
    Ok(())
}

struct Screen {
    player: Arc<Player>,
    tell: Sender<Event>,
    lines: Vec<String>,
    typed: Vec<u8>,
    queue: Vec<String>,
    /// What was done; away while it works.
    done: Option<Done>,
    stop: Arc<AtomicBool>,
    /// One more Ctrl-C leaves.
    armed: bool,
}

impl Screen {
    fn live(&mut self, keys: &Keys, told: &Receiver<Event>) {
        let mut reader = Reader::default();
        let mut shown = String::new();
        loop {
            told.try_iter().for_each(|event| self.event(event));
            self.begin();
            let picture = self.picture();
            if picture != shown {
                print_raw(&picture);
                shown = picture;
            }
            let patience = if self.done.is_some() { IDLE } else { BUSY };
            let Some(bytes) = keys.typed(patience) else { return };
            for key in reader.read(&bytes) {
                if !self.key(key) {
                    return;
                }
            }
        }
    }

    /// Begins with the next prompt, if there is one and nothing goes on.
    fn begin(&mut self) {
        if self.done.is_none() || self.queue.is_empty() {
            return;
        }
        let (Some(mut done), prompt) = (self.done.take(), self.queue.remove(0)) else { return };
        self.stop = Arc::default();
        let (player, stop, mut tell) =
            (Arc::clone(&self.player), Arc::clone(&self.stop), self.tell.clone());
        std::thread::spawn(move || {
            let end = player.play(&prompt, &mut done, &stop, &mut tell);
            let _ = tell.send(Event::Ended(end, done));
        });
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Said(text) => self.show("● ", &text),
            Event::Did(what) => self.show("  ", &what),
            Event::Ended(end, done) => {
                self.done = Some(done);
                match end.error {
                    None => self.show("", "done"),
                    Some(Class::Failed) => self.show("failed: ", &end.text),
                    Some(Class::Interrupted) => self.show("", "interrupted"),
                    Some(Class::Limited { until }) => {
                        self.show("limit reached: ", &format!("resets at {until}"));
                    }
                }
                self.lines.push(String::new());
            }
        }
    }

    /// Adds a text to what is shown.
    fn show(&mut self, mark: &str, text: &str) {
        let clean = |line: &str| line.chars().filter(|c| !c.is_control()).collect::<String>();
        let indent = " ".repeat(mark.chars().count().min(2));
        for (at, line) in plain(text).lines().enumerate() {
            let mark = if at == 0 { mark } else { &indent };
            self.lines.push(format!("{mark}{}", clean(line)));
        }
        let old = self.lines.len().saturating_sub(1000);
        self.lines.drain(..old);
    }

    /// Takes a key; `false` leaves.
    fn key(&mut self, key: Key) -> bool {
        let armed = std::mem::take(&mut self.armed);
        match key {
            Key::Text(text) => self.typed.extend(text),
            Key::Enter => return self.submit(),
            Key::Escape => self.stop.store(true, Ordering::Relaxed),
            Key::Break if armed => return false,
            Key::Break => {
                self.armed = true;
                self.typed.clear();
                self.stop.store(true, Ordering::Relaxed);
            }
            Key::End => return !self.typed.is_empty(),
            Key::Back => {
                let text = String::from_utf8_lossy(&self.typed).into_owned();
                let kept = text.char_indices().next_back().map_or(0, |(at, _)| at);
                self.typed = text[..kept].into();
            }
            Key::Clear => self.typed.clear(),
        }
        true
    }

    fn submit(&mut self) -> bool {
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.typed)).into_owned();
        if text.trim() == "/exit" {
            return false;
        }
        if !text.trim().is_empty() {
            let lines = text.lines().count();
            let first = text.lines().next().unwrap_or_default();
            let more = if lines > 1 { format!(" … ({lines} lines)") } else { String::new() };
            self.show("you: ", &format!("{first}{more}"));
            self.queue.push(text);
        }
        true
    }

    /// The whole screen: what was said, what goes on, the line to type in.
    fn picture(&self) -> String {
        let (columns, rows) = process::terminal_size().unwrap_or(SIZE);
        let typed = self.composer(usize::from(columns));
        let room = usize::from(rows).saturating_sub(typed.len() + 1);
        let past = &self.lines[self.lines.len().saturating_sub(room)..];
        let (title, status) = if self.done.is_some() { ("idle", "") } else { ("working", WORKING) };
        let mut rows: Vec<&str> = past.iter().map(String::as_str).collect();
        rows.push(status);
        rows.extend(typed.iter().map(String::as_str));
        let column = typed.last().map_or(0, |row| row.chars().count()) + 1;
        let body = rows.join("\x1b[K\r\n");
        let row = rows.len();
        format!("\x1b]2;script: {title}\x07\x1b[H{body}\x1b[K\x1b[J\x1b[{row};{column}H")
    }

    /// What was typed, as rows; only the end of a long text.
    fn composer(&self, columns: usize) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.typed).replace('\t', " ");
        let width = columns.saturating_sub(3).max(1);
        let mut rows = vec![];
        for line in text.split('\n') {
            let letters: Vec<char> = line.chars().filter(|c| !c.is_control()).collect();
            let parts = letters.chunks(width).map(|part| part.iter().collect::<String>());
            let before = rows.len();
            rows.extend(parts);
            if rows.len() == before {
                rows.push(String::new());
            }
        }
        if rows.len() > ROWS {
            let hidden = rows.len() + 1 - ROWS;
            rows.drain(..hidden);
            rows.insert(0, format!("[{hidden} rows above]"));
        }
        let mark = |(at, row)| if at == 0 { format!("> {row}") } else { format!("  {row}") };
        rows.into_iter().enumerate().map(mark).collect()
    }
}
