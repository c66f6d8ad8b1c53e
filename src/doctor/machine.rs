//! From what was seen to findings.
#![deny(clippy::wildcard_enum_match_arm)]

use serde::Serialize;

use crate::base::Health;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// It will hurt one day.
    Warning,
    /// gaia cannot do its work.
    Fault,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at.
    pub about: &'static str,
    /// What was found.
    pub what: String,
    /// The command that cures it, where there is one.
    pub cure: Option<String>,
}

/// Less than this is little room for logs, in bytes.
const LITTLE_SPACE: u64 = 512 << 20;
/// Unit folders above this are worth a word, in bytes.
const MUCH_OUTPUT: u64 = 10 << 30;
/// Fewer open files than this end with a few hundred panes.
const FEW_FILES: u64 = 1024;
/// A clock that is this far behind its own files jumped, in milliseconds.
const JUMP: u64 = 60_000;

/// Judges everything that was seen.
#[must_use]
pub fn judge(seen: &Health) -> Vec<Finding> {
    let mut all = vec![tmux(seen), git(seen), fence(seen), home(seen), space(seen), store(seen)];
    all.extend(tmux_notes(seen));
    all.push(daemon(seen));
    all.extend(leftovers(seen));
    all.extend(machine(seen));
    all
}

fn finding(level: Level, about: &'static str, what: impl Into<String>) -> Finding {
    Finding { level, about, what: what.into(), cure: None }
}

impl Finding {
    fn cure(mut self, command: impl Into<String>) -> Self {
        self.cure = Some(command.into());
        self
    }
}

fn tmux(seen: &Health) -> Finding {
    match &seen.tmux {
        None => finding(Level::Fault, "tmux", "it is not installed").cure("apt install tmux"),
        Some(version) if older(version, (3, 2)) || version == "3.2" => {
            finding(Level::Fault, "tmux", format!("{version} is too old, gaia needs 3.2a or later"))
                .cure("apt install tmux, or build a later one")
        }
        Some(version) => finding(Level::Good, "tmux", version),
    }
}

/// Known bugs by version (CHANGES of tmux); gaia's own panes are not hurt by the first two.
fn tmux_notes(seen: &Health) -> Vec<Finding> {
    let Some(version) = &seen.tmux else { return vec![] };
    let notes = [
        ((3, 6), "it misses some deaths of programs; gaia learns of them from its shim"),
        ((3, 7), "it loses the last output of programs that exit; gaia's log has it"),
        (
            (3, 4),
            "its server can crash when the last windows of a session close at one moment (seen with 3.3a); gaia starts another and shows the programs again",
        ),
        (
            (3, 8),
            "a stuck control client can block the end of the server; gaia's dies with the daemon",
        ),
    ];
    let hit = notes.into_iter().filter(|(fixed, _)| older(version, *fixed));
    hit.map(|((major, minor), what)| {
        finding(Level::Note, "tmux", format!("before {major}.{minor} {what}"))
    })
    .collect()
}

/// Whether a version is older than a release; one without a number is taken for new.
fn older(version: &str, release: (u32, u32)) -> bool {
    let text = version.trim_start_matches("next-");
    let parts = text.split_once('.').and_then(|(major, rest)| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Some((major.parse::<u32>().ok()?, digits.parse::<u32>().ok()?))
    });
    parts.is_some_and(|found| found < release)
}

fn git(seen: &Health) -> Finding {
    match &seen.git {
        None => finding(Level::Warning, "git", "it is not installed").cure("apt install git"),
        Some(version) => finding(Level::Good, "git", version),
    }
}

/// What of a fence the kernel can do (the table stands in `docs/concepts/fences.md`).
fn fence(seen: &Health) -> Finding {
    let Some(abi) = seen.landlock else {
        return finding(Level::Warning, "fence", "this kernel has no Landlock: no agent is fenced")
            .cure("boot Linux 6.12 or later with `landlock` in its `lsm=` parameter");
    };
    let gap = match abi {
        ..3 => "files cannot be fenced",
        3 => "ports and signals cannot be fenced",
        4..6 => "signals cannot be fenced",
        6.. => return finding(Level::Good, "fence", format!("Landlock ABI {abi}")),
    };
    finding(Level::Warning, "fence", format!("Landlock ABI {abi}: {gap}"))
        .cure("boot Linux 6.12 or later")
}

fn home(seen: &Health) -> Finding {
    let path = seen.home.display();
    match (&seen.home_fault, seen.home_mode) {
        (Some(fault), _) => finding(Level::Fault, "home", format!("{path}: {fault}"))
            .cure("correct its owner, or set GAIA_HOME to another folder"),
        (None, Some(mode)) => {
            finding(Level::Warning, "home", format!("{path} lets others in (mode {mode:03o})"))
                .cure(format!("chmod 700 {path}"))
        }
        (None, None) => finding(Level::Good, "home", path.to_string()),
    }
}

fn space(seen: &Health) -> Finding {
    let mib = seen.free_bytes >> 20;
    if seen.free_bytes < LITTLE_SPACE || seen.free_inodes < 2 {
        let what = format!("{mib} MiB and {} % of the inodes are free", seen.free_inodes);
        return finding(Level::Warning, "disk", what).cure("free some space");
    }
    finding(Level::Good, "disk", format!("{mib} MiB are free"))
}

