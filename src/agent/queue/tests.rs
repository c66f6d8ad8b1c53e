use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::agent::begin::New;

const NOW: Moment = Moment(10_000_000);

fn wanted(priority: i32) -> Wanted {
    Wanted { priority, ..crate::agent::wish::tests::wanted("p") }
}

fn task(id: u64, wanted: Wanted) -> TaskRecord {
    let (workspace, dir) = (Name::near("w", "w"), "/w".into());
    let new = New { workspace, dir, wanted, env: BTreeMap::new() };
    TaskRecord::new(TaskId(id), new, Moment(NOW.0 - 1000 + id))
}

fn agent(name: &str) -> Candidate {
    Candidate {
        name: Name::near(name, "a"),
        labels: vec![],
        implied: false,
        concurrency: 1,
        busy: 0,
        until: None,
        success: 1.0,
        median_micros: 0,
    }
}

fn world(
    tasks: Vec<TaskRecord>,
    agents: Vec<Candidate>,
) -> (BTreeMap<TaskId, Arc<TaskRecord>>, BTreeMap<Name, Crew>) {
    let tasks = tasks.into_iter().map(|task| (task.id, Arc::new(task))).collect();
    let crew = Crew { agents, concurrency: 9, paused: false };
    (tasks, BTreeMap::from([(Name::near("w", "w"), crew)]))
}

fn picked(tasks: Vec<TaskRecord>, agents: Vec<Candidate>) -> Vec<String> {
    let (tasks, crews) = world(tasks, agents);
    let (picks, _) = pick(&tasks, &crews, NOW);
    picks.iter().map(|pick| format!("{} {}", pick.task, pick.agent)).collect()
}

#[test]
fn the_more_important_goes_first_then_the_older() {
    let tasks = vec![task(1, wanted(0)), task(2, wanted(5)), task(3, wanted(0))];
    assert_eq!(picked(tasks.clone(), vec![agent("a")]), ["t2 a"]);
    let two = Candidate { concurrency: 2, ..agent("a") };
    assert_eq!(picked(tasks, vec![two]), ["t2 a", "t1 a"]);
}

#[test]
fn one_that_waits_long_enough_overtakes_what_is_more_important() {
    let old = TaskRecord { created: Moment(NOW.0 - 6 * CLIMB_MS), ..task(1, wanted(0)) };
    assert_eq!(picked(vec![old, task(2, wanted(5))], vec![agent("a")]), ["t1 a"]);
}

#[test]
fn an_agent_is_chosen_by_label_load_success_and_cost() {
    let labelled =
        |name: &str, label: &str| Candidate { labels: vec![label.into()], ..agent(name) };
    let any = |label: &str| Wanted { any: vec![label.into()], ..wanted(0) };
    let agents = vec![labelled("a", "go"), labelled("b", "rust")];
    assert_eq!(picked(vec![task(1, any("rust"))], agents), ["t1 b"]);

    let busy = Candidate { concurrency: 2, busy: 1, ..agent("a") };
    assert_eq!(picked(vec![task(1, wanted(0))], vec![busy, agent("b")]), ["t1 b"]);
    let failing = Candidate { success: 0.2, ..agent("a") };
    assert_eq!(picked(vec![task(1, wanted(0))], vec![failing, agent("b")]), ["t1 b"]);
    let dear = Candidate { median_micros: 2_000_000, ..agent("a") };
    assert_eq!(picked(vec![task(1, wanted(0))], vec![dear, agent("b")]), ["t1 b"]);
    let limited = Candidate { until: Some(Moment(NOW.0 + 1)), ..agent("a") };
    assert_eq!(picked(vec![task(1, wanted(0))], vec![limited]), Vec::<String>::new());
}

#[test]
fn what_stands_in_the_way_is_told() {
    let why = |tasks: Vec<TaskRecord>, agents: Vec<Candidate>, change: fn(&mut Crew)| {
        let id = tasks[0].id;
        let (tasks, mut crews) = world(tasks, agents);
        crews.values_mut().for_each(change);
        pick(&tasks, &crews, NOW).1.remove(&id).unwrap_or_default()
    };
    let keep = |_: &mut Crew| ();
    let first = || task(1, wanted(0));
    assert_eq!(why(vec![first()], vec![], keep), "no agent has the labels ");
    assert_eq!(
        why(vec![first()], vec![agent("a")], |crew| crew.paused = true),
        "the queue is paused"
    );
    let full = |crew: &mut Crew| crew.concurrency = 0;
    assert_eq!(
        why(vec![first()], vec![agent("a")], full),
        "0 tasks are under way, which is the most"
    );
    let busy = Candidate { busy: 1, ..agent("a") };
    assert_eq!(why(vec![first()], vec![busy], keep), "a is busy");
    let after = task(1, Wanted { after: vec![TaskId(2)], ..wanted(0) });
    assert_eq!(why(vec![after.clone(), task(2, wanted(0))], vec![], keep), "t2 is not done");
    let failed = TaskRecord { state: State::Cancelled, ..task(2, wanted(0)) };
    assert_eq!(why(vec![after, failed], vec![agent("a")], keep), "t2 has cancelled");
    let state = State::Queued { until: Some(Moment(NOW.0 + 5)), why: "a limit".into() };
    let waiting = TaskRecord { state, ..first() };
    assert_eq!(why(vec![waiting], vec![agent("a")], keep), "a limit");
}

