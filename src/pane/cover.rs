//! What a fenced program sees as empty: mounts over folders, in a mount namespace of the program's
//! own. Landlock lets a program connect to every socket it can find; these it does not find.

use std::{
    ffi::{CStr, CString},
    io::{self, Write},
    os::{fd::AsRawFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
    process::Command,
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, open as open_file},
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    sys::stat::{Mode, fstat},
    unistd::{chdir, getegid, geteuid, write},
};

use super::{fence, sys};

/// An empty folder that cannot be listed or filled.
const EMPTY: &CStr = c"mode=000,size=4k,nr_inodes=2";
/// What stands for a file: it is read as empty, and no socket.
const NOTHING: &CStr = c"/dev/null";
/// By this the attempt says that it went well; no system call of it ends so.
const WELL: Errno = Errno::ECANCELED;
/// Where a process says which of its namespace's users are which outside, and how: the first is
/// what the kernel asks for before the last (user_namespaces(7)).
const SETGROUPS: &CStr = c"/proc/self/setgroups";
const USERS: &CStr = c"/proc/self/uid_map";
const GROUPS: &CStr = c"/proc/self/gid_map";

/// All that is covered, in a form that needs no memory between fork and exec.
#[derive(Clone)]
pub(super) struct Cover {
    places: Vec<CString>,
    /// Where the program begins. It is there already, but on the far side of the covers.
    cwd: CString,
    /// Who an ordinary user is in a namespace of its own: the same. Root needs none.
    ids: Option<(Vec<u8>, Vec<u8>)>,
}

/// Prepares the covers; the sentence says why there can be none.
pub(super) fn build(paths: &[PathBuf], cwd: &Path) -> Result<Option<Cover>, String> {
    if paths.is_empty() {
        return Ok(None);
    }
    let missing = |_| format!("the folder {} does not exist", cwd.display());
    let real = cwd.canonicalize().map_err(missing)?;
    if let Some(path) = paths.iter().find(|path| real.starts_with(path)) {
        let (cwd, path) = (cwd.display(), path.display());
        return Err(format!(
            "its folder {cwd} lies in {path}, which its fence covers; start it in another"
        ));
    }
    for path in paths {
        match fence::open(path.as_path()) {
            Err(errno) if !is_missing(errno) => return Err(fence::not_there(path, errno)),
            Ok(_) | Err(_) => (),
        }
    }
    let word = |path: &Path| {
        let zero = |_| format!("its fence names {}, which no path can be", path.display());
        CString::new(path.as_os_str().as_bytes()).map_err(zero)
    };
    let places = paths.iter().map(|path| word(path)).collect::<Result<_, _>>()?;
    let (user, group) = (geteuid(), getegid());
    let itself = |id: u32| format!("{id} {id} 1").into_bytes();
    let ids = (!user.is_root()).then(|| (itself(user.as_raw()), itself(group.as_raw())));
    Ok(Some(Cover { places, cwd: word(cwd)?, ids }))
}

impl Cover {
    /// What this machine cannot do of it, if anything: it is tried in a process that then ends.
    pub(super) fn lacks(&self) -> Option<String> {
        let cover = self.clone();
        let mut command = Command::new("/");
        sys::before_exec(&mut command, move || {
            cover.put_up()?;
            Err(WELL.into())
        });
        let error = match command.spawn() {
            Err(error) if error.raw_os_error() == Some(WELL as i32) => return None,
            Err(error) => error,
            Ok(_) => return Some("folders cannot be covered".to_owned()),
        };
        let way = if self.ids.is_some() { "user namespaces" } else { "mount namespaces" };
        Some(format!("folders cannot be covered, this machine lets it have no {way} ({error})"))
    }

    /// Covers them for this process and all it will start. Runs between fork and exec, before the
    /// process becomes another user.
    pub(super) fn put_up(&self) -> io::Result<()> {
        match &self.ids {
            None => unshare(CloneFlags::CLONE_NEWNS)?,
            Some((users, groups)) => {
                unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
                for (file, text) in [(SETGROUPS, &b"deny"[..]), (USERS, users), (GROUPS, groups)] {
                    let file = open_file(file, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())?;
                    write(&file, text)?;
                }
            }
        }
        // Or the covers would appear for everybody.
        let apart = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&CStr>, c"/", None::<&CStr>, apart, None::<&CStr>)?;
        self.places.iter().try_for_each(|place| lay_over(place))?;
        // By name, now that the name leads past nothing covered.
        chdir(self.cwd.as_c_str())?;
        Ok(())
    }
}

/// Covers one place. The handle, not the name, says what: nobody can put a link there meanwhile.
fn lay_over(place: &CStr) -> io::Result<()> {
    let place = match fence::open(place) {
        Ok(place) => place,
        Err(errno) if is_missing(errno) => return Ok(()),
        Err(errno) => return Err(errno.into()),
    };
    let mut name = [0; 32];
    write!(&mut name[..31], "/proc/self/fd/{}", place.as_raw_fd())?;
    let target = CStr::from_bytes_until_nul(&name).map_err(|_| Errno::EINVAL)?;
    if fstat(&place)?.st_mode & libc::S_IFMT == libc::S_IFDIR {
        let shut = MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        mount(Some(c"none"), target, Some(c"tmpfs"), shut, Some(EMPTY))?;
    } else {
        mount(Some(NOTHING), target, None::<&CStr>, MsFlags::MS_BIND, None::<&CStr>)?;
    }
    Ok(())
}

/// What is not there. Where the way is merely barred, an earlier life of the program may have done
/// that, to unbar it in this one: such a place is an error.
fn is_missing(errno: Errno) -> bool {
    matches!(errno, Errno::ENOENT | Errno::ENOTDIR)
}
