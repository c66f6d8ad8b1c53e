//! Which commands of templates may run: those that the person has seen and allowed.
//!
//! Pure. The record lies in gaia's home, never in a project or a template.
//!
//! Invariants:
//! - What is trusted is the exact commands of one exact template: the hash covers every word of
//!   them, where the template comes from and all its files, since a command may run one of those.
//!   Nothing is ever trusted by a part of an address.
//! - A record that cannot be read trusts nothing.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::base::{Code, Refusal};

/// Name of the record in gaia's home.
pub(crate) const PLACE: &str = "trusted.json";

/// What the commands of templates see of the environment: where programs and their caches lie, the
/// language, and the way through the network of this machine, without which nothing can be fetched.
pub(crate) const ENV: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TERM",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// What a template wants to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// Name of the template.
    pub(crate) template: String,
    /// Where it comes from.
    pub(crate) source: String,
    /// The hash of all its files.
    pub(crate) tree: String,
    /// Programs with their arguments, in the order of running.
    pub(crate) commands: Vec<Vec<String>>,
}

/// What the person has allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trusted {
    /// By hash; the rest is for people who look.
    trusted: BTreeMap<String, Wanted>,
}

impl Wanted {
    /// The name of exactly this.
    #[must_use]
    pub(crate) fn hash(&self) -> String {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        part("gaia trust 1");
        part(&self.source);
        part(&self.tree);
        for command in &self.commands {
            part(&command.len().to_string());
            command.iter().for_each(|word| part(word));
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The commands as a shell would take them, one on each line. No word of a stranger moves the
    /// cursor.
    #[must_use]
    pub(crate) fn show(&self) -> String {
        let line = |command: &Vec<String>| {
            let words = command.iter().map(|word| shell_words::quote(word).into_owned());
            format!("    {}", visible(&words.collect::<Vec<_>>().join(" ")))
        };
        self.commands.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Why nothing is done while these are not allowed.
    #[must_use]
    pub(crate) fn refusal(&self) -> Refusal {
        let what = format!(
            "the template {} from {} wants to run commands that nobody has allowed:\n{}",
            visible(&self.template),
            visible(&self.source),
            self.show()
        );
        let help = "look at them, and say --trust if they may run as you";
        Refusal::new(Code::Denied, what).help(help)
    }
}

impl Trusted {
    /// Reads the record; none yet is an empty one.
    pub(crate) fn read(bytes: Option<&[u8]>) -> Result<Self, Refusal> {
        let Some(bytes) = bytes else { return Ok(Self::default()) };
        serde_json::from_slice(bytes).map_err(|error| {
            Refusal::new(Code::Failed, format!("{PLACE} in gaia's home cannot be read: {error}"))
                .help("remove the file; what you trusted is then asked for again")
        })
    }

    /// Whether exactly this is allowed.
    #[must_use]
    pub(crate) fn allows(&self, wanted: &Wanted) -> bool {
        self.trusted.contains_key(&wanted.hash())
    }

    /// Allows exactly this.
    pub(crate) fn allow(&mut self, wanted: &Wanted) {
        self.trusted.insert(wanted.hash(), wanted.clone());
    }

    /// The record.
    pub(crate) fn write(&self) -> Result<Vec<u8>, Refusal> {
        serde_json::to_vec_pretty(self).map_err(Refusal::broken)
    }
}

/// A text in which what a terminal would act on, or hide, can be seen.
fn visible(text: &str) -> String {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().fold(String::new(), |mut shown, c| {
        if odd(c) {
            shown.extend(c.escape_unicode())
        } else {
            shown.push(c)
        }
        shown
    })
}
