use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::{collections::BTreeMap, path::PathBuf};

use toml_edit::{DocumentMut, Item, Table, value};

use super::common::{self, Bring, Wait};
use crate::{
    base::{Code, Name, Refusal},
    service::{actor::Handle, find::Definitions, view::ServiceView},
    session::{Caller, FILE, Source},
    verb::{Follow, Here, Method, Ui, Verb},
};

/// `gaia service add`
pub(super) struct Add;

/// Arguments of [`Add`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Its name
    name: Name,
    /// A catalog entry to build on, e.g. `postgres`
    #[arg(long = "use")]
    #[serde(rename = "use")]
    uses: Option<String>,
    /// A line for `sh -c`
    #[arg(long)]
    run: Option<String>,
    /// Its port: a number, or `auto`
    #[arg(long)]
    port: Option<String>,
    /// What must be up before it
    #[arg(long)]
    #[serde(default)]
    after: Vec<String>,
    /// Variables, `KEY=value`
    #[arg(long, short)]
    #[serde(default)]
    env: Vec<String>,
    /// Only write it down
    #[arg(long)]
    #[serde(default)]
    no_start: bool,
    /// Whether to wait
    #[command(flatten)]
    #[serde(flatten)]
    wait: Wait,
    /// Folder of the workspace, or one below it
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Who asks
    #[command(flatten)]
    caller: Caller,
}

/// Reply of [`Add`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The file it stands in now.
    file: PathBuf,
    /// The service and what it depends on.
    services: Vec<ServiceView>,
    /// Whether it was waited for.
    waited: bool,
}

impl Verb for Add {
    const NAME: &'static str = "add";
    const ABOUT: &'static str = "Add a service to the gaia.toml of a workspace, and start it";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/services/add";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        let dir = args.dir.as_ref().map_or_else(|| here.cwd.clone(), |dir| here.absolute(dir));
        args.dir = Some(dir);
        args.caller.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let patience = args.wait.patience()?;
        let dir =
            args.dir.clone().ok_or_else(|| Refusal::new(Code::Invalid, "`dir` is missing"))?;
        let definitions = Definitions::of(&handle, &args.caller.env);
        let dir = definitions.dir(&dir)?;
        let file = dir.join(FILE);
        let before = definitions.source(&dir)?;
        let text = with_service(&before, &args)?;
        let bytes = text.clone().into_bytes();
        definitions.read(&Source { path: before.path.clone(), bytes }, &dir)?;
        let files = &handle.sessions().ports().files;
        let written = match files.exists(&file) {
            true => files.rewrite(&file, text.as_bytes()),
            false => files.create(&file, text.as_bytes()),
        };
        written.map_err(|what| Refusal::new(Code::Failed, what).help("nothing was changed"))?;
        if args.no_start {
            return Ok(Reply { file, services: vec![], waited: false });
        }
        let (names, profiles, scale) = (vec![args.name.to_string()], vec![], BTreeMap::new());
        let caller = args.caller;
        let bring = Bring { dir, caller, names, profiles, scale, whole: false, dry_run: false };
        let (_, ids) = common::bring(&handle, bring).await?;
        if args.wait.wait {
            common::settled(&handle, &ids, patience).await;
        }
        let services = common::views(&handle, &ids);
        Ok(Reply { file, services, waited: args.wait.wait })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        let head = format!("added to {}", reply.file.display());
        match reply.services.is_empty() {
            true => head,
            false => format!("{head}\n{}", common::service_table(&reply.services, ui)),
        }
    }

    fn failed(reply: &Reply) -> bool {
        reply.waited && common::unsettled(&reply.services)
    }

    fn progress(args: &Args) -> Option<Follow> {
        common::progress(args.wait.wait)
    }
}

/// The text of a gaia.toml with one more service; everything else in it stays as it was written.
fn with_service(before: &Source, args: &Args) -> Result<String, Refusal> {
    let text = String::from_utf8_lossy(&before.bytes).into_owned();
    let broken = |e: toml_edit::TomlError| {
        Refusal::new(Code::Invalid, format!("{}: {e}", before.path)).help("mend it first")
    };
    let mut document: DocumentMut = text.parse().map_err(broken)?;
    let services = document.entry("services").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let Some(services) = services.as_table_like_mut() else {
        return Err(Refusal::new(
            Code::Invalid,
            format!("{}: `services` is no table", before.path),
        ));
    };
    if services.contains_key(args.name.as_str()) {
        let message = format!("there is a service `{}` already", args.name);
        return Err(Refusal::new(Code::Invalid, message).help("edit it in the gaia.toml"));
    }
    services.insert(args.name.as_str(), Item::Table(table(args)?));
    Ok(document.to_string())
}

fn table(args: &Args) -> Result<Table, Refusal> {
    let mut table = Table::new();
    if let Some(entry) = &args.uses {
        table["use"] = value(entry.as_str());
    }
    if let Some(line) = &args.run {
        table["run"] = value(line.as_str());
    }
    if let Some(port) = &args.port {
        table["port"] = match port.parse::<i64>() {
            Ok(number) => value(number),
            Err(_) => value(port.as_str()),
        };
    }
    if !args.after.is_empty() {
        table["after"] = value(args.after.iter().collect::<toml_edit::Array>());
    }
    let mut env = toml_edit::InlineTable::new();
    for word in &args.env {
        let Some((key, text)) = word.split_once('=') else {
            return Err(Refusal::new(Code::Invalid, format!("`{word}` is not KEY=value")));
        };
        env.insert(key, text.into());
    }
    if !env.is_empty() {
        table["env"] = value(env);
    }
    Ok(table)
}
