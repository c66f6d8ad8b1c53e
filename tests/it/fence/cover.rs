//! Covered folders: what no program may find, tried as whoever runs the tests and, if that is root,
//! as an ordinary user too.

use std::os::unix::net::UnixListener;

use super::*;

const COVERED: &str = include_str!("../../fixtures/fence/covered.py");
/// Nobody's number on every machine.
const NOBODY: &str = "65534";
const AS_NOBODY: &[&str] = &["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"];

/// Who the shim runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Ourselves,
    Nobody,
}

fn everyone() -> Vec<Who> {
    if nix::unistd::geteuid().is_root() {
        vec![Who::Ourselves, Who::Nobody]
    } else {
        vec![Who::Ourselves]
    }
}

/// Shows a unit with the shim as that user, on ground that is theirs.
fn show(unit: &Unit, ground: &Ground, who: Who) {
    if who == Who::Ourselves {
        return unit.show("a");
    }
    give_away(unit, ground);
    unit.show_by(AS_NOBODY);
}

fn give_away(unit: &Unit, ground: &Ground) {
    let mut chown = Command::new("chown");
    chown.args(["-R", NOBODY]).arg(ground.folder.path()).arg(unit.path(""));
    assert!(chown.status().unwrap().success());
}

/// Sockets that are to be covered, in a folder and alone, and one that is to stay open.
struct Sockets {
    ground: Ground,
    _listeners: Vec<UnixListener>,
}

impl Sockets {
    fn new() -> Self {
        let ground = Ground::new();
        let at = |name: &str| ground.at(name);
        fs::create_dir_all(at("covered/below")).unwrap();
        fs::write(at("covered/text"), "secret").unwrap();
        std::os::unix::fs::symlink(at("covered"), at("outside/link")).unwrap();
        let names = ["covered/other.sock", "single.sock", "open.sock"];
        let listeners = names.map(|name| UnixListener::bind(at(name)).unwrap()).into();
        let server = ["-f", "/dev/null", "new-session", "-d", "sleep", "100000"];
        tmux(&at("covered/tmux.sock"), &server);
        Self { ground, _listeners: listeners }
    }

    fn fence(&self) -> Value {
        let mut fence = self.ground.fence();
        fence["cover"] = json!([
            self.ground.at("covered"),
            self.ground.at("single.sock"),
            self.ground.at("nowhere")
        ]);
        fence
    }

    fn tries(&self, fence: &Value, who: Who) -> BTreeMap<String, String> {
        let at = |name: &str| self.ground.at(name);
        let victim = self.ground.victim().to_string();
        let places = [at("covered"), at("single.sock"), at("open.sock"), victim, at("outside")];
        let argv: Vec<&str> = ["python3", "-c", COVERED]
            .into_iter()
            .chain(places.iter().map(String::as_str))
            .collect();
        let path = std::env::var("PATH").unwrap();
        let fenced = if fence.is_null() { "" } else { "1" };
        let env = json!({ "PATH": path, "FENCED": fenced });
        let unit = Unit::new(&argv, json!({ "cwd": at("inside"), "fence": fence, "env": env }));
        // tmux lets only its own user in, and root.
        show(&unit, &self.ground, who);
        outcomes(&unit)
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        tmux(&self.ground.at("covered/tmux.sock"), &["kill-server"]);
    }
}

fn tmux(socket: &str, args: &[&str]) {
    let mut command = Command::new("tmux");
    command.args(["-S", socket]).args(args).env_remove("TMUX").stdin(Stdio::null());
    assert!(command.status().unwrap().success());
}

#[test]
fn what_is_covered_is_found_on_no_way() {
    for who in everyone() {
        let sockets = Sockets::new();
        let found = sockets.tries(&sockets.fence(), who);
        table(&format!("with covers, {who:?}"), &found);
        assert!(found.len() >= 26, "{}", found.len());
        let refused = ["EACCES", "EPERM", "ENOENT", "EROFS", "ECONNREFUSED"];
        for (name, outcome) in &found {
            let open = ["an open socket", "threads and children"].contains(&name.as_str());
            let right = if open { outcome == "done" } else { refused.contains(&outcome.as_str()) };
            assert!(right, "{who:?}: {name}: {outcome}");
        }
        assert!(!Path::new(&sockets.ground.at("outside/by-tmux")).exists());
        // Nobody else sees the covers.
        assert_eq!(fs::read_to_string(sockets.ground.at("covered/text")).unwrap(), "secret");
    }
}

/// Without this, a try with a slip in it would look like a cover that holds.
#[test]
fn a_fence_without_covers_lets_sockets_be_found() {
    let sockets = Sockets::new();
    let found = sockets.tries(&sockets.ground.fence(), Who::Ourselves);
    table("fenced, without covers", &found);
    for name in ["the tmux server", "another socket", "through its own root", "a covered socket"] {
        assert_eq!(found[name], "done", "{name}");
    }
    let sockets = Sockets::new();
    let found = sockets.tries(&Value::Null, Who::Ourselves);
    table("without a fence", &found);
    for (name, outcome) in found {
        assert_eq!(outcome, "done", "{name}");
    }
}

