use std::{path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    scaffold::{
        Handle,
        answer::Asking,
        update::{self, State},
    },
    verb::{Here, Method, Ui, Verb},
};

/// How long a check of a template may take.
const PATIENCE: Duration = Duration::from_secs(1800);

/// `gaia scaffold validate`
pub(super) struct Validate;

/// Arguments of [`Validate`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Folder of the project
    path: PathBuf,
    /// Run the checks of the template in the project too
    #[arg(long)]
    #[serde(default)]
    build: bool,
    /// Allow the commands that the template runs
    #[arg(long)]
    #[serde(default)]
    trust: bool,
}

/// Whether a project matches its template.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Validated {
    /// Name of the template.
    template: String,
    /// Version that the project has.
    version: String,
    /// Every file is where it was generated, and as it was.
    matches: bool,
    /// Which files are not as they were generated.
    state: State,
    /// What the checks printed; none if they were not run.
    build: Option<Vec<String>>,
    /// Why a check failed.
    fault: Option<String>,
}

impl Verb for Validate {
    const NAME: &'static str = "validate";
    const ABOUT: &'static str = "Tell whether a project still matches its template, and builds";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/scaffold/validate";
    type Args = Args;
    type Reply = Validated;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.path = here.absolute(&args.path);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Validated, Refusal> {
        let ports = handle.renewal(&args.path, Asking::Never);
        let (root, _held) = update::enter(&ports, &args.path).await?;
        let has = update::read_manifest(&ports, &root)?.template;
        let state = update::state(&ports, &root).await?;
        let (mut build, mut fault) = (None, None);
        if args.build {
            let loaded = match ports.shop.old(&has).await {
                Some(loaded) => loaded,
                None => ports.shop.load(&has, None).await?,
            };
            if !loaded.is_trusted() {
                ports.shop.allow(&loaded.wanted(loaded.check.clone()), args.trust)?;
            }
            let mut said = vec![];
            for argv in &loaded.check {
                match update::command(&ports, &root, argv, PATIENCE).await {
                    Ok(output) => said.push(output),
                    Err(refusal) => {
                        fault = Some(refusal.message);
                        break;
                    }
                }
            }
            build = Some(said);
        }
        let matches = state.is_as_made();
        Ok(Validated { template: has.name, version: has.version, matches, state, build, fault })
    }

    fn show(reply: &Validated, _ui: &Ui) -> String {
        let mut lines: Vec<String> = reply.build.iter().flatten().cloned().collect();
        lines.extend(reply.fault.clone());
        lines.extend(reply.state.missing.iter().map(|path| format!(" missing  {path}")));
        lines.extend(reply.state.changed.iter().map(|path| format!(" changed  {path}")));
        let moved = reply.state.moved.iter();
        lines.extend(moved.map(|(old, new)| format!("   moved  {old} to {new}")));
        let (name, version) = (&reply.template, &reply.version);
        lines.push(match reply.matches {
            true => format!("the project is as {name} {version} made it"),
            false => format!("the project is not as {name} {version} made it"),
        });
        if let Some(said) = &reply.build
            && reply.fault.is_none()
        {
            lines.push(format!("its {} checks pass", said.len()));
        }
        lines.join("\n")
    }

    fn failed(reply: &Validated) -> bool {
        !reply.matches || reply.fault.is_some()
    }
}
