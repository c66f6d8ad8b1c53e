//! Any definition, any script, any restart.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;

/// Numbers that a definition or a script is made of.
struct Dice<'a> {
    numbers: std::slice::Iter<'a, u16>,
    names: u32,
}

impl<'a> Dice<'a> {
    fn new(numbers: &'a [u16]) -> Self {
        Self { numbers: numbers.iter(), names: 0 }
    }

    fn roll(&mut self, sides: u16) -> u16 {
        self.numbers.next().map_or(0, |number| number % sides)
    }

    fn one<'w>(&mut self, of: &[&'w str]) -> &'w str {
        of[self.roll(of.len() as u16) as usize]
    }

    fn definition(&mut self) -> String {
        let mut text = String::new();
        for line in ["fail_fast: true\n", "timeout: 1m\n", "budget: 5 USD\n"] {
            text += if self.roll(4) == 0 { line } else { "" };
        }
        text += "steps:\n";
        self.body(&mut text, 2, 2);
        if self.roll(3) == 0 {
            text += "finally:\n";
            self.body(&mut text, 2, 1);
        }
        text
    }

    fn body(&mut self, text: &mut String, indent: usize, deep: u16) {
        let mut before: Vec<String> = vec![];
        for _ in 0..=self.roll(4) {
            self.names += 1;
            let name = format!("s{}", self.names);
            let pad = " ".repeat(indent);
            writeln!(text, "{pad}- id: {name}").unwrap();
            let needs: Vec<String> = before.iter().filter(|_| self.roll(2) == 0).cloned().collect();
            let needs = needs.into_iter().map(|need| {
                format!("{need}: {}", self.one(&["ok", "done", "failed", "[ok, skipped]"]))
            });
            let needs: Vec<String> = needs.collect();
            if !needs.is_empty() {
                writeln!(text, "{pad}  needs: {{{}}}", needs.join(", ")).unwrap();
            }
            if self.roll(4) == 0 {
                let how = self.one(&["continue", "ask"]);
                writeln!(text, "{pad}  on_error: {how}").unwrap();
            }
            self.kind(text, indent + 2, deep);
            before.push(name);
        }
    }

    fn kind(&mut self, text: &mut String, indent: usize, deep: u16) {
        let pad = " ".repeat(indent);
        if self.roll(4) == 0 {
            let most = self.roll(3) + 1;
            let join = self.one(&["all_ok", "all_done"]);
            let then = self.one(&["stop", "continue"]);
            writeln!(
                text,
                "{pad}for_each: {{in: [p, q, r], max_parallel: {most}, join: {join}, on_child_failure: {then}}}"
            )
            .unwrap();
        }
        match self.roll(if deep > 0 { 6 } else { 3 }) {
            0 | 1 => {
                let rest = self.one(&[
                    "",
                    "retry: {max: 2, backoff: 1s}",
                    "on_lost: retry",
                    "timeout: 5s",
                    "on_lost: fail",
                ]);
                writeln!(text, "{pad}run: x\n{pad}{rest}").unwrap();
            }
            2 => {
                writeln!(text, "{pad}agent: x\n{pad}prompt: x\n{pad}outputs: {{n: integer}}")
                    .unwrap();
            }
            3 => {
                writeln!(text, "{pad}steps:").unwrap();
                self.body(text, indent + 2, deep - 1);
            }
            _ => {
                self.names += 1;
                let (name, how) = (self.names, self.one(&["fail", "ask", "continue"]));
                let stuck = self.roll(3);
                writeln!(text, "{pad}loop:\n{pad}  until: t{name}.exit_code == 0").unwrap();
                writeln!(text, "{pad}  max_iterations: 2\n{pad}  on_exhausted: {how}").unwrap();
                writeln!(text, "{pad}  no_progress: {stuck}\n{pad}  steps:").unwrap();
                writeln!(text, "{pad}  - {{id: t{name}, run: x, on_error: continue}}").unwrap();
                self.body(text, indent + 2, deep - 1);
            }
        }
    }
}

impl Bench {
    fn begins(&self) -> Vec<InstanceId> {
        let held = self.run.paused || self.run.over_budget.is_some();
        if held { vec![] } else { self.ready() }
    }

    fn held(&self) -> Vec<InstanceId> {
        let is = |at: &InstanceId| matches!(self.run.get(*at).phase, Phase::Held(_));
        self.run.active.iter().copied().filter(is).collect()
    }

