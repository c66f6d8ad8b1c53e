use std::{collections::BTreeMap, path::PathBuf};

/// What gaia wants started.
#[derive(Debug, Clone, Default)]
pub struct LaunchAsk {
    /// In a pane, or without a face.
    pub mode: Mode,
    /// The task.
    pub prompt: Option<String>,
    /// The id gaia chose for the conversation.
    pub session: String,
    /// The conversation to go on with.
    pub resume: Option<String>,
    /// Name of the model.
    pub model: Option<String>,
    /// How hard it thinks, in the words of the make.
    pub effort: Option<String>,
    /// What it may do without asking.
    pub permission: Permission,
    /// Tools that need no question, in the words of the make.
    pub tools_allowed: Vec<String>,
    /// Tools it may not use.
    pub tools_denied: Vec<String>,
    /// Commands it may not run, e.g. `git push`.
    pub commands_denied: Vec<String>,
    /// Who it is.
    pub role: Option<String>,
    /// Files it has to follow.
    pub instructions: Vec<PathBuf>,
    /// Most turns.
    pub max_turns: Option<u32>,
    /// Most money.
    pub max_cost_usd: Option<f64>,
    /// The private state folder of the agent.
    pub home: PathBuf,
    /// Its private temp folder; never above `home`.
    pub tmp: PathBuf,
    /// Where it works.
    pub worktree: PathBuf,
    /// The main checkout of that worktree.
    pub repo_root: PathBuf,
    /// gaia's executable.
    pub gaia: PathBuf,
    /// True inside gaia's own fence.
    pub fenced: bool,
    /// True without a network.
    pub offline: bool,
    /// True if the person's own login may be used.
    pub login: bool,
    /// A free port on loopback, for a make that serves one.
    pub port: Option<u16>,
    /// The environment of the person.
    pub caller_env: BTreeMap<String, String>,
    /// Variables from the definition of the agent.
    pub env: BTreeMap<String, String>,
    /// Arguments from the definition of the agent.
    pub args: Vec<String>,
    /// What to run, for the make `command`; else it stands for the program.
    pub command: Vec<String>,
    /// The person's home.
    pub user_home: Option<PathBuf>,
}

/// How it is started.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Without a face: one prompt, one answer.
    #[default]
    Headless,
    /// In a pane.
    Interactive,
}

/// What it may do without asking.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Edit files and run commands in its worktree.
    #[default]
    Edit,
    /// Look only.
    Plan,
    /// Everything.
    Full,
}

/// Everything that starting one attempt needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Launch {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
    /// Files to write first; all below the agent's home or temp folder.
    pub files: Vec<(PathBuf, String)>,
    /// Credential files: the person's, and where they have to appear.
    pub links: Vec<(PathBuf, PathBuf)>,
    /// What the program reads on stdin.
    pub stdin: Option<String>,
    /// How the prompt gets in.
    pub prompt: PromptWay,
    /// What it must be able to write besides the worktree.
    pub write: Vec<PathBuf>,
    /// Names for `git info/exclude`.
    pub hidden: Vec<String>,
    /// So many seconds without output mean that it hangs.
    pub silence_s: Option<u64>,
}

/// How the prompt gets in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PromptWay {
    /// It is there from the start: argument, stdin or file.
    #[default]
    AtStart,
    /// It has to be pasted when the program is ready.
    Paste,
    /// It has to be posted to this port of loopback.
    Http {
        /// The port.
        port: u16,
    },
}
