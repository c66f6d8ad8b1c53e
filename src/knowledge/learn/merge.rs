use super::{Proposal, diff, edit};
use crate::{
    base::{Code, Name, Refusal, faults_refusal, nearest},
    knowledge::{
        file::{load, write},
        model::Expert,
    },
};

/// Longest file that learning makes, in bytes: a person shall be able to read it.
const LONGEST: usize = 128 << 10;

/// What a proposal makes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Merged {
    /// The whole new file.
    pub(crate) text: String,
    /// What changes, line by line.
    pub(crate) diff: String,
    /// The change in a few words.
    pub(crate) gist: String,
}

/// The text of an expert with what a proposal says; `old` is `None` for one that is not there yet.
/// All that is wrong is told at once.
pub(crate) fn merge(
    name: &Name,
    old: Option<&str>,
    proposal: &Proposal,
) -> Result<Merged, Refusal> {
    let path = format!("{name}.yaml");
    let before = match old {
        None => Expert::new(name.clone()),
        Some(text) => {
            load(&path, name, text.as_bytes()).map_err(|faults| faults_refusal(&faults))?
        }
    };
    let mut faults = proposal.faults();
    let after = apply(&before, proposal, &mut faults);
    if after.about.is_empty() && proposal.about.is_none() {
        faults.push("about: an expert that is new needs it".to_owned());
    }
    if faults.is_empty() && after == before {
        faults.push("it changes nothing: all of it is known".to_owned());
    }
    if !faults.is_empty() {
        let message = format!("the expert `{name}` cannot learn this:\n- {}", faults.join("\n- "));
        return Err(Refusal::new(Code::Invalid, message)
            .help(format!("`gaia expert show {name}` shows what it knows")));
    }
    let text = match old {
        Some(old) => edit::edit(old, &before, &after),
        None => write(&after),
    };
    // What is written is what is read: else nothing is written.
    let back = load(&path, name, text.as_bytes()).map_err(|faults| faults_refusal(&faults))?;
    if back != after {
        return Err(Refusal::broken("the merged text reads back as something else"));
    }
    if text.len() > LONGEST {
        let message = format!("the expert `{name}` would have {} bytes", text.len());
        return Err(Refusal::new(Code::Invalid, message)
            .help(format!("{LONGEST} are the most: remove what is not needed any more")));
    }
    let diff = diff(old.unwrap_or(""), &text);
    Ok(Merged { text, diff, gist: gist(&before, &after) })
}

fn apply(before: &Expert, proposal: &Proposal, faults: &mut Vec<String>) -> Expert {
    let mut after = before.clone();
    if let Some(about) = &proposal.about {
        after.about = about.trim().to_owned();
    }
    for (key, change) in proposal.lists() {
        let list = after.list_mut(key);
        for text in &change.remove {
            let text = text.trim();
            match list.iter().position(|known| known == text) {
                Some(at) => drop(list.remove(at)),
                None => faults.push(not_there(key, text, list.iter().map(String::as_str))),
            }
        }
        for text in change.add.iter().map(|text| text.trim()) {
            if !list.iter().any(|known| known == text) {
                list.push(text.to_owned());
            }
        }
    }
    let commands = &mut after.commands;
    for name in &proposal.commands.remove {
        match commands.iter().position(|(known, _)| known == name) {
            Some(at) => drop(commands.remove(at)),
            None => {
                let known = commands.iter().map(|(known, _)| known.as_str());
                faults.push(not_there("commands", name, known));
            }
        }
    }
    for (name, line) in &proposal.commands.add {
        let line = line.trim().to_owned();
        match commands.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = line,
            None => commands.push((name.clone(), line)),
        }
    }
    after
}

fn not_there<'a>(key: &str, text: &str, known: impl Iterator<Item = &'a str>) -> String {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    let near = nearest(text, known).map(|near| format!("; there is `{near}`"));
    format!("{key}.remove: there is no `{shown}`{}", near.unwrap_or_default())
}

/// How much is added and taken away, in a few words.
fn gist(before: &Expert, after: &Expert) -> String {
    let mut all = vec![];
    if before.about != after.about {
        all.push("about".to_owned());
    }
    let mut count = |key: &str, old: &[String], new: &[String]| {
        let more = new.iter().filter(|text| !old.contains(text)).count();
        let less = old.iter().filter(|text| !new.contains(text)).count();
        let part = |sign: &str, n: usize| if n > 0 { format!(" {sign}{n}") } else { String::new() };
        if more + less > 0 {
            all.push(format!("{key}{}{}", part("+", more), part("-", less)));
        }
    };
    for key in crate::knowledge::file::LISTS {
        count(key, before.list(key), after.list(key));
    }
    let lines = |expert: &Expert| -> Vec<String> {
        expert.commands.iter().map(|(name, line)| format!("{name}: {line}")).collect()
    };
    count("commands", &lines(before), &lines(after));
    all.join(", ")
}
