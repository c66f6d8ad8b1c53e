//! What a step gave back, from what it left: a file, or what it printed.
//!
//! Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::schema::{self, Schema, Type};

/// The outputs of a command: those of its file, which is a JSON object or lines `name=value`; else
/// what it printed, if that is a JSON object, or the one text that is declared.
pub(crate) fn of_command(
    declared: &BTreeMap<String, Schema>,
    file: Option<&[u8]>,
    stdout: &str,
) -> Result<Map<String, Value>, String> {
    if let Some(file) = file.filter(|file| !file.trim_ascii().is_empty()) {
        return from_file(declared, file);
    }
    if declared.is_empty() {
        return Ok(Map::new());
    }
    if let Ok(Value::Object(found)) = serde_json::from_str(stdout.trim()) {
        return Ok(found);
    }
    let mut all = declared.iter();
    match (all.next(), all.next()) {
        (Some((name, schema)), None) => {
            let text = stdout.trim();
            let value = schema::from_text(schema, text).map_err(|why| {
                format!("`{name}`: {why}; write {{\"{name}\": …}} to the file $GAIA_OUTPUT")
            })?;
            Ok(Map::from_iter([(name.clone(), value)]))
        }
        (_, _) => Ok(Map::new()),
    }
}

fn from_file(
    declared: &BTreeMap<String, Schema>,
    file: &[u8],
) -> Result<Map<String, Value>, String> {
    let text =
        std::str::from_utf8(file).map_err(|_| "$GAIA_OUTPUT is not UTF-8 text".to_owned())?;
    if text.trim_start().starts_with('{') {
        return match serde_json::from_str(text) {
            Ok(Value::Object(found)) => Ok(found),
            Ok(_) => Err("$GAIA_OUTPUT holds no JSON object".to_owned()),
            Err(error) => Err(format!("$GAIA_OUTPUT holds no JSON: {error}")),
        };
    }
    let mut found = Map::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (name, value) = line.split_once('=').ok_or_else(|| {
            format!("$GAIA_OUTPUT: `{line}` is neither JSON nor a line `name=value`")
        })?;
        let name = name.trim();
        let any = Schema { kind: Some(Type::String), ..Schema::default() };
        let schema = declared.get(name).unwrap_or(&any);
        let value = schema::from_text(schema, value).map_err(|why| format!("`{name}`: {why}"))?;
        found.insert(name.to_owned(), value);
    }
    Ok(found)
}

/// The outputs of an agent: those of its file, else the last JSON object of its last words.
pub(crate) fn of_agent(
    declared: &BTreeMap<String, Schema>,
    file: Option<&[u8]>,
    text: &str,
) -> Result<Map<String, Value>, String> {
    if declared.is_empty() {
        return Ok(Map::new());
    }
    if let Some(file) = file.filter(|file| !file.trim_ascii().is_empty()) {
        return match serde_json::from_slice(file) {
            Ok(Value::Object(found)) => Ok(found),
            Ok(_) => Err("the file holds no JSON object".to_owned()),
            Err(error) => Err(format!("the file holds no JSON: {error}")),
        };
    }
    last_object(text).ok_or_else(|| "there is no JSON object in the answer".to_owned())
}

/// The last JSON object in a text that may hold prose, fences and other objects.
fn last_object(text: &str) -> Option<Map<String, Value>> {
    let starts: Vec<usize> = text.match_indices('{').map(|(at, _)| at).collect();
    let mut best: Option<(usize, Map<String, Value>)> = None;
    // From the first on: an object counts as a whole, not by what is inside of it.
    let mut next = 0;
    for start in starts {
        if start < next {
            continue;
        }
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        if let Some(Ok(Value::Object(found))) = values.next() {
            next = start + values.byte_offset();
            best = Some((start, found));
        }
    }
    best.map(|(_, found)| found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(words: &[(&str, Type)]) -> BTreeMap<String, Schema> {
        let one = |(name, kind): &(&str, Type)| {
            ((*name).to_owned(), Schema { kind: Some(*kind), ..Schema::default() })
        };
        words.iter().map(one).collect()
    }

    #[test]
    fn a_command_gives_back_what_its_file_says() {
        let wanted = declared(&[("n", Type::Integer), ("list", Type::Array)]);
        let json = of_command(&wanted, Some(b"{\"n\": 3, \"list\": []}"), "").unwrap();
        let lines = of_command(&wanted, Some(b"n=3\nlist=[]\n\n"), "").unwrap();
        assert_eq!(json, lines);
        assert_eq!(of_command(&wanted, None, "{\"n\": 3, \"list\": []}\n").unwrap(), json);
        assert!(of_command(&wanted, Some(b"n=three"), "").unwrap_err().contains("`n`"));
        assert!(of_command(&wanted, Some(b"what"), "").unwrap_err().contains("name=value"));
        assert!(of_command(&wanted, Some(b"{\"n\": "), "").unwrap_err().contains("no JSON"));
    }

    #[test]
    fn one_output_may_just_be_printed() {
        let text = of_command(&declared(&[("word", Type::String)]), None, "hello\n").unwrap();
        assert_eq!(text["word"], "hello");
        let list = of_command(&declared(&[("all", Type::Array)]), None, "[1, 2]\n").unwrap();
        assert_eq!(list["all"][1], 2);
    }

    #[test]
    fn an_agent_may_talk_around_its_answer() {
        let wanted = declared(&[("ok", Type::Boolean)]);
        let text = "First {this}.\n```json\n{\"ok\": false}\n```\nNo:\n```json\n{\"ok\": true, \"in\": {\"a\": 1}}\n```\nDone.";
        assert_eq!(of_agent(&wanted, None, text).unwrap()["ok"], true);
        assert!(of_agent(&wanted, None, "all good").unwrap_err().contains("no JSON object"));
        assert_eq!(of_agent(&wanted, Some(b"{\"ok\": true}"), "{\"ok\": 1}").unwrap()["ok"], true);
    }
}
