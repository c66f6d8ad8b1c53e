//! Fences seen from outside: what this kernel can do, and who stands behind one.

use std::{collections::HashMap, fs};

use crate::base::{Stat, UnitId, no_new_privs};

/// How often the way up from a process is tried.
const TURNS: usize = 4;

/// Version of Landlock of this kernel; `None` if it has none, or has it switched off.
#[must_use]
pub fn landlock_abi() -> Option<u32> {
    super::sys::landlock_abi()
}

/// Who is at the other end of a unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A process below none of the shims.
    Outside,
    /// A process of this unit.
    Unit(UnitId),
    /// It is gone, or it stands behind a fence whose shim is not known. To be refused.
    Unknown,
}

/// Whose process `pid`, the peer of a connection just accepted (SO_PEERCRED), is. `shims`: the
/// shims of fenced units by process id. A shim adopts what its program leaves behind, so all of it
/// stays below the shim while that lives; afterwards it is still known by the mark of the fence
/// that no process can take off.
#[must_use]
pub fn unit_of_caller(pid: i32, shims: &HashMap<i32, UnitId>) -> Caller {
    let Some(first) = stat(pid) else { return Caller::Unknown };
    match (0..TURNS).find_map(|_| unit_above(pid, shims)) {
        None => return Caller::Unknown,
        Some(Some(unit)) => return Caller::Unit(unit),
        Some(None) => (),
    }
    let own = i32::try_from(std::process::id()).ok().and_then(bound).unwrap_or(false);
    let Some(bound) = bound(pid) else { return Caller::Unknown };
    // The number may belong to another by now.
    let same = stat(pid).is_some_and(|stat| stat.start == first.start);
    if same && (own || !bound) { Caller::Outside } else { Caller::Unknown }
}

/// The unit that a process is below, if any; `None`: one on the way up ended meanwhile. Its children
/// have just got another parent, so the way is worth another try.
fn unit_above(mut pid: i32, shims: &HashMap<i32, UnitId>) -> Option<Option<UnitId>> {
    while pid > 0 {
        if let Some(unit) = shims.get(&pid) {
            return Some(Some(unit.clone()));
        }
        pid = stat(pid)?.parent;
    }
    Some(None)
}

/// A process that still runs; what is only waited for can have no say.
fn stat(pid: i32) -> Option<Stat> {
    let stat = Stat::read(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
    (!stat.is_dead()).then_some(stat)
}

fn bound(pid: i32) -> Option<bool> {
    no_new_privs(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };

    use super::*;

    #[test]
    fn one_behind_a_fence_whose_shim_is_not_known_is_not_outside() {
        // 38 is PR_SET_NO_NEW_PRIVS, the mark of everyone behind a fence.
        let code = "import ctypes, sys; ctypes.CDLL(None).prctl(38, 1, 0, 0, 0); \
                    print('up', flush=True); sys.stdin.read()";
        let mut python = Command::new("python3");
        python.args(["-c", code]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut python = python.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(python.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let own = bound(i32::try_from(std::process::id()).unwrap()).unwrap();
        let found = unit_of_caller(i32::try_from(python.id()).unwrap(), &HashMap::new());
        drop(python.stdin.take());
        python.wait().unwrap();
        // Where the tests themselves are marked so, the mark says nothing.
        assert_eq!(found, if own { Caller::Outside } else { Caller::Unknown });
    }

    #[test]
    fn a_caller_is_known_by_the_shim_above_it() {
        let script = "sleep 1000 & echo $!; wait";
        let mut shell =
            Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let sleep: i32 = line.trim().parse().unwrap();
        let (shim, unit) = (i32::try_from(shell.id()).unwrap(), UnitId::new(1, 1));
        let shims = HashMap::from([(shim, unit.clone())]);
        let own = i32::try_from(std::process::id()).unwrap();

        assert_eq!(unit_of_caller(sleep, &shims), Caller::Unit(unit.clone()));
        assert_eq!(unit_of_caller(shim, &shims), Caller::Unit(unit));
        assert_eq!(unit_of_caller(sleep, &HashMap::new()), Caller::Outside);
        assert_eq!(unit_of_caller(own, &shims), Caller::Outside);

        let kill = |pid| crate::adapter::process::signal(pid, libc::SIGKILL);
        assert!(kill(sleep) | kill(shim));
        // Not waited for yet, then not there at all: in both nobody can say who it was.
        assert!(crate::adapter::process::wait_for_end(shim, std::time::Duration::from_secs(20)));
        assert_eq!(unit_of_caller(shim, &HashMap::new()), Caller::Unknown);
        shell.wait().unwrap();
        assert_eq!(unit_of_caller(shim, &HashMap::new()), Caller::Unknown);
        assert_eq!(unit_of_caller(0, &shims), Caller::Unknown);
    }
}
