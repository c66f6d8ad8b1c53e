use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Place;
use crate::{
    base::{Code, Item, Mode, Refusal},
    port::Lies,
    scaffold::{Handle, source::is_name},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia template new`
pub(super) struct New;

/// Arguments of [`New`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the template, or the path of its folder: ./NAME
    template: String,
    /// Put it into the workspace here, .gaia/templates, and not into gaia's home
    #[arg(long)]
    #[serde(default)]
    workspace: bool,
    /// Where whoever asks stands
    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

/// Where it is.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    name: String,
    folder: PathBuf,
}

const FILE: &str = r#"name = "NAME"
version = "1.0.0"
about = "What it makes, in one line"
tags = []

[answers.project]
ask = "Name of the project"
default = "{{ target | kebab }}"
pattern = "[a-z][a-z0-9-]*"
message = "small letters, digits and dashes"

[[tests]]
name = "plain"
answers = { project = "demo" }

[check]
run = [["test", "-s", "README.md"]]
"#;
const README: &str = "# {{ project | title }}\n";

impl Verb for New {
    const NAME: &'static str = "new";
    const ABOUT: &'static str = "Make a template to begin with";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/templates/new";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.place.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let cwd = args.place.folder();
        let folder = if args.template.contains('/') {
            cwd.join(args.template.trim_end_matches('/'))
        } else if args.workspace {
            cwd.join(".gaia/templates").join(&args.template)
        } else {
            handle.shelf(cwd).own().join(&args.template)
        };
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if !is_name(&name) {
            let message = format!("{name:?} is no name of a template");
            let help = "use letters, digits, _ and -, not beginning with -";
            return Err(Refusal::new(Code::Invalid, message).help(help));
        }
        let ground = &handle.ports.ground;
        if ground.lies(&folder) != Lies::Nothing {
            let message = format!("{} is there already", folder.display());
            return Err(Refusal::new(Code::Invalid, message).help("choose another name"));
        }
        let item = |path: &str, text: &str| Item {
            path: path.to_owned(),
            bytes: text.replace("NAME", &name).into_bytes(),
            mode: Mode::Plain,
        };
        let items = [item("files/README.md.tera", README), item("template.toml", FILE)];
        let failed = |what: String| Refusal::new(Code::Failed, what);
        let raised = ground.raise(&folder, &items).map_err(failed)?;
        ground.place(&raised, &folder).map_err(failed)?;
        Ok(Reply { name, folder })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        let folder = reply.folder.display();
        format!(
            "the template {} is in {folder}: `gaia template lint {folder}` checks it",
            ui.paint("1", &reply.name)
        )
    }
}
