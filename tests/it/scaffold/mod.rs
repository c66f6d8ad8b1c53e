//! Projects from templates, with the real binary and without a daemon.

mod hostile;
mod kill;
mod place;
mod shelf;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Path, PathBuf},
    process::Output,
};

use crate::house::{House, seen};

/// Path, mode and bytes (of a link: where it leads) of all there is below a folder.
pub type Picture = BTreeMap<String, (u32, Vec<u8>)>;

pub const HEAD: &str = "name = 't'\nversion = '1.0.0'\n";
pub const PROJECT: &str =
    "name = 't'\nversion = '1.0.0'\n[answers.project]\ndefault = '{{ target }}'\n";

/// A house with a template `t` in its workspace's folder, and a folder for projects.
pub struct Yard {
    pub house: House,
}

impl Yard {
    pub fn new(toml: &str, files: &[(&str, &[u8])]) -> Self {
        let yard = Self { house: House::new() };
        yard.template(toml, files);
        fs::create_dir(yard.out()).unwrap();
        yard
    }

    /// Writes the template anew: a stranger's, since it is a folder somewhere.
    pub fn template(&self, toml: &str, files: &[(&str, &[u8])]) {
        let _ = fs::remove_dir_all(self.folder());
        write(&self.folder().join("template.toml"), toml.as_bytes());
        for (path, bytes) in files {
            write(&self.folder().join(path), bytes);
        }
    }

    pub fn folder(&self) -> PathBuf {
        self.house.workspace().join("t")
    }

    /// Where projects are made.
    pub fn out(&self) -> PathBuf {
        self.house.workspace().join("out")
    }

    pub fn target(&self) -> PathBuf {
        self.out().join("demo")
    }

    /// `gaia scaffold new ./t out/demo …`
    pub fn make(&self, more: &[&str]) -> Output {
        self.house.gaia(&[&["scaffold", "new", "./t", "out/demo"], more].concat())
    }

    pub fn made(&self, more: &[&str]) -> Picture {
        let output = self.make(more);
        assert!(output.status.success(), "{}", seen(&output));
        picture(&self.target())
    }

    /// Runs what must be refused: its exit code, these words, and nothing anywhere changed.
    pub fn refused(&self, more: &[&str], (code, words): (i32, &str)) {
        let before = picture(&self.out());
        let output = self.make(more);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words}: {}", seen(&output));
        assert!(text.contains(words), "{words}: {text}");
        assert!(!text.contains("panicked"), "{text}");
        assert_eq!(picture(&self.out()), before, "{words}");
    }
}

pub fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

pub fn picture(root: &Path) -> Picture {
    let mut all = Picture::new();
    for entry in walkdir::WalkDir::new(root).min_depth(1) {
        let entry = entry.unwrap();
        let path = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let kind = entry.file_type();
        let bytes = if kind.is_symlink() {
            fs::read_link(entry.path()).unwrap().as_os_str().as_bytes().to_vec()
        } else if kind.is_file() {
            fs::read(entry.path()).unwrap()
        } else {
            vec![]
        };
        let mode = entry.path().symlink_metadata().unwrap().permissions().mode();
        all.insert(path, (mode, bytes));
    }
    all
}

/// The text of a file in a picture.
pub fn text<'p>(picture: &'p Picture, path: &str) -> &'p str {
    let found = picture.get(path).unwrap_or_else(|| panic!("no {path} in {:?}", picture.keys()));
    std::str::from_utf8(&found.1).unwrap()
}
