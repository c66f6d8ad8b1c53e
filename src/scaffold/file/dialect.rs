//! One YAML file that is a whole template: variables, folders, files, commands. In its texts
//! `{{.name}}` means `{{ name }}`.

use std::borrow::Cow;

use super::{FILES, Leaves, SUFFIX, question};
use crate::{
    base::nearest,
    define::{
        Faults, Page,
        yaml::{self, Node, Value},
    },
    scaffold::model::{Hooks, Kind, Leaf, Mode, Preset, Question, Sheet, Template, Tree, Words},
};

const KEYS: &[&str] = &[
    "name",
    "version",
    "description",
    "language",
    "framework",
    "variables",
    "directories",
    "files",
    "hooks",
];

/// Reads it; files that it names beside itself are taken from the tree.
pub(super) fn read<'a>(
    page: &Page<'_>,
    tree: &'a Tree,
    faults: &mut Faults,
) -> Option<(Template, Leaves<'a>)> {
    let root = yaml::parse(page, faults)?;
    let before = faults.len();
    let mut reader = Reader { page, sheet: Sheet::new(page.path, page.text), faults };
    reader.known(&root, KEYS);
    let text = |key: &str| root.get(key).and_then(word).unwrap_or_default().to_owned();
    let version = reader.version(&root);
    let questions = reader.variables(&root);
    let folders = reader.list(&root, "directories").iter().filter_map(word);
    let folders = folders.map(|path| reader.words(&root, &of_dots(path))).collect();
    let leaves = reader.files(&root, tree);
    let tags = [text("language"), text("framework")];
    let template = Template {
        name: tree.name.clone(),
        version: version?,
        about: text("description"),
        tags: tags.into_iter().filter(|tag| !tag.is_empty()).collect(),
        hidden: false,
        extends: None,
        questions,
        computed: vec![],
        rules: vec![],
        folders,
        hooks: reader.hooks(&root),
        trials: vec![],
        check: vec![],
        migrations: vec![],
    };
    (reader.faults.len() == before).then_some((template, leaves))
}

/// `{{.name}}` as `{{ name}}`: as long as before, so that places stay.
fn of_dots(text: &str) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let (before, after) = rest.split_at(at + 2);
        done.push_str(before);
        let dash = usize::from(after.starts_with('-'));
        let blank = after[dash..].len() - after[dash..].trim_start_matches([' ', '\t']).len();
        let lead = dash + blank;
        rest = after;
        let mut next = after[lead..].chars();
        if next.next() == Some('.') && next.next().is_some_and(|c| c.is_alphabetic() || c == '_') {
            done.push_str(&after[..lead]);
            done.push(' ');
            rest = &after[lead + 1..];
        }
    }
    done.push_str(rest);
    done
}

fn word(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Text(text) => Some(text),
        Value::Nothing | Value::List(_) | Value::Table(_) => None,
    }
}

struct Reader<'p, 'f> {
    page: &'p Page<'p>,
    sheet: Sheet,
    faults: &'f mut Faults,
}

impl Reader<'_, '_> {
    fn fault(&mut self, node: &Node, what: impl Into<String>, help: &str) {
        let fault = self.page.fault(node.at.clone(), what);
        self.faults.push(if help.is_empty() { fault } else { fault.help(help) });
    }

    fn words(&self, node: &Node, text: &str) -> Words {
        Words { text: text.to_owned(), at: node.at.clone(), sheet: self.sheet.clone() }
    }

    fn known(&mut self, node: &Node, known: &[&str]) {
        if !matches!(node.value, Value::Table(_)) {
            let what = format!("this is {}, and a table is wanted", node.kind());
            self.fault(node, what, &format!("known keys: {}", known.join(", ")));
        }
        for (key, _) in node.entries() {
            if !known.contains(&key.text.as_str()) {
                let near = nearest(&key.text, known.iter().copied());
                let help = near.map_or_else(
                    || format!("known here: {}", known.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                let what = format!("there is no key `{}` here", key.text);
                self.faults.push(self.page.fault(key.at.clone(), what).help(help));
            }
        }
    }

    fn list<'n>(&mut self, node: &'n Node, key: &str) -> &'n [Node] {
        match node.get(key) {
            None => &[],
            Some(node) => match &node.value {
                Value::List(all) => all,
                Value::Nothing => &[],
                Value::Text(_) | Value::Table(_) => {
                    self.fault(
                        node,
                        format!("`{key}` is {}, and a list is wanted", node.kind()),
                        "",
                    );
                    &[]
                }
            },
        }
    }

