//! A child of ours that renders what strangers wrote: little memory, little time, no files.

use std::{
    io::{Read, Write},
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    time::Duration,
};

use nix::sys::{
    prctl::set_pdeathsig,
    resource::{Resource, setrlimit},
    signal::Signal,
};

use crate::port::Cage;

/// The word that starts it.
pub const WORD: &str = "__render";
/// What it may take.
const MEMORY: u64 = 512 << 20;
const CPU_S: u64 = 5;
const WALL: Duration = Duration::from_secs(20);
/// Its answer holds a project, as text.
const MAX_ANSWER: u64 = 600 << 20;

/// Starts children of this program.
pub struct SystemCage {
    exe: PathBuf,
}

impl SystemCage {
    /// Children are this executable.
    #[must_use]
    pub fn new(exe: PathBuf) -> Self {
        Self { exe }
    }
}

/// Shuts the door behind the child, before it reads a word of a stranger's.
pub fn shut() -> Result<(), String> {
    let limit = |which, most| setrlimit(which, most, most).map_err(|e| e.to_string());
    set_pdeathsig(Signal::SIGKILL).map_err(|e| e.to_string())?;
    limit(Resource::RLIMIT_AS, MEMORY)?;
    limit(Resource::RLIMIT_CPU, CPU_S)?;
    limit(Resource::RLIMIT_FSIZE, 0)?;
    limit(Resource::RLIMIT_CORE, 0)?;
    limit(Resource::RLIMIT_NOFILE, 3)
}

impl Cage for SystemCage {
    fn render(&self, document: &[u8]) -> Result<Vec<u8>, String> {
        let mut command = Command::new(&self.exe);
        command.arg(WORD).env_clear().current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|e| format!("no child can be started: {e}"))?;
        let answer = talk(&mut child, document);
        if answer.is_none() {
            let _ = child.kill();
        }
        let status = child.wait().map_err(|e| format!("the child is lost: {e}"))?;
        match answer {
            None => Err(format!("the template takes longer than {} s to render", WALL.as_secs())),
            Some(answer) if status.success() => Ok(answer),
            Some(_) => Err(why(status)),
        }
    }
}

/// Hands in the document and waits for the answer; `None` if that takes too long.
fn talk(child: &mut Child, document: &[u8]) -> Option<Vec<u8>> {
    let (mut input, output) = (child.stdin.take()?, child.stdout.take()?);
    let (tell, told) = mpsc::channel();
    let document = document.to_vec();
    // Both at once: neither pipe may fill up and hold the other.
    std::thread::spawn(move || {
        let _ = input.write_all(&document);
    });
    std::thread::spawn(move || {
        let mut answer = vec![];
        let _ = output.take(MAX_ANSWER).read_to_end(&mut answer);
        let _ = tell.send(answer);
    });
    told.recv_timeout(WALL).ok()
}

fn why(status: ExitStatus) -> String {
    match status.signal() {
        Some(libc::SIGXCPU | libc::SIGKILL) => {
            format!("the template takes more than {CPU_S} s of computing to render")
        }
        Some(libc::SIGABRT) => {
            format!("the template takes more than {} MiB of memory to render", MEMORY >> 20)
        }
        Some(libc::SIGSEGV) => "the template is nested too deeply to render".to_owned(),
        _ => format!("the template cannot be rendered ({status})"),
    }
}
