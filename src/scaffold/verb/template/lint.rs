use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Place;
use crate::{
    base::Refusal,
    scaffold::{Handle, lint},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia template lint`
pub(super) struct Lint;

/// Arguments of [`Lint`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the template, or the path of its folder: ./NAME
    template: String,
    /// Where whoever asks stands
    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

/// What was found.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    template: String,
    findings: Vec<Finding>,
}

/// One thing that is wrong, or odd.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Finding {
    /// It cannot stay so; else it is odd only.
    error: bool,
    /// `path:line:column`
    place: String,
    what: String,
    help: Option<String>,
    /// With its line and a mark under its place.
    shown: String,
}

impl Verb for Lint {
    const NAME: &'static str = "lint";
    const ABOUT: &'static str = "Check a template: values, files, names";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/templates/{template}/lint";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.place.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let pack = handle.find(args.place.folder(), &args.template).await?;
        let finding = |(error, fault): (bool, crate::base::ConfigError)| {
            let (line, column) = fault.place();
            let (path, _, _, what, help) = fault.parts();
            Finding {
                error,
                place: format!("{path}:{line}:{column}"),
                what: what.to_owned(),
                help: help.map(str::to_owned),
                shown: fault.show(),
            }
        };
        let findings = lint::lint(&pack).into_iter().map(finding).collect();
        let template = pack.layers.last().map(|tree| tree.name.clone()).unwrap_or_default();
        Ok(Reply { template, findings })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        if reply.findings.is_empty() {
            return format!("{} is well", reply.template);
        }
        let one = |finding: &Finding| {
            let word = if finding.error { ui.paint("31", "error") } else { ui.paint("33", "odd") };
            format!("{word}: {}", finding.shown)
        };
        reply.findings.iter().map(one).collect::<Vec<_>>().join("\n\n")
    }

    fn failed(reply: &Reply) -> bool {
        reply.findings.iter().any(|finding| finding.error)
    }
}
