use std::{sync::Mutex, time::Duration};

use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::{
    base::{Fact, Home},
    port::{FakeClock, FakeFiles, FakeStore, Watcher},
    trigger::{
        FakeStarter,
        actor::{handle::Taken, take::NewFiring},
        model::{Ended, What},
        record::State,
    },
};

/// A watcher that tells what a test says.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<mpsc::UnboundedSender<PathBuf>>>>);

impl Watcher for Told {
    fn watch(
        &self,
        _root: PathBuf,
        _paths: &[String],
        _ignore: &[String],
    ) -> Result<mpsc::UnboundedReceiver<PathBuf>, String> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.0.lock().unwrap().push(sender);
        Ok(receiver)
    }

    fn changed_since(&self, _root: PathBuf, _at: Moment, _limit: usize) -> Vec<PathBuf> {
        vec![]
    }
}

/// What outlives a daemon.
struct World {
    store: Arc<FakeStore>,
    clock: FakeClock,
    files: FakeFiles,
    starter: FakeStarter,
}

/// A daemon.
struct House {
    actor: Actor,
    asks: mpsc::UnboundedReceiver<Ask>,
    ledger: ledger::Handle,
    starter: FakeStarter,
    clock: FakeClock,
}

/// Something for a test.
#[derive(serde::Serialize, serde::Deserialize)]
struct Happened {
    service: String,
    run: String,
}

impl Fact for Happened {
    const KIND: &'static str = "test.happened";
    const VERSION: u16 = 1;
}

const NOON: u64 = 1_800_014_400_000;

impl World {
    fn new(toml: &str) -> Self {
        let world = Self {
            store: Arc::default(),
            clock: FakeClock::default(),
            files: FakeFiles::default(),
            starter: FakeStarter::default(),
        };
        world.clock.advance(Duration::from_millis(NOON));
        world.files.put("/w/gaia.toml", &format!("name = \"w\"\n{toml}"));
        world
    }

    async fn house(&self) -> House {
        let clock = Arc::new(self.clock.clone());
        let ledger = ledger::spawn(
            Arc::clone(&self.store) as Arc<dyn crate::port::Store>,
            Arc::clone(&clock) as Arc<dyn crate::port::Clock>,
            ledger::Retention::default(),
        );
        let ledger = ledger.unwrap();
        let ports = Ports {
            clock,
            files: Arc::new(self.files.clone()),
            watcher: Arc::new(Told::default()),
            starter: Arc::new(self.starter.clone()),
            home: Home::new("/h".into()).unwrap(),
            env: Arc::default(),
        };
        let (actor, asks) = build(ledger.clone(), ports).await.unwrap();
        let (starter, clock) = (self.starter.clone(), self.clock.clone());
        House { actor, asks, ledger, starter, clock }
    }
}

impl House {
    async fn enlist(&mut self) {
        let declared = self.actor.handle.declared(std::path::Path::new("/w")).unwrap();
        self.actor.enlist(declared).await.unwrap();
    }

    /// Lets time pass.
    async fn pass(&mut self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
        self.actor.tick().await;
    }

    /// Waits until so many answers of the starter have come.
    async fn hear_answers(&mut self, count: usize) {
        for _ in 0..count {
            let ask = self.asks.recv().await.unwrap();
            self.actor.answer(ask).await;
        }
    }

    async fn end(&mut self, at: usize, ended: Ended) {
        let id = self.starter.started()[at].id.clone();
        self.starter.end(&id, ended);
        self.hear_answers(1).await;
    }

    async fn fire(&mut self, name: &str, id: &str, known: serde_json::Value) -> Taken {
        let new = NewFiring::new(id.to_owned(), "a test".to_owned(), known);
        self.actor.fire(&key(name), new).await.unwrap()
    }

    fn ids(&self) -> Vec<String> {
        self.starter.started().into_iter().map(|firing| firing.id).collect()
    }

    fn kinds(&self) -> Vec<String> {
        let all = self.ledger.entries(0, 1000).unwrap();
        all.into_iter().map(|entry| entry.kind).collect()
    }

    async fn say(&mut self, service: &str, run: &str) {
        let mut decision = Decision::new();
        decision.fact(&Happened { service: service.to_owned(), run: run.to_owned() });
        self.ledger.commit(decision).await.unwrap();
    }

