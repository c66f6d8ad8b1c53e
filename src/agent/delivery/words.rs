use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::agent::evidence::{Composer, State};
use crate::base::Moment;

/// How prompts are given to one make of agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manner {
    /// Quiet after the echo before Enter is pressed; at least 150.
    pub enter_after_ms: u64,
    /// Time for a sign that a short prompt was taken.
    pub confirm_ms: u64,
    /// How often Enter is pressed again while the prompt still stands there.
    pub enter_retries: u32,
    /// Time for the echo of a short prompt to appear and to come to rest.
    pub echo_ms: u64,
    /// How long an obstacle is waited for.
    pub patience_ms: u64,
    /// Whether the input line of this make can be read from the screen.
    pub composer: bool,
}

/// How far a prompt has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Receipt {
    /// Nothing was typed yet.
    Queued,
    /// Its text was handed to the pane.
    Typed,
    /// Enter was pressed.
    Submitted,
    /// The agent took it.
    Accepted,
    /// Nothing was typed, and nothing will be.
    Refused(Why),
    /// It was typed, and what came of it cannot be told.
    Unknown(Why),
}

/// Why a prompt waits, was refused, or has an unknown end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// There is nothing to say.
    Nothing,
    /// The text holds control characters.
    Control,
    /// Several lines for a program that takes each as a prompt.
    Lines,
    /// The program has ended.
    Gone,
    /// Another program has the pane.
    Foreground,
    /// A person looks back in the pane.
    CopyMode,
    /// A dialog or a question is open.
    Dialog,
    /// The agent works.
    Busy,
    /// Its provider refuses work.
    Limited,
    /// No input line is to be seen.
    NotReady,
    /// A person has typed something and not sent it.
    Draft,
    /// A person is typing.
    Person,
    /// The pane took none of the text.
    NotWritten,
    /// The pane took a part of the text.
    PartWritten,
    /// The pane never told whether it took the text.
    NoReceipt,
    /// The text never appeared in the input line.
    NoEcho,
    /// Enter was pressed, and the text still stands in the input line.
    NotTaken,
    /// Enter was pressed, the input line is empty, and nothing says that the agent took it.
    NoSign,
    /// gaia ended between typing and the sign.
    Restart,
}

/// What is to be seen of a pane at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// What the agent does.
    pub state: State,
    /// Its input line.
    pub composer: Composer,
    /// Whether a person looks back in the pane.
    pub copy_mode: bool,
    /// Whether the program asked to be told where a paste begins and ends.
    pub bracketed: bool,
    /// Whether the agent's program is the one that reads the keys.
    pub foreground: bool,
}

/// What happened to a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// The pane was looked at.
    Look(Look),
    /// The pane took the whole text.
    Typed,
    /// The pane took only so many bytes of it.
    Short(usize),
    /// The program wrote something.
    Output,
    /// A hook told that the agent took a prompt.
    Prompt,
    /// A person pressed a key in the pane.
    Person,
    /// The program ended.
    Gone,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Look again when something happens, and at this time at the latest.
    Wait {
        /// The time.
        until: Moment,
        /// What is in the way, if something is.
        why: Option<Why>,
    },
    /// Hand these bytes to the pane as one write.
    Type(Vec<u8>),
    /// Press Enter, as a write of its own.
    PressEnter,
    /// It was taken.
    Accepted,
    /// Nothing was typed.
    Refused(Why),
    /// Nobody can tell: ask a person.
    Unknown(Why),
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "the prompt is empty",
            Self::Control => "the prompt holds control characters",
            Self::Lines => "the program would take each line as a prompt of its own",
            Self::Gone => "the agent has ended",
            Self::Foreground => "another program has the pane",
            Self::CopyMode => "a person looks back in the pane",
            Self::Dialog => "a dialog is open",
            Self::Busy => "the agent works",
            Self::Limited => "its provider refuses work for now",
            Self::NotReady => "its input line is not to be seen",
            Self::Draft => "a person has a draft in the input line",
            Self::Person => "a person is typing",
            Self::NotWritten => "the pane took none of the text",
            Self::PartWritten => "the pane took only a part of the text",
            Self::NoReceipt => "the pane never told whether it took the text",
            Self::NoEcho => "the text never appeared in the input line",
            Self::NotTaken => "the text still stands in the input line after Enter",
            Self::NoSign => "the input line is empty, but nothing says that the agent took it",
            Self::Restart => "gaia ended before the agent took it",
        })
    }
}
