use super::{
    MAX_DEPTH, Simple, Unclear, read_at,
    word::{CLOSE, COMMA, OPEN, ansi, expand},
};

/// A text after `<<` that is still to come.
struct Heredoc {
    mark: String,
    quoted: bool,
    tabs: bool,
    /// Which of the found commands it is for; [`PRESENT`] for the one that is being read.
    command: usize,
}

const PRESENT: usize = usize::MAX;

/// What the next word is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Word,
    Target,
    HereString,
    Heredoc { tabs: bool },
}

/// Reads a line from left to right.
pub(super) struct Lexer {
    text: Vec<char>,
    at: usize,
    depth: usize,
    pub(super) found: Vec<Simple>,
    simple: Simple,
    /// The word that is being read, if one is.
    word: Option<String>,
    open: bool,
    quoted: bool,
    role: Role,
    heredocs: Vec<Heredoc>,
}

impl Lexer {
    pub(super) fn new(text: &str, depth: usize) -> Self {
        Self {
            text: text.chars().collect(),
            at: 0,
            depth,
            found: vec![],
            simple: Simple::default(),
            word: None,
            open: false,
            quoted: false,
            role: Role::Word,
            heredocs: vec![],
        }
    }

    /// Reads commands up to the end of the text, or up to the `)` that ends them.
    pub(super) fn commands(&mut self, end: Option<char>) -> Result<(), Unclear> {
        while let Some(c) = self.next() {
            match c {
                ' ' | '\t' | '\r' => self.end_word(),
                '\n' => {
                    self.end_command();
                    self.read_heredocs()?;
                }
                ')' if end == Some(')') => {
                    self.end_command();
                    return Ok(());
                }
                '&' if self.peek() == Some('>') => self.end_word(),
                ';' | '|' | '&' | ')' => self.end_command(),
                '(' => self.nested(|lexer| lexer.commands(Some(')')))?,
                '<' | '>' => self.redirect(c)?,
                '#' if self.word.is_none() => self.skip_comment(),
                _ => self.part(c)?,
            }
        }
        self.end_command();
        if end.is_some() || self.depth_is_over() { Err(Unclear) } else { Ok(()) }
    }

    /// One piece of a word.
    fn part(&mut self, c: char) -> Result<(), Unclear> {
        match c {
            '\'' => {
                let text = self.until('\'')?;
                self.quote(&text);
            }
            '"' => self.double()?,
            '\\' => match self.next() {
                Some('\n') => (),
                Some(c) => self.quote(&c.to_string()),
                None => return Err(Unclear),
            },
            '$' => self.dollar(false)?,
            '`' => self.backticks()?,
            '*' | '?' | ']' => {
                self.open |= c != ']' || self.word.as_ref().is_some_and(|w| w.contains('['));
                self.push(c);
            }
            '{' => self.push(OPEN),
            ',' => self.push(COMMA),
            '}' => self.push(CLOSE),
            _ => self.push(c),
        }
        Ok(())
    }

    fn double(&mut self) -> Result<(), Unclear> {
        self.quote("");
        loop {
            match self.next().ok_or(Unclear)? {
                '"' => return Ok(()),
                '\\' => match self.next().ok_or(Unclear)? {
                    '\n' => (),
                    c if "$`\"\\".contains(c) => self.push(c),
                    c => self.quote(&format!("\\{c}")),
                },
                '$' => self.dollar(true)?,
                '`' => self.backticks()?,
                c => self.push(c),
            }
        }
    }

    /// What follows a `$`.
    fn dollar(&mut self, in_quotes: bool) -> Result<(), Unclear> {
        match self.peek() {
            Some('(') => {
                self.next();
                self.aside(|lexer| lexer.commands(Some(')')))?;
                self.filled("$(…)");
            }
            Some('{') => {
                let from = self.at;
                self.braces()?;
                let text: String = self.text[from..self.at].iter().collect();
                self.filled(&format!("${text}"));
            }
            Some('\'') if !in_quotes => {
                self.next();
                let text = self.until_escaped('\'')?;
                match ansi(&text) {
                    Some(text) => self.quote(&text),
                    None => self.filled(&text),
                }
            }
            Some('"') if !in_quotes => (),
            Some(c) if c.is_alphanumeric() || "_@*#?$!-".contains(c) => self.variable(),
            _ => self.push('$'),
        }
        Ok(())
    }

    fn variable(&mut self) {
        let mut name = "$".to_owned();
        let special = self.peek().is_some_and(|c| !c.is_alphabetic() && c != '_');
        while let Some(c) = self.peek().filter(|c| special || c.is_alphanumeric() || *c == '_') {
            name.push(c);
            self.next();
            if special {
                break;
            }
        }
        self.filled(&name);
    }

    /// `{…}` after a `$`: its commands are read, its text is not.
    fn braces(&mut self) -> Result<(), Unclear> {
        let mut level = 0_usize;
        while let Some(c) = self.next() {
            match c {
                '{' => level += 1,
                '}' if level == 1 => return Ok(()),
                '}' => level = level.saturating_sub(1),
                '\'' => drop(self.until('\'')?),
                '\\' => drop(self.next()),
                '$' if self.peek() == Some('(') => {
                    self.next();
                    self.aside(|lexer| lexer.commands(Some(')')))?;
                }
                '`' => drop(self.backticked()?),
                _ => (),
            }
        }
        Err(Unclear)
    }

    fn backticks(&mut self) -> Result<(), Unclear> {
        let text = self.backticked()?;
        self.filled(&format!("`{text}`"));
        Ok(())
    }

