//! What a template is given: values of the right type, defaults out of other answers, checks.
//!
//! Pure. `typed`: one value as its question wants it; here: all of them, in the order of asking.
//! An answer is data: what it holds is never rendered.

#[cfg(test)]
mod tests;
mod typed;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    model::{Answers, Book, Choice, Given, Kind, Preset, Question, Words},
    render::{Desk, Scope},
};
use crate::{
    base::{ConfigError, nearest},
    define::Faults,
};

/// Whom a question is put to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Asking {
    /// Nobody: what is missing is refused.
    Never,
    /// A person, if there is no default.
    Required,
    /// A person, whenever nothing was said.
    All,
}

/// How far the answers are.
#[derive(Debug, Clone)]
pub(crate) enum Next {
    /// This one is asked for.
    Ask(Box<Asked>),
    /// All are there.
    Settled(Box<Settled>),
}

/// A question as it is put to a person.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Asked {
    /// Name of the answer.
    pub name: String,
    /// What kind of answer is wanted.
    pub kind: Kind,
    /// The question.
    pub ask: String,
    /// More about it.
    pub help: Option<String>,
    /// Taken if nothing is said.
    pub default: Option<Value>,
    /// Value and label of each choice.
    pub choices: Vec<(String, String)>,
}

/// All answers, and all that a text may name.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    pub(crate) answers: Answers,
    pub(crate) secrets: BTreeSet<String>,
    pub(crate) scope: Scope,
}

/// Goes through the questions in order; stops at the first that a person shall answer.
pub(crate) fn settle(
    book: &Book<'_>,
    desk: &Desk,
    (given, asking): (&Given, Asking),
) -> Result<Next, Faults> {
    let mut round =
        Round { desk, given, faults: unknown(book, given), settled: begin(book, given) };
    for question in &book.template.questions {
        if let Some(asked) = round.question(question, asking) {
            return if round.faults.is_empty() {
                Ok(Next::Ask(Box::new(asked)))
            } else {
                Err(round.faults)
            };
        }
    }
    if !round.faults.is_empty() {
        return Err(round.faults);
    }
    for computed in &book.template.computed {
        let key = format!("computed.{}", computed.name.text);
        let scope = &round.settled.scope;
        let value = match computed.is_expr {
            true => desk.value(&key, scope),
            false => desk.text(&key, scope).map(Value::from),
        };
        match value {
            Ok(value) => round.settled.scope.set(&computed.name.text, &value),
            Err(faults) => return Err(faults),
        }
    }
    Ok(Next::Settled(Box::new(round.settled)))
}

/// What every template has.
fn begin(book: &Book<'_>, given: &Given) -> Settled {
    let mut scope = Scope::default();
    let template = &book.template;
    scope.set("target", &json!(given.target));
    scope.set(
        "template",
        &json!({ "name": template.name, "version": template.version.to_string() }),
    );
    scope.set("today", &json!({ "year": given.year }));
    Settled { answers: Answers::new(), secrets: BTreeSet::new(), scope }
}

/// Answers that nobody asks for.
fn unknown(book: &Book<'_>, given: &Given) -> Faults {
    let names = || book.template.questions.iter().map(|question| question.name.text.as_str());
    let mut faults = vec![];
    for (name, value) in &given.answers {
        if given.lenient || names().any(|known| known == name) {
            continue;
        }
        let shown = format!("{name} = {}", plain(value));
        let fault = |what: String| ConfigError::new("answers", &shown, 0..name.len(), what);
        let computed = book.template.computed.iter().any(|computed| computed.name.text == *name);
        faults.push(if computed {
            fault(format!("`{name}` is made of the other answers")).help("leave it out")
        } else {
            let help = match nearest(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if book.template.questions.is_empty() => {
                    "this template asks nothing".to_owned()
                }
                None => format!("it asks for: {}", names().collect::<Vec<_>>().join(", ")),
            };
            fault(format!("the template has no answer `{name}`")).help(help)
        });
    }
    faults
}

struct Round<'a> {
    desk: &'a Desk,
    given: &'a Given,
    faults: Faults,
    settled: Settled,
}

