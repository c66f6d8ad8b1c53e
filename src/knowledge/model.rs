//! The nouns: what an expert knows, what is told of it, what may be learned.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Name;

/// What is known about an area of the work, as a file says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Expert {
    /// Its name; that of its file.
    pub name: Name,
    /// Areas it is about, e.g. `frontend`.
    pub area: Vec<String>,
    /// One line about it.
    pub about: String,
    /// Globs of the files it is about, from the workspace on.
    pub paths: Vec<String>,
    /// How things are done here.
    pub patterns: Vec<String>,
    /// What goes wrong here.
    pub pitfalls: Vec<String>,
    /// Name and shell line of commands worth to know. gaia runs none of them.
    pub commands: Vec<(String, String)>,
    /// What else is worth to know; paragraphs.
    pub notes: Vec<String>,
    /// Who is told first of those that fit as well.
    pub priority: i64,
}

impl Expert {
    /// One that knows nothing yet.
    #[must_use]
    pub fn new(name: Name) -> Self {
        Self {
            name,
            area: vec![],
            about: String::new(),
            paths: vec![],
            patterns: vec![],
            pitfalls: vec![],
            commands: vec![],
            notes: vec![],
            priority: 0,
        }
    }

    /// The list of texts under a key of the file.
    pub(super) fn list(&self, key: &str) -> &Vec<String> {
        match key {
            "area" => &self.area,
            "paths" => &self.paths,
            "patterns" => &self.patterns,
            "pitfalls" => &self.pitfalls,
            _ => &self.notes,
        }
    }

    /// The list of texts under a key of the file, to be changed.
    pub(super) fn list_mut(&mut self, key: &str) -> &mut Vec<String> {
        match key {
            "area" => &mut self.area,
            "paths" => &mut self.paths,
            "patterns" => &mut self.patterns,
            "pitfalls" => &mut self.pitfalls,
            _ => &mut self.notes,
        }
    }
}

/// An expert whose text is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chosen {
    /// Its name.
    pub name: Name,
    /// Why it fits.
    pub why: String,
    /// About how many tokens of the text are its.
    pub tokens: usize,
    /// Whether some of what it knows found no room.
    pub cut: bool,
}

/// An expert that is not told, though it might be expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Left {
    /// Its name.
    pub name: String,
    /// Why not.
    pub why: String,
}

/// What a step is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Brief {
    /// Markdown, to be put into a prompt as it is.
    pub text: String,
    /// Whose knowledge it is, in the order of the text.
    pub chosen: Vec<Chosen>,
    /// Who fits and found no room, or could not be read.
    pub left_out: Vec<Left>,
}

/// What becomes of a proposal. It leaves `open` once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Fate {
    /// It waits for a person.
    Open,
    /// The file has what was proposed.
    Accepted {
        /// Who said yes
        by: String,
        /// The version of the file
        version: u32,
    },
    /// The file is as it was.
    Rejected {
        /// Who said no
        by: String,
        /// Why
        why: String,
    },
}

/// Where an expert comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// A file of the workspace.
    Workspace(String),
    /// A file of the home.
    Home(String),
    /// Built into gaia.
    BuiltIn,
}

impl Origin {
    /// The origin in a word or a path.
    pub(super) fn show(&self) -> &str {
        match self {
            Self::Workspace(path) | Self::Home(path) => path,
            Self::BuiltIn => "built in",
        }
    }
}
