//! The words of every tmux command, built by `tmux_interface` where it can. Everything here is
//! text in and text out.

use std::path::Path;

use tmux_interface::{
    CapturePane, KillPane, KillSession, KillWindow, ListPanes, LoadBuffer, NewSession, NewWindow,
    PasteBuffer, RenameSession, RenameWindow, SelectLayout, SelectPane, SelectWindow, SendKeys,
    SetOption, SplitWindow, TmuxCommand,
};

use crate::port::{Capture, NewPane, Place};

/// What a command that makes a pane prints.
const MADE: &str = "#{session_id} #{window_id} #{pane_id}";

fn words(command: &TmuxCommand<'_>) -> Vec<String> {
    command.to_vec().into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// Text that tmux would expand as a format, made literal.
pub(super) fn literal(text: &str) -> String {
    text.replace('#', "##")
}

pub(super) fn list_panes(format: &str) -> Vec<String> {
    words(&ListPanes::new().all().format(format).build())
}

pub(super) fn make(place: &Place, pane: &NewPane) -> Vec<String> {
    let dir = literal(&pane.cwd.display().to_string());
    let mut argv = match place {
        Place::Session { name, window, cols, rows } => {
            let command = NewSession::new().detached().print().format(MADE).session_name(name);
            let command = command.window_name(window).start_directory(dir);
            words(&command.width((*cols).into()).height((*rows).into()).build())
        }
        Place::Window { session, window } => {
            let command = NewWindow::new().detached().print().format(MADE).window_name(window);
            words(&command.target_window(format!("{session}:")).start_directory(dir).build())
        }
        Place::Split { window } => {
            let command = SplitWindow::new().detached().print().format(MADE).start_directory(dir);
            // `{bottom-right}`: behind the panes that are there, so the order stays as declared.
            words(&command.target_pane(format!("{window}.{{bottom-right}}")).build())
        }
    };
    // Several words are run by exec; the builder knows one string only, which tmux gives to a shell.
    argv.push("--".to_owned());
    argv.extend(pane.argv.iter().cloned());
    argv
}

pub(super) fn arrange(window: &str, layout: &str) -> Vec<String> {
    words(&SelectLayout::new().target_pane(window).layout_name(layout).build())
}

pub(super) fn rename(target: &str, name: &str) -> Vec<String> {
    let name = literal(name);
    if target.starts_with('$') {
        words(&RenameSession::new().target_session(target).new_name(name).build())
    } else {
        words(&RenameWindow::new().target_window(target).new_name(name).build())
    }
}

pub(super) fn title(pane: &str, title: &str) -> Vec<String> {
    words(&SelectPane::new().target_pane(pane).title(literal(title)).build())
}

pub(super) fn tag(target: &str, key: &str, value: &str) -> Vec<String> {
    let command = SetOption::new();
    let command = match target.as_bytes().first() {
        Some(b'%') => command.pane().target_pane(target),
        Some(b'@') => command.window().target_pane(target),
        _ => command.target_pane(target),
    };
    words(&command.option(key).value(value).build())
}

pub(super) fn focus(pane: &str) -> Vec<Vec<String>> {
    let window = SelectWindow::new().target_window(pane).build();
    let pane = SelectPane::new().target_pane(pane).build();
    vec![words(&window), words(&pane)]
}

pub(super) fn kill(target: &str) -> Vec<String> {
    match target.as_bytes().first() {
        Some(b'%') => words(&KillPane::new().target_pane(target).build()),
        Some(b'@') => words(&KillWindow::new().target_window(target).build()),
        _ => words(&KillSession::new().target_session(target).build()),
    }
}

pub(super) fn capture(pane: &str, how: Capture) -> Vec<String> {
    let mut command = CapturePane::new().stdout().join().target_pane(pane);
    if how.ansi {
        command = command.escape_sequences();
    }
    if how.history > 0 {
        command = command.start_line(format!("-{}", how.history));
    }
    words(&command.build())
}

pub(super) fn leave_mode(pane: &str) -> Vec<String> {
    // The builder has the flags -X and -R swapped (0.4.0), so this one is written out.
    ["send-keys", "-t", pane, "-X", "cancel"].map(str::to_owned).into()
}

pub(super) fn keys(pane: &str, keys: &[String]) -> Vec<String> {
    let mut argv = words(&SendKeys::new().target_pane(pane).build());
    argv.push("--".to_owned());
    argv.extend(keys.iter().cloned());
    argv
}

pub(super) fn load_buffer(name: &str, file: &Path) -> Vec<String> {
    let file = literal(&file.display().to_string());
    words(&LoadBuffer::new().buffer_name(name).path(file).build())
}

/// `vis`: from 3.7 on tmux makes control characters visible unless told not to.
pub(super) fn paste_buffer(name: &str, pane: &str, vis: bool) -> Vec<String> {
    let command = PasteBuffer::new().bracket_codes().no_replacement().delete();
    let mut argv = words(&command.buffer_name(name).target_pane(pane).build());
    if vis {
        argv.push("-S".to_owned());
    }
    argv
}

/// One argument as the parser of the control client reads it.
fn quote(argument: &str, line: &mut Vec<u8>) {
    line.push(b'"');
    for byte in argument.bytes() {
        match byte {
            b'"' | b'\\' | b'$' | b'~' => line.extend([b'\\', byte]),
            b'\n' => line.extend(b"\\n"),
            0..=0x1f | 0x7f => line.extend(format!("\\{byte:03o}").bytes()),
            _ => line.push(byte),
        }
    }
    line.push(b'"');
}

/// A command as one line for the control client.
pub(super) fn line(argv: &[String]) -> Vec<u8> {
    let mut line = Vec::new();
    for argument in argv {
        if !line.is_empty() {
            line.push(b' ');
        }
        quote(argument, &mut line);
    }
    line.push(b'\n');
    line
}

/// Arguments for a spawned tmux, which takes a `;` at the end of one for the end of the command.
pub(super) fn for_spawn(argv: &[String]) -> Vec<String> {
    let escape = |word: &String| match word.strip_suffix(';') {
        Some(rest) => format!("{rest}\\;"),
        None => word.clone(),
    };
    argv.iter().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_line_is_for_the_parser() {
        let argv = ["a b", "$HOME ~ \"x\" \\", "two\nlines;", "\u{1f}é"].map(str::to_owned);
        let wanted = "\"a b\" \"\\$HOME \\~ \\\"x\\\" \\\\\" \"two\\nlines;\" \"\\037é\"\n";
        assert_eq!(String::from_utf8(line(&argv)).unwrap(), wanted);
        assert_eq!(for_spawn(&["x;".to_owned(), ";".to_owned()]), ["x\\;", "\\;"]);
    }

    #[test]
    fn folders_with_formats_are_literal() {
        let pane = NewPane {
            unit: crate::base::UnitId::new(1, 1),
            argv: vec!["a".into(), "b".into()],
            cwd: "/x/#(touch y)".into(),
            title: String::new(),
        };
        let argv = make(&Place::Window { session: "$1".into(), window: "w".into() }, &pane);
        assert!(argv.contains(&"/x/##(touch y)".to_owned()), "{argv:?}");
        assert_eq!(argv[0], "new-window");
        assert_eq!(argv[argv.len() - 3..], ["--", "a", "b"]);
    }
}
