//! `after`: what must hold of other services.

use super::build::Layer;
use crate::{
    base::Name,
    define::Any,
    service::model::{After, Condition, OnRestart},
};

impl Layer<'_> {
    pub(super) fn after(&mut self, raw: &Any) -> Vec<After> {
        let help = "write after = { db = \"ready\" }, or after = [\"db\"]";
        let all: Vec<(String, toml::Value)> = match raw.get_ref() {
            toml::Value::Table(table) => table.clone().into_iter().collect(),
            toml::Value::Array(names) => {
                let word = |name: &toml::Value| Some((name.as_str()?.to_owned(), default_word()));
                names.iter().filter_map(word).collect()
            }
            toml::Value::String(name) => vec![(name.clone(), default_word())],
            _ => {
                self.wrong(raw.span(), "`after` names no services", help);
                vec![]
            }
        };
        let mut edges = Vec::new();
        for (name, value) in all {
            match (name.parse::<Name>(), edge(&value)) {
                (Ok(service), Ok((condition, required, on_restart))) => {
                    edges.push(After { service, condition, required, on_restart });
                }
                (Err(bad), _) => self.wrong(raw.span(), bad.to_string(), help),
                (_, Err(what)) => self.wrong(
                    raw.span(),
                    format!("after {name}: {what}"),
                    "started, ready, completed, completed-ok, or a table with one of condition, log, healthy_for, and required, on_restart",
                ),
            }
        }
        edges
    }
}

/// What `after = ["db"]` asks: `check` turns it into `ready` or `started` by what `db` can tell.
fn default_word() -> toml::Value {
    toml::Value::String("default".to_owned())
}

/// Condition, whether it is required, and what a restart means.
type Edge = (Condition, bool, OnRestart);

fn edge(value: &toml::Value) -> Result<Edge, String> {
    let word = |word: &str| match word {
        "started" => Ok(Condition::Started),
        "ready" | "healthy" => Ok(Condition::Ready),
        // Told apart from `ready` by its span of 0 until all services are known.
        "default" => Ok(Condition::HealthyFor(0)),
        "completed" => Ok(Condition::Completed),
        "completed-ok" | "completed_ok" => Ok(Condition::CompletedOk),
        other => Err(format!("there is no condition `{other}`")),
    };
    let table = match value {
        toml::Value::String(text) => return Ok((word(text)?, true, OnRestart::None)),
        toml::Value::Table(table) => table,
        _ => return Err("it is no condition".to_owned()),
    };
    let (mut condition, mut required, mut on_restart) =
        (Condition::HealthyFor(0), true, OnRestart::None);
    for (key, value) in table {
        let text = value.as_str();
        match (key.as_str(), text) {
            ("condition", Some(text)) => condition = word(text)?,
            ("log", Some(text)) => {
                regex::Regex::new(text).map_err(|e| format!("`{text}` is no expression: {e}"))?;
                condition = Condition::Log(text.to_owned());
            }
            ("healthy_for", Some(text)) => {
                let span = crate::base::duration(text).ok_or("`healthy_for` is no span")?;
                condition =
                    Condition::HealthyFor(u64::try_from(span.as_millis()).unwrap_or(0).max(1));
            }
            ("required", None) => {
                required = value.as_bool().ok_or("`required` is true or false")?
            }
            ("on_restart", Some("none")) => on_restart = OnRestart::None,
            ("on_restart", Some("restart")) => on_restart = OnRestart::Restart,
            ("on_restart", Some("stop")) => on_restart = OnRestart::Stop,
            _ => return Err(format!("`{key}` is not known here")),
        }
    }
    Ok((condition, required, on_restart))
}
