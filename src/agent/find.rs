//! Finds drivers by name (the workspace's own, the home's, those inside the binary), and the agents
//! of a folder.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::{
    driver::{BUILTIN, Driver, builtin},
    file::{Context, Declared, load},
    record::CrewRecord,
};
use crate::{
    base::{Code, Home, Name, Refusal, faults_refusal, nearest},
    port::Files,
    session::{FILE, Finder, Source},
};

/// A longer file is refused by the loader; reading one byte more shows that it is longer.
const LIMIT: usize = (1 << 20) + 1;

fn folders(home: &Home, dir: &Path) -> [PathBuf; 2] {
    [dir.join(".gaia/drivers"), home.drivers()]
}

/// Every driver that can be named from a folder, with where it comes from.
pub(crate) fn drivers(files: &dyn Files, home: &Home, dir: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for folder in folders(home, dir) {
        for file in files.names(&folder) {
            if let Some(name) = file.strip_suffix(".toml").filter(|n| n.parse::<Name>().is_ok()) {
                let origin = folder.join(&file).display().to_string();
                found.entry(name.to_owned()).or_insert(origin);
            }
        }
    }
    for (name, _) in BUILTIN {
        found.entry((*name).to_owned()).or_insert_with(|| "built in".to_owned());
    }
    found
}

/// Drivers as they were last read: a hook, which sits in each tool call of an agent, does not wait
/// until one is read again.
#[derive(Default)]
pub(crate) struct Drivers(Mutex<BTreeMap<String, (String, Driver)>>);

impl Drivers {
    /// The driver of this name.
    pub(crate) fn get(
        &self,
        files: &dyn Files,
        home: &Home,
        (dir, name): (&Path, &str),
    ) -> Result<Driver, Refusal> {
        let (path, text) = text_of(files, home, dir, name)?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, driver)) = known.get(&path).filter(|(old, _)| *old == text) {
            return Ok(driver.clone());
        }
        let driver = Driver::load(&path, &text).map_err(|faults| faults_refusal(&faults))?;
        known.insert(path, (text, driver.clone()));
        Ok(driver)
    }
}

/// Where the driver of this name lies, and what it says.
fn text_of(
    files: &dyn Files,
    home: &Home,
    dir: &Path,
    name: &str,
) -> Result<(String, String), Refusal> {
    if name.parse::<Name>().is_ok() {
        for folder in folders(home, dir) {
            let path = folder.join(format!("{name}.toml"));
            if let Ok(Some(bytes)) = files.read(&path, LIMIT) {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                return Ok((path.display().to_string(), text));
            }
        }
    }
    if let Some(text) = builtin(name) {
        return Ok((format!("built in: {name}"), text.to_owned()));
    }
    let known = drivers(files, home, dir);
    let refusal = Refusal::new(Code::NotFound, format!("there is no driver `{name}`"));
    Err(refusal.help(match nearest(name, known.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => known.into_keys().collect::<Vec<_>>().join(", "),
    }))
}

/// Where the agents of a folder are looked for.
pub(crate) struct Search<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) home: &'a Home,
    pub(crate) env: &'a BTreeMap<String, String>,
    /// Agents that nobody declares in a workspace, by its folder.
    pub(crate) implied: &'a dyn Fn(&Path) -> Vec<Name>,
}

impl Search<'_> {
    /// The workspace that a folder lies in.
    pub(crate) fn workspace(&self, dir: &Path) -> Result<PathBuf, Refusal> {
        self.finder().workspace(dir)
    }

    /// The agents of a workspace, as its gaia.toml declares them now.
    pub(crate) fn crew(&self, dir: PathBuf) -> Result<CrewRecord, Refusal> {
        let path = dir.join(FILE);
        let failed = |what: String| Refusal::new(Code::Failed, what);
        let bytes = self.files.read(&path, LIMIT).map_err(failed)?.unwrap_or_default();
        let source = Source { path: path.display().to_string(), bytes };
        let workspace = self.finder().load(&source, &dir, None)?.name;
        self.declared(&source, dir, workspace)
    }

    /// The agents of a folder without a gaia.toml: a workspace with nothing in it.
    pub(crate) fn plain(&self, dir: PathBuf, name: Name) -> Result<CrewRecord, Refusal> {
        let path = dir.join(FILE).display().to_string();
        self.declared(&Source { path, bytes: vec![] }, dir, name)
    }

    fn finder(&self) -> Finder<'_> {
        Finder { files: self.files, home: self.home, env: self.env }
    }

    fn declared(
        &self,
        source: &Source,
        dir: PathBuf,
        workspace: Name,
    ) -> Result<CrewRecord, Refusal> {
        let implied = (self.implied)(&dir);
        let place = (&*dir, &workspace, &*implied);
        let Declared { agents, policy } = declared(self.files, self.home, source, place)?;
        Ok(CrewRecord { workspace, agents, policy, paused: false, dir })
    }
}

/// What a definition declares for the agents of a folder.
pub(crate) fn declared(
    files: &dyn Files,
    home: &Home,
    source: &Source,
    (dir, workspace, implied): (&Path, &Name, &[Name]),
) -> Result<Declared, Refusal> {
    let drivers = drivers(files, home, dir).into_keys().collect();
    let context = Context { dir, drivers, workspace, implied };
    load(source, &context).map_err(|faults| faults_refusal(&faults))
}
