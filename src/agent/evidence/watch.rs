use super::{Judgement, Need, Source, State};
use crate::base::Moment;

/// A verdict that contradicts better evidence, or ends work, must still hold after this time.
const TWICE_MS: u64 = 200;
/// A screen that fits no rule is often one that is just being painted.
const UNKNOWN_MS: u64 = 1000;

/// The state of an agent, with its grounds.
#[derive(
    Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Standing {
    /// What it does.
    pub state: State,
    /// Since when.
    pub since: Moment,
    /// What told it.
    pub source: Source,
    /// The rule or the hook that told it.
    pub rule: String,
    /// The line or the words that told it.
    pub evidence: String,
}

/// A change of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it was.
    pub was: State,
    /// What it is now.
    pub now: Standing,
}

/// What a hook of an agent's program tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hook {
    /// A session began.
    Started,
    /// A prompt was taken.
    Prompt,
    /// A tool is about to run, or has run.
    Tool,
    /// It asks for leave.
    Permission,
    /// It asks the person something.
    Question,
    /// Its turn ended.
    Idle,
    /// Its turn ended in an error.
    Failed,
    /// Its provider refuses work.
    Limited {
        /// When that ends, if it was told.
        until: Option<String>,
    },
}

/// What happened around an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// Its program was started.
    Started,
    /// A hook came, with what it said.
    Hook(Hook, String),
    /// Its program wrote something.
    Output,
    /// The screen was read.
    Judged(Judgement),
    /// Time passed.
    Tick,
    /// Its program ended.
    Exited(Option<i32>),
    /// Its program is gone and nobody saw it end.
    Lost,
}

/// Makes one state that lasts out of many signs.
///
/// A hook counts at once. The title and the screen count at once where nothing better speaks
/// against them; otherwise they must be seen twice, on output that is newer than the hook. Work
/// ends, and has failed, only when that was seen twice.
#[derive(Debug, Clone)]
pub struct Watch {
    standing: Standing,
    silence_ms: u64,
    /// A verdict that was seen once, and when.
    doubt: Option<(State, Moment)>,
    /// The digest of the screen that was judged last.
    moved: Option<u64>,
    progress_at: Moment,
    output_at: Option<Moment>,
    hook_at: Moment,
}

impl Watch {
    /// The watch of an agent that is being started.
    #[must_use]
    pub fn new(silence_ms: u64, at: Moment) -> Self {
        let standing = Standing {
            state: State::Starting,
            since: at,
            source: Source::Process,
            rule: "started".to_owned(),
            evidence: String::new(),
        };
        Self {
            standing,
            silence_ms,
            doubt: None,
            moved: None,
            progress_at: at,
            output_at: None,
            hook_at: at,
        }
    }

    /// What the agent does, and why one thinks so.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// When the screen has to be judged again though nothing was written, if ever.
    #[must_use]
    pub fn wake(&self) -> Option<Moment> {
        let doubt = self.doubt.as_ref().map(|(state, first)| {
            let span = if *state == State::Unknown { UNKNOWN_MS } else { TWICE_MS };
            Moment(first.0.saturating_add(span))
        });
        let due = Moment(self.progress_at.0.saturating_add(self.silence_ms));
        let silence = self.busy().then_some(due);
        [doubt, silence].into_iter().flatten().min()
    }

    /// Takes a sign; tells the change of state that it makes.
    pub fn take(&mut self, sign: Sign, at: Moment) -> Option<Change> {
        if self.standing.state.ended() && sign != Sign::Started {
            return None;
        }
        match sign {
            Sign::Started => {
                let silence_ms = self.silence_ms;
                let was = std::mem::replace(self, Self::new(silence_ms, at)).standing.state;
                (was != State::Starting).then(|| Change { was, now: self.standing.clone() })
            }
            Sign::Hook(hook, said) => {
                self.progress_at = at;
                self.hook_at = at;
                let (state, rule) = told(hook);
                self.stand(state, Source::Hook, (rule.to_owned(), said), at)
            }
            Sign::Output => {
                self.output_at = Some(at);
                None
            }
            Sign::Judged(judgement) => self.judged(judgement, at),
            Sign::Tick => self.silent(at),
            Sign::Exited(code) => {
                self.stand(State::Exited { code }, Source::Process, grounds("exited"), at)
            }
            Sign::Lost => self.stand(State::Lost, Source::Process, grounds("lost"), at),
        }
    }

