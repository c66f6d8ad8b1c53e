//! The loop: one poll over the program, the pane, the signals and the connections.

use std::{
    collections::VecDeque,
    fs::{self, File},
    os::{
        fd::OwnedFd,
        unix::{
            fs::PermissionsExt,
            net::{UnixListener, UnixStream},
        },
    },
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use nix::{
    fcntl::Flock,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    pty::Winsize,
    sys::{
        prctl,
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd::{getppid, read, write},
};

use super::{
    child::Child, conn::Conn, files, guard, life::Phase, log::Log, outer::Outer, scan::Scan,
    stop::Stopping, sys,
};
use crate::base::{
    Moment,
    unit::{self, Claim, Exit, Spec, State},
    wire::Tell,
};

/// Size of a terminal nobody looks at.
const SIZE: Winsize = Winsize { ws_row: 50, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };
/// tmux reads the last output of a pane only while its process lives.
const LINGER: Duration = Duration::from_millis(20);
/// How long the last output may wait for a pane that does not read.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Bytes on their way to the program, and who wants a receipt for them.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) bytes: Vec<u8>,
    pub(super) written: usize,
    pub(super) receipt: Option<(u64, u64)>,
}

/// The shim of one unit.
pub(super) struct Shim {
    pub(super) folder: PathBuf,
    pub(super) spec: Spec,
    pub(super) claim: Claim,
    pub(super) exit: Option<Exit>,
    pub(super) phase: Phase,
    pub(super) stopping: Option<Stopping>,
    pub(super) child: Option<Child>,
    pub(super) log: Log,
    pub(super) scan: Scan,
    pub(super) outer: Option<Outer>,
    pub(super) size: Winsize,
    /// Size to set when the repaint trick is half done.
    pub(super) repaint: Option<(Instant, Winsize)>,
    pub(super) conns: Vec<Conn>,
    pub(super) typed: VecDeque<Typed>,
    pub(super) listener: UnixListener,
    pub(super) signals: SignalFd,
    pub(super) server: Option<OwnedFd>,
    next_conn: u64,
    pub(super) hung_up: bool,
    /// Which of the commands before the program runs; their number when the program itself does.
    pub(super) stage: usize,
    /// The program has left its real process behind, and that is the one we follow.
    pub(super) forked: bool,
    _lock: Flock<File>,
}

/// Runs a unit until its pane has no more reason to be there.
pub(super) fn run(folder: PathBuf, spec: Spec, lock: Flock<File>) -> Result<ExitCode, String> {
    let mut shim = Shim::new(folder, spec, lock)?;
    if shim.spec.held {
        shim.say_held();
    } else {
        shim.start();
    }
    shim.dial();
    while shim.phase != Phase::Over {
        shim.turn();
    }
    Ok(shim.leave())
}

impl Shim {
    fn new(folder: PathBuf, spec: Spec, lock: Flock<File>) -> Result<Self, String> {
        let signals = signals().map_err(|e| format!("signals: {e}"))?;
        prctl::set_child_subreaper(true).map_err(|e| format!("subreaper: {e}"))?;
        let log = Log::open(folder.join(unit::LOG), spec.log.clone())
            .map_err(|e| format!("the log of {} cannot be opened: {e}", spec.id))?;
        let listener = listen(&folder).map_err(|e| format!("the socket of {}: {e}", spec.id))?;
        let outer = Outer::take();
        let size = outer.as_ref().and_then(Outer::size).unwrap_or(SIZE);
        let in_tmux = std::env::var_os("TMUX").is_some();
        let parent = in_tmux.then(|| getppid().as_raw());
        let before = files::claim(&folder);
        let claim = Claim {
            v: unit::VERSION,
            id: spec.id.clone(),
            rev: spec.rev,
            incarnation: before.map_or(0, |claim| claim.incarnation),
            shim: files::process(std::process::id() as i32).ok_or("no /proc")?,
            child: None,
            boot: files::boot(),
            server: parent.and_then(files::process),
            pane: std::env::var("TMUX_PANE").ok(),
            started: now(),
        };
        files::write_claim(&folder, &claim).map_err(|e| format!("claim of {}: {e}", spec.id))?;
        Ok(Self {
            exit: files::exit(&folder),
            phase: Phase::Held,
            stopping: None,
            child: None,
            log,
            scan: Scan::default(),
            outer,
            size,
            repaint: None,
            conns: vec![],
            typed: VecDeque::new(),
            listener,
            signals,
            server: parent.and_then(sys::pidfd),
            next_conn: 0,
            hung_up: false,
            stage: 0,
            forked: false,
            _lock: lock,
            folder,
            spec,
            claim,
        })
    }

    /// Says hello to the daemon, if there is one.
    fn dial(&mut self) {
        if let Some(Ok(stream)) = self.spec.hello.as_ref().map(UnixStream::connect) {
            self.greet(stream);
        }
    }

    fn greet(&mut self, stream: UnixStream) {
        self.next_conn += 1;
        if let Ok(mut conn) = Conn::new(self.next_conn, stream) {
            conn.tell(Tell::Hello(self.state()));
            self.conns.push(conn);
        }
    }

    /// What the shim says of itself.
    pub(super) fn state(&self) -> State {
        State {
            claim: self.claim.clone(),
            exit: self.exit.clone().filter(|exit| exit.incarnation == self.claim.incarnation),
            held: self.phase == Phase::Held,
            leaving: self.is_leaving(),
            cols: self.size.ws_col,
            rows: self.size.ws_row,
            log_start: self.log.start(),
            log_end: self.log.end(),
            bracketed_paste: self.scan.bracketed_paste,
            alternate: self.scan.alternate,
            preparing: self.is_preparing(),
            shown: self.outer.is_some() || self.conns.iter().any(|conn| conn.view),
        }
    }

    /// One turn of the loop.
    fn turn(&mut self) {
        let now = Instant::now();
        let ready = self.wait(now);
        if ready.signals {
            self.take_signals();
        }
        if ready.program {
            self.read_program();
        }
        if ready.program_takes {
            self.write_program();
        }
        if ready.keys {
            self.read_keys();
        }
        if ready.pane_takes {
            self.flush_pane();
        }
        if ready.caller
            && let Ok((stream, _)) = self.listener.accept()
            && guard::may_talk(&stream, self.spec.fence.is_some())
        {
            self.greet(stream);
        }
        for at in ready.conns.into_iter().rev() {
            self.serve(at);
        }
        self.pump();
        self.tick(Instant::now());
    }

    /// Sends to every connection what waits for it, and drops those that are gone.
    fn pump(&mut self) {
        let (log, end) = (self.folder.join(unit::LOG), self.log.end());
        self.conns.retain_mut(|conn| conn.pump(&log, end));
    }

    fn read_program(&mut self) {
        let Some(child) = &self.child else { return };
        let mut buffer = [0; 64 << 10];
        let (mut got, mut end) = (0, false);
        // The kernel hands out at most 4 KiB per read of a pty master.
        while got < buffer.len() {
            match read(&child.master, &mut buffer[got..]) {
                Ok(0) => end = true,
                Ok(n) => {
                    got += n;
                    continue;
                }
                Err(nix::errno::Errno::EINTR) => continue,
                Err(nix::errno::Errno::EAGAIN) => (),
                Err(_) => end = true,
            }
            break;
        }
        if got > 0 {
            let bytes = &buffer[..got];
            self.log.output(bytes);
            self.scan.read(bytes);
            self.phase.heard(Instant::now());
            if let Some(outer) = &mut self.outer
                && !outer.show(bytes, Instant::now())
            {
                self.hang_up();
            }
        }
        if end {
            self.program_closed();
        }
    }

    fn write_program(&mut self) {
        let Some(child) = &self.child else { return };
        let mut done = Vec::new();
        while let Some(typed) = self.typed.front_mut() {
            match write(&child.master, &typed.bytes[typed.written..]) {
                Ok(n) => typed.written += n,
                Err(nix::errno::Errno::EINTR) => continue,
                Err(_) => break,
            }
            if typed.written == typed.bytes.len() {
                done.extend(self.typed.pop_front());
            }
        }
        for typed in done {
            if let Some((conn, id)) = typed.receipt {
                self.tell(conn, Tell::Receipt { id, bytes: typed.written as u64 });
            }
        }
    }

    fn read_keys(&mut self) {
        let mut buffer = [0; 4096];
        match self.outer.as_ref().and_then(|outer| outer.keys(&mut buffer)) {
            Some(n) => self.keys(&buffer[..n]),
            None => self.hang_up(),
        }
    }

    fn flush_pane(&mut self) {
        let Some(outer) = &mut self.outer else { return };
        if !outer.flush(Instant::now()) {
            return self.hang_up();
        }
        if outer.behind {
            outer.behind = false;
            self.show_tail();
            self.begin_repaint();
        }
    }

    /// Paints the pane from the log, after output was dropped for it.
    fn show_tail(&mut self) {
        let tail = super::log::tail(&self.folder.join(unit::LOG), self.log.end());
        if let Some(outer) = &mut self.outer {
            outer.show(b"\x1b[2J\x1b[H", Instant::now());
            outer.show(&tail, Instant::now());
        }
    }

    fn leave(mut self) -> ExitCode {
        let until = Instant::now() + LAST_WORDS;
        while let Some(outer) = &mut self.outer
            && outer.waits()
            && Instant::now() < until
        {
            let mut fds = [PollFd::new(outer.input(), PollFlags::POLLOUT)];
            let _ = poll(&mut fds, PollTimeout::from(100_u8));
            if !outer.flush(Instant::now()) {
                break;
            }
        }
        self.pump();
        if let Some(outer) = &self.outer {
            std::thread::sleep(LINGER);
            outer.restore();
        }
        let _ = fs::remove_file(self.folder.join("shim.sock"));
        let exit = self.exit.as_ref();
        let code = exit.and_then(|e| e.code.or(e.signal.map(|signal| 128 + signal))).unwrap_or(0);
        ExitCode::from(u8::try_from(code).unwrap_or(1))
    }
}

fn signals() -> nix::Result<SignalFd> {
    let mut set = SigSet::empty();
    for signal in [
        Signal::SIGCHLD,
        Signal::SIGWINCH,
        Signal::SIGHUP,
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGQUIT,
    ] {
        set.add(signal);
    }
    set.thread_block()?;
    SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}

fn listen(folder: &std::path::Path) -> std::io::Result<UnixListener> {
    let path = folder.join("shim.sock");
    // The lock is ours, so a socket that lies here is an earlier shim's.
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The present moment.
pub(super) fn now() -> Moment {
    Moment(super::log::now_us() / 1_000)
}
