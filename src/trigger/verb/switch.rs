use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::At;
use crate::{
    base::{Name, Refusal},
    trigger::actor::Handle,
    verb::{Here, Method, Ui, Verb},
};

/// `gaia trigger enable`
pub(super) struct Enable;

/// `gaia trigger disable`
pub(super) struct Disable;

/// Arguments of [`Enable`] and [`Disable`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the trigger
    name: Name,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// How it is now.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The trigger.
    name: Name,
    /// Whether it fires.
    enabled: bool,
}

async fn switch(handle: &Handle, args: Args, enabled: bool) -> Result<Reply, Refusal> {
    let workspace = args.at.enlist(handle).await?;
    handle.switch((workspace, args.name.clone()), enabled).await?;
    Ok(Reply { name: args.name, enabled })
}

fn show(reply: &Reply) -> String {
    match reply.enabled {
        true => format!("{} fires from now on; what it missed is not made up for", reply.name),
        false => format!("{} does not fire until it is enabled", reply.name),
    }
}

impl Verb for Enable {
    const NAME: &'static str = "enable";
    const ABOUT: &'static str = "Let a trigger fire, whatever its definition says";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/triggers/{name}/enable";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        switch(&handle, args, true).await
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        show(reply)
    }
}

impl Verb for Disable {
    const NAME: &'static str = "disable";
    const ABOUT: &'static str = "Let a trigger fire no more until it is enabled";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/triggers/{name}/disable";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        switch(&handle, args, false).await
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        show(reply)
    }
}
