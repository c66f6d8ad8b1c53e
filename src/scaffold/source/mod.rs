//! Where templates come from: the workspace, the home, gaia itself, any folder.
//!
//! `builtin`: those inside the binary. A name is looked for in this order; what has a slash in it is
//! a folder, or the one YAML file that is a template.

mod builtin;

use std::path::{Path, PathBuf};

use super::{
    file,
    model::{Origin, Pack, Template, Tree},
    remote,
};
use crate::{
    base::{Code, Home, Item, Mode, Refusal, faults_refusal, nearest},
    port::{Beneath, Ground, Lies, Seen},
};

/// Templates that extend one another are not more.
const MAX_LAYERS: usize = 6;

/// All places to look.
pub(crate) struct Shelf<'a> {
    pub(crate) ground: &'a dyn Ground,
    pub(crate) beneath: &'a dyn Beneath,
    pub(crate) home: &'a Home,
    /// Folder of whoever asks; its workspace is here or above.
    pub(crate) cwd: &'a Path,
}

/// A template that was found by looking around.
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    /// What its file says, or what is wrong with it.
    pub(crate) head: Result<Template, Refusal>,
}

impl Shelf<'_> {
    /// `.gaia/templates` of the workspace.
    pub(crate) fn workspace(&self) -> Option<PathBuf> {
        let all = self.cwd.ancestors().map(|folder| folder.join(".gaia/templates"));
        all.into_iter().find(|folder| self.ground.lies(folder) == Lies::Full)
    }

    /// `templates` of the home.
    pub(crate) fn own(&self) -> PathBuf {
        self.home.root().join("templates")
    }

    /// A template by its name, or by the path of its folder or file.
    pub(crate) fn load(&self, wanted: &str) -> Result<Pack, Refusal> {
        if remote::is_address(wanted) {
            let message = format!("the template {wanted} is in a git repository");
            return Err(Refusal::new(Code::Invalid, message)
                .help("add it first: gaia template add URL, then use its name"));
        }
        let (origin, tree) = match wanted.contains('/') || wanted.starts_with(['.', '~']) {
            true => self.at(&self.cwd.join(wanted))?,
            false => self.named(wanted)?,
        };
        self.pack(origin, tree)
    }

    /// A template out of the binary, whatever else has its name.
    pub(crate) fn builtin(&self, name: &str) -> Result<Pack, Refusal> {
        let tree = builtin::tree(name).ok_or_else(|| none(name))?;
        self.pack(Origin::Builtin, tree)
    }

    /// A template with all it extends.
    pub(crate) fn pack(&self, origin: Origin, tree: Tree) -> Result<Pack, Refusal> {
        let mut layers = vec![tree];
        while let Some(first) = layers.first() {
            let head = file::head(first).map_err(|faults| faults_refusal(&faults))?;
            let Some(words) = head.extends else { break };
            let seen = layers.iter().any(|tree| tree.name == words.text);
            if seen || layers.len() == MAX_LAYERS || !is_name(&words.text) {
                let fault = words.fault(match seen {
                    true => "this template extends itself",
                    false if is_name(&words.text) => "too many templates extend one another",
                    false => "this is no name of a template",
                });
                return Err(faults_refusal(&[fault]));
            }
            let base = self.beside(&origin, &words.text).or_else(|_| self.named(&words.text));
            let (_, base) = base.map_err(|refusal| {
                let what = format!("the template that this extends is not there: {refusal}");
                faults_refusal(&[words.fault(what)])
            })?;
            layers.insert(0, base);
        }
        Ok(Pack { origin, layers })
    }

    /// The folder next to that of a template.
    fn beside(&self, origin: &Origin, name: &str) -> Result<(Origin, Tree), Refusal> {
        match origin {
            Origin::Home(path) | Origin::Workspace(path) | Origin::Folder(path) => {
                let folder = path.parent().map(|above| above.join(name));
                self.at(&folder.ok_or_else(|| none(name))?)
            }
            Origin::Builtin | Origin::Git { .. } => Err(none(name)),
        }
    }

    fn named(&self, name: &str) -> Result<(Origin, Tree), Refusal> {
        if !is_name(name) {
            let message = format!("{name:?} is no name of a template");
            return Err(Refusal::new(Code::Invalid, message).help("`gaia template list` shows all"));
        }
        if let Some(folder) = self.workspace().map(|folder| folder.join(name))
            && self.is_folder(&folder)
        {
            return self.read(&folder).map(|tree| (Origin::Workspace(folder), tree));
        }
        let folder = self.own().join(name);
        if self.is_folder(&folder) {
            return self.read(&folder).map(|tree| (Origin::Home(folder), tree));
        }
        if let Some(tree) = builtin::tree(name) {
            return Ok((Origin::Builtin, tree));
        }
        let known: Vec<String> = self.names().into_iter().map(|(name, _)| name).collect();
        let near = nearest(name, known.iter().map(String::as_str));
        Err(none(name).help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`gaia template list` shows all; a folder is written with a slash: ./NAME"
                .to_owned(),
        }))
    }

    fn is_folder(&self, folder: &Path) -> bool {
        self.ground.lies(folder) == Lies::Full
    }

    fn at(&self, path: &Path) -> Result<(Origin, Tree), Refusal> {
        let path = plain(path);
        let origin = if path.starts_with(self.own()) {
            Origin::Home(path.clone())
        } else if self.workspace().is_some_and(|folder| path.starts_with(folder)) {
            Origin::Workspace(path.clone())
        } else {
            Origin::Folder(path.clone())
        };
        let is_file = path.extension().is_some_and(|kind| kind == "yaml" || kind == "yml");
        if is_file && self.ground.lies(&path) == Lies::Other {
            return self.one_file(&path).map(|tree| (origin, tree));
        }
        match self.ground.lies(&path) {
            Lies::Full => self.read(&path).map(|tree| (origin, tree)),
            Lies::Nothing => Err(none(&path.display().to_string())),
            Lies::Empty | Lies::Other => {
                let message = format!("{} is no template", path.display());
                Err(Refusal::new(Code::Invalid, message)
                    .help("a template is a folder with a template.toml in it"))
            }
        }
    }

    fn read(&self, folder: &Path) -> Result<Tree, Refusal> {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("template");
        let items = self.ground.read(folder).map_err(|what| Refusal::new(Code::Invalid, what))?;
        Ok(Tree::of(name, items))
    }

    /// A YAML file that is a whole template, with the files beside it that it names.
    fn one_file(&self, path: &Path) -> Result<Tree, Refusal> {
        let fault = |what: String| Refusal::new(Code::Invalid, what);
        let folder = path.parent().unwrap_or(path);
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or("template");
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let read = |file: &str| -> Option<Vec<u8>> {
            match self.beneath.look(folder, file) {
                Ok(Some(Seen::File { bytes, .. })) => Some(bytes),
                Ok(Some(Seen::Link(_) | Seen::Folder) | None) | Err(_) => None,
            }
        };
        let bytes =
            read(file).ok_or_else(|| fault(format!("{} cannot be read", path.display())))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let item = |path: &str, bytes| Item { path: path.to_owned(), bytes, mode: Mode::Plain };
        let mut items = vec![item(file::DIALECT[0], bytes)];
        for line in text.lines() {
            let line = line.trim().trim_start_matches("- ");
            let Some(word) = line.strip_prefix("template:") else { continue };
            let word = word.trim().trim_matches(['"', '\'']);
            if let Some(bytes) = (!word.is_empty()).then(|| read(word)).flatten() {
                items.push(item(word, bytes));
            }
        }
        Ok(Tree::of(name, items))
    }

    /// All names with where each was found first.
    fn names(&self) -> Vec<(String, Origin)> {
        let mut all: Vec<(String, Origin)> = vec![];
        let mut add = |name: &str, origin: Origin| {
            if !all.iter().any(|(known, _)| known == name) {
                all.push((name.to_owned(), origin));
            }
        };
        let folders = |folder: PathBuf, origin: fn(PathBuf) -> Origin| {
            let names = self.ground.folders(&folder).into_iter();
            names.map(move |name| (name.clone(), origin(folder.join(name))))
        };
        if let Some(folder) = self.workspace() {
            folders(folder, Origin::Workspace).for_each(|(name, origin)| add(&name, origin));
        }
        folders(self.own(), Origin::Home).for_each(|(name, origin)| add(&name, origin));
        builtin::names().for_each(|name| add(name, Origin::Builtin));
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    /// Every template that is found by its name.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let listed = |(name, origin): (String, Origin)| {
            let head = self
                .named(&name)
                .and_then(|(_, tree)| file::head(&tree).map_err(|faults| faults_refusal(&faults)));
            Listed { name, origin, head }
        };
        self.names().into_iter().map(listed).collect()
    }
}

fn none(wanted: &str) -> Refusal {
    Refusal::new(Code::NotFound, format!("there is no template {wanted}"))
}

/// Whether a text can be the name of a template, and nothing else.
pub(crate) fn is_name(text: &str) -> bool {
    text.parse::<crate::base::Name>().is_ok()
}

/// A path without `.` and `..`, as it is written.
fn plain(path: &Path) -> PathBuf {
    let mut done = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(done.pop()),
            std::path::Component::CurDir => {}
            part => done.push(part),
        }
    }
    done
}
