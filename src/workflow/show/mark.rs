//! A sign, a word and a colour for each state.

/// How far something is, as it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// It was not done.
    Skipped,
    /// It ended well.
    Done,
    /// It was not wanted any more.
    Cancelled,
    /// It needs others first.
    Blocked,
    /// It could begin.
    Ready,
    /// It waits for a moment.
    Waiting,
    /// It is under way.
    Running,
    /// It waits for a person.
    Held,
    /// It failed.
    Failed,
}

/// All of them, those that want attention first.
pub(super) const ALL: [Mark; 9] = [
    Mark::Failed,
    Mark::Held,
    Mark::Running,
    Mark::Waiting,
    Mark::Ready,
    Mark::Blocked,
    Mark::Done,
    Mark::Skipped,
    Mark::Cancelled,
];

impl Mark {
    /// Of a state as a run tells it.
    pub(super) fn of(state: &str) -> Self {
        match state {
            "skipped" => Self::Skipped,
            "done" => Self::Done,
            "cancelled" => Self::Cancelled,
            "ready" | "queued" => Self::Ready,
            "waiting" => Self::Waiting,
            "running" => Self::Running,
            "held" => Self::Held,
            "failed" => Self::Failed,
            _ => Self::Blocked,
        }
    }

    /// The sign: one column wide.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Skipped => "↷",
            Self::Done => "✓",
            Self::Cancelled => "⊘",
            Self::Blocked => "·",
            Self::Ready => "○",
            Self::Waiting => "…",
            Self::Running => "•",
            Self::Held => "⏸",
            Self::Failed => "✗",
        }
    }

    /// The state; also the name of its colours on a page.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Blocked => "blocked",
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Held => "held",
            Self::Failed => "failed",
        }
    }

    /// Colour on a terminal.
    pub(super) fn sgr(self) -> &'static str {
        match self {
            Self::Done => "32",
            Self::Failed => "1;31",
            Self::Running => "36",
            Self::Waiting => "33",
            Self::Held => "1;35",
            Self::Ready => "0",
            Self::Blocked | Self::Skipped | Self::Cancelled => "2",
        }
    }

    /// Colours in a drawing for other programs: of the area, of its line.
    pub(super) fn paint(self) -> (&'static str, &'static str) {
        match self {
            Self::Done => ("#d9f2e1", "#1a7f45"),
            Self::Failed => ("#fde0de", "#c42b2b"),
            Self::Running => ("#dbeafe", "#1d5fd1"),
            Self::Waiting => ("#fdf0cc", "#9a6a00"),
            Self::Held => ("#eee0fb", "#7b35c1"),
            Self::Ready => ("#ffffff", "#57606a"),
            Self::Blocked | Self::Skipped | Self::Cancelled => ("#f1f3f5", "#8b949e"),
        }
    }

    /// Whether nothing more happens by itself.
    pub(super) fn is_over(self) -> bool {
        match self {
            Self::Done | Self::Failed | Self::Skipped | Self::Cancelled => true,
            Self::Blocked | Self::Ready | Self::Waiting | Self::Running | Self::Held => false,
        }
    }
}
