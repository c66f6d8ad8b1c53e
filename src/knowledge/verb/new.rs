use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::At;
use crate::{
    base::{Name, Refusal},
    knowledge::actor::Handle,
    verb::{Here, Method, Ui, Verb},
};

/// `gaia expert new`
pub(super) struct Fresh;

/// Arguments of [`Fresh`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the expert
    name: Name,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// The file that was made.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Where it is.
    path: String,
}

fn text(name: &Name) -> String {
    format!(
        "name: {name}\n\
         # Words by which a step asks for it.\n\
         area: {name}\n\
         about: What is worth to know about {name}\n\
         # Files it is about, from the workspace on; {name}/ is all below it.\n\
         paths: [{name}/]\n\
         # How things are done here.\n\
         patterns: []\n\
         # What goes wrong here.\n\
         pitfalls: []\n\
         # Told to agents, never run by gaia.\n\
         commands: {{}}\n"
    )
}

impl Verb for Fresh {
    const NAME: &'static str = "new";
    const ABOUT: &'static str =
        "Make the file of an expert in the workspace; a known one is copied to be changed";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/experts/{name}/new";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(experts: Handle, args: Args) -> Result<Reply, Refusal> {
        let path = experts.create(args.at.dir()?, &args.name, &text(&args.name))?;
        Ok(Reply { path: path.display().to_string() })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        reply.path.clone()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_new_expert_is_a_good_one() {
        let name = "web".parse().unwrap();
        let text = super::text(&name);
        crate::knowledge::file::load("web.yaml", &name, text.as_bytes()).unwrap();
    }
}
