//! What a program in a pane has used, read from the file it keeps of its conversation.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::{
    ask::LaunchAsk,
    model::{Driver, Transcript},
    output::{Tokens, count, first_text},
};

/// The name under which tokens are counted that belong to no model.
const UNNAMED: &str = "unknown";

/// Tokens of each model in the text of a transcript. A line that is cut off or not understood is
/// left out; of lines that are one message, the last one counts.
#[must_use]
pub fn usage(driver: &Driver, text: &str) -> BTreeMap<String, Tokens> {
    let Some(transcript) = &driver.transcript else { return BTreeMap::new() };
    let mut account = Account { transcript, model: None, messages: vec![], known: HashMap::new() };
    let records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    records.for_each(|record| account.record(&record));
    account.total()
}

/// Where the transcript of a conversation lies; `*` stands for what only the program knows.
#[must_use]
pub fn glob(driver: &Driver, ask: &LaunchAsk, session: &str) -> Option<String> {
    let text = driver.transcript.as_ref()?.glob.as_str();
    let text = text.replace("{{home}}", &ask.home.to_string_lossy());
    Some(text.replace("{{session}}", session))
}

struct Account<'a> {
    transcript: &'a Transcript,
    model: Option<String>,
    messages: Vec<(String, Tokens)>,
    known: HashMap<String, usize>,
}

impl Account<'_> {
    fn record(&mut self, record: &Value) {
        let t = self.transcript;
        if let Some(from) = t.model_from.as_ref().filter(|from| from.when.holds(record)) {
            self.model = first_text(record, &from.at).or(self.model.take());
        }
        if !t.when.holds(record) {
            return;
        }
        let own = t.model.as_deref().and_then(|path| first_text(record, path));
        let model = own.or_else(|| self.model.clone()).unwrap_or_else(|| UNNAMED.to_owned());
        let entry = (model, count(record, &t.tokens));
        let id = t.dedupe.as_deref().and_then(|path| first_text(record, path));
        match id.as_ref().and_then(|id| self.known.get(id)) {
            Some(at) => self.messages[*at] = entry,
            None => {
                self.known.extend(id.map(|id| (id, self.messages.len())));
                self.messages.push(entry);
            }
        }
    }

    /// A counter that runs on is told apart by model through its growth.
    fn total(self) -> BTreeMap<String, Tokens> {
        let mut total: BTreeMap<String, Tokens> = BTreeMap::new();
        let mut before = Tokens::default();
        for (model, tokens) in self.messages {
            let more = if self.transcript.cumulative { tokens.since(before) } else { tokens };
            before = tokens;
            let sum = total.entry(model).or_default();
            *sum = sum.plus(more);
        }
        total.retain(|_, tokens| *tokens != Tokens::default());
        total
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::agent::driver::builtin;

    fn of(make: &str, text: &str) -> BTreeMap<String, Tokens> {
        usage(&Driver::load(make, builtin(make).unwrap()).unwrap(), text)
    }

    #[test]
    fn a_recorded_conversation_of_claude_counts_each_message_once() {
        let usage = of("claude", include_str!("../../../tests/transcripts/claude.jsonl"));
        let tokens =
            Tokens { input: 4600, output: 180, cache_read: 2600, cache_write: 500, reasoning: 0 };
        assert_eq!(usage, [("claude-sonnet-4-5".to_owned(), tokens)].into());
    }

    #[test]
    fn a_recorded_conversation_of_codex_is_its_last_total() {
        let usage = of("codex", include_str!("../../../tests/transcripts/codex.jsonl"));
        let tokens = Tokens { input: 5100, output: 180, cache_read: 2600, ..Tokens::default() };
        assert_eq!(usage, [("gpt-5".to_owned(), tokens)].into());
    }

    #[test]
    fn a_counter_that_runs_on_is_split_by_model_and_may_start_anew() {
        let model = |model: &str| json!({"type": "turn_context", "payload": {"model": model}});
        let count = |input: u64, output: u64| {
            json!({"type": "event_msg", "payload": {"type": "token_count", "info": {
                "total_token_usage": {"input_tokens": input, "output_tokens": output}}}})
        };
        let lines = [model("a"), count(10, 1), count(10, 1), model("b"), count(30, 3), count(5, 1)];
        let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let usage = of("codex", &text.join("\n"));
        assert_eq!((usage["a"].input, usage["a"].output), (10, 1));
        assert_eq!((usage["b"].input, usage["b"].output), (25, 3));
    }

    #[test]
    fn lines_that_are_cut_or_made_up_count_nothing() {
        let line = json!({"type": "assistant", "message": {"id": "m", "model": "<synthetic>", "usage": {"input_tokens": 9}}});
        assert_eq!(of("claude", &format!("{line}\n{{\"type\":\"assist")), BTreeMap::new());
        assert_eq!(of("aider", "anything"), BTreeMap::new());
    }

    #[test]
    fn the_file_of_a_conversation_has_a_place() {
        let ask = LaunchAsk { home: "/state/a1".into(), ..LaunchAsk::default() };
        let claude = Driver::load("claude", builtin("claude").unwrap()).unwrap();
        let place = glob(&claude, &ask, "id");
        assert_eq!(place.as_deref(), Some("/state/a1/projects/*/id.jsonl"));
    }
}
