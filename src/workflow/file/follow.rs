//! What kind of value a reference leads to, as far as the file says.

use std::collections::BTreeMap;

use super::{
    forms::Form,
    scope::{Said, Scope, Sees},
};
use crate::{
    base::nearest,
    define::yaml::{Node, Value},
    workflow::{
        model::StepIndex,
        schema::{Schema, Type},
        text::{Piece, Reference, Root, scan},
    },
};

/// What is known of a value.
#[expect(clippy::large_enum_variant, reason = "one is made at a time")]
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Seen {
    /// Nothing.
    Any,
    /// It is what somebody or something said freely.
    Prose,
    /// What it must be.
    Known(Schema),
}

fn of(kind: Type) -> Schema {
    Schema { kind: Some(kind), ..Schema::default() }
}

fn object(fields: impl IntoIterator<Item = (String, Schema)>) -> Schema {
    Schema { properties: fields.into_iter().collect(), ..of(Type::Object) }
}

impl Scope<'_> {
    /// What a reference leads to; a field that cannot be there is told.
    pub(super) fn follow(&self, reference: &Reference) -> Result<Seen, Said> {
        let mut seen = self.root(&reference.root);
        for (at, field) in reference.path.iter().enumerate() {
            let shown = || self.show(reference, at);
            let schema = match seen {
                Seen::Any => return Ok(Seen::Any),
                Seen::Prose => {
                    let what = format!("`{}` is a text: it has no `{field}`", shown());
                    let step = self.step_of(&reference.root);
                    let help = format!("declare it at `{step}`: `outputs: {{{field}: string}}`");
                    return Err((what, help));
                }
                Seen::Known(schema) => schema,
            };
            seen = inside(schema, field).map_err(|wrong| match wrong {
                Wrong::Field(known) => {
                    let near = nearest(field, known.iter().map(String::as_str));
                    let help = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None if known.is_empty() => String::new(),
                        None => format!("it has {}", known.join(", ")),
                    };
                    (format!("`{}` has no `{field}`", shown()), help)
                }
                Wrong::List => {
                    let what = format!("`{}` is a list: it has no `{field}`", shown());
                    let help = format!("write `{}.0.{field}`, or use `for_each`", shown());
                    (what, help)
                }
                Wrong::Plain(kind) => {
                    let what = format!("`{}` is {}: it has no `{field}`", shown(), kind.words());
                    (what, "leave the rest out, or declare it as an object".to_owned())
                }
            })?;
        }
        Ok(seen)
    }

    fn root(&self, root: &Root) -> Seen {
        let known = |schema: Schema| {
            if schema == Schema::default() { Seen::Any } else { Seen::Known(schema) }
        };
        match root {
            Root::Input(name) => {
                let input = self.world.inputs.iter().find(|input| input.name == *name);
                input.map_or(Seen::Any, |input| known(input.schema.clone()))
            }
            Root::Output(step) => {
                let one = self.gives(*step);
                if self.world.step(*step).each.is_none() || self.is_inside(*step) {
                    return one;
                }
                let items = match one {
                    Seen::Known(schema) => Some(Box::new(schema)),
                    Seen::Any | Seen::Prose => None,
                };
                Seen::Known(Schema { items, ..of(Type::Array) })
            }
            Root::Always(_, field) if field == "exit_code" => Seen::Known(of(Type::Integer)),
            Root::Always(..) => Seen::Prose,
            Root::Status(_) => {
                let words = ["ok", "failed", "skipped"].map(|word| word.into());
                Seen::Known(Schema { one_of: words.into(), ..of(Type::String) })
            }
            Root::Previous(step) => match self.gives(*step) {
                Seen::Known(schema) => Seen::Known(Schema { nullable: true, ..schema }),
                other => other,
            },
            Root::Item(step) => self.item(*step),
            Root::Iteration(_) => Seen::Known(of(Type::Integer)),
            Root::Key(_) | Root::Run(_) => Seen::Known(of(Type::String)),
        }
    }

    /// What one of the list of a step is.
    fn item(&self, step: StepIndex) -> Seen {
        let scope = Self { world: self.world, sees: Sees::Before(step) };
        let node = self.world.step(step).fields.get("for_each").and_then(list_of);
        let words = node.and_then(Node::text).unwrap_or_default();
        let pieces = scan(words, &mut vec![]);
        let list = match &pieces[..] {
            [Piece::Value(words, _)] => {
                scope.resolve(words).and_then(|reference| scope.follow(&reference)).ok()
            }
            _ => None,
        };
        match list {
            Some(Seen::Known(Schema { items: Some(items), .. })) => Seen::Known(*items),
            Some(Seen::Known(_) | Seen::Any | Seen::Prose) | None => Seen::Any,
        }
    }

    /// What a step gives back when it is done once.
    fn gives(&self, step: StepIndex) -> Seen {
        let known = self.world.step(step);
        let text = || of(Type::String);
        let fields: Vec<(String, Schema)> = match known.form {
            Form::Run | Form::Agent if known.outputs.is_empty() => return Seen::Prose,
            Form::Workflow if known.outputs.is_empty() => return Seen::Any,
            Form::Run | Form::Agent | Form::Workflow => {
                let outputs: BTreeMap<_, _> = known.outputs.clone();
                outputs.into_iter().collect()
            }
            Form::Approval => {
                vec![("approved".into(), of(Type::Boolean)), ("answer".into(), text())]
            }
            Form::Question => vec![("answer".into(), text())],
            Form::Land => vec![("commit".into(), text())],
            Form::Wait => vec![("fact".into(), Schema::default())],
            Form::Service | Form::Notify | Form::Learn | Form::Scaffold => vec![],
            Form::Group => known.body.iter().map(|inner| self.field(*inner)).collect(),
        };
        Seen::Known(object(fields))
    }

    /// A step inside of another as a field of what that gives back.
    fn field(&self, step: StepIndex) -> (String, Schema) {
        let known = self.world.step(step);
        let one = match self.gives(step) {
            Seen::Known(schema) => schema,
            Seen::Any => Schema::default(),
            Seen::Prose => of(Type::String),
        };
        let list = known.each.is_some();
        let many = |one| Schema { items: Some(Box::new(one)), ..of(Type::Array) };
        (known.id.clone(), if list { many(one) } else { one })
    }

    fn step_of<'a>(&'a self, root: &'a Root) -> &'a str {
        match root {
            Root::Output(step)
            | Root::Always(step, _)
            | Root::Status(step)
            | Root::Previous(step)
            | Root::Item(step)
            | Root::Key(step)
            | Root::Iteration(step) => &self.world.step(*step).id,
            Root::Input(name) | Root::Run(name) => name,
        }
    }

    /// A reference up to some field, as it is written.
    fn show(&self, reference: &Reference, fields: usize) -> String {
        let name = self.step_of(&reference.root);
        let root = match &reference.root {
            Root::Input(_) => format!("inputs.{name}"),
            Root::Output(_) => format!("{name}.output"),
            Root::Always(_, field) => format!("{name}.{field}"),
            Root::Status(_) => format!("{name}.status"),
            Root::Previous(_) => format!("prev.{name}.output"),
            Root::Item(step) => self.world.step(*step).each.unwrap_or("item").to_owned(),
            Root::Key(_) => "key".to_owned(),
            Root::Iteration(_) => "loop.iteration".to_owned(),
            Root::Run(_) => format!("run.{name}"),
        };
        let path = reference.path.iter().take(fields).cloned();
        std::iter::once(root).chain(path).collect::<Vec<_>>().join(".")
    }
}

