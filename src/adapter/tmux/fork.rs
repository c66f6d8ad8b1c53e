//! The one thread that forks clients which must die with the daemon: PR_SET_PDEATHSIG fires when
//! the forking *thread* ends, and this one never does.

use std::{io, process::Stdio, sync::mpsc};

use tokio::{
    process::{Child, Command},
    runtime::Handle,
    sync::oneshot,
};

struct Wish {
    args: Vec<String>,
    runtime: Handle,
    reply: oneshot::Sender<io::Result<Child>>,
}

/// Forks `tmux` clients.
#[derive(Clone)]
pub(super) struct Forker(mpsc::Sender<Wish>);

impl Forker {
    pub(super) fn start() -> Self {
        let (sender, wishes) = mpsc::channel::<Wish>();
        std::thread::spawn(move || {
            for wish in wishes {
                let _runtime = wish.runtime.enter();
                let _ = wish.reply.send(spawn(&wish.args));
            }
        });
        Self(sender)
    }

    /// Starts a client with pipes for its input and output.
    pub(super) async fn fork(&self, args: Vec<String>) -> io::Result<Child> {
        let (reply, answer) = oneshot::channel();
        let wish = Wish { args, runtime: Handle::current(), reply };
        self.0.send(wish).map_err(|_| io::ErrorKind::BrokenPipe)?;
        answer.await.map_err(|_| io::ErrorKind::BrokenPipe)?
    }
}

fn spawn(args: &[String]) -> io::Result<Child> {
    let mut command = Command::new("tmux");
    command.args(args).env_remove("TMUX").env_remove("TMUX_PANE");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    crate::adapter::sys::die_with_parent(&mut command);
    command.spawn()
}
