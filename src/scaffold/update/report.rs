use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Line {
    /// Its path in the project.
    pub(crate) path: String,
    /// `added`, `updated`, `merged`, `conflict`, `moved`, `deleted`, `kept`.
    pub(crate) what: String,
    /// What a person should know of it.
    pub(crate) note: Option<String>,
}

/// What an update did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Updated {
    /// Name of the template.
    pub(crate) template: String,
    /// Version before.
    pub(crate) from: String,
    /// Version now.
    pub(crate) to: String,
    /// Nothing was written.
    pub(crate) dry_run: bool,
    /// Files that changed, or that a person should look at.
    pub(crate) files: Vec<Line>,
    /// How many files are in conflict.
    pub(crate) conflicts: usize,
    /// Where what was there before is kept, if git does not hold it.
    pub(crate) kept_in: Option<String>,
    /// What the commands of the template printed.
    pub(crate) output: Vec<String>,
    /// The changes as text, if they were asked for.
    pub(crate) diff: Option<String>,
}

impl Updated {
    /// For a person.
    pub(crate) fn show(&self) -> String {
        let mut text = self.output.join("\n");
        for line in &self.files {
            let note = line.note.as_ref().map(|note| format!("  ({note})")).unwrap_or_default();
            let _ = writeln!(text, "{:>8}  {}{note}", line.what, line.path);
        }
        if let Some(diff) = &self.diff {
            let _ = writeln!(text, "\n{diff}");
        }
        let verb = if self.dry_run { "would come" } else { "came" };
        if self.from == self.to && self.files.is_empty() {
            let _ = write!(text, "{} {} is what the project has", self.template, self.to);
        } else {
            let _ = write!(text, "{} {verb} from {} to {}", self.template, self.from, self.to);
        }
        if self.conflicts > 0 {
            let _ = write!(
                text,
                "\n{} in conflict: look for <<<<<<< and .theirs, then `git add` them",
                count(self.conflicts, "file")
            );
        }
        if let Some(kept) = &self.kept_in {
            let _ = write!(text, "\nwhat you had changed and git does not hold is kept in {kept}");
        }
        text
    }
}

/// `1 file`, `2 files`.
fn count(number: usize, what: &str) -> String {
    let many = if number == 1 { "" } else { "s" };
    format!("{number} {what}{many}")
}
