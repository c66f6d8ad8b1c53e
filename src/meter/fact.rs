//! What the ledger is told of tokens and money.

use super::{
    budget::{Amount, Which},
    usage::{Micros, Tokens},
};

crate::facts! {
    MeterSpent = "meter.spent", "an attempt ended and what it used is booked; no cost: it has no price"
        {
            task: String, attempt: u32, workspace: String, agent: String, provider: String,
            model: String, tokens: Tokens, cost: Option<Micros>, held: Micros,
        }
    MeterWarned = "meter.warned", "a budget is nearly used up"
        { which: Which, of: String, spent: Amount, limit: Amount }
    MeterStopped = "meter.stopped", "a budget forbids an attempt to start or to go on"
        {
            task: String, attempt: u32, which: Which, of: String, spent: Amount, reserved: Amount,
            limit: Amount,
        }
}
