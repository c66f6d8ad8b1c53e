use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Place;
use crate::{
    base::{Code, Refusal, faults_refusal},
    scaffold::{Handle, file, model::Origin},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia template add`
pub(super) struct Add;

/// Arguments of [`Add`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// What it shall be called by here
    name: String,
    /// The git repository, with a tag, branch or commit if wanted: URL, URL#v1.0.0
    url: String,
    /// Where whoever asks stands
    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

/// A template that was added.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Added {
    /// What it is called by.
    name: String,
    /// The repository.
    url: String,
    /// Its version.
    version: String,
    /// What it makes, in one line.
    about: String,
    /// The commit that was read.
    commit: Option<String>,
}

impl Verb for Add {
    const NAME: &'static str = "add";
    const ABOUT: &'static str = "Fetch a template from a git repository and give it a name";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/templates/add";
    type Args = Args;
    type Reply = Added;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.place.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Added, Refusal> {
        if handle.shelf(args.place.folder()).load(&args.name).is_ok() {
            let what = format!("there is a template {} already", args.name);
            return Err(Refusal::new(Code::Invalid, what).help("take another name"));
        }
        let (origin, tree) = handle.store().add(&args.name, &args.url).await?;
        let head = file::head(&tree).map_err(|faults| faults_refusal(&faults))?;
        let commit = match &origin {
            Origin::Git { commit, .. } => Some(commit.clone()),
            Origin::Builtin | Origin::Home(_) | Origin::Workspace(_) | Origin::Folder(_) => None,
        };
        let (url, version) = (origin.show(), head.version.to_string());
        Ok(Added { name: args.name, url, version, about: head.about, commit })
    }

    fn show(reply: &Added, ui: &Ui) -> String {
        let Added { name, url, version, .. } = reply;
        let name = ui.paint("1", name);
        format!("{name} is {version} of {url}; its commands run only if you allow them")
    }
}
