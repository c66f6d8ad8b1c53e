//! Fences: a hostile program behind the real shim, what it tries, and what must go on working.

mod cover;

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    net::{TcpListener, UdpSocket},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    house::{alive, kill, until},
    pane::Unit,
};

const HOSTILE: &str = include_str!("../fixtures/fence/hostile.py");
const CALLER: &str = include_str!("../fixtures/fence/caller.py");

/// What the kernel does not cover; each is a line of docs/concepts/fences.md.
const UNCOVERED: &[&str] = &[
    "chmod 600 $OUT/file",
    "touch -d @0 $OUT/file",
    "chown $(id -u) $OUT/file",
    "test -s $SECRET/key",
    "id -u | cat > /dev/shm/gaia-test-$$ && rm /dev/shm/gaia-test-$$",
];

/// A folder with all that a hostile program could want, and a process to hurt.
struct Ground {
    folder: tempfile::TempDir,
    victim: Child,
}

impl Ground {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("gf").tempdir_in("/tmp").unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["inside", "outside/worktree/.git/hooks", "outside/empty", "secret"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        for name in ["outside/file", "outside/taken", "outside/gone", "outside/worktree/code"] {
            fs::write(at(name), "precious").unwrap();
        }
        for name in ["secret/key", "secret/tool"] {
            fs::write(at(name), "#!/bin/sh\n").unwrap();
            fs::set_permissions(at(name), fs::Permissions::from_mode(0o700)).unwrap();
        }
        // It listens on an abstract socket that carries its own number.
        let code = "import os, socket, time; s = socket.socket(socket.AF_UNIX); \
                    s.bind(f'\\0gaia{os.getpid()}'); s.listen(); print('up', flush=True); \
                    time.sleep(100000)";
        let mut victim = Command::new("python3");
        victim.args(["-c", code]).stdout(Stdio::piped()).current_dir(at("outside"));
        let mut victim = victim.process_group(0).spawn().unwrap();
        let mut word = [0; 2];
        std::io::Read::read_exact(victim.stdout.as_mut().unwrap(), &mut word).unwrap();
        Self { folder, victim }
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn victim(&self) -> i32 {
        i32::try_from(self.victim.id()).unwrap()
    }

    fn fence(&self) -> Value {
        json!({ "write": [self.at("inside")], "deny_read": [self.at("secret")] })
    }

    /// Runs the hostile program beside another unit; its tries and their outcomes.
    fn tries(&self, fence: &Value) -> BTreeMap<String, String> {
        let other = Unit::new(&["sleep", "1000"], json!({}));
        other.show("other");
        other.child();
        let socket = other.path("u/shim.sock");
        let (inside, outside) = (self.at("inside"), self.at("outside"));
        let (secret, victim) = (self.at("secret"), self.victim().to_string());
        let argv = [
            "python3",
            "-c",
            HOSTILE,
            &inside,
            &outside,
            &secret,
            &victim,
            socket.to_str().unwrap(),
        ];
        let fenced = if fence.is_null() { "" } else { "1" };
        let path = std::env::var("PATH").unwrap();
        let unit = Unit::new(
            // The socket of its own shim is known only once its folder is.
            &[&["sh", "-c", "read own; exec \"$0\" \"$@\" \"$own\""], &argv[..]].concat(),
            json!({ "cwd": inside, "fence": fence, "env": { "PATH": path, "FENCED": fenced } }),
        );
        let own = unit.path("u/shim.sock");
        unit.change(&json!({ "stdin": self.input(own.to_str().unwrap()) }));
        unit.show("a");
        until("it was about to begin", || unit.child() > 0);
        // Beside what is shut, but not there when the fence was put up.
        let later = format!("{secret}-later");
        fs::create_dir_all(&later).unwrap();
        fs::write(format!("{later}/key"), "").unwrap();
        outcomes(&unit)
    }

    fn input(&self, text: &str) -> String {
        fs::write(self.at("input"), format!("{text}\n")).unwrap();
        self.at("input")
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
    }
}

fn said(unit: &Unit) -> String {
    String::from_utf8_lossy(&unit.log()).replace('\r', "")
}

fn outcomes(unit: &Unit) -> BTreeMap<String, String> {
    let exit = unit.exit();
    let text = said(unit);
    assert!(text.contains("END"), "{exit}\n{text}");
    let pair = |line: &str| line.split_once('\t').map(|(a, b)| (a.to_owned(), b.to_owned()));
    text.lines().filter_map(pair).collect()
}

fn table(title: &str, found: &BTreeMap<String, String>) {
    let mut out = std::io::stderr().lock();
    let _ = writeln!(out, "\n{title}");
    for (name, outcome) in found {
        let _ = writeln!(out, "  {name:<44}{outcome}");
    }
}

/// Runs a shell line in a unit; its exit code and what it printed.
fn run(script: &str, change: Value) -> (i64, String) {
    let unit = Unit::new(&["sh", "-c", script], change);
    unit.show("a");
    let exit = unit.exit();
    (exit["code"].as_i64().unwrap_or(-1), said(&unit))
}

#[test]
fn a_hostile_program_gets_nowhere() {
    let ground = Ground::new();
    let found = ground.tries(&ground.fence());
    table("behind a fence", &found);
    assert!(found.len() >= 40, "{}", found.len());
    let refused = ["EACCES", "EPERM", "EXDEV", "ECONNRESET", "EROFS"];
    for (name, outcome) in &found {
        // Some machines have no such file to refuse.
        let missing = name == "kernel memory" && !Path::new("/proc/kcore").exists();
        assert!(missing || refused.contains(&outcome.as_str()), "{name}: {outcome}");
    }
    for name in ["file", "taken", "gone", "worktree/code"] {
        let text = fs::read_to_string(ground.at(&format!("outside/{name}"))).unwrap();
        assert_eq!(text, "precious", "{name}");
    }
    let mut left: Vec<_> = fs::read_dir(ground.at("outside"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["empty", "file", "gone", "taken", "worktree"]);
    assert!(alive(ground.victim()));
}

/// Without this, a try with a slip in it would look like a fence that holds.
#[test]
fn without_a_fence_the_same_program_does_it_all() {
    let ground = Ground::new();
    let found = ground.tries(&Value::Null);
    table("without a fence", &found);
    // These take more than a user has everywhere.
    let mut special = vec!["raw disks", "make a disk", "kernel memory"];
    if !nix::unistd::geteuid().is_root() {
        special.extend([
            "trace a process",
            "memory of a process, read",
            "memory of a process, write",
        ]);
    }
    for (name, outcome) in found.iter().filter(|(name, _)| !special.contains(&name.as_str())) {
        assert_eq!(outcome, "done", "{name}");
    }
}

#[test]
fn inside_its_fence_a_program_works_as_ever() {
    let ground = Ground::new();
    let script = "set -e
        mkdir -p a/b && echo one > a/b/one && mv a/b/one a/two && ln a/two a/b/three && ln -s two a/four
        printf '#!/bin/sh\\necho ran\\n' > tool && chmod +x tool && ./tool
        cat /etc/passwd > /dev/null && ls / > /dev/null && echo x > /dev/tty
        TMPDIR=$PWD mktemp > /dev/null && mkfifo pipe && rm -r a pipe
        (sleep 1000 & kill $! && wait $! || true)
        python3 -c 'import pty, sys; sys.exit(pty.spawn([\"sh\", \"-c\", \"echo in a terminal\"]))'
        python3 -c 'import multiprocessing as m; m.Lock(); s=__import__(\"socket\").socket(); s.bind((\"127.0.0.1\",0))'
        python3 -c 'import socket; s=socket.socket(socket.AF_UNIX); s.bind(\"s\"); s.listen(); socket.socket(socket.AF_UNIX).connect(\"s\")'
        stty size && grep NoNewPrivs /proc/self/status && echo fine";
    let fence = json!({ "write": [ground.at("inside")] });
    let (code, text) = run(script, json!({ "cwd": ground.at("inside"), "fence": fence }));
    assert_eq!(code, 0, "{text}");
    for wanted in ["ran\n", "in a terminal", "20 90", "NoNewPrivs:\t1", "fine"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[test]
fn what_a_fence_does_not_cover_is_known() {
    let ground = Ground::new();
    let path = std::env::var("PATH").unwrap();
    let env = json!({ "PATH": path, "OUT": ground.at("outside"), "SECRET": ground.at("secret") });
    for script in UNCOVERED {
        let (code, text) = run(script, json!({ "fence": ground.fence(), "env": env }));
        assert_eq!(code, 0, "{script} is refused, so the docs say too little: {text}");
    }
}

#[test]
fn the_network_is_what_the_fence_says() {
    let (allowed, other) = (listener(), listener());
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = |l: &TcpListener| l.local_addr().unwrap().port();
    let (first, second) = (port(&allowed).to_string(), port(&other).to_string());
    let tries = |network: Value| {
        let unit = Unit::new(
            &["python3", "-c", CALLER, &first, &second],
            json!({ "fence": { "network": network } }),
        );
        unit.show("a");
        let found = outcomes(&unit);
        table(&network.to_string(), &found);
        found
    };
    let open = ["tcp to an allowed port", "listen", "udp", "unix socket pair"];
    let found = tries(json!({ "ports": [port(&allowed)] }));
    assert_eq!(found.len(), 11);
    for (name, outcome) in &found {
        let wanted = if open.contains(&name.as_str()) { "done" } else { "EACCES" };
        assert_eq!(outcome, wanted, "{name}");
    }
    for (name, outcome) in &tries(json!("none")) {
        let wanted = if name == "unix socket pair" { "done" } else { "EACCES" };
        assert_eq!(outcome, wanted, "{name}");
    }
    let found = tries(json!("all"));
    for name in open.iter().chain(&["tcp to another port", "tcp by sending (fast open)"]) {
        assert_eq!(found[*name], "done", "{name}");
    }
    drop(udp);
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

#[test]
fn the_commands_before_stand_behind_the_fence_too() {
    let ground = Ground::new();
    let target = ground.at("outside/file");
    let before = json!([["sh", "-c", format!("echo x >> {target}")]]);
    let change = json!({ "before": before, "fence": ground.fence(), "cwd": ground.at("inside") });
    let unit = Unit::new(&["true"], change);
    unit.show("a");
    let exit = unit.exit();
    assert!(exit["reason"]["not-started"].is_string(), "{exit}");
    assert_eq!(fs::read_to_string(target).unwrap(), "precious");
}

#[test]
fn a_fence_that_cannot_stand_starts_nothing() {
    let ground = Ground::new();
    let (link, inside) = (ground.at("link"), ground.at("inside"));
    std::os::unix::fs::symlink(ground.at("outside"), &link).unwrap();
    for (fence, wanted) in [
        (json!({ "write": [ground.at("nowhere")] }), "does not exist"),
        (json!({ "write": [link] }), "a symbolic link is on that way"),
        (json!({ "deny_read": [format!("{link}/file")] }), "a symbolic link is on that way"),
        (json!({ "write": [inside], "deny_read": [format!("{inside}/.env")] }), "cannot deny"),
        (json!({ "write": ["inside"] }), "no absolute path"),
    ] {
        let unit = Unit::new(&["true"], json!({ "fence": fence }));
        unit.show("a");
        let exit = unit.exit();
        assert!(exit["reason"]["not-started"].as_str().unwrap().contains(wanted), "{exit}");
    }
}

#[test]
fn a_secret_that_is_not_there_yet_is_shut_when_it_comes() {
    let ground = Ground::new();
    let (secret, go) = (ground.at("outside/deep/secret"), ground.at("go"));
    nix::unistd::mkfifo(Path::new(&go), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let script = format!(
        "cat {go}; cat {secret} || echo refused; ls /dev/shm || echo shut; cat {}",
        ground.at("inside/in")
    );
    fs::write(ground.at("inside/in"), "open").unwrap();
    let fence = json!({ "deny_read": [secret, "/dev/shm"] });
    let unit = Unit::new(&["sh", "-c", &script], json!({ "fence": fence }));
    unit.show("a");
    unit.child();
    fs::create_dir(ground.at("outside/deep")).unwrap();
    fs::write(&secret, "password").unwrap();
    fs::write(&go, "").unwrap();
    unit.exit();
    let text = said(&unit);
    assert!(["refused", "shut", "open"].iter().all(|word| text.contains(word)), "{text}");
    assert!(!text.contains("password"), "{text}");
}

#[test]
fn a_program_reads_its_input_from_a_file() {
    let ground = Ground::new();
    let input = ground.input("a question; with $signs");
    let script = "cat; test -t 0 || echo no terminal; test -t 1 && echo but there; tty < /dev/tty";
    let change = json!({ "stdin": input, "before": [["sh", "-c", "test -t 0 && echo before"]] });
    let (code, text) = run(script, change);
    assert_eq!(code, 0, "{text}");
    let wanted = "before\na question; with $signs\nno terminal\nbut there\n/dev/";
    assert!(text.starts_with(wanted), "{text}");
    for (path, wanted) in [("/nowhere", "cannot be read"), ("/tmp", "is no file")] {
        let unit = Unit::new(&["true"], json!({ "stdin": path }));
        unit.show("a");
        let exit = unit.exit();
        assert!(exit["reason"]["not-started"].as_str().unwrap().contains(wanted), "{exit}");
    }
}

/// Runs a program as on a kernel that has not the call CALL. The numbers are four lines of BPF
/// (seccomp(2)).
const LACKING: &str = r#"
import ctypes, os, struct, sys
lines = [(0x20, 0, 0, 0), (0x15, 0, 1, CALL), (0x06, 0, 0, 0x00050026), (0x06, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(lines), ctypes.addressof(code)))
prctl = ctypes.CDLL(None).prctl
prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
assert prctl(38, 1, 0, 0, 0) == 0 and prctl(22, 2, ctypes.addressof(program), 0, 0) == 0
os.execvp(sys.argv[1], sys.argv[1:])
"#;

/// A Python program that becomes another one, for which there is no such call.
fn without_call(number: &str) -> String {
    LACKING.replace("CALL", number)
}

#[test]
fn a_kernel_without_landlock_refuses_or_says_so_loudly() {
    for best_effort in [false, true] {
        let unit = Unit::new(
            &["sh", "-c", "echo it runs; grep NoNewPrivs /proc/self/status"],
            json!({ "fence": { "best_effort": best_effort, "network": "none" } }),
        );
        // Every use of Landlock begins with this call.
        unit.show_by(&["python3", "-c", &without_call("444")]);
        let (exit, text) = (unit.exit(), said(&unit));
        let lacks = "this kernel cannot fence files (it has no Landlock)";
        if best_effort {
            assert!(text.starts_with(&format!("[gaia] NOT FENCED AS ASKED: {lacks}\n")), "{text}");
            assert!(text.contains("it runs") && text.contains("NoNewPrivs:\t1"), "{exit} {text}");
        } else {
            let reason = exit["reason"]["not-started"].as_str().unwrap();
            assert!(reason.starts_with(lacks) && reason.contains("best_effort"), "{reason}");
            assert!(!text.contains("it runs"), "{text}");
        }
    }
}

/// A repository with two branches and a linked worktree of the second.
fn repository(ground: &Ground) {
    let script = "set -e; cd $1; git init -q -b main repo; cd repo
        git config user.email a@b; git config user.name a
        git commit -q --allow-empty -m first; git worktree add -q -b gaia/one ../tree
        mkdir -p .git/refs/heads/gaia .git/logs/refs/heads/gaia";
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", &ground.at("inside")]).current_dir("/");
    let done = command.env("GIT_CONFIG_GLOBAL", "/dev/null").status().unwrap();
    assert!(done.success());
}

#[test]
fn a_commit_takes_exactly_its_own_places() {
    let ground = Ground::new();
    repository(&ground);
    let at = |name: &str| ground.at(&format!("inside/{name}"));
    let commit = "echo text > file && git add file && git commit -q -m second && git log --oneline";
    let fenced = |write: &[String], script: &str| {
        run(script, json!({ "cwd": at("tree"), "fence": { "write": write } }))
    };
    let (code, text) = fenced(&[at("tree")], commit);
    assert!(code != 0 && text.contains("index.lock"), "{text}");

    let own = [
        "tree",
        "repo/.git/objects",
        "repo/.git/refs/heads/gaia",
        "repo/.git/logs/refs/heads/gaia",
        "repo/.git/worktrees/tree",
    ];
    let own = own.map(at);
    let (code, text) = fenced(&own, commit);
    assert!(code == 0 && text.contains("second"), "{text}");

    let tries = [
        ("move another branch", "git branch -f main gaia/one"),
        ("make a branch beside", "git branch other"),
        ("write a hook", "echo x > ../repo/.git/hooks/pre-commit"),
        ("set core.hooksPath", "git config core.hooksPath /tmp"),
        ("set it for this worktree only", "git config --worktree core.hooksPath /tmp"),
        ("remove another branch", "git update-ref -d refs/heads/main"),
        ("pack all refs", "git pack-refs --all"),
    ];
    let mut found = BTreeMap::new();
    for (name, script) in tries {
        let (code, text) = fenced(&own, script);
        let reason = text.lines().last().unwrap_or("").to_owned();
        found.insert(name.to_owned(), format!("{code}  {reason}"));
        assert_ne!(code, 0, "{name}: {text}");
    }
    table("a worktree that may commit on its own branch", &found);
}

#[test]
fn a_fenced_program_that_lost_its_shim_is_still_sent_away() {
    let ground = Ground::new();
    let other = Unit::new(&["sleep", "1000"], json!({}));
    other.show("other");
    other.child();
    let (pid, go) = (ground.at("inside/pid"), ground.at("inside/go"));
    let (word, socket) = (ground.at("inside/word"), other.path("u/shim.sock"));
    nix::unistd::mkfifo(Path::new(&go), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let code = format!(
        "import os, socket, sys\nopen({pid:?}, 'w').write(str(os.getpid()))\nopen({go:?}).read()\n\
         s = socket.socket(socket.AF_UNIX); s.connect({socket:?})\n\
         open({word:?}, 'w').write('answer' if s.recv(1) else 'silence')"
    );
    let argv = ["sh", "-c", "setsid python3 -c \"$0\" & sleep 1000", &code];
    let unit = Unit::new(&argv, json!({ "fence": ground.fence() }));
    unit.show("a");
    let written = |path: &str| fs::read_to_string(path).is_ok_and(|text| !text.is_empty());
    until("it runs", || written(&pid));
    let shim = unit.shim();
    kill(shim, "KILL");
    until("its shim is gone", || !alive(shim));
    fs::write(&go, "").unwrap();
    until("it tried", || written(&word));
    assert_eq!(fs::read_to_string(word).unwrap(), "silence");
}
