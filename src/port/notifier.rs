use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::base::{NotSent, Outgoing};

/// Sends things to people.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Sends it and says what the other side answered.
    async fn send(&self, outgoing: &Outgoing) -> Result<String, NotSent>;
}

/// Remembers what it was given; the first sends fail, if so wanted.
#[derive(Debug, Clone, Default)]
pub struct FakeNotifier(Arc<Mutex<FakeState>>);

#[derive(Debug, Default)]
struct FakeState {
    sent: Vec<Outgoing>,
    failures: usize,
}

impl FakeNotifier {
    /// The next `count` sends fail.
    pub fn fail(&self, count: usize) {
        self.state().failures = count;
    }

    /// Everything it was given, what failed too.
    #[must_use]
    pub fn given(&self) -> Vec<Outgoing> {
        self.state().sent.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, FakeState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Notifier for FakeNotifier {
    async fn send(&self, outgoing: &Outgoing) -> Result<String, NotSent> {
        let mut state = self.state();
        state.sent.push(outgoing.clone());
        if state.failures > 0 {
            state.failures -= 1;
            return Err(NotSent { what: "no way through".into(), again: true });
        }
        Ok(String::new())
    }
}
