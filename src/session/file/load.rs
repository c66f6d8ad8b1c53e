use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use toml::Spanned;

use super::{
    layout::{most_panes, pane_count},
    raw::{RawFile, RawWindow},
};
use crate::{
    base::{ConfigError, Name, nearest},
    define::{self, Page, Text},
    session::model::{Command, Declared, Layout, Pane, StopRule, Window},
};

/// A definition and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Path as people know it; for a layout inside the binary, `built in: NAME`.
    pub path: String,
    /// What stands in it; not more than one byte above 1 MiB is looked at.
    pub bytes: Vec<u8>,
}

/// What the loader has to know of the world.
pub struct Context<'a> {
    /// Folder of the workspace, absolute: relative paths start here.
    pub dir: &'a Path,
    /// Home folder of the person, for `~`.
    pub home: &'a Path,
    /// Finds a layout by name.
    pub layout: &'a dyn Fn(&str) -> Option<Source>,
    /// Names of all layouts, for advice.
    pub layouts: Vec<String>,
    /// Whether this is a folder.
    pub is_dir: &'a dyn Fn(&Path) -> bool,
}

/// Reads, follows and checks a definition. `name` wins over the name in the file.
pub fn load(
    source: &Source,
    context: &Context<'_>,
    name: Option<&Name>,
) -> Result<Declared, Vec<ConfigError>> {
    let mut loader = Loader { context, faults: vec![], chain: vec![] };
    let declared = loader.session(source, name);
    match declared {
        Some(declared) if loader.faults.is_empty() => Ok(declared),
        _ => Err(loader.faults),
    }
}

pub(super) struct Loader<'a> {
    context: &'a Context<'a>,
    pub(super) faults: Vec<ConfigError>,
    chain: Vec<String>,
}

/// What panes inherit from their window and session.
#[derive(Clone, Default)]
pub(super) struct Heritage {
    pub(super) dir: PathBuf,
    pub(super) env: BTreeMap<String, String>,
    pub(super) env_files: Vec<PathBuf>,
    pub(super) pass_env: Vec<String>,
}

