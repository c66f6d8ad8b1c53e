use crate::{
    base::{Code, Refusal},
    scaffold::manifest::sha256,
};

/// A git repository and what is wanted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// As git takes it.
    pub(crate) url: String,
    /// A tag, a branch or a commit; none: the highest version, or the usual branch.
    pub(crate) reference: Option<String>,
}

/// Whether a text is meant as the address of a git repository.
#[must_use]
pub(crate) fn is_address(text: &str) -> bool {
    let local = text.starts_with('/') && (text.contains('#') || plain(text).ends_with(".git"));
    text.contains("://") || text.contains("::") || local || is_ssh_short(text)
}

/// `user@host:path`
fn is_ssh_short(text: &str) -> bool {
    let Some((host, path)) = text.split_once(':') else { return false };
    let name = |s: &str| {
        !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
    };
    host.split_once('@').is_some_and(|(user, host)| name(user) && name(host)) && !path.is_empty()
}

/// Without the version.
fn plain(text: &str) -> &str {
    text.split(['#', '@']).next().unwrap_or(text)
}

fn no(text: &str, why: &str, help: &str) -> Refusal {
    Refusal::new(Code::Invalid, format!("{text:?} cannot be fetched: {why}")).help(help)
}

const WAYS: &str =
    "write https://host/path, ssh://host/path, git://host/path, user@host:path or an absolute path";

impl Address {
    /// Reads `URL`, `URL#version` or `URL@version`.
    pub(crate) fn read(text: &str) -> Result<Self, Refusal> {
        let (url, reference) = apart(text);
        check(text, url)?;
        if let Some(reference) = reference {
            check_reference(text, reference)?;
        }
        Ok(Self { url: url.to_owned(), reference: reference.map(str::to_owned) })
    }

    /// The folder of the cache that it is kept in.
    #[must_use]
    pub(crate) fn slug(&self) -> String {
        let last = self.url.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
        let name = last.trim_end_matches(".git");
        let name: String =
            name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        format!("{name}-{}", &sha256(self.url.as_bytes())[..16])
    }

    /// Its last word, as the name of a template.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        let last = self.url.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
        last.trim_end_matches(".git").to_owned()
    }
}

/// The repository, and the version behind `#` or behind an `@` in the last part of the path.
fn apart(text: &str) -> (&str, Option<&str>) {
    if let Some((url, reference)) = text.split_once('#') {
        return (url, Some(reference));
    }
    let from = text.rfind('/').or_else(|| text.rfind(':')).map_or(0, |at| at + 1);
    match text[from..].split_once('@') {
        Some((last, reference)) => (&text[..from + last.len()], Some(reference)),
        None => (text, None),
    }
}

fn check(text: &str, url: &str) -> Result<(), Refusal> {
    if url.is_empty() || url.starts_with('-') {
        return Err(no(text, "it would be taken for an option", WAYS));
    }
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    if url.contains(odd) {
        return Err(no(text, "it holds a character that no address has", WAYS));
    }
    if url.contains("::") {
        return Err(no(text, "helpers of git are not used", WAYS));
    }
    if url.contains('%') {
        return Err(no(text, "it is encoded", "write the address in plain letters"));
    }
    if url.split(['/', ':']).any(|part| part == ".." || part == ".") {
        return Err(no(text, "it goes up or stays with `..` or `.`", "write the whole address"));
    }
    match url.split_once("://") {
        None if url.starts_with('/') || is_ssh_short(url) => Ok(()),
        None => Err(no(text, "it is no address", WAYS)),
        Some(("https" | "git", rest)) => check_host(text, rest, false),
        Some(("ssh", rest)) => check_host(text, rest, true),
        Some((other, _)) => Err(no(text, &format!("{other}:// is not used"), WAYS)),
    }
}

fn check_host(text: &str, rest: &str, user: bool) -> Result<(), Refusal> {
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let name = match host.split_once('@') {
        Some((_, _)) if !user => {
            let help = "take the name and password out: git's credential helpers know them";
            return Err(no("…", "it holds a name or a password", help));
        }
        Some((user, _)) if user.contains(':') => {
            return Err(no("…", "it holds a password", "use a key of ssh"));
        }
        Some((_, host)) => host,
        None => host,
    };
    let good = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if name.is_empty() || host.starts_with('-') || name.starts_with('-') || !name.chars().all(good)
    {
        return Err(no(text, "it names no host", WAYS));
    }
    if path.is_empty() {
        return Err(no(text, "it names no repository", WAYS));
    }
    Ok(())
}

fn check_reference(text: &str, reference: &str) -> Result<(), Refusal> {
    let good = |c: char| c.is_ascii_alphanumeric() || "-._/+".contains(c);
    let bad = reference.is_empty()
        || reference.starts_with(['-', '/', '.'])
        || reference.contains("..")
        || !reference.chars().all(good);
    if bad {
        let help = "write a tag, a branch or a commit behind `#`, e.g. #v1.2.0";
        return Err(no(text, &format!("{reference:?} is no version"), help));
    }
    Ok(())
}
