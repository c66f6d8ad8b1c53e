use crate::base::{Code, Refusal};

/// A version of a template: a tag that is one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    /// What the tag says.
    pub(crate) version: semver::Version,
    /// The tag.
    pub(crate) tag: String,
}

/// The versions among the tags of a repository, lowest first. A `v` before it is usual.
#[must_use]
pub(crate) fn versions<'a>(tags: impl IntoIterator<Item = &'a str>) -> Vec<Version> {
    let read = |tag: &str| {
        let version = semver::Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok()?;
        Some(Version { version, tag: tag.to_owned() })
    };
    let mut all: Vec<Version> = tags.into_iter().filter_map(read).collect();
    all.sort();
    all
}

/// The version that is wanted: the one that is named, or the highest that is no preview.
pub(crate) fn pick<'a>(
    all: &'a [Version],
    wanted: Option<&str>,
) -> Result<Option<&'a Version>, Refusal> {
    let Some(wanted) = wanted else {
        let full = all.iter().rev().find(|version| version.version.pre.is_empty());
        return Ok(full.or(all.last()));
    };
    let plain = wanted.strip_prefix('v').unwrap_or(wanted);
    let found = all.iter().find(|v| v.tag == wanted || v.version.to_string() == plain);
    found.map(Some).ok_or_else(|| {
        let known: Vec<&str> = all.iter().rev().take(8).map(|v| v.tag.as_str()).collect();
        let help = match known.as_slice() {
            [] => "the repository has no tag that is a version, e.g. v1.0.0".to_owned(),
            known => format!("it has {}", known.join(", ")),
        };
        Refusal::new(Code::NotFound, format!("the template has no version {wanted}")).help(help)
    })
}
