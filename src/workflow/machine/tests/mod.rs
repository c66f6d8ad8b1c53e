//! The machine by itself: definitions as they are written, inputs one after the other, and the events
//! that come of them.
//!
//! Rooms: `tables` (what is to happen), `again` (doing over, and what a person decides), `random`
//! (any definition, any script, any restart).
//!
//! Invariants, held after every input: the journal folds to what lives; no attempt is intended
//! twice; what is over is over as a whole.
#![allow(clippy::wildcard_enum_match_arm, reason = "tests name what they are about")]

mod again;
mod random;
mod tables;

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Map, Value, json};

use super::*;
use crate::{
    meter::Micros,
    workflow::{file, model::Definition, run::Plan, tell},
};

const NOW: Moment = Moment(1_000_000);

fn definition(text: &str) -> Definition {
    let beside = |_: &str| Err("there is none".to_owned());
    let context = file::Context { name: "w", beside: &beside };
    file::load("w.yaml", text.as_bytes(), &context)
        .unwrap_or_else(|faults| panic!("{text}\n{faults:?}"))
}

/// A run on the bench.
#[derive(Clone)]
struct Bench {
    run: Run,
    now: Moment,
    journal: Vec<(Moment, Vec<Event>)>,
    intended: BTreeSet<(InstanceId, u32)>,
    shown: String,
}

impl Bench {
    fn new(text: &str) -> Self {
        let run = blank(&Arc::new(Plan::new(definition(text))));
        let mut bench = Self {
            run,
            now: NOW,
            journal: vec![],
            intended: BTreeSet::new(),
            shown: String::new(),
        };
        bench.put(Input::Begin);
        bench
    }

    /// Takes an input, notes what happens, and holds everything to the invariants.
    fn put(&mut self, input: Input) {
        let events = advance(&mut self.run, input, self.now);
        self.took(&events);
    }

    fn took(&mut self, events: &[Event]) {
        for event in events {
            self.shown += &format!("  {}\n", self.told(event));
            if let Event::Intended { at, attempt, .. } = event {
                assert!(self.intended.insert((*at, *attempt)), "intended twice: {}", self.shown);
            }
        }
        if !events.is_empty() {
            self.journal.push((self.now, events.to_vec()));
        }
        self.holds();
    }

    fn told(&self, event: &Event) -> String {
        match event {
            Event::Waits { at, until } => {
                format!("{} waits {} ms", self.run.path(*at), until.0 - self.now.0)
            }
            Event::Done { at, output, .. } => format!("{} is done: {output}", self.run.path(*at)),
            other => tell::line(&self.run, other),
        }
    }

    /// The run as a restart finds it.
    fn folded(&self) -> Run {
        let mut run = blank(&self.run.plan);
        for (at, events) in &self.journal {
            events.iter().for_each(|event| run.apply(event, *at));
        }
        run
    }

    /// The daemon comes back.
    fn restart(&mut self) {
        self.run = self.folded();
        self.put(Input::Recover);
    }

    fn holds(&self) {
        let (mut lives, mut found) = (self.run.clone(), self.folded());
        let woken = advance(&mut lives, Input::Wake, self.now);
        let recovered = advance(&mut found, Input::Recover, self.now);
        assert_eq!(woken, recovered, "a restart makes a difference\n{}", self.shown);
        assert_eq!(picture(&lives), picture(&found), "the journal folds to this\n{}", self.shown);
        if self.run.state.is_over() {
            assert!(self.run.active.is_empty() && self.run.ready.is_empty(), "{}", self.shown);
            let mut todo: Vec<_> = self.run.top.iter().chain(&self.run.last).collect();
            while let Some(at) = todo.pop() {
                let path = self.run.path(*at);
                assert!(self.run.get(*at).phase.is_over(), "{path} goes on\n{}", self.shown);
                todo.extend(&self.run.get(*at).children);
            }
        }
    }

    fn ready(&self) -> Vec<InstanceId> {
        self.run.ready.iter().map(|(_, at)| *at).collect()
    }

    fn running(&self) -> Vec<InstanceId> {
        let is = |at: &InstanceId| self.run.get(*at).phase == Phase::Running;
        self.run.active.iter().copied().filter(is).collect()
    }

