//! Texts, tables of texts and conditions, with their references resolved.

use std::collections::BTreeMap;

use super::{
    follow::Seen,
    outline::World,
    scope::{Scope, Sees},
    sheet::{Fields, Sheet, one_or_many},
    variables,
};
use crate::{
    define::yaml::{Node, Value},
    meter::Cap,
    workflow::{
        expr::{self, Expr, Operand},
        model::{Concurrency, Secret, WhenFull},
        schema::{Schema, matches_kind},
        text::{Part, Piece, Reference, Root, Template, Wrong, scan},
    },
};

/// A file whose steps are known.
#[derive(Clone, Copy)]
pub(super) struct Reader<'r> {
    pub(super) sheet: &'r Sheet<'r>,
    pub(super) world: &'r World<'r>,
    /// Texts of files beside.
    pub(super) beside: super::Beside<'r>,
}

impl<'r> Reader<'r> {
    pub(super) fn scope(&self, sees: Sees) -> Scope<'r> {
        Scope { world: self.world, sees }
    }

    /// A text with its references.
    pub(super) fn template(&self, sees: Sees, node: &Node) -> Template {
        let text = node.text().unwrap_or_default();
        let (scope, mut wrongs) = (self.scope(sees), vec![]);
        let template = template(&scope, text, &mut wrongs);
        wrongs.into_iter().for_each(|wrong| self.sheet.wrong(node, text, wrong));
        template
    }

    /// The text under a key, with its references.
    pub(super) fn text(&self, sees: Sees, fields: &Fields<'_>, key: &str) -> Option<Template> {
        fields.get(key).map(|node| self.template(sees, node))
    }

    pub(super) fn texts(&self, sees: Sees, fields: &Fields<'_>, key: &str) -> Vec<Template> {
        fields.texts(key).into_iter().map(|node| self.template(sees, node)).collect()
    }

    /// A word that is the same for every run.
    pub(super) fn word(&self, node: &Node) -> String {
        let text = node.text().unwrap_or_default();
        let pieces = scan(text, &mut vec![]);
        if let Some(Piece::Value(_, at)) =
            pieces.iter().find(|piece| matches!(piece, Piece::Value(..)))
        {
            let what = "no value can stand here: it is the same for every run";
            let help = "write the word itself";
            self.sheet.wrong(node, text, Wrong::new(at.clone(), what, help));
        }
        text.trim().to_owned()
    }

    pub(super) fn words(&self, fields: &Fields<'_>, key: &str) -> Vec<String> {
        fields.texts(key).into_iter().map(|node| self.word(node)).collect()
    }

    /// Values by name. A list or a table among them is its JSON.
    pub(super) fn values(&self, sees: Sees, node: Option<&Node>) -> BTreeMap<String, Template> {
        let entries = node.map_or(&[][..], Node::entries);
        let value = |node: &Node| match &node.value {
            Value::Text(_) => self.template(sees, node),
            Value::Nothing => Template::plain(""),
            Value::List(_) | Value::Table(_) => Template::plain(self.sheet.json(node).to_string()),
        };
        entries.iter().map(|(key, node)| (key.text.clone(), value(node))).collect()
    }

    /// Variables of a command.
    pub(super) fn env(&self, sees: Sees, fields: &Fields<'_>) -> BTreeMap<String, Template> {
        let node = fields.get("env");
        for (key, value) in node.map_or(&[][..], Node::entries) {
            self.variable(&key.text, &key.at);
            if !matches!(value.value, Value::Text(_) | Value::Nothing) {
                let what = format!("`{}` must be a text, not {}", key.text, value.kind());
                self.sheet.fault(&value.at, what, "");
            }
        }
        self.values(sees, node)
    }

    fn variable(&self, name: &str, at: &std::ops::Range<usize>) {
        if name.starts_with("GAIA_") {
            let what = format!("`{name}` is one of gaia's own variables");
            self.sheet.fault(at, what, "call it otherwise");
        } else if !variables::is_variable(name) {
            let help = "use letters, digits and _";
            self.sheet.fault(at, format!("`{name}` is no name of a variable"), help);
        }
    }

    /// Secrets and where they are kept.
    pub(super) fn secrets(&self, fields: &Fields<'_>) -> BTreeMap<String, Secret> {
        const HELP: &str = "write NAME: {env: X}, {file: path} or {command: [program, argument]}";
        let mut secrets = BTreeMap::new();
        let Some(node) = fields.get("secrets") else { return secrets };
        if !node.is_table() && node.value != Value::Nothing {
            self.sheet.fault(&node.at, "secrets are a table", HELP);
        }
        for (key, node) in node.entries() {
            self.variable(&key.text, &key.at);
            if !node.is_table() {
                let what = format!("`{}` must say where the secret is kept", key.text);
                self.sheet.fault(&node.at, what, HELP);
                continue;
            }
            let inner = self.sheet.fields(node, &[super::keys::SECRET], &[]);
            let command = || {
                let items = inner.get("command").and_then(Node::items)?;
                let words: Vec<String> = items.iter().map(|item| self.word(item)).collect();
                words.first().is_some_and(|first| !first.is_empty()).then_some(words)
            };
            let env = inner.get("env").map(|node| Secret::Env(self.word(node)));
            let file = || inner.get("file").map(|node| Secret::File(self.word(node)));
            match env.or_else(file).or_else(|| command().map(Secret::Command)) {
                Some(secret) if node.entries().len() == 1 => {
                    secrets.insert(key.text.clone(), secret);
                }
                Some(_) | None => {
                    let what = format!("`{}` must say one place where it is kept", key.text);
                    self.sheet.fault(&node.at, what, HELP);
                }
            }
        }
        secrets
    }

    /// What something may cost.
    pub(super) fn budget(&self, fields: &Fields<'_>) -> Vec<Cap> {
        let mut caps = vec![];
        for node in fields.texts("budget") {
            match node.text().unwrap_or_default().parse::<Cap>() {
                Ok(cap) => caps.push(cap),
                Err(bad) => self.sheet.fault(&node.at, bad.to_string(), ""),
            }
        }
        caps
    }

    /// How many at a time.
    pub(super) fn concurrency(&self, sees: Sees, fields: &Fields<'_>) -> Option<Concurrency> {
        let node = fields.get("concurrency")?;
        if node.text().is_some() {
            let group = self.template(sees, node);
            return Some(Concurrency { group, max: 1, when_full: WhenFull::Queue });
        }
        let inner = self.sheet.fields(node, &[super::keys::CONCURRENCY], &[]);
        let group = self.text(sees, &inner, "group").unwrap_or_else(|| {
            let help = "write `group: name`; all with the same group share the number";
            self.sheet.fault(&node.at, "`concurrency` needs a `group`", help);
            Template::default()
        });
        let when_full = match inner.text("when_full") {
            Some("replace_pending") => WhenFull::ReplacePending,
            Some("cancel_running") => WhenFull::CancelRunning,
            Some("skip") => WhenFull::Skip,
            Some(_) | None => WhenFull::Queue,
        };
        Some(Concurrency { group, max: inner.count("max").unwrap_or(1), when_full })
    }

    /// A condition.
    pub(super) fn expr(&self, sees: Sees, node: &Node) -> Option<Expr> {
        let text = node.text().unwrap_or_default();
        let (scope, mut wrongs) = (self.scope(sees), vec![]);
        let expr = expr::parse(text, &|words| scope.resolve(words), &mut wrongs);
        if let Some(expr) = &expr {
            compared(&scope, expr, &mut |what, help| {
                wrongs.push(Wrong::new(0..0, what, help));
            });
        }
        for wrong in wrongs {
            let column = text[..wrong.at.start].chars().count() + 1;
            let whole = wrong.at.is_empty() && wrong.at.start == 0;
            let what = if whole { wrong.what } else { format!("{} (column {column})", wrong.what) };
            self.sheet.wrong(node, text, Wrong { what, ..wrong });
        }
        expr
    }

    /// Items of a list that must all be texts.
    pub(super) fn list_of_words(&self, node: Option<&Node>) -> Vec<String> {
        let all = node.map_or(vec![], one_or_many);
        let text = |node: &&Node| {
            if node.text().is_none() {
                self.sheet.fault(&node.at, format!("this must be a text, not {}", node.kind()), "");
            }
            node.text().is_some()
        };
        all.into_iter().filter(text).map(|node| self.word(node)).collect()
    }
}