fn store(seen: &Health) -> Finding {
    match (&seen.store_fault, seen.daemon) {
        (Some(fault), _) => finding(Level::Fault, "store", fault)
            .cure("keep a copy of it, move it away, and `gaia import` the last export"),
        (None, Some(_)) => finding(Level::Good, "store", "the daemon has it open"),
        (None, None) => finding(Level::Good, "store", "it can be opened"),
    }
}

fn daemon(seen: &Health) -> Finding {
    match seen.daemon {
        Some(pid) => finding(Level::Good, "daemon", format!("it runs as pid {pid}")),
        None => finding(Level::Note, "daemon", "none runs; the next command starts it"),
    }
}

fn leftovers(seen: &Health) -> Vec<Finding> {
    let mut all = Vec::new();
    for socket in &seen.stale_sockets {
        let what = format!("nobody listens behind {}", socket.display());
        let cure = format!("rm {}", socket.display());
        all.push(finding(Level::Note, "socket", what).cure(cure));
    }
    for unit in &seen.stale_claims {
        let what =
            format!("the shim of pane {unit} was killed; how its program ended is not known");
        all.push(finding(Level::Note, "pane", what).cure("gaia session restore"));
    }
    for (pid, command) in &seen.orphans {
        let what = format!("pid {pid} ({command}) outlived the shim of its pane");
        all.push(finding(Level::Warning, "process", what).cure(format!("kill {pid}")));
    }
    if seen.unit_bytes > MUCH_OUTPUT {
        let what = format!("the output of panes takes {} GiB", seen.unit_bytes >> 30);
        all.push(
            finding(Level::Warning, "logs", what).cure("GAIA_LOGS_KEEP=3d gaia daemon restart"),
        );
    }
    all
}

fn machine(seen: &Health) -> Vec<Finding> {
    let mut all = Vec::new();
    if !seen.terminfo {
        let what = "this machine does not describe tmux-256color; panes use screen-256color";
        all.push(finding(Level::Note, "terminal", what).cure("apt install ncurses-term"));
    }
    if !seen.utf8 {
        let what = "the locale is not UTF-8; gaia's tmux is told to use UTF-8 all the same";
        all.push(finding(Level::Note, "locale", what).cure("export LANG=C.UTF-8"));
    }
    if seen.open_files < FEW_FILES {
        let what = format!("a process may open {} files only", seen.open_files);
        all.push(finding(Level::Warning, "limits", what).cure("ulimit -n 4096"));
    }
    if seen.clock_ahead > JUMP {
        let what = format!("files of this home are {} s in the future", seen.clock_ahead / 1_000);
        all.push(finding(Level::Warning, "clock", what).cure("timedatectl set-ntp true"));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::UnitId;

    fn shown(seen: &Health) -> String {
        let line = |f: Finding| {
            let cure = f.cure.map_or(String::new(), |cure| format!(" → {cure}"));
            format!("{:?} {}: {}{cure}\n", f.level, f.about, f.what)
        };
        judge(seen).into_iter().map(line).collect()
    }

    #[test]
    fn everything_that_can_be_found() {
        let bad = Health {
            tmux: Some("3.3a".into()),
            home: "/h".into(),
            home_mode: Some(0o755),
            free_bytes: 5 << 20,
            free_inodes: 40,
            store_fault: Some("the store /h/store is damaged: x".into()),
            stale_sockets: vec!["/h/run/gaia.sock".into()],
            stale_claims: vec![UnitId::new(1, 1)],
            orphans: vec![(77, "sleep 9".into())],
            unit_bytes: 11 << 30,
            open_files: 256,
            clock_ahead: 3_600_000,
            ..Health::default()
        };
        insta::assert_snapshot!(shown(&bad));
    }

    #[test]
    fn an_old_kernel_is_named_with_what_it_lacks() {
        for (abi, wanted) in [
            (None, "no Landlock"),
            (Some(2), "files"),
            (Some(3), "ports and signals"),
            (Some(5), "ABI 5: signals"),
        ] {
            let found = fence(&Health { landlock: abi, ..Health::default() });
            assert!(found.level == Level::Warning && found.what.contains(wanted), "{found:?}");
        }
    }

    #[test]
    fn a_good_house_has_no_faults() {
        let good = Health {
            tmux: Some("3.8".into()),
            git: Some("2.47.3".into()),
            landlock: Some(7),
            home: "/h".into(),
            free_bytes: 50 << 30,
            free_inodes: 90,
            daemon: Some(5),
            terminfo: true,
            utf8: true,
            open_files: 4096,
            ..Health::default()
        };
        assert!(judge(&good).iter().all(|f| f.level == Level::Good), "{}", shown(&good));
        for old in ["2.9a", "3.1c", "3.2"] {
            let seen = Health { tmux: Some(old.into()), ..good.clone() };
            assert!(judge(&seen).iter().any(|f| f.level == Level::Fault), "{old}");
        }
    }
}
