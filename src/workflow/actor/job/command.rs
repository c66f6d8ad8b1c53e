//! A command: run once by a process that outlives the daemon.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Job, artifacts, env};
use crate::{
    base::step::LOG_LIMIT,
    port::{StepEnd, StepFile, StepSpec, Steps},
    workflow::{
        machine::{CommandAsk, Input},
        output,
        run::{Class, End},
    },
};

/// A command that is asked to end gets this long.
const GRACE: Duration = Duration::from_secs(10);
const TERM: i32 = 15;
/// The most that is told of what a command that failed wrote last, in bytes.
const LAST_WORDS: usize = 400;
/// The most that is read of the file in which a command leaves its outputs.
const OUTPUT: usize = 1 << 20;

pub(super) async fn run(mut job: Job, ask: CommandAsk) {
    let spec = match spec(&job, ask).await {
        Ok(spec) => spec,
        Err(why) => return job.ended(End::bad(Class::Input, why)),
    };
    let steps = job.world.ports.steps.clone();
    let idle = job.step.idle_timeout_ms.map(Duration::from_millis);
    let ending = {
        let running = steps.run(&spec);
        tokio::pin!(running);
        loop {
            tokio::select! {
                ended = &mut running => break ended,
                () = job.stopped() => {
                    // It ends by itself meanwhile, or is ended now.
                    if let Err(error) = steps.stop(&spec.folder, TERM, GRACE).await {
                        tracing::warn!(%error, "a step cannot be stopped");
                    }
                    break (&mut running).await;
                }
                () = silent(&*steps, &spec, idle) => {
                    job.report(Input::Silent(job.at, job.attempt));
                }
            }
        }
    };
    let end = match ending {
        Ok(end) => end,
        Err(error) => return job.ended(End::bad(Class::Failed, error.to_string())),
    };
    let end = read(&job, &spec, end).await;
    if end.result.is_ok() {
        artifacts::keep(&job, &spec.cwd);
    }
    job.ended(end);
}

/// Returns when a command has written nothing for so long.
#[expect(clippy::disallowed_methods, reason = "the one sleep of a job: nothing can tell silence")]
async fn silent(steps: &dyn Steps, spec: &StepSpec, idle: Option<Duration>) {
    let Some(idle) = idle else { return std::future::pending().await };
    let mut growth = steps.growth(&spec.folder);
    loop {
        growth.mark_unchanged();
        tokio::select! {
            grown = growth.changed() => if grown.is_err() {
                return std::future::pending().await;
            },
            () = tokio::time::sleep(idle) => return,
        }
    }
}

async fn spec(job: &Job, ask: CommandAsk) -> Result<StepSpec, String> {
    let folder = job.folder();
    let mut env = env::of(job);
    env.extend(ask.env);
    env.extend(env::secrets(job, &ask.secrets).await?);
    env.extend(env::gaia(job, &folder));
    let mut argv = ask.argv;
    if let Some(program) = argv.first_mut().filter(|program| *program == "gaia") {
        // This one, whatever the PATH of whoever started the run has.
        *program = job.world.ports.exe.display().to_string();
    }
    Ok(StepSpec {
        cwd: env::folder_in(job, &ask.dir)?,
        argv,
        env,
        stdin: None,
        fence: None,
        limits: Default::default(),
        log_limit: LOG_LIMIT,
        grace_ms: GRACE.as_millis() as u64,
        boot: job.boot.clone(),
        folder,
    })
}

/// What the end of a command means, and what it gave back.
async fn read(job: &Job, spec: &StepSpec, end: StepEnd) -> End {
    let (code, signal, stopped, note) = match end {
        StepEnd::Lost(why) => return End::bad(Class::Lost, why),
        StepEnd::Exited { code, signal, stopped, note, .. } => (code, signal, stopped, note),
    };
    let steps = &job.world.ports.steps;
    let out = steps.file(&spec.folder, StepFile::Out, OUTPUT).await.ok().flatten();
    let file = steps.file(&spec.folder, StepFile::Output, OUTPUT).await.ok().flatten();
    let stdout = String::from_utf8_lossy(&out.unwrap_or_default()).into_owned();
    let read = output::of_command(&job.step.outputs, file.as_deref(), &stdout);
    let (mut output, fault) = match read {
        Ok(output) => (output, None),
        Err(fault) => (Map::new(), Some(fault)),
    };
    output.insert("stdout".to_owned(), Value::String(stdout.trim_end_matches('\n').to_owned()));
    output.insert("exit_code".to_owned(), code.map_or(Value::Null, Value::from));
    let result = match (code, signal, fault) {
        _ if stopped => Err((Class::Cancelled, "it was stopped".to_owned())),
        (Some(0), None, None) => Ok(()),
        (Some(0), None, Some(fault)) => Err((Class::OutputInvalid, fault)),
        (Some(code), _, _) => {
            let what = match note {
                Some(note) => note,
                None => format!("it ended with {code}{}", last_words(&**steps, spec).await),
            };
            Err((Class::Code(code), what))
        }
        (None, Some(signal), _) => {
            Err((Class::Signal(signal), format!("signal {signal} ended it")))
        }
        (None, None, _) => Err((Class::Failed, note.unwrap_or_default())),
    };
    End { result, output, ..End::good(Map::new()) }
}

/// The last line that a command wrote, for whoever asks why it failed.
async fn last_words(steps: &dyn Steps, spec: &StepSpec) -> String {
    let Ok(head) = steps.log(&spec.folder, 0, 0).await else { return String::new() };
    let from = head.end.saturating_sub(LAST_WORDS as u64);
    let Ok(span) = steps.log(&spec.folder, from, LAST_WORDS).await else { return String::new() };
    let text = String::from_utf8_lossy(&span.bytes);
    let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
    let plain = |line: &str| line.chars().filter(|c| !c.is_control()).collect::<String>();
    last.map_or_else(String::new, |line| format!(": {}", plain(line)))
}