/// A text with its references, for whoever knows where it stands.
pub(super) fn template(scope: &Scope<'_>, text: &str, wrongs: &mut Vec<Wrong>) -> Template {
    let mut parts = vec![];
    for piece in scan(text, wrongs) {
        match piece {
            Piece::Text(text) => parts.push(Part::Text(text)),
            Piece::Value(words, at) => match scope.resolve(words) {
                Ok(reference) => parts.push(Part::Value(reference)),
                Err((what, help)) => wrongs.push(Wrong::new(at, what, help)),
            },
        }
    }
    Template::new(parts)
}

/// Tells comparisons that make no sense.
fn compared(scope: &Scope<'_>, expr: &Expr, tell: &mut dyn FnMut(String, String)) {
    match expr {
        Expr::All(all) | Expr::Any(all) => all.iter().for_each(|one| compared(scope, one, tell)),
        Expr::Not(one) => compared(scope, one, tell),
        Expr::Equal(Operand::Value(value), Operand::Literal(literal))
        | Expr::Equal(Operand::Literal(literal), Operand::Value(value)) => {
            with(scope, value, std::slice::from_ref(literal), tell);
        }
        Expr::In(Operand::Value(value), Operand::Literal(serde_json::Value::Array(literals))) => {
            with(scope, value, literals, tell);
        }
        Expr::In(_, Operand::Value(list)) => {
            if let Ok(Seen::Known(Schema { kind: Some(kind), .. })) = scope.follow(list)
                && kind != crate::workflow::schema::Type::Array
            {
                let what = format!("what stands after `in` is {}, not a list", kind.words());
                tell(what, "write `==`, or a list: ['a', 'b']".to_owned());
            }
        }
        Expr::In(..) | Expr::Equal(..) | Expr::Is(_) => (),
    }
}

