use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Channel, Lookup, Message, Secret, TIMEOUT, secret::Address};
use crate::base::{HttpPost, Outgoing};

/// A server of the person's that takes JSON.
pub(super) struct Webhook {
    pub(super) url: Address,
    pub(super) secret: Option<Secret>,
}

impl Channel for Webhook {
    fn render(&self, message: &Message, lookup: &Lookup<'_>) -> Result<Outgoing, String> {
        let url = self.url.find(lookup, false)?;
        let body = serde_json::to_vec(message).map_err(|e| e.to_string())?;
        let mut headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("x-gaia-kind".to_owned(), header(&message.kind)),
        ];
        if let Some(secret) = &self.secret {
            let signature = sign(secret.find(lookup)?.as_bytes(), &body);
            headers.push(("x-gaia-signature-256".to_owned(), format!("sha256={signature}")));
        }
        Ok(Outgoing::Post(HttpPost { url, headers, body, timeout: TIMEOUT }))
    }
}

/// HMAC-SHA256 of a body, in hexadecimal digits.
fn sign(secret: &[u8], body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A word that is safe in a header.
fn header(word: &str) -> String {
    word.chars().filter(|c| c.is_ascii_graphic()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn signatures_are_those_of_the_standard() {
        assert_eq!(
            sign(b"Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