    /// Hears the whole ledger.
    async fn listen(&mut self) {
        let last = self.ledger.last().unwrap();
        while self.actor.cursor.0 < last {
            self.actor.hearing = next(&mut self.actor.facts).await;
            self.actor.hear().await;
        }
    }
}

fn key(name: &str) -> Key {
    ("w".parse().unwrap(), name.parse().unwrap())
}

const HOURLY: &str = "[triggers.t]\ncron = '0 * * * *'\ntz = 'UTC'\nworkflow = 'x'\n\
                      inputs = { n = '{{ missed_count }}', at = '{{ scheduled_at }}' }\n";

#[tokio::test]
async fn a_slot_fires_once_and_its_firing_is_named_by_it() {
    let world = World::new(HOURLY);
    let mut house = world.house().await;
    house.enlist().await;
    house.pass(59).await;
    assert_eq!(house.ids(), Vec::<String>::new());
    house.pass(1).await;
    house.hear_answers(1).await;
    house.actor.tick().await;
    assert_eq!(house.ids(), ["sched/w/t/2027-01-15T13:00:00Z"]);
    let what = house.starter.started()[0].what.clone();
    let What::Workflow { name, inputs } = what else { panic!() };
    assert_eq!((name.as_str(), &inputs["n"]), ("x", &json!(0)));
    assert_eq!(inputs["at"], "2027-01-15T13:00:00Z");
    assert_eq!(house.kinds(), ["trigger.fired", "trigger.started"]);
}

#[tokio::test]
async fn what_was_missed_while_nobody_was_there_is_made_up_for_once() {
    let world = World::new(&HOURLY.replace("workflow", "misfire = { window = '5h' }\nworkflow"));
    let mut house = world.house().await;
    house.enlist().await;
    drop(house);
    world.clock.advance(Duration::from_secs(3 * 3600 + 60));
    let mut house = world.house().await;
    house.hear_answers(1).await;
    assert_eq!(house.ids(), ["sched/w/t/2027-01-15T15:00:00Z"]);
    let What::Workflow { inputs, .. } = house.starter.started()[0].what.clone() else { panic!() };
    assert_eq!(inputs["n"], 2);
    drop(house);
    // What was started is asked for again by its id, and is not started again.
    let mut house = world.house().await;
    house.hear_answers(1).await;
    house.actor.tick().await;
    assert_eq!(house.ids().len(), 1);
    let running = house.actor.of(&key("t")).next().unwrap().state.clone();
    assert_eq!(running, State::Running("run of sched/w/t/2027-01-15T15:00:00Z".to_owned()));
}

#[tokio::test]
async fn a_changed_pattern_begins_anew_and_says_so() {
    let world = World::new(HOURLY);
    let mut house = world.house().await;
    house.enlist().await;
    drop(house);
    world.clock.advance(Duration::from_secs(7200));
    let text = HOURLY.replace("0 * * * *", "30 * * * *");
    world.files.put("/w/gaia.toml", &format!("name = \"w\"\n{text}"));
    let house = world.house().await;
    assert_eq!((house.ids().len(), house.kinds()), (0, vec!["trigger.rescheduled".to_owned()]));
}

#[tokio::test]
async fn what_overlaps_waits_and_the_latest_takes_its_place() {
    let world =
        World::new("[triggers.t]\nfile = ['*']\nworkflow = 'x'\ninputs = { f = '{{ files }}' }\n");
    let mut house = world.house().await;
    house.enlist().await;
    assert_eq!(house.fire("t", "1", json!({"files": ["a"]})).await, Taken::Started);
    house.hear_answers(1).await;
    assert_eq!(house.fire("t", "2", json!({"files": ["b"]})).await, Taken::Waits);
    assert_eq!(house.fire("t", "3", json!({"files": ["c"]})).await, Taken::Waits);
    assert_eq!(house.fire("t", "3", json!({"files": ["c"]})).await, Taken::Known);
    assert_eq!(house.ids(), ["1"]);
    house.end(0, Ended::Done).await;
    house.hear_answers(1).await;
    assert_eq!(house.ids(), ["1", "3"]);
    let What::Workflow { inputs, .. } = house.starter.started()[1].what.clone() else { panic!() };
    assert_eq!(inputs["f"], json!(["c", "b"]));
    assert!(house.kinds().contains(&"trigger.skipped".to_owned()));
}

