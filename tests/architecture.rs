//! The building inspector: rules about the source that the compiler does not know.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use syn::visit::Visit;

/// Who may import whom. Order is height: a room may only name rooms listed with it here.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("port", &["base"]),
    ("adapter", &["base", "port"]),
    ("pane", &["base"]),
    ("client", &["base"]),
    ("verb", &["base", "client"]),
    ("config", &["base"]),
    ("define", &["base"]),
    ("ledger", &["base", "port", "verb"]),
    ("scaffold", &["base", "define", "port", "verb"]),
    ("inbox", &["base", "define", "port", "verb", "ledger"]),
    ("session", &["base", "define", "port", "verb", "ledger"]),
    ("service", &["base", "define", "port", "verb", "ledger", "session"]),
    ("meter", &["base", "define", "port", "verb", "ledger"]),
    ("guard", &["base", "define"]),
    ("knowledge", &["base", "define", "port", "verb", "ledger", "inbox", "guard"]),
    (
        "agent",
        &[
            "base", "define", "port", "verb", "ledger", "session", "service", "guard", "meter",
            "inbox",
        ],
    ),
    (
        "workflow",
        &[
            "base",
            "define",
            "port",
            "verb",
            "ledger",
            "session",
            "service",
            "guard",
            "meter",
            "inbox",
            "agent",
            "knowledge",
        ],
    ),
    ("trigger", &["base", "define", "port", "verb", "ledger", "inbox", "session"]),
    ("scaffold", &["base", "define", "port", "verb"]),
    ("doctor", &["base"]),
    (
        "daemon",
        &[
            "base",
            "port",
            "adapter",
            "client",
            "config",
            "verb",
            "ledger",
            "inbox",
            "session",
            "service",
            "doctor",
            "meter",
            "guard",
            "agent",
            "knowledge",
            "workflow",
            "trigger",
            "scaffold",
        ],
    ),
    (
        "cli",
        &[
            "base",
            "client",
            "config",
            "verb",
            "ledger",
            "inbox",
            "session",
            "service",
            "doctor",
            "daemon",
            "pane",
            "adapter",
            "port",
            "meter",
            "guard",
            "agent",
            "define",
            "knowledge",
            "workflow",
            "trigger",
            "scaffold",
        ],
    ),
];

/// Rooms that decide and therefore may not touch the world.
const PURE_FILES: &[&str] = &[
    "workflow/output.rs",
    "workflow/start.rs",
    "workflow/tell.rs",
    "agent/queue.rs",
    "agent/door/resolve.rs",
    "agent/wish.rs",
    "agent/words.rs",
    "agent/stats.rs",
    "model.rs",
    "machine.rs",
    "session/env.rs",
    "session/cast.rs",
    "session/target.rs",
    "session/layouts.rs",
    "inbox/find.rs",
    "scaffold/remote/address.rs",
    "scaffold/remote/pick.rs",
    "scaffold/remote/tree.rs",
    "scaffold/update/journal.rs",
    "scaffold/update/report.rs",
    "scaffold/update/weave.rs",
    "knowledge/builtin.rs",
    "knowledge/choose.rs",
    "trigger/fill.rs",
    "trigger/sign.rs",
    "inbox/page.rs",
    "ledger/chain.rs",
    "ledger/record.rs",
    "pane/scan.rs",
];
const PURE_FOLDERS: &[&str] = &[
    "workflow/expr",
    "workflow/file",
    "workflow/schema",
    "workflow/text",
    "workflow/machine",
    "workflow/model",
    "workflow/run",
    "workflow/show",
    "agent/driver",
    "agent/evidence",
    "agent/delivery",
    "agent/file",
    "guard",
    "meter/book",
    "base",
    "config",
    "define",
    "inbox/channel",
    "knowledge/file",
    "knowledge/learn",
    "scaffold/manifest",
    "scaffold/merge",
    "scaffold/trust",
    "session/file",
    "scaffold/answer",
    "scaffold/file",
    "scaffold/model",
    "scaffold/plan",
    "scaffold/render",
    "trigger/cron",
    "trigger/file",
    "session/import",
    "service/file",
    "service/import",
    "service/machine",
    "service/probe",
];
const WORLD: &[&str] = &[
    "tokio",
    "reqwest",
    "axum",
    "async_trait",
    "port",
    "adapter",
    "fs",
    "net",
    "process",
    "thread",
];

