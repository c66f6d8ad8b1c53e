use std::collections::BTreeMap;

/// Every name that a template may hold in `{{…}}`, and what it stands for.
pub(super) const PLACES: &[(&str, &str)] = &[
    ("home", "the private state folder of the agent"),
    ("tmp", "its private temp folder"),
    ("worktree", "where it works"),
    ("repo_root", "the main checkout of that worktree"),
    ("user_home", "the home of the person"),
    ("gaia", "gaia's executable"),
    ("session", "the id gaia chose for the conversation"),
    ("resume", "the conversation to go on with"),
    ("model", "the model"),
    ("effort", "how hard it thinks"),
    ("prompt", "the task"),
    ("prompt_file", "a file that holds the task"),
    ("role", "who the agent is"),
    ("role_file", "the file with the role"),
    ("path", "one instruction file"),
    ("max_turns", "most turns"),
    ("max_cost", "most money in USD"),
    ("port", "a free port on loopback"),
    ("key_tail", "the last 20 characters of ANTHROPIC_API_KEY"),
];

/// The names a text mentions, with where each stands.
pub(super) fn places(text: &str) -> Vec<(usize, &str)> {
    let mut found = vec![];
    let mut from = 0;
    while let Some(open) = text[from..].find("{{").map(|at| at + from + 2) {
        let Some(close) = text[open..].find("}}").map(|at| at + open) else { break };
        let name = &text[open..close];
        if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty() {
            found.push((open - 2, name));
        }
        from = close;
    }
    found
}

/// How a value is written into the text around it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    /// As it is.
    Plain,
    /// Inside the quotes of a JSON or TOML string.
    Json,
}

/// What the places of templates stand for in one launch.
#[derive(Debug, Default, Clone)]
pub(super) struct Values(BTreeMap<&'static str, String>);

impl Values {
    /// Gives a place its value.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.insert(name, value.into());
    }

    /// Gives it one if there is one.
    pub(super) fn maybe(&mut self, name: &'static str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// The value of a place.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The text with its places filled.
    pub(super) fn fill(&self, text: &str, quote: Quote) -> Result<String, String> {
        let mut done = String::new();
        let mut from = 0;
        for (at, name) in places(text) {
            let value = self
                .0
                .get(name)
                .ok_or_else(|| format!("this needs {}, and there is none", meaning(name)))?;
            done.push_str(&text[from..at]);
            match quote {
                Quote::Plain => done.push_str(value),
                Quote::Json => {
                    let quoted = serde_json::Value::from(value.as_str()).to_string();
                    done.push_str(&quoted[1..quoted.len() - 1]);
                }
            }
            from = at + name.len() + 4;
        }
        done.push_str(&text[from..]);
        Ok(done)
    }

    /// All words filled.
    pub(super) fn words(&self, words: &[String]) -> Result<Vec<String>, String> {
        words.iter().map(|word| self.fill(word, Quote::Plain)).collect()
    }
}

fn meaning(name: &str) -> &str {
    PLACES.iter().find(|(known, _)| *known == name).map_or(name, |(_, meaning)| meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_and_quoted() {
        let mut values = Values::default();
        values.set("home", "/a \"b\"");
        assert_eq!(values.fill("x={{home}}/y", Quote::Plain).unwrap(), "x=/a \"b\"/y");
        assert_eq!(
            values.fill("{\"k\":{\"{{home}}\":{}}}", Quote::Json).unwrap(),
            r#"{"k":{"/a \"b\"":{}}}"#
        );
        assert_eq!(
            values.fill("{{model}}", Quote::Plain).unwrap_err(),
            "this needs the model, and there is none"
        );
    }

    #[test]
    fn braces_that_are_no_place_stay() {
        assert_eq!(places("{{}} {{ a }} {{a}"), []);
        assert_eq!(places("{\"a\":{\"{{home}}\":{}}}"), [(7, "home")]);
    }
}
