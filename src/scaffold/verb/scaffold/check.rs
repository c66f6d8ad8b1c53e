use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    scaffold::{Handle, answer::Asking, update},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia scaffold check`
pub(super) struct Check;

/// Arguments of [`Check`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Folder of the project
    #[arg(default_value = ".")]
    path: PathBuf,
}

/// How a project stands to its template.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Checked {
    /// Name of the template.
    template: String,
    /// Where it comes from.
    source: String,
    /// Version that the project has.
    version: String,
    /// The latest version.
    latest: String,
    /// There is something to update to.
    newer: bool,
}

impl Verb for Check {
    const NAME: &'static str = "check";
    const ABOUT: &'static str = "Tell whether the template of a project has a later version";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/scaffold/check";
    type Args = Args;
    type Reply = Checked;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.path = here.absolute(&args.path);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Checked, Refusal> {
        let ports = handle.renewal(&args.path, Asking::Never);
        let (root, _held) = update::enter(&ports, &args.path).await?;
        let has = update::read_manifest(&ports, &root)?.template;
        let latest = ports.shop.load(&has, None).await?.source;
        let version = |text: &str| semver::Version::parse(text).ok();
        let later = version(&latest.version) > version(&has.version);
        let same = latest.version == has.version;
        Ok(Checked {
            newer: later || (same && latest.hash != has.hash),
            template: has.name,
            source: has.source,
            version: has.version,
            latest: latest.version,
        })
    }

    fn show(reply: &Checked, _ui: &Ui) -> String {
        let Checked { template, version, latest, newer, .. } = reply;
        match newer {
            true if version == latest => format!("{template} {version} was changed since"),
            true => format!("{template} {latest} is there, the project has {version}"),
            false => format!("{template} {version} is the latest"),
        }
    }

    fn failed(reply: &Checked) -> bool {
        reply.newer
    }
}
