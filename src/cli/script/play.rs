//! The steps of a recorded task, one after the other.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use serde_json::{Value, json};

use super::model::{Act, Script, Step, Usage};
use crate::{
    adapter::{
        ask::{NoAnswer, Patience},
        files, play as hands, process,
    },
    cli::inside,
};

/// Between two looks at what is waited for.
const BREATH: Duration = Duration::from_millis(20);
/// How long a daemon may be away while a person is asked.
const AWAY: Duration = Duration::from_secs(120);

/// Numbers of the steps that were done.
pub(super) type Done = BTreeSet<usize>;

/// A task and where it is played.
pub(super) struct Player {
    pub(super) script: Script,
    pub(super) cwd: PathBuf,
    pub(super) daemon: PathBuf,
    pub(super) memory: Memory,
}

/// Where a conversation is remembered.
pub(super) struct Memory(Option<PathBuf>);

impl Memory {
    pub(super) fn open(folder: Option<PathBuf>, session: &str) -> Self {
        let safe = session.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        Self(folder.filter(|_| safe).map(|folder| folder.join(format!("script-{session}.json"))))
    }

    /// What was done; nothing is known of a conversation that never was.
    pub(super) fn read(&self) -> Option<Done> {
        serde_json::from_str(&files::read_text(self.0.as_ref()?).ok()?).ok()
    }

    pub(super) fn keep(&self, done: &Done) -> Result<(), String> {
        let Some(file) = &self.0 else { return Ok(()) };
        let kept = files::replace(file, json!(done).to_string().as_bytes());
        kept.map_err(|e| format!("{} cannot be written: {e}", file.display()))
    }
}

/// Whoever shows what happens.
pub(super) trait Stage {
    /// Words of the agent.
    fn say(&mut self, text: &str);
    /// Something was done.
    fn did(&mut self, what: &str);
}

/// How a play ended.
#[derive(Debug, Default)]
pub(super) struct End {
    /// The last words.
    pub(super) text: String,
    pub(super) error: Option<Class>,
    pub(super) usage: Usage,
    pub(super) turns: u64,
}

/// What kind of bad end it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Failed,
    Limited { until: u64 },
    Interrupted,
}

/// One play: what was answered so far, and the word to stop.
struct Play<'a> {
    player: &'a Player,
    prompt: &'a str,
    answer: String,
    stop: &'a AtomicBool,
    end: End,
}

impl Player {
    /// Plays the steps that this prompt calls for. A step that was done is not done again, unless
    /// it waits for just such a prompt.
    pub(super) fn play(
        &self,
        prompt: &str,
        done: &mut Done,
        stop: &AtomicBool,
        stage: &mut dyn Stage,
    ) -> End {
        let (answer, end) = (String::new(), End::default());
        let mut play = Play { player: self, prompt, answer, stop, end };
        for (number, step) in self.script.steps.iter().enumerate() {
            let due = match &step.when {
                Some(when) => when.is_match(prompt),
                None => !done.contains(&number),
            };
            if !due {
                continue;
            }
            let result = play.step(step, stage);
            // What ends a play has been done, too: it would end the next one again.
            if !matches!(result, Err((Class::Interrupted, _))) {
                done.insert(number);
                if let Err(what) = self.memory.keep(done) {
                    stage.did(&what);
                }
            }
            if let Err((class, text)) = result {
                play.end.error = Some(class);
                play.end.text = text;
                break;
            }
        }
        play.end
    }
}

type Ended = (Class, String);

