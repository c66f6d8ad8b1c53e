use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::At;
use crate::{
    base::Refusal,
    trigger::actor::{Handle, Row},
    verb::{Here, Method, Ui, Verb, table},
};

/// `gaia trigger list`
pub(super) struct List;

/// Arguments of [`List`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Show those of all workspaces
    #[arg(long, short)]
    #[serde(default)]
    all: bool,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ABOUT: &'static str =
        "List the triggers of this workspace, and look after them from now on";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/triggers";
    type Args = Args;
    type Reply = Vec<Row>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let here = match args.at.enlist(&handle).await {
            Err(_) if args.all => None,
            found => Some(found?),
        };
        let mut rows = handle.rows().await?;
        rows.retain(|row| args.all || Some(&row.workspace) == here.as_ref());
        Ok(rows)
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        if reply.is_empty() {
            return "no trigger: write [triggers.NAME] into gaia.toml".to_owned();
        }
        let many = reply.iter().any(|row| row.workspace != reply[0].workspace);
        let row = |row: &Row| {
            let name = row.name.as_ref().map_or("?", crate::base::Name::as_str);
            let name = if many { format!("{}/{name}", row.workspace) } else { name.to_owned() };
            let why = row.why.as_deref().and_then(|why| why.lines().next()).unwrap_or("disabled");
            let state = match (row.enabled, row.next) {
                (true, Some(next)) => format!("next {}", next.show()),
                (true, None) => "on".to_owned(),
                (false, _) => ui.paint("31", &format!("off: {why}")),
            };
            let last = row.firings.first().map_or_else(String::new, |one| one.state.show());
            let cells = [row.when.clone(), row.starts.clone(), state, row.fired.to_string(), last];
            [vec![ui.paint("1", &name)], cells.to_vec()].concat()
        };
        let head = ["NAME", "WHEN", "STARTS", "STATE", "FIRED", "LAST"];
        table(ui, &head, reply.iter().map(row).collect())
    }
}
