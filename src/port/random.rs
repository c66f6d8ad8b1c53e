use std::sync::atomic::{AtomicU16, Ordering};

/// Gives numbers that nobody can foresee.
pub trait Random: Send + Sync {
    /// Sixteen random bits.
    fn word(&self) -> u16;
}

/// Counts up.
#[derive(Debug, Default)]
pub struct FakeRandom(AtomicU16);

impl Random for FakeRandom {
    fn word(&self) -> u16 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}
