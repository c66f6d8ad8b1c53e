use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Concerned, Set, Wait};
use crate::{
    base::Refusal,
    service::{actor::Handle, machine::Input},
    verb::{Follow, Here, Method, Ui, Verb},
};

/// `gaia service reset`
pub(super) struct Reset;

/// Arguments of [`Reset`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    set: Set,
    /// Whether to wait
    #[command(flatten)]
    #[serde(flatten)]
    wait: Wait,
}

impl Verb for Reset {
    const NAME: &'static str = "reset";
    const ABOUT: &'static str = "Forgive the failures of services: those that gave up start again";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/services/reset";
    type Args = Args;
    type Reply = Concerned;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Concerned, Refusal> {
        let patience = args.wait.patience()?;
        let ids = args.set.choose(&handle, false)?;
        let inputs = ids.iter().map(|id| (id.clone(), Input::Reset)).collect();
        handle.tell(inputs).await?;
        if args.wait.wait {
            common::settled(&handle, &ids, patience).await;
        }
        Ok(Concerned::of(&handle, &ids, args.wait.wait))
    }

    fn show(reply: &Concerned, ui: &Ui) -> String {
        reply.show(ui)
    }

    fn failed(reply: &Concerned) -> bool {
        reply.failed()
    }

    fn progress(args: &Args) -> Option<Follow> {
        common::progress(args.wait.wait)
    }
}