    /// Lets all that could begin.
    fn grant(&mut self) {
        while let Some(at) = self.ready().first().copied() {
            self.put(Input::Grant(at, "boot".to_owned()));
        }
    }

    /// The newest instance at a path.
    fn at(&self, path: &str) -> InstanceId {
        let mut all = (0..self.run.instances.len() as InstanceId).rev();
        let found = all.find(|id| self.run.path(*id) == path);
        found.unwrap_or_else(|| panic!("no {path}\n{}", self.shown))
    }

    fn end(&mut self, at: InstanceId, end: End) {
        let attempt = self.run.get(at).attempt;
        self.put(Input::Ended(at, attempt, end));
    }

    /// One line of a script; `*` lets all begin that can, after each of them.
    fn line(&mut self, line: &str) {
        self.shown += &format!("{line}\n");
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        let word = |at: usize| words.get(at).copied().unwrap_or_default();
        let path = word(1);
        match word(0) {
            "ok" => self.end(self.at(path), End::good(outputs(0, word(2)))),
            "costs" => {
                let cost = Some(Micros(word(2).parse::<u64>().unwrap() * 1_000_000));
                self.end(self.at(path), End { cost, ..End::good(outputs(0, "")) });
            }
            "bad" => {
                let code = word(2).parse().unwrap_or(1);
                let bad = End::bad(Class::Code(code), format!("it ended with {code}"));
                self.end(self.at(path), End { output: outputs(code, ""), ..bad });
            }
            "lost" => self.end(self.at(path), End::bad(Class::Lost, "its shim was killed")),
            "refused" => self.end(self.at(path), End::bad(Class::Refused, "a person said no")),
            "stopped" => self.end(self.at(path), End::bad(Class::Cancelled, "it was stopped")),
            "silent" => {
                let at = self.at(path);
                self.put(Input::Silent(at, self.run.get(at).attempt));
            }
            "after" => {
                self.now.0 += path.parse::<u64>().unwrap();
                self.put(Input::Wake);
            }
            "cancel" => self.put(Input::Cancel("you".to_owned())),
            "pause" => self.put(Input::Pause(true)),
            "resume" => self.put(Input::Pause(false)),
            "budget" => self.put(Input::Budget(path == "yes", "you".to_owned())),
            "retry" if path.is_empty() => self.put(Input::Retry(None)),
            "retry" => self.put(Input::Retry(Some(self.at(path)))),
            "decide" => {
                let choice = Choice::of(word(2)).unwrap();
                self.put(Input::Decided(self.at(path), choice, "you".to_owned()));
            }
            "restart" => self.restart(),
            "grant" => self.grant(),
            other => panic!("no line of a script: {other}"),
        }
        let held = self.run.paused || self.run.over_budget.is_some();
        if !held && word(0) != "restart" {
            self.grant();
        }
    }
}

fn outputs(code: i32, text: &str) -> Map<String, Value> {
    let mut all = json!({ "stdout": format!("out {code}"), "exit_code": code });
    if !text.is_empty() {
        let more: Map<String, Value> = serde_json::from_str(text).unwrap();
        all.as_object_mut().unwrap().extend(more);
    }
    all.as_object().unwrap().clone()
}

fn blank(plan: &Arc<Plan>) -> Run {
    Run::new(Arc::clone(plan), Arc::default(), Arc::default())
}

/// All of a run that follows from its journal.
fn picture(run: &Run) -> String {
    let all = (&run.instances, &run.top, &run.last, run.left, &run.active, &run.ready);
    let whole = (run.state, run.paused, &run.cancelled, run.finally, &run.over_budget, run.waived);
    let end = (run.started, run.since, run.ended, &run.outputs, run.cost, run.tokens);
    format!("{all:?}\n{whole:?}\n{end:?}")
}

/// What happens in a run of this definition when this script is put to it, line by line.
fn story(text: &str, script: &str) -> String {
    let mut bench = Bench::new(text);
    bench.grant();
    for line in script.split('\n').map(str::trim).filter(|line| !line.is_empty()) {
        bench.line(line);
    }
    bench.shown
}

/// The stories of a table, one after the other.
fn stories(text: &str, scripts: &[(&str, &str)]) -> String {
    let one = |(name, script): &(&str, &str)| format!("== {name}\n{}\n", story(text, script));
    scripts.iter().map(one).collect()
}
