//! From templates and the values of a run to texts and values.

use serde_json::Value;

use super::{Lookup, Part, Reference, Root, Template};

/// The text with its values in it: texts as they are, other values as JSON on one line.
pub(crate) fn render(template: &Template, lookup: &dyn Lookup) -> Result<String, String> {
    let mut text = String::new();
    for part in template.0.iter() {
        match part {
            Part::Text(words) => text.push_str(words),
            Part::Value(reference) => match reference.look(lookup)? {
                Value::String(words) => text.push_str(&words),
                other => text.push_str(&other.to_string()),
            },
        }
    }
    Ok(text)
}

/// The value: of what type it is, if the template is one reference and nothing else; else a text.
pub(crate) fn value(template: &Template, lookup: &dyn Lookup) -> Result<Value, String> {
    match &template.0[..] {
        [Part::Value(reference)] => reference.look(lookup),
        _ => render(template, lookup).map(Value::String),
    }
}

impl Reference {
    /// The value that it leads to; a sentence if there is none. Of nothing, every field is nothing.
    pub(crate) fn look(&self, lookup: &dyn Lookup) -> Result<Value, String> {
        let shown = || self.show(lookup);
        let root = lookup.root(&self.root);
        let mut here = root.ok_or_else(|| format!("`{}` has no value", shown()))?;
        for field in &self.path {
            let next = match &mut here {
                Value::Null => return Ok(Value::Null),
                Value::Object(fields) => fields.get_mut(field).map(Value::take),
                Value::Array(items) => {
                    let place = field.parse::<usize>().ok();
                    place.and_then(|place| items.get_mut(place)).map(Value::take)
                }
                Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
            };
            here = next.ok_or_else(|| format!("`{}` has no value: no `{field}`", shown()))?;
        }
        Ok(here)
    }

    /// The reference as it is written.
    pub(crate) fn show(&self, lookup: &dyn Lookup) -> String {
        let root = match &self.root {
            Root::Input(name) => format!("inputs.{name}"),
            Root::Output(step) => format!("{}.output", lookup.step(*step)),
            Root::Always(step, field) => format!("{}.{field}", lookup.step(*step)),
            Root::Status(step) => format!("{}.status", lookup.step(*step)),
            Root::Previous(step) => format!("prev.{}.output", lookup.step(*step)),
            Root::Item(_) => "item".to_owned(),
            Root::Key(_) => "key".to_owned(),
            Root::Iteration(_) => "loop.iteration".to_owned(),
            Root::Run(field) => format!("run.{field}"),
        };
        std::iter::once(root).chain(self.path.iter().cloned()).collect::<Vec<_>>().join(".")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Values;
    impl Lookup for Values {
        fn root(&self, root: &Root) -> Option<Value> {
            match root {
                Root::Input(name) if name == "area" => Some(json!("core")),
                Root::Input(name) if name == "n" => Some(json!(3)),
                Root::Output(0) => Some(json!({"failures": [{"file": "a.rs"}], "none": null})),
                Root::Previous(_) => Some(Value::Null),
                _ => None,
            }
        }
    }

    fn at(root: Root, path: &[&str]) -> Part {
        Part::Value(Reference { root, path: path.iter().map(|&p| p.to_owned()).collect() })
    }

    #[test]
    fn values_stand_in_a_text_and_a_reference_alone_keeps_its_type() {
        let words = |words: &str| Part::Text(words.to_owned());
        let input = |name: &str| at(Root::Input(name.to_owned()), &[]);
        for (parts, text, alone) in [
            (vec![], "", json!("")),
            (vec![words("in "), input("area")], "in core", json!("in core")),
            (vec![input("n")], "3", json!(3)),
            (vec![words("n="), input("n")], "n=3", json!("n=3")),
            (vec![at(Root::Output(0), &["failures", "0", "file"])], "a.rs", json!("a.rs")),
            (
                vec![at(Root::Output(0), &["failures"])],
                r#"[{"file":"a.rs"}]"#,
                json!([{"file": "a.rs"}]),
            ),
            (vec![at(Root::Previous(0), &["x", "y"])], "null", json!(null)),
        ] {
            let template = Template::new(parts);
            assert_eq!(render(&template, &Values).unwrap(), text);
            assert_eq!(value(&template, &Values).unwrap(), alone);
        }
    }

    #[test]
    fn a_value_that_is_not_there_is_a_sentence() {
        for (root, path, wanted) in [
            (Root::Output(1), &["x"][..], "`step 2.output.x` has no value"),
            (Root::Output(0), &["x"], "`step 1.output.x` has no value: no `x`"),
            (
                Root::Output(0),
                &["failures", "7"],
                "`step 1.output.failures.7` has no value: no `7`",
            ),
            (Root::Run("dir".to_owned()), &[], "`run.dir` has no value"),
        ] {
            let template = Template::new(vec![at(root, path)]);
            assert_eq!(render(&template, &Values).unwrap_err(), wanted);
        }
    }
}