/// A value compared with literals.
fn with(
    scope: &Scope<'_>,
    value: &Reference,
    literals: &[serde_json::Value],
    tell: &mut dyn FnMut(String, String),
) {
    let schema = match scope.follow(value) {
        Ok(Seen::Known(schema)) => schema,
        Ok(Seen::Prose) => {
            let help = "declare an output with the words that it may have, and compare that: \
                        `outputs: {verdict: {type: string, enum: [yes, no]}}`";
            return tell("free text is compared with a value".to_owned(), help.to_owned());
        }
        Ok(Seen::Any) | Err(_) => return,
    };
    for literal in literals.iter().filter(|literal| !literal.is_null()) {
        let known = || schema.one_of.iter().filter_map(serde_json::Value::as_str);
        if let Some(kind) = schema.kind.filter(|kind| !matches_kind(*kind, literal)) {
            tell(
                format!("{} is compared with {literal}: they are never equal", kind.words()),
                String::new(),
            );
        } else if !schema.one_of.is_empty() && !schema.one_of.contains(literal) {
            let word = literal.as_str().unwrap_or_default();
            let near = crate::base::nearest(word, known());
            let all = || known().collect::<Vec<_>>().join(", ");
            let help = near.map_or_else(
                || format!("it is one of {}", all()),
                |near| format!("did you mean '{near}'?"),
            );
            let what = match value.root {
                Root::Status(_) => format!("no step ends {literal}"),
                _ => format!("it is never {literal}"),
            };
            tell(what, help);
        }
    }
}