const MAX_LINES: usize = 400;

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rust = |path: &PathBuf| path.extension().is_some_and(|e| e == "rs");
    let files =
        walkdir::WalkDir::new(&root).into_iter().map(|e| e.unwrap().into_path()).filter(rust);
    files
        .map(|p| (p.strip_prefix(&root).unwrap().to_owned(), fs::read_to_string(&p).unwrap()))
        .collect()
}

/// Every `a::b::…` path and `use` in non-test code, as segments.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl Paths {
    fn of(text: &str) -> Vec<Vec<String>> {
        let mut paths = Self::default();
        paths.visit_file(&syn::parse_file(text).unwrap());
        paths.0
    }

    fn tree(&mut self, tree: &syn::UseTree, mut so_far: Vec<String>) {
        match tree {
            syn::UseTree::Path(p) => {
                so_far.push(p.ident.to_string());
                self.tree(&p.tree, so_far);
            }
            syn::UseTree::Group(g) => g.items.iter().for_each(|t| self.tree(t, so_far.clone())),
            syn::UseTree::Name(n) => self.0.push([so_far, vec![n.ident.to_string()]].concat()),
            syn::UseTree::Rename(n) => self.0.push([so_far, vec![n.ident.to_string()]].concat()),
            syn::UseTree::Glob(_) => self.0.push(so_far),
        }
    }
}

fn only_for_tests(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|a| {
        a.path().is_ident("cfg")
            && matches!(&a.meta, syn::Meta::List(l) if l.tokens.to_string() == "test")
    })
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !only_for_tests(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, vec![]);
    }
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.push(path.segments.iter().map(|s| s.ident.to_string()).collect());
        syn::visit::visit_path(self, path);
    }
}

fn room(path: &Path) -> String {
    path.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned()
}

#[test]
fn rooms_import_only_what_they_may() {
    let mut faults = BTreeSet::new();
    for (path, text) in sources() {
        let from = room(&path);
        let tests = path.iter().any(|part| part == "tests" || part == "tests.rs");
        if from == "lib" || from == "main" || tests {
            continue;
        }
        let (_, allowed) = MAY_IMPORT
            .iter()
            .find(|(name, _)| *name == from)
            .unwrap_or_else(|| panic!("room `{from}` is not in MAY_IMPORT"));
        for segments in Paths::of(&text) {
            if let [first, to, ..] = &segments[..]
                && first == "crate"
                && *to != from
                && MAY_IMPORT.iter().any(|(name, _)| name == to)
                && !allowed.contains(&to.as_str())
            {
                faults.insert(format!(
                    "{} imports crate::{to}; `{from}` may import only {allowed:?}",
                    path.display()
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn deciding_rooms_do_not_touch_the_world() {
    let mut faults = BTreeSet::new();
    for (path, text) in sources() {
        let pure_folder = PURE_FOLDERS.iter().any(|folder| path.starts_with(folder));
        if PURE_FILES.iter().any(|f| path.ends_with(f)) || pure_folder {
            for segments in Paths::of(&text) {
                // An address is a noun; only a socket touches the world.
                let noun = segments.last().is_some_and(|s| s == "SocketAddr");
                // One word alone is a variable, e.g. a `port`.
                let word = segments.iter().find(|s| WORLD.contains(&s.as_str()));
                let word = word.filter(|_| segments.len() > 1);
                if let Some(word) = word.filter(|_| !noun) {
                    faults.insert(format!(
                        "{} names `{word}` ({})",
                        path.display(),
                        segments.join("::")
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn files_are_short_and_rooms_introduce_themselves() {
    let mut faults = vec![];
    for (path, text) in sources() {
        let lines = text.lines().count();
        if lines > MAX_LINES && !path.ends_with("tests.rs") {
            faults.push(format!("{} has {lines} lines; split it", path.display()));
        }
        if path.ends_with("mod.rs") && !text.starts_with("//!") {
            faults.push(format!("{} does not say what the room is for", path.display()));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
