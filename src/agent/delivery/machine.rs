use super::payload;
use super::{Act, Look, Manner, Receipt, Sign, Why};
use crate::agent::evidence::{Composer, Need, State};
use crate::base::Moment;

/// No program's echo is at rest sooner.
const MIN_QUIET_MS: u64 = 150;
/// A person who pressed a key this long ago is still typing.
const PERSON_MS: u64 = 1500;
/// How long a look at an obstacle holds.
const AGAIN_MS: u64 = 500;
/// How much longer a program is waited for that paints nothing.
const DEAF: u64 = 4;
/// Bytes of a long prompt that the slowest program takes in a millisecond.
const PACE: u64 = 32;

/// One prompt on its way into an input line.
#[derive(Debug, Clone)]
pub struct Delivery {
    text: String,
    manner: Manner,
    stage: Stage,
    person_at: Option<Moment>,
}

#[derive(Debug, Clone)]
enum Stage {
    /// Waiting for a clear input line.
    Clear { since: Moment },
    /// The text is on its way to the pane.
    Typing { since: Moment },
    /// The pane has it; its echo comes.
    Echo { since: Moment, stirred: Moment },
    /// Enter was pressed.
    Sent { at: Moment, presses: u32, heard: bool, before: State },
    /// It is over.
    Over(Receipt),
}

impl Delivery {
    /// The delivery of a prompt.
    ///
    /// # Errors
    /// If it is a text that cannot be typed.
    pub fn new(prompt: &str, manner: Manner, at: Moment) -> Result<Self, Why> {
        let text = payload::clean(prompt)?;
        Ok(Self { text, manner, stage: Stage::Clear { since: at }, person_at: None })
    }

    /// What a receipt is worth after gaia was started again: what was typed may or may not have
    /// arrived, so it is not typed again.
    #[must_use]
    pub fn after_restart(receipt: Receipt) -> Receipt {
        match receipt {
            Receipt::Typed | Receipt::Submitted => Receipt::Unknown(Why::Restart),
            Receipt::Queued | Receipt::Accepted | Receipt::Refused(_) | Receipt::Unknown(_) => {
                receipt
            }
        }
    }

