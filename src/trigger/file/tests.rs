use std::time::Duration;

use jiff::tz::TimeZone;

use super::*;
use crate::{
    base::{Moment, faults_refusal},
    session,
    trigger::{
        cron::{Dst, Policy, Rhythm},
        model::{Does, Overlap, Source, Trigger},
    },
};

fn read(toml: &str, yaml: Option<&str>) -> Result<Vec<Trigger>, String> {
    let source = |path: &str, text: &str| session::Source { path: path.into(), bytes: text.into() };
    let zone = TimeZone::get("America/New_York").unwrap();
    let now = Moment(1_800_000_000_000);
    let context = Context { workspace: "shop", zone, now };
    let yaml = yaml.map(|text| source("schedules.yaml", text));
    load(&source("gaia.toml", toml), yaml.as_ref(), &context)
        .map_err(|faults| faults_refusal(&faults).message)
}

#[test]
fn every_way_to_fire_is_read() {
    let text = r#"
[triggers.nightly]
cron = "0 3 * * *"
tz = "Europe/Berlin"
jitter = "5m"
start = 2027-01-01
exclude = ["12-25"]
dst = "elapsed"
misfire = { policy = "all", window = "2h", max = 3 }
overlap = { queue_all = 4 }
pause_on_failures = 2
workflow = "build"
inputs = { at = "{{ scheduled_at }}", deep = { n = ["{{ missed_count }}"] } }

[triggers.saved]
file = ["src/**/*.rs"]
ignore = "src/gen/*"
debounce = "1s"
command = ["make", "test"]

[triggers.pushed]
webhook = { secret = "env:S", header = "X-Sig" }
run = "make deploy"
limit = "10/1h"

[triggers.broken]
fact = "service.failed"
where = { service = "api", "exit.code" = 1 }
workflow = "look"
enabled = false

[triggers.woken]
cron = "@reboot"
run = "true"

[[schedules]]
name = "poll"
schedule = "every 5m"
command = "make poll"
"#;
    let all =
        read(text, Some("- name: yaml\n  schedule: '0 4 * * *'\n  command: [a, b]\n")).unwrap();
    let get = |name: &str| all.iter().find(|one| one.name.as_str() == name).unwrap();
    let nightly = get("nightly");
    let Source::Time { table, misfire, .. } = &nightly.source else { panic!() };
    assert_eq!(nightly.source.show(), "0 3 * * * (Europe/Berlin)");
    assert_eq!((misfire.policy, misfire.max), (Policy::All, 3));
    assert_eq!((table.dst, nightly.overlap), (Dst::Elapsed, Overlap::QueueAll(4)));
    assert!(table.delay < Duration::from_secs(300) && table.start.is_some());
    assert_eq!(nightly.limit, None);
    assert!(matches!(&get("saved").source, Source::Files(files) if files.ignore == ["src/gen/*"]));
    assert!(matches!(&get("pushed").source, Source::Webhook(hook)
        if hook.header.as_deref() == Some("x-sig")));
    assert_eq!(get("pushed").limit.map(|limit| limit.most), Some(10));
    assert_eq!(get("broken").source.show(), "service.failed exit.code=1 service=api");
    assert_eq!((get("broken").enabled, get("woken").source.kind()), (false, "boot"));
    let Source::Time { table, .. } = &get("poll").source else { panic!() };
    assert_eq!(table.rhythm, Rhythm::Every(300_000));
    assert_eq!(get("poll").does, Does::Line("make poll".into()));
    assert_eq!(get("yaml").does, Does::Argv(vec!["a".into(), "b".into()]));
    assert_eq!(get("yaml").source.show(), "0 4 * * * (America/New_York)");
}

#[test]
fn a_list_under_a_word_and_a_list_of_triggers_are_read() {
    let yaml = "# ours\nschedules:\n  - {name: a, schedule: '@daily', command: make}\n";
    let toml = "[[triggers]]\nname = 'b'\ncron = '0 0 * * *'\ncommand = 'x'\n";
    let all = read(toml, Some(yaml)).unwrap();
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["b", "a"]);
    assert!(read("", None).unwrap().is_empty());
    assert!(read("[services.x]\nrun = 'a'\n", Some("\n")).unwrap().is_empty());
}