#[test]
fn a_folder_stays_covered_whatever_comes_and_a_file_does_not() {
    for who in everyone() {
        let sockets = Sockets::new();
        let (ground, at) = (&sockets.ground, |name: &str| sockets.ground.at(name));
        nix::unistd::mkfifo(Path::new(&at("go")), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let code = "import socket, sys\nopen(sys.argv[1]).read()\nfor path in sys.argv[2:]:\n try: \
                    socket.socket(socket.AF_UNIX).connect(path); print('found')\n except OSError: \
                    print('refused')\nprint('END')";
        let (late, single) = (at("covered/late.sock"), at("single.sock"));
        let argv = ["python3", "-c", code, &at("go"), &late, &single];
        let unit = Unit::new(&argv, json!({ "fence": sockets.fence(), "cwd": at("inside") }));
        show(&unit, ground, who);
        // Only a program that runs opens the other end, so all is covered by then.
        let mut go = fs::OpenOptions::new().write(true).open(at("go")).unwrap();
        fs::remove_file(&single).unwrap();
        let _listeners = [&late, &single].map(|path| UnixListener::bind(path).unwrap());
        for path in [&late, &single] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
        }
        go.write_all(b"go").unwrap();
        drop(go);
        unit.exit();
        assert!(said(&unit).contains("refused\nfound\nEND"), "{who:?}: {}", said(&unit));
    }
}

#[test]
fn behind_covers_a_program_works_as_ever() {
    for who in everyone() {
        let sockets = Sockets::new();
        let at = |name: &str| sockets.ground.at(name);
        let script = "set -e; pwd; tty; stty size; echo x > /dev/tty; mktemp > /dev/null
            env | grep ^TMUX && exit 3; echo one > file; chmod 700 file; mkdir -p a/b; rm -r a
            test $(stat -c %u file) = $(id -u); test -d ..; (sleep 1000 & kill $!; wait $! || true)
            python3 -c 'import threading as t; a = t.Thread(target=print, args=[1]); a.start(); a.join()'
            python3 -c 'import pty, sys; sys.exit(pty.spawn([\"echo\", \"in a terminal\"]))'
            echo fine";
        let path = std::env::var("PATH").unwrap();
        let env = json!({ "PATH": path, "TMPDIR": at("inside") });
        let change = json!({ "fence": sockets.fence(), "cwd": at("inside"), "env": env });
        let unit = Unit::new(&["sh", "-c", script], change);
        show(&unit, &sockets.ground, who);
        let (exit, text) = (unit.exit(), said(&unit));
        assert_eq!(exit["code"], 0, "{who:?}: {text}");
        for wanted in ["/inside\n/dev/", "20 90", "in a terminal", "fine"] {
            assert!(text.contains(wanted), "{who:?}: {wanted}: {text}");
        }
    }
}

#[test]
fn a_user_set_in_the_spec_is_behind_the_covers_too() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let sockets = Sockets::new();
    let at = |name: &str| sockets.ground.at(name);
    fs::set_permissions(sockets.ground.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let script = format!("id -u; ls {} || echo refused; pwd", at("covered"));
    let user = json!({ "uid": 65534, "gid": 65534, "groups": [] });
    let change = json!({ "fence": sockets.fence(), "cwd": at("inside"), "user": user });
    let (code, text) = run(&script, change);
    assert_eq!(code, 0, "{text}");
    assert!(text.starts_with("65534\n") && text.contains("refused"), "{text}");
}

#[test]
fn a_covered_program_is_stopped_and_killed_like_any_other() {
    // A tree that heeds no request, with a daemon in it that only its shim still knows.
    let script = "trap '' TERM HUP; setsid -f sh -c 'sleep 1000; true'; sleep 1000; true";
    for who in everyone() {
        for by_shim in [true, false] {
            let sockets = Sockets::new();
            let change = json!({ "fence": sockets.fence(), "cwd": sockets.ground.at("inside") });
            let unit = Unit::new(&["sh", "-c", script], change);
            unit.tmux(&["new-session", "-d", "-s", "keeper", "sleep", "100000"]);
            show(&unit, &sockets.ground, who);
            let (child, shim) = (unit.child(), unit.shim());
            until("all of it runs", || below(shim).len() >= 4);
            let family = below(shim);
            assert!(family.contains(&child), "{family:?}");
            if by_shim {
                let name = if who == Who::Ourselves { "a" } else { "by" };
                unit.tmux(&["kill-session", "-t", name]);
                assert_eq!(unit.exit()["reason"], "hangup");
                until("nobody is left", || family.iter().all(|pid| !alive(*pid)));
            } else {
                kill(shim, "KILL");
                until("the program died too", || !alive(child));
                family.iter().for_each(|pid| kill(*pid, "KILL"));
            }
        }
    }
}

/// All processes below one.
fn below(pid: i32) -> Vec<i32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let own: Vec<i32> = list.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    own.iter().flat_map(|pid| [vec![*pid], below(*pid)].concat()).collect()
}

