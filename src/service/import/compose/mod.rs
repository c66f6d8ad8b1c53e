//! Compose files. What needs a container engine keeps it: one service runs `docker compose up` for
//! all of that. The rest, and what the catalog has too if that is wanted, become services.

mod containers;
mod depends;
mod keys;
mod native;
mod part;
mod shared;

use super::{Beside, draft::DraftService, edges, names::Names, sheet::Sheet};
use crate::define::yaml::{Key, Node, Value};

/// What becomes of a service of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It runs as it is.
    Program,
    /// `docker compose` runs it.
    Container,
    /// This entry of the catalog runs it.
    Native(&'static str),
}

/// The services of a file, each with what becomes of it.
struct Parts<'n> {
    all: Vec<(&'n Key, &'n Node, Fate)>,
    names: Names,
    /// Name of the service that runs the containers.
    engine: String,
}

impl Parts<'_> {
    /// What becomes of the service of this name.
    fn fate(&self, name: &str) -> Option<Fate> {
        self.all.iter().find(|(key, ..)| key.text == name).map(|(.., fate)| *fate)
    }

    /// The name that a service of the file has now; that of the engine for a container.
    fn now(&self, name: &str) -> Option<&str> {
        match self.fate(name)? {
            Fate::Container => Some(&self.engine),
            Fate::Program | Fate::Native(_) => self.names.get(name),
        }
    }
}

pub(super) fn read(
    sheet: &mut Sheet<'_>,
    top: &Node,
    beside: Beside<'_>,
    native: bool,
) -> Vec<DraftService> {
    let mut fields = sheet.fields(top, "", "compose file");
    let list = fields.take("services");
    let include = fields.take("include");
    // These are about containers, and docker compose goes on reading them.
    for key in ["version", "name", "networks", "volumes", "secrets", "configs", "models"] {
        fields.take(key);
    }
    fields.done(
        sheet,
        &[("processes", "this is no process-compose file: they stand under services:")],
    );
    if include.is_some() {
        sheet.leave("", "include", "the services of those files are not among the named ones");
    }
    let Some(list) = list.filter(|list| matches!(list.value, Value::Table(_))) else {
        sheet.wrong(
            &top.at,
            "this file has no table of `services`",
            "write services: and the services below it",
        );
        return vec![];
    };
    for (key, node) in list.entries() {
        keys::check(sheet, key, node);
    }
    let parts = sort(sheet, &list, native);
    services(sheet, &parts, (top, beside))
}

/// Says what becomes of each, and gives names to those that are services here.
fn sort<'n>(sheet: &mut Sheet<'_>, list: &'n Node, native: bool) -> Parts<'n> {
    let (mut all, mut names) = (Vec::new(), Names::default());
    for (key, node) in list.entries() {
        let Some(fate) = fate(sheet, key, node, native) else { continue };
        all.push((key, node, fate));
    }
    let mut named: Vec<_> = all.iter().filter(|(.., fate)| *fate != Fate::Container).collect();
    named.sort_by_key(|(_, node, _)| part::replicas(node) == 1);
    for (key, node, _) in named {
        names.add(sheet, &key.text, part::replicas(node));
    }
    let engine = match all.iter().any(|(.., fate)| *fate == Fate::Container) {
        true => names.free("compose"),
        false => String::new(),
    };
    Parts { all, names, engine }
}

fn fate(sheet: &mut Sheet<'_>, key: &Key, node: &Node, native: bool) -> Option<Fate> {
    let has = |key: &str| node.get(key).is_some_and(|node| node.value != Value::Nothing);
    let entry = node.get("image").and_then(native::entry).filter(|_| !has("build"));
    if let Some(entry) = entry {
        if native {
            return Some(Fate::Native(entry));
        }
        sheet.note(&key.text, &format!("use = \"{entry}\" would run it without a container"));
    }
    if ["image", "build", "extends", "provider"].into_iter().any(has) {
        return Some(Fate::Container);
    }
    if has("command") || has("entrypoint") {
        return Some(Fate::Program);
    }
    if !keys::are_known(node) {
        // What it runs may stand under the mistyped one.
        return None;
    }
    let help = "give it an image:, build: or command:, or carry over the file that has them";
    sheet.wrong(&key.at, format!("`{}` runs nothing", key.text), help);
    None
}

fn services(
    sheet: &mut Sheet<'_>,
    parts: &Parts<'_>,
    (top, beside): (&Node, Beside<'_>),
) -> Vec<DraftService> {
    let (mut services, mut wanted) = (Vec::new(), Vec::new());
    for (key, node, fate) in &parts.all {
        let name = parts.now(&key.text).unwrap_or_default();
        match fate {
            Fate::Container => (),
            Fate::Program => services.push(part::read(sheet, name, node, beside)),
            Fate::Native(entry) => services.push(native::read(sheet, name, (entry, node), beside)),
        }
    }
    services.extend(containers::read(sheet, parts, top));
    for (key, node, _) in &parts.all {
        depends::read(sheet, parts, (&key.text, node), &mut wanted);
    }
    edges::tie(sheet, &mut services, wanted);
    services
}
