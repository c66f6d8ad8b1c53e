//! What the end of an attempt means.

use serde_json::{Map, Value};

use super::Machine;
use crate::{
    base::Moment,
    meter::{Amount, Cap},
    workflow::{
        model::{Kind, OnError, OnLost, Retry, RetryOn, Step},
        run::{About, Class, End, Event, InstanceId, Run, State},
        schema,
    },
};

/// Attempts that may be lost one after the other before a person is asked: something outside ends
/// them all.
const MOST_LOST: u32 = 5;

impl Machine<'_> {
    pub(super) fn ended(&mut self, at: InstanceId, end: End) {
        let End { result, output, cost, tokens } = end;
        let step = self.run.step_of(at);
        let stopped = self.run.get(at).ending;
        let (class, why) = match (result, stopped) {
            (Ok(()), _) => match fits(step, &output) {
                Ok(()) => {
                    let output = Value::Object(output);
                    self.emit(Event::Done { at, output, cost, tokens });
                    return self.watch_budget();
                }
                Err(error) if self.asks_again(at) => {
                    return self.emit(Event::AskedAgain { at, error });
                }
                Err(error) => (Class::OutputInvalid, format!("its outputs do not fit: {error}")),
            },
            (Err((_, why)), Some(Class::Timeout)) => (Class::Timeout, timeout(step, &why)),
            (Err((_, why)), Some(class)) => (class, why),
            (Err(bad), None) => bad,
        };
        let kept = (!output.is_empty()).then(|| Value::Object(output));
        let why_now = why.clone();
        self.emit(Event::Ended { at, class, why: why_now, cost, tokens, output: kept });
        self.watch_budget();
        self.after_failure(at, class, why);
    }

    /// Whether whoever gave an output that does not fit can be asked once more.
    fn asks_again(&self, at: InstanceId) -> bool {
        let step = self.run.step_of(at);
        let agent = matches!(step.kind, Kind::Agent(_));
        let unwanted = self.run.get(at).ending.is_some();
        agent && !unwanted && self.run.get(at).asks < step.max_asks
    }

    fn after_failure(&mut self, at: InstanceId, class: Class, why: String) {
        let (step, failures) = (self.run.step_of(at), self.run.get(at).failures);
        match class {
            Class::Cancelled => self.emit(Event::Dropped { at, why }),
            _ if self.run.cancelled.is_some() && !self.run.finally => {
                self.emit(Event::Dropped { at, why });
            }
            Class::Lost => self.lost(at, why),
            Class::Code(_)
            | Class::Signal(_)
            | Class::Timeout
            | Class::OutputInvalid
            | Class::Input
            | Class::Refused
            | Class::Failed => {
                let retry = step.retry.as_deref();
                if let Some(pause) = retry.and_then(|retry| pause(retry, failures, class)) {
                    let until = Moment(self.now.0.saturating_add(pause));
                    self.emit(Event::Waits { at, until });
                    self.wake();
                } else if step.on_error == OnError::Ask {
                    self.emit(Event::Held { at, about: About::Error, why });
                } else {
                    self.fail(at, why);
                }
            }
        }
    }

    fn lost(&mut self, at: InstanceId, why: String) {
        let (step, instance) = (self.run.step_of(at), self.run.get(at));
        let worth = step.retry.as_deref().filter(|retry| retry.on.contains(&RetryOn::Lost));
        let most = worth.map_or(0, |retry| retry.max);
        let again = match step.on_lost {
            OnLost::Retry => instance.lost < MOST_LOST,
            OnLost::Ask | OnLost::Fail => instance.lost <= most,
        };
        match step.on_lost {
            _ if again => {
                self.emit(Event::Waits { at, until: self.now });
                self.wake();
            }
            OnLost::Retry | OnLost::Ask => self.emit(Event::Held { at, about: About::Lost, why }),
            OnLost::Fail => self.fail(at, why),
        }
    }

    /// A run that has cost more than it may begins nothing new until a person has said so.
    fn watch_budget(&mut self) {
        let run = &*self.run;
        let asked = run.waived || run.over_budget.is_some() || run.cancelled.is_some();
        if asked || run.state != State::Running {
            return;
        }
        let over = run.plan.definition.budget.iter().find(|cap| is_over(run, cap));
        if let Some(cap) = over {
            let why = format!("the run has used up its budget of {}", cap.limit);
            self.emit(Event::OverBudget { why });
        }
    }
}

fn is_over(run: &Run, cap: &Cap) -> bool {
    match cap.limit {
        Amount::Money(most) => run.cost.is_some_and(|cost| cost >= most),
        Amount::Tokens(most) => run.tokens.total() >= most,
    }
}

fn timeout(step: &Step, why: &str) -> String {
    let spent = |ms: u64| std::time::Duration::from_millis(ms);
    match (step.timeout_ms, step.idle_timeout_ms) {
        (Some(ms), None) => format!("it took longer than {:?}", spent(ms)),
        (None, Some(ms)) => format!("it was silent for {:?}", spent(ms)),
        (Some(_), Some(_)) | (None, None) => format!("it took too long or was silent: {why}"),
    }
}

/// Whether outputs are what the step declares.
fn fits(step: &Step, output: &Map<String, Value>) -> Result<(), String> {
    let mut faults = Vec::new();
    for (name, schema) in &step.outputs {
        match output.get(name) {
            None if schema.nullable => (),
            None => faults.push(format!("`{name}` is missing")),
            Some(value) => {
                let of = |fault: String| format!("`{name}`: {fault}");
                faults.extend(schema::check(schema, value).err().into_iter().flatten().map(of));
            }
        }
    }
    let declared = step.outputs.keys().filter_map(|name| Some((name.clone(), output.get(name)?)));
    let declared: Map<_, _> = declared.map(|(name, value)| (name, value.clone())).collect();
    if faults.is_empty() && !declared.is_empty() && schema::is_placeholder(&Value::Object(declared))
    {
        faults.push("these are placeholders, not an answer".to_owned());
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

/// The pause before the next try in milliseconds, if there is to be one.
fn pause(retry: &Retry, failures: u32, class: Class) -> Option<u64> {
    let fits = |on: &RetryOn| match (on, class) {
        (RetryOn::Code(wanted), Class::Code(code)) => *wanted == code,
        (RetryOn::Timeout, Class::Timeout) => true,
        (RetryOn::Lost, Class::Lost) => true,
        (RetryOn::OutputInvalid, Class::OutputInvalid) => true,
        (RetryOn::Failed, Class::Code(_) | Class::Signal(_) | Class::Failed) => true,
        (
            RetryOn::Code(_)
            | RetryOn::Timeout
            | RetryOn::Lost
            | RetryOn::OutputInvalid
            | RetryOn::Failed,
            _,
        ) => false,
    };
    let wanted = retry.on.is_empty() || retry.on.iter().any(fits);
    if failures > retry.max || !wanted || class == Class::Refused {
        return None;
    }
    let factor = if retry.factor >= 1.0 { retry.factor } else { 1.0 };
    let grown = retry.backoff_ms as f64 * factor.powi(failures.saturating_sub(1) as i32);
    let most = if retry.max_backoff_ms == 0 { u64::MAX } else { retry.max_backoff_ms };
    Some((grown as u64).min(most))
}