#[tokio::test]
async fn what_runs_is_cancelled_where_the_newest_counts() {
    let world =
        World::new("[triggers.t]\non = 'boot'\noverlap = 'cancel_running'\nworkflow = 'x'\n");
    let mut house = world.house().await;
    house.enlist().await;
    house.fire("t", "1", json!({})).await;
    house.hear_answers(1).await;
    house.fire("t", "2", json!({})).await;
    house.hear_answers(2).await;
    assert_eq!(house.ids(), ["1", "2"]);
}

#[tokio::test]
async fn a_trigger_that_fails_too_often_is_switched_off_until_a_person_says_so() {
    let world = World::new("[triggers.t]\non = 'boot'\npause_on_failures = 2\nworkflow = 'x'\n");
    let mut house = world.house().await;
    house.enlist().await;
    house.fire("t", "1", json!({})).await;
    house.hear_answers(1).await;
    house.end(0, Ended::Failed("no".into())).await;
    house.starter.refuse("t");
    house.fire("t", "2", json!({})).await;
    house.hear_answers(1).await;
    let new = NewFiring::new("3".into(), "a test".into(), json!({}));
    let refused = house.actor.fire(&key("t"), new.clone()).await.unwrap_err();
    assert_eq!(refused.message, "the trigger `t` is disabled");
    drop(house);
    let mut house = world.house().await;
    assert!(house.actor.fire(&key("t"), new.clone()).await.is_err());
    house.actor.switch(&key("t"), true, "a person").await.unwrap();
    assert!(house.actor.fire(&key("t"), new).await.is_ok());
}

#[tokio::test]
async fn a_fact_fires_once_over_a_restart_and_none_before_the_trigger_was_there() {
    let text = "[triggers.t]\nfact = 'test.*'\nwhere = { service = 'a*' }\nlimit = '2/1h'\n\
                overlap = 'allow'\nworkflow = 'x'\ninputs = { s = '{{ fact.body.service }}' }\n";
    let world = World::new(text);
    let mut house = world.house().await;
    house.say("api", "").await;
    house.enlist().await;
    house.listen().await;
    assert_eq!(house.ids(), Vec::<String>::new());
    house.say("api", "").await;
    house.say("web", "").await;
    house.listen().await;
    drop(house);
    let mut house = world.house().await;
    house.say("auth", "").await;
    drop(house);
    let mut house = world.house().await;
    house.listen().await;
    assert_eq!(house.actor.of(&key("t")).count(), 2);
    house.say("api", "").await;
    house.listen().await;
    assert_eq!(house.actor.of(&key("t")).count(), 2);
    let last = house.ledger.entries(0, 100).unwrap();
    let skipped = last.iter().find(|entry| entry.kind == "trigger.skipped").unwrap();
    assert!(skipped.body["why"].as_str().unwrap().contains("more than 2"));
}

#[tokio::test]
async fn a_fact_that_nobody_had_time_to_hear_is_heard_after_the_first_restart() {
    let world = World::new("[triggers.t]\nfact = 'test.happened'\nworkflow = 'x'\n");
    let mut house = world.house().await;
    house.enlist().await;
    house.say("api", "").await;
    drop(house);
    let mut house = world.house().await;
    house.listen().await;
    assert_eq!(house.actor.of(&key("t")).count(), 1);
}

#[tokio::test]
async fn a_run_does_not_fire_what_started_it() {
    let world = World::new("[triggers.t]\nfact = 'test.happened'\nworkflow = 'x'\n");
    let mut house = world.house().await;
    house.enlist().await;
    house.say("api", "").await;
    house.listen().await;
    house.hear_answers(1).await;
    let id = house.ids()[0].clone();
    house.say("api", &format!("run of {id}")).await;
    house.listen().await;
    assert_eq!(house.actor.of(&key("t")).count(), 1);
    assert!(house.kinds().contains(&crate::trigger::fact::Skipped::KIND.to_owned()));
}

#[tokio::test]
async fn a_definition_that_cannot_be_read_leaves_what_was_read_before() {
    let world = World::new(HOURLY);
    let mut house = world.house().await;
    house.enlist().await;
    world.files.put("/w/gaia.toml", "name = \"w\"\n[triggers.t]\ncrn = 'x'\n");
    house.actor.reread(&"w".parse().unwrap()).await;
    let rows = house.actor.rows();
    assert_eq!(rows.len(), 2);
    assert!(rows[1].why.as_deref().unwrap().contains("did you mean `cron`?"));
    house.pass(60).await;
    house.hear_answers(1).await;
    assert_eq!(house.ids().len(), 1);
}
