//! Definitions of tmuxinator, tmuxp and smug as a `gaia.toml`. Pure: text in, text out, with a list
//! of everything that could not be carried over.

mod read;
mod smug;
mod tmuxinator;
mod tmuxp;
mod write;

use serde_json::Value;

use crate::base::{Code, Refusal};

pub(crate) use write::{Draft, DraftPane, DraftWindow};

/// A definition carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Imported {
    /// Which tool's it was.
    pub(crate) from: &'static str,
    /// The text of the `gaia.toml`.
    pub(crate) text: String,
    /// What could not be carried over: where it stood, and why.
    pub(crate) left: Vec<String>,
}

/// Carries a definition over; the tool is told from what stands in it.
pub(crate) fn import(text: &str) -> Result<Imported, Refusal> {
    if text.contains("<%") {
        return Err(Refusal::new(Code::Invalid, "this definition is an ERB template (`<% … %>`)")
            .help("let the tool write it out first, e.g. `tmuxinator debug NAME`, or replace the marks by hand"));
    }
    let value = parse(text)?;
    let mut notes = read::Notes::default();
    let (from, draft) = if value.get("session_name").is_some() {
        ("tmuxp", tmuxp::draft(&value, &mut notes))
    } else if value.get("session").is_some() {
        ("smug", smug::draft(&value, &mut notes))
    } else if value.get("windows").is_some() || value.get("tabs").is_some() {
        ("tmuxinator", tmuxinator::draft(&value, &mut notes))
    } else {
        return Err(Refusal::new(
            Code::Invalid,
            "this is no definition of tmuxinator, tmuxp or smug",
        )
        .help("they have `windows` with `name` or `project_name`, `session_name`, or `session`"));
    };
    let text = draft.text(from, &notes.0);
    Ok(Imported { from, text, left: notes.0 })
}

/// YAML, of which JSON is a part.
fn parse(text: &str) -> Result<Value, Refusal> {
    let value: Value = serde_saphyr::from_str(text)
        .map_err(|e| Refusal::new(Code::Invalid, format!("this is neither YAML nor JSON: {e}")))?;
    if value.is_object() {
        return Ok(value);
    }
    Err(Refusal::new(Code::Invalid, "this is no definition: it is not a table of keys"))
}

#[cfg(test)]
mod tests;
