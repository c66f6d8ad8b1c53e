//! Finds the services of a workspace: its `gaia.toml`, and the catalog by name (the workspace's
//! own, the home's, those inside the binary).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    actor::Handle,
    catalog::{catalog_entry, catalog_names},
    file::{Context, load},
    import,
    model::{Command, Service, ServiceId},
};
use crate::{
    base::{Code, Home, Name, Refusal, faults_refusal},
    port::{Files, Prober},
    session::{Declared, FILE, Finder, Layout, Source, Window, service_pane},
};

/// A longer file is refused by the loader; reading one byte more shows that it is longer.
const LIMIT: usize = (1 << 20) + 1;

/// Files of other tools that are read where there is no gaia.toml, in this order.
const FOREIGN: &[&str] = &[
    "process-compose.yaml",
    "process-compose.yml",
    "Procfile.dev",
    "Procfile",
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
];

/// What a `gaia.toml` declares.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// Its session, with a window for every service that no pane of it shows.
    pub(crate) declared: Declared,
    /// Its services.
    pub(crate) services: Vec<Service>,
}

/// Where definitions are looked for.
pub(crate) struct Definitions<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) prober: &'a dyn Prober,
    pub(crate) home: &'a Home,
    pub(crate) env: &'a BTreeMap<String, String>,
}

impl<'a> Definitions<'a> {
    /// For a caller with this environment.
    pub(crate) fn of(services: &'a Handle, env: &'a BTreeMap<String, String>) -> Self {
        let sessions = services.sessions();
        let (files, prober) = (&*sessions.ports().files, &*services.ports().prober);
        Self { files, prober, home: sessions.home(), env }
    }

    /// The workspace that a folder lies in.
    pub(crate) fn dir(&self, dir: &Path) -> Result<PathBuf, Refusal> {
        match self.finder().workspace(dir) {
            Err(refusal) if self.foreign(dir).is_none() => Err(refusal),
            Err(_) => Ok(dir.to_owned()),
            found => found,
        }
    }

