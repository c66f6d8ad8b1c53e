use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Kind, Reader, Rule, Tokens, at,
    counts::{number, rounded},
    first_text,
    reader::Seen,
};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// With an answer.
    Done,
    /// A rate or usage limit; it passes.
    Limited,
    /// A fault of the model API or the network; trying again later is right.
    Transient,
    /// The key or login is no good.
    Auth,
    /// The conversation is longer than the model can take.
    Overflow,
    /// The account is empty; trying again does not help.
    Quota,
    /// The money given was used up.
    Budget,
    /// The turns given were used up.
    Turns,
    /// Somebody ended it.
    Killed,
    /// It ended by itself, without a word.
    Crashed,
    /// It said that it failed, and none of the above.
    Failed,
}

impl Class {
    /// One word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Limited => "limited",
            Self::Transient => "transient",
            Self::Auth => "auth",
            Self::Overflow => "overflow",
            Self::Quota => "quota",
            Self::Budget => "budget",
            Self::Turns => "turns",
            Self::Killed => "killed",
            Self::Crashed => "crashed",
            Self::Failed => "failed",
        }
    }
}

/// What is left of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// How it ended.
    pub class: Class,
    /// The last words of the agent.
    pub text: Option<String>,
    /// What went wrong, in the words of the program.
    pub why: Option<String>,
    /// The id of the conversation.
    pub session: Option<String>,
    /// Turns, if the make tells them.
    pub turns: Option<u32>,
    /// Tokens.
    pub tokens: Tokens,
    /// True: `tokens` counts the conversation, not this run.
    pub cumulative: bool,
    /// Money in millionths of a dollar.
    pub cost_micros: Option<u64>,
    /// True: `cost_micros` counts the conversation, not this run.
    pub cost_cumulative: bool,
    /// What the agent was not allowed to do.
    pub denials: Vec<String>,
    /// When a limit passes, in seconds since the epoch.
    pub until: Option<u64>,
    /// In how many seconds it passes, where only that is told.
    pub after_s: Option<u64>,
    /// Of a run that was killed: what its last words would have been taken for. One that was
    /// killed for its silence may have waited for a limit to pass.
    pub before_kill: Option<Class>,
    /// The answer in the form that was asked for.
    pub structured: Option<Value>,
}

/// How the process ended: exit code, or signal.
type Exit = Option<(Option<i32>, Option<i32>)>;

impl Reader {
    /// How it ended. `exit` is the code or the signal; `None` if nobody saw the end.
    #[must_use]
    pub fn end(mut self, exit: Exit) -> Outcome {
        self.flush();
        let mut verdict = self.verdict(exit);
        let told = verdict.why.take();
        let why = (verdict.class != Class::Done).then(|| told.or_else(|| self.why(exit)));
        let last = self.seen.last.as_ref();
        let turns = last.and_then(|last| count_at(last, self.output.turns.as_deref()));
        let turns = turns.and_then(|turns| u32::try_from(turns).ok());
        let counted = self.output.turn.as_ref().map(|_| self.seen.turns);
        let structured = self.output.structured.as_deref().zip(last);
        let structured = structured.and_then(|(path, last)| at(last, path).first().copied());
        let Verdict { until, after_s, before_kill, .. } = verdict;
        let structured = structured.filter(|value| !value.is_null()).cloned();
        let why = why.flatten();
        // The complaint of the program is not the word of the agent.
        let text = self.text().filter(|text| why.as_ref() != Some(text));
        let Seen { session, tokens, cost_micros, denials, cost_of_run, .. } = self.seen;
        Outcome {
            class: verdict.class,
            text,
            why,
            session,
            turns: turns.or(counted),
            tokens,
            cumulative: self.output.tokens_cumulative,
            cost_micros,
            cost_cumulative: self.output.cost_cumulative && !cost_of_run,
            denials,
            until,
            after_s,
            before_kill,
            structured,
        }
    }

    fn text(&self) -> Option<String> {
        let lines = || self.seen.plain.iter().cloned().collect::<Vec<_>>().join("\n");
        match self.output.kind {
            Kind::Jsonl => self.seen.text.clone(),
            Kind::Text | Kind::Exit => {
                self.seen.text.clone().or_else(|| Some(lines()).filter(|text| !text.is_empty()))
            }
        }
    }

