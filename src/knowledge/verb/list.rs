use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::At;
use crate::{
    base::Refusal,
    knowledge::actor::Handle,
    verb::{Here, Method, Ui, Verb, table},
};

/// `gaia expert list`
pub(super) struct List;

/// Arguments of [`List`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// An expert.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Row {
    /// Its name.
    name: String,
    /// Areas it is about.
    area: Vec<String>,
    /// One line about it.
    about: String,
    /// Where it comes from.
    origin: String,
    /// How many faults its file has; with one it is not told to anybody.
    faults: usize,
    /// Proposals that wait for a person.
    open: usize,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ABOUT: &'static str = "List the experts of the workspace, of the home and built in";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/experts";
    type Args = Args;
    type Reply = Vec<Row>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(experts: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let dir = args.at.dir()?;
        let row = |(name, found): (crate::base::Name, Result<_, Refusal>)| {
            let open = experts.open(dir, &name).len();
            let row = |origin: &str, about: String, faults| Row {
                name: name.to_string(),
                area: vec![],
                about,
                origin: origin.to_owned(),
                faults,
                open,
            };
            let found: crate::knowledge::find::Found = match found {
                Ok(found) => found,
                Err(refusal) => return row("", refusal.message, 1),
            };
            match found.load() {
                Ok(expert) => {
                    Row { area: expert.area, ..row(found.origin.show(), expert.about, 0) }
                }
                Err(faults) => row(found.origin.show(), String::new(), faults.len()),
            }
        };
        Ok(experts.all(dir).into_iter().map(row).collect())
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        let row = |row: &Row| {
            let about = match row.faults {
                0 => row.about.clone(),
                1 if !row.about.is_empty() => ui.paint("31", &row.about),
                _ => ui.paint("31", &format!("faulty: gaia expert lint {}", row.name)),
            };
            let open = if row.open > 0 { format!("{}?", row.open) } else { String::new() };
            let (name, area) = (ui.paint("1", &row.name), row.area.join(", "));
            vec![name, area, row.origin.clone(), open, about]
        };
        table(ui, &["NAME", "AREA", "FROM", "OPEN", "ABOUT"], reply.iter().map(row).collect())
    }
}
