use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Address, Version, pick, tree_of, versions};
use crate::{
    base::{Code, Home, Name, Refusal, nearest},
    port::{Files, GitError, Past, Sha},
    scaffold::{
        file,
        model::{Origin, Tree},
    },
};

/// Name of the list of templates that were added, in gaia's home.
const PLACE: &str = "templates.json";
/// A longer list is not ours.
const MOST: usize = 4 << 20;

/// The templates of others that this home knows.
pub(crate) struct Store<'a> {
    pub(crate) past: &'a dyn Past,
    pub(crate) files: &'a dyn Files,
    pub(crate) home: &'a Home,
}

/// The list.
#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    templates: BTreeMap<String, Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    url: String,
    reference: Option<String>,
}

/// Which state of a repository is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Want<'a> {
    /// This tag, branch or commit.
    Reference(&'a str),
    /// This version.
    Version(&'a str),
    /// The highest version, or else the usual branch.
    Latest,
}

impl Store<'_> {
    /// All that were added, by name.
    pub(crate) fn names(&self) -> Result<BTreeMap<String, Address>, Refusal> {
        let all = self.list()?.templates.into_iter();
        let known = |(name, entry): (String, Entry)| {
            // The file may have been edited: what it says is checked again.
            let reference = entry.reference.map(|reference| format!("#{reference}"));
            let address = Address::read(&format!("{}{}", entry.url, reference.unwrap_or_default()));
            address.map(|address| (name, address))
        };
        all.map(known).collect()
    }

    /// Fetches a template and gives it a name here.
    pub(crate) async fn add(&self, name: &str, text: &str) -> Result<(Origin, Tree), Refusal> {
        name.parse::<Name>().map_err(|bad| Refusal::new(Code::Invalid, bad))?;
        let address = Address::read(text)?;
        let mut list = self.list()?;
        if list.templates.contains_key(name) {
            let what = format!("there is a template {name} already");
            return Err(Refusal::new(Code::Invalid, what)
                .help(format!("take another name, or `gaia template remove {name}` first")));
        }
        let want = address.reference.as_deref().map_or(Want::Latest, Want::Reference);
        let (origin, tree) = self.load(&address, want).await?;
        file::head(&tree).map_err(|faults| crate::base::faults_refusal(&faults))?;
        let Address { url, reference } = address;
        list.templates.insert(name.to_owned(), Entry { url, reference });
        self.save(&list)?;
        Ok((origin, tree))
    }

    /// Forgets a template.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Refusal> {
        let mut list = self.list()?;
        let Some(entry) = list.templates.remove(name) else {
            let near = nearest(name, list.templates.keys().map(String::as_str));
            let help = near.map_or("`gaia template list` shows all".to_owned(), |near| {
                format!("did you mean `{near}`?")
            });
            let what = format!("no template {name} was added");
            return Err(Refusal::new(Code::NotFound, what).help(help));
        };
        let used = list.templates.values().any(|other| other.url == entry.url);
        self.save(&list)?;
        if !used {
            let cache = self.cache(&Address { url: entry.url, reference: None });
            self.files.remove_dir(&cache).map_err(|why| Refusal::new(Code::Failed, why))?;
        }
        Ok(())
    }

    /// Fetches a repository, and the template in it as it was at the wanted state.
    pub(crate) async fn load(
        &self,
        address: &Address,
        want: Want<'_>,
    ) -> Result<(Origin, Tree), Refusal> {
        let cache = self.cache(address);
        self.past.fetch(&address.url, &cache).await.map_err(|error| refused(address, &error))?;
        let (reference, commit) = self.wanted(&cache, address, want).await?;
        let tree = self.tree(&cache, address, &commit).await?;
        let url = address.url.clone();
        Ok((Origin::Git { url, reference, commit: commit.to_string() }, tree))
    }

    /// The template as it was at a commit that was fetched before; none if it is not there.
    pub(crate) async fn at(&self, address: &Address, commit: &str) -> Option<Tree> {
        let cache = self.cache(address);
        let sha = Sha::read(commit)?;
        if !self.files.is_dir(&cache) {
            self.past.fetch(&address.url, &cache).await.ok()?;
        }
        self.tree(&cache, address, &sha).await.ok()
    }

    async fn tree(&self, cache: &Path, address: &Address, sha: &Sha) -> Result<Tree, Refusal> {
        let files = self.past.files(cache, sha).await.map_err(|error| refused(address, &error))?;
        let tree = tree_of(&address.name(), files)?;
        if tree.files.contains_key("template.toml") {
            return Ok(tree);
        }
        let what = format!("{} holds no template at {sha}", address.url);
        Err(Refusal::new(Code::Invalid, what)
            .help("a repository of a template has a template.toml at its top"))
    }

    async fn wanted(
        &self,
        cache: &Path,
        address: &Address,
        want: Want<'_>,
    ) -> Result<(Option<String>, Sha), Refusal> {
        let fail = |error: GitError| refused(address, &error);
        let tags = self.past.tags(cache).await.map_err(fail)?;
        let all = versions(tags.iter().map(|(tag, _)| tag.as_str()));
        let version: Option<&Version> = match want {
            Want::Latest => pick(&all, None)?,
            Want::Version(version) => pick(&all, Some(version))?,
            Want::Reference(name) => all.iter().find(|v| v.tag == name),
        };
        let name = match (version, want) {
            (Some(version), _) => Some(version.tag.clone()),
            (None, Want::Reference(name)) => Some(name.to_owned()),
            (None, Want::Latest | Want::Version(_)) => None,
        };
        let commit = self.past.commit(cache, name.as_deref()).await.map_err(fail)?;
        let commit = commit.ok_or_else(|| {
            let name = name.as_deref().unwrap_or("commit");
            let tags: Vec<&str> = tags.iter().rev().take(8).map(|(tag, _)| tag.as_str()).collect();
            let refusal = Refusal::new(Code::NotFound, format!("{} has no {name}", address.url));
            refusal.help(match tags.as_slice() {
                [] => "it has no tags; name a branch or a commit".to_owned(),
                tags => format!("its latest tags are {}", tags.join(", ")),
            })
        })?;
        Ok((name, commit))
    }

    fn cache(&self, address: &Address) -> PathBuf {
        self.home.root().join("cache/templates").join(address.slug())
    }

    fn list(&self) -> Result<List, Refusal> {
        let place = self.home.root().join(PLACE);
        let bytes = self.files.read_plain(&place, MOST);
        let bytes = bytes.map_err(|why| Refusal::new(Code::Failed, why))?;
        let Some(bytes) = bytes else { return Ok(List::default()) };
        serde_json::from_slice(&bytes).map_err(|error| {
            Refusal::new(Code::Failed, format!("{} cannot be read: {error}", place.display()))
                .help("remove the file and add your templates again")
        })
    }

    fn save(&self, list: &List) -> Result<(), Refusal> {
        let text = serde_json::to_vec_pretty(list).map_err(Refusal::broken)?;
        let place = self.home.root().join(PLACE);
        self.files.keep(&place, &text).map_err(|why| Refusal::new(Code::Failed, why))
    }
}

/// Why a repository is not to be had.
fn refused(address: &Address, error: &GitError) -> Refusal {
    let what = format!("the template at {} cannot be fetched: {error}", address.url);
    Refusal::new(Code::Failed, what)
        .help("see that `git ls-remote` can read it without asking for a password")
}
