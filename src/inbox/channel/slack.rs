use serde_json::json;

use super::{Channel, Lookup, Message, TIMEOUT, cut, secret::Address};
use crate::base::{HttpPost, Outgoing};

/// An incoming webhook of Slack's.
pub(super) struct Slack {
    pub(super) url: Address,
}

impl Channel for Slack {
    fn render(&self, message: &Message, lookup: &Lookup<'_>) -> Result<Outgoing, String> {
        let url = self.url.find(lookup, true)?;
        let (title, text) =
            (escape(&cut(&message.title, 200)), escape(&cut(&message.text(), 3000)));
        let origin = escape(&message.origin());
        let body = json!({ "text": format!("*{title}*\n_{origin}_\n{text}") });
        Ok(Outgoing::Post(HttpPost {
            url,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
            timeout: TIMEOUT,
        }))
    }
}

/// Slack reads `<…>` as links and as calls to everybody.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
