use std::collections::BTreeSet;

use super::globs::inside;

/// A dependency that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dependency {
    /// Its name, as its kind compares names.
    pub(super) name: String,
    /// Where it comes from, if that is not where its kind usually comes from.
    pub(super) from: Option<String>,
}

/// Keys of a table that name a place, for Rust and for Python.
const PLACES: &[&str] = &["git", "registry", "registry-index", "url", "index", "source"];

/// Whether gaia reads the dependencies of a file of this name: its text is needed, then.
#[must_use]
pub fn is_manifest(path: &str) -> bool {
    kind(path).is_some()
}

#[derive(Clone, Copy)]
enum Kind {
    Cargo,
    Package,
    PyProject,
    Requirements,
    GoMod,
}

fn kind(path: &str) -> Option<Kind> {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let in_requirements = path.split('/').rev().nth(1) == Some("requirements");
    Some(match name.as_str() {
        "cargo.toml" => Kind::Cargo,
        "package.json" => Kind::Package,
        "pyproject.toml" => Kind::PyProject,
        "go.mod" => Kind::GoMod,
        name if !name.ends_with(".txt") && !name.ends_with(".in") => return None,
        name if in_requirements || name.contains("requirements") => Kind::Requirements,
        _ => return None,
    })
}

/// What a manifest names; `Err` if it cannot be read.
pub(super) fn read(path: &str, text: &str) -> Result<BTreeSet<Dependency>, ()> {
    let mut found = Found { folder: folder(path), all: BTreeSet::new() };
    match kind(path) {
        Some(Kind::Cargo) => found.cargo(&text.parse().map_err(drop)?),
        Some(Kind::PyProject) => found.python(&text.parse().map_err(drop)?),
        Some(Kind::Package) => found.package(&serde_json::from_str(text).map_err(drop)?)?,
        Some(Kind::Requirements) => found.requirements(text),
        Some(Kind::GoMod) => found.go(text),
        None => (),
    }
    Ok(found.all)
}

fn folder(path: &str) -> String {
    path.rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/"))
}

struct Found {
    folder: String,
    all: BTreeSet<Dependency>,
}

impl Found {
    fn add(&mut self, name: &str, from: Option<String>) {
        self.all.insert(Dependency { name: name.to_owned(), from });
    }

    /// A path inside the worktree is its own code, no dependency.
    fn at_path(&mut self, name: &str, path: &str) {
        if inside(&format!("{}{path}", self.folder)).is_none() || path.starts_with('/') {
            self.add(name, Some(path.to_owned()));
        }
    }

    fn cargo(&mut self, root: &toml::Table) {
        for (key, value) in root {
            match value {
                toml::Value::Table(table) if key.ends_with("dependencies") => self.crates(table),
                toml::Value::Table(table) if key == "patch" => {
                    table.values().filter_map(toml::Value::as_table).for_each(|t| self.crates(t));
                }
                toml::Value::Table(table) if key == "replace" => self.crates(table),
                toml::Value::Table(table) if key == "workspace" => self.cargo(table),
                toml::Value::Table(table) if key == "target" => {
                    table.values().filter_map(toml::Value::as_table).for_each(|t| self.cargo(t));
                }
                _ => (),
            }
        }
    }

    fn crates(&mut self, table: &toml::Table) {
        for (key, value) in table {
            let text = |word: &str| value.get(word).and_then(toml::Value::as_str);
            let name = text("package").unwrap_or(key).replace('_', "-");
            let from = PLACES.iter().find_map(|place| text(place));
            match (from, text("path")) {
                (Some(from), _) => self.add(&name, Some(from.to_owned())),
                (None, Some(path)) => self.at_path(&name, path),
                // The root of a workspace names it, and is judged by itself.
                (None, None) if value.get("workspace").is_some() => (),
                (None, None) => self.add(&name, None),
            }
        }
    }

    fn package(&mut self, root: &serde_json::Value) -> Result<(), ()> {
        let object = root.as_object().ok_or(())?;
        let lists = object.iter().filter(|(key, _)| key.to_lowercase().ends_with("dependencies"));
        for (name, version) in lists.filter_map(|(_, list)| list.as_object()).flatten() {
            let version = version.as_str().unwrap_or_default();
            if let Some(other) = version.strip_prefix("npm:") {
                let end = other.rfind('@').filter(|at| *at > 0).unwrap_or(other.len());
                self.add(&other[..end].to_lowercase(), None);
            } else if let Some(path) =
                ["file:", "link:", "portal:"].iter().find_map(|p| version.strip_prefix(p))
            {
                self.at_path(name, path);
            } else if version.starts_with("workspace:") || version.starts_with("catalog:") {
            } else if version.contains([':', '/']) {
                self.add(&name.to_lowercase(), Some(version.to_owned()));
            } else {
                self.add(&name.to_lowercase(), None);
            }
        }
        for key in ["overrides", "resolutions"] {
            let names = object.get(key).and_then(serde_json::Value::as_object);
            for (name, to) in names.into_iter().flatten() {
                self.add(&name.to_lowercase(), Some(format!("{key}: {to}")));
            }
        }
        Ok(())
    }

