use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Patterns of paths, as they were written and ready to be asked.
#[derive(Debug, Clone)]
pub struct Globs {
    written: Vec<String>,
    set: GlobSet,
}

impl PartialEq for Globs {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Globs {}

impl Default for Globs {
    fn default() -> Self {
        Self { written: vec![], set: GlobSet::empty() }
    }
}

impl Globs {
    /// Patterns of paths inside a worktree; a pattern that is none is told with its position.
    /// `dir` and `dir/` stand for all that is in it, too. `any_case` takes `A` and `a` for the
    /// same, as some file systems do.
    pub fn new<S: AsRef<str>>(written: &[S], any_case: bool) -> Result<Self, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (at, text) in written.iter().map(AsRef::as_ref).enumerate() {
            for pattern in meant(text) {
                let glob = GlobBuilder::new(&pattern)
                    .literal_separator(true)
                    .backslash_escape(true)
                    .case_insensitive(any_case)
                    .build()
                    .map_err(|error| (at, error.kind().to_string()))?;
                set.add(glob);
            }
        }
        let set = set.build().map_err(|error| (0, error.kind().to_string()))?;
        let written = written.iter().map(|text| text.as_ref().to_owned()).collect();
        Ok(Self { written, set })
    }

    /// Whether a path fits one of them.
    #[must_use]
    pub fn fits(&self, path: &str) -> bool {
        self.set.is_match(path)
    }

    /// The patterns as they were written.
    #[must_use]
    pub fn written(&self) -> &[String] {
        &self.written
    }
}

/// What a pattern stands for: itself, and all below it if it may be a folder.
fn meant(text: &str) -> Vec<String> {
    let text = text.strip_prefix("./").unwrap_or(text);
    match text.strip_suffix('/') {
        Some(folder) => vec![format!("{folder}/**")],
        None if text.ends_with("**") => vec![text.to_owned()],
        None => vec![text.to_owned(), format!("{text}/**")],
    }
}

/// A path of a worktree without `.`, `..` and doubled `/`; `None` if it leads out of it.
pub(super) fn inside(path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains('\0') {
        return None;
    }
    let mut parts: Vec<&str> = vec![];
    for part in path.split('/') {
        match part {
            "" | "." => (),
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_paths() {
        for (pattern, path, fits) in [
            ("src/**", "src/a/b.rs", true),
            ("src/*", "src/a.rs", true),
            ("src/*.rs", "src/a/b.rs", false),
            ("src", "src/a/b.rs", true),
            ("./src/", "src/a", true),
            ("src", "srcs/a", false),
            ("**/*.lock", "Cargo.lock", true),
            ("gaia.toml", "gaia.toml", true),
            ("gaia.toml", "sub/gaia.toml", false),
            ("GAIA.toml", "gaia.toml", false),
            ("a[b", "a[b", false),
        ] {
            let found = Globs::new(&[pattern], false).is_ok_and(|globs| globs.fits(path));
            assert_eq!(found, fits, "{pattern} {path}");
        }
        assert!(Globs::new(&["GAIA.toml"], true).unwrap().fits("gaia.toml"));
        assert_eq!(Globs::new(&["ok", "a{b"], false).unwrap_err().0, 1);
    }

    #[test]
    fn a_path_that_leads_out_is_none() {
        for (path, wanted) in [
            ("a/./b//c", Some("a/b/c")),
            ("a/../b", Some("b")),
            ("../b", None),
            ("a/../../b", None),
            ("/etc/passwd", None),
            ("a\0b", None),
        ] {
            assert_eq!(inside(path).as_deref(), wanted, "{path}");
        }
    }
}