impl Loader<'_> {
    fn session(&mut self, source: &Source, name: Option<&Name>) -> Option<Declared> {
        let text = self.text(source)?;
        let page = Page { path: &source.path, text: &text };
        let raw: RawFile = page.parse(&mut self.faults)?;
        let from_folder = || {
            let folder = self.context.dir.file_name().unwrap_or_default().to_string_lossy();
            Name::near(&folder, "workspace")
        };
        let name = match (name, &raw.name) {
            (Some(name), _) => name.clone(),
            (None, None) => from_folder(),
            (None, Some(text)) => self.name(&page, text)?,
        };
        let heritage = Heritage { dir: self.context.dir.to_owned(), ..Heritage::default() };
        let windows = self.windows(&page, raw, heritage)?;
        Some(Declared { name, dir: self.context.dir.to_owned(), windows })
    }

    fn text(&mut self, source: &Source) -> Option<String> {
        define::text_of(&source.path, &source.bytes, &mut self.faults)
    }

    /// The windows of a file after those of the layout it extends.
    fn windows(
        &mut self,
        page: &Page<'_>,
        raw: RawFile,
        heritage: Heritage,
    ) -> Option<Vec<Window>> {
        let heritage =
            self.inherit(page, heritage, raw.dir, (raw.env, raw.env_files, raw.pass_env));
        let mut windows = match &raw.extends {
            Some(base) => self.extended(page, base, &heritage)?,
            None => vec![],
        };
        let mut own = BTreeSet::new();
        for (number, window) in raw.windows.into_iter().enumerate() {
            let at = window.span();
            let Some(window) = self.window(page, window.into_inner(), number + 1, &heritage) else {
                continue;
            };
            if !own.insert(window.name.clone()) {
                let what = format!("there is a window `{}` already", window.name);
                self.faults.push(page.fault(at, what).help("give each window a name of its own"));
            }
            match windows.iter().position(|old| old.name == window.name) {
                Some(place) => windows[place] = window,
                None => windows.push(window),
            }
        }
        if windows.is_empty() && self.chain.is_empty() && raw.services.is_empty() {
            let name = Name::near("main", "main");
            let panes = vec![shell(heritage)];
            windows.push(Window { name, layout: Layout::Tiled, focus: false, panes });
        }
        self.one_focus(page, &windows);
        Some(windows)
    }

    fn one_focus(&mut self, page: &Page<'_>, windows: &[Window]) {
        let focused: Vec<&str> =
            windows.iter().filter(|w| w.focus).map(|w| w.name.as_str()).collect();
        if focused.len() > 1 {
            let what = format!("several windows have the focus: {}", focused.join(", "));
            self.faults.push(page.fault(0..0, what).help("leave `focus = true` at one of them"));
        }
    }

    fn extended(
        &mut self,
        page: &Page<'_>,
        base: &Text,
        heritage: &Heritage,
    ) -> Option<Vec<Window>> {
        let name = base.get_ref();
        if self.chain.contains(name) {
            let what = format!("`extends` goes in a circle: {} → {name}", self.chain.join(" → "));
            self.faults.push(page.fault(base.span(), what));
            return None;
        }
        let Some(source) = (self.context.layout)(name) else {
            let known = self.context.layouts.iter().map(String::as_str);
            let help = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is: {}", self.context.layouts.join(", ")),
            };
            let what = format!("there is no layout `{name}`");
            self.faults.push(page.fault(base.span(), what).help(help));
            return None;
        };
        self.chain.push(name.clone());
        let text = self.text(&source)?;
        let page = Page { path: &source.path, text: &text };
        let raw: RawFile = page.parse(&mut self.faults)?;
        let windows = self.windows(&page, raw, heritage.clone());
        self.chain.pop();
        windows
    }

    pub(super) fn inherit(
        &mut self,
        page: &Page<'_>,
        from: Heritage,
        dir: Option<Text>,
        (env, env_files, pass_env): (BTreeMap<String, Text>, Vec<Text>, Vec<String>),
    ) -> Heritage {
        let mut own = from;
        if let Some(dir) = dir {
            own.dir = self.folder(page, &own.dir, &dir);
        }
        for (key, value) in env {
            if key.is_empty() || key.contains(['=', '\0']) || value.get_ref().contains('\0') {
                self.faults.push(
                    page.fault(value.span(), format!("`{key}` cannot be set in an environment")),
                );
            }
            own.env.insert(key, value.into_inner());
        }
        own.env_files.extend(env_files.iter().map(|file| self.absolute(&own.dir, file.get_ref())));
        own.pass_env.extend(pass_env);
        own
    }

    fn absolute(&self, dir: &Path, text: &str) -> PathBuf {
        match Path::new(text).strip_prefix("~") {
            Ok(rest) => self.context.home.join(rest),
            Err(_) => dir.join(text),
        }
    }

    fn folder(&mut self, page: &Page<'_>, dir: &Path, text: &Text) -> PathBuf {
        let path = self.absolute(dir, text.get_ref());
        if text.get_ref().contains('\0') || !(self.context.is_dir)(&path) {
            let what = format!("the folder {} does not exist", path.display());
            let help = "make it, or write the path from the folder of this file";
            self.faults.push(page.fault(text.span(), what).help(help));
        }
        path
    }

    pub(super) fn name(&mut self, page: &Page<'_>, text: &Text) -> Option<Name> {
        define::name(page, &mut self.faults, text)
    }

    fn window(
        &mut self,
        page: &Page<'_>,
        raw: RawWindow,
        number: usize,
        from: &Heritage,
    ) -> Option<Window> {
        let name = match &raw.name {
            Some(text) => self.name(page, text)?,
            None => Name::near(&format!("window-{number}"), "window"),
        };
        let heritage =
            self.inherit(page, from.clone(), raw.dir, (raw.env, raw.env_files, raw.pass_env));
        let mut panes: Vec<Pane> = Vec::new();
        for pane in raw.panes {
            let at = pane.span();
            let Some(pane) = self.pane(page, pane.into_inner(), &heritage, &panes) else {
                continue;
            };
            if panes.iter().any(|old| old.name == pane.name) {
                let what = format!("there is a pane `{}` in `{name}` already", pane.name);
                self.faults.push(page.fault(at, what).help("give each pane a name of its own"));
            }
            panes.push(pane);
        }
        if panes.is_empty() {
            panes.push(shell(heritage));
        }
        let layout = self.layout(page, raw.layout.as_ref(), panes.len());
        let focus = raw.focus.is_some_and(Spanned::into_inner);
        Some(Window { name, layout, focus, panes })
    }

    fn layout(&mut self, page: &Page<'_>, text: Option<&Text>, panes: usize) -> Layout {
        let Some(text) = text else { return self.fits(page, panes) };
        let named = match text.get_ref().as_str() {
            "tiled" => return self.fits(page, panes),
            "even-horizontal" => Layout::EvenHorizontal,
            "even-vertical" => Layout::EvenVertical,
            "main-horizontal" => Layout::MainHorizontal,
            "main-vertical" => Layout::MainVertical,
            custom => match pane_count(custom) {
                Ok(count) if count == panes => Layout::Custom(custom.to_owned()),
                Ok(count) => {
                    let what =
                        format!("this layout is for {count} panes, and the window has {panes}");
                    self.faults.push(page.fault(text.span(), what).help("use a named layout: tiled, even-horizontal, even-vertical, main-horizontal, main-vertical"));
                    Layout::Tiled
                }
                Err(why) => {
                    let what = format!("`{custom}` is not a layout: {why}");
                    self.faults.push(page.fault(text.span(), what).help("tiled, even-horizontal, even-vertical, main-horizontal, main-vertical, or a string as tmux prints it (#{window_layout})"));
                    Layout::Tiled
                }
            },
        };
        self.fits(page, panes);
        named
    }

    fn fits(&mut self, page: &Page<'_>, panes: usize) -> Layout {
        if panes > most_panes() {
            let what =
                format!("{panes} panes do not fit into one window: {} are the most", most_panes());
            self.faults.push(page.fault(0..0, what).help("split them over several windows"));
        }
        Layout::Tiled
    }
}

/// A shell with what it inherits.
fn shell(heritage: Heritage) -> Pane {
    Pane {
        name: Name::near("shell", "shell"),
        command: Command::Shell,
        dir: heritage.dir,
        env: heritage.env,
        env_files: heritage.env_files,
        pass_env: heritage.pass_env,
        on_exit: Default::default(),
        on_server_exit: Default::default(),
        autostart: false,
        focus: false,
        stop: StopRule::default(),
        limits: BTreeMap::new(),
        added: false,
    }
}

/// A window with one shell.
pub(crate) fn shell_window(name: Name, dir: PathBuf) -> Window {
    let panes = vec![shell(Heritage { dir, ..Heritage::default() })];
    Window { name, layout: Layout::Tiled, focus: false, panes }
}

/// A pane that shows a service.
pub(crate) fn service_pane(name: Name, service: &str, dir: PathBuf) -> Pane {
    let command = Command::Service(service.to_owned());
    Pane { name, command, ..shell(Heritage { dir, ..Heritage::default() }) }
}