    fn python(&mut self, root: &toml::Table) {
        let root = toml::Value::Table(root.clone());
        let at = |path: &str| path.split('.').try_fold(&root, |value, key| value.get(key));
        for list in ["project.dependencies", "build-system.requires", "tool.uv.dev-dependencies"] {
            self.python_list(at(list));
        }
        for table in ["project.optional-dependencies", "dependency-groups"] {
            let lists = at(table).and_then(toml::Value::as_table);
            lists.into_iter().flatten().for_each(|(_, list)| self.python_list(Some(list)));
        }
        for table in ["tool.poetry.dependencies", "tool.poetry.dev-dependencies", "tool.uv.sources"]
        {
            self.python_table(at(table));
        }
        let groups = at("tool.poetry.group").and_then(toml::Value::as_table);
        for (_, group) in groups.into_iter().flatten() {
            self.python_table(group.get("dependencies"));
        }
        for index in ["tool.uv.index", "tool.poetry.source"] {
            let all = at(index).and_then(toml::Value::as_array);
            for url in all.into_iter().flatten().filter_map(|index| index.get("url")) {
                self.add("index", url.as_str().map(str::to_owned));
            }
        }
    }

    fn python_list(&mut self, list: Option<&toml::Value>) {
        let all = list.and_then(toml::Value::as_array).into_iter().flatten();
        all.filter_map(toml::Value::as_str).for_each(|text| self.requirement(text));
    }

    fn python_table(&mut self, table: Option<&toml::Value>) {
        for (key, value) in table.and_then(toml::Value::as_table).into_iter().flatten() {
            let text = |word: &str| value.get(word).and_then(toml::Value::as_str);
            let name = python_name(key);
            match (PLACES.iter().find_map(|place| text(place)), text("path")) {
                (Some(from), _) => self.add(&name, Some(from.to_owned())),
                (None, Some(path)) => self.at_path(&name, path),
                (None, None) if key == "python" || value.get("workspace").is_some() => (),
                (None, None) => self.add(&name, None),
            }
        }
    }

    fn requirements(&mut self, text: &str) {
        let text = text.replace("\\\r\n", "").replace("\\\n", "");
        for line in text.lines() {
            let line = line.split(" #").next().unwrap_or(line).trim();
            if !line.is_empty() && !line.starts_with('#') {
                self.requirement(line);
            }
        }
    }

    /// One requirement of Python: `name[extra]>=1`, `name @ url`, a url, or an option.
    fn requirement(&mut self, line: &str) {
        if let Some(option) = line.strip_prefix('-') {
            let (word, value) = option
                .trim_start_matches('-')
                .split_once([' ', '='])
                .unwrap_or((option.trim_start_matches('-'), ""));
            match word {
                "r" | "requirement" | "c" | "constraint" => self.at_path("file", value.trim()),
                "e" | "editable" => self.place(value.trim()),
                "hash" => (),
                _ => self.add("option", Some(line.to_owned())),
            }
            return;
        }
        let end = line.find(|c: char| !c.is_ascii_alphanumeric() && !"._-".contains(c));
        let (name, rest) = line.split_at(end.unwrap_or(line.len()));
        let rest = rest.trim_start();
        if name.is_empty() || rest.starts_with([':', '/', '+']) {
            return self.place(line);
        }
        let from = rest
            .split_once('@')
            .filter(|(before, _)| before.trim().is_empty() || before.trim().starts_with('['));
        self.add(&python_name(name), from.map(|(_, url)| url.trim().to_owned()));
    }

    fn place(&mut self, text: &str) {
        if text.contains(':') {
            self.add("url", Some(text.to_owned()));
        } else {
            self.at_path("path", text);
        }
    }

    fn go(&mut self, text: &str) {
        let mut block = String::new();
        for line in text.lines() {
            let line = line.split("//").next().unwrap_or("").trim();
            let words: Vec<&str> = line.split_whitespace().collect();
            let (verb, rest) = match &words[..] {
                [")"] => {
                    block.clear();
                    continue;
                }
                [verb, "("] => {
                    (*verb).clone_into(&mut block);
                    continue;
                }
                [verb, rest @ ..] if block.is_empty() => (*verb, rest),
                rest => (block.as_str(), rest),
            };
            match (verb, rest) {
                ("require" | "tool", [name, ..]) => self.add(name.trim_matches('"'), None),
                ("replace", all) => {
                    let at = all.iter().position(|word| *word == "=>");
                    if let (Some(name), Some(to)) = (all.first(), at.and_then(|at| all.get(at + 1)))
                    {
                        if to.starts_with('.') || to.starts_with('/') {
                            self.at_path(name, to);
                        } else {
                            self.add(name, Some((*to).to_owned()));
                        }
                    }
                }
                _ => (),
            }
        }
    }
}

/// The name of a Python package as its index compares it.
fn python_name(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        let c = if "._-".contains(c) { '-' } else { c.to_ascii_lowercase() };
        if c != '-' || !out.ends_with('-') {
            out.push(c);
        }
    }
    out
}
