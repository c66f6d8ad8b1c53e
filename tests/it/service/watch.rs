//! Files that start a service again, and schedules.

use crate::house::{House, number};

const WATCHING: &str = "[services.a]\nrun = \"echo life; exec sleep 1000\"\nprobe.ready.log = \"life\"\nwatch = { paths = [\"*.py\"], ignore = [\"test_*\"], debounce = \"20ms\" }\n";

#[test]
fn a_watched_file_restarts_it_and_others_do_not() {
    let house = House::serving(WATCHING);
    house.write("notes.txt", "x");
    house.write("test_a.py", "x");
    house.write("a.py", "x");
    let service =
        house.until_service("a", "life 2", |a| a["incarnation"] == 2 && a["health"] == "ready");
    assert_eq!(service["restarts"], 0);
    let noted = house.facts("noted", "a");
    assert_eq!(noted.len(), 1, "{noted:#?}");
    assert_eq!(noted[0]["what"], "restarted: a.py changed");
    // One that a person stopped is not woken by a file; the next start watches again.
    house.ok(&["service", "stop", "a", "--wait"]);
    house.write("b.py", "x");
    house.ok(&["service", "start", "a", "--wait"]);
    assert_eq!(house.service("a")["incarnation"], 3);
    house.write("c.py", "x");
    house.until_service("a", "life 4", |a| a["incarnation"] == 4 && a["health"] == "ready");
    assert_eq!(house.facts("noted", "a")[1]["what"], "restarted: c.py changed");
}

#[test]
fn one_that_writes_what_it_watches_ends_with_its_watch_off() {
    let house = House::declaring(
        "[services.a]\nrun = \"echo $$ > out.txt; exec sleep 1000\"\nwatch = { paths = [\"*.txt\"], debounce = \"5ms\" }\n",
    );
    house.ok(&["up"]);
    let service = house.until_service("a", "its watch is off", |a| {
        a["why"].as_str().is_some_and(|why| why.contains("its watch is off"))
    });
    assert_eq!((&service["phase"], &service["restarts"]), (&"running".into(), &0.into()));
    let pid = number(&service["pid"]);
    let lives = service["incarnation"].clone();
    house.write("other.txt", "x");
    assert!(
        house
            .facts("noted", "a")
            .iter()
            .any(|n| n["what"].to_string().contains("does it write them itself?"))
    );
    let service = house.service("a");
    assert_eq!((&service["incarnation"], number(&service["pid"])), (&lives, pid));
    // A person who asks for it has it watched again.
    house.ok(&["service", "restart", "a", "--wait"]);
    house.until_service("a", "it is watched again", |a| {
        a["incarnation"].as_u64() > lives.as_u64().map(|n| n + 2)
    });
    house.ok(&["down"]);
}

#[test]
fn a_file_wakes_one_that_has_given_up() {
    let house = House::declaring(
        "[services.a]\nrun = \"test -e good.py || exit 1; echo life; exec sleep 1000\"\nprobe.ready.log = \"life\"\nmax_restarts = 1\nbackoff = \"1ms\"\nwatch = { paths = [\"*.py\"], debounce = \"5ms\" }\n",
    );
    house.ok(&["up"]);
    house.until_phase("a", "failed");
    house.write("good.py", "");
    let service = house.until_health("a", "ready");
    assert_eq!(service["phase"], "running");
}

#[test]
fn a_schedule_runs_a_one_shot_again_and_again() {
    let house = House::declaring(
        "[services.a]\ntype = \"oneshot\"\nrun = \"echo run >> runs; exit $(wc -l < runs)\"\nschedule = \"* * * * * *\"\n",
    );
    house.ok(&["up"]);
    let runs = || std::fs::read_to_string(house.path("runs")).unwrap_or_default().lines().count();
    house.until_service("a", "two runs, though the first failed", |_| runs() >= 2);
    house.ok(&["service", "stop", "a", "--wait"]);
    assert_eq!(house.service("a")["next_run"], serde_json::Value::Null);
}
