use std::ops::Range;

use toml::Spanned;

use crate::base::{ConfigError, nearest};

/// A string and its place.
pub(crate) type Text = Spanned<String>;

/// What is wrong with a definition, all of it.
pub(crate) type Faults = Vec<ConfigError>;

/// Any value and its place.
pub(crate) type Any = Spanned<toml::Value>;

/// One of something, or a list.
#[derive(Debug, Clone)]
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>);

impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Reader<T>(std::marker::PhantomData<T>);
        impl<'de, T: serde::Deserialize<'de>> serde::de::Visitor<'de> for Reader<T> {
            type Value = OneOrMany<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a table, or a list of them")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                map: A,
            ) -> Result<Self::Value, A::Error> {
                let one = T::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(OneOrMany(vec![one]))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = seq.next_element()? {
                    all.push(one);
                }
                Ok(OneOrMany(all))
            }
        }
        input.deserialize_any(Reader(std::marker::PhantomData))
    }
}

/// A longer file is none that a person wrote.
const MAX_BYTES: usize = 1 << 20;

/// A file with what is needed to point into it.
#[derive(Clone, Copy)]
pub(crate) struct Page<'a> {
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
}

impl Page<'_> {
    /// A fault at a place of this file.
    pub(crate) fn fault(&self, at: Range<usize>, what: impl Into<String>) -> ConfigError {
        ConfigError::new(self.path, self.text, at, what)
    }

    /// Reads the file as a shape; a key that is not known is answered with the nearest that is.
    pub(crate) fn parse<T: serde::de::DeserializeOwned>(&self, faults: &mut Faults) -> Option<T> {
        match toml::from_str(self.text) {
            Ok(raw) => Some(raw),
            Err(error) => {
                let at = error.span().unwrap_or(0..0);
                let fault = self.fault(at, error.message().to_owned());
                let help = advice(error.message());
                faults.push(help.into_iter().fold(fault, ConfigError::help));
                None
            }
        }
    }
}

/// What to write instead of a key that is not known.
fn advice(message: &str) -> Option<String> {
    let mut words = message.split('`').skip(1).step_by(2);
    if !message.starts_with("unknown") {
        return None;
    }
    let wrong = words.next()?;
    nearest(wrong, words).map(|near| format!("did you mean `{near}`?"))
}

/// The text of a definition, if it is one that a person wrote.
pub(crate) fn text_of(path: &str, bytes: &[u8], faults: &mut Faults) -> Option<String> {
    let mut fault = |what: String| faults.push(ConfigError::new(path, "", 0..0, what));
    if bytes.len() > MAX_BYTES {
        fault("the file is longer than 1 MiB: is it the right one?".into());
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(error) => {
            let good = &bytes[..error.valid_up_to()];
            let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
            let at = error.valid_up_to();
            fault(format!("line {line} is not UTF-8 text (byte {at} of the file)"));
            None
        }
    }
}