    fn finder(&self) -> Finder<'a> {
        Finder { files: self.files, home: self.home, env: self.env }
    }

    /// All that a workspace declares; every fault of session and services at once.
    pub(crate) fn workspace(&self, dir: &Path) -> Result<Workspace, Refusal> {
        let dir = self.dir(dir)?;
        let source = self.source(&dir)?;
        self.read(&source, &dir)
    }

    /// The definition of a workspace: its gaia.toml, or what that would be for the file of another
    /// tool.
    pub(crate) fn source(&self, dir: &Path) -> Result<Source, Refusal> {
        let failed = |e| Refusal::new(Code::Failed, e);
        let path = dir.join(FILE);
        if let Some(bytes) = self.files.read(&path, LIMIT).map_err(failed)? {
            return Ok(Source { path: path.display().to_string(), bytes });
        }
        let Some(name) = self.foreign(dir) else {
            let message = format!("{} does not exist", path.display());
            return Err(Refusal::new(Code::NotFound, message));
        };
        let path = dir.join(name);
        let (text, _, _) = self.carried_over(&path, false)?;
        Ok(Source { path: format!("{} (as gaia reads it)", path.display()), bytes: text.into() })
    }

    /// The file of another tool that a folder has.
    fn foreign(&self, dir: &Path) -> Option<&'static str> {
        let names = self.files.names(dir);
        FOREIGN.iter().copied().find(|known| names.iter().any(|name| name == known))
    }

    /// The text of a gaia.toml for the file of another tool, which tool's that is, and what had to
    /// stay behind.
    pub(crate) fn carried_over(
        &self,
        path: &Path,
        native: bool,
    ) -> Result<(String, &'static str, Vec<String>), Refusal> {
        let shown = path.display().to_string();
        let bytes = self.files.read(path, LIMIT).map_err(|e| Refusal::new(Code::Failed, e))?;
        let Some(bytes) = bytes else {
            return Err(Refusal::new(Code::NotFound, format!("{shown} does not exist")));
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some(format) = import::detect(&shown, &text) else {
            let message = format!("{shown} is no file of a tool that gaia knows");
            return Err(Refusal::new(Code::Invalid, message).help(
                "a Procfile, a process-compose.yaml, a compose.yaml, or JSON with name and command",
            ));
        };
        let folder = path.parent().unwrap_or(path);
        let beside = |name: &str| {
            let found = self.files.read(&folder.join(name), LIMIT).ok().flatten();
            found.map(|text| String::from_utf8_lossy(&text).into_owned())
        };
        let source = Source { path: shown.clone(), bytes };
        let draft = import::read(format, &source, &beside, native);
        let draft = draft.map_err(|faults| faults_refusal(&faults))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = draft.text(&format!("{name} ({})", format.show()));
        Ok((text, format.show(), draft.left))
    }

    /// All that a definition declares for a folder.
    pub(crate) fn read(&self, source: &Source, dir: &Path) -> Result<Workspace, Refusal> {
        let declared = self.finder().load(source, dir, None);
        let services = self.services(source, dir);
        match (declared, services) {
            (Ok(declared), Ok(services)) => self.join(declared, services, dir),
            (Err(one), Err(other)) if one.message == other.message => Err(one),
            (Err(one), Err(other)) => {
                Err(Refusal { message: format!("{}\n\n{}", one.message, other.message), ..one })
            }
            (Err(refusal), Ok(_)) | (Ok(_), Err(refusal)) => Err(refusal),
        }
    }

    /// Only the services of a definition.
    pub(crate) fn services(&self, source: &Source, dir: &Path) -> Result<Vec<Service>, Refusal> {
        let home = PathBuf::from(self.env.get("HOME").map_or("/", String::as_str));
        let context = Context {
            dir,
            home: &home,
            catalog: &|name| self.entry(dir, name),
            names: self.names(dir),
            is_dir: &|path| self.files.is_dir(path),
            resolves: &|host| self.prober.resolves(host),
        };
        load(source, &context).map_err(|faults| faults_refusal(&faults))
    }

    /// Gives every service a window that no pane of the session shows yet.
    fn join(
        &self,
        mut declared: Declared,
        services: Vec<Service>,
        dir: &Path,
    ) -> Result<Workspace, Refusal> {
        let ids: Vec<ServiceId> = services.iter().flat_map(|s| s.ids(&declared.name)).collect();
        let known: BTreeSet<String> = ids.iter().map(ServiceId::short).collect();
        let mut shown = BTreeSet::new();
        for pane in declared.windows.iter().flat_map(|window| &window.panes) {
            let Command::Service(name) = &pane.command else { continue };
            if !known.contains(name) || !shown.insert(name.clone()) {
                let message = match known.contains(name) {
                    true => format!("two panes show the service `{name}`"),
                    false => format!("a pane shows the service `{name}`, and there is none"),
                };
                let all: Vec<&str> = known.iter().map(String::as_str).collect();
                return Err(Refusal::new(Code::Invalid, message)
                    .help(format!("the services are: {}", all.join(", "))));
            }
        }
        for id in ids.iter().filter(|id| !shown.contains(&id.short())) {
            let name = id.window();
            if declared.windows.iter().any(|window| window.name == name) {
                let message = format!("the window `{name}` has the name of a service");
                return Err(Refusal::new(Code::Invalid, message).help(format!(
                    "rename it, or let a pane of it show the service: service = \"{}\"",
                    id.short()
                )));
            }
            let pane = service_pane(Name::near("main", "main"), &id.short(), dir.to_owned());
            let panes = vec![pane];
            declared.windows.push(Window { name, layout: Layout::Tiled, focus: false, panes });
        }
        Ok(Workspace { dir: dir.to_owned(), declared, services })
    }

    /// The same with other numbers of replicas.
    pub(crate) fn scaled(
        &self,
        workspace: Workspace,
        scale: &BTreeMap<String, u16>,
    ) -> Result<Workspace, Refusal> {
        let Workspace { dir, mut services, .. } = workspace;
        for (name, count) in scale {
            let service = services.iter_mut().find(|s| s.name.as_str() == name);
            let Some(service) = service else {
                return Err(Refusal::new(Code::NotFound, format!("there is no service `{name}`")));
            };
            service.replicas = (*count).max(1);
        }
        let source = self.source(&dir)?;
        let declared = self.finder().load(&source, &dir, None)?;
        self.join(declared, services, &dir)
    }

    fn entry(&self, dir: &Path, name: &str) -> Option<Source> {
        // A name is a file name here: one that is not a name finds nothing outside the folders.
        name.parse::<Name>().ok()?;
        for folder in self.folders(dir) {
            let path = folder.join(format!("{name}.toml"));
            if let Ok(Some(bytes)) = self.files.read(&path, LIMIT) {
                return Some(Source { path: path.display().to_string(), bytes });
            }
        }
        let text = catalog_entry(name)?;
        Some(Source { path: format!("built in: {name}"), bytes: text.into() })
    }

    /// Names of all catalog entries that can be named from a folder.
    pub(crate) fn names(&self, dir: &Path) -> Vec<String> {
        let mut names: BTreeSet<String> = catalog_names().map(str::to_owned).collect();
        for folder in self.folders(dir) {
            let files = self.files.names(&folder).into_iter();
            names.extend(files.filter_map(|f| f.strip_suffix(".toml").map(str::to_owned)));
        }
        names.into_iter().collect()
    }

    fn folders(&self, dir: &Path) -> [PathBuf; 2] {
        [dir.join(".gaia/services"), self.home.services()]
    }
}
