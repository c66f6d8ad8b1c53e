use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Refusal},
    verb::{Here, Method, Ui, Verb},
    workflow::{
        actor::Handle,
        verb::common::{self, At},
    },
};

/// `gaia workflow lint`
pub(crate) struct Lint;

/// Arguments of [`Lint`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Workflows, names or paths of files; all of the workspace if none is named
    #[serde(default)]
    workflows: Vec<String>,
    /// From where it is asked
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// A workflow without faults.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Clean {
    /// Its name.
    name: String,
    /// Where it comes from.
    origin: String,
    /// How many steps it has.
    steps: usize,
}

impl Verb for Lint {
    const NAME: &'static str = "lint";
    const ABOUT: &'static str = "Check workflows: every fault at its place, all at once";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/workflows/lint";
    type Args = Args;
    type Reply = Vec<Clean>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        args.at.env.clear();
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let place = args.at.place(&handle)?;
        let finder = common::finder(&handle, &place.dir);
        let all = || finder.all().into_iter().map(|found| found.name).collect();
        let words: Vec<String> = match args.workflows.is_empty() {
            true => all(),
            false => args.workflows.iter().map(|word| common::word(&args.at, word)).collect(),
        };
        let (mut clean, mut faults, mut helps) = (Vec::new(), Vec::new(), Vec::new());
        let mut code = Code::Invalid;
        for word in &words {
            match finder.load_all(word) {
                Ok((record, _)) => clean.push(Clean {
                    name: record.definition.name.clone(),
                    origin: record.path,
                    steps: record.definition.steps.len(),
                }),
                Err(refusal) => {
                    code = refusal.code;
                    faults.push(refusal.message);
                    helps.extend(refusal.help);
                }
            }
        }
        if faults.is_empty() {
            return Ok(clean);
        }
        let code = if faults.len() == 1 { code } else { Code::Invalid };
        let refusal = Refusal::new(code, faults.join("\n\n"));
        Err(if helps.is_empty() { refusal } else { refusal.help(helps.join("; ")) })
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        let line = |one: &Clean| {
            format!("{} {} ({} steps, {})", ui.paint("32", "ok"), one.name, one.steps, one.origin)
        };
        reply.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
