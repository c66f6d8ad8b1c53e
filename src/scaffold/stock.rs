//! Every template that can be had: those at hand, and those in git repositories.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::{
    Handle,
    answer::Asking,
    manifest::Source,
    model::{Given, Pack, Rendered},
    remote::{Address, Store, Want, is_address},
    trust::Wanted,
    update::{self, Loaded, Shop},
};
use crate::base::{Code, Refusal};

/// What the manifest of a project calls the templates inside of gaia.
const BUILT_IN: &str = "built in";

impl Handle {
    pub(super) fn store(&self) -> Store<'_> {
        let (past, files) = (&*self.ports.past, &*self.ports.files);
        Store { past, files, home: &self.home }
    }

    /// A template by its name, its folder or its address.
    pub(super) async fn find(&self, cwd: &Path, wanted: &str) -> Result<Pack, Refusal> {
        let address = if is_address(wanted) {
            Address::read(wanted)?
        } else {
            match self.shelf(cwd).load(wanted) {
                Err(refusal) if refusal.code == Code::NotFound => {
                    self.store().names()?.remove(wanted).ok_or(refusal)?
                }
                found => return found,
            }
        };
        let want = address.reference.as_deref().map_or(Want::Latest, Want::Reference);
        let (origin, tree) = self.store().load(&address, want).await?;
        self.shelf(cwd).pack(origin, tree)
    }

    /// What an update of a project asks of the world.
    pub(super) fn renewal(&self, cwd: &Path, asking: Asking) -> update::Ports {
        update::Ports {
            files: self.ports.files.clone(),
            beneath: self.ports.beneath.clone(),
            past: self.ports.past.clone(),
            prober: self.ports.prober.clone(),
            shop: std::sync::Arc::new(Stock { handle: self.clone(), cwd: cwd.to_owned(), asking }),
            env: (*self.env).clone(),
        }
    }
}

/// All templates, for updates.
struct Stock {
    handle: Handle,
    cwd: PathBuf,
    asking: Asking,
}

/// The address that a project was made from.
fn address(of: &Source) -> Result<Address, Refusal> {
    // The manifest lies in the project, where anybody may have written it.
    let reference = of.reference.as_ref().map(|name| format!("#{name}")).unwrap_or_default();
    Address::read(&format!("{}{reference}", of.source))
}

/// Whether a tag names a version, and so is followed by the next one.
fn is_version(reference: &str) -> bool {
    semver::Version::parse(reference.strip_prefix('v').unwrap_or(reference)).is_ok()
}

#[async_trait]
impl Shop for Stock {
    async fn load(&self, of: &Source, to: Option<&str>) -> Result<Loaded, Refusal> {
        let shelf = self.handle.shelf(&self.cwd);
        if of.source != BUILT_IN && of.commit.is_some() {
            let address = address(of)?;
            let want = match (to, &address.reference) {
                (Some(to), _) if is_version(to) => Want::Version(to),
                (Some(to), _) => Want::Reference(to),
                (None, Some(reference)) if !is_version(reference) => Want::Reference(reference),
                (None, _) => Want::Latest,
            };
            if let Want::Reference(name) = want {
                Address::read(&format!("{}#{name}", address.url))?;
            }
            let (origin, tree) = self.handle.store().load(&address, want).await?;
            return Loaded::of(shelf.pack(origin, tree)?);
        }
        let pack = match of.source.as_str() {
            BUILT_IN => shelf.builtin(&of.name),
            folder if folder.starts_with('/') => shelf.load(folder),
            other => {
                let what = format!("{other:?} is no place of a template");
                Err(Refusal::new(Code::Invalid, what)
                    .help("correct `source` in .gaia/scaffold.toml: built in, a folder or an URL"))
            }
        }?;
        let loaded = Loaded::of(pack)?;
        match to.filter(|to| to.strip_prefix('v').unwrap_or(to) != loaded.source.version) {
            None => Ok(loaded),
            Some(to) => {
                let what = format!("the template {} has no version {to}", of.name);
                let help = format!("it has {}", loaded.source.version);
                Err(Refusal::new(Code::NotFound, what).help(help))
            }
        }
    }

    async fn old(&self, of: &Source) -> Option<Loaded> {
        let loaded = match &of.commit {
            Some(commit) if of.source != BUILT_IN => {
                let address = address(of).ok()?;
                let tree = self.handle.store().at(&address, commit).await?;
                let (url, reference) = (address.url, address.reference);
                let origin = super::model::Origin::Git { url, reference, commit: commit.clone() };
                Loaded::of(self.handle.shelf(&self.cwd).pack(origin, tree).ok()?).ok()?
            }
            _ => self.load(of, None).await.ok()?,
        };
        (loaded.source.hash == of.hash).then_some(loaded)
    }

    async fn render(&self, pack: &Pack, given: &Given, quiet: bool) -> Result<Rendered, Refusal> {
        let asking = if quiet { Asking::Never } else { self.asking };
        self.handle.render(pack, given.clone(), asking)
    }

    fn allow(&self, wanted: &Wanted, trust: bool) -> Result<(), Refusal> {
        self.handle.allow(wanted, trust)
    }
}