#[test]
fn a_cover_that_would_hide_what_is_needed_starts_nothing() {
    let ground = Ground::new();
    let (inside, link) = (ground.at("inside"), ground.at("link"));
    std::os::unix::fs::symlink(ground.at("outside"), &link).unwrap();
    std::os::unix::fs::symlink(ground.at("secret"), ground.at("inside/way")).unwrap();
    let below = ground.at("secret/below");
    fs::create_dir(&below).unwrap();
    let in_secret = json!({ "cover": [ground.at("secret")] });
    for (cwd, fence, wanted) in [
        (&below, in_secret.clone(), "which its fence covers; start it in another"),
        (&ground.at("inside/way"), in_secret, "which its fence covers; start it in another"),
        (&inside, json!({ "cover": [link] }), "a symbolic link is on that way"),
        (&inside, json!({ "cover": [format!("{inside}/x")], "write": [inside] }), "cannot cover"),
        (&inside, json!({ "cover": ["/"] }), "cannot cover /,"),
    ] {
        let unit = Unit::new(&["true"], json!({ "fence": fence, "cwd": cwd }));
        unit.show("a");
        let exit = unit.exit();
        assert!(exit["reason"]["not-started"].as_str().unwrap().contains(wanted), "{exit}");
    }
}

#[test]
fn a_place_to_cover_that_is_barred_is_not_passed_over() {
    let root = nix::unistd::geteuid().is_root();
    for who in everyone().into_iter().filter(|who| !root || *who == Who::Nobody) {
        let ground = Ground::new();
        fs::set_permissions(ground.at("outside"), fs::Permissions::from_mode(0o000)).unwrap();
        let fence = json!({ "cover": [ground.at("outside/empty")] });
        let unit = Unit::new(&["true"], json!({ "fence": fence }));
        show(&unit, &ground, who);
        let exit = unit.exit();
        fs::set_permissions(ground.at("outside"), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(
            exit["reason"]["not-started"].as_str().unwrap().contains("cannot be opened"),
            "{exit}"
        );
    }
}

#[test]
fn a_machine_without_namespaces_refuses_or_says_so_loudly() {
    for who in everyone() {
        for best_effort in [false, true] {
            let sockets = Sockets::new();
            let mut fence = sockets.fence();
            fence["best_effort"] = json!(best_effort);
            let unit = Unit::new(&["echo", "it runs"], json!({ "fence": fence }));
            // unshare(2) has its old number on the processors gaia is made for.
            let number = if cfg!(target_arch = "x86_64") { "272" } else { "97" };
            let lacking = without_call(number);
            let mut before = vec!["python3", "-c", &lacking];
            if who == Who::Nobody {
                give_away(&unit, &sockets.ground);
                before.extend(AS_NOBODY);
            }
            unit.show_by(&before);
            let (exit, text) = (unit.exit(), said(&unit));
            let lacks = "folders cannot be covered, this machine lets it have no";
            if best_effort {
                assert!(
                    text.starts_with(&format!("[gaia] NOT FENCED AS ASKED: {lacks}")),
                    "{text}"
                );
                assert!(text.contains("it runs"), "{exit} {text}");
            } else {
                let reason = exit["reason"]["not-started"].as_str().unwrap();
                assert!(reason.starts_with(lacks) && reason.contains("best_effort"), "{reason}");
                assert!(!text.contains("it runs"), "{text}");
            }
        }
    }
}

#[test]
fn behind_the_covers_of_a_home_its_api_answers_and_its_tmux_does_not() {
    // What the API answers is no: a fenced program without a pane of the home is nobody it knows.
    let house = crate::house::House::new();
    house.ok(&["session", "new", "demo"]);
    let home = gaia::base::Home::new(house.home()).unwrap();
    let ground = Ground::new();
    let mark = ground.at("outside/by-tmux");
    let tmux = home.tmux_socket();
    let script = format!(
        "{gaia} daemon status; test $? = 5 || exit 3; tmux -N -S {tmux} run-shell 'touch {mark}'; test -e {mark}",
        gaia = env!("CARGO_BIN_EXE_gaia"),
        tmux = tmux.display()
    );
    let env = json!({ "PATH": std::env::var("PATH").unwrap(), "GAIA_HOME": house.home() });
    for (cover, wanted) in [(json!([]), 0), (json!(home.covered()), 1)] {
        let _ = fs::remove_file(&mark);
        let fence = json!({ "cover": cover, "write": [ground.at("inside")] });
        let (code, text) = run(&script, json!({ "fence": fence, "env": env }));
        assert_eq!(code, wanted, "{cover}: {text}");
    }
}

#[test]
fn a_folder_that_somebody_left_open_does_not_reach_the_program() {
    let ground = Ground::new();
    let script = "test -e /proc/$$/fd/3 && echo open || echo closed";
    for (fence, wanted) in [(Value::Null, "open"), (ground.fence(), "closed")] {
        let unit = Unit::new(&["sh", "-c", script], json!({ "fence": fence }));
        let leak = format!("exec \"$@\" 3< {}", ground.at("secret"));
        unit.show_by(&["sh", "-c", &leak, "sh"]);
        unit.exit();
        assert!(said(&unit).contains(wanted), "{}", said(&unit));
    }
}
