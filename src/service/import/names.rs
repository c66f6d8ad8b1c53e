//! Names that gaia takes, for those it would refuse.

use super::sheet::Sheet;
use crate::base::Name;

/// So long that a number fits behind it.
const LONGEST_BASE: usize = 34;

/// Names as they were written, and as gaia writes them.
#[derive(Debug, Default)]
pub(super) struct Names {
    all: Vec<(String, String)>,
    /// Those of the windows that replicas get.
    windows: Vec<String>,
}

impl Names {
    /// A name that gaia takes and no other service has, told where it is another one.
    /// Add those with replicas first: their windows are called `NAME-1`, `NAME-2`.
    pub(super) fn add(&mut self, sheet: &mut Sheet<'_>, written: &str, replicas: u16) -> String {
        let room = if replicas > 1 {
            written.chars().take(LONGEST_BASE).collect()
        } else {
            written.to_owned()
        };
        let name = self.free(&room);
        if replicas > 1 {
            self.windows.extend((1..=replicas).map(|number| format!("{name}-{number}")));
        }
        if name != written {
            sheet.note(&name, &format!("it was called `{written}`"));
        }
        self.all.push((written.to_owned(), name.clone()));
        name
    }

    /// The name nearest to a text that no service has yet.
    pub(super) fn free(&self, written: &str) -> String {
        let near = Name::near(written, "service").as_str().to_owned();
        let short: String = near.chars().take(LONGEST_BASE).collect();
        let numbered = (2..).map(|n| format!("{short}-{n}"));
        let taken = |name: &String| {
            self.windows.contains(name) || self.all.iter().any(|(_, other)| other == name)
        };
        let free = std::iter::once(near).chain(numbered).find(|name| !taken(name));
        free.unwrap_or_default()
    }

    /// The name that something has now.
    pub(super) fn get(&self, written: &str) -> Option<&str> {
        let found = self.all.iter().find(|(other, _)| other == written);
        found.map(|(_, name)| name.as_str())
    }
}
