use std::{path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Place;
use crate::{
    base::{Code, Refusal, faults_refusal},
    scaffold::{
        Handle,
        answer::Asking,
        file,
        model::{Given, Pack, Trial},
        trust::Wanted,
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia template test`
pub(super) struct Test;

/// Arguments of [`Test`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the template, or the path of its folder: ./NAME
    template: String,
    /// Only this set of answers
    #[arg(long)]
    only: Option<String>,
    /// Only render: leave its commands out
    #[arg(long)]
    #[serde(default)]
    no_check: bool,
    /// Allow the commands of the template
    #[arg(long)]
    #[serde(default)]
    trust: bool,
    /// Folder for the projects
    #[arg(skip)]
    #[serde(default)]
    temp: Option<PathBuf>,
    /// Where whoever asks stands
    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    template: String,
    tests: Vec<Tested>,
}

/// One set of answers.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Tested {
    name: String,
    files: usize,
    /// Why it failed, if it did.
    fault: Option<String>,
}

/// Time for the commands of one set.
const CHECK: Duration = Duration::from_secs(900);

impl Verb for Test {
    const NAME: &'static str = "test";
    const ABOUT: &'static str =
        "Render a template with each of its sets of answers, and check what comes out";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/templates/{template}/test";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.place.prepare(here);
        args.temp = here.env.get("TMPDIR").map(PathBuf::from);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let pack = handle.find(args.place.folder(), &args.template).await?;
        let template = file::read(&pack).map_err(|faults| faults_refusal(&faults))?.template;
        let wanted =
            |trial: &&Trial| args.only.as_ref().is_none_or(|only| trial.name.text == *only);
        let trials: Vec<&Trial> = template.trials.iter().filter(wanted).collect();
        if trials.is_empty() {
            let message = format!("the template {} has no such test", template.name);
            let help = "write [[tests]] with a name and answers";
            return Err(Refusal::new(Code::Invalid, message).help(help));
        }
        let hooks = &template.hooks;
        let all = hooks.before.iter().chain(&hooks.after).chain(&template.check);
        let commands = if args.no_check { vec![] } else { all.cloned().collect() };
        let (name, source, tree) = (template.name.clone(), pack.origin.show(), pack.hash());
        let allowed = Wanted { template: name, source, tree, commands: commands.clone() };
        if !pack.origin.is_own() {
            handle.allow(&allowed, args.trust)?;
        }
        let now = handle.ports.clock.now().0;
        let temp = args.temp.unwrap_or_else(|| PathBuf::from("/tmp"));
        let folder = temp.join(format!("gaia-template-{}-{now}", std::process::id()));
        let mut tests = vec![];
        for trial in trials {
            let tested = one(&handle, &pack, (trial, &folder, &commands)).await;
            let (files, fault) = match tested {
                Ok(files) => (files, None),
                Err(refusal) => (0, Some(refusal.message)),
            };
            tests.push(Tested { name: trial.name.text.clone(), files, fault });
        }
        handle.ports.ground.raze(&folder);
        Ok(Reply { template: template.name, tests })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        let line = |tested: &Tested| match &tested.fault {
            None => format!("{} {}: {} files", ui.paint("32", "ok"), tested.name, tested.files),
            Some(fault) => format!("{} {}\n{fault}", ui.paint("31", "failed"), tested.name),
        };
        reply.tests.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn failed(reply: &Reply) -> bool {
        reply.tests.iter().any(|tested| tested.fault.is_some())
    }
}

/// Renders one, runs the commands in it; how many files it has.
async fn one(
    handle: &Handle,
    pack: &Pack,
    (trial, folder, commands): (&Trial, &std::path::Path, &[Vec<String>]),
) -> Result<usize, Refusal> {
    let answers = trial.answers.clone();
    let given = Given { target: "demo".to_owned(), year: handle.year(), answers, lenient: false };
    let rendered = handle.render(pack, given, Asking::Never)?;
    let target = folder.join("demo");
    let failed = |what: String| Refusal::new(Code::Failed, what);
    let ground = &handle.ports.ground;
    ground.raze(&target);
    let raised = ground.raise(&target, &rendered.made).map_err(failed)?;
    ground.place(&raised, &target).map_err(failed)?;
    handle.run(commands, (&target, CHECK)).await?;
    Ok(rendered.made.len())
}
