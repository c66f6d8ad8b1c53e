//! Who is where, so that no two files meet, on any file system.

use std::collections::HashMap;

use crate::base::ConfigError;

struct Place {
    path: String,
    from: String,
    is_folder: bool,
}

/// Places that are taken, by their path in small letters.
#[derive(Default)]
pub(super) struct Places(HashMap<String, Place>);

impl Places {
    /// Takes a place; a fault if somebody else has it.
    pub(super) fn take(
        &mut self,
        path: &str,
        (from, is_folder): (&str, bool),
        shown: &str,
    ) -> Option<ConfigError> {
        let fault = |what: String| Some(ConfigError::new(shown, from, 0..from.len(), what));
        let ends = path.match_indices('/').map(|(at, _)| (at, true));
        for (end, is_folder) in ends.chain([(path.len(), is_folder)]) {
            let (part, is_last) = (&path[..end], end == path.len());
            let Some(there) = self.0.get(&part.to_lowercase()) else {
                let place = Place { path: part.to_owned(), from: from.to_owned(), is_folder };
                self.0.insert(part.to_lowercase(), place);
                continue;
            };
            let other = &there.from;
            if there.path != part {
                let (one, two) = (&there.path, part);
                return fault(format!(
                    "`{two}` and `{one}` (from files/{other}) differ only in capital letters"
                ))
                .map(|fault| fault.help("many file systems take them for the same"));
            }
            if is_last && !(there.is_folder && is_folder) {
                return fault(format!("`{part}` is made by files/{other}, too"));
            }
            if !is_last && !there.is_folder {
                return fault(format!("`{part}` is a file already, from files/{other}"));
            }
        }
        None
    }
}
