use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::watch;

use super::{
    steps::{StepEnd, StepError, StepFile, StepSpec, Steps},
    units::LogSpan,
};
use crate::base::Moment;

/// Steps that only remember. What a command does is said by [`FakeSteps::when`]; otherwise `true`,
/// `false`, `echo` and `sleep` do what they are called for (`sleep` until it is stopped or
/// [`FakeSteps::ends`]), and everything else ends well. What it is told to do lasts no time.
#[derive(Clone, Default)]
pub struct FakeSteps {
    world: Arc<Mutex<World>>,
}

/// What a command does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Play {
    /// It writes `out`, fills `output`, and ends with `code`.
    Ends {
        /// Exit code.
        code: i32,
        /// Its standard output.
        out: Vec<u8>,
        /// The file that it fills.
        output: Vec<u8>,
    },
    /// It runs until it is stopped, or until it is said to end.
    Hangs,
    /// Nobody knows how it ended.
    IsLost(String),
}

impl Play {
    /// It ends with `code`, having written `out`.
    #[must_use]
    pub fn ends(code: i32, out: &str) -> Self {
        Self::Ends { code, out: out.into(), output: vec![] }
    }
}

#[derive(Default)]
struct World {
    /// Part of the command line, and what such a command does; the last one counts.
    plays: Vec<(String, Play)>,
    ran: Vec<StepSpec>,
    attempts: BTreeMap<PathBuf, Attempt>,
}

struct Attempt {
    end: watch::Sender<Option<StepEnd>>,
    growth: watch::Sender<u64>,
    log: Vec<u8>,
    files: BTreeMap<StepFile, Vec<u8>>,
    began: bool,
}

impl Default for Attempt {
    fn default() -> Self {
        let (end, growth) = (watch::Sender::new(None), watch::Sender::new(0));
        Self { end, growth, log: vec![], files: BTreeMap::new(), began: false }
    }
}

impl Attempt {
    /// As with the real ones, a file is there when something was written.
    fn writes(&mut self, out: &[u8]) {
        if out.is_empty() {
            return;
        }
        self.log.extend(out);
        self.files.entry(StepFile::Out).or_default().extend(out);
        self.growth.send_replace(self.log.len() as u64);
    }

    fn runs(&self) -> bool {
        self.began && self.end.borrow().is_none()
    }
}

impl FakeSteps {
    /// Commands whose words, joined by spaces, contain `part` do this from now on.
    pub fn when(&self, part: &str, play: Play) {
        self.world().plays.push((part.to_owned(), play));
    }

    /// A command that runs ends by itself.
    pub fn ends(&self, folder: &Path, code: i32) {
        if let Some(attempt) = self.world().attempts.get(folder).filter(|a| a.runs()) {
            attempt.end.send_replace(Some(exited(Some(code), None)));
        }
    }

    /// A command that runs writes to its standard output.
    pub fn writes(&self, folder: &Path, out: &str) {
        if let Some(attempt) = self.world().attempts.get_mut(folder) {
            attempt.writes(out.as_bytes());
        }
    }

    /// All attempts that were begun, in their order; each stands here once.
    #[must_use]
    pub fn ran(&self) -> Vec<StepSpec> {
        self.world().ran.clone()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// The end of an attempt, begun if nobody has.
    fn begin(&mut self, spec: &StepSpec) -> watch::Receiver<Option<StepEnd>> {
        let play = self.play(&spec.argv);
        let attempt = self.attempts.entry(spec.folder.clone()).or_default();
        let end = attempt.end.subscribe();
        if attempt.began || end.borrow().is_some() {
            return end;
        }
        if spec.boot != BOOT {
            let why = "the machine was started anew".to_owned();
            attempt.end.send_replace(Some(StepEnd::Lost(why)));
            return end;
        }
        attempt.began = true;
        match play {
            Play::Ends { code, out, output } => {
                attempt.writes(&out);
                if !output.is_empty() {
                    attempt.files.insert(StepFile::Output, output);
                }
                attempt.end.send_replace(Some(exited(Some(code), None)));
            }
            Play::IsLost(why) => drop(attempt.end.send_replace(Some(StepEnd::Lost(why)))),
            Play::Hangs => (),
        }
        self.ran.push(spec.clone());
        end
    }

    fn play(&self, argv: &[String]) -> Play {
        let line = argv.join(" ");
        if let Some((_, play)) = self.plays.iter().rev().find(|(part, _)| line.contains(part)) {
            return play.clone();
        }
        match argv.split_first() {
            Some((word, _)) if word == "false" => Play::ends(1, ""),
            Some((word, rest)) if word == "echo" => Play::ends(0, &format!("{}\n", rest.join(" "))),
            Some((word, _)) if word == "sleep" => Play::Hangs,
            Some(_) => Play::ends(0, ""),
            None => Play::ends(127, ""),
        }
    }
}

/// The one boot of the machine.
const BOOT: &str = "fake";

fn exited(code: Option<i32>, signal: Option<i32>) -> StepEnd {
    let (stopped, left, note) = (code.is_none(), false, None);
    let (started, ended) = (Moment(0), Moment(0));
    StepEnd::Exited { code, signal, stopped, left, note, started, ended }
}

#[async_trait]
impl Steps for FakeSteps {
    async fn run(&self, attempt: &StepSpec) -> Result<StepEnd, StepError> {
        let mut end = self.world().begin(attempt);
        let gone = || StepError::Failed {
            folder: attempt.folder.display().to_string(),
            what: "it was removed".to_owned(),
        };
        let end = end.wait_for(Option::is_some).await.map_err(|_| gone())?.clone();
        end.ok_or_else(gone)
    }

    async fn stop(&self, folder: &Path, signal: i32, _grace: Duration) -> Result<(), StepError> {
        let mut world = self.world();
        let attempt = world.attempts.entry(folder.to_owned()).or_default();
        let signal = attempt.began.then_some(signal);
        if attempt.end.borrow().is_none() {
            attempt.end.send_replace(Some(exited(None, signal)));
        }
        Ok(())
    }

    async fn log(&self, folder: &Path, from: u64, max: usize) -> Result<LogSpan, StepError> {
        let world = self.world();
        let log = world.attempts.get(folder).map_or(&[][..], |attempt| &attempt.log);
        let at = usize::try_from(from).unwrap_or(usize::MAX).min(log.len());
        let bytes = log[at..].iter().copied().take(max).collect();
        Ok(LogSpan { from: at as u64, bytes, end: log.len() as u64 })
    }

    async fn file(
        &self,
        folder: &Path,
        which: StepFile,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, StepError> {
        let world = self.world();
        let file = world.attempts.get(folder).and_then(|attempt| attempt.files.get(&which));
        Ok(file.map(|bytes| bytes.iter().copied().take(limit).collect()))
    }

    fn growth(&self, folder: &Path) -> watch::Receiver<u64> {
        let mut world = self.world();
        world.attempts.entry(folder.to_owned()).or_default().growth.subscribe()
    }

    async fn remove(&self, folder: &Path) -> Result<(), StepError> {
        let mut world = self.world();
        if world.attempts.get(folder).is_some_and(Attempt::runs) {
            return Err(StepError::Runs(folder.display().to_string()));
        }
        world.attempts.remove(folder);
        Ok(())
    }

    fn boot(&self) -> String {
        BOOT.to_owned()
    }
}
