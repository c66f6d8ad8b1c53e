use std::time::Duration;

use serde_json::{Value, json};

use super::{Back, Channel, Heard, Lookup, Message, Said, Secret, TIMEOUT, cut, secret::Address};
use crate::base::{HttpPost, Outgoing};

/// Seconds that Telegram may wait for something to be said.
const WAIT: u64 = 50;

/// A bot in one chat; what is said in reply to its messages is an answer.
pub(super) struct Telegram {
    pub(super) server: Address,
    pub(super) token: Secret,
    pub(super) chat: Chat,
}

/// The chat that is told, and whose words count.
pub(super) enum Chat {
    Plain(i64),
    Secret(Secret),
}

impl Telegram {
    fn call(&self, method: &str, body: &Value, lookup: &Lookup<'_>) -> Result<HttpPost, String> {
        let server = self.server.find(lookup, true)?;
        let token = self.token.find(lookup)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
        if !token.chars().all(fits) {
            return Err(format!("what is at {} is no bot token", self.token));
        }
        Ok(HttpPost {
            url: format!("{}/bot{token}/{method}", server.trim_end_matches('/')),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
            timeout: TIMEOUT,
        })
    }

    fn chat(&self, lookup: &Lookup<'_>) -> Result<i64, String> {
        match &self.chat {
            Chat::Plain(chat) => Ok(*chat),
            Chat::Secret(secret) => {
                let text = secret.find(lookup)?;
                text.parse().map_err(|_| format!("what is at {secret} is no chat id"))
            }
        }
    }
}

impl Channel for Telegram {
    fn render(&self, message: &Message, lookup: &Lookup<'_>) -> Result<Outgoing, String> {
        let how = if message.item.is_some() { "\n\nReply to this message to answer." } else { "" };
        let text = format!("{}\n{}\n\n{}{how}", message.title, message.origin(), message.text());
        let mut body = json!({
            "chat_id": self.chat(lookup)?,
            "text": cut(&text, 3500),
            "link_preview_options": { "is_disabled": true },
        });
        if message.item.is_some() {
            body["reply_markup"] = json!({ "force_reply": true });
        }
        self.call("sendMessage", &body, lookup).map(Outgoing::Post)
    }

    fn reference(&self, reply: &str) -> Result<String, String> {
        let id = result(reply)?["message_id"].as_i64();
        id.map(|id| id.to_string()).ok_or_else(|| "Telegram did not say the message's id".into())
    }

    fn back(&self) -> Option<&dyn Back> {
        Some(self)
    }
}

impl Back for Telegram {
    fn ask(&self, offset: i64, lookup: &Lookup<'_>) -> Result<Outgoing, String> {
        let body = json!({ "offset": offset, "timeout": WAIT, "allowed_updates": ["message"] });
        let post = self.call("getUpdates", &body, lookup)?;
        Ok(Outgoing::Post(HttpPost { timeout: TIMEOUT + Duration::from_secs(WAIT), ..post }))
    }

    fn read(&self, answer: &str, offset: i64, lookup: &Lookup<'_>) -> Result<Heard, String> {
        let (chat, updates) = (self.chat(lookup)?, result(answer)?);
        let mut heard = Heard { said: vec![], next: offset };
        for update in updates.as_array().into_iter().flatten() {
            let id = update["update_id"].as_i64().unwrap_or(0);
            heard.next = heard.next.max(id.saturating_add(1));
            heard.said.extend(said(&update["message"], chat));
        }
        Ok(heard)
    }

    fn say(&self, said: &Said, text: &str, lookup: &Lookup<'_>) -> Result<Outgoing, String> {
        let id: Value = said.id.parse::<i64>().map_or(Value::Null, Value::from);
        let body = json!({
            "chat_id": self.chat(lookup)?,
            "text": cut(text, 3500),
            "reply_parameters": { "message_id": id, "allow_sending_without_reply": true },
        });
        self.call("sendMessage", &body, lookup).map(Outgoing::Post)
    }
}

/// A reply to a message, if it was written in this chat.
fn said(message: &Value, chat: i64) -> Option<Said> {
    if message["chat"]["id"].as_i64() != Some(chat) {
        return None;
    }
    let from = &message["from"];
    let by = from["username"].as_str().or(from["first_name"].as_str()).unwrap_or("somebody");
    Some(Said {
        to: message["reply_to_message"]["message_id"].as_i64()?.to_string(),
        id: message["message_id"].as_i64()?.to_string(),
        by: by.to_owned(),
        text: message["text"].as_str()?.to_owned(),
    })
}

fn result(reply: &str) -> Result<Value, String> {
    let mut reply: Value =
        serde_json::from_str(reply).map_err(|_| "Telegram's answer is no JSON".to_owned())?;
    match reply["ok"].as_bool() {
        Some(true) => Ok(reply["result"].take()),
        _ => Err(format!("Telegram said: {}", reply["description"].as_str().unwrap_or("no"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_replies_in_the_chat_count() {
        let bot = Telegram {
            server: Address::Plain("https://t.example".into()),
            token: Secret::Env("T".into()),
            chat: Chat::Plain(-42),
        };
        let message = |chat: i64, reply: Option<i64>, text: Option<&str>| {
            json!({
                "message_id": 9, "chat": { "id": chat }, "from": { "first_name": "Ann" },
                "text": text, "reply_to_message": reply.map(|id| json!({ "message_id": id })),
            })
        };
        let updates = [
            message(-42, Some(7), Some("blue")),
            message(666, Some(7), Some("red")),
            message(-42, None, Some("hello")),
            message(-42, Some(7), None),
            json!({}),
        ];
        let updates: Vec<Value> = (100..)
            .zip(updates)
            .map(|(id, message)| json!({ "update_id": id, "message": message }))
            .collect();
        let (env, read) = (Default::default(), |_: &std::path::Path| Err(String::new()));
        let lookup = Lookup { env: &env, read: &read };
        let answer = json!({ "ok": true, "result": updates }).to_string();
        let heard = bot.read(&answer, 3, &lookup).unwrap();
        let blue = Said { to: "7".into(), id: "9".into(), by: "Ann".into(), text: "blue".into() };
        assert_eq!(heard, Heard { said: vec![blue], next: 105 });
        for (answer, error) in [
            (r#"{"ok":false,"description":"Unauthorized"}"#, "Telegram said: Unauthorized"),
            ("<html>", "Telegram's answer is no JSON"),
        ] {
            assert_eq!(bot.read(answer, 3, &lookup).unwrap_err(), error);
        }
        assert!(bot.ask(3, &lookup).unwrap_err().contains("T is not set"));
    }
}
