use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::At;
use crate::{
    base::Refusal,
    knowledge::{actor::Handle, model::Brief},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia expert choose`
pub(super) struct Choose;

/// Arguments of [`Choose`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// An area the step is about; once for each
    #[arg(long = "area", short)]
    #[serde(default)]
    area: Vec<String>,
    /// A file the step is about, from the workspace on; once for each
    #[arg(long = "path", short)]
    #[serde(default)]
    path: Vec<String>,
    /// How many tokens the text may have, about: four bytes count as one
    #[arg(long, default_value_t = 2000)]
    #[serde(default = "budget")]
    budget: u32,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

fn budget() -> u32 {
    2000
}

impl Verb for Choose {
    const NAME: &'static str = "choose";
    const ABOUT: &'static str =
        "Print what a step about these areas and files would be told, and why";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/experts/-/choose";
    type Args = Args;
    type Reply = Brief;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(experts: Handle, args: Args) -> Result<Brief, Refusal> {
        let budget = usize::try_from(args.budget).unwrap_or(usize::MAX);
        Ok(experts.brief(args.at.dir()?, &args.area, &args.path, budget))
    }

    fn show(brief: &Brief, ui: &Ui) -> String {
        let mut lines = vec![];
        for chosen in &brief.chosen {
            let (name, cut) = (chosen.name.as_str(), if chosen.cut { ", cut" } else { "" });
            let line = format!("# {name}: {} ({} tokens{cut})", chosen.why, chosen.tokens);
            lines.push(ui.paint("2", &line));
        }
        for left in &brief.left_out {
            lines.push(ui.paint("33", &format!("# left out {}: {}", left.name, left.why)));
        }
        if brief.chosen.is_empty() && brief.left_out.is_empty() {
            lines.push("no expert fits".to_owned());
        }
        if !brief.text.is_empty() {
            lines.push(String::new());
            lines.push(brief.text.trim_end().to_owned());
        }
        lines.join("\n")
    }
}
