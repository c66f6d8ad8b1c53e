//! What a service of a compose file waits for.

use super::{Fate, Parts};
use crate::define::yaml::{Node, Value};
use crate::service::{
    import::{edges::Edge, sheet::Sheet},
    model::Condition,
};

/// One thing it waits for, as written.
struct Wish {
    at: std::ops::Range<usize>,
    name: String,
    condition: Condition,
    optional: bool,
}

pub(super) fn read(
    sheet: &mut Sheet<'_>,
    parts: &Parts<'_>,
    (name, node): (&str, &Node),
    wanted: &mut Vec<Edge>,
) {
    let (Some(node), Some(from)) = (node.get("depends_on"), parts.now(name)) else { return };
    for wish in wishes(sheet, name, node) {
        let Some(to) = parts.now(&wish.name) else {
            if !wish.optional {
                let what =
                    format!("`{name}` depends on `{}`, and there is no such service", wish.name);
                sheet.wrong(&wish.at, what, "take it out, or write required: false below it");
            }
            continue;
        };
        wanted.extend(edge(sheet, parts, (name, from, to), wish));
    }
}

/// What it waits for here. What goes on between containers is left to docker compose.
fn edge(
    sheet: &mut Sheet<'_>,
    parts: &Parts<'_>,
    (name, from, to): (&str, &str, &str),
    wish: Wish,
) -> Option<Edge> {
    let inside = |name: &str| parts.fate(name) == Some(Fate::Container);
    let merged = inside(name) || inside(&wish.name);
    let condition = match (inside(name), inside(&wish.name), wish.condition) {
        (true, true, _) => return None,
        (_, true, Condition::Started) => Condition::Started,
        (_, true, _) => {
            let why = format!(
                "it waits only for the start of `{to}`: gaia does not see how `{}` is in there",
                wish.name
            );
            sheet.note(name, &why);
            Condition::Started
        }
        (_, false, condition) => condition,
    };
    let (from, to) = (from.to_owned(), to.to_owned());
    Some(Edge { at: wish.at, from, to, condition, optional: wish.optional, merged })
}

fn wishes(sheet: &mut Sheet<'_>, name: &str, node: &Node) -> Vec<Wish> {
    let Value::Table(entries) = &node.value else {
        let plain = |(at, name)| Wish { at, name, condition: Condition::Started, optional: false };
        return sheet.texts(node, "depends_on").into_iter().map(plain).collect();
    };
    let mut wishes = Vec::new();
    for (key, node) in entries {
        let mut fields = sheet.fields(node, name, "depends_on");
        let word = fields.take("condition").and_then(|node| sheet.plain(&node, name, "condition"));
        let required = fields.take("required").and_then(|node| sheet.flag(&node, name, "required"));
        let again = fields.take("restart").and_then(|node| sheet.flag(&node, name, "restart"));
        if again == Some(true) {
            let why = format!("write after = {{ {} = {{ on_restart = \"restart\" }} }}", key.text);
            sheet.leave(name, "depends_on.restart", &why);
        }
        fields.done(sheet, &[]);
        let condition = match word.as_deref() {
            None | Some("service_started") => Condition::Started,
            Some("service_healthy") => Condition::Ready,
            Some("service_completed_successfully") => Condition::CompletedOk,
            Some(other) => {
                let what = format!("there is no condition `{other}`");
                sheet.wrong(
                    &node.at,
                    what,
                    "one of service_started, service_healthy, service_completed_successfully",
                );
                continue;
            }
        };
        let optional = required == Some(false);
        wishes.push(Wish { at: key.at.clone(), name: key.text.clone(), condition, optional });
    }
    wishes
}
