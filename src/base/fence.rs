//! What a program may reach: the words of a fence, and what can be said of it without touching the
//! world. The shim enforces it.

use std::path::{Component, Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Landlock ABI that knows moving between folders (2) and truncation (3): with less, files outside
/// could still be emptied.
const FOR_FILES: u32 = 3;
/// Landlock ABI that knows TCP ports.
const FOR_PORTS: u32 = 4;

/// A fence around a program and all its children, enforced by the kernel.
///
/// Metadata is not fenced: who may change mode, owner or times of a file may do so through it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fence {
    /// Files, and folders with all below, that may be read, run, changed, made and removed. They
    /// must exist when the program starts, and no symbolic link may lead to them. What is not
    /// listed may be read and run only.
    #[serde(default)]
    pub write: Vec<PathBuf>,
    /// Files, and folders with all below, that may not be read, run or listed. They need not exist
    /// yet. Folders above them cannot be listed either, and what appears in those after the start
    /// cannot be read.
    #[serde(default)]
    pub deny_read: Vec<PathBuf>,
    /// Folders, and files, that the program sees as empty and cannot open: sockets in them are out
    /// of its reach too. Each is covered if it is there when the program starts; a folder stays
    /// covered whatever comes to be in it, a file until somebody outside makes it anew.
    #[serde(default)]
    pub cover: Vec<PathBuf>,
    /// The network.
    #[serde(default)]
    pub network: Network,
    /// Whether the program runs, with less protection or none, where the kernel cannot do all of
    /// this; otherwise it is not started.
    #[serde(default)]
    pub best_effort: bool,
}

/// How much of the network a fenced program has. Unix sockets that have a path are fenced by
/// `cover` only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// All of it.
    #[default]
    All,
    /// No socket of the internet families at all, loopback included.
    None,
    /// TCP connections to these ports only, of any machine; listening stays allowed. UDP is open,
    /// or names could not be looked up.
    Ports(Vec<u16>),
}

/// What becomes of a path when reading is granted around those that are shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing below it is shut: it is granted as a whole.
    Open,
    /// Something below it is shut: its entries are looked at one by one.
    Way,
    /// It is shut.
    Shut,
}

/// What becomes of `path`.
#[must_use]
pub fn fate(path: &Path, shut: &[PathBuf]) -> Fate {
    if shut.iter().any(|shut| path.starts_with(shut)) {
        Fate::Shut
    } else if shut.iter().any(|shut| shut.starts_with(path)) {
        Fate::Way
    } else {
        Fate::Open
    }
}

