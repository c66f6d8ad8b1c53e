//! Every decision about an item: what may be raised, what is an answer, what time does to it.
#![deny(clippy::wildcard_enum_match_arm)]

use super::model::{Answer, Choice, Item, NewItem, State, Who};
use crate::base::{Code, ItemId, Moment, Refusal, plain};

/// Longest title, in characters.
const TITLE: usize = 200;
/// Longest body or answer, in bytes.
pub(super) const TEXT: usize = 16 << 10;
/// Most choices.
const CHOICES: usize = 20;

/// The item that is raised, or why it makes no sense.
pub(super) fn raise(new: NewItem, id: ItemId, now: Moment) -> Result<Item, Refusal> {
    let title = printable(new.title.lines().next().unwrap_or("").trim());
    if title.is_empty() {
        return Err(invalid("an item of the inbox needs a title")
            .help("say in one line what a person has to decide"));
    }
    if new.body.len() > TEXT {
        return Err(invalid("the text of an item is longer than 16 KiB")
            .help("say the gist of it, and name the file that has the rest"));
    }
    let item = Item {
        id,
        kind: new.kind,
        workspace: new.workspace,
        agent: new.agent.map(|agent| printable(&agent)),
        task: new.task.map(|task| printable(&task)),
        title: title.chars().take(TITLE).collect(),
        body: printable(new.body.trim_end()),
        options: choices(new.options)?,
        raised: now,
        expires: new.expires,
        on_expiry: None,
        state: State::Open,
        key: new.key,
    };
    let on_expiry = new.on_expiry.map(|answer| fit(&item, answer)).transpose()?;
    Ok(Item { on_expiry, ..item })
}

/// Choices a person can tell apart.
fn choices(options: Vec<Choice>) -> Result<Vec<Choice>, Refusal> {
    if options.len() > CHOICES {
        return Err(invalid(format!("there are more than {CHOICES} options")));
    }
    let mut clean: Vec<Choice> = Vec::new();
    for Choice { id, words } in options {
        let choice = Choice { id: printable(id.trim()), words: printable(words.trim()) };
        if choice.id.is_empty() || clean.iter().any(|c| c.id.eq_ignore_ascii_case(&choice.id)) {
            return Err(invalid(format!("the option `{}` is empty or there twice", choice.id))
                .help("give each option a word of its own"));
        }
        clean.push(choice);
    }
    Ok(clean)
}

/// The item with this answer; refused if it is closed, or if that is no answer to it.
pub(super) fn answer(item: &Item, answer: Answer, who: Who, now: Moment) -> Result<Item, Refusal> {
    require_open(item)?;
    let answer = fit(item, answer)?;
    let Who { by, via } = who;
    let state = State::Answered { answer, by: printable(&by), via, at: now };
    Ok(Item { state, ..item.clone() })
}

/// The item if nobody wants it any more.
pub(super) fn withdraw(item: &Item, why: &str, now: Moment) -> Result<Item, Refusal> {
    require_open(item)?;
    let state = State::Withdrawn { why: printable(why), at: now };
    Ok(Item { state, ..item.clone() })
}

/// The item if its time is over.
pub(super) fn expire(item: &Item, now: Moment) -> Option<Item> {
    let over = item.is_open() && item.expires.is_some_and(|at| at <= now);
    over.then(|| {
        let state = State::Expired { answer: item.on_expiry.clone(), at: now };
        Item { state, ..item.clone() }
    })
}

fn require_open(item: &Item) -> Result<(), Refusal> {
    let id = &item.id;
    let said = |answer: &Answer| answer.show();
    let message = match &item.state {
        State::Open => return Ok(()),
        State::Answered { answer, by, via, at } => {
            let (said, at) = (said(answer), at.show());
            format!("{id} was answered by {by} ({via}) at {at}: {said}")
        }
        State::Expired { answer, at } => {
            let taken = answer.as_ref().map_or("nothing".to_owned(), said);
            format!("{id} expired at {}; taken for the answer: {taken}", at.show())
        }
        State::Withdrawn { why, at } => format!("{id} was withdrawn at {}: {why}", at.show()),
    };
    Err(Refusal::new(Code::Failed, message).help("`gaia inbox` lists what is open"))
}