impl Round<'_> {
    /// Settles one, or gives it back to be asked.
    fn question(&mut self, question: &Question, asking: Asking) -> Option<Asked> {
        let name = &question.name.text;
        if question.kind == Kind::Secret {
            self.settled.secrets.insert(name.clone());
        }
        let before = self.faults.len();
        let due = match &question.ask_if {
            Some(_) => self.truth(&format!("answers.{name}.ask_if")),
            None => true,
        };
        let said = self.given.answers.get(name);
        let value = match said {
            Some(value) => typed::read(question, value)
                .map(Some)
                .map_err(|what| self.bad(question, value, what)),
            None => Ok(self.default(question)),
        };
        let is_asked = said.is_none() && due && question.ask.is_some();
        let value = match value {
            Err(()) => None,
            Ok(None) if !due => Some(typed::empty(question.kind)),
            Ok(value) => value,
        };
        let wanted = match asking {
            Asking::Never => false,
            Asking::Required => value.is_none(),
            Asking::All => true,
        };
        if is_asked && wanted && self.faults.len() == before {
            return Some(asked(question, value));
        }
        match value {
            Some(value) => self.keep(question, value, due),
            None if self.faults.len() == before => self.missing(question),
            None => {}
        }
        None
    }

    fn keep(&mut self, question: &Question, value: Value, due: bool) {
        let name = &question.name.text;
        if due && let Err(what) = self.check(question, &value) {
            self.bad(question, &value, what);
        }
        self.settled.scope.set(name, &value);
        self.settled.answers.insert(name.clone(), value);
    }

    /// Why a value does not fit, if it does not.
    fn check(&mut self, question: &Question, value: &Value) -> Result<(), String> {
        typed::check(question, value, &mut self.faults)?;
        if question.valid.is_some() {
            let scope = self.settled.scope.with("value", value);
            let key = format!("answers.{}.valid", question.name.text);
            match self.desk.truth(&key, &scope) {
                Ok(true) => {}
                Ok(false) => return Err("the answer does not fit".to_owned()),
                Err(faults) => self.faults.extend(faults),
            }
        }
        Ok(())
    }

    fn truth(&mut self, key: &str) -> bool {
        self.desk.truth(key, &self.settled.scope).unwrap_or_else(|faults| {
            self.add(faults);
            false
        })
    }

    /// What follows from an answer that is missing is no fault of its own.
    fn add(&mut self, faults: Faults) {
        if self.faults.is_empty() {
            self.faults.extend(faults);
        }
    }

    fn default(&mut self, question: &Question) -> Option<Value> {
        match question.default.as_ref()? {
            Preset::Value(value) => Some(value.clone()),
            Preset::Words(words) => {
                let key = format!("answers.{}.default", question.name.text);
                let text = match self.desk.text(&key, &self.settled.scope) {
                    Ok(text) => text,
                    Err(faults) => {
                        self.add(faults);
                        return None;
                    }
                };
                match typed::read(question, &Value::from(text)) {
                    Ok(value) => Some(value),
                    Err(what) => {
                        self.faults.push(words.fault(format!("the default does not fit: {what}")));
                        None
                    }
                }
            }
        }
    }

    fn bad(&mut self, question: &Question, value: &Value, what: String) {
        let name = &question.name.text;
        let shown = match question.kind {
            Kind::Secret => "…".to_owned(),
            Kind::Text | Kind::Int | Kind::Bool | Kind::Choice | Kind::Multi | Kind::Path => {
                plain(value)
            }
        };
        let text = format!("{name} = {shown}");
        let at = name.len() + 3..text.len();
        let fault = ConfigError::new("answers", &text, at, format!("`{name}`: {what}"));
        let help = question.message.clone().or_else(|| question.help.clone());
        self.faults.push(help.into_iter().fold(fault, ConfigError::help));
    }

    fn missing(&mut self, question: &Question) {
        let name = &question.name;
        let help = match &question.ask {
            Some(ask) => format!("{ask}: say --var {}=…", name.text),
            None => format!("say --var {}=…", name.text),
        };
        self.faults.push(name.fault(format!("`{}` has no answer", name.text)).help(help));
    }
}

fn asked(question: &Question, default: Option<Value>) -> Asked {
    let pair = |choice: &Choice| (choice.value.clone(), choice.label.clone());
    Asked {
        name: question.name.text.clone(),
        kind: question.kind,
        ask: question.ask.clone().unwrap_or_default(),
        help: question.help.clone(),
        default,
        choices: question.choices.iter().map(pair).collect(),
    }
}

/// A value as a person would write it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The texts of a template's questions and computed values, by the names they are found with.
pub(crate) fn texts(book: &Book<'_>) -> Vec<(String, Words, Shape)> {
    let mut all = vec![];
    for question in &book.template.questions {
        let name = &question.name.text;
        if let Some(Preset::Words(words)) = &question.default {
            all.push((format!("answers.{name}.default"), words.clone(), Shape::Text));
        }
        for (key, words) in [("valid", &question.valid), ("ask_if", &question.ask_if)] {
            let words = words.iter().cloned();
            all.extend(words.map(|words| (format!("answers.{name}.{key}"), words, Shape::Expr)));
        }
    }
    for computed in &book.template.computed {
        let shape = if computed.is_expr { Shape::Expr } else { Shape::Text };
        all.push((format!("computed.{}", computed.name.text), computed.text.clone(), shape));
    }
    all
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Something to render.
    Text,
    /// Something with a value.
    Expr,
}
