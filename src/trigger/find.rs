//! Finds what a folder declares: the triggers of its gaia.toml and its `.gaia/schedules.yaml`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::tz::TimeZone;

use super::{
    file::{self, Context},
    model::Trigger,
};
use crate::{
    base::{Code, Home, Moment, Name, Refusal, faults_refusal},
    port::Files,
    session::{FILE, Finder, Source},
};

/// A longer file is refused by the loader; reading one byte more shows that it is longer.
const LIMIT: usize = (1 << 20) + 1;
/// Schedules as other tools write them, below the folder of a workspace.
pub(crate) const SCHEDULES: &str = "schedules.yaml";

/// What a workspace declares.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) workspace: Name,
    pub(crate) dir: PathBuf,
    pub(crate) triggers: Vec<Trigger>,
}

/// The triggers of the workspace that a folder lies in, as they are declared now.
pub(crate) fn declared(
    files: &dyn Files,
    home: &Home,
    (dir, env): (&Path, &BTreeMap<String, String>),
    now: Moment,
) -> Result<Declared, Refusal> {
    let finder = Finder { files, home, env };
    let dir = finder.workspace(dir)?;
    let read = |path: PathBuf| -> Result<Option<Source>, Refusal> {
        let bytes = files.read(&path, LIMIT);
        let bytes = bytes.map_err(|what| Refusal::new(Code::Failed, what))?;
        Ok(bytes.map(|bytes| Source { path: path.display().to_string(), bytes }))
    };
    let toml = read(dir.join(FILE))?;
    let toml = toml.unwrap_or(Source { path: FILE.to_owned(), bytes: vec![] });
    let yaml = read(dir.join(".gaia").join(SCHEDULES))?;
    let workspace = finder.load(&toml, &dir, None)?.name;
    let triggers = of(&toml, yaml.as_ref(), workspace.as_str(), now)?;
    Ok(Declared { workspace, dir, triggers })
}

/// The triggers of texts.
pub(crate) fn of(
    toml: &Source,
    yaml: Option<&Source>,
    workspace: &str,
    now: Moment,
) -> Result<Vec<Trigger>, Refusal> {
    let context = Context { workspace, zone: local(), now };
    file::load(toml, yaml, &context).map_err(|faults| faults_refusal(&faults))
}

/// The zone of this machine by its name; UTC if it has none.
pub(crate) fn local() -> TimeZone {
    let zone = TimeZone::system();
    if zone.iana_name().is_some() { zone } else { TimeZone::UTC }
}