    /// Exit code, final record, and whether there was one.
    fn verdict(&self, exit: Exit) -> Verdict {
        let signal = exit.and_then(|(_, signal)| signal);
        let code = exit.and_then(|(code, _)| code);
        if let Some((class, why)) = &self.seen.stopped {
            return Verdict::new(*class, Some(why.clone()));
        }
        let good = self.good(code, signal);
        let ruled = self.rules.iter().zip(&self.seen.records).filter(|(r, _)| r.always || !good);
        let ruled = ruled.filter_map(|(rule, seen)| self.fires(rule, seen.as_ref(), code));
        let mut ruled = ruled.peekable();
        let died = self.seen.last.is_none() && is_death(code, signal);
        if died && ruled.peek().is_none_or(|ruled| !ruled.firm) {
            let before_kill = ruled.next().map(|ruled| ruled.verdict.class);
            let verdict = Verdict::new(Class::Killed, Some(death(code, signal)));
            return Verdict { before_kill, ..verdict };
        }
        let told = self.seen.last.is_some() || self.output.kind == Kind::Exit;
        let class = match (good, told) {
            (true, _) => Class::Done,
            (false, true) => Class::Failed,
            (false, false) => Class::Crashed,
        };
        ruled.next().map_or_else(|| Verdict::new(class, None), |ruled| ruled.verdict)
    }

    /// A good final record; a program that is killed after it has still answered.
    fn good(&self, code: Option<i32>, signal: Option<i32>) -> bool {
        match &self.seen.last {
            _ if self.output.kind == Kind::Exit => code == Some(0),
            Some(last) => {
                let left = code.is_none_or(|code| code == 0) || is_death(code, signal);
                self.output.ok.holds(last) && left
            }
            None => false,
        }
    }

    /// What a rule says, if all it asks for holds.
    fn fires(&self, rule: &Rule, seen: Option<&Value>, code: Option<i32>) -> Option<Ruled> {
        let last = self.seen.last.as_ref();
        let when = rule.when.as_ref().is_none_or(|w| last.is_some_and(|last| w.holds(last)));
        let met = rule.seen.is_none() || seen.is_some();
        let left =
            rule.exit.as_ref().is_none_or(|all| code.is_some_and(|code| all.contains(&code)));
        let words = rule.matches.as_ref().map(|pattern| {
            let mut own = self.told().into_iter().chain(self.seen.plain.iter().cloned());
            own.rfind(|text| pattern.is_match(text))
        });
        let silent = !rule.no_final || last.is_none();
        if !(when && met && left && silent) || words == Some(None) {
            return None;
        }
        let until = seen.or(last).and_then(|value| count_at(value, rule.until_epoch.as_deref()));
        let seconds = words.as_ref().and_then(|text| rule.matches.as_ref()?.record(text.as_ref()?));
        let after_s = seconds.and_then(|found| count_at(&found, Some("/seconds")));
        let said = seen.and_then(|s| self.output.why.iter().find_map(|path| first_text(s, path)));
        // A word on the screen may be older than the signal; a record or an exit code is not.
        let firm = rule.exit.is_some() || rule.seen.is_some();
        Some(Ruled {
            verdict: Verdict {
                until,
                after_s,
                ..Verdict::new(rule.class, words.flatten().or(said))
            },
            firm,
        })
    }

    /// The reasons and last words that records gave.
    fn told(&self) -> Vec<String> {
        let last = self.seen.last.as_ref();
        let why = last.and_then(|l| self.output.why.iter().find_map(|path| first_text(l, path)));
        let text = self.seen.text.clone().filter(|_| last.is_some());
        text.into_iter().chain(self.seen.notes.iter().cloned()).chain(why).collect()
    }

    fn why(&self, exit: Exit) -> Option<String> {
        // Without a final record, a last line of plain text tells little if the exit is no error.
        let quiet = self.seen.last.is_none() && exit == Some((Some(0), None));
        let line = self.seen.plain.back().filter(|_| !quiet).cloned();
        let own = self.told().pop().or(line);
        own.or_else(|| exit.map(|(code, signal)| death(code, signal)))
    }
}

struct Verdict {
    class: Class,
    why: Option<String>,
    until: Option<u64>,
    after_s: Option<u64>,
    before_kill: Option<Class>,
}

impl Verdict {
    fn new(class: Class, why: Option<String>) -> Self {
        Self { class, why, until: None, after_s: None, before_kill: None }
    }
}

struct Ruled {
    verdict: Verdict,
    firm: bool,
}

/// True if a signal ended it, or a shell that tells of one as 128 and its number.
fn is_death(code: Option<i32>, signal: Option<i32>) -> bool {
    signal.is_some() || code.is_some_and(|code| [129, 130, 131, 134, 137, 139, 143].contains(&code))
}

fn death(code: Option<i32>, signal: Option<i32>) -> String {
    match (code, signal) {
        (_, Some(signal)) => format!("signal {signal} ended it"),
        (Some(code), None) if is_death(Some(code), None) => {
            format!("signal {} ended it", code - 128)
        }
        (Some(code), None) => format!("it ended with code {code} and without a result"),
        (None, None) => "it ended without a result".to_owned(),
    }
}

fn count_at(record: &Value, path: Option<&str>) -> Option<u64> {
    at(record, path?).into_iter().find_map(number).map(rounded)
}
