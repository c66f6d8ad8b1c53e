use std::path::{Path, PathBuf};

use super::{Code, Name, Refusal, UnitId};

/// Bytes a Unix socket path may have on Linux, without the closing zero (unix(7)).
pub const MAX_SOCKET_PATH: usize = 107;

/// Where one gaia keeps everything: `~/.gaia`, or `$GAIA_HOME`.
///
/// One home has one daemon, one store and one private tmux server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// The home at `root`, an absolute path; refused if its sockets would not fit.
    pub fn new(root: PathBuf) -> Result<Self, Refusal> {
        let home = Self(root);
        let longest = home.unit_socket(&UnitId::new(0, 0));
        let bytes = longest.as_os_str().len();
        if bytes > MAX_SOCKET_PATH {
            let message = format!(
                "the home {} is too long: its socket paths have {bytes} bytes, and {MAX_SOCKET_PATH} is the limit of the system",
                home.0.display()
            );
            return Err(Refusal::new(Code::Invalid, message)
                .help("set GAIA_HOME to a shorter path, e.g. GAIA_HOME=~/.gaia"));
        }
        Ok(home)
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0
    }
    /// `config.toml`: the user's settings.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.0.join("config.toml")
    }
    /// The user's own session layouts.
    #[must_use]
    pub fn sessions(&self) -> PathBuf {
        self.0.join("sessions")
    }
    /// The sled store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.0.join("store")
    }
    /// Sockets, locks and generated files; 0700.
    #[must_use]
    pub fn run(&self) -> PathBuf {
        self.0.join("run")
    }
    /// The API of the daemon; 0600.
    #[must_use]
    pub fn api_socket(&self) -> PathBuf {
        self.run().join("gaia.sock")
    }
    /// Where a pane shim says hello when it starts; 0600.
    #[must_use]
    pub fn hello_socket(&self) -> PathBuf {
        self.run().join("hello.sock")
    }
    /// The folder of the private tmux server, 0700. Nothing else lies in it, so that it can be
    /// covered as a whole.
    #[must_use]
    pub fn tmux(&self) -> PathBuf {
        self.run().join("tmux")
    }
    /// The private tmux server.
    #[must_use]
    pub fn tmux_socket(&self) -> PathBuf {
        self.tmux().join("tmux.sock")
    }
    /// What every fence should cover: whoever talks to the tmux server runs what they like outside.
    #[must_use]
    pub fn covered(&self) -> Vec<PathBuf> {
        vec![self.tmux()]
    }
    /// The generated configuration of the private tmux server.
    #[must_use]
    pub fn tmux_config(&self) -> PathBuf {
        self.run().join("tmux.conf")
    }
    /// Held with flock by the one daemon of this home; says its pid and start time.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.run().join("daemon.lock")
    }
    /// gaia's own log files.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }
    /// All unit folders.
    #[must_use]
    pub fn units(&self) -> PathBuf {
        self.0.join("units")
    }
    /// The state folder of one unit; 0700.
    #[must_use]
    pub fn unit(&self, id: &UnitId) -> PathBuf {
        self.units().join(id.as_str())
    }
    /// The user's own catalog of services.
    #[must_use]
    pub fn services(&self) -> PathBuf {
        self.0.join("services")
    }
    /// What the services of a workspace are started with; 0600, it may hold secrets.
    #[must_use]
    pub fn environment(&self, workspace: &Name) -> PathBuf {
        self.0.join("env").join(format!("{workspace}.json"))
    }
    /// The folder of a task: its agent's own state, its temp folder, its guards; 0700.
    #[must_use]
    pub fn task(&self, id: &str) -> PathBuf {
        self.0.join("tasks").join(id)
    }

    /// The folder of the guards in front of the PATH of a task's agent.
    #[must_use]
    pub fn guards(&self, task: &str) -> PathBuf {
        self.0.join("guards").join(task)
    }

    /// Everything of gaia's that no agent may read; what is its own is allowed apart.
    #[must_use]
    pub fn private(&self) -> Vec<PathBuf> {
        let mut all = vec![self.store(), self.units(), self.logs(), self.run()];
        all.extend(
            ["tasks", "runs", "firings", "env", "memory", "git"].map(|name| self.0.join(name)),
        );
        all
    }

    /// What an agent of a workspace remembers from task to task.
    #[must_use]
    pub fn memory(&self, workspace: &Name, agent: &str) -> PathBuf {
        self.0.join("memory").join(workspace.as_str()).join(format!("{agent}.md"))
    }

    /// The folders of runs.
    #[must_use]
    pub fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }

    /// The folder of a run: its environment, its attempts, what it left; 0700.
    #[must_use]
    pub fn a_run(&self, id: &str) -> PathBuf {
        self.runs().join(id)
    }

    /// What commands of triggers can read of their firings.
    #[must_use]
    pub fn firings(&self) -> PathBuf {
        self.0.join("firings")
    }

    /// The user's own workflows.
    #[must_use]
    pub fn workflows(&self) -> PathBuf {
        self.0.join("workflows")
    }

    /// The user's own drivers.
    #[must_use]
    pub fn drivers(&self) -> PathBuf {
        self.0.join("drivers")
    }
    /// The user's own experts.
    #[must_use]
    pub fn experts(&self) -> PathBuf {
        self.0.join("experts")
    }

    /// Where the program of a unit says how it is; 0600.
    #[must_use]
    pub fn notify_socket(&self, id: &UnitId) -> PathBuf {
        self.unit(id).join("say.sock")
    }
    /// The socket of one unit's shim; 0600.
    #[must_use]
    pub fn unit_socket(&self, id: &UnitId) -> PathBuf {
        self.unit(id).join("shim.sock")
    }
}
