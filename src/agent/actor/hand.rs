//! Prompts into the terminal of a program that runs.

use tokio::sync::oneshot;

use super::{
    job::{Halt, Job},
    mind::Mind,
    receipt, spec,
};
use crate::{
    agent::{
        delivery::{Act, Delivery, Look, Manner, Receipt as Rung, Sign, Why},
        evidence::{Composer, Judgement},
        fact::TaskAsked,
        model::{Receipt, State, Step},
        words,
    },
    base::{Code, Moment, Refusal},
    inbox::{Kind, NewItem},
};

/// One prompt on its way.
pub(super) struct Hand {
    delivery: Delivery,
    seen: Option<Judgement>,
    wake: Option<Moment>,
    reply: Option<oneshot::Sender<Result<Receipt, Refusal>>>,
}

impl Hand {
    fn new(
        text: &str,
        manner: Manner,
        now: Moment,
        reply: Option<oneshot::Sender<Result<Receipt, Refusal>>>,
    ) -> Result<Self, Why> {
        let delivery = Delivery::new(text, manner, now)?;
        Ok(Self { delivery, seen: None, wake: Some(now), reply })
    }

    /// When it has to be looked at.
    pub(super) fn wake(&self) -> Option<Moment> {
        self.wake
    }

    /// The program wrote something.
    pub(super) fn output(&mut self, now: Moment) {
        let _ = self.delivery.take(Sign::Output, now);
    }

    /// The screen was judged.
    pub(super) fn judged(&mut self, judgement: Judgement, now: Moment) {
        self.seen = Some(judgement);
        self.wake = Some(now);
    }

    /// Its program told that it took a prompt.
    pub(super) fn confirmed(&mut self) {
        let _ = self.delivery.take(Sign::Prompt, Moment(0));
        self.wake = Some(Moment(0));
    }
}

/// The delivery of the first prompt, where that is typed.
pub(super) fn first(job: &Job) -> Option<Hand> {
    let receipt = job.attempt().receipt.as_ref().filter(|receipt| receipt.way == "paste")?;
    if receipt.state != Rung::Queued {
        return None;
    }
    let manner = spec::load(job).ok()?.manner();
    // What a person has sent since then is told apart from the prompt it began with.
    let texts = [spec::prompt(job), job.attempt().prompt.clone()];
    let is_it = |text: &String| words::digest(text) == receipt.digest;
    let text = texts.into_iter().flatten().find(is_it)?;
    Hand::new(&text, manner, job.world.now(), None).ok()
}

/// A daemon that died between typing and the sign cannot tell what came of it.
pub(super) async fn after_restart(job: &mut Job) -> Result<(), Halt> {
    let receipt = job.attempt().receipt.clone().filter(|receipt| receipt.way == "paste");
    let Some(receipt) = receipt else { return Ok(()) };
    let rung = Delivery::after_restart(receipt.state.clone());
    if rung == receipt.state {
        return Ok(());
    }
    receipt::raise(job, rung, |_| true).await?;
    doubt(job, Why::Restart).await
}

/// Begins to type a text that a person sends, or (with a mark) whoever waits for the task.
pub(super) async fn begin(
    mind: &mut Mind,
    job: &mut Job,
    (text, mark): (String, Option<u32>),
    reply: oneshot::Sender<Result<Receipt, Refusal>>,
) -> Result<(), Halt> {
    let refused = |why: &dyn std::fmt::Display, help: &str| {
        Refusal::new(Code::Failed, format!("it was not typed: {why}")).help(help)
    };
    if mind.screen.is_none() {
        let help = "`gaia task retry` with --prompt goes on with what it knows when it has ended";
        let _ = reply.send(Err(refused(&"it works through its command line", help)));
        return Ok(());
    }
    if mind.hand.is_some() {
        let _ = reply.send(Err(refused(&"another text is on its way", "wait for that one")));
        return Ok(());
    }
    let manner = match spec::load(job) {
        Ok(driver) => driver.manner(),
        Err(why) => {
            let _ = reply.send(Err(refused(&why, "`gaia agent drivers` lists what is known")));
            return Ok(());
        }
    };
    let now = job.world.now();
    match Hand::new(&text, manner, now, None) {
        Err(why) => drop(reply.send(Err(refused(&why, "send other text")))),
        Ok(hand) => {
            let receipt = Receipt {
                state: Rung::Queued,
                way: "paste".to_owned(),
                bytes: text.len() as u64,
                digest: words::digest(&text),
                at: now,
            };
            if job.attempt().ended.is_some()
                && let Err(why) = job.world.desk.reserve(job.task.id).await?
            {
                let help = "raise the budget in gaia.toml, or begin another task";
                let _ = reply.send(Err(refused(&why, help)));
                return Ok(());
            }
            let on_record = receipt.clone();
            turn_again(job, (text, mark), receipt).await?;
            mind.deadline = job.deadline();
            let reply = match mark {
                Some(_) => reply.send(Ok(on_record)).err().and(None),
                None => Some(reply),
            };
            mind.hand = Some(Hand { reply, ..hand });
            mind.judge(job).await?;
        }
    }
    Ok(())
}

