use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    verb::{Here, Method, Ui, Verb},
    workflow::{
        actor::Handle,
        show,
        verb::common::{self, At},
    },
};

/// `gaia workflow graph`
pub(crate) struct Graph;

/// A language of drawings.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    /// For a terminal.
    #[default]
    Text,
    /// Mermaid, as Markdown pages show it.
    Mermaid,
    /// Graphviz.
    Dot,
}

/// Arguments of [`Graph`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Workflow: a name, or the path of a file
    #[arg(required_unless_present = "run")]
    workflow: Option<String>,
    /// How it is drawn
    #[arg(long, short, default_value = "text")]
    #[serde(default)]
    format: Format,
    /// Draw this run of it as it is now
    #[arg(long, conflicts_with = "workflow")]
    run: Option<String>,
    /// Columns of the terminal it is drawn for
    #[arg(skip)]
    #[serde(default)]
    columns: Option<u16>,
    /// Whether it is drawn in colours
    #[arg(skip)]
    #[serde(default)]
    colour: bool,
    /// From where it is asked
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// A drawing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Drawn {
    /// Its text.
    text: String,
}

impl Verb for Graph {
    const NAME: &'static str = "graph";
    const ABOUT: &'static str = "Draw the steps of a workflow, or of a run as it is now";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/workflows/graph";
    type Args = Args;
    type Reply = Drawn;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.columns = here.size.map(|(columns, _)| columns);
        args.colour = here.wants_colour();
        args.at.prepare(here);
        args.at.env.clear();
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Drawn, Refusal> {
        let (definition, view) = match &args.run {
            Some(word) => {
                let id = handle.find(word).await?;
                let (record, _) = handle.begin(&id).await?;
                (handle.definition(&record)?.definition, Some(handle.show(&id).await?))
            }
            None => {
                let word = args.workflow.as_deref().unwrap_or_default();
                (common::load(&handle, &args.at, word)?.definition, None)
            }
        };
        let view = view.as_ref();
        let text = match args.format {
            Format::Text => {
                let ui = Ui { colour: args.colour, width: args.columns };
                show::terminal(&definition, view, &ui)
            }
            Format::Mermaid => show::mermaid(&definition, view),
            Format::Dot => show::dot(&definition, view),
        };
        Ok(Drawn { text })
    }

    fn show(reply: &Drawn, _: &Ui) -> String {
        reply.text.trim_end().to_owned()
    }
}
