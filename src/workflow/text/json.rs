//! A text as JSON: a string where no value stands in it, else the list of its pieces.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{SeqAccess, Visitor},
};

use super::{Part, Template};

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [] => to.serialize_str(""),
            [Part::Text(text)] => to.serialize_str(text),
            parts => to.collect_seq(parts),
        }
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Template;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a list of pieces")
            }

            fn visit_str<E>(self, text: &str) -> Result<Template, E> {
                Ok(if text.is_empty() { Template::default() } else { Template::plain(text) })
            }

            // An older gaia stored each text so.
            fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Template, A::Error> {
                let mut parts = vec![];
                while let Some(part) = from.next_element::<Part>()? {
                    parts.push(part);
                }
                Ok(Template::new(parts))
            }
        }
        from.deserialize_any(Either)
    }
}

impl JsonSchema for Template {
    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let parts = generator.subschema_for::<Vec<Part>>();
        schemars::json_schema!({
            "description": "A text whose references are known to lead somewhere: a string where no \
                            value stands in it, else the list of its pieces.",
            "anyOf": [{ "type": "string" }, parts]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::text::{Reference, Root};

    #[test]
    fn a_text_is_read_as_it_was_stored_also_by_an_older_gaia() {
        let input = Part::Value(Reference { root: Root::Input("a".to_owned()), path: vec![] });
        for (parts, now, before) in [
            (vec![], r#""""#, "[]"),
            (vec![Part::Text("x".to_owned())], r#""x""#, r#"[{"text":"x"}]"#),
            (
                vec![Part::Text("x".to_owned()), input],
                r#"[{"text":"x"},{"value":{"root":{"input":"a"},"path":[]}}]"#,
                r#"[{"text":"x"},{"value":{"root":{"input":"a"},"path":[]}}]"#,
            ),
        ] {
            let template = Template::new(parts);
            assert_eq!(serde_json::to_string(&template).unwrap(), now);
            for stored in [now, before] {
                assert_eq!(serde_json::from_str::<Template>(stored).unwrap(), template);
            }
        }
    }
}
