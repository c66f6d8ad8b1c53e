use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

/// A regular expression. One that is wrong matches nothing; `Driver::load` has told of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "String")]
pub(crate) struct Pattern(Option<Regex>);

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self(Regex::new(&text).ok())
    }
}

impl Pattern {
    /// True if the text matches.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    /// The first group of the first match.
    pub(crate) fn capture(&self, text: &str) -> Option<String> {
        let found = self.0.as_ref()?.captures(text)?;
        found.get(1).map(|group| group.as_str().to_owned())
    }

    /// The named groups of the first match as a record.
    pub(crate) fn record(&self, text: &str) -> Option<Value> {
        let regex = self.0.as_ref()?;
        let found = regex.captures(text)?;
        let mut record = serde_json::Map::new();
        record.insert("type".to_owned(), "line".into());
        record.insert("text".to_owned(), text.into());
        for name in regex.capture_names().flatten() {
            if let Some(group) = found.name(name) {
                record.insert(name.to_owned(), group.as_str().into());
            }
        }
        Some(Value::Object(record))
    }
}

/// Conditions on a record: a place (a JSON pointer, `*` for each) and what is there. All of them
/// must hold; none at all holds always.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Match(BTreeMap<String, Test>);

impl Match {
    /// True if the record fulfils all conditions.
    pub(crate) fn holds(&self, record: &Value) -> bool {
        self.0.iter().all(|(path, test)| test.holds(&at(record, path)))
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "toml::Value")]
enum Test {
    OneOf(Vec<Value>),
    Words(Words),
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Words {
    matches: Option<Pattern>,
    not_matches: Option<Pattern>,
    exists: Option<bool>,
    from: Option<f64>,
    to: Option<f64>,
}

impl TryFrom<toml::Value> for Test {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let wrong = |error: toml::de::Error| error.message().to_owned();
        match value {
            toml::Value::Table(table) => Words::deserialize(table).map(Self::Words).map_err(wrong),
            toml::Value::Array(all) => {
                Ok(Self::OneOf(all.into_iter().map(json).collect::<Result<_, _>>()?))
            }
            one => Ok(Self::OneOf(vec![json(one)?])),
        }
    }
}

fn json(value: toml::Value) -> Result<Value, String> {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

impl Test {
    fn holds(&self, found: &[&Value]) -> bool {
        match self {
            Self::OneOf(all) => found.iter().any(|value| all.contains(value)),
            Self::Words(words) => words.hold(found),
        }
    }
}

impl Words {
    fn hold(&self, found: &[&Value]) -> bool {
        let text = |pattern: &Pattern| found.iter().any(|value| pattern.is_match(&show(value)));
        let there = found.iter().any(|value| !value.is_null());
        let number =
            |test: &dyn Fn(f64) -> bool| found.iter().any(|v| v.as_f64().is_some_and(test));
        self.matches.as_ref().is_none_or(text)
            && !self.not_matches.as_ref().is_some_and(text)
            && self.exists.is_none_or(|wanted| wanted == there)
            && self.from.is_none_or(|least| number(&|value| value >= least))
            && self.to.is_none_or(|most| number(&|value| value <= most))
    }
}

fn show(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The values at a place: a JSON pointer in which `*` stands for each item.
pub(crate) fn at<'v>(record: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut found = vec![record];
    for step in path.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        found = found.into_iter().flat_map(|value| inside(value, &step)).collect();
    }
    found
}

fn inside<'v>(value: &'v Value, step: &str) -> Vec<&'v Value> {
    match (value, step) {
        (Value::Array(all), "*") => all.iter().collect(),
        (Value::Object(all), "*") => all.values().collect(),
        (Value::Array(all), index) => {
            index.parse::<usize>().ok().and_then(|i| all.get(i)).into_iter().collect()
        }
        (Value::Object(all), key) => all.get(key).into_iter().collect(),
        (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), _) => vec![],
    }
}

/// The first text at a place that is one and not empty.
pub(crate) fn first_text(record: &Value, path: &str) -> Option<String> {
    let found = at(record, path).into_iter().filter(|value| !value.is_null());
    found.map(show).find(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(text: &str) -> Match {
        #[derive(Deserialize)]
        struct File {
            when: Match,
        }
        toml::from_str::<File>(text).unwrap().when
    }

    #[test]
    fn conditions_of_a_record() {
        let record =
            json!({"type": "result", "code": 429, "list": [{"a": "x"}, {"a": "y"}], "no": null});
        let rows = [
            (r#"when = { "/type" = "result" }"#, true),
            (r#"when = { "/type" = "init" }"#, false),
            (r#"when = { "/code" = [401, 429] }"#, true),
            (r#"when = { "/code" = { from = 500, to = 599 } }"#, false),
            (r#"when = { "/code" = { from = 400 }, "/type" = "init" }"#, false),
            (r#"when = { "/list/*/a" = "y" }"#, true),
            (r#"when = { "/list/0/a" = "y" }"#, false),
            (r#"when = { "/no" = { exists = true } }"#, false),
            (r#"when = { "/nowhere" = { exists = false } }"#, true),
            (r#"when = { "/nowhere" = { not_matches = "x" } }"#, true),
            (r#"when = { "/type" = { matches = "^res" } }"#, true),
            (r#"when = { "/type" = { not_matches = "^res" } }"#, false),
            ("when = {}", true),
        ];
        for (text, holds) in rows {
            assert_eq!(of(text).holds(&record), holds, "{text}");
        }
    }

    #[test]
    fn a_line_becomes_a_record_by_its_named_groups() {
        let pattern = Pattern::from(r"(?P<input>\d+) sent(, (?P<output>\d+) received)?".to_owned());
        let record = pattern.record("Tokens: 7 sent").unwrap();
        assert_eq!(record, json!({"type": "line", "text": "Tokens: 7 sent", "input": "7"}));
        assert_eq!(pattern.record("nothing"), None);
    }
}