    /// What a person did not number is the first.
    fn version(&mut self, root: &Node) -> Option<semver::Version> {
        let Some(node) = root.get("version") else { return Some(semver::Version::new(1, 0, 0)) };
        let version = word(node).and_then(|text| text.parse().ok());
        if version.is_none() {
            self.fault(node, "this is no version", "write three numbers, e.g. 1.0.0");
        }
        version
    }

    fn variables(&mut self, root: &Node) -> Vec<Question> {
        let mut all: Vec<Question> = vec![];
        for node in self.list(root, "variables") {
            self.known(node, &["name", "required", "default", "description"]);
            let Some((place, name)) = node.get("name").and_then(|n| Some((n, word(n)?))) else {
                self.fault(node, "this variable has no name", "write name: project");
                continue;
            };
            if !question::good_name(name) || question::TAKEN.contains(&name) {
                let help = "use small letters, digits and _, beginning with a letter";
                self.fault(place, format!("`{name}` cannot be the name of a value"), help);
            }
            if all.iter().any(|known| known.name.text == name) {
                self.fault(place, format!("`{name}` is there already"), "");
            }
            let default = node.get("default").and_then(|d| Some((d, word(d)?)));
            let default = default.map(|(at, text)| self.words(at, &of_dots(text)));
            let required = match node.get("required").map(|node| (node, word(node))) {
                None | Some((_, Some("false"))) => false,
                Some((_, Some("true"))) => true,
                Some((node, _)) => {
                    self.fault(node, "`required` is true or false", "");
                    false
                }
            };
            let nothing = (!required).then(|| self.words(node, ""));
            let text = |key: &str| node.get(key).and_then(word).map(str::to_owned);
            all.push(Question {
                name: self.words(place, name),
                kind: Kind::Text,
                ask: Some(text("description").unwrap_or_else(|| name.to_owned())),
                help: None,
                default: default.or(nothing).map(Preset::Words),
                choices: vec![],
                pattern: None,
                min: required.then_some(1),
                max: None,
                valid: None,
                message: None,
                ask_if: None,
            });
        }
        all
    }

    fn files<'a>(&mut self, root: &Node, tree: &'a Tree) -> Leaves<'a> {
        let mut leaves = Leaves::new();
        for node in self.list(root, "files") {
            self.known(node, &["path", "template"]);
            let Some(path) = node.get("path").and_then(word).filter(|path| !path.is_empty()) else {
                self.fault(node, "this file has no path", "write path: cmd/main.go");
                continue;
            };
            let Some(text) = node.get("template").and_then(word) else {
                self.fault(node, "this file has no text", "write template: | and the text below");
                continue;
            };
            // One line that names a file beside this one stands for that file's text.
            let named = tree.files.get(text.trim()).filter(|_| !text.contains('\n'));
            let named = named.map(|file| String::from_utf8_lossy(&file.bytes));
            let text = of_dots(named.as_deref().unwrap_or(text));
            let (bytes, layer) = (Cow::Owned(text.into_bytes()), tree.name.as_str());
            let leaf = Leaf { bytes, mode: Mode::Plain, layer };
            let path = format!("{FILES}{}{SUFFIX}", of_dots(path));
            if leaves.insert(path, leaf).is_some() {
                self.fault(node, "this path is there already", "");
            }
        }
        leaves
    }

    /// Commands of the dialect are lines of the shell.
    fn hooks(&mut self, root: &Node) -> Hooks {
        let Some(node) = root.get("hooks") else { return Hooks::default() };
        self.known(node, &["pre_generate", "post_generate"]);
        let mut lines = |key: &str| {
            let single = node.get(key).and_then(word).map(|line| vec![line.to_owned()]);
            let all = single.unwrap_or_else(|| {
                self.list(node, key).iter().filter_map(word).map(str::to_owned).collect()
            });
            all.into_iter().map(|line| ["sh", "-c", &line].map(str::to_owned).to_vec()).collect()
        };
        let (before, after) = (lines("pre_generate"), lines("post_generate"));
        Hooks { before, after, timeout_ms: 60_000 }
    }
}

#[cfg(test)]
mod tests {
    use super::of_dots;

    #[test]
    fn a_name_after_a_dot_is_a_name_and_stays_in_its_column() {
        for (text, done) in [
            ("a {{.b}} c", "a {{ b}} c"),
            ("{{ .b }}{{- .c -}}", "{{  b }}{{-  c -}}"),
            ("{{ 1.5 }} {{.}} .x {{", "{{ 1.5 }} {{.}} .x {{"),
            ("é{{.ü}}", "é{{ ü}}"),
        ] {
            assert_eq!(of_dots(text), done);
        }
    }
}
