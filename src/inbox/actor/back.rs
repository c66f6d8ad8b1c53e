//! What people say on a channel, asked for as long as something waits for them.

use std::{sync::Arc, time::Duration};

use super::{Handle, desk::Way, pause};
use crate::{
    base::NotSent,
    inbox::channel::{Heard, Said},
};

/// Pause after an answer that came at once and said nothing.
const BREATH: Duration = Duration::from_secs(1);
/// Longest pause after a fault.
const LONGEST: Duration = Duration::from_secs(60);

/// Listens for ever.
pub(super) async fn listen(way: Arc<Way>, handle: Handle) {
    let (mut offset, mut faults) = (0, 0_u32);
    let mut view = handle.changes();
    loop {
        if view.wait_for(|view| view.open().next().is_some()).await.is_err() {
            return;
        }
        let began = way.ports.clock.uptime();
        let mut idle = handle.changes();
        let heard = tokio::select! {
            heard = hear(&way, offset) => heard,
            _ = idle.wait_for(|view| view.open().next().is_none()) => continue,
        };
        match heard {
            Ok(heard) => {
                (offset, faults) = (heard.next, 0);
                let nothing = heard.said.is_empty();
                for said in heard.said {
                    answer(&way, &handle, said).await;
                }
                if nothing && way.ports.clock.uptime().saturating_sub(began) < BREATH {
                    pause(Some(BREATH)).await;
                }
            }
            Err(error) => {
                let channel = &way.channel.name;
                tracing::warn!(%channel, %error, "a channel cannot be listened to");
                pause(Some((BREATH * 2_u32.saturating_pow(faults)).min(LONGEST))).await;
                faults = (faults + 1).min(6);
            }
        }
    }
}

async fn hear(way: &Way, offset: i64) -> Result<Heard, NotSent> {
    let Some(back) = way.channel.channel.back() else { return Ok(Heard::default()) };
    let answer = way.once(|lookup| back.ask(offset, lookup)).await?;
    let heard = way.with_lookup(|lookup| back.read(&answer, offset, lookup));
    heard.map_err(|what| NotSent { what, again: true })
}

/// Takes what was said for an answer, and says so if it is none.
async fn answer(way: &Way, handle: &Handle, said: Said) {
    let Some(Err(refusal)) = handle.heard(&way.channel.name, said.clone()).await else { return };
    let help = refusal.help.as_deref().map(|help| format!("\n{help}")).unwrap_or_default();
    let text = format!("{}{help}", refusal.message);
    if let Some(back) = way.channel.channel.back() {
        let _ = way.once(|lookup| back.say(&said, &text, lookup)).await;
    }
}
