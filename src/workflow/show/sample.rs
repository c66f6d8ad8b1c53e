//! A run for tests: made by telling a journal to the same fold that real runs go through.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::{
    base::{Moment, Name, RunId},
    meter::{Micros, Tokens},
    workflow::{
        file::{Context, load},
        model::Definition,
        record::RunRecord,
        run::{About, Class, Event, InstanceId, Plan, Run, State, Told},
        view::RunView,
    },
};

/// 2026-11-20 21:00:00Z.
const START: u64 = 1_795_208_400_000;

/// A workflow from its text.
pub(super) fn definition(text: &str) -> Definition {
    let beside = |path: &str| Err(format!("there is no {path}"));
    let context = Context { name: "sample", beside: &beside };
    load("sample.yaml", text.as_bytes(), &context).unwrap()
}

/// The text of the workflow that [`night`] is a run of.
pub(super) const SHIP: &str = include_str!("sample.yaml");

/// A run that is told step by step.
pub(super) struct Story {
    pub(super) definition: Definition,
    pub(super) journal: Vec<Told>,
    run: Run,
    record: RunRecord,
    seconds: u64,
}

impl Story {
    pub(super) fn of(text: &str, inputs: Value) -> Self {
        let definition = definition(text);
        let inputs: Map<String, Value> = inputs.as_object().unwrap().clone();
        let plan = Arc::new(Plan::new(definition.clone()));
        let run = Run::new(plan, Arc::new(inputs.clone()), Arc::default());
        let record = RunRecord {
            id: RunId::new(START, 7),
            key: None,
            workflow: definition.name.clone(),
            workspace: Name::near("shop", "shop"),
            dir: "/home/ada/shop".into(),
            digest: "0".repeat(64),
            others: Default::default(),
            inputs,
            trigger: "the schedule nightly".to_owned(),
            parent: None,
            priority: 0,
            created: Moment(START - 4_000),
            state: State::Queued,
            paused: false,
            started: None,
            ended: None,
            why: None,
            cost: None,
            steps: 0,
            imports: Default::default(),
        };
        let mut story = Self { definition, journal: vec![], run, record, seconds: 0 };
        story.tell(0, vec![Event::Began]);
        story
    }

    pub(super) fn now(&self) -> Moment {
        Moment(START + self.seconds * 1000)
    }

    pub(super) fn view(&self) -> RunView {
        let mut record = self.record.clone();
        (record.state, record.started, record.ended) =
            (self.run.state, self.run.started, self.run.ended);
        RunView::of(&record, &self.run)
    }

    /// Time goes by.
    pub(super) fn after(&mut self, seconds: u64) -> &mut Self {
        self.seconds += seconds;
        self
    }

    pub(super) fn at(&self, path: &str) -> InstanceId {
        {
            let all = 0..self.run.instances.len() as u32;
            let found = all.rev().find(|id| self.run.path(*id) == path);
            found.unwrap_or_else(|| panic!("there is no {path}"))
        }
    }

    pub(super) fn tell(&mut self, seconds: u64, events: Vec<Event>) -> &mut Self {
        self.seconds += seconds;
        let at = self.now();
        for event in &events {
            self.run.apply(event, at);
        }
        self.journal.push(Told { seq: self.journal.len() as u64 + 1, at, events });
        self
    }

    pub(super) fn begin(&mut self, paths: &[&str]) -> &mut Self {
        let events = paths.iter().map(|path| {
            let at = self.at(path);
            Event::Intended { at, attempt: self.run.get(at).attempt + 1, boot: "b".to_owned() }
        });
        let events = events.collect();
        self.tell(0, events)
    }

    pub(super) fn done(&mut self, path: &str, output: Value, micros: u64) -> &mut Self {
        let at = self.at(path);
        let cost = (micros > 0).then_some(Micros(micros));
        let tokens = Tokens { input: micros / 10, output: micros / 50, ..Tokens::default() };
        self.tell(0, vec![Event::Done { at, output, cost, tokens }])
    }

    pub(super) fn ended(&mut self, path: &str, class: Class, why: &str) -> &mut Self {
        let (at, why) = (self.at(path), why.to_owned());
        let none = Tokens::default();
        self.tell(0, vec![Event::Ended { at, class, why, cost: None, tokens: none, output: None }])
    }

    pub(super) fn failed(&mut self, path: &str, why: &str) -> &mut Self {
        let (at, why) = (self.at(path), why.to_owned());
        self.tell(0, vec![Event::Failed { at, why }])
    }

