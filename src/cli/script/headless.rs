//! A play told as lines of JSON, as the programs that work without a screen do.

use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};

use super::{
    NOTE,
    play::{Class, Done, End, Player, Stage},
};
use crate::cli::{Outcome, print};

struct Lines;

impl Stage for Lines {
    fn say(&mut self, text: &str) {
        line(&json!({ "type": "assistant", "text": text }));
    }

    fn did(&mut self, what: &str) {
        line(&json!({ "type": "tool", "text": what }));
    }
}

fn line(record: &Value) {
    print(&record.to_string());
}

/// Plays to the end.
pub(super) fn run(player: &Player, session: &str, mut done: Done, prompt: &str) -> Outcome {
    line(&json!({ "type": "system", "subtype": "init", "session_id": session, "note": NOTE }));
    let end = player.play(prompt, &mut done, &AtomicBool::new(false), &mut Lines);
    line(&record(&end, session));
    Outcome { text: String::new(), failed: end.error.is_some() }
}

/// The last line.
fn record(end: &End, session: &str) -> Value {
    let mut record = json!({
        "type": "result",
        "is_error": end.error.is_some(),
        "result": end.text,
        "session_id": session,
        "num_turns": end.turns.max(1),
        "usage": {
            "input_tokens": end.usage.input,
            "output_tokens": end.usage.output,
            "cache_read_input_tokens": end.usage.cache_read,
            "cache_creation_input_tokens": end.usage.cache_write,
        },
        "total_cost_usd": end.usage.cost_usd,
    });
    match end.error {
        None => {}
        Some(Class::Failed) => record["error_class"] = json!("failed"),
        Some(Class::Interrupted) => record["error_class"] = json!("killed"),
        Some(Class::Limited { until }) => {
            record["error_class"] = json!("limited");
            record["resets_at"] = json!(until);
        }
    }
    record
}
