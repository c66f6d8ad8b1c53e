//! Which files there will be: names, conditions, one file for each of a list, and no two at one
//! place.
//!
//! Pure. `name`: what a part of a path may be; `places`: what meets whom.
//! No path leads out of the project, into `.git` or into gaia's own folder, and none goes through a
//! link.

mod name;
mod places;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::Value;

use super::{
    answer::Settled,
    file::SUFFIX,
    model::{Book, Leaf, Mode},
    render::{Desk, Scope, is_rendered, part_key, rule_key},
};
use crate::{base::ConfigError, define::Faults};
use places::Places;

/// More files are no project's.
const MAX_FILES: usize = 50_000;

/// A file that will be there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planned {
    /// Path below the target.
    pub(crate) path: String,
    /// Path below `files/` of what it comes from; `None` for an empty folder.
    pub(crate) from: Option<String>,
    /// The item it is made for.
    pub(crate) item: Option<Value>,
}

/// Plans all files, sorted by path.
pub(crate) fn plan(
    book: &Book<'_>,
    desk: &Desk,
    settled: &Settled,
) -> Result<Vec<Planned>, Faults> {
    let parts = HashMap::new();
    let mut planner =
        Planner { book, desk, scope: &settled.scope, parts, faults: vec![], planned: vec![] };
    let (mut truths, mut lists) = (HashMap::new(), HashMap::new());
    for (path, leaf) in &book.files {
        let rules = desk.rules(path);
        if !planner.holds(rules, &mut truths) {
            continue;
        }
        match planner.items(rules, &mut lists) {
            None => planner.add(path, leaf, None),
            Some(items) => {
                for item in items {
                    planner.add(path, leaf, Some(item));
                }
            }
        }
        if planner.planned.len() > MAX_FILES {
            let what = format!("this makes more than {MAX_FILES} files");
            return Err(vec![ConfigError::new(&planner.shown(path), "", 0..0, what)]);
        }
    }
    planner.folders();
    let Planner { mut planned, mut faults, .. } = planner;
    planned.sort_by(|a, b| a.path.cmp(&b.path));
    let mut places = Places::default();
    for one in &planned {
        let from = one.from.as_deref().unwrap_or("directories");
        faults.extend(places.take(&one.path, (from, one.from.is_none()), &book.shown(from)));
    }
    if faults.is_empty() { Ok(planned) } else { Err(faults) }
}

/// What is wrong with the path of a template file, whatever the answers are.
pub(crate) fn static_fault(path: &str, leaf: &Leaf<'_>) -> Option<String> {
    let path = path.strip_suffix(SUFFIX).unwrap_or(path);
    let plain = || path.split('/').filter(|part| !is_rendered(part));
    let link = || match leaf.mode {
        Mode::Link if !is_rendered(path) => name::link(path, &leaf.bytes).err(),
        Mode::Link | Mode::Plain | Mode::Exec | Mode::Folder => None,
    };
    plain()
        .find_map(|part| name::check(part).err())
        .or_else(|| name::whole(path).err())
        .or_else(link)
}

struct Planner<'a, 'b> {
    book: &'a Book<'b>,
    desk: &'a Desk,
    scope: &'a Scope,
    /// Rendered parts of paths that depend on no item.
    parts: HashMap<String, String>,
    faults: Faults,
    planned: Vec<Planned>,
}

impl Planner<'_, '_> {
    /// Whether all conditions hold; each is asked once.
    fn holds(&mut self, rules: &[usize], known: &mut HashMap<usize, bool>) -> bool {
        let mut all = true;
        for number in rules.iter().filter(|n| self.book.template.rules[**n].when.is_some()) {
            let truth = *known.entry(*number).or_insert_with(|| {
                self.desk.truth(&rule_key(*number, "when"), self.scope).unwrap_or_else(|faults| {
                    self.faults.extend(faults);
                    false
                })
            });
            all &= truth;
        }
        all
    }

    /// The list that files are made for; the last rule that says one counts.
    fn items(
        &mut self,
        rules: &[usize],
        known: &mut HashMap<usize, Vec<Value>>,
    ) -> Option<Vec<Value>> {
        let each = |number: &&usize| self.book.template.rules[**number].each.as_ref();
        let (number, words) = rules.iter().rev().find_map(|n| Some((*n, each(&n)?)))?;
        let list = known.entry(number).or_insert_with(|| {
            match self.desk.value(&rule_key(number, "each"), self.scope) {
                Ok(Value::Array(all)) => return all,
                Ok(_) => {
                    let fault = words.fault("this is no list");
                    self.faults.push(fault.help("each = \"services\", where services is a list"));
                }
                Err(faults) => self.faults.extend(faults),
            }
            vec![]
        });
        Some(list.clone())
    }

    fn shown(&self, path: &str) -> String {
        self.book.shown(path)
    }

    fn add(&mut self, from: &str, leaf: &Leaf<'_>, item: Option<Value>) {
        let scope = item.as_ref().map(|item| self.scope.with("item", item));
        let template = from.strip_suffix(SUFFIX).unwrap_or(from);
        let mut parts: Vec<String> = vec![];
        for part in template.split('/') {
            let part = match self.part(part, scope.as_ref()) {
                Ok(part) => part,
                Err(faults) => return self.faults.extend(faults),
            };
            // A part that comes out empty leaves the file out.
            if part.is_empty() {
                return;
            }
            if let Err(what) = name::check(&part) {
                let (shown, end) = (self.shown(from), from.len());
                self.faults.push(ConfigError::new(&shown, from, 0..end, what));
                return;
            }
            parts.push(part);
        }
        let path = parts.join("/");
        let fault = name::whole(&path).err().or_else(|| match leaf.mode {
            Mode::Link => name::link(&path, &leaf.bytes).err(),
            Mode::Plain | Mode::Exec | Mode::Folder => None,
        });
        match fault {
            Some(what) => {
                let (shown, end) = (self.shown(from), from.len());
                self.faults.push(ConfigError::new(&shown, from, 0..end, what));
            }
            None => self.planned.push(Planned { path, from: Some(from.to_owned()), item }),
        }
    }

    fn part(&mut self, part: &str, own: Option<&Scope>) -> Result<String, Faults> {
        if !is_rendered(part) {
            return Ok(part.to_owned());
        }
        if let Some(scope) = own {
            return self.desk.text(&part_key(part), scope);
        }
        if let Some(known) = self.parts.get(part) {
            return Ok(known.clone());
        }
        let text = self.desk.text(&part_key(part), self.scope)?;
        self.parts.insert(part.to_owned(), text.clone());
        Ok(text)
    }

    /// Folders that nothing else makes.
    fn folders(&mut self) {
        for (number, words) in self.book.template.folders.iter().enumerate() {
            let path = match self.desk.text(&format!("folders.{number}"), self.scope) {
                Ok(path) => path.trim_end_matches('/').to_owned(),
                Err(faults) => {
                    self.faults.extend(faults);
                    continue;
                }
            };
            let parts = path.split('/').try_for_each(name::check);
            if let Err(what) = parts.and_then(|()| name::whole(&path)) {
                self.faults.push(words.fault(what));
                continue;
            }
            let inside = format!("{path}/");
            let made = |one: &Planned| one.path.starts_with(&inside) || one.path == path;
            if !self.planned.iter().any(made) {
                self.planned.push(Planned { path, from: None, item: None });
            }
        }
    }
}