#[test]
fn every_fault_is_told_at_its_place_and_all_at_once() {
    let text = r#"[triggers.a]
cron = "0 0 31 2 *"
workflow = "x"
inputs = { f = "{{ file }}", g = "{{ scheduled_att }}" }
[triggers.b]
cron = "0 3 * * *"
file = ["x"]
workflow = "x"
[triggers.c]
cron = "0 3 * * *"
tz = "Europe/Berln"
run = "x"
command = ["y"]
[triggers.d]
webhook = true
run = "x"
[triggers.e]
webhook = { secret = "s3cr3t" }
run = "x"
[triggers.f]
fact = "service.failed"
tz = "UTC"
limit = "many"
overlap = "some"
run = "x"
[triggers.g]
cron = "0 3 * * *"
exclude = ["easter"]
misfire = { polcy = "one" }
dst = "walls"
end = "soon"
run = "x"
[triggers.h]
file = ["/etc/passwd"]
run = "x"
"#;
    let said = read(text, None).unwrap_err();
    for wanted in [
        "gaia.toml:2:8: `0 0 31 2 *` never comes",
        "gaia.toml:7:8: a trigger fires for one reason only",
        "gaia.toml:11:6: there is no time zone `Europe/Berln`",
        "did you mean `Europe/Berlin`?",
        "gaia.toml:9:11: the trigger `c` starts nothing, or two things",
        "gaia.toml:15:11: a webhook needs a secret",
        "gaia.toml:18:11: a secret must not stand in this file",
        "gaia.toml:22:6: `tz` says nothing for this kind of trigger",
        "gaia.toml:23:9: `many` is no limit",
        "gaia.toml:24:11: this is no rule for what overlaps",
        "gaia.toml:28:11: `easter` is nothing to leave out",
        "gaia.toml:29:11: `polcy` does not fit here",
        "gaia.toml:30:7: `walls` is not known here",
        "gaia.toml:31:7: `soon` is no date and no moment",
        "gaia.toml:34:8: `/etc/passwd` is no glob of files in the workspace",
    ] {
        assert!(said.contains(wanted), "{wanted}\n{said}");
    }
}

#[test]
fn a_name_that_the_trigger_does_not_know_is_a_fault() {
    let inputs = "[triggers.a]\ncron = '0 0 * * *'\nworkflow = 'x'\ninputs = { g = '{{ scheduled_att }}' }\n";
    let said = read(inputs, None).unwrap_err();
    assert!(said.contains("gaia.toml:4:16: this trigger knows no `scheduled_att`"), "{said}");
    assert!(said.contains("did you mean `scheduled_at`?"), "{said}");
}

#[test]
fn a_key_that_is_not_known_is_answered_with_the_nearest() {
    let said = read("[triggers.a]\ncrn = '0 0 * * *'\nrun = 'x'\n", None).unwrap_err();
    assert!(said.contains("gaia.toml:2:1:") && said.contains("did you mean `cron`?"), "{said}");
    let yaml = "- name: a\n  schedul: '0 0 * * *'\n  command: x\n";
    let said = read("", Some(yaml)).unwrap_err();
    assert!(
        said.contains("schedules.yaml:2:") && said.contains("did you mean `schedule`?"),
        "{said}"
    );
    let said = read("[[triggers]]\ncron = '0 0 * * *'\nrun = 'x'\n", None).unwrap_err();
    assert!(said.contains("has no name"), "{said}");
    let twice = "[triggers.a]\ncron = '0 0 * * *'\nrun = 'x'\n[[schedules]]\nname = 'a'\nschedule = '@daily'\ncommand = 'x'\n";
    assert!(read(twice, None).unwrap_err().contains("there are two triggers `a`"));
}

#[test]
fn a_moment_is_read_by_the_clocks_of_its_zone() {
    let zone = zone("America/New_York").unwrap();
    let show = |text: &str, last| moment(text, &zone, last).map(Moment::show);
    for (text, last, wanted) in [
        ("2027-03-13", false, Some("2027-03-13 05:00:00Z")),
        ("2027-03-13", true, Some("2027-03-14 05:00:00Z")),
        ("2027-03-14T12:00", false, Some("2027-03-14 16:00:00Z")),
        ("2027-03-14T12:00:00Z", false, Some("2027-03-14 12:00:00Z")),
        ("soon", false, None),
    ] {
        assert_eq!(show(text, last).as_deref(), wanted, "{text}");
    }
}
