//! Starting, finding, watching and ending the server.

use std::{path::Path, process::Stdio, sync::Arc, time::Duration};

use tokio::process::Command;

use super::{TmuxServer, argv, control::Control, failed, list::KEEPER, version};
use crate::{
    adapter::{files, process},
    port::{Server, TmuxError},
};

/// Variables that the server, and so every pane, may inherit. Nothing that can hold a secret.
const ENV: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "TERMINFO",
    "TERMINFO_DIRS",
    "XDG_RUNTIME_DIR",
];
/// A server that is just ending refuses commands for some moments.
const TRIES: u32 = 25;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a server may take to end.
const END: Duration = Duration::from_secs(5);
/// The channel of `wait-for` that every change of the structure signals.
const CHANNEL: &str = "gaia-changed";
/// Hooks that tell of every change, with an index of ours.
const HOOKS: &[&str] = &[
    "window-layout-changed",
    "window-linked",
    "window-unlinked",
    "window-renamed",
    "session-renamed",
    "session-created",
    "session-closed",
    "client-attached",
    "client-detached",
    "pane-exited",
    "after-select-window",
    "after-select-pane",
];

impl TmuxServer {
    /// Runs a command by a process of its own.
    pub(super) async fn spawn(&self, argv: &[String]) -> Result<Vec<u8>, TmuxError> {
        let mut command = self.command();
        command.arg("-N").args(argv::for_spawn(argv));
        let output = command.output().await.map_err(|e| not_run(&e))?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(failed(argv, String::from_utf8_lossy(&output.stderr).trim().to_owned()))
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-u", "-S"]).arg(self.home.tmux_socket());
        command.env_remove("TMUX").env_remove("TMUX_PANE");
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// The version of the tmux in PATH, refused if it is too old.
    pub(super) async fn checked_version(&self) -> Result<String, TmuxError> {
        let known = self.version.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let said = Command::new("tmux").arg("-V").stdin(Stdio::null()).output().await;
        let said = said.map_err(|e| not_run(&e))?;
        let found = version::read(&String::from_utf8_lossy(&said.stdout));
        if !version::is_enough(&found) {
            return Err(TmuxError::TooOld(found));
        }
        *self.version.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
            Some(found.clone());
        Ok(found)
    }

    pub(super) async fn ensure_server(&self) -> Result<Server, TmuxError> {
        let version = self.checked_version().await?;
        if let Ok((pid, start)) = self.identity().await {
            if self.control().is_none() {
                self.reconnect().await?;
            }
            return Ok(Server { pid, start, version, fresh: false });
        }
        self.start().await?;
        let (pid, start) = self.identity().await?;
        self.reconnect().await?;
        Ok(Server { pid, start, version, fresh: true })
    }

    async fn identity(&self) -> Result<(i32, u64), TmuxError> {
        let argv = ["display-message", "-p", "#{pid} #{start_time}"].map(str::to_owned);
        let said = self.run(argv.to_vec()).await?;
        let said = String::from_utf8_lossy(&said).trim().to_owned();
        let read = said.split_once(' ').and_then(|(p, s)| Some((p.parse().ok()?, s.parse().ok()?)));
        read.ok_or_else(|| failed(&argv, format!("it does not say which server it is: {said:?}")))
    }

    async fn start(&self) -> Result<(), TmuxError> {
        let config = self.home.tmux_config();
        let text = self.config();
        let fault = |e: std::io::Error| failed(&["start-server".to_owned()], e.to_string());
        files::replace(&config, text.as_bytes()).map_err(fault)?;
        let mut last = None;
        for _ in 0..TRIES {
            match self.start_once(&config).await {
                Ok(()) => return Ok(()),
                Err(error @ (TmuxError::Missing | TmuxError::TooOld(_))) => return Err(error),
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(last.unwrap_or(TmuxError::Missing))
    }

    async fn start_once(&self, config: &Path) -> Result<(), TmuxError> {
        let socket = self.home.tmux_socket();
        let mut words: Vec<String> = vec!["-u".into(), "-S".into(), socket.display().to_string()];
        words.extend(["-f".into(), config.display().to_string()]);
        words.extend(
            ["new-session", "-d", "-s", KEEPER, "-x", "80", "-y", "24", "--"].map(Into::into),
        );
        words.extend(argv::for_spawn(&self.options.keeper));
        let mut command = in_scope(&words);
        command.env_clear().current_dir("/").stdin(Stdio::null());
        let kept = ENV.iter().filter_map(|name| Some((name, std::env::var(name).ok()?)));
        command.envs(kept);
        let output = command.output().await.map_err(|e| not_run(&e))?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        // Somebody else may have been quicker.
        if output.status.success() || said.contains("duplicate session") {
            Ok(())
        } else {
            Err(failed(&["new-session".to_owned()], said))
        }
    }

    /// gaia's own configuration of its private server.
    fn config(&self) -> String {
        let user = self.options.user_config.as_ref().map(|path| {
            let path = path.display().to_string().replace('\'', "'\\''");
            format!("source-file -q '{path}'\n")
        });
        let hooks: Vec<String> = HOOKS
            .iter()
            .map(|hook| format!("set-hook -g {hook}[900] 'wait-for -S {CHANNEL}'\n"))
            .collect();
        let history = self.options.history;
        format!(
            "# Written by gaia at each start of its server; edit config.toml instead.\n\
             {user}\
             set -s exit-empty off\nset -s escape-time 10\nset -s focus-events on\n\
             set -s default-terminal {terminal}\n\
             set -g destroy-unattached off\nset -g detach-on-destroy off\n\
             set -g history-limit {history}\nset -g base-index 1\nset -g mouse on\n\
             set -g status-left-length 40\nset -g status-left '#[bold] #{{session_name}} '\n\
             set -g status-right '#{{?@gaia_inbox,#[reverse] #{{@gaia_inbox}} (prefix i) #[noreverse],}} gaia '\n\
             bind-key i display-popup -E -w 90% -h 60% {popup}\nset -g set-titles on\n\
             set -wg pane-base-index 1\nset -wg remain-on-exit off\nset -wg automatic-rename off\n\
             set -wg allow-rename off\nset -wg window-size latest\n\
             set -wg pane-border-status top\n\
             set -wg pane-border-format ' #{{pane_index}} #{{pane_title}} '\n{hooks}",
            user = user.unwrap_or_default(),
            popup = self.popup(),
            terminal = terminal(),
            hooks = hooks.concat(),
        )
    }

    /// What waits for the person, over whatever they look at; a shell line in tmux's quotes.
    fn popup(&self) -> String {
        let exe = self.options.keeper.first().map_or("gaia", String::as_str);
        let home = format!("GAIA_HOME={}", self.home.root().display());
        let line = shell_words::join(["env", &home, exe, "inbox", "--follow"]);
        let quoted = line.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
        format!("\"{quoted}\"")
    }

    /// Attaches the control client and the watch to a server that runs.
    pub(super) async fn reconnect(&self) -> Result<(), TmuxError> {
        let keeper = ["has-session".to_owned(), "-t".to_owned(), format!("={KEEPER}")];
        if let Err(TmuxError::Gone(_)) = self.spawn(&keeper).await {
            let mut argv = ["new-session", "-d", "-s", KEEPER, "-x", "80", "-y", "24", "--"]
                .map(str::to_owned)
                .to_vec();
            argv.extend(self.options.keeper.iter().cloned());
            self.spawn(&argv).await?;
        }
        self.reap_strays().await?;
        let target = format!("={KEEPER}");
        let mut words = self.client_words();
        let attach = ["-C", "attach-session", "-t", &target, "-f", "no-output,ignore-size"];
        words.extend(attach.map(str::to_owned));
        let child = self.forker.fork(words).await.map_err(|e| not_run(&e))?;
        let changes = Arc::clone(&self.changes);
        let control = Control::new(child, move || changes.send_modify(|count| *count += 1));
        self.set_control(control.map(Arc::new));
        self.watch().await
    }

    fn client_words(&self) -> Vec<String> {
        let socket = self.home.tmux_socket().display().to_string();
        ["-u", "-N", "-S", &socket].map(str::to_owned).to_vec()
    }

    /// Control clients that an earlier daemon left; ours are the only ones in the keeper session.
    async fn reap_strays(&self) -> Result<(), TmuxError> {
        let format = "#{client_pid} #{client_control_mode} #{client_session}";
        let argv = ["list-clients", "-F", format].map(str::to_owned);
        let said = self.spawn(&argv).await?;
        for line in String::from_utf8_lossy(&said).lines() {
            if let [pid, "1", KEEPER] = line.split(' ').collect::<Vec<_>>()[..]
                && let Ok(pid) = pid.parse()
            {
                let _ = process::signal(pid, libc::SIGKILL);
            }
        }
        Ok(())
    }

    /// Blocks a client on the channel of the hooks: tmux itself tells when something changed, and
    /// so does the end of the server. Ends with its control client.
    async fn watch(&self) -> Result<(), TmuxError> {
        let Some(control) = self.control() else { return Ok(()) };
        let mut words = self.client_words();
        words.extend(["wait-for", CHANNEL].map(str::to_owned));
        let (forker, changes) = (self.forker.clone(), Arc::clone(&self.changes));
        tokio::spawn(async move {
            while !control.is_dead() {
                let Ok(mut child) = forker.fork(words.clone()).await else { break };
                drop(child.stdin.take());
                let signalled = child.wait().await.is_ok_and(|status| status.success());
                changes.send_modify(|count| *count += 1);
                if !signalled {
                    tracing::info!("the watch on tmux was cut off");
                }
                // However many changes come in a burst, one look and one new client answer them.
                tokio::time::sleep(PAUSE).await;
            }
        });
        Ok(())
    }

    pub(super) async fn end_server(&self) -> Result<(), TmuxError> {
        let Ok((pid, _)) = self.identity().await else { return Ok(()) };
        if let Some(control) = self.control() {
            // A client that is attached while its server ends may keep it from ending.
            self.drop_control(&control);
        }
        let _ = self.spawn(&["kill-server".to_owned()]).await;
        let ended = tokio::task::spawn_blocking(move || process::wait_for_end(pid, END)).await;
        if ended.unwrap_or(false) {
            return Ok(());
        }
        Err(failed(&["kill-server".to_owned()], format!("the server (pid {pid}) does not end")))
    }
}

/// A server started from a service lives in that service's cgroup and dies with it; a scope of its
/// own is what systemd offers against that. Without systemd the command runs as it is.
fn in_scope(words: &[String]) -> Command {
    let runtime = std::env::var("XDG_RUNTIME_DIR").unwrap_or_default();
    let has_user_systemd = Path::new("/run/systemd/system").is_dir()
        && Path::new(&runtime).join("systemd/private").exists();
    if has_user_systemd {
        let mut command = Command::new("systemd-run");
        command.args(["--user", "--scope", "--collect", "--quiet", "--", "tmux"]).args(words);
        return command;
    }
    let mut command = Command::new("tmux");
    command.args(words);
    command
}

/// The terminal type of the panes, as far as this machine describes it.
fn terminal() -> &'static str {
    let folders = ["/usr/share/terminfo", "/lib/terminfo", "/etc/terminfo", "/usr/lib/terminfo"];
    let known = |name: &str| folders.iter().any(|f| Path::new(f).join("t").join(name).exists());
    if known("tmux-256color") { "tmux-256color" } else { "screen-256color" }
}

fn not_run(error: &std::io::Error) -> TmuxError {
    match error.kind() {
        std::io::ErrorKind::NotFound => TmuxError::Missing,
        _ => TmuxError::Failed { command: String::new(), reason: error.to_string() },
    }
}
