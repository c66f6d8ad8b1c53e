use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use super::tmux::{Capture, Listing, Made, NewPane, Place, SeenPane, Server, Tmux, TmuxError};

/// A tmux that only remembers: for fast tests and for asking what would be done.
#[derive(Clone)]
pub struct FakeTmux {
    world: Arc<Mutex<World>>,
    changes: Arc<watch::Sender<u64>>,
}

#[derive(Default)]
struct World {
    server: Option<i32>,
    servers: i32,
    next: u32,
    panes: Vec<SeenPane>,
    calls: Vec<String>,
}

impl Default for FakeTmux {
    fn default() -> Self {
        Self { world: Arc::default(), changes: Arc::new(watch::channel(0).0) }
    }
}

impl FakeTmux {
    /// Everything that was asked for, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.world().calls.clone()
    }

    /// Lets the server die, as by kill -9.
    pub fn crash(&self) {
        let mut world = self.world();
        world.server = None;
        world.panes.clear();
        drop(world);
        self.changes.send_modify(|count| *count += 1);
    }

    /// Closes a pane as a person does.
    pub fn close_by_hand(&self, pane: &str) {
        self.world().panes.retain(|seen| seen.pane != pane);
        self.changes.send_modify(|count| *count += 1);
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a call; without a server nothing else happens.
    fn call(&self, call: String) -> Result<std::sync::MutexGuard<'_, World>, TmuxError> {
        let mut world = self.world();
        world.calls.push(call);
        if world.server.is_some() {
            return Ok(world);
        }
        let (command, reason) = ("fake".to_owned(), "no server running".to_owned());
        Err(TmuxError::Failed { command, reason })
    }

    fn change(
        &self,
        call: String,
        target: &str,
        change: impl Fn(&mut SeenPane),
    ) -> Result<(), TmuxError> {
        let mut world = self.call(call)?;
        let mut found = false;
        for seen in world.panes.iter_mut().filter(|seen| is(seen, target)) {
            change(seen);
            found = true;
        }
        if found { Ok(()) } else { Err(TmuxError::Gone(format!("can't find {target}"))) }
    }
}

/// Whether a pane is the target, or stands in it.
fn is(seen: &SeenPane, target: &str) -> bool {
    [&seen.pane, &seen.window, &seen.session].iter().any(|id| *id == target)
}

impl World {
    fn id(&mut self, sign: char) -> String {
        self.next += 1;
        format!("{sign}{}", self.next)
    }

    fn make(&mut self, place: Place, pane: NewPane) -> Result<Made, TmuxError> {
        let mut seen = SeenPane {
            unit: Some(pane.unit),
            title: pane.title,
            pid: 1,
            cols: 200,
            rows: 50,
            active: true,
            window_active: true,
            ..SeenPane::default()
        };
        match place {
            Place::Session { name, window, .. } => {
                if self.panes.iter().any(|other| other.session_name == name) {
                    let (command, reason) =
                        ("new-session".to_owned(), "duplicate session".to_owned());
                    return Err(TmuxError::Failed { command, reason });
                }
                (seen.session, seen.session_name) = (self.id('$'), name);
                (seen.window, seen.window_name, seen.window_index) = (self.id('@'), window, 1);
                seen.pane_index = 1;
            }
            Place::Window { session, window } => {
                let before = self.last(|other| other.session == session, &session)?;
                seen = SeenPane {
                    session,
                    session_name: before.session_name,
                    session_tag: before.session_tag,
                    ..seen
                };
                (seen.window, seen.window_name) = (self.id('@'), window);
                (seen.window_index, seen.pane_index) = (before.window_index + 1, 1);
            }
            Place::Split { window } => {
                let before = self.last(|other| other.window == window, &window)?;
                let (unit, title) = (seen.unit, seen.title);
                seen = SeenPane { unit, title, active: false, ..before };
                seen.pane_index += 1;
            }
        }
        seen.pane = self.id('%');
        let (session, window, pane) =
            (seen.session.clone(), seen.window.clone(), seen.pane.clone());
        self.panes.push(seen);
        Ok(Made { session, window, pane })
    }

    fn last(&self, of: impl Fn(&SeenPane) -> bool, target: &str) -> Result<SeenPane, TmuxError> {
        let found = self.panes.iter().rfind(|seen| of(seen)).cloned();
        found.ok_or_else(|| TmuxError::Gone(format!("can't find {target}")))
    }
}

#[async_trait]
impl Tmux for FakeTmux {
    async fn ensure(&self) -> Result<Server, TmuxError> {
        let mut world = self.world();
        let fresh = world.server.is_none();
        if fresh {
            world.servers += 1;
            world.server = Some(world.servers);
        }
        let pid = world.servers;
        Ok(Server { pid, start: 0, version: "fake".to_owned(), fresh })
    }

    async fn list(&self) -> Result<Listing, TmuxError> {
        let world = self.call("list".to_owned())?;
        Ok(Listing { server: world.servers, panes: world.panes.clone() })
    }

    async fn make(&self, place: Place, pane: NewPane) -> Result<Made, TmuxError> {
        let call = format!("make {} {}", pane.title, pane.argv.join(" "));
        self.call(call)?.make(place, pane)
    }

    async fn arrange(&self, window: &str, layout: &str) -> Result<(), TmuxError> {
        self.change(format!("arrange {layout}"), window, |seen| seen.layout = layout.to_owned())
    }

    async fn rename(&self, target: &str, name: &str) -> Result<(), TmuxError> {
        let session = target.starts_with('$');
        self.change(format!("rename {name}"), target, |seen| {
            let place = if session { &mut seen.session_name } else { &mut seen.window_name };
            name.clone_into(place);
        })
    }

    async fn title(&self, pane: &str, title: &str) -> Result<(), TmuxError> {
        self.change(format!("title {title}"), pane, |seen| seen.title = title.to_owned())
    }

    async fn tag(&self, target: &str, key: &str, value: &str) -> Result<(), TmuxError> {
        self.change(format!("tag {key} {value}"), target, |seen| match key {
            "@gaia_id" => seen.unit = value.parse().ok(),
            "@gaia_win" => value.clone_into(&mut seen.window_tag),
            _ => value.clone_into(&mut seen.session_tag),
        })
    }

    async fn focus(&self, pane: &str) -> Result<(), TmuxError> {
        self.change("focus".to_owned(), pane, |seen| seen.active = true)
    }

    async fn kill(&self, target: &str) -> Result<(), TmuxError> {
        let mut world = self.call(format!("kill {target}"))?;
        world.panes.retain(|seen| !is(seen, target));
        Ok(())
    }

    async fn capture(&self, pane: &str, _how: Capture) -> Result<Vec<u8>, TmuxError> {
        self.change("capture".to_owned(), pane, |_| ()).map(|()| vec![])
    }

    async fn keys(&self, pane: &str, keys: &[String]) -> Result<(), TmuxError> {
        self.change(format!("keys {}", keys.join(" ")), pane, |_| ())
    }

    async fn paste(&self, pane: &str, text: &[u8]) -> Result<(), TmuxError> {
        self.change(format!("paste {} bytes", text.len()), pane, |_| ())
    }

    async fn kill_server(&self) -> Result<(), TmuxError> {
        self.crash();
        Ok(())
    }

    fn attach_argv(&self, session: &str, _read_only: bool) -> Vec<String> {
        vec!["tmux".to_owned(), "attach".to_owned(), session.to_owned()]
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
