use crate::port::Random;

/// The random numbers of the system.
pub struct SystemRandom;

impl Random for SystemRandom {
    fn word(&self) -> u16 {
        let bytes = uuid::Uuid::new_v4().into_bytes();
        u16::from_le_bytes([bytes[0], bytes[1]])
    }
}
