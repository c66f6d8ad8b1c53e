//! An attempt that is over, and what becomes of its task, as it is written down.

use super::{
    driver::{Class, Mode},
    fact::{AttemptEnded, TaskAsked, TaskDone, TaskFailed, TaskQueued},
    machine::Next,
    model::{GoOn, State, Step},
    record::TaskRecord,
};
use crate::{
    base::{Moment, unit::Exit},
    ledger::Decision,
    meter::{Micros, Tokens},
};

/// How an attempt ended.
pub(crate) struct Over {
    /// When.
    pub(crate) now: Moment,
    /// In a class.
    pub(crate) class: Class,
    /// In words.
    pub(crate) why: String,
    /// Its last words.
    pub(crate) text: Option<String>,
    /// Turns it took.
    pub(crate) turns: Option<u32>,
    /// How its program ended, if it did.
    pub(crate) exit: Option<Exit>,
    /// What it was refused.
    pub(crate) denials: Vec<String>,
    /// Tokens it used.
    pub(crate) tokens: Tokens,
    /// What it cost.
    pub(crate) cost: Option<Micros>,
}

impl TaskRecord {
    /// Writes the end of the present attempt down.
    pub(crate) fn end_attempt(&mut self, over: Over, decision: &mut Decision) {
        let task = self.id;
        let Some(attempt) = self.attempts.last_mut() else { return };
        let (code, signal) =
            over.exit.as_ref().map_or((None, None), |exit| (exit.code, exit.signal));
        attempt.ended = Some(over.now);
        if attempt.mode == Mode::Headless || over.exit.is_some() {
            attempt.step = Step::Ended;
        }
        attempt.class = Some(over.class);
        attempt.why = (over.class != Class::Done).then_some(over.why);
        attempt.text = over.text.or_else(|| attempt.text.take());
        attempt.turns = over.turns;
        attempt.exit = over.exit;
        attempt.denials.extend(over.denials);
        (attempt.tokens, attempt.cost) = (over.tokens, over.cost);
        decision.fact(&AttemptEnded {
            task,
            attempt: attempt.number,
            agent: attempt.agent.clone(),
            class: over.class,
            why: attempt.why.clone(),
            tokens: over.tokens,
            cost: over.cost,
            code,
            signal,
        });
    }

    /// Writes down what becomes of the task; `item` is what a person is asked, if they are.
    pub(crate) fn go_on(&mut self, next: Next, item: String, decision: &mut Decision) {
        let task = self.id;
        match next {
            Next::Done => {
                self.state = State::Done;
                decision.fact(&TaskDone { task, attempts: self.attempts.len() as u32 });
            }
            Next::Fail(why) => {
                self.state = State::Failed { why: why.clone() };
                decision.fact(&TaskFailed { task, why });
            }
            Next::Again { until, resume, why, counts } => {
                if let Some(attempt) = self.attempts.last_mut() {
                    let resume = resume.then(|| attempt.session.clone());
                    attempt.next = Some(GoOn { resume, prompt: None, counts });
                }
                self.state = State::Queued { until: Some(until), why: why.clone() };
                decision.fact(&TaskQueued { task, why, until: Some(until) });
            }
            Next::Ask(question) => {
                let why = question.show();
                self.state = State::Asking { item: item.clone(), why: why.clone() };
                decision.fact(&TaskAsked { task, item, why });
            }
        }
    }

    /// Waits for another attempt, which goes on with what is said here.
    pub(crate) fn queue_again(&mut self, next: GoOn, why: &str, decision: &mut Decision) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.next = Some(next);
        }
        let why = why.to_owned();
        decision.fact(&TaskQueued { task: self.id, why: why.clone(), until: None });
        self.state = State::Queued { until: None, why };
    }

    /// Whether it was asked again with this mark, or a later one.
    pub(crate) fn was_asked(&self, mark: u32) -> bool {
        self.asked.is_some_and(|asked| asked >= mark)
    }

    /// Has the agent that did it go on with these words, in the same session; once for each mark.
    pub(crate) fn ask_again(&mut self, words: &str, mark: u32, decision: &mut Decision) {
        if self.was_asked(mark) {
            return;
        }
        self.asked = Some(mark);
        // Another agent knows nothing of the session.
        self.wanted.agent = self.last().map(|last| last.agent.clone());
        let resume = self.last().map(|last| last.session.clone());
        let next = GoOn { resume, prompt: Some(words.to_owned()), counts: false };
        self.queue_again(next, "it is asked again", decision);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        agent::{begin::New, id::TaskId, wish::tests::wanted},
        base::Name,
    };

    fn agent(name: &str) -> crate::agent::model::Agent {
        use crate::{
            agent::file::{Context, load},
            session::Source,
        };
        let workspace = Name::near("w", "w");
        let (dir, drivers) = (std::path::Path::new("/w"), vec!["script".to_owned()]);
        let context = Context { dir, drivers, workspace: &workspace, implied: &[] };
        let bytes = format!("[agents.{name}]\ndriver = 'script'").into_bytes();
        load(&Source { path: "gaia.toml".into(), bytes }, &context).unwrap().agents.remove(0)
    }

    fn done() -> TaskRecord {
        let (workspace, dir) = (Name::near("w", "w"), "/w".into());
        let new = New { workspace, dir, wanted: wanted("do it"), env: Default::default() };
        let mut task = TaskRecord::new(TaskId(1), new, Moment(1));
        task.begin(&agent("one"), "s1".into(), Moment(2));
        task.state = State::Done;
        task
    }

    #[test]
    fn a_mark_asks_once_and_the_same_agent_goes_on_in_its_session() {
        let (mut task, mut decision) = (done(), Decision::new());
        task.ask_again("mend the result", 1, &mut decision);
        assert!(matches!(task.state, State::Queued { until: None, .. }));
        let again = task.clone();
        task.ask_again("mend the result", 1, &mut decision);
        assert_eq!(task, again, "a repeat changes nothing");
        assert_eq!(task.wanted.agent.as_ref().map(Name::as_str), Some("one"));

        task.begin(&agent("one"), "s2".into(), Moment(3));
        let attempt = task.last().unwrap();
        assert_eq!(attempt.prompt.as_deref(), Some("mend the result"));
        assert_eq!(attempt.resume.as_deref(), Some("s1"));
        task.state = State::Done;
        task.ask_again("mend the result", 1, &mut decision);
        assert_eq!(task.state, State::Done, "also when it has been done since");
        task.ask_again("once more", 2, &mut decision);
        assert_eq!(task.asked, Some(2));
        assert!(matches!(task.state, State::Queued { .. }));
        assert!(task.was_asked(1) && task.was_asked(2) && !task.was_asked(3));
    }

    #[test]
    fn an_older_record_is_read_as_one_that_was_never_asked() {
        let mut text = serde_json::to_value(done()).unwrap();
        text.as_object_mut().unwrap().remove("asked");
        for new in ["told", "output"] {
            text["wanted"].as_object_mut().unwrap().remove(new);
        }
        text["agent"].as_object_mut().unwrap().remove("implied");
        let read: TaskRecord = serde_json::from_value(text).unwrap();
        assert_eq!(read, done());
    }
}
