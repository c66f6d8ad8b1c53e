//! What several verbs ask and say.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    scaffold::{model::Origin, source::Listed},
    verb::{Here, Ui, table},
};

/// Where whoever asks stands.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Place {
    /// Folder of whoever asks; its workspace has templates of its own
    #[arg(skip)]
    #[serde(default)]
    cwd: Option<PathBuf>,
}

impl Place {
    pub(super) fn prepare(&mut self, here: &Here) {
        self.cwd = Some(here.cwd.clone());
    }

    pub(super) fn folder(&self) -> &Path {
        self.cwd.as_deref().unwrap_or(Path::new("/"))
    }
}

/// A template in a list.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Row {
    /// What it is called by.
    pub(super) name: String,
    /// Its version.
    pub(super) version: String,
    /// What it makes, in one line.
    pub(super) about: String,
    /// Words to find it by.
    pub(super) tags: Vec<String>,
    /// `built in`, or its folder.
    pub(super) source: String,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<String>,
    /// It is there to be extended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) hidden: bool,
}

impl Row {
    pub(super) fn of(listed: Listed) -> Self {
        let source = listed.origin.show();
        let name = listed.name;
        match listed.head {
            Ok(head) => Self {
                name,
                version: head.version.to_string(),
                about: head.about,
                tags: head.tags,
                source,
                fault: None,
                hidden: head.hidden,
            },
            Err(refusal) => {
                let fault = refusal.message.lines().next().map(str::to_owned);
                let (version, about, tags) = (String::new(), String::new(), vec![]);
                Self { name, version, about, tags, source, fault, hidden: false }
            }
        }
    }
}

/// As a table.
pub(super) fn rows(all: &[Row], ui: &Ui) -> String {
    let row = |row: &Row| {
        let about = row.fault.as_ref().map_or_else(|| row.about.clone(), |f| ui.paint("31", f));
        vec![ui.paint("1", &row.name), row.version.clone(), about, row.source.clone()]
    };
    table(ui, &["NAME", "VERSION", "MAKES", "FROM"], all.iter().map(row).collect())
}

/// As a word of where a template comes from.
pub(super) fn word(origin: &Origin) -> &'static str {
    match origin {
        Origin::Builtin => "built in",
        Origin::Home(_) => "home",
        Origin::Workspace(_) => "workspace",
        Origin::Folder(_) => "folder",
        Origin::Git { .. } => "git",
    }
}