/// The answer as it is stored, if it is one to this item.
fn fit(item: &Item, answer: Answer) -> Result<Answer, Refusal> {
    let id = &item.id;
    let clean = |text: Option<String>| {
        text.map(|text| printable(text.trim())).filter(|text| !text.is_empty())
    };
    let Answer { text, option, allow, reason } = answer;
    let mut answer = Answer { text: clean(text), option, allow, reason: clean(reason) };
    let longest = [&answer.text, &answer.reason].into_iter().flatten().map(String::len).max();
    if longest.unwrap_or(0) > TEXT {
        return Err(invalid("the answer is longer than 16 KiB").help("name a file instead"));
    }
    if let Some(text) = answer.text.take_if(|text| choice(&item.options, text).is_some()) {
        answer.option = Some(text);
    }
    if let Some(word) = &answer.option {
        answer.option = Some(choice(&item.options, word).ok_or_else(|| no_option(item, word))?);
    }
    if answer.allow.is_some() && !item.kind.takes_verdict() {
        return Err(invalid(format!("{id} is a question: yes or no is no answer"))
            .help(format!("gaia answer {id} TEXT")));
    }
    if let (Some(text), false) = (&answer.text, item.kind.takes_text()) {
        // With a choice or a verdict it is a remark.
        if answer.allow.is_none() && answer.option.is_none() {
            return Err(invalid(format!("{id} wants a yes or a no, not words"))
                .help(format!("gaia approve {id} or gaia deny {id} --reason {text:?}")));
        }
    }
    if answer.text.is_none() && answer.option.is_none() && answer.allow.is_none() {
        return Err(invalid(format!("there is no answer to {id}"))
            .help(format!("gaia answer {id} TEXT, gaia approve {id} or gaia deny {id}")));
    }
    Ok(answer)
}

/// The id of the choice that a word means: its id, or its place counted from 1.
fn choice(options: &[Choice], word: &str) -> Option<String> {
    let word = word.trim();
    let by_id = options.iter().find(|choice| choice.id.eq_ignore_ascii_case(word));
    let by_place = || options.get(word.parse::<usize>().ok()?.checked_sub(1)?);
    by_id.or_else(by_place).map(|choice| choice.id.clone())
}

fn no_option(item: &Item, word: &str) -> Refusal {
    let refusal = invalid(format!("{} has no option `{word}`", item.id));
    let ids: Vec<&str> = item.options.iter().map(|choice| choice.id.as_str()).collect();
    match ids.is_empty() {
        true => refusal.help(format!("it has none: gaia answer {} TEXT", item.id)),
        false => refusal.help(format!("one of {}, or 1 to {}", ids.join(", "), ids.len())),
    }
}

/// The answer that a person's reply in words stands for, wherever it comes from.
pub(super) fn read_reply(item: &Item, reply: &str) -> Answer {
    let reply = reply.trim();
    let (first, rest) = reply.split_once(char::is_whitespace).unwrap_or((reply, ""));
    let word = first.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let allow = match word.as_str() {
        "yes" | "y" | "ok" | "approve" | "allow" => Some(true),
        "no" | "n" | "deny" | "refuse" => Some(false),
        _ => None,
    };
    let is_choice = choice(&item.options, reply).is_some();
    match allow.filter(|_| item.kind.takes_verdict() && !is_choice) {
        // Where words are an answer too, only a bare yes or no is a verdict.
        Some(_) if item.kind.takes_text() && !rest.trim().is_empty() => Answer::text(reply),
        Some(allow) => {
            let reason = rest.trim();
            Answer::verdict(allow, (!reason.is_empty()).then(|| reason.to_owned()))
        }
        None => Answer::text(reply),
    }
}

/// Text without anything that a terminal would take for more than text.
pub(super) fn printable(text: &str) -> String {
    plain(text).chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

fn invalid(message: impl ToString) -> Refusal {
    Refusal::new(Code::Invalid, message)
}

#[cfg(test)]
mod tests;
