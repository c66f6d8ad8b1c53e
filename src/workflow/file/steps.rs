//! One step with everything that is said about it, every default filled in.

use super::{
    follow::{Seen, list_of},
    forms::Form,
    keys::{FOR_EACH, LOOP, RETRY},
    reader::Reader,
    scope::Sees,
    sheet::Fields,
    variables,
};
use crate::{
    define::yaml::{Node, Value},
    workflow::{
        expr::Expr,
        model::{
            ForEach, Items, Join, OnChildFailure, OnError, OnExhausted, OnLost, Repeat, Retry,
            RetryOn, Step, StepIndex,
        },
        schema::Type,
        text::{Part, Template},
    },
};

/// Tries beyond the first of `on_error: retry`.
const RETRIES: u32 = 3;

/// How often a step is asked again for outputs that do not fit.
const ASKS: u32 = 2;

/// Keys that only some kinds of steps have.
const ONLY: &[(&[&str], &[Form])] = &[
    (&["shell"], &[Form::Run]),
    (
        &[
            "files",
            "deliverables",
            "budget",
            "mode",
            "place",
            "worktree",
            "from",
            "experts",
            "expert_tokens",
        ],
        &[Form::Agent],
    ),
    (&["with"], &[Form::Workflow]),
    (&["artifacts", "idempotent"], &[Form::Run, Form::Agent]),
    (&["env", "secrets", "dir", "idle_timeout", "max_asks"], &[Form::Run, Form::Agent]),
];

