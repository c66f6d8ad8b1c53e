//! Ends that nobody asked for, and what follows them.

use super::{free_port, python};
use crate::house::{House, alive, kill, number};

#[test]
fn one_that_ends_at_once_backs_off_and_fails_at_its_limit() {
    let house = House::declaring(
        "[services.a]\nrun = \"echo this is why; exit 0\"\nrestart = \"always\"\nbackoff = \"5ms\"\nmax_restarts = 4\n",
    );
    house.ok(&["up"]);
    let service = house.until_phase("a", "failed");
    assert_eq!((&service["restarts"], &service["incarnation"]), (&4.into(), &5.into()));
    assert!(service["why"].as_str().unwrap().contains("4 times"), "{service:#}");
    let pauses = house.facts("backed-off", "a");
    let pauses: Vec<u64> = pauses.iter().map(|p| p["pause_ms"].as_u64().unwrap()).collect();
    // The first restart comes at once; then 5, 10 and 20 ms, less a quarter at most.
    assert_eq!(pauses.len(), 3, "{pauses:?}");
    assert!(pauses.is_sorted() && pauses[0] <= 5 && (15..=20).contains(&pauses[2]), "{pauses:?}");

    house
        .until_service("a", "its evidence is there", |_| !house.facts("evidenced", "a").is_empty());
    let evidence = house.facts("evidenced", "a");
    assert!(evidence[0]["why"]["crash-loop"].is_string(), "{evidence:#?}");
    let said = |line: &serde_json::Value| line == "this is why";
    assert_eq!(evidence[0]["log"].as_array().unwrap().iter().filter(|l| said(l)).count(), 5);
}

#[test]
fn what_no_restart_can_cure_fails_at_once_with_a_plain_reason() {
    let house = House::declaring(
        "[services.a]\nrun = \"exit 127\"\n[services.b]\ncommand = [\"no-such-program\"]\n[services.c]\nrun = \"exit 9\"\npermanent_codes = [9]\nrestart = \"always\"\n",
    );
    house.ok(&["up"]);
    for (name, why) in [
        ("a", "exited with 127: no restart can cure that"),
        ("b", "there is no program `no-such-program`"),
        ("c", "exited with 9: no restart can cure that"),
    ] {
        let service = house.until_phase(name, "failed");
        assert_eq!(service["why"], why);
        assert_eq!((&service["restarts"], &service["incarnation"]), (&0.into(), &1.into()));
    }
    assert_eq!(house.gaia(&["up", "--wait"]).status.code(), Some(1));
    let why = house.ok(&["service", "why", "b"]);
    assert!(why.contains("b failed: there is no program `no-such-program`"), "{why}");
}

#[test]
fn each_policy_restarts_after_its_own_ends() {
    let mut services = String::new();
    for (policy, word) in
        [("no", "no"), ("on-failure", "f"), ("on-abnormal", "ab"), ("always", "al")]
    {
        for (end, line) in [("ok", "exit 0"), ("bad", "exit 3"), ("sig", "kill -USR1 $$")] {
            // The second life stays.
            services += &format!(
                "[services.{word}-{end}]\nrun = \"test -e {word}-{end} && exec sleep 1000; touch {word}-{end}; {line}\"\nrestart = \"{policy}\"\n"
            );
        }
    }
    let house = House::declaring(&services);
    house.ok(&["up"]);
    for (name, phase, lives) in [
        ("no-ok", "completed", 1),
        ("no-bad", "failed", 1),
        ("no-sig", "failed", 1),
        ("f-ok", "completed", 1),
        ("f-bad", "running", 2),
        ("f-sig", "running", 2),
        ("ab-ok", "completed", 1),
        ("ab-bad", "failed", 1),
        ("ab-sig", "running", 2),
        ("al-ok", "running", 2),
        ("al-bad", "running", 2),
        ("al-sig", "running", 2),
    ] {
        let what = format!("{phase} in life {lives}");
        house.until_service(name, &what, |s| s["phase"] == phase && s["incarnation"] == lives);
    }
    assert!(house.service("no-sig")["why"].as_str().unwrap().contains("signal 10"));
    house.ok(&["down"]);
}