    pub(super) fn held(&mut self, path: &str, about: About, why: &str) -> &mut Self {
        let (at, why) = (self.at(path), why.to_owned());
        self.tell(0, vec![Event::Held { at, about, why }])
    }

    pub(super) fn skipped(&mut self, path: &str, why: &str) -> &mut Self {
        let (at, why) = (self.at(path), why.to_owned());
        self.tell(0, vec![Event::Skipped { at, why }])
    }

    fn pause(&mut self, path: &str, seconds: u64) -> &mut Self {
        let (at, until) = (self.at(path), Moment(self.now().0 + seconds * 1000));
        self.tell(0, vec![Event::Waits { at, until }])
    }

    fn one(&mut self, path: &str, event: fn(InstanceId) -> Event) -> &mut Self {
        let at = self.at(path);
        self.tell(0, vec![event(at)])
    }
}

/// A run over a night: tests, fixes with a retry, a loop, a person who sleeps, a deploy that asks.
pub(super) fn night() -> Story {
    let mut s = Story::of(SHIP, json!({"target": "production", "migrate": false}));
    s.begin(&["checkout"]).after(6).done("checkout", json!({"exit_code": 0}), 0);
    s.begin(&["install"]).after(48).done("install", json!({"exit_code": 0}), 0);
    s.begin(&["lint", "unit", "e2e"]).after(20).ended("lint", Class::Code(2), "exit code 2");
    s.pause("lint", 10).after(10).begin(&["lint"]).after(22);
    s.done("lint", json!({"exit_code": 0}), 0).after(30);
    let failures = json!(["api/cart", "web/menu", "docs/links"]);
    s.done("unit", json!({"exit_code": 0, "failures": failures}), 0);
    s.skipped("migrate", "its `when` is not so").begin(&["plan"]).after(35);
    s.ended("e2e", Class::Timeout, "it took longer than 2m");
    s.failed("e2e", "it took longer than 2m").after(40);
    let risk = "low: all three are local";
    s.done("plan", json!({"order": failures, "risk": risk}), 61_000);
    fixes(&mut s);
    rounds(&mut s);
    s.begin(&["approve"]).after(9 * 3600 + 740);
    s.done("approve", json!({"approved": true, "answer": "yes"}), 0).begin(&["deploy"]).after(95);
    let why = "exit code 1: the new pods are not ready";
    s.ended("deploy", Class::Code(1), why).held("deploy", About::Error, why).after(240);
    s
}

fn fixes(s: &mut Story) {
    let items = ["api/cart", "web/menu", "docs/links"];
    let items = items.map(|item| (item.replace('/', "-"), json!(item))).to_vec();
    let at = s.at("fix");
    s.tell(0, vec![Event::Expanded { at, items }]);
    s.begin(&["fix[api-cart]", "fix[web-menu]"]).after(100);
    s.done("fix[web-menu]", json!({"summary": "the menu closes on Escape"}), 92_000);
    s.begin(&["fix[docs-links]"]).after(45);
    s.ended(
        "fix[docs-links]",
        Class::OutputInvalid,
        "its outputs do not fit: `summary` is missing",
    );
    s.pause("fix[docs-links]", 1).after(15).begin(&["fix[docs-links]"]).after(40);
    s.done("fix[api-cart]", json!({"summary": "a cart with no items has a total of 0"}), 210_000);
    s.after(20).ended("fix[docs-links]", Class::Failed, "the agent gave up: no network");
    s.failed("fix[docs-links]", "the agent gave up: no network");
    s.done("fix", json!([{"summary": "…"}, {"summary": "…"}, null]), 0);
}

fn rounds(s: &mut Story) {
    for (round, approved) in [(1, false), (2, true)] {
        s.one("rounds", |at| Event::Repeated { at });
        let path = |step: &str| format!("rounds{{{round}}}{step}");
        s.one(&path(""), |at| Event::Opened { at }).begin(&[&path("/polish")]).after(70);
        s.done(&path("/polish"), json!({"text": "done"}), 80_000);
        s.begin(&[&path("/verify"), &path("/review")]).after(25);
        s.done(&path("/verify"), json!({"exit_code": 0}), 0).after(30);
        let notes = if approved { "nothing left to say" } else { "the menu\nhas no test" };
        s.done(&path("/review"), json!({"approved": approved, "notes": notes}), 45_000);
        s.done(&path(""), json!({}), 0);
    }
    s.done("rounds", json!({}), 0);
}
