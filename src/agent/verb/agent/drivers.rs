use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::{collections::BTreeMap, time::Duration};

use crate::{
    agent::{
        actor::Handle,
        driver::{Found, Known},
        find,
        verb::common::At,
    },
    base::Refusal,
    port::Run,
    verb::{Here, Method, Ui, Verb, table},
};

/// `gaia agent drivers`
pub(super) struct Drivers;

/// Arguments of [`Drivers`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// A driver.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Row {
    /// Its name.
    name: String,
    /// One line about it.
    about: String,
    /// Where its definition comes from.
    origin: String,
    /// Whether its program is there.
    installed: bool,
    /// Version of its program.
    version: Option<String>,
    /// Whether that is one that was tested: `tested`, `newer`, `older`, `too old`.
    known: Option<String>,
    /// The version it was tested with.
    tested: Option<String>,
}

/// Node programs take most of a second to say their version on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

impl Verb for Drivers {
    const NAME: &'static str = "drivers";
    const ABOUT: &'static str = "List the makes of agents gaia can start, and which are installed";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/agents/drivers";
    type Args = Args;
    type Reply = Vec<Row>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let sessions = &handle.world().sessions;
        let (files, home) = (&sessions.ports().files, sessions.home());
        let dir = args.at.dir.clone().unwrap_or_default();
        let mut rows = Vec::new();
        for (name, origin) in find::drivers(&**files, home, &dir) {
            let driver = handle.world().driver(&dir, &name)?;
            let found = match driver.version_command() {
                None => None,
                Some(argv) => detect(&handle, argv.to_vec(), &args.at.env)
                    .await
                    .map(|text| driver.judge_version(&text)),
            };
            let there = found.is_some();
            let built_in = driver.version_command().is_none();
            rows.push(Row {
                about: driver.title().to_owned(),
                origin,
                installed: built_in || there,
                version: found.clone().flatten().map(|found| found.version),
                known: found.flatten().map(|found| word(&found).to_owned()),
                tested: driver.tested().last().cloned(),
                name,
            });
        }
        Ok(rows)
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        let rows = reply.iter().map(|row| {
            let state = match (row.installed, &row.version) {
                (false, _) => ui.paint("2", "not installed"),
                (true, Some(version)) => {
                    format!("{version} ({})", row.known.as_deref().unwrap_or("unknown"))
                }
                (true, None) => "there".to_owned(),
            };
            vec![
                row.name.clone(),
                state,
                row.tested.clone().unwrap_or_else(|| "-".to_owned()),
                row.about.clone(),
            ]
        });
        table(ui, &["DRIVER", "VERSION", "TESTED WITH", "ABOUT"], rows.collect())
    }
}

fn word(found: &Found) -> &'static str {
    match found.known {
        Known::Tested => "tested",
        Known::Newer => "newer than tested",
        Known::Older => "older than tested",
        Known::TooOld => "too old",
    }
}

async fn detect(
    handle: &Handle,
    argv: Vec<String>,
    env: &BTreeMap<String, String>,
) -> Option<String> {
    let some = ["PATH", "HOME", "LANG", "TERM", "USER"];
    let env = env.iter().filter(|(name, _)| some.contains(&name.as_str()));
    let env = env.map(|(name, value)| (name.clone(), value.clone())).collect();
    let cwd = handle.world().sessions.home().root().to_owned();
    let run = Run { argv, env, cwd, user: None, timeout: PATIENCE };
    let ran = handle.world().ports.prober.run(&run).await.ok()?;
    (ran.code == 0).then_some(ran.output)
}