#[test]
fn what_a_leader_left_behind_is_gone_before_the_next_life_begins() {
    let port = free_port();
    let program = r"
import os, signal, socket, sys, time
first = not os.path.exists('second')
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', int(os.environ['PORT'])))
s.listen()
if first:
    open('second', 'w').close()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
        open('child', 'w').write(str(os.getpid()))
        time.sleep(1000)
    while not os.path.exists('child'): time.sleep(0.01)
    sys.exit(1)
print('bound', flush=True)
time.sleep(1000)
";
    let house = House::declaring(&format!(
        "[services.a]\n{}\nport = {port}\nprobe.ready.log = \"bound\"\nstop.grace = \"200ms\"\n",
        python(program)
    ));
    house.up();
    let service = house.service("a");
    assert_eq!((&service["restarts"], &service["incarnation"]), (&1.into(), &2.into()));
    assert!(!house.written("a").contains("in use"), "{}", house.written("a"));
    let child = std::fs::read_to_string(house.path("child")).unwrap().parse().unwrap();
    assert!(!alive(child));
    let exited = house.facts("exited", "a");
    assert_eq!(
        (&exited[0]["ended"]["how"]["code"], &exited[0]["ended"]["left"]),
        (&1.into(), &true.into())
    );
    assert_eq!(exited.len(), 1);
}

#[test]
fn a_one_shot_that_is_done_is_not_run_again_by_another_up() {
    let house = House::declaring(
        "[services.a]\ntype = \"oneshot\"\nrun = \"echo run >> runs\"\n[services.b]\nrun = \"exec sleep 1000\"\nafter = { a = \"completed-ok\" }\n",
    );
    house.up();
    house.up();
    assert_eq!(house.service("a")["phase"], "completed");
    assert_eq!(std::fs::read_to_string(house.path("runs")).unwrap(), "run\n");
    house.ok(&["service", "start", "a", "--wait"]);
    assert_eq!(std::fs::read_to_string(house.path("runs")).unwrap(), "run\nrun\n");
}

#[test]
fn a_restart_that_was_asked_for_is_not_counted() {
    let house = House::serving("[services.a]\nrun = \"exec sleep 1000\"\n");
    let first = number(&house.service("a")["pid"]);
    house.ok(&["service", "restart", "a", "--wait"]);
    let second = house.service("a");
    assert_eq!((&second["restarts"], &second["incarnation"]), (&0.into(), &2.into()));
    assert!(!alive(first));
    kill(number(&second["pid"]), "KILL");
    let third = house.until_service("a", "life 3", |a| a["incarnation"] == 3 && a["pid"].is_i64());
    assert_eq!((&third["restarts"], &third["exit"]["how"]["signal"]), (&1.into(), &9.into()));
}

#[test]
fn memory_over_its_limit_is_a_restart_with_a_reason() {
    let program = r"
import os, time
held = b'' if os.path.exists('again') else b'x' * (64 << 20)
open('again', 'w').close()
print('up', flush=True)
time.sleep(1000)
";
    let house = House::serving(&format!(
        "[services.a]\n{}\nprobe.ready.log = \"up\"\nmax_memory = \"48MiB\"\n",
        python(program)
    ));
    // `show` has a look taken at once.
    house.until_service("a", "a second life", |a| {
        house.gaia(&["service", "show", "a"]);
        a["incarnation"] == 2 && a["health"] == "ready"
    });
    let service = house.service("a");
    assert_eq!(service["restarts"], 1);
    let unfit = service["exit"]["how"]["unfit"].as_str().unwrap().to_owned();
    assert!(unfit.contains("its limit is 48"), "{unfit}");
    assert_eq!(house.facts("exited", "a")[0]["ended"]["how"]["unfit"], unfit);
}
