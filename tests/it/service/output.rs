//! What programs write and read.

use super::python;
use crate::house::{House, number};

#[test]
fn a_hundred_megabytes_in_a_burst_are_all_there() {
    // 100 bytes a line with its line end, as the terminal writes it.
    let house = House::declaring(&format!(
        "[services.a]\ntype = \"oneshot\"\n{}\n",
        python(
            r"
import sys
for start in range(0, 1000000, 10000):
    sys.stdout.write(''.join('%098d\n' % n for n in range(start, start + 10000)))
"
        )
    ));
    house.up();
    let unit = house.service("a")["unit"].as_str().unwrap().to_owned();
    let log = house.log_of(&unit);
    assert_eq!(log.len(), 100_000_000);
    let mut wanted = 0;
    for line in log.chunks(100) {
        let number = std::str::from_utf8(&line[..98]).unwrap().parse::<u32>().unwrap();
        assert_eq!((number, &line[98..]), (wanted, &b"\r\n"[..]));
        wanted += 1;
    }
    assert_eq!(wanted, 1_000_000);
    let last = house.ok(&["service", "logs", "a", "--tail", "1"]);
    assert!(last.trim_end().ends_with("999999"), "{last:.200}");
}

#[test]
fn binary_and_endless_escape_sequences_break_nothing() {
    let house = House::serving(
        r#"
        [services.a]
        run = '''stty -opost; printf '\000\377\200\033[31\033]0;'; head -c 200000 /dev/zero | tr '\0' 'x'; printf '\033P\nend\n'; exec sleep 1000'''
        probe.ready.log = "^end$"
        "#,
    );
    let unit = house.service("a")["unit"].as_str().unwrap().to_owned();
    let log = house.log_of(&unit);
    assert_eq!(&log[..11], b"\0\xff\x80\x1b[31\x1b]0;");
    assert!(log.ends_with(b"x\x1bP\nend\n"));
    assert_eq!(log.len(), 11 + 200_000 + 7);
    // The pane, the view and the log go on.
    house.ok(&["session", "capture", "s:a"]);
    assert!(house.ok(&["service", "logs", "a"]).contains("end"));
    house.ok(&["service", "restart", "a", "--wait"]);
    assert_eq!(house.service("a")["health"], "ready");
}

#[test]
fn one_that_reads_gets_what_is_typed() {
    let house = House::serving(
        "[services.a]\nrun = \"echo ask; read line; echo got $line; read line; echo and $line; exec sleep 1000\"\nprobe.ready.log = \"ask\"\n",
    );
    house.ok(&["session", "send", "s:a", "hello there"]);
    house.until_written("a", "got hello there");
    house.ok(&["session", "send", "s:a", "x Enter", "--keys"]);
    house.until_written("a", "and x");
}

#[test]
fn lines_of_several_services_are_merged_and_searched() {
    let house = House::serving(
        "[services.a]\nrun = \"echo one from a; echo two from a; exec sleep 1000\"\nprobe.ready.log = \"two\"\n[services.b]\nrun = \"echo one from b; exec sleep 1000\"\nafter = { a = \"ready\" }\nprobe.ready.log = \"one\"\n",
    );
    let all = house.ok(&["service", "logs"]);
    let all: Vec<Vec<&str>> = all.lines().map(|l| l.split_whitespace().collect()).collect();
    let wanted = [["a", "|", "one", "from", "a"], ["a", "|", "two", "from", "a"]];
    assert_eq!(all, [&wanted[0], &wanted[1], &["b", "|", "one", "from", "b"]]);
    assert_eq!(house.ok(&["service", "logs", "a", "--grep", "^two"]).trim(), "two from a");
    // Lives follow each other in one log.
    crate::house::kill(number(&house.service("a")["pid"]), "KILL");
    house.until_service("a", "life 2", |a| a["incarnation"] == 2 && a["health"] == "ready");
    assert_eq!(house.ok(&["service", "logs", "a"]).lines().count(), 4);
}
