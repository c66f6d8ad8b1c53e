//! Commands of a template work on a copy of the project, and what they change there becomes part of
//! the update.

use std::{collections::BTreeSet, path::Path, time::Duration};

use super::{
    STAGE, failed,
    run::Update,
    scan,
    weave::{Woven, Write},
};
use crate::{
    base::Refusal,
    port::Seen,
    scaffold::{manifest, model::Migration},
};

/// How long a command of a migration may take.
const PATIENCE: Duration = Duration::from_secs(300);

impl Update<'_> {
    /// A copy of the project for commands to work on.
    pub(super) fn copy_project(&self, copy: &Path) -> Result<BTreeSet<String>, Refusal> {
        let beneath = &self.ports.beneath;
        beneath.clear(self.root, STAGE).map_err(failed)?;
        let ignore = Seen::File { bytes: b"*\n".to_vec(), exec: false };
        beneath.put(self.root, &format!("{STAGE}/.gitignore"), &ignore, None).map_err(failed)?;
        beneath.put(self.root, &format!("{STAGE}/tree"), &Seen::Folder, None).map_err(failed)?;
        let mut paths: BTreeSet<String> = match &self.checkout {
            Some(checkout) => checkout.held.keys().chain(&checkout.others).cloned().collect(),
            None => beneath.walk(self.root).map_err(failed)?.into_iter().collect(),
        };
        let at =
            |(path, stamp): (&String, &manifest::Stamp)| stamp.at.clone().unwrap_or(path.clone());
        paths.extend(self.manifest.files.iter().map(at));
        paths.retain(|path| !path.starts_with(".gaia/"));
        for path in &paths {
            let seen = beneath.look(self.root, path).map_err(failed)?;
            if let Some(seen @ (Seen::File { .. } | Seen::Link(_))) = seen {
                beneath.put(copy, path, &seen, None).map_err(failed)?;
            }
        }
        Ok(paths)
    }

    pub(super) async fn commands(
        &self,
        copy: &Path,
        which: impl Fn(&Migration) -> &Vec<Vec<String>> + Send + Sync,
        output: &mut Vec<String>,
    ) -> Result<(), Refusal> {
        for argv in self.due.iter().flat_map(which) {
            let said = super::command(self.ports, copy, argv, PATIENCE).await?;
            output.push(said);
        }
        Ok(())
    }

    pub(super) fn write_out(&self, copy: &Path, woven: &Woven) -> Result<(), Refusal> {
        for path in &woven.removes {
            self.ports.beneath.remove(copy, path).map_err(failed)?;
        }
        for write in &woven.writes {
            let seen = scan::seen(write.bytes.clone(), write.mode);
            self.ports.beneath.put(copy, &write.path, &seen, None).map_err(failed)?;
        }
        Ok(())
    }

    /// Whatever the copy has otherwise than the project becomes part of the update.
    pub(super) fn take_over(
        &self,
        copy: &Path,
        copied: &BTreeSet<String>,
        woven: &mut Woven,
    ) -> Result<(), Refusal> {
        let mut paths: BTreeSet<String> =
            self.ports.beneath.walk(copy).map_err(failed)?.into_iter().collect();
        paths.extend(copied.iter().cloned());
        paths.extend(woven.writes.iter().map(|write| write.path.clone()));
        woven.writes.clear();
        woven.removes.clear();
        for path in paths {
            let new = scan::look(self.ports, copy, &path)?;
            let old = scan::look(self.ports, self.root, &path)?;
            match (new, old) {
                (Some((new, _)), Some((old, _))) if new.is_like(&old) => {}
                (Some((new, bytes)), old) => {
                    let like = old.as_ref().map(|_| path.clone());
                    woven.touched.extend(like.clone());
                    woven.writes.push(Write { path, bytes, mode: new.mode, like });
                }
                (None, Some(_)) => {
                    woven.touched.insert(path.clone());
                    woven.removes.insert(path);
                }
                (None, None) => {}
            }
        }
        Ok(())
    }
}
