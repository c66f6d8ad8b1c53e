use std::{collections::BTreeSet, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use proptest::prelude::*;

use super::{Dst, Due, Excluded, Misfire, Pattern, Policy, Rhythm, Timetable, due, preview};
use crate::base::Moment;

fn at(text: &str) -> Moment {
    Moment(text.parse::<Timestamp>().unwrap().as_millisecond().cast_unsigned())
}

fn table(cron: &str, zone: &str) -> Timetable {
    Timetable {
        rhythm: Rhythm::Cron(Box::new(Pattern::read(cron).unwrap())),
        zone: TimeZone::get(zone).unwrap(),
        dst: Dst::Wall,
        start: None,
        end: None,
        exclude: vec![],
        delay: Duration::ZERO,
    }
}

/// The slots of a span of time as `dayThour:minute±offset`.
fn between(table: &Timetable, from: &str, to: &str) -> Vec<String> {
    let (from, to) = (at(from), at(to));
    let shown = preview(table, from, 500);
    let inside = shown.into_iter().filter(|one| one.moment < to);
    inside.map(|one| format!("{}{}", &one.at[8..16], &one.at[19..25])).collect()
}

const NY: &str = "America/New_York";
const LORD_HOWE: &str = "Australia/Lord_Howe";

#[test]
fn a_day_without_its_hour_gets_one_run_at_the_end_of_the_gap() {
    // New York, 14 March 2027: 02:00 to 03:00 does not exist.
    let night =
        |cron: &str| between(&table(cron, NY), "2027-03-14T05:00:00Z", "2027-03-15T04:00:00Z");
    for (cron, wanted) in [
        ("30 2 * * *", vec!["14T03:00-04:00"]),
        ("0 2 * * *", vec!["14T03:00-04:00"]),
        ("0,30 2 * * *", vec!["14T03:00-04:00"]),
        ("*/15 2 * * *", vec!["14T03:00-04:00"]),
        ("* * 2 * * *", vec!["14T03:00-04:00"]),
        ("0 1-3 * * *", vec!["14T01:00-05:00", "14T03:00-04:00"]),
        ("30 2,5 * * *", vec!["14T05:30-04:00"]),
        ("0 2,3 * * *", vec!["14T03:00-04:00"]),
        ("30 1 * * *", vec!["14T01:30-05:00"]),
    ] {
        assert_eq!(night(cron), wanted, "{cron}");
    }
    let note = preview(&table("30 2 * * *", NY), at("2027-03-14T00:00:00Z"), 2);
    assert!(note[0].note.as_deref().unwrap().contains("end of the gap"));
    assert_eq!(
        (note[1].at.as_str(), &note[1].note),
        ("2027-03-15T02:30:00-04:00[America/New_York]", &None)
    );
}

#[test]
fn a_time_that_comes_twice_runs_once() {
    // New York, 1 November 2026: 01:00 to 02:00 comes twice.
    let night =
        |cron: &str| between(&table(cron, NY), "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z");
    for (cron, wanted) in [
        ("30 1 * * *", vec!["01T01:30-04:00"]),
        ("0 1,2 * * *", vec!["01T01:00-04:00", "01T02:00-05:00"]),
        ("30 1,5 * * *", vec!["01T01:30-04:00", "01T05:30-05:00"]),
        ("0 1-3 * * *", vec!["01T01:00-04:00", "01T02:00-05:00", "01T03:00-05:00"]),
        ("*/20 1 * * *", vec!["01T01:00-04:00", "01T01:20-04:00", "01T01:40-04:00"]),
    ] {
        assert_eq!(night(cron), wanted, "{cron}");
    }
    let mut elapsed = table("0 1,2 * * *", NY);
    elapsed.dst = Dst::Elapsed;
    let found = between(&elapsed, "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z");
    assert_eq!(found, ["01T01:00-04:00", "01T01:00-05:00", "01T02:00-05:00"]);
}

#[test]
fn every_half_hour_goes_on_through_both_changes() {
    let table = table("*/30 * * * *", NY);
    let autumn = between(&table, "2026-11-01T05:00:00Z", "2026-11-01T07:30:00Z");
    let wanted =
        ["01T01:00-04:00", "01T01:30-04:00", "01T01:00-05:00", "01T01:30-05:00", "01T02:00-05:00"];
    assert_eq!(autumn, wanted);
    let spring = between(&table, "2027-03-14T06:30:00Z", "2027-03-14T07:31:00Z");
    assert_eq!(spring, ["14T01:30-05:00", "14T03:00-04:00", "14T03:30-04:00"]);
    let shown = preview(&table, at("2026-11-01T05:00:00Z"), 3);
    assert!(shown[0].note.as_deref().unwrap().ends_with("first"));
    assert!(shown[2].note.as_deref().unwrap().ends_with("second"));
}

#[test]
fn half_an_hour_of_change_is_enough() {
    // Lord Howe, 4 October 2026: 02:00 to 02:30 does not exist.
    let day = ("2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z");
    for (cron, wanted) in [
        ("15 2 * * *", vec!["04T02:30+11:00"]),
        ("0,30 2 * * *", vec!["04T02:30+11:00"]),
        ("*/15 2 * * *", vec!["04T02:30+11:00", "04T02:45+11:00"]),
    ] {
        assert_eq!(between(&table(cron, LORD_HOWE), day.0, day.1), wanted, "{cron}");
    }
    // 4 April 2027: 01:30 to 02:00 comes twice.
    let day = ("2027-04-03T13:00:00Z", "2027-04-04T13:30:00Z");
    for (cron, wanted) in [
        ("45 1 * * *", vec!["04T01:45+11:00"]),
        (
            "15,45 1,2 * * *",
            vec!["04T01:15+11:00", "04T01:45+11:00", "04T02:15+10:30", "04T02:45+10:30"],
        ),
    ] {
        assert_eq!(between(&table(cron, LORD_HOWE), day.0, day.1), wanted, "{cron}");
    }
}

#[test]
fn a_zone_that_never_changes_is_plain() {
    let table = table("0,30 2 * * *", "Asia/Tokyo");
    let shown = preview(&table, at("2027-03-13T00:00:00Z"), 60);
    assert_eq!(shown.len(), 60);
    assert!(shown.iter().all(|one| one.note.is_none()));
    assert!(!table.shifts(at("2027-03-13T00:00:00Z")));
    assert!(super::tests::table("0 2 * * *", NY).shifts(at("2027-03-13T00:00:00Z")));
}

#[test]
fn a_date_that_a_zone_leaves_out_gives_no_slot_twice() {
    // Samoa had no 30 December 2011.
    let table = table("0 0 * * *", "Pacific/Apia");
    let days = between(&table, "2011-12-29T00:00:00Z", "2012-01-01T00:00:00Z");
    assert_eq!(days, ["29T00:00-10:00", "31T00:00+14:00", "01T00:00+14:00"]);
}

#[test]
fn patterns_are_read_with_words_seconds_and_lasts() {
    let first = |cron: &str| {
        let shown = preview(&table(cron, "UTC"), at("2026-02-10T10:00:30Z"), 1);
        shown[0].utc.clone()
    };
    for (cron, wanted) in [
        ("@daily", "2026-02-11T00:00:00Z"),
        ("@Hourly", "2026-02-10T11:00:00Z"),
        ("15 0 12 * * *", "2026-02-10T12:00:15Z"),
        ("0 0 L * *", "2026-02-28T00:00:00Z"),
        ("0 0 * * MON", "2026-02-16T00:00:00Z"),
        ("0 0 * * 1", "2026-02-16T00:00:00Z"),
        ("0 0 * * FRI#2", "2026-02-13T00:00:00Z"),
        ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
        ("0 0 LW * *", "2026-02-27T00:00:00Z"),
    ] {
        assert_eq!(first(cron), wanted, "{cron}");
    }
}

#[test]
fn what_is_no_pattern_is_told_with_what_to_write() {
    for (text, wanted) in [
        ("* * * *", "has 4 fields"),
        ("0 0 0 * * * 2027", "has 7 fields"),
        ("61 * * * *", "out of bounds"),
        ("*/0 * * * *", "zero"),
        ("0 0 31 2 *", "never comes"),
        ("@dayly", "there is no pattern `@dayly`"),
        ("", "has 0 fields"),
    ] {
        let said = Pattern::read(text).unwrap_err();
        assert!(said.what.contains(wanted), "{text}: {}", said.what);
    }
    assert_eq!(Pattern::read("@dayly").unwrap_err().help, "did you mean `@daily`?");
}

#[test]
fn what_may_surprise_is_said() {
    let lint = |cron: &str| Pattern::read(cron).unwrap().lint(true);
    for (cron, wanted) in [
        ("0 5 31 * *", "not in every month"),
        ("0 5 29,30 * *", "not in every month"),
        ("30 2 * * *", "clocks are set"),
        ("0 5 13 * FRI", "its date or its weekday"),
    ] {
        let found = lint(cron);
        assert_eq!(found.len(), 1, "{cron}: {found:?}");
        assert!(found[0].contains(wanted), "{found:?}");
    }
    for cron in ["0 5 1,31 * *", "*/30 * * * *", "0 5 13 * +FRI", "0 5 * * *"] {
        assert_eq!(lint(cron), Vec::<String>::new(), "{cron}");
    }
    assert_eq!(Pattern::read("30 2 * * *").unwrap().lint(false), Vec::<String>::new());
}

#[test]
fn a_beginning_an_end_and_days_off_are_kept() {
    let mut table = table("0 5 * * *", "UTC");
    table.start = Some(at("2026-12-20T05:00:00Z"));
    table.end = Some(at("2027-01-02T00:00:00Z"));
    table.exclude = vec![
        Excluded::Yearly(12, 25),
        Excluded::Dates("2026-12-27".parse().unwrap(), "2026-12-30".parse().unwrap()),
        Excluded::Fits(Box::new(Pattern::read("* * * * MON").unwrap())),
    ];
    let days = between(&table, "2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
    let days: Vec<&str> = days.iter().map(|day| &day[..2]).collect();
    assert_eq!(days, ["20", "22", "23", "24", "26", "31", "01"]);
}

#[test]
fn every_span_counts_from_one_beginning() {
    let mut table = table("0 5 * * *", "UTC");
    table.rhythm = Rhythm::Every(300_000);
    let found = between(&table, "2026-12-20T05:01:00Z", "2026-12-20T05:12:00Z");
    assert_eq!(found, ["20T05:05+00:00", "20T05:10+00:00"]);
}

fn ran(due: &Due) -> Vec<(String, u64)> {
    let show = |moment: Moment| moment.show()[11..16].to_owned();
    due.run.iter().map(|(slot, missed)| (show(slot.at), *missed)).collect()
}

#[test]
fn what_was_missed_is_made_up_for_by_rule() {
    let table = table("*/10 * * * *", "UTC");
    let hour = Duration::from_secs(3600);
    let decide = |policy, window, max, now: &str| {
        let rule = Misfire { window, policy, max };
        due(&table, rule, at("2026-12-20T05:00:00Z"), at(now))
    };
    let one = |now: &str| decide(Policy::One, hour, 10, now);
    assert_eq!(ran(&one("2026-12-20T05:09:59Z")), []);
    assert_eq!(ran(&one("2026-12-20T05:10:00Z")), [("05:10".to_owned(), 0)]);
    let late = one("2026-12-20T05:35:00Z");
    assert_eq!(ran(&late), [("05:30".to_owned(), 2)]);
    assert_eq!((late.watermark, late.skipped), (at("2026-12-20T05:30:00Z"), 0));
    let all = decide(Policy::All, hour, 2, "2026-12-20T05:35:00Z");
    assert_eq!(ran(&all), [("05:20".to_owned(), 1), ("05:30".to_owned(), 0)]);
    assert_eq!(all.skipped, 1);
    let skip = decide(Policy::Skip, hour, 2, "2026-12-20T05:35:00Z");
    assert_eq!((ran(&skip), skip.skipped), (vec![], 3));
    assert!(skip.why.unwrap().1.contains("not made up for"));
    let in_time = decide(Policy::Skip, hour, 2, "2026-12-20T05:30:01Z");
    assert_eq!((ran(&in_time), in_time.skipped), (vec![("05:30".to_owned(), 2)], 2));
    let short = decide(Policy::One, Duration::ZERO, 2, "2026-12-20T05:35:00Z");
    assert_eq!((ran(&short), short.skipped), (vec![], 3));
    assert!(short.why.unwrap().1.contains("older"));
    assert_eq!(short.watermark, at("2026-12-20T05:30:00Z"));
}

#[test]
fn a_clock_set_back_repeats_nothing_and_one_set_far_forward_ends_soon() {
    let table = table("* * * * * *", "UTC");
    let rule = Misfire::default();
    let watermark = at("2026-12-20T05:00:00Z");
    for now in ["2026-12-20T04:00:00Z", "2026-12-20T00:00:00Z", "2026-12-20T05:00:00Z"] {
        let due = due(&table, rule, watermark, at(now));
        assert_eq!((due.run, due.watermark), (vec![], watermark));
    }
    let due = due(&table, rule, watermark, at("2036-12-20T05:00:00Z"));
    assert_eq!(ran(&due).len(), 1);
    assert_eq!(due.watermark, at("2036-12-20T05:00:00Z"));
}

#[test]
fn a_delay_moves_the_run_and_not_the_slot() {
    let mut table = table("0 5 * * *", "UTC");
    table.delay = Duration::from_secs(90);
    let decide =
        |now: &str| due(&table, Misfire::default(), at("2026-12-20T04:00:00Z"), at(now)).run;
    assert_eq!(decide("2026-12-20T05:01:29Z"), []);
    assert_eq!(decide("2026-12-20T05:01:30Z")[0].0.at, at("2026-12-20T05:00:00Z"));
    assert_eq!(table.next(at("2026-12-20T04:00:00Z")), Some(at("2026-12-20T05:01:30Z")));
}

fn field(range: std::ops::Range<u32>) -> impl Strategy<Value = String> {
    let (a, b) = (range.clone(), range.clone());
    prop_oneof![
        3 => range.prop_map(|n| n.to_string()),
        1 => Just("*".to_owned()),
        1 => (2_u32..20).prop_map(|n| format!("*/{n}")),
        2 => (a, b).prop_map(|(x, y)| format!("{x},{y}")),
        2 => (0_u32..4, 1_u32..3).prop_map(|(x, y)| format!("{x}-{}", x + y)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// No slot twice, none out of order, and where the hours are times of day no time of day twice;
    /// the slots do not depend on where one begins to look.
    #[test]
    fn no_slot_comes_twice(
        (minute, hour) in (field(0..60), field(0..5)),
        zone in prop::sample::select(vec![NY, LORD_HOWE, "Europe/Berlin", "Asia/Tokyo"]),
        night in prop::sample::select(vec![
            "2026-10-03T00:00:00Z", "2026-10-31T12:00:00Z", "2027-03-13T12:00:00Z",
            "2027-04-03T00:00:00Z", "2027-03-27T12:00:00Z", "2026-10-24T12:00:00Z",
        ]),
        offset in 0_u64..48 * 3600,
    ) {
        let table = table(&format!("{minute} {hour} * * *"), zone);
        let from = at(night);
        let mut slots = vec![];
        let mut last = from;
        while let Some(slot) = table.after(last).filter(|slot| slot.at.since(from).as_secs() < 72 * 3600) {
            prop_assert!(slot.at > last);
            last = slot.at;
            slots.push(slot);
        }
        let walls: BTreeSet<String> = preview(&table, from, slots.len())
            .iter().map(|one| one.at[..16].to_owned()).collect();
        let wall = hour != "*" && !hour.starts_with("*/");
        if wall {
            prop_assert_eq!(walls.len(), slots.len());
        }
        let middle = from.after(Duration::from_secs(offset));
        let seen = table.after(middle).map(|slot| slot.at);
        let wanted = slots.iter().map(|slot| slot.at).find(|at| *at > middle);
        if wanted.is_some() {
            prop_assert_eq!(seen, wanted);
        }
    }
}