    /// How far it has come.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        match &self.stage {
            Stage::Clear { .. } => Receipt::Queued,
            Stage::Typing { .. } | Stage::Echo { .. } => Receipt::Typed,
            Stage::Sent { .. } => Receipt::Submitted,
            Stage::Over(receipt) => receipt.clone(),
        }
    }

    /// Takes a sign; tells what is to be done. An act that types or presses is told once.
    pub fn take(&mut self, sign: Sign, at: Moment) -> Act {
        match sign {
            Sign::Look(look) => self.look(&look, at),
            Sign::Typed => self.typed(at),
            Sign::Short(bytes) => self.short(bytes, at),
            Sign::Output => self.output(at),
            Sign::Prompt => self.prompt(at),
            Sign::Person => self.person(at),
            Sign::Gone => self.gone(),
        }
    }

    fn look(&mut self, look: &Look, at: Moment) -> Act {
        match self.stage.clone() {
            Stage::Clear { since } => self.clear(look, since, at),
            Stage::Typing { since } => self.typing(since, at),
            Stage::Echo { since, stirred } => self.echo(look, (since, stirred), at),
            Stage::Sent { at: sent, presses, heard, before } => {
                let span = self.sign_ms(heard);
                self.sent(look, (sent, span, presses), before, at)
            }
            Stage::Over(_) => self.again(at),
        }
    }

    fn clear(&mut self, look: &Look, since: Moment, at: Moment) -> Act {
        if look.state.ended() {
            return self.over(Receipt::Refused(Why::Gone));
        }
        let why = self.obstacle(look, at);
        let bytes = match why {
            Some(why) => Err(why),
            None => payload::bytes(&self.text, look.bracketed),
        };
        match bytes {
            Ok(bytes) => {
                self.stage = Stage::Typing { since: at };
                Act::Type(bytes)
            }
            Err(why) if past(since, self.manner.patience_ms, at) => {
                self.over(Receipt::Refused(why))
            }
            Err(why) => wait(at, AGAIN_MS, Some(why)),
        }
    }

    fn typing(&mut self, since: Moment, at: Moment) -> Act {
        if past(since, self.echo_ms(), at) {
            return self.over(Receipt::Unknown(Why::NoReceipt));
        }
        wait(at, AGAIN_MS, None)
    }

    fn echo(&mut self, look: &Look, (since, stirred): (Moment, Moment), at: Moment) -> Act {
        let late = past(since, self.echo_ms(), at);
        let quiet = self.manner.enter_after_ms.max(MIN_QUIET_MS);
        if !past(stirred, quiet, at) && !late {
            return Act::Wait { until: Moment(stirred.0.saturating_add(quiet)), why: None };
        }
        let Some(why) = self.unready(look) else {
            self.stage = Stage::Sent { at, presses: 1, heard: false, before: look.state.clone() };
            return Act::PressEnter;
        };
        if late { self.over(Receipt::Unknown(why)) } else { wait(at, AGAIN_MS, Some(why)) }
    }

    fn sent(
        &mut self,
        look: &Look,
        (sent, span, presses): (Moment, u64, u32),
        before: State,
        at: Moment,
    ) -> Act {
        if taken(&before, &look.state) {
            return self.over(Receipt::Accepted);
        }
        if !past(sent, span, at) {
            return wait(sent, span, None);
        }
        if self.person_at.is_some_and(|person| person >= sent) {
            return self.over(Receipt::Unknown(Why::Person));
        }
        let stands = matches!(look.composer, Composer::Draft(_));
        let why = self.intruder(look).unwrap_or(if stands { Why::NotTaken } else { Why::NoSign });
        if why == Why::NotTaken && presses <= self.manner.enter_retries {
            self.stage = Stage::Sent { at, presses: presses + 1, heard: false, before };
            return Act::PressEnter;
        }
        self.over(Receipt::Unknown(why))
    }

    fn typed(&mut self, at: Moment) -> Act {
        if let Stage::Typing { .. } = self.stage {
            self.stage = Stage::Echo { since: at, stirred: at };
        }
        self.again(at)
    }

    fn short(&mut self, bytes: usize, at: Moment) -> Act {
        if let Stage::Typing { .. } = self.stage {
            return self.over(match bytes {
                0 => Receipt::Refused(Why::NotWritten),
                _ => Receipt::Unknown(Why::PartWritten),
            });
        }
        self.again(at)
    }

    fn output(&mut self, at: Moment) -> Act {
        match &mut self.stage {
            Stage::Echo { stirred, .. } => *stirred = at,
            Stage::Sent { heard, .. } => *heard = true,
            Stage::Clear { .. } | Stage::Typing { .. } | Stage::Over(_) => (),
        }
        self.again(at)
    }

    /// Before the text is in the pane, a prompt that was taken is somebody else's.
    fn prompt(&mut self, at: Moment) -> Act {
        match self.stage {
            Stage::Echo { .. } | Stage::Sent { .. } => self.over(Receipt::Accepted),
            Stage::Clear { .. } | Stage::Typing { .. } | Stage::Over(_) => self.again(at),
        }
    }

    fn person(&mut self, at: Moment) -> Act {
        self.person_at = Some(at);
        match self.stage {
            Stage::Typing { .. } | Stage::Echo { .. } => self.over(Receipt::Unknown(Why::Person)),
            Stage::Clear { .. } | Stage::Sent { .. } | Stage::Over(_) => self.again(at),
        }
    }

    fn gone(&mut self) -> Act {
        match &self.stage {
            Stage::Clear { .. } => self.over(Receipt::Refused(Why::Gone)),
            Stage::Typing { .. } | Stage::Echo { .. } | Stage::Sent { .. } => {
                self.over(Receipt::Unknown(Why::Gone))
            }
            Stage::Over(receipt) => ending(receipt),
        }
    }

    /// What is in the way of typing.
    fn obstacle(&self, look: &Look, at: Moment) -> Option<Why> {
        let typing = self.person_at.is_some_and(|person| !past(person, PERSON_MS, at));
        self.intruder(look)
            .or(match &look.state {
                State::Working | State::Retrying | State::Stalled => Some(Why::Busy),
                State::Limited { .. } => Some(Why::Limited),
                State::Starting | State::Unknown => Some(Why::NotReady),
                State::Waiting(_) | State::Exited { .. } | State::Lost => Some(Why::Dialog),
                State::Idle | State::Failed => None,
            })
            .or(match &look.composer {
                Composer::Draft(_) => Some(Why::Draft),
                Composer::Absent if self.manner.composer => Some(Why::NotReady),
                Composer::Absent | Composer::Empty => None,
            })
            .or(typing.then_some(Why::Person))
    }

    /// What is in the way of Enter once the text was typed.
    fn unready(&self, look: &Look) -> Option<Why> {
        self.intruder(look).or(match &look.composer {
            Composer::Draft(_) => None,
            Composer::Empty | Composer::Absent => self.manner.composer.then_some(Why::NoEcho),
        })
    }

    /// What would take a key that is meant for the agent.
    fn intruder(&self, look: &Look) -> Option<Why> {
        if !look.foreground {
            return Some(Why::Foreground);
        }
        if look.copy_mode {
            return Some(Why::CopyMode);
        }
        matches!(look.state, State::Waiting(_)).then_some(Why::Dialog)
    }

    /// Time for the echo.
    fn echo_ms(&self) -> u64 {
        self.manner.echo_ms.saturating_add(self.length_ms())
    }

    /// Time for a sign that the prompt was taken. A program that has painted nothing since Enter
    /// may not have read it yet: one more would reach whatever comes next, so that waits longer.
    fn sign_ms(&self, heard: bool) -> u64 {
        let span = self.manner.confirm_ms.saturating_add(self.length_ms());
        if heard { span } else { span.saturating_mul(DEAF) }
    }

    /// What a long prompt takes more: programs paint and pack it before anything else is seen.
    fn length_ms(&self) -> u64 {
        u64::try_from(self.text.len()).unwrap_or(u64::MAX) / PACE
    }

    fn over(&mut self, receipt: Receipt) -> Act {
        let act = ending(&receipt);
        self.stage = Stage::Over(receipt);
        act
    }

    /// Nothing new: look later, or hear again how it ended.
    fn again(&self, at: Moment) -> Act {
        match &self.stage {
            Stage::Over(receipt) => ending(receipt),
            Stage::Echo { stirred, .. } => {
                wait(*stirred, self.manner.enter_after_ms.max(MIN_QUIET_MS), None)
            }
            Stage::Sent { at: sent, heard, .. } => wait(*sent, self.sign_ms(*heard), None),
            Stage::Clear { .. } | Stage::Typing { .. } => wait(at, AGAIN_MS, None),
        }
    }
}

/// Whether the state that followed Enter shows that the agent took the prompt.
fn taken(before: &State, now: &State) -> bool {
    now != before
        && match now {
            State::Working
            | State::Retrying
            | State::Limited { .. }
            | State::Failed
            | State::Waiting(Need::Permission | Need::Question) => true,
            State::Waiting(Need::Dialog)
            | State::Starting
            | State::Idle
            | State::Stalled
            | State::Exited { .. }
            | State::Lost
            | State::Unknown => false,
        }
}

fn past(since: Moment, span: u64, at: Moment) -> bool {
    at.0.saturating_sub(since.0) >= span
}

fn wait(from: Moment, span: u64, why: Option<Why>) -> Act {
    Act::Wait { until: Moment(from.0.saturating_add(span)), why }
}

fn ending(receipt: &Receipt) -> Act {
    match receipt {
        Receipt::Accepted => Act::Accepted,
        Receipt::Refused(why) => Act::Refused(*why),
        Receipt::Unknown(why) => Act::Unknown(*why),
        Receipt::Queued | Receipt::Typed | Receipt::Submitted => {
            Act::Wait { until: Moment(0), why: None }
        }
    }
}
