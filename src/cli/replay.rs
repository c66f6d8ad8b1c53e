//! `gaia session replay`: plays a recording on this terminal, or writes it to a file.

use std::{io::Write, path::PathBuf, time::Duration};

use clap::ArgMatches;
use serde_json::Value;

use super::{Outcome, print_raw, send::block_on, start, world};
use crate::{
    adapter::{files, process},
    base::{Code, Refusal},
    client::route,
    verb::Here,
};

/// Pauses longer than this are cut: nobody wants to watch a prompt wait for an hour.
const LONGEST: f64 = 3.0;

pub(super) fn run(matches: &ArgMatches, here: &Here) -> Result<Outcome, Refusal> {
    let target = matches.get_one::<String>("target");
    let speed = matches.get_one::<f64>("speed").copied().unwrap_or(1.0);
    if !(speed.is_finite() && speed > 0.0) {
        return Err(Refusal::new(Code::Invalid, "`--speed` must be above 0").help("e.g. --speed 4"));
    }
    let path =
        route("/v1/panes/{target}/recording/stream", &serde_json::json!({ "target": target }));
    match matches.get_one::<PathBuf>("export") {
        Some(file) => export(here, &path, &here.absolute(file)),
        None => play(here, &path, speed),
    }
}

fn export(here: &Here, path: &str, file: &std::path::Path) -> Result<Outcome, Refusal> {
    let mut text = Vec::new();
    block_on(async {
        let client = start::connect(here).await?;
        let each = |line: Value| writeln!(text, "{line}").is_ok();
        client.follow(path, each).await
    })?;
    files::replace(file, &text).map_err(|e| world(&file.display().to_string(), &e))?;
    Ok(Outcome::ok(format!("{} is written", file.display())))
}

fn play(here: &Here, path: &str, speed: f64) -> Result<Outcome, Refusal> {
    let mut before = 0.0;
    block_on(async {
        let client = start::connect(here).await?;
        let each = |line: Value| {
            if let (Some(at), Some("o"), Some(text)) =
                (line[0].as_f64(), line[1].as_str(), line[2].as_str())
            {
                let pause: f64 = (at - before) / speed;
                before = at;
                process::pause(Duration::from_secs_f64(pause.clamp(0.0, LONGEST)));
                print_raw(text);
            }
            true
        };
        client.follow(path, each).await
    })?;
    Ok(Outcome::ok("\x1b[0m"))
}