/// The node of a list: of `for_each` itself, or of its `in`.
pub(super) fn list_of(node: &Node) -> Option<&Node> {
    match &node.value {
        Value::Table(_) => ["in", "items", "from"].iter().find_map(|key| node.get(key)),
        Value::Text(_) | Value::List(_) => Some(node),
        Value::Nothing => None,
    }
}

enum Wrong {
    Field(Vec<String>),
    List,
    Plain(Type),
}

/// What a field of a value is.
fn inside(schema: Schema, field: &str) -> Result<Seen, Wrong> {
    let seen = |schema: Schema| {
        if schema == Schema::default() { Seen::Any } else { Seen::Known(schema) }
    };
    match schema.kind {
        None => Ok(Seen::Any),
        Some(Type::Object) if schema.properties.is_empty() && schema.required.is_empty() => {
            Ok(Seen::Any)
        }
        Some(Type::Object) => match schema.properties.get(field) {
            Some(inner) => Ok(seen(inner.clone())),
            None => Err(Wrong::Field(schema.properties.into_keys().collect())),
        },
        Some(Type::Array) if field.parse::<usize>().is_ok() => {
            Ok(schema.items.map_or(Seen::Any, |items| seen(*items)))
        }
        Some(Type::Array) => Err(Wrong::List),
        Some(kind @ (Type::String | Type::Integer | Type::Number | Type::Boolean)) => {
            Err(Wrong::Plain(kind))
        }
    }
}
