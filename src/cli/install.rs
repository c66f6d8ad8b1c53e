//! `gaia daemon install`: the daemon starts at login.

use std::path::{Path, PathBuf};

use super::{Outcome, here, world};
use crate::{
    adapter::files,
    base::{Code, Refusal},
    verb::Here,
};

/// Writes the unit or agent file, and says what to run to enable it.
pub(super) fn run(here: &Here, json: bool) -> Result<Outcome, Refusal> {
    let user = here.env.get("HOME").map(PathBuf::from).unwrap_or_default();
    let exe = here::exe()?;
    let (path, text, enable) = if cfg!(target_os = "macos") {
        let path = user.join("Library/LaunchAgents/gaia.daemon.plist");
        let enable = format!("launchctl load {}", path.display());
        (path, agent(&exe, here), enable)
    } else if Path::new("/run/systemd/system").is_dir() {
        let config = here.env.get("XDG_CONFIG_HOME").map_or(user.join(".config"), PathBuf::from);
        let path = config.join("systemd/user/gaia.service");
        let enable = "systemctl --user daemon-reload && systemctl --user enable --now gaia".into();
        (path, unit(&exe, here), enable)
    } else {
        return Err(Refusal::new(
            Code::Failed,
            "there is no systemd here to start the daemon at login",
        )
        .help("it needs none: the first gaia command starts the daemon"));
    };
    if let Some(folder) = path.parent() {
        files::make_dir(folder).map_err(|e| world(&folder.display().to_string(), &e))?;
    }
    files::replace(&path, text.as_bytes()).map_err(|e| world(&path.display().to_string(), &e))?;
    let reply = serde_json::json!({ "file": path, "enable": enable });
    let word = format!("{} is written; enable it: {enable}", path.display());
    Ok(Outcome::ok(if json { reply.to_string() } else { word }))
}

/// Only the daemon is the unit's: shims and tmux must outlive a restart of it.
fn unit(exe: &Path, here: &Here) -> String {
    format!(
        "[Unit]\nDescription=gaia, a workspace that cannot be lost\n\n[Service]\nExecStart={exe} daemon run\nEnvironment=GAIA_HOME={home}\nKillMode=process\nRestart=on-failure\n\n[Install]\nWantedBy=default.target\n",
        exe = exe.display(),
        home = here.home.root().display(),
    )
}

fn agent(exe: &Path, here: &Here) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\n<key>Label</key><string>gaia.daemon</string>\n<key>ProgramArguments</key><array><string>{exe}</string><string>daemon</string><string>run</string></array>\n<key>EnvironmentVariables</key><dict><key>GAIA_HOME</key><string>{home}</string></dict>\n<key>RunAtLoad</key><true/>\n</dict></plist>\n",
        exe = exe.display(),
        home = here.home.root().display(),
    )
}
