use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    verb::{Method, Ui, Verb},
    workflow::{actor::Handle, logs, show},
};

/// `gaia run page`
pub(crate) struct Page;

/// Arguments of [`Page`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Run: its id or the end of it, or `last`
    id: String,
}

/// A page.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Written {
    /// Its text.
    html: String,
}

impl Verb for Page {
    const NAME: &'static str = "page";
    const ABOUT: &'static str =
        "A run as one page of HTML that stands alone: gaia run page last > run.html";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/runs/{id}/page";
    type Args = Args;
    type Reply = Written;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<Written, Refusal> {
        let id = handle.find(&args.id).await?;
        let view = handle.show(&id).await?;
        let (record, _) = handle.begin(&id).await?;
        let captured = handle.definition(&record)?;
        let mut texts = BTreeMap::new();
        for step in view.steps.iter().filter(|step| step.attempts > 0) {
            texts.insert(step.instance, logs::of_step(&handle, &view, step).await?);
        }
        let html = show::page(&show::PageData {
            journal: handle.journal(&id)?,
            view,
            definition: captured.definition,
            definition_text: captured.text,
            logs: texts,
            now: handle.world().now(),
            version: env!("CARGO_PKG_VERSION"),
        });
        Ok(Written { html })
    }

    fn show(reply: &Written, _: &Ui) -> String {
        reply.html.clone()
    }
}
