//! Scaffolding runs in this process: the handle is made here, questions are put here, and strangers'
//! templates are rendered in a child of the same program.

use std::{
    ffi::OsString,
    io::{IsTerminal, Read, Write},
    process::ExitCode,
    sync::Arc,
};

use inquire::{
    Confirm, CustomType, InquireError, MultiSelect, Password, PasswordDisplayMode, Select, Text,
};
use serde_json::{Value, json};

use super::{Outcome, here, json_text, note_line};
use crate::{
    adapter::cage,
    base::{Code, Refusal, plain},
    scaffold::{Asker, Kind, Question},
    verb::{Entry, Here, Ui},
};

/// Runs a verb of scaffolding.
pub(super) async fn run(
    entry: &Entry,
    args: Value,
    here: &Here,
    (ui, json): (&Ui, bool),
) -> Result<Outcome, Refusal> {
    let asker: Option<Arc<dyn Asker>> = match talks(json) {
        true => Some(Arc::new(Terminal)),
        false => None,
    };
    let handle = crate::daemon::scaffold_here(here.home.clone(), here::exe()?, &here.env, asker);
    let reply = (entry.run)(&handle, args).await?;
    let text = if json { json_text(&reply) } else { String::new() };
    let (shown, failed) = (entry.show)(reply, ui)?;
    Ok(Outcome { text: if json { text } else { shown }, failed })
}

/// Whether a person is there to be asked.
fn talks(json: bool) -> bool {
    !json && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// `gaia scaffold TEMPLATE TARGET` is short for `gaia scaffold new TEMPLATE TARGET`.
pub(super) fn in_full(mut words: Vec<OsString>) -> Vec<OsString> {
    let is_flag = |word: &OsString| word.to_string_lossy().starts_with('-');
    let mut plain = (1..words.len()).filter(|at| !is_flag(&words[*at]));
    if let (Some(noun), Some(first)) = (plain.next(), plain.next())
        && words[noun] == "scaffold"
    {
        let verbs = crate::scaffold::verbs();
        let word = words[first].to_string_lossy();
        if !verbs.contains(&&*word) && word != "help" {
            words.insert(noun + 1, "new".into());
        }
    }
    words
}

/// The child that renders: one document in, one out.
pub(super) fn caged() -> ExitCode {
    let done = cage::shut().and_then(|()| {
        let mut document = vec![];
        std::io::stdin().read_to_end(&mut document).map_err(|e| e.to_string())?;
        crate::scaffold::serve(&document)
    });
    let written = done.and_then(|answer| {
        let mut out = std::io::stdout();
        out.write_all(&answer).and_then(|()| out.flush()).map_err(|e| e.to_string())
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// The person at this terminal.
struct Terminal;

fn gone(error: InquireError) -> Refusal {
    match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => {
            Refusal::new(Code::Failed, "you left it").help("nothing was written")
        }
        error => super::world("the question cannot be asked", &error),
    }
}

impl Asker for Terminal {
    fn ask(&self, question: &Question, problem: Option<&str>) -> Result<Value, Refusal> {
        if let Some(problem) = problem {
            note_line(problem);
        }
        // A stranger's words move no cursor.
        let (ask, help) = (plain(&question.ask), question.help.as_deref().map(plain));
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let default = question.default.as_ref().map(text);
        let labels: Vec<String> = question.choices.iter().map(|(_, label)| plain(label)).collect();
        let help = help.as_deref();
        Ok(match question.kind {
            Kind::Text | Kind::Path => {
                let mut prompt = Text::new(&ask);
                prompt.default = default.as_deref();
                prompt.help_message = help;
                Value::from(prompt.prompt().map_err(gone)?)
            }
            Kind::Secret => {
                let mut prompt = Password::new(&ask).without_confirmation();
                prompt.help_message = help;
                prompt.display_mode = PasswordDisplayMode::Masked;
                Value::from(prompt.prompt().map_err(gone)?)
            }
            Kind::Int => {
                let mut prompt = CustomType::<i64>::new(&ask);
                prompt.default = question.default.as_ref().and_then(Value::as_i64);
                prompt.help_message = help;
                Value::from(prompt.prompt().map_err(gone)?)
            }
            Kind::Bool => {
                let mut prompt = Confirm::new(&ask);
                prompt.default = question.default.as_ref().and_then(Value::as_bool);
                prompt.help_message = help;
                Value::from(prompt.prompt().map_err(gone)?)
            }
            Kind::Choice => {
                let first = question.choices.iter().position(|(v, _)| Some(v) == default.as_ref());
                let mut prompt = Select::new(&ask, labels);
                prompt.starting_cursor = first.unwrap_or_default();
                prompt.help_message = help;
                let chosen = prompt.raw_prompt().map_err(gone)?.index;
                json!(question.choices[chosen].0)
            }
            Kind::Multi => {
                let all = question.default.as_ref().and_then(Value::as_array);
                let on = |value: &String| all.is_some_and(|all| all.iter().any(|v| v == value));
                let on: Vec<usize> =
                    (0..question.choices.len()).filter(|n| on(&question.choices[*n].0)).collect();
                let mut prompt = MultiSelect::new(&ask, labels).with_default(&on);
                prompt.help_message = help;
                let chosen = prompt.raw_prompt().map_err(gone)?;
                json!(
                    chosen.iter().map(|c| question.choices[c.index].0.clone()).collect::<Vec<_>>()
                )
            }
        })
    }

    fn tell(&self, line: &str) {
        note_line(&plain(line));
    }

    fn confirm(&self, text: &str) -> Result<bool, Refusal> {
        Confirm::new(text).with_default(false).prompt().map_err(gone)
    }
}
