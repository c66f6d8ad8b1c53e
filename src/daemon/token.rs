//! The secret that TCP callers must know: made once, kept in `run/token`, 0600.

use super::Options;
use crate::{
    adapter::{SystemRandom, files},
    base::{Code, Refusal},
    port::Random,
};

/// Words of 16 random bits in a token: 256 bits.
const WORDS: usize = 16;

/// Address and token of the TCP listener, if one is configured.
pub(super) fn listener(options: &Options) -> Result<Option<(String, String)>, Refusal> {
    let address = options.settings.text("api", "tcp");
    if address.is_empty() {
        return Ok(None);
    }
    let path = options.home.run().join("token");
    let known = files::read_text(&path).unwrap_or_default().trim().to_owned();
    if known.len() == WORDS * 4 {
        return Ok(Some((address.to_owned(), known)));
    }
    let token: String = (0..WORDS).map(|_| format!("{:04x}", SystemRandom.word())).collect();
    files::replace(&path, token.as_bytes()).map_err(|e| {
        Refusal::new(Code::Failed, format!("{} cannot be written: {e}", path.display()))
            .help("free some space or correct the owner of the home")
    })?;
    Ok(Some((address.to_owned(), token)))
}