#[test]
fn two_tasks_on_one_file_are_not_done_in_one_folder_at_a_time() {
    let on =
        |id, file: &str, place| task(id, Wanted { files: vec![file.into()], place, ..wanted(0) });
    let agents = || vec![Candidate { concurrency: 9, ..agent("a") }];
    let in_place = |one, other| {
        picked(vec![on(1, one, Place::InPlace), on(2, other, Place::InPlace)], agents()).len()
    };
    assert_eq!(in_place("src/a.rs", "src/*.rs"), 1);
    assert_eq!(in_place("src/a.rs", "docs/**"), 2);
    let apart = vec![on(1, "a", Place::Worktree), on(2, "a", Place::Worktree)];
    assert_eq!(picked(apart, agents()).len(), 2);
    let all =
        vec![task(1, Wanted { place: Place::InPlace, ..wanted(0) }), on(2, "a", Place::InPlace)];
    assert_eq!(picked(all, agents()).len(), 1, "one that names no files is about all of them");
}

#[test]
fn results_in_one_folder_are_left_one_after_the_other() {
    let on = |id, file: &str, output| {
        let place = Place::InPlace;
        task(id, Wanted { files: vec![file.into()], place, output, ..wanted(0) })
    };
    let agents = || vec![Candidate { concurrency: 9, ..agent("a") }];
    assert_eq!(picked(vec![on(1, "a", true), on(2, "b", true)], agents()).len(), 1);
    assert_eq!(picked(vec![on(1, "a", true), on(2, "b", false)], agents()).len(), 2);
}

#[test]
fn one_that_stands_for_its_driver_does_only_what_names_it() {
    let agents = || vec![Candidate { implied: true, ..agent("claude") }, agent("z")];
    assert_eq!(picked(vec![task(1, wanted(0))], agents()), ["t1 z"]);
    let named = Wanted { agent: Some(Name::near("claude", "a")), ..wanted(0) };
    assert_eq!(picked(vec![task(1, named)], agents()), ["t1 claude"]);
}

proptest! {
    #[test]
    fn nobody_gets_more_than_they_may_and_no_task_goes_twice(
        tasks in proptest::collection::vec((-3_i32..4, any::<bool>(), 0_u64..9), 0..12),
        limits in proptest::collection::vec((1_u32..4, 0_u32..3), 1..4),
        most in 0_u32..6,
    ) {
        let tasks: Vec<TaskRecord> = tasks
            .into_iter()
            .enumerate()
            .map(|(at, (priority, running, after))| {
                let after = if after < at as u64 { vec![TaskId(after)] } else { vec![] };
                let mut task = task(at as u64, Wanted { after, ..wanted(priority) });
                if running {
                    task.state = State::Running;
                }
                task
            })
            .collect();
        let running = tasks.iter().filter(|task| task.state == State::Running).count();
        let agents: Vec<Candidate> = limits
            .iter()
            .enumerate()
            .map(|(at, (concurrency, busy))| Candidate {
                concurrency: *concurrency,
                busy: *busy,
                ..agent(&format!("a{at}"))
            })
            .collect();
        let (map, mut crews) = world(tasks, agents.clone());
        crews.values_mut().for_each(|crew| crew.concurrency = most);
        let (picks, why) = pick(&map, &crews, NOW);
        prop_assert!(picks.is_empty() || running + picks.len() <= most as usize);
        for one in &agents {
            let got = picks.iter().filter(|pick| pick.agent == one.name).count() as u32;
            prop_assert!(got == 0 || got + one.busy <= one.concurrency);
        }
        let mut ids: Vec<TaskId> = picks.iter().map(|pick| pick.task).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), picks.len());
        for pick in &picks {
            prop_assert!(!why.contains_key(&pick.task));
            let task = &map[&pick.task];
            let queued = matches!(task.state, State::Queued { .. });
            prop_assert!(queued && task.wanted.after.is_empty(), "nothing here was done before");
        }
    }
}