impl Reader<'_> {
    /// A step of which the outline is known.
    pub(super) fn step(&self, index: StepIndex) -> Step {
        let known = self.world.step(index);
        let (fields, sees) = (&known.fields, Sees::In(index));
        self.keys_fit(index);
        let about =
            fields.get("about").filter(|_| known.form != Form::Agent || fields.has("prompt"));
        let title = fields.text("name").filter(|name| *name != known.id);
        let about = about.and_then(Node::text).or(title).unwrap_or_default();
        let asks = if known.form == Form::Agent { ASKS } else { 0 };
        Step {
            id: known.id.clone(),
            about: about.trim().to_owned(),
            parent: known.parent,
            kind: self.kind(index),
            needs: known.needs.clone(),
            when: fields
                .get("when")
                .and_then(|node| self.expr(Sees::Before(index), node))
                .map(Box::new),
            for_each: self.for_each(index).map(Box::new),
            repeat: fields.get("loop").and_then(|node| self.repeat(index, node)).map(Box::new),
            retry: Some(self.retry(fields)).filter(|retry| retry.max > 0).map(Box::new),
            timeout_ms: fields.span_ms("timeout"),
            idle_timeout_ms: fields.span_ms("idle_timeout"),
            on_error: self.on_error(fields),
            on_lost: on_lost(fields),
            concurrency: self.concurrency(sees, fields).map(Box::new),
            priority: priority(fields),
            env: self.env(sees, fields),
            secrets: self.secrets(fields),
            dir: self.text(sees, fields, "dir"),
            outputs: known.outputs.clone(),
            max_asks: fields.count("max_asks").unwrap_or(asks),
            artifacts: self.words(fields, "artifacts"),
            line: u32::try_from(line_of(self, index)).unwrap_or(u32::MAX),
        }
    }

    /// Tells keys that mean nothing for this kind of step.
    fn keys_fit(&self, index: StepIndex) {
        let known = self.world.step(index);
        let fields = &known.fields;
        for (keys, forms) in ONLY {
            for key in *keys {
                let Some(at) = fields.place(key).filter(|_| !forms.contains(&known.form)) else {
                    continue;
                };
                let words: Vec<String> =
                    forms.iter().map(|form| format!("`{}`", form.word())).collect();
                let what = format!("`{key}` is for a step with {}", words.join(" or "));
                self.sheet.fault(at, what, "leave it out");
            }
        }
        for key in ["max_parallel", "join"] {
            if let Some(at) = fields.place(key).filter(|_| known.each.is_none()) {
                let what = format!("`{key}` is for a step with `for_each`");
                let help = "leave it out; `max_parallel` for all steps stands at the top";
                self.sheet.fault(at, what, help);
            }
        }
        if let Some(at) = fields.place("prompt").filter(|_| known.form == Form::Run) {
            self.sheet.fault(
                at,
                "`prompt` is for an agent, and none is named",
                "add `agent: NAME`",
            );
        }
    }

    fn for_each(&self, index: StepIndex) -> Option<ForEach> {
        let fields = &self.world.step(index).fields;
        let node = fields.get("for_each")?;
        let nothing = Fields::default();
        let inner = node.is_table().then(|| self.sheet.fields(node, &[FOR_EACH], &[]));
        let inner = inner.as_ref().unwrap_or(&nothing);
        let items = match list_of(node) {
            Some(list) => self.items(index, list),
            None => {
                let help = "write `for_each: {in: \"{{ step.output.list }}\"}`";
                self.sheet.fault(&node.at, "`for_each` needs a list", help);
                Items::These(vec![])
            }
        };
        if let Some(name) = inner.get("as")
            && let Some((what, help)) = variables::refusal(name.text().unwrap_or_default())
        {
            let what = what.replace("an input", "an item").replace("an input", "an item");
            self.sheet.fault(&name.at, what, help);
        }
        for key in ["max_parallel", "join"] {
            if let (true, Some(at)) = (inner.has(key), fields.place(key)) {
                self.sheet.fault(at, format!("`{key}` is said twice"), "write it once");
            }
        }
        let join = inner.text("join").or_else(|| fields.text("join"));
        Some(ForEach {
            items,
            name: self.world.step(index).each.unwrap_or("item").to_owned(),
            key: inner.get("key").map(|node| self.word(node)),
            max_parallel: inner.count("max_parallel").or_else(|| fields.count("max_parallel")),
            join: if join == Some("all_ok") { Join::AllOk } else { Join::AllDone },
            on_child_failure: match inner.text("on_child_failure") {
                Some("stop") => OnChildFailure::Stop,
                Some(_) | None => OnChildFailure::Continue,
            },
        })
    }

    /// A list as it is written, or a reference to one.
    fn items(&self, index: StepIndex, node: &Node) -> Items {
        const HELP: &str = "write \"{{ step.output.list }}\", or a list: [a, b]";
        let sees = Sees::Before(index);
        match &node.value {
            // The key has told it.
            Value::Nothing | Value::Table(_) => Items::These(vec![]),
            Value::List(items) => {
                Items::These(items.iter().map(|item| self.literal(item)).collect())
            }
            Value::Text(text) => {
                let braced = text.contains("{{") || text.contains("${");
                let template = if braced {
                    self.template(sees, node)
                } else {
                    // A reference alone is meant, even without braces.
                    let scope = self.scope(sees);
                    match scope.resolve(text.trim()) {
                        Ok(reference) => Template::new(vec![Part::Value(reference)]),
                        Err((what, _)) => {
                            self.sheet.fault(&node.at, what, HELP);
                            return Items::These(vec![]);
                        }
                    }
                };
                self.is_list(sees, node, &template);
                Items::From(template)
            }
        }
    }

    /// An item that is written out; no value can stand in it.
    fn literal(&self, node: &Node) -> serde_json::Value {
        if node.text().is_some() {
            self.word(node);
        }
        self.sheet.json(node)
    }

    /// Tells a reference to something that is no list.
    fn is_list(&self, sees: Sees, node: &Node, template: &Template) {
        let [Part::Value(reference)] = &template.0[..] else {
            if self.sheet.is_good() {
                let help = "write one reference and nothing else";
                self.sheet.fault(&node.at, "`for_each` needs a list, not a text", help);
            }
            return;
        };
        let what = match self.scope(sees).follow(reference) {
            Ok(Seen::Known(schema)) => match schema.kind {
                Some(kind) if kind != Type::Array => kind.words(),
                Some(_) | None => return,
            },
            Ok(Seen::Prose) => "free text",
            Ok(Seen::Any) | Err(_) => return,
        };
        let help = "declare the output as a list: `outputs: {failures: array}`";
        self.sheet.fault(
            &node.at,
            format!("type clash: `for_each` needs a list, this is {what}"),
            help,
        );
    }

    fn repeat(&self, index: StepIndex, node: &Node) -> Option<Repeat> {
        let known = self.world.step(index);
        let inner = self.sheet.fields(node, &[LOOP], &[]);
        let at = known.fields.place("loop").unwrap_or(&node.at);
        if !inner.has("max_iterations") && !inner.is_broken("max_iterations") {
            let what = format!("the loop of `{}` has no `max_iterations`", known.id);
            self.sheet.fault(at, what, "a loop must end: write `max_iterations: 5`");
        }
        let until = inner.get("until");
        if until.is_none() && !inner.is_broken("until") {
            let what = format!("the loop of `{}` has no `until`", known.id);
            self.sheet.fault(at, what, "write `until: step.output.failures == 0`, for example");
        }
        let until = until.and_then(|node| self.expr(Sees::After(index), node));
        Some(Repeat {
            until: until.unwrap_or(Expr::Any(vec![])),
            max_iterations: inner.count("max_iterations").unwrap_or(1),
            on_exhausted: match inner.text("on_exhausted") {
                Some("ask") => OnExhausted::Ask,
                Some("continue") => OnExhausted::Continue,
                Some(_) | None => OnExhausted::Fail,
            },
            no_progress: inner.count("no_progress").unwrap_or(0),
        })
    }

    fn retry(&self, fields: &Fields<'_>) -> Retry {
        let mut retry = Retry {
            max: 0,
            backoff_ms: 1000,
            factor: 2.0,
            max_backoff_ms: 5 * 60 * 1000,
            on: vec![],
        };
        let node = fields.get("retry");
        match node {
            Some(node) if node.is_table() => {
                let inner = self.sheet.fields(node, &[RETRY], &[]);
                retry.max = inner.count("max").unwrap_or(RETRIES);
                retry.backoff_ms = inner.span_ms("backoff").unwrap_or(retry.backoff_ms);
                let factor = inner.text("factor").and_then(|text| text.parse().ok());
                retry.factor = factor.unwrap_or(retry.factor);
                let longest = inner.span_ms("max_backoff").unwrap_or(retry.max_backoff_ms);
                retry.max_backoff_ms = longest.max(retry.backoff_ms);
                retry.on = inner.texts("on").into_iter().filter_map(|n| self.retry_on(n)).collect();
            }
            Some(_) => retry.max = fields.count("retry").unwrap_or(0),
            None if fields.text("on_error") == Some("retry") => retry.max = RETRIES,
            None => (),
        }
        retry
    }

    fn retry_on(&self, node: &Node) -> Option<RetryOn> {
        let word = node.text().unwrap_or_default();
        Some(match word {
            "timeout" => RetryOn::Timeout,
            "lost" => RetryOn::Lost,
            "output_invalid" => RetryOn::OutputInvalid,
            "failed" => RetryOn::Failed,
            _ => match word.parse::<u8>() {
                Ok(code) => RetryOn::Code(code.into()),
                Err(_) => {
                    let help = "one of timeout, lost, output_invalid, failed, or an exit code";
                    let what = format!("no step fails with `{word}`");
                    self.sheet.fault(&node.at, what, help);
                    return None;
                }
            },
        })
    }

    fn on_error(&self, fields: &Fields<'_>) -> OnError {
        if let (true, Some(at)) = (fields.has("on_error"), fields.place("continue_on_error")) {
            self.sheet.fault(at, "`on_error` says this already", "write one of them");
        }
        match fields.text("on_error") {
            Some("continue") => OnError::Continue,
            Some("ask") => OnError::Ask,
            None if fields.flag("continue_on_error") == Some(true) => OnError::Continue,
            Some(_) | None => OnError::Fail,
        }
    }
}

fn on_lost(fields: &Fields<'_>) -> OnLost {
    match fields.text("on_lost") {
        Some("retry") => OnLost::Retry,
        Some("fail") => OnLost::Fail,
        None if fields.flag("idempotent") == Some(true) => OnLost::Retry,
        Some(_) | None => OnLost::Ask,
    }
}

pub(super) fn priority(fields: &Fields<'_>) -> i32 {
    let said = fields.whole("priority").unwrap_or(0);
    i32::try_from(said).unwrap_or(i32::MAX)
}

fn line_of(reader: &Reader<'_>, index: StepIndex) -> usize {
    reader.sheet.line(reader.world.step(index).at.start)
}
