//! Finds experts by name: the workspace's own, the home's, those inside the binary.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    builtin::{BUILTIN, builtin},
    file::load,
    model::{Expert, Origin},
};
use crate::{
    base::{Code, ConfigError, Home, Name, Refusal, nearest},
    port::Files,
};

/// A longer file is refused by the loader; reading one byte more shows that it is longer.
const LIMIT: usize = (1 << 20) + 1;

/// An expert that was found, as it is.
pub(super) struct Found {
    pub(super) name: Name,
    pub(super) origin: Origin,
    pub(super) bytes: Vec<u8>,
}

impl Found {
    /// What it says, or everything that is wrong with it.
    pub(super) fn load(&self) -> Result<Expert, Vec<ConfigError>> {
        load(self.origin.show(), &self.name, &self.bytes)
    }

    /// Its text, as far as it is one.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// Where experts are looked for.
#[derive(Clone, Copy)]
pub(super) struct Library<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) home: &'a Home,
}

/// The file of a workspace's own expert.
pub(super) fn own(dir: &Path, name: &Name) -> PathBuf {
    folder(dir).join(format!("{name}.yaml"))
}

fn folder(dir: &Path) -> PathBuf {
    dir.join(".gaia/experts")
}

impl Library<'_> {
    /// The workspace that a folder lies in, or the folder itself.
    pub(super) fn workspace(&self, dir: &Path) -> PathBuf {
        let is = |above: &&Path| self.files.exists(&above.join("gaia.toml"));
        dir.ancestors().find(is).unwrap_or(dir).to_owned()
    }

    /// The bytes of a workspace's own expert, if it has a file. A link is not followed: who may
    /// write into the folder could point it anywhere.
    pub(super) fn own(&self, dir: &Path, name: &Name) -> Result<Option<Vec<u8>>, Refusal> {
        let path = own(dir, name);
        self.files.read_plain(&path, LIMIT).map_err(|what| Refusal::new(Code::Failed, what))
    }

    /// The expert of this name; `None` if there is none.
    pub(super) fn find(&self, dir: &Path, name: &Name) -> Result<Option<Found>, Refusal> {
        let name = name.clone();
        if let Some(bytes) = self.own(dir, &name)? {
            let origin = Origin::Workspace(own(dir, &name).display().to_string());
            return Ok(Some(Found { name, origin, bytes }));
        }
        let path = self.home.experts().join(format!("{name}.yaml"));
        let failed = |what| Refusal::new(Code::Failed, what);
        if let Some(bytes) = self.files.read(&path, LIMIT).map_err(failed)? {
            let origin = Origin::Home(path.display().to_string());
            return Ok(Some(Found { name, origin, bytes }));
        }
        let text = builtin(name.as_str());
        Ok(text.map(|text| Found { name, origin: Origin::BuiltIn, bytes: text.into() }))
    }

    /// The expert of this name, or the nearest that there is.
    pub(super) fn require(&self, dir: &Path, name: &Name) -> Result<Found, Refusal> {
        if let Some(found) = self.find(dir, name)? {
            return Ok(found);
        }
        let known = self.names(dir);
        let near = nearest(name.as_str(), known.keys().map(Name::as_str));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("`gaia expert new {name}` makes one"),
        };
        Err(Refusal::new(Code::NotFound, format!("there is no expert `{name}`")).help(help))
    }

    /// Every expert of a workspace, by name; those that cannot be read with the reason.
    pub(super) fn all(&self, dir: &Path) -> Vec<(Name, Result<Found, Refusal>)> {
        let names = self.names(dir).into_keys();
        names
            .filter_map(|name| match self.find(dir, &name) {
                Ok(found) => found.map(|found| (name, Ok(found))),
                Err(refusal) => Some((name, Err(refusal))),
            })
            .collect()
    }

    fn names(&self, dir: &Path) -> BTreeMap<Name, ()> {
        let mut names = BTreeMap::new();
        for folder in [folder(dir), self.home.experts()] {
            for file in self.files.names(&folder) {
                let name = file.strip_suffix(".yaml").and_then(|stem| stem.parse().ok());
                names.extend(name.map(|name| (name, ())));
            }
        }
        names.extend(BUILTIN.iter().filter_map(|(name, _)| Some((name.parse().ok()?, ()))));
        names
    }
}
