//! The parts of a driver file that tell how its output is read.

use serde::Deserialize;

use super::{Class, Match, Pattern};

/// What the program prints, and what it means.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Output {
    pub(crate) kind: Kind,
    /// Lines of plain text that become records; the named groups are the fields.
    pub(crate) line: Vec<Pattern>,
    /// The final record: any of these; the last one seen wins.
    #[serde(rename = "final")]
    pub(crate) last: Vec<Match>,
    /// What a good final record looks like.
    pub(crate) ok: Match,
    pub(crate) session: Option<String>,
    pub(crate) text: Option<TextAt>,
    pub(crate) say: Option<At>,
    /// Where the final record (or a note) says what went wrong; the first that is there.
    pub(crate) why: Vec<String>,
    /// Records that tell of trouble before the end.
    pub(crate) note: Vec<Match>,
    pub(crate) turns: Option<String>,
    /// Records that count as a turn, where none tells the number.
    pub(crate) turn: Option<Match>,
    pub(crate) tokens: TokensAt,
    pub(crate) cost_usd: Option<String>,
    /// Records that carry tokens and cost; without it, the final one.
    pub(crate) usage: Option<Match>,
    /// Adds up all of them.
    pub(crate) sum: bool,
    pub(crate) tokens_cumulative: bool,
    pub(crate) cost_cumulative: bool,
    /// A record of versions whose money counts the run all the same.
    pub(crate) cost_of_run: Option<Match>,
    pub(crate) structured: Option<String>,
    pub(crate) denial: Vec<Denial>,
    pub(crate) progress: Vec<Progress>,
}

/// How the output is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// One JSON object a line.
    Jsonl,
    /// Plain text; the end is told by a line.
    Text,
    /// Plain text; the end is told by the exit code.
    #[default]
    Exit,
}

/// A place in some records.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct At {
    pub(crate) when: Match,
    pub(crate) at: String,
}

/// Where the last words of the agent are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextAt {
    /// Without it, the final record.
    pub(crate) when: Option<Match>,
    pub(crate) at: String,
    /// Pieces that belong together until another record comes.
    #[serde(default)]
    pub(crate) join: bool,
}

/// Where the counters of a usage record are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TokensAt {
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) cache_read: Option<String>,
    pub(crate) cache_write: Option<String>,
    pub(crate) reasoning: Option<String>,
    /// The input counter holds these too, and they are taken off it.
    pub(crate) input_includes: Vec<String>,
}

/// Something the agent was not allowed to do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Denial {
    pub(crate) when: Match,
    /// One denial for each; without it, the record itself.
    pub(crate) each: Option<String>,
    pub(crate) show: Vec<String>,
}

/// A record that says that the program waits and will go on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Progress {
    pub(crate) when: Match,
    pub(crate) until_ms: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) text: Option<String>,
}

/// What a bad end is; all that is written must hold, and the first rule that does wins.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) class: Class,
    /// The final record.
    pub(crate) when: Option<Match>,
    /// Any record of the run.
    pub(crate) seen: Option<Match>,
    /// The exit code.
    pub(crate) exit: Option<Vec<i32>>,
    /// The reason, the final text, or a line of plain output.
    pub(crate) matches: Option<Pattern>,
    /// True: also when the final record and the exit code are good.
    #[serde(default)]
    pub(crate) always: bool,
    /// True: only if there was no final record.
    #[serde(default)]
    pub(crate) no_final: bool,
    /// Where the record has the time at which it goes on, in seconds since the epoch.
    pub(crate) until_epoch: Option<String>,
}

/// A run that must be stopped, for it would never end by itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopRule {
    pub(crate) class: Class,
    pub(crate) when: Match,
    pub(crate) times: u32,
    pub(crate) why: String,
}
