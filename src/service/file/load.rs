use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
};

use super::{
    build::Layer,
    check,
    raw::{RawFile, RawService},
};
use crate::{
    base::{Name, nearest},
    define::{self, Command, Faults, Page, Text},
    service::{
        model::{Kind, Probes, RestartRule, Service, StopRule},
        probe::{Check, Probe},
    },
    session::Source,
};

/// What the loader has to know of the world.
pub(crate) struct Context<'a> {
    /// Folder of the workspace, absolute: relative paths start here.
    pub(crate) dir: &'a Path,
    /// Home folder of the person, for `~`.
    pub(crate) home: &'a Path,
    /// Finds a catalog entry by name.
    pub(crate) catalog: &'a dyn Fn(&str) -> Option<Source>,
    /// Names of all catalog entries, for advice.
    pub(crate) names: Vec<String>,
    /// Whether this is a folder.
    pub(crate) is_dir: &'a dyn Fn(&Path) -> bool,
    /// Whether a host has an address.
    pub(crate) resolves: &'a dyn Fn(&str) -> bool,
}

/// Reads and checks the services of a definition; all faults at once.
pub(crate) fn load(source: &Source, context: &Context<'_>) -> Result<Vec<Service>, Faults> {
    let mut faults = Vec::new();
    let Some(text) = define::text_of(&source.path, &source.bytes, &mut faults) else {
        return Err(faults);
    };
    let page = Page { path: &source.path, text: &text };
    let Some(raw) = page.parse::<RawFile>(&mut faults) else { return Err(faults) };
    let mut loader = Loader { context, page, faults };
    let names: Vec<String> = raw.services.keys().map(|name| name.get_ref().clone()).collect();
    let services = loader.services(raw);
    check::check(&page, &mut loader.faults, (&services, &names), context.resolves);
    match loader.faults.is_empty() {
        true => Ok(services.into_iter().map(|(_, service)| service).collect()),
        false => {
            loader.faults.sort_by_key(crate::base::ConfigError::place);
            Err(loader.faults)
        }
    }
}

/// JSON Schema of a service, for editors.
pub(crate) fn schema() -> serde_json::Value {
    schemars::schema_for!(RawService).to_value()
}

struct Loader<'a> {
    context: &'a Context<'a>,
    page: Page<'a>,
    faults: Faults,
}

/// What all services of a file start from.
struct Heritage {
    dir: PathBuf,
    env: BTreeMap<String, String>,
    env_files: Vec<PathBuf>,
    pass_env: Vec<String>,
}

impl Loader<'_> {
    fn services(&mut self, raw: RawFile) -> Vec<(Range<usize>, Service)> {
        let heritage = self.heritage(raw.dir, raw.env, &raw.env_files, raw.pass_env);
        let mut services = Vec::new();
        for (name, table) in raw.services {
            let at = name.span();
            let Some(name) = define::name(&self.page, &mut self.faults, &name) else { continue };
            let service = self.service(name, &at, table.into_inner(), &heritage);
            services.extend(service.map(|service| (at, service)));
        }
        services
    }

    fn heritage(
        &mut self,
        dir: Option<Text>,
        env: BTreeMap<String, Text>,
        env_files: &[Text],
        pass_env: Vec<String>,
    ) -> Heritage {
        let layer = Layer {
            page: self.page,
            faults: &mut self.faults,
            home: self.context.home,
            base: self.context.dir,
            is_dir: self.context.is_dir,
        };
        let dir = dir.map(|dir| layer.absolute(self.context.dir, dir.get_ref()));
        let dir = dir.unwrap_or_else(|| self.context.dir.to_owned());
        let env_files = env_files.iter().map(|f| layer.absolute(&dir, f.get_ref())).collect();
        let env = env.into_iter().map(|(key, value)| (key, value.into_inner())).collect();
        Heritage { dir, env, env_files, pass_env }
    }

    fn service(
        &mut self,
        name: Name,
        at: &Range<usize>,
        raw: RawService,
        heritage: &Heritage,
    ) -> Option<Service> {
        let mut service = blank(name, heritage);
        let begun = self.faults.len();
        if let Some(entry) = &raw.uses {
            self.catalog(&mut service, entry)?;
        }
        let named = raw.run.is_some() || raw.command.is_some();
        self.layer(self.page, &heritage.dir).lay(&mut service, raw);
        if service.command == Command::Shell && !named && self.faults.len() == begun {
            let what = format!("the service `{}` runs nothing", service.name);
            let help =
                "run = \"a shell line\", command = [\"program\"], or use = \"a catalog entry\"";
            self.faults.push(self.page.fault(at.clone(), what).help(help));
            return None;
        }
        // A port is what others wait for: with one and no gate, its own listening is the gate.
        let probes = &mut service.probes;
        let gateless = probes.startup.is_empty() && probes.ready.is_empty();
        if gateless && service.ports.contains_key("port") && service.kind != Kind::Oneshot {
            probes.ready.push(Probe::new(Check::Port("port".to_owned())));
        }
        Some(service)
    }

    fn layer<'b>(&'b mut self, page: Page<'b>, base: &'b Path) -> Layer<'b> {
        let context = self.context;
        let faults = &mut self.faults;
        Layer { page, faults, home: context.home, base, is_dir: context.is_dir }
    }

    /// Lays a catalog entry, and what that builds on, under a service.
    fn catalog(&mut self, service: &mut Service, entry: &Text) -> Option<()> {
        let name = entry.get_ref();
        let Some(source) = (self.context.catalog)(name) else {
            let known = self.context.names.iter().map(String::as_str);
            let help = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is: {}", self.context.names.join(", ")),
            };
            let what = format!("there is no service `{name}` in the catalog");
            self.faults.push(self.page.fault(entry.span(), what).help(help));
            return None;
        };
        let text = define::text_of(&source.path, &source.bytes, &mut self.faults)?;
        let page = Page { path: &source.path, text: &text };
        let raw = page.parse::<RawService>(&mut self.faults)?;
        if let Some(deeper) = &raw.uses {
            let what = "a catalog entry cannot build on another";
            self.faults.push(page.fault(deeper.span(), what));
            return None;
        }
        let base = service.dir.clone();
        self.layer(page, &base).lay(service, raw);
        service.uses = Some(name.clone());
        Some(())
    }
}

fn blank(name: Name, heritage: &Heritage) -> Service {
    Service {
        name,
        kind: Kind::Simple,
        command: Command::Shell,
        dir: heritage.dir.clone(),
        env: heritage.env.clone(),
        env_files: heritage.env_files.clone(),
        pass_env: heritage.pass_env.clone(),
        secrets: BTreeMap::new(),
        user: None,
        group: None,
        user_if_root: None,
        limits: BTreeMap::new(),
        max_memory: None,
        ports: BTreeMap::new(),
        after: vec![],
        probes: Probes::default(),
        restart: RestartRule::default(),
        stop: StopRule::default(),
        pre_start: vec![],
        post_start: vec![],
        pre_stop: vec![],
        start_timeout_ms: 60_000,
        watch: None,
        schedule: None,
        replicas: 1,
        profiles: vec![],
        autostart: true,
        uses: None,
    }
}