    fn judged(&mut self, judgement: Judgement, at: Moment) -> Option<Change> {
        let moves = self.moved.replace(judgement.moved) != Some(judgement.moved);
        if moves {
            self.progress_at = at;
        }
        if self.holds(&judgement.state, moves) {
            self.doubt = None;
            return self.silent(at);
        }
        let Some(span) = self.span(&judgement) else {
            self.doubt = None;
            return None;
        };
        let first = match &self.doubt {
            Some((state, first)) if *state == judgement.state => *first,
            Some(_) | None => at,
        };
        if at.0.saturating_sub(first.0) < span {
            self.doubt = Some((judgement.state, first));
            return None;
        }
        let Judgement { state, source, rule, evidence, .. } = judgement;
        self.stand(state, source, (rule, evidence), at)
    }

    /// Whether a verdict says what stands already.
    fn holds(&self, verdict: &State, moves: bool) -> bool {
        let stalled = self.standing.state == State::Stalled;
        let works = *verdict == State::Working || *verdict == State::Retrying;
        *verdict == self.standing.state || (stalled && works && !moves)
    }

    /// How long a verdict has to hold before it counts; none if it cannot count at all.
    fn span(&self, judgement: &Judgement) -> Option<u64> {
        let standing = &self.standing;
        let verdict = &judgement.state;
        if *verdict == State::Unknown {
            let weak = standing.source > Source::Hook && standing.state != State::Starting;
            return weak.then_some(UNKNOWN_MS);
        }
        let hooked = standing.source == Source::Hook;
        if hooked && self.output_at.is_none_or(|output| output <= self.hook_at) {
            return None;
        }
        let better =
            hooked || (standing.source == Source::Title && judgement.source > Source::Title);
        // The first picture of a turn can look like its end, or like one that failed.
        let ends = *verdict == State::Failed
            || (standing.state == State::Working && *verdict == State::Idle);
        Some(if better || ends { TWICE_MS } else { 0 })
    }

    /// Tells a stall when it is due.
    fn silent(&mut self, at: Moment) -> Option<Change> {
        let due = self.progress_at.0.saturating_add(self.silence_ms);
        if !self.busy() || at.0 < due {
            return None;
        }
        let said = format!("nothing has moved for {} s", at.since(self.progress_at).as_secs());
        self.stand(State::Stalled, Source::Silence, ("silence".to_owned(), said), at)
    }

    fn busy(&self) -> bool {
        self.standing.state == State::Working || self.standing.state == State::Retrying
    }

    fn stand(
        &mut self,
        state: State,
        source: Source,
        (rule, evidence): (String, String),
        at: Moment,
    ) -> Option<Change> {
        self.doubt = None;
        let same = state == self.standing.state;
        let since = if same { self.standing.since } else { at };
        let now = Standing { state, since, source, rule, evidence };
        let was = std::mem::replace(&mut self.standing, now).state;
        (!same).then(|| Change { was, now: self.standing.clone() })
    }
}

fn grounds(rule: &str) -> (String, String) {
    (rule.to_owned(), String::new())
}

/// The state that a hook means, and its name.
fn told(hook: Hook) -> (State, &'static str) {
    match hook {
        Hook::Started => (State::Idle, "hook started"),
        Hook::Prompt => (State::Working, "hook prompt"),
        Hook::Tool => (State::Working, "hook tool"),
        Hook::Permission => (State::Waiting(Need::Permission), "hook permission"),
        Hook::Question => (State::Waiting(Need::Question), "hook question"),
        Hook::Idle => (State::Idle, "hook idle"),
        Hook::Failed => (State::Failed, "hook failed"),
        Hook::Limited { until } => (State::Limited { until }, "hook limited"),
    }
}