    /// Something happens.
    fn happens(&mut self, dice: &mut Dice<'_>) {
        let pick = |all: Vec<InstanceId>, dice: &mut Dice<'_>| {
            (!all.is_empty()).then(|| all[dice.roll(all.len() as u16) as usize])
        };
        match dice.roll(32) {
            0..=11 => {
                if let Some(at) = pick(self.begins(), dice) {
                    self.put(Input::Grant(at, "boot".to_owned()));
                }
            }
            12..=22 => {
                if let Some(at) = pick(self.running(), dice) {
                    let end = end(dice);
                    self.end(at, end);
                }
            }
            23 | 24 => {
                if let Some(at) = pick(self.held(), dice) {
                    let choice = Choice::ALL[dice.roll(3) as usize].0;
                    self.put(Input::Decided(at, choice, "you".to_owned()));
                }
            }
            25 | 26 => self.now.0 += u64::from(dice.roll(4)) * 2500,
            27 => self.put(Input::Pause(dice.roll(2) == 0)),
            28 => self.put(Input::Budget(dice.roll(2) == 0, "you".to_owned())),
            29 => {
                if let Some(at) = pick(self.running(), dice) {
                    let attempt = self.run.get(at).attempt;
                    self.put(Input::Silent(at, attempt));
                }
            }
            30 if dice.roll(6) == 0 => self.put(Input::Cancel("you".to_owned())),
            _ if self.run.state.is_over() => {
                let any = seen(&self.run);
                let from = (dice.roll(2) == 0).then(|| pick(any, dice)).flatten();
                self.put(Input::Retry(from));
            }
            _ => (),
        }
        self.put(Input::Wake);
    }

    /// Everybody does what is asked of them, until it is over.
    fn comes_to_its_end(&mut self) {
        self.put(Input::Pause(false));
        for _ in 0..2000 {
            if self.run.state.is_over() {
                return;
            }
            self.put(Input::Budget(true, "you".to_owned()));
            self.now.0 += 1000;
            self.put(Input::Wake);
            self.grant();
            for at in self.held() {
                self.put(Input::Decided(at, Choice::Fail, "you".to_owned()));
            }
            for at in self.running() {
                if self.run.get(at).phase == Phase::Running {
                    self.end(at, End::good(outputs(0, "{\"n\": 7}")));
                }
            }
        }
        panic!("it never ends\n{}", self.shown);
    }
}

/// What a person sees of a run, and could name.
fn seen(run: &Run) -> Vec<InstanceId> {
    let mut all: Vec<_> = run.top.iter().chain(&run.last).copied().collect();
    let mut next = 0;
    while let Some(at) = all.get(next).copied() {
        all.extend(&run.get(at).children);
        next += 1;
    }
    all
}

fn end(dice: &mut Dice<'_>) -> End {
    let cost = (dice.roll(4) == 0).then_some(Micros(2_000_000));
    let end = match dice.roll(8) {
        0..=2 => End::good(outputs(0, "{\"n\": 7}")),
        3 => End::good(outputs(0, "")),
        4 => End::bad(Class::Lost, "its shim was killed"),
        5 => End::bad(Class::Refused, "no"),
        6 => End::bad(Class::Cancelled, "it was stopped"),
        _ => End { output: outputs(1, ""), ..End::bad(Class::Code(1), "it ended with 1") },
    };
    End { cost, ..end }
}

/// The story of a script, restarted before each happening that says so; and the run at its end.
fn told(text: &str, script: &[u16], restarts: &[bool]) -> (String, Bench) {
    let mut bench = Bench::new(text);
    let mut dice = Dice::new(script);
    let mut restarts = restarts.iter();
    while !dice.numbers.as_slice().is_empty() {
        if restarts.next().is_some_and(|now| *now) {
            bench.restart();
        }
        bench.happens(&mut dice);
    }
    bench.comes_to_its_end();
    (picture(&bench.run), bench)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_run_comes_to_the_same_end_however_often_the_daemon_dies(
        definition in proptest::collection::vec(any::<u16>(), 0..120),
        script in proptest::collection::vec(any::<u16>(), 0..250),
        restarts in proptest::collection::vec(any::<bool>(), 0..150),
    ) {
        let text = Dice::new(&definition).definition();
        let (once, _) = told(&text, &script, &[]);
        let (often, bench) = told(&text, &script, &restarts);
        prop_assert_eq!(once, often, "{}\n{}", text, bench.shown);
    }
}