/// Writes down that another turn begins with a text that is to be typed.
async fn turn_again(
    job: &mut Job,
    (text, mark): (String, Option<u32>),
    receipt: Receipt,
) -> Result<(), Halt> {
    if mark.is_some() {
        super::output::make_room(job);
    }
    let now = receipt.at;
    job.change(move |task, _| {
        task.state = State::Running;
        task.asked = task.asked.max(mark);
        task.turn_again(now);
        if let Some(attempt) = task.attempts.last_mut() {
            attempt.receipt = Some(receipt);
            attempt.prompt = Some(text);
            attempt.step = Step::Launched;
        }
    })
    .await
}

/// Does what is to be done next, until there is nothing to do but wait.
pub(super) async fn go_on(mind: &mut Mind, job: &mut Job) -> Result<(), Halt> {
    loop {
        let now = job.world.now();
        let Some(hand) = mind.hand.as_ref() else { return Ok(()) };
        if hand.wake.is_some_and(|wake| wake > now) {
            return Ok(());
        }
        let look = look(mind, job).await;
        let Some(hand) = mind.hand.as_mut() else { return Ok(()) };
        match hand.delivery.take(Sign::Look(look), now) {
            Act::Wait { until, .. } => {
                hand.wake = Some(Moment(until.0.max(now.0 + 20)));
                return Ok(());
            }
            Act::Type(bytes) => type_in(mind, job, bytes).await?,
            Act::PressEnter => {
                // On record first: a daemon that dies here types nothing twice.
                receipt::raise(job, Rung::Submitted, |_| true).await?;
                let units = &job.world.sessions.ports().units;
                let _ = units.input(&mind.unit, b"\r".to_vec(), false).await;
            }
            Act::Accepted => return over(mind, job, Rung::Accepted).await,
            Act::Refused(why) => return over(mind, job, Rung::Refused(why)).await,
            Act::Unknown(why) => {
                doubt(job, why).await?;
                return over(mind, job, Rung::Unknown(why)).await;
            }
        }
    }
}

async fn type_in(mind: &mut Mind, job: &mut Job, bytes: Vec<u8>) -> Result<(), Halt> {
    receipt::raise(job, Rung::Typed, |_| true).await?;
    let wanted = bytes.len();
    let units = &job.world.sessions.ports().units;
    let typed = units.input(&mind.unit, bytes, false).await;
    let sign = match typed {
        Ok(bytes) if bytes as usize >= wanted => Sign::Typed,
        Ok(bytes) => Sign::Short(usize::try_from(bytes).unwrap_or(0)),
        Err(_) => Sign::Short(0),
    };
    if let Some(hand) = &mut mind.hand {
        let now = job.world.now();
        let _ = hand.delivery.take(sign, now);
    }
    Ok(())
}

async fn over(mind: &mut Mind, job: &mut Job, rung: Rung) -> Result<(), Halt> {
    receipt::raise(job, rung.clone(), |_| true).await?;
    let Some(hand) = mind.hand.take() else { return Ok(()) };
    if let (Some(reply), Some(receipt)) = (hand.reply, job.attempt().receipt.clone()) {
        let _ = reply.send(Ok(receipt));
    } else if let Rung::Refused(why) = rung {
        doubt(job, why).await?;
    }
    Ok(())
}

/// A person is asked what became of a prompt.
async fn doubt(job: &mut Job, why: Why) -> Result<(), Halt> {
    let attempt = job.attempt();
    let new = NewItem {
        workspace: Some(job.task.workspace.clone()),
        agent: Some(job.agent.name.to_string()),
        task: Some(job.task.id.to_string()),
        body: format!(
            "{why}. Nothing is typed again by itself. Look with `gaia agent attach {}`. Approve if it \
             has arrived and its work is done, deny to have it sent to a new program.",
            job.task.id
        ),
        key: Some(format!("delivery.{}.{}", job.task.id, attempt.number)),
        ..NewItem::new(Kind::Delivery, format!("did {} get its prompt?", job.task.id))
    };
    let item = job.world.people.raise(new).await?.to_string();
    job.change(move |task, decision| {
        let (id, why) = (task.id, format!("nobody can tell whether its prompt arrived: {why}"));
        decision.fact(&TaskAsked { task: id, item: item.clone(), why: why.clone() });
        task.state = State::Asking { item, why };
    })
    .await
}

async fn look(mind: &Mind, job: &Job) -> Look {
    let ports = job.world.sessions.ports();
    let tmux = ports.tmux.list().await.unwrap_or_default();
    let in_mode = tmux.panes.iter().any(|p| p.unit.as_ref() == Some(&mind.unit) && p.in_mode);
    let bracketed = mind.screen.as_ref().is_some_and(|(_, screen)| screen.bracketed_paste());
    let composer =
        mind.hand.as_ref().and_then(|hand| hand.seen.as_ref()).map(|j| j.composer.clone());
    Look {
        state: mind.watch.standing().state.clone(),
        composer: composer.unwrap_or(Composer::Absent),
        copy_mode: in_mode,
        bracketed,
        foreground: true,
    }
}
