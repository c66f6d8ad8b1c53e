//! What a process waits for.

use super::Project;
use crate::define::yaml::{Key, Node, Value};
use crate::service::{
    import::{
        draft::DraftService,
        edges::Edge,
        sheet::{Fields, Sheet},
    },
    model::{Condition, Policy},
};

pub(super) fn read(
    sheet: &mut Sheet<'_>,
    project: &Project,
    name: &str,
    (fields, wanted): (&mut Fields, &mut Vec<Edge>),
) {
    let Some(node) = fields.take("depends_on") else { return };
    match &node.value {
        Value::Table(entries) => {
            for entry in entries {
                wanted.extend(edge(sheet, project, name, entry));
            }
        }
        Value::List(items) => {
            let first = match items.first().map(|item| &item.value) {
                Some(Value::Text(first)) => first.as_str(),
                _ => "NAME",
            };
            let help =
                format!("write {first}: {{ condition: process_started }} below it, for example");
            sheet.wrong(
                &node.at,
                "`depends_on` is a table of names and conditions, and this is a list",
                &help,
            );
        }
        Value::Text(_) | Value::Nothing => {
            let help = "write NAME: { condition: process_started } below it";
            sheet.wrong(&node.at, "`depends_on` is a table of names and conditions", help);
        }
    }
}

fn edge(
    sheet: &mut Sheet<'_>,
    project: &Project,
    name: &str,
    (key, node): &(Key, Node),
) -> Option<Edge> {
    if let Value::Text(word) = &node.value {
        let help = format!("write {}: {{ condition: {word} }}", key.text);
        sheet.wrong(&node.at, "the condition stands under a key of its own", &help);
        return None;
    }
    let mut fields = sheet.fields(node, name, "depends_on");
    let word = fields.take("condition");
    let at = word.as_ref().map_or_else(|| key.at.clone(), |node| node.at.clone());
    let word = match word {
        Some(node) => sheet.plain(&node, name, "condition")?,
        None => {
            let why = format!(
                "without a condition it waits for the start of `{}`, as the documentation says",
                key.text
            );
            sheet.leave(name, "depends_on", &why);
            "process_started".to_owned()
        }
    };
    fields.done(sheet, &[]);
    let Some((written, to)) = target(project, &key.text) else {
        let why = format!("it does not wait for `{}`, which is not in this file", key.text);
        sheet.leave(name, "depends_on", &why);
        return None;
    };
    let condition = match word.as_str() {
        "process_started" => Condition::Started,
        "process_healthy" => Condition::Ready,
        "process_completed" => Condition::Completed,
        "process_completed_successfully" => Condition::CompletedOk,
        "process_log_ready" => log(sheet, project, (&at, &written))?,
        other => {
            let what = format!("there is no condition `{other}`");
            sheet.wrong(&at, what, "one of process_started, process_healthy, process_completed, process_completed_successfully, process_log_ready");
            return None;
        }
    };
    Some(Edge { at, from: name.to_owned(), to, condition, optional: false, merged: false })
}

/// The process that a name means, as it was written and as it is called now. `api-0` is one of the
/// replicas of `api`; gaia waits for all of them.
fn target(project: &Project, word: &str) -> Option<(String, String)> {
    let found = |name: &str| Some((name.to_owned(), project.names.get(name)?.to_owned()));
    found(word).or_else(|| {
        let (base, number) = word.rsplit_once('-')?;
        let many = project.kinds.get(base)?.replicas > 1;
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        found(base).filter(|_| many && is_number)
    })
}

/// It is looked for as it is written, whatever the documentation says of expressions.
fn log(
    sheet: &mut Sheet<'_>,
    project: &Project,
    (at, written): (&std::ops::Range<usize>, &str),
) -> Option<Condition> {
    let line = project.kinds.get(written).and_then(|kind| kind.log_line.clone());
    if line.is_none() {
        let what = format!("`{written}` has no line to wait for");
        sheet.wrong(at, what, "give it a ready_log_line:");
    }
    line.map(|line| Condition::Log(regex::escape(&line)))
}

/// What others wait to end, and nothing starts again, is there to do its work and end.
pub(super) fn endings(services: &mut [DraftService], wanted: &[Edge]) {
    for edge in wanted {
        if !matches!(edge.condition, Condition::Completed | Condition::CompletedOk) {
            continue;
        }
        let service = services.iter_mut().find(|service| service.name == edge.to);
        if let Some(service) = service {
            service.oneshot |= matches!(service.restart, Some(Policy::No | Policy::OnFailure));
        }
    }
}
