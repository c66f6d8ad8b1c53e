//! What a run is given, checked against what its workflow asks for.
//!
//! Pure.

use serde_json::{Map, Value};

use super::{
    model::{Definition, Input},
    schema,
};
use crate::base::{Code, Refusal, nearest};

/// The inputs of a run: those given, checked, and the defaults of the others. Text is read as what
/// the input must be. All that is wrong is told at once.
pub(crate) fn check(
    definition: &Definition,
    given: Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    let (mut inputs, mut faults, mut helps) = (Map::new(), Vec::new(), Vec::new());
    let known: Vec<&str> = definition.inputs.iter().map(|input| input.name.as_str()).collect();
    for name in given.keys().filter(|name| !known.contains(&name.as_str())) {
        faults.push(format!("`{}` has no input `{name}`", definition.name));
        helps.push(match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "it takes none".to_owned(),
            None => format!("it has: {}", known.join(", ")),
        });
    }
    for input in &definition.inputs {
        match one(input, given.get(&input.name)) {
            Ok(value) => drop(inputs.insert(input.name.clone(), value)),
            Err((fault, help)) => {
                faults.push(fault);
                helps.push(help);
            }
        }
    }
    if faults.is_empty() {
        return Ok(inputs);
    }
    let mut seen = Vec::new();
    helps.retain(|help| {
        let new = !seen.contains(help);
        seen.push(help.clone());
        new
    });
    Err(Refusal::new(Code::Invalid, faults.join("\n")).help(helps.join("; ")))
}

fn one(input: &Input, given: Option<&Value>) -> Result<Value, (String, String)> {
    let name = &input.name;
    let value = match (given, &input.default) {
        (Some(Value::String(text)), _) => schema::from_text(&input.schema, text)
            .map_err(|why| (format!("input `{name}`: {why}"), help(input)))?,
        (Some(value), _) => value.clone(),
        (None, Some(default)) => return Ok(default.clone()),
        (None, None) if input.required => {
            return Err((format!("the input `{name}` is missing"), help(input)));
        }
        (None, None) => return Ok(Value::Null),
    };
    match schema::check(&input.schema, &value) {
        Ok(()) => Ok(value),
        Err(faults) => Err((format!("input `{name}`: {}", faults.join("; ")), help(input))),
    }
}

fn help(input: &Input) -> String {
    let about = schema::describe(&input.schema);
    match input.about.is_empty() {
        true => format!("give it as {}=VALUE: {about}", input.name),
        false => format!("give it as {}=VALUE: {about}, {}", input.name, input.about),
    }
}
