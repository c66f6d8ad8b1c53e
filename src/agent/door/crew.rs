//! The agents of a folder, as its gaia.toml declares them now.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    agent::{actor::Handle, find::Search, record::CrewRecord, view::View, words},
    base::{Code, Name, Refusal},
};

impl Handle {
    /// The agents of the workspace that a folder lies in; the actor knows them then. A folder
    /// without a gaia.toml is a workspace if work was handed over there before.
    pub(crate) async fn crew(
        &self,
        dir: &Path,
        env: &BTreeMap<String, String>,
    ) -> Result<CrewRecord, Refusal> {
        let crew = self.read(dir, env, None);
        let crew = match (crew, plain_before(&self.view(), dir)) {
            (Err(refusal), Some(dir)) if refusal.code == Code::NotFound => {
                self.read_plain(dir, env, None)
            }
            (crew, _) => crew,
        };
        self.enlist(crew?).await
    }

    /// The same for any folder, and with an agent that stands for this driver.
    pub(super) async fn crew_for(
        &self,
        (dir, env): (&Path, &BTreeMap<String, String>),
        driver: Option<&Name>,
    ) -> Result<CrewRecord, Refusal> {
        let crew = match self.read(dir, env, driver) {
            Err(refusal) if refusal.code == Code::NotFound => {
                self.read_plain(dir.to_owned(), env, driver)
            }
            crew => crew,
        };
        self.enlist(crew?).await
    }

    /// What the gaia.toml of a folder, or of one above it, declares; not found if there is none.
    fn read(
        &self,
        dir: &Path,
        env: &BTreeMap<String, String>,
        driver: Option<&Name>,
    ) -> Result<CrewRecord, Refusal> {
        self.search(env, driver, |search| {
            let dir = search.workspace(dir)?;
            // Only a missing file is answered by another folder.
            search.crew(dir).map_err(|refusal| match refusal.code {
                Code::NotFound => Refusal { code: Code::Invalid, ..refusal },
                _ => refusal,
            })
        })
    }

    fn read_plain(
        &self,
        dir: PathBuf,
        env: &BTreeMap<String, String>,
        driver: Option<&Name>,
    ) -> Result<CrewRecord, Refusal> {
        let name = name_of(&self.view(), &dir);
        self.search(env, driver, |search| search.plain(dir, name))
    }

    fn search(
        &self,
        env: &BTreeMap<String, String>,
        driver: Option<&Name>,
        look: impl FnOnce(&Search<'_>) -> Result<CrewRecord, Refusal>,
    ) -> Result<CrewRecord, Refusal> {
        let view = self.view();
        // They are made anew with the rest: the fence of the workspace is theirs too.
        let implied = |dir: &Path| {
            let known = view.crews.values().filter(|crew| crew.dir == dir);
            let agents = known.flat_map(|crew| crew.agents.iter().filter(|agent| agent.implied));
            agents.map(|agent| agent.name.clone()).chain(driver.cloned()).collect()
        };
        let sessions = &self.world().sessions;
        let (files, home) = (&*sessions.ports().files, sessions.home());
        look(&Search { files, home, env, implied: &implied })
    }
}

/// The folder without a gaia.toml in or below which this one lies, if work was handed over there.
fn plain_before(view: &View, dir: &Path) -> Option<PathBuf> {
    let plain = |crew: &&CrewRecord| {
        dir.starts_with(&crew.dir) && crew.agents.iter().all(|agent| agent.implied)
    };
    let all = view.crews.values().filter(plain).map(|crew| crew.dir.clone());
    all.max_by_key(|dir| dir.components().count())
}

/// The name of a workspace that has none: that of its folder, and more where another has that.
fn name_of(view: &View, dir: &Path) -> Name {
    if let Some(known) = view.crews.values().find(|crew| crew.dir == dir) {
        return known.workspace.clone();
    }
    let folder = dir.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let name = Name::near(&folder, "workspace");
    if !view.crews.contains_key(&name) {
        return name;
    }
    let digest = words::digest(&dir.display().to_string());
    let short: String = name.as_str().chars().take(30).collect();
    Name::near(&format!("{short}-{}", &digest[..6]), "workspace")
}