impl Play<'_> {
    fn step(&mut self, step: &Step, stage: &mut dyn Stage) -> Result<(), Ended> {
        self.wait(Duration::from_millis(step.pause_ms), || false)?;
        match &step.act {
            Act::Say(text) => {
                let text = self.filled(text);
                stage.say(&text);
                self.end.turns += 1;
                self.end.text = text;
            }
            Act::Write { path, content } => {
                let file = self.file(path)?;
                hands::write(&file, &self.filled(content)).map_err(failed)?;
                stage.did(&format!("wrote {path}"));
            }
            Act::Edit { path, old, new } => {
                self.edit(path, old, new)?;
                stage.did(&format!("edited {path}"));
            }
            Act::Run { line, may_fail } => self.run(line, *may_fail, stage)?,
            Act::Ask { question, options } => {
                let question = self.filled(question);
                stage.did(&format!("asks: {question}"));
                let reply = self.ask(&json!({ "question": question, "options": options }))?;
                self.answer = reply["answer"].as_str().unwrap_or_default().to_owned();
            }
            Act::Report(text) => self.post("report", &json!({ "text": self.filled(text) }))?,
            Act::Finish { summary, deliverables } => {
                let summary = self.filled(summary);
                let body = json!({ "summary": summary, "deliverables": deliverables });
                self.post("finish", &body)?;
                self.end.text = summary;
            }
            Act::WaitFile(path) => {
                let file = self.file(path)?;
                stage.did(&format!("waits for {path}"));
                self.wait(Duration::MAX, || hands::exists(&file))?;
            }
            Act::Fail(text) => return Err(failed(self.filled(text))),
            Act::Limit { until_s } => {
                let until = hands::epoch().saturating_add(*until_s);
                return Err((Class::Limited { until }, "a limit of use is reached".to_owned()));
            }
            Act::Usage(usage) => self.end.usage = plus(self.end.usage, *usage),
            Act::Hang => self.wait(Duration::MAX, || false)?,
            Act::Pause => {}
        }
        Ok(())
    }

    fn filled(&self, text: &str) -> String {
        text.replace("{{answer}}", &self.answer).replace("{{prompt}}", self.prompt)
    }

    fn file(&self, path: &str) -> Result<PathBuf, Ended> {
        hands::below(&self.player.cwd, &self.filled(path)).map_err(failed)
    }

    fn edit(&self, path: &str, old: &str, new: &str) -> Result<(), Ended> {
        let file = self.file(path)?;
        let text = files::read_text(&file).map_err(failed)?;
        let count = text.matches(old).count();
        if old.is_empty() || count != 1 {
            return Err(failed(format!("{path} has the old text {count} times, not once")));
        }
        hands::write(&file, &text.replacen(old, &self.filled(new), 1)).map_err(failed)
    }

    fn run(&self, line: &str, may_fail: bool, stage: &mut dyn Stage) -> Result<(), Ended> {
        let line = self.filled(line);
        let ran = hands::shell(&line, &self.player.cwd)
            .map_err(|e| failed(format!("sh cannot be started: {e}")))?;
        stage.did(&format!("$ {line}\n{}", ran.output.trim_end()));
        match ran.code {
            Some(0) => Ok(()),
            _ if may_fail => Ok(()),
            Some(code) => Err(failed(format!("`{line}` ended with exit code {code}"))),
            None => Err(failed(format!("`{line}` was ended by a signal"))),
        }
    }

    /// Waits for an answer, also over a restart of the daemon, which knows the question again.
    fn ask(&self, body: &Value) -> Result<Value, Ended> {
        let mut connect = Duration::from_secs(2);
        loop {
            let patience = Patience { connect, answer: None };
            match inside::post(&self.player.daemon, "/v1/self/ask", body, patience) {
                Ok(reply) => return reply.map_err(|refusal| failed(refusal.to_string())),
                Err(NoAnswer::Lost(_)) => connect = AWAY,
                Err(NoAnswer::Untaken(_)) => return Err(away()),
            }
            self.wait(BREATH, || false)?;
        }
    }

    fn post(&self, what: &str, body: &Value) -> Result<(), Ended> {
        let answer = Some(Duration::from_secs(30));
        let patience = Patience { connect: Duration::from_secs(5), answer };
        match inside::post(&self.player.daemon, &format!("/v1/self/{what}"), body, patience) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(refusal)) => Err(failed(refusal.to_string())),
            Err(_) => Err(away()),
        }
    }

    /// Waits for something, at most a while; the word to stop ends it.
    fn wait(&self, span: Duration, come: impl Fn() -> bool) -> Result<(), Ended> {
        let mut left = span;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err((Class::Interrupted, "interrupted".to_owned()));
            }
            if left.is_zero() || come() {
                return Ok(());
            }
            process::pause(left.min(BREATH));
            left = left.saturating_sub(BREATH);
        }
    }
}

fn failed(text: impl Into<String>) -> Ended {
    (Class::Failed, text.into())
}

fn away() -> Ended {
    failed("gaia does not answer; a step that asks or reports needs its daemon")
}

fn plus(one: Usage, other: Usage) -> Usage {
    Usage {
        input: one.input + other.input,
        output: one.output + other.output,
        cache_read: one.cache_read + other.cache_read,
        cache_write: one.cache_write + other.cache_write,
        cost_usd: one.cost_usd + other.cost_usd,
    }
}