    fn backticked(&mut self) -> Result<String, Unclear> {
        let text = self.until_escaped('`')?;
        let inner = text.replace("\\`", "`").replace("\\\\", "\\").replace("\\$", "$");
        self.inner(&inner)?;
        Ok(text)
    }

    /// Reads a text of its own; what it runs is run before this.
    fn inner(&mut self, text: &str) -> Result<(), Unclear> {
        if self.depth + 1 > MAX_DEPTH {
            return Err(Unclear);
        }
        self.found.extend(read_at(text, self.depth + 1)?);
        Ok(())
    }

    fn redirect(&mut self, c: char) -> Result<(), Unclear> {
        // `2>` is a number of a file, no word.
        if self.word.as_ref().is_some_and(|w| w.chars().all(|c| c.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        match self.peek() {
            Some('(') => {
                self.next();
                self.aside(|lexer| lexer.commands(Some(')')))?;
                self.filled(&format!("{c}(…)"));
                return Ok(());
            }
            Some('<') if c == '<' => {
                self.next();
                let next = self.peek();
                if next.is_some_and(|c| c == '<' || c == '-') {
                    self.next();
                }
                let tabs = next == Some('-');
                let string = next == Some('<');
                self.role = if string { Role::HereString } else { Role::Heredoc { tabs } };
            }
            Some('>' | '&' | '|') => {
                self.next();
                self.role = Role::Target;
            }
            _ => self.role = Role::Target,
        }
        Ok(())
    }

    fn read_heredocs(&mut self) -> Result<(), Unclear> {
        for heredoc in std::mem::take(&mut self.heredocs) {
            let mut body = String::new();
            loop {
                let mut line = String::new();
                let mut ended = false;
                while let Some(c) = self.next() {
                    if c == '\n' {
                        ended = true;
                        break;
                    }
                    line.push(c);
                }
                let bare = if heredoc.tabs { line.trim_start_matches('\t') } else { &line };
                if bare == heredoc.mark || (!ended && line.is_empty()) {
                    break;
                }
                body.push_str(bare);
                body.push('\n');
            }
            if !heredoc.quoted && (body.contains("$(") || body.contains('`')) {
                // Only what the shell fills in is run, as between double quotes.
                let text = format!("\"{}\"", body.replace('"', "\\\""));
                let mut inside = read_at(&text, self.depth + 1)?;
                inside.pop();
                self.found.extend(inside);
            }
            if let Some(command) = self.found.get_mut(heredoc.command) {
                command.here.push(body);
            }
        }
        Ok(())
    }

    /// Reads something inside the present command without ending that.
    fn aside(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), Unclear>,
    ) -> Result<(), Unclear> {
        let simple = std::mem::take(&mut self.simple);
        let (word, open, quoted) = (self.word.take(), self.open, self.quoted);
        let (role, heredocs) = (self.role, std::mem::take(&mut self.heredocs));
        (self.open, self.quoted, self.role) = (false, false, Role::Word);
        let done = self.nested(read);
        (self.simple, self.word, self.open, self.quoted) = (simple, word, open, quoted);
        (self.role, self.heredocs) = (role, heredocs);
        done
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), Unclear>,
    ) -> Result<(), Unclear> {
        if self.word.is_some() || !self.simple.words.is_empty() {
            self.end_command();
        }
        self.depth += 1;
        let done = if self.depth_is_over() { Err(Unclear) } else { read(self) };
        self.depth -= 1;
        done
    }

    fn depth_is_over(&self) -> bool {
        self.depth > MAX_DEPTH
    }

    fn end_word(&mut self) {
        let Some(text) = self.word.take() else { return };
        let (open, quoted) = (std::mem::take(&mut self.open), std::mem::take(&mut self.quoted));
        match std::mem::replace(&mut self.role, Role::Word) {
            Role::Word => self.simple.words.extend(expand(&text, open)),
            Role::Target => (),
            Role::HereString => self.simple.here.push(text),
            Role::Heredoc { tabs } => {
                self.heredocs.push(Heredoc { mark: text, quoted, tabs, command: PRESENT });
            }
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        let at = self.found.len();
        let mut waiting = self.heredocs.iter_mut().filter(|heredoc| heredoc.command == PRESENT);
        let waits = waiting.next().map(|first| first.command = at).is_some();
        waiting.for_each(|heredoc| heredoc.command = at);
        if !self.simple.words.is_empty() || !self.simple.here.is_empty() || waits {
            self.found.push(std::mem::take(&mut self.simple));
        }
    }

    fn skip_comment(&mut self) {
        while self.peek().is_some_and(|c| c != '\n') {
            self.next();
        }
    }

    /// Text that is filled in by the shell.
    fn filled(&mut self, text: &str) {
        self.quote(text);
        self.open = true;
    }

    /// Text of a word as it is; an empty one makes a word too.
    fn quote(&mut self, text: &str) {
        self.quoted = true;
        self.word.get_or_insert_default().push_str(text);
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn until(&mut self, end: char) -> Result<String, Unclear> {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|c| *c == end).ok_or(Unclear)?;
        let text = rest[..length].iter().collect();
        self.at += length + 1;
        Ok(text)
    }

    fn until_escaped(&mut self, end: char) -> Result<String, Unclear> {
        let mut text = String::new();
        loop {
            match self.next().ok_or(Unclear)? {
                '\\' => {
                    text.push('\\');
                    text.push(self.next().ok_or(Unclear)?);
                }
                c if c == end => return Ok(text),
                c => text.push(c),
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }
}
