use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::{collections::BTreeSet, path::PathBuf};

use toml_edit::DocumentMut;

use super::common::{self, Set};
use crate::{
    base::{Code, Refusal},
    service::{actor::Handle, find::Definitions, model::ServiceId},
    session::{FILE, Source, What},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia service remove`
pub(super) struct Remove;

/// Arguments of [`Remove`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    set: Set,
    /// Leave the gaia.toml as it is: the next `gaia up` brings them back
    #[arg(long)]
    #[serde(default)]
    keep_file: bool,
}

/// Reply of [`Remove`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Services that are gone.
    services: Vec<String>,
    /// Files they were taken out of.
    files: Vec<PathBuf>,
}

impl Verb for Remove {
    const NAME: &'static str = "remove";
    const ABOUT: &'static str =
        "Stop services, close their panes and take them out of the gaia.toml";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/services/remove";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let ids = args.set.choose(&handle, false)?;
        let view = handle.view();
        let of = ids.iter().filter_map(|id| view.services.get(id));
        let (dirs, units): (BTreeSet<_>, Vec<_>) =
            of.map(|s| (PathBuf::from(&s.dir), s.unit.clone())).unzip();
        let mut files = Vec::new();
        for dir in dirs.iter().filter(|_| !args.keep_file) {
            files.extend(take_out(&handle, dir, &ids)?);
        }
        handle.remove(ids.clone()).await?;
        let gone = |view: &crate::service::view::View| {
            !ids.iter().any(|id| view.services.contains_key(id))
        };
        handle.until(common::STOP, gone).await;
        let units = units.into_iter().flatten().collect();
        handle.sessions().close(What::Units(units)).await?;
        Ok(Reply { services: ids.iter().map(ServiceId::short).collect(), files })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        format!("{} removed", reply.services.join(", "))
    }
}

/// Takes services out of the gaia.toml of a workspace; the file, if that changed it. What is left
/// must still be good: something may depend on them.
fn take_out(
    handle: &Handle,
    dir: &std::path::Path,
    ids: &[ServiceId],
) -> Result<Option<PathBuf>, Refusal> {
    let env = std::collections::BTreeMap::new();
    let definitions = Definitions::of(handle, &env);
    let path = dir.join(FILE);
    let files = &handle.sessions().ports().files;
    let failed = |what| Refusal::new(Code::Failed, what).help("nothing was changed");
    let Some(bytes) = files.read(&path, 1 << 20).map_err(failed)? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let Ok(mut document) = text.parse::<DocumentMut>() else { return Ok(None) };
    let Some(services) = document.get_mut("services").and_then(|s| s.as_table_like_mut()) else {
        return Ok(None);
    };
    let mut changed = false;
    for id in ids {
        changed |= services.remove(id.name.as_str()).is_some();
    }
    if !changed {
        return Ok(None);
    }
    let text = document.to_string();
    let source = Source { path: path.display().to_string(), bytes: text.clone().into() };
    definitions.services(&source, dir)?;
    files.rewrite(&path, text.as_bytes()).map_err(failed)?;
    Ok(Some(path))
}