impl Fence {
    /// Why this fence cannot be put up anywhere, if so.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let crooked = |path: &&PathBuf| {
            let plain = |part| matches!(part, Component::RootDir | Component::Normal(_));
            !path.is_absolute() || !path.components().all(plain)
        };
        let mut named = self.write.iter().chain(&self.deny_read).chain(&self.cover);
        if let Some(path) = named.find(crooked) {
            return Some(format!(
                "its fence names {}, which is no absolute path without `..`",
                path.display()
            ));
        }
        let inside = |shut: &&PathBuf| self.write.iter().any(|open| shut.starts_with(open));
        if let Some(path) = self.deny_read.iter().find(inside) {
            return Some(format!(
                "its fence cannot deny {}: it lies where everything may be written",
                path.display()
            ));
        }
        self.cover.iter().find_map(|path| self.cannot_cover(path))
    }

    fn cannot_cover(&self, path: &Path) -> Option<String> {
        let shown = path.display();
        if path == Path::new("/") {
            return Some("its fence cannot cover /, where the program itself lies".to_owned());
        }
        // A folder above it could be moved away, and its next start would find nothing to cover.
        if self.write.iter().any(|open| path.starts_with(open)) {
            return Some(format!(
                "its fence cannot cover {shown}: it lies where everything may be written"
            ));
        }
        let hidden = self.write.iter().find(|open| open.starts_with(path))?;
        let hidden = hidden.display();
        Some(format!("its fence covers {shown}, so {hidden} in it cannot be written"))
    }

    /// What a kernel with this version of Landlock cannot do of it, if anything.
    #[must_use]
    pub fn lacks(&self, abi: Option<u32>) -> Option<String> {
        let ports = matches!(self.network, Network::Ports(_));
        match abi {
            None => Some("this kernel cannot fence files (it has no Landlock)".to_owned()),
            Some(abi) if abi < FOR_FILES => Some(format!(
                "this kernel cannot fence files well enough (Landlock ABI {abi}, it takes {FOR_FILES})"
            )),
            Some(abi) if ports && abi < FOR_PORTS => Some(format!(
                "this kernel cannot fence ports (Landlock ABI {abi}, it takes {FOR_PORTS})"
            )),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(all: &[&str]) -> Vec<PathBuf> {
        all.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn what_is_shut_splits_only_its_own_way() {
        let shut = paths(&["/home/u/.ssh", "/etc/key"]);
        for (path, wanted) in [
            ("/", Fate::Way),
            ("/home", Fate::Way),
            ("/home/u", Fate::Way),
            ("/home/u/.ssh", Fate::Shut),
            ("/home/u/.ssh/id", Fate::Shut),
            ("/home/u/.sshx", Fate::Open),
            ("/home/v", Fate::Open),
            ("/etc/key", Fate::Shut),
            ("/usr", Fate::Open),
        ] {
            assert_eq!(fate(Path::new(path), &shut), wanted, "{path}");
        }
        assert_eq!(fate(Path::new("/"), &[]), Fate::Open);
    }

    #[test]
    fn a_fence_that_contradicts_itself_is_named() {
        let fault = |write: &[&str], deny: &[&str]| {
            let (write, deny_read) = (paths(write), paths(deny));
            Fence { write, deny_read, ..Fence::default() }.fault()
        };
        assert_eq!(fault(&["/w"], &["/s", "/wx"]), None);
        assert_eq!(fault(&["/s/inside"], &["/s"]), None);
        assert!(fault(&["w"], &[]).unwrap().contains("names w"));
        assert!(fault(&[], &["/w/../s"]).unwrap().contains("/w/../s"));
        assert!(fault(&["/w"], &["/w/.env"]).unwrap().contains("cannot deny /w/.env"));
    }

    #[test]
    fn a_cover_hides_nothing_that_is_needed() {
        let fault = |write: &[&str], cover: &[&str]| {
            let (write, cover) = (paths(write), paths(cover));
            Fence { write, cover, ..Fence::default() }.fault().unwrap_or_default()
        };
        assert_eq!(fault(&["/w"], &["/s", "/wx"]), "");
        assert!(fault(&[], &["/"]).contains("cannot cover /,"));
        assert!(fault(&[], &["s"]).contains("names s"));
        assert!(fault(&["/w"], &["/w/s"]).contains("cannot cover /w/s"));
        assert!(fault(&["/w/s"], &["/w"]).contains("/w/s in it cannot be written"));
    }

    #[test]
    fn an_old_kernel_is_not_trusted_with_more_than_it_can() {
        let fence = |network| Fence { network, ..Fence::default() };
        let (all, ports) = (fence(Network::All), fence(Network::Ports(vec![443])));
        for (abi, files, net) in [
            (None, true, true),
            (Some(2), true, true),
            (Some(3), false, true),
            (Some(4), false, false),
            (Some(9), false, false),
        ] {
            assert_eq!((all.lacks(abi).is_some(), ports.lacks(abi).is_some()), (files, net));
        }
    }

    #[test]
    fn a_fence_is_read_with_little_said() {
        let fence: Fence =
            serde_json::from_str(r#"{"write":["/w"],"network":{"ports":[443]}}"#).unwrap();
        assert_eq!(fence.network, Network::Ports(vec![443]));
        assert_eq!(serde_json::from_str::<Fence>("{}").unwrap(), Fence::default());
        // A word that is not understood must not silently be a hole.
        assert!(serde_json::from_str::<Fence>(r#"{"deny-read":["/s"]}"#).is_err());
    }
}
