//! What a driver file says, as types. `load` reads and checks it, `launch` and `output` use it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::agent::evidence::{RawEvidence, Rules};

use super::output::{At, Match, Output, Pattern, Rule, StopRule, TokensAt};

/// Everything gaia knows about one make of coding agent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Driver {
    pub(crate) driver: About,
    /// Variables that the program gets, as templates.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Variables more when there is no network.
    #[serde(default)]
    pub(crate) offline: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) seed: Vec<Seed>,
    #[serde(default)]
    pub(crate) role: Role,
    pub(crate) headless: Option<Style>,
    pub(crate) interactive: Option<Style>,
    #[serde(default)]
    pub(crate) keys: Keys,
    #[serde(default)]
    pub(crate) output: Output,
    #[serde(default)]
    pub(crate) classify: Vec<Rule>,
    #[serde(default)]
    pub(crate) stop_now: Vec<StopRule>,
    #[serde(default)]
    pub(crate) wiring: Wiring,
    pub(crate) transcript: Option<Transcript>,
    #[serde(default)]
    pub(crate) fence: Fence,
    #[serde(default)]
    pub(crate) stop: Stop,
    pub(crate) evidence: Option<RawEvidence>,
    /// `evidence`, checked.
    #[serde(skip)]
    pub(crate) rules: Option<Rules>,
}

/// Name, title, how to find it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) detect: Option<Detect>,
    /// Variables of the person that the program may see, by name or `PREFIX_*`.
    #[serde(default)]
    pub(crate) pass: Vec<String>,
    /// Credential files below the person's home, linked to places in the agent's own.
    #[serde(default)]
    pub(crate) login: Vec<Login>,
    /// Files it leaves in the worktree, for `git info/exclude`.
    #[serde(default)]
    pub(crate) hidden: Vec<String>,
}

/// How to learn the version that is installed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detect {
    pub(crate) command: Vec<String>,
    pub(crate) pattern: Pattern,
    #[serde(default)]
    pub(crate) tested: Vec<String>,
    pub(crate) min: Option<String>,
    pub(crate) install: Option<String>,
}

/// One credential file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    pub(crate) from: String,
    pub(crate) to: String,
}

/// A file that is written into the agent's own home before it starts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seed {
    pub(crate) path: String,
    pub(crate) content: String,
    /// Written only if the person gives this variable.
    pub(crate) if_env: Option<String>,
    /// Written only if the person does not give this variable.
    pub(crate) unless_env: Option<String>,
}

/// How the role text and the instruction files get in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    /// Arguments for a role short enough for one.
    #[serde(default)]
    pub(crate) args: Vec<String>,
    /// A file the program reads by itself; gets what `args` did not take.
    pub(crate) file: Option<String>,
    /// Arguments that name that file.
    #[serde(default)]
    pub(crate) file_args: Vec<String>,
    /// Arguments for each instruction file.
    #[serde(default)]
    pub(crate) each: Vec<String>,
    /// The line in `file` for each instruction file.
    pub(crate) include: Option<String>,
}

/// How a start is written: headless or in a pane.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Style {
    pub(crate) command: Vec<String>,
    pub(crate) prompt: PromptBy,
    /// Most bytes the program takes this way.
    pub(crate) prompt_max: Option<usize>,
    /// Where the prompt goes among the arguments, or the words that announce it on stdin.
    #[serde(default)]
    pub(crate) prompt_args: Vec<String>,
    #[serde(default)]
    pub(crate) new_session: Vec<String>,
    #[serde(default)]
    pub(crate) resume: Vec<String>,
    #[serde(default)]
    pub(crate) model: Vec<String>,
    #[serde(default)]
    pub(crate) effort: Vec<String>,
    #[serde(default)]
    pub(crate) max_turns: Vec<String>,
    #[serde(default)]
    pub(crate) max_cost: Vec<String>,
    #[serde(default)]
    pub(crate) port: Vec<String>,
    #[serde(default)]
    pub(crate) modes: Modes,
    /// Used instead of `modes` inside gaia's own fence.
    pub(crate) fenced: Option<Modes>,
    /// So long without output means that something hangs.
    pub(crate) silence_s: Option<u64>,
}

/// How the prompt is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PromptBy {
    Stdin,
    Arg,
    File,
    Paste,
    Http,
}

/// Arguments by what the agent may do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Modes {
    #[serde(default)]
    pub(crate) edit: Vec<String>,
    #[serde(default)]
    pub(crate) plan: Vec<String>,
    #[serde(default)]
    pub(crate) full: Vec<String>,
}

/// Keys for a program in a pane, as tmux names them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// Ends the turn that runs.
    pub interrupt: Vec<String>,
    /// Ends the program.
    pub quit: Vec<String>,
    /// Least wait between a paste and Enter.
    pub enter_after_ms: u64,
}

/// Settings files that join the program to gaia.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Wiring {
    pub(crate) style: Wire,
    /// Hook events that are wanted.
    pub(crate) events: Vec<String>,
    /// Arguments that make the program use the files.
    pub(crate) args: Vec<String>,
    /// Arguments more in headless mode.
    pub(crate) headless_args: Vec<String>,
}

/// The family of settings files and hook messages a program speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wire {
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// Gemini CLI.
    Gemini,
    /// Qwen Code.
    Qwen,
    /// opencode.
    Opencode,
    /// Nothing of the kind.
    #[default]
    None,
}

/// The file in which a program in a pane keeps its own account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transcript {
    pub(crate) glob: String,
    pub(crate) when: Match,
    /// Lines with the same value here are one message.
    pub(crate) dedupe: Option<String>,
    pub(crate) model: Option<String>,
    /// Records that tell the model for those after them.
    pub(crate) model_from: Option<At>,
    pub(crate) tokens: TokensAt,
    /// The last record holds the total.
    #[serde(default)]
    pub(crate) cumulative: bool,
}

/// What it must be able to write besides the worktree.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Fence {
    pub(crate) write: Vec<String>,
}

/// How the process tree is ended.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// Signal and seconds of grace, in order.
    pub steps: Vec<(String, u64)>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { steps: vec![("TERM".to_owned(), 5), ("KILL".to_owned(), 2)] }
    }
}
