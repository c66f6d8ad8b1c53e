use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::At;
use crate::{
    base::{Code, Name, Refusal},
    trigger::actor::{Handle, Row},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia trigger show`
pub(super) struct Show;

/// Arguments of [`Show`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the trigger
    name: Name,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show a trigger and its newest firings";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/triggers/{name}";
    type Args = Args;
    type Reply = Row;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Row, Refusal> {
        let workspace = args.at.enlist(&handle).await?;
        let rows = handle.rows().await?;
        let found = rows
            .into_iter()
            .find(|row| row.workspace == workspace && row.name.as_ref() == Some(&args.name));
        found.ok_or_else(|| {
            let message = format!("there is no trigger `{}` in {workspace}", args.name);
            Refusal::new(Code::NotFound, message).help("`gaia trigger list` shows them")
        })
    }

    fn show(row: &Row, ui: &Ui) -> String {
        let name = row.name.as_ref().map_or("?", Name::as_str);
        let mut lines =
            vec![format!("{}  {}", ui.paint("1", name), row.about).trim_end().to_owned()];
        lines.push(format!("{}: {}", row.kind, row.when));
        lines.push(format!("starts: {}", row.starts));
        lines.push(match (row.enabled, &row.why) {
            (true, _) => "on".to_owned(),
            (false, why) => format!("off: {}", why.as_deref().unwrap_or("disabled")),
        });
        lines.extend(row.next.map(|next| format!("next: {}", next.show())));
        lines.extend(row.lint.iter().map(|what| format!("note: {what}")));
        lines.push(format!("fired {} times", row.fired));
        for one in &row.firings {
            lines.push(format!("  {}  {}  {}", one.at.show(), one.id, one.state.show()));
        }
        lines.join("\n")
    }
}
