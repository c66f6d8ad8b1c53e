//! Finds definitions: the `gaia.toml` of a folder, and layouts by name. The workspace's own come
//! first, then the home's, then those inside the binary.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    file::{Context, Source, load},
    layouts::{builtin, builtin_names},
    model::Declared,
};
use crate::{
    base::{Code, Home, Name, Refusal, faults_refusal},
    port::Files,
};

/// Name of the definition of a workspace.
pub(crate) const FILE: &str = "gaia.toml";
/// A longer file is refused by the loader; reading one byte more shows that it is longer.
const LIMIT: usize = (1 << 20) + 1;

/// Where definitions are looked for.
pub(crate) struct Finder<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) home: &'a Home,
    pub(crate) env: &'a BTreeMap<String, String>,
}

/// A layout that can be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) origin: String,
}

impl Finder<'_> {
    /// The workspace that a folder lies in: the folder itself or the nearest one above it with a
    /// `gaia.toml`.
    pub(crate) fn workspace(&self, dir: &Path) -> Result<PathBuf, Refusal> {
        for folder in dir.ancestors() {
            if self.files.names(folder).iter().any(|name| name == FILE) {
                return Ok(folder.to_owned());
            }
        }
        let message = format!("there is no {FILE} in {} or above it", dir.display());
        Err(Refusal::new(Code::NotFound, message).help(
            "write one, or open a ready-made layout with `gaia session new NAME --layout crew`",
        ))
    }

    /// A session of this name from a layout, in a folder.
    pub(crate) fn laid_out(
        &self,
        layout: &str,
        dir: &Path,
        name: &Name,
    ) -> Result<Declared, Refusal> {
        let Some(source) = self.layout(dir, layout) else {
            let known: Vec<String> = self.layouts(dir).into_iter().map(|l| l.name).collect();
            let message = format!("there is no layout `{layout}`");
            return Err(Refusal::new(Code::NotFound, message)
                .help(format!("there is: {}", known.join(", "))));
        };
        self.load(&source, dir, Some(name))
    }

    /// Reads and checks a definition.
    pub(crate) fn load(
        &self,
        source: &Source,
        dir: &Path,
        name: Option<&Name>,
    ) -> Result<Declared, Refusal> {
        let home = PathBuf::from(self.env.get("HOME").map_or("/", String::as_str));
        let context = Context {
            dir,
            home: &home,
            layout: &|name| self.layout(dir, name),
            layouts: self.layouts(dir).into_iter().map(|layout| layout.name).collect(),
            is_dir: &|path| self.files.is_dir(path),
        };
        load(source, &context, name).map_err(|faults| faults_refusal(&faults))
    }

    fn layout(&self, dir: &Path, name: &str) -> Option<Source> {
        // A name is a file name here: one that is not a name finds nothing outside the folders.
        name.parse::<Name>().ok()?;
        for folder in self.folders(dir) {
            let path = folder.join(format!("{name}.toml"));
            if let Ok(Some(bytes)) = self.files.read(&path, LIMIT) {
                return Some(Source { path: path.display().to_string(), bytes });
            }
        }
        let text = builtin(name)?;
        Some(Source { path: format!("built in: {name}"), bytes: text.into() })
    }

    /// Every layout that can be named from a folder.
    pub(crate) fn layouts(&self, dir: &Path) -> Vec<Found> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for folder in self.folders(dir) {
            for file in self.files.names(&folder) {
                if let Some(name) = file.strip_suffix(".toml") {
                    let origin = folder.join(&file).display().to_string();
                    found.entry(name.to_owned()).or_insert(origin);
                }
            }
        }
        for name in builtin_names() {
            found.entry(name.to_owned()).or_insert("built in".to_owned());
        }
        found.into_iter().map(|(name, origin)| Found { name, origin }).collect()
    }

    fn folders(&self, dir: &Path) -> [PathBuf; 2] {
        [dir.join(".gaia/sessions"), self.home.sessions()]
    }
}
