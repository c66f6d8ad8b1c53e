//! Nouns: a trigger as it is declared, and what one firing of it asks for.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::cron::{Misfire, Timetable};
use crate::{base::Name, inbox::Secret};

/// What starts a run, and which.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trigger {
    /// Its name in its workspace.
    pub(crate) name: Name,
    /// One line about it.
    pub(crate) about: String,
    /// When it fires.
    pub(crate) source: Source,
    /// What it starts.
    pub(crate) does: Does,
    /// Inputs of what it starts; texts hold `{{ … }}`.
    pub(crate) inputs: BTreeMap<String, Value>,
    /// Whether it fires, unless a person has said otherwise.
    pub(crate) enabled: bool,
    /// What happens to a firing while an earlier one still runs.
    pub(crate) overlap: Overlap,
    /// Failures in a row after which it fires no more; 0 for never.
    pub(crate) pause_on_failures: u32,
    /// Most firings in a span of time; none for the clock.
    pub(crate) limit: Option<Limit>,
    /// What may surprise in it.
    pub(crate) lint: Vec<String>,
}

/// When a trigger fires.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    /// At times.
    Time {
        /// The times.
        table: Box<Timetable>,
        /// As it was written.
        text: String,
        /// What becomes of those that were missed.
        misfire: Misfire,
    },
    /// Once after the machine was started.
    Boot,
    /// Whenever the daemon was started.
    DaemonStart,
    /// When files change.
    Files(Files),
    /// When somebody who knows a secret calls.
    Webhook(Hook),
    /// When the ledger is told something.
    Fact(Facts),
}

/// Files that are watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    /// Globs, relative to the workspace.
    pub(crate) paths: Vec<String>,
    /// Globs that do not count.
    pub(crate) ignore: Vec<String>,
    /// It fires once they are quiet for this long.
    pub(crate) debounce: Duration,
}

/// A call from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hook {
    /// Where the key is.
    pub(crate) secret: Secret,
    /// A header of its own that holds the signature.
    pub(crate) header: Option<String>,
}

/// Facts that fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Their kind; `*` stands for anything.
    pub(crate) kind: String,
    /// What fields of the body must be, by their dotted path; `*` stands for anything.
    pub(crate) wanted: BTreeMap<String, String>,
}

/// What a trigger starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Does {
    /// A workflow of its workspace.
    Workflow(String),
    /// Program and arguments.
    Argv(Vec<String>),
    /// A line for `sh -c`, as written.
    Line(String),
}

/// What happens to a firing while an earlier one runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Overlap {
    /// It is left out.
    Skip,
    /// The latest waits.
    #[default]
    QueueOne,
    /// So many wait.
    QueueAll(usize),
    /// The one that runs is cancelled, then it starts.
    CancelRunning,
    /// Both run.
    Allow,
}

/// Most firings in a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    /// So many.
    pub(crate) most: usize,
    /// In this time.
    pub(crate) span: Duration,
}

impl Source {
    /// The word for its kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Time { .. } => "time",
            Self::Boot => "boot",
            Self::DaemonStart => "daemon-start",
            Self::Files(_) => "file",
            Self::Webhook(_) => "webhook",
            Self::Fact(_) => "fact",
        }
    }

    /// As a person reads it; also what is compared to see whether it was changed.
    pub(crate) fn show(&self) -> String {
        match self {
            Self::Time { table, text, .. } => {
                format!("{text} ({})", table.zone.iana_name().unwrap_or("UTC"))
            }
            Self::Boot => "after a boot".to_owned(),
            Self::DaemonStart => "when the daemon starts".to_owned(),
            Self::Files(files) => files.paths.join(" "),
            Self::Webhook(_) => "a signed call".to_owned(),
            Self::Fact(facts) => {
                let wanted = facts.wanted.iter().map(|(key, value)| format!(" {key}={value}"));
                format!("{}{}", facts.kind, wanted.collect::<String>())
            }
        }
    }
}

impl Does {
    /// As a person reads it.
    pub(crate) fn show(&self) -> String {
        match self {
            Self::Workflow(name) => format!("workflow {name}"),
            Self::Argv(argv) => shell_words::join(argv),
            Self::Line(line) => line.clone(),
        }
    }
}

/// What a firing asks to be started. Its id is its own for ever: whoever starts it starts it once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Firing {
    /// `sched/…`, `file/…`, `ev/…`, `fact/…`, `start/…`, `manual/…` or `backfill/…`.
    pub id: String,
    /// The workspace.
    pub workspace: Name,
    /// Its folder.
    pub dir: PathBuf,
    /// The trigger.
    pub trigger: Name,
    /// What to start.
    pub what: What,
    /// Environment that says why, `GAIA_TRIGGER_…`.
    pub env: BTreeMap<String, String>,
}

/// What is started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A workflow.
    Workflow {
        /// Its name.
        name: String,
        /// Its inputs.
        inputs: Map<String, Value>,
    },
    /// A program.
    Command {
        /// Program and arguments; nothing of the firing is in them.
        argv: Vec<String>,
        /// All that is known of the firing, for its standard input or a file.
        payload: Value,
    },
}

/// What became of a firing that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The name of what was started, e.g. the id of a run.
    pub run: String,
}

/// How something that was started is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// Well.
    Done,
    /// Not well: a sentence.
    Failed(String),
    /// Somebody did not want it any more.
    Cancelled,
    /// Nobody knows: it was cut off.
    Lost,
}
