use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Where a secret is; never the secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Secret {
    /// A variable of the daemon's environment.
    Env(String),
    /// A file that holds nothing else.
    File(PathBuf),
}

/// Where secrets are looked up, each time one is needed.
pub(crate) struct Lookup<'a> {
    /// The daemon's environment.
    pub(crate) env: &'a BTreeMap<String, String>,
    /// Reads a file.
    pub(crate) read: &'a (dyn Fn(&Path) -> Result<String, String> + Sync),
}

impl Secret {
    /// Reads `env:NAME` or `file:/PATH`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Some(Self::Env(name.to_owned())),
            Some(("file", path)) if path.starts_with('/') => Some(Self::File(path.into())),
            _ => None,
        }
    }

    /// The secret; the sentence says where it should be.
    pub(crate) fn find(&self, lookup: &Lookup<'_>) -> Result<String, String> {
        let text = match self {
            Self::Env(name) => lookup.env.get(name).cloned().ok_or_else(|| {
                format!("{name} is not set in the environment the daemon was started with")
            })?,
            Self::File(path) => (lookup.read)(path)?,
        };
        match text.trim() {
            "" => Err(format!("the secret at {self} is empty")),
            secret => Ok(secret.to_owned()),
        }
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// An address that may be written down, or only referred to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// As it stands in the file.
    Plain(String),
    /// Referred to.
    Secret(Secret),
}

impl Address {
    /// The address; refused unless it is a URL, and where `tls` is wanted unless it is https or on
    /// this machine.
    pub(super) fn find(&self, lookup: &Lookup<'_>, tls: bool) -> Result<String, String> {
        let url = match self {
            Self::Plain(url) => url.clone(),
            Self::Secret(secret) => secret.find(lookup)?,
        };
        match check_url(&url, tls) {
            Ok(()) => Ok(url),
            // What was referred to is not shown.
            Err(what) => Err(format!("its url {what}")),
        }
    }
}

/// What is wrong with an address.
pub(super) fn check_url(url: &str, tls: bool) -> Result<(), &'static str> {
    let (scheme, rest) = url.split_once("://").ok_or("is none: it begins with https://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match scheme {
        _ if host.is_empty() || url.chars().any(|c| c.is_whitespace() || c.is_control()) => {
            Err("has no host, or a space in it")
        }
        "https" => Ok(()),
        "http" if !tls || is_loopback(host) => Ok(()),
        "http" => Err("must begin with https://, for what it holds is secret"),
        _ => Err("begins with neither https:// nor http://"),
    }
}

/// Whether a host, with or without a port, is this machine.
pub(super) fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    matches!(host, "localhost" | "127.0.0.1" | "::1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_reference_and_nothing_else() {
        for (text, wanted) in [
            ("env:TOKEN", Some(Secret::Env("TOKEN".into()))),
            ("file:/run/token", Some(Secret::File("/run/token".into()))),
            ("file:token", None),
            ("env:", None),
            ("xoxb-1234", None),
        ] {
            assert_eq!(Secret::parse(text), wanted, "{text}");
        }
        let env =
            BTreeMap::from([("A".to_owned(), " x \n".to_owned()), ("B".to_owned(), String::new())]);
        let read = |_: &Path| Ok("from a file\n".to_owned());
        let lookup = Lookup { env: &env, read: &read };
        let find = |text: &str| Secret::parse(text).unwrap().find(&lookup);
        assert_eq!(find("env:A").unwrap(), "x");
        assert_eq!(find("file:/x").unwrap(), "from a file");
        assert!(find("env:B").unwrap_err().contains("is empty"));
        assert!(find("env:C").unwrap_err().contains("C is not set"));
    }

    #[test]
    fn what_is_secret_goes_over_a_secret_line() {
        for (url, tls, fits) in [
            ("https://hooks.example/x", true, true),
            ("http://hooks.example/x", true, false),
            ("http://hooks.example/x", false, true),
            ("http://127.0.0.1:80/x", true, true),
            ("http://[::1]:80/x", true, true),
            ("http://localhost@evil.example/x", true, false),
            ("ftp://a/b", false, false),
            ("https:///x", false, false),
            ("https://a b/", false, false),
            ("nothing", false, false),
        ] {
            assert_eq!(check_url(url, tls).is_ok(), fits, "{url} {tls}");
        }
    }
}
