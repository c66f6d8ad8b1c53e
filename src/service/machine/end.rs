//! What the end of an incarnation means: the exit rule.

use super::{
    input::{Effect, Stepper, Timer, Told},
    state::{Desired, Ended, How, Phase, Why},
};
use crate::service::model::{Kind, Policy, RestartRule};

/// Whether an end is success: 0, a code the definition names, or gaia's own stop.
pub(crate) fn ended_well(rule: &RestartRule, ended: &Ended) -> bool {
    match &ended.how {
        How::Code(code) => *code == 0 || rule.success.contains(code),
        How::Stopped(..) | How::Closed => true,
        How::Signal(_) | How::NotStarted(_) | How::Unfit(_) | How::Unknown => false,
    }
}

/// Pause before restart number `attempt` (counted from 0) in a row, in milliseconds; `dice` moves
/// it within its last quarter, so that services that fell together do not rise together.
pub(crate) fn backoff_ms(rule: &RestartRule, attempt: u32, dice: u16) -> u64 {
    // After a good run the first restart comes at once.
    let Some(doublings) = attempt.checked_sub(1) else { return 0 };
    let full = rule.first_ms.saturating_mul(2_u64.saturating_pow(doublings)).min(rule.cap_ms);
    let quarter = full / 4;
    full - quarter + quarter * u64::from(dice) / u64::from(u16::MAX)
}

/// In the order of supervision.md §3.2: asked for, permanent, then the policy.
pub(super) fn after_end(step: &mut Stepper<'_>, ended: Ended) {
    let rule = &step.rules.restart;
    let well = ended_well(rule, &ended);
    let permanent =
        ended.permanent || matches!(&ended.how, How::Code(code) if rule.permanent.contains(code));
    step.next.health = super::Health::Unknown;
    let by_hand = matches!(ended.how, How::Closed | How::Stopped(..));
    if step.next.desired == Desired::Down || by_hand {
        // A pane that a person closed, or whose session was ended, is a stop and no failure.
        step.next.desired = Desired::Down;
        step.rest();
    } else if permanent && !well {
        let why = match &ended.how {
            How::NotStarted(what) => Why::NotStarted(what.clone()),
            How::Code(_)
            | How::Signal(_)
            | How::Stopped(..)
            | How::Closed
            | How::Unfit(_)
            | How::Unknown => Why::Permanent(format!("{}: no restart can cure that", ended.show())),
        };
        fail(step, why);
    } else if is_due(step, &ended, well) {
        again(step, &ended);
    } else if well {
        step.tell(Told::Completed(ended.clone()));
        step.phase(Phase::Completed(ended));
    } else {
        fail(step, Why::Ended(ended.show()));
    }
}

fn is_due(step: &Stepper<'_>, ended: &Ended, well: bool) -> bool {
    let rule = &step.rules.restart;
    if step.next.desired == Desired::Once {
        return false;
    }
    match rule.policy {
        Policy::No => false,
        Policy::OnFailure => !well,
        Policy::OnAbnormal => match ended.how {
            How::Signal(_) | How::Unfit(_) | How::Unknown | How::NotStarted(_) => true,
            How::Code(_) | How::Stopped(..) | How::Closed => false,
        },
        // A one-shot that is always started again would never be done.
        Policy::Always | Policy::UnlessStopped => !(well && step.rules.kind == Kind::Oneshot),
    }
}

/// Starts it again after its pause, unless that happened too often.
fn again(step: &mut Stepper<'_>, ended: &Ended) {
    let (rule, now) = (&step.rules.restart, step.now.at);
    let window = rule.window_ms;
    step.next.ledger.retain(|at| *at <= now && now.0 - at.0 < window);
    if rule.limit > 0 && step.next.ledger.len() >= rule.limit as usize {
        let why = format!(
            "{}, and it was started again {} times within {} s",
            ended.show(),
            rule.limit,
            window / 1000
        );
        return fail(step, Why::CrashLoop(why));
    }
    // Without a limit nobody counts, and the list must not grow.
    if rule.limit > 0 {
        step.next.ledger.push(now);
    }
    let pause = backoff_ms(rule, step.next.attempt, step.now.dice);
    step.next.restarts += 1;
    step.next.attempt = step.next.attempt.saturating_add(1);
    if pause == 0 {
        return step.wait();
    }
    step.next.pauses += 1;
    let until = crate::base::Moment(now.0 + pause);
    step.phase(Phase::Backoff { until, attempt: step.next.attempt });
    step.tell(Told::BackedOff(pause));
    step.effect(Effect::Wake(Timer::Backoff(step.next.pauses), pause));
}

fn fail(step: &mut Stepper<'_>, why: Why) {
    step.tell(Told::Failed(why.clone()));
    step.phase(Phase::Failed(why));
    step.effect(Effect::Evidence);
}
