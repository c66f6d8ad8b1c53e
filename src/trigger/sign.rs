//! Whether a call from outside is from somebody who knows the secret. Pure.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Headers that hold a signature, beside one of the trigger's own.
pub(crate) const HEADERS: [&str; 3] =
    ["x-hub-signature-256", "x-gaia-signature-256", "x-gaia-signature"];
/// Headers that hold the id of a delivery.
pub(crate) const DELIVERY: [&str; 2] = ["x-github-delivery", "x-gaia-delivery"];

/// Whether `given` (`sha256=…` in hexadecimal digits) signs a body. Compared in constant time.
pub(crate) fn is_signed(secret: &str, body: &[u8], given: &str) -> bool {
    let given = given.trim();
    let given = given.strip_prefix("sha256=").unwrap_or(given);
    let Some(bytes) = bytes(given) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    !secret.is_empty() && mac.verify_slice(&bytes).is_ok()
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    (0..32).map(|at| u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok()).collect()
}

/// Whether a text is fit to be the id of a delivery.
pub(crate) fn is_delivery(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=100).contains(&text.len()) && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_signature_of_this_very_body_counts() {
        // The example of RFC 4231, case 2.
        let (key, body) = ("Jefe", b"what do ya want for nothing?");
        let good = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(is_signed(key, body, good));
        assert!(is_signed(key, body, &format!("sha256={good}")));
        assert!(is_signed(key, body, &good.to_uppercase()));
        assert!(!is_signed(key, b"what do ya want for nothing!", good));
        assert!(!is_signed("jefe", body, good));
        for bad in ["", "sha256=", &good[1..], &good.replace('5', "6"), "ä", &"+f".repeat(32)] {
            assert!(!is_signed(key, body, bad), "{bad}");
        }
        assert!(!is_signed(
            "",
            b"",
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
        ));
    }

    #[test]
    fn an_id_of_a_delivery_is_plain() {
        assert!(is_delivery("72d3162e-cc78-11e3-81ab-4c9367dc0958"));
        for bad in ["", "a/b", "a b", "ä", &"x".repeat(101)] {
            assert!(!is_delivery(bad), "{bad}");
        }
    }
}
