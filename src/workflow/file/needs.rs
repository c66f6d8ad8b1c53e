//! Which steps are over before which.

use super::{
    outline::{World, slug},
    sheet::{Sheet, one_or_many},
};
use crate::{
    base::nearest,
    define::yaml::{Node, Value},
    workflow::model::{Need, Outcome, StepIndex},
};

const DONE: &[Outcome] = &[Outcome::Ok, Outcome::Failed, Outcome::Skipped];

impl World<'_> {
    /// Reads what all steps need, and knows from then on what is over before what.
    pub(super) fn connect(&mut self, sheet: &Sheet<'_>) {
        let all = 0..StepIndex::try_from(self.steps.len()).unwrap_or(StepIndex::MAX);
        for index in all {
            let needs = self.needs(sheet, index);
            self.steps[index as usize].needs = needs;
        }
        self.places = vec![0; self.steps.len()];
        self.before = vec![vec![]; self.steps.len()];
        let mut bodies = vec![self.body.clone(), self.finally.clone()];
        bodies.extend(self.steps.iter().map(|step| step.body.clone()));
        for body in bodies {
            for (place, index) in body.iter().enumerate() {
                self.places[*index as usize] = place;
            }
            self.order(sheet, &body);
        }
    }

    /// Whether a step of the same body is over before another begins.
    pub(super) fn is_before(&self, first: StepIndex, second: StepIndex) -> bool {
        let place = self.places[first as usize];
        let bits = &self.before[second as usize];
        bits.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
            && self.step(first).parent == self.step(second).parent
            && self.step(first).finally == self.step(second).finally
    }

    fn needs(&self, sheet: &Sheet<'_>, index: StepIndex) -> Vec<Need> {
        let Some(node) = self.step(index).fields.get("needs") else { return vec![] };
        let mut needs: Vec<Need> = vec![];
        let mut add = |(name, at): (&str, &Node), range, on: Vec<Outcome>| {
            let Some(step) = self.need(sheet, index, (name, range)) else { return };
            if needs.iter().any(|need| need.step == step) {
                sheet.fault(&at.at, format!("`{name}` is needed twice"), "write it once");
            } else {
                needs.push(Need { step, on });
            }
        };
        for one in one_or_many(node) {
            match &one.value {
                Value::Nothing => (),
                Value::Text(name) => add((name, one), &one.at, vec![Outcome::Ok]),
                Value::Table(all) => {
                    for (key, how) in all {
                        add((&key.text, one), &key.at, outcomes(sheet, how));
                    }
                }
                Value::List(_) => {
                    sheet.fault(&one.at, "this is no step", "write `needs: [build, {lint: done}]`");
                }
            }
        }
        needs
    }

    /// The step that another one needs.
    fn need(
        &self,
        sheet: &Sheet<'_>,
        index: StepIndex,
        (name, at): (&str, &std::ops::Range<usize>),
    ) -> Option<StepIndex> {
        let id = &self.step(index).id;
        let Some(found) = self.find(name) else {
            let body = self.body_of(index).iter().filter(|other| **other != index);
            let near = self.near(name, body.map(|index| self.step(*index).id.as_str()));
            let help = near.map(|near| format!("did you mean `{near}`?"));
            sheet.fault(at, format!("there is no step `{name}`"), help.unwrap_or_default());
            return None;
        };
        if found == index {
            sheet.fault(at, format!("`{id}` needs itself"), "leave it out");
            return None;
        }
        let (mine, other) = (self.step(index), self.step(found));
        if mine.parent == other.parent && mine.finally == other.finally {
            return Some(found);
        }
        let outer = self.chain(found).find(|outer| {
            self.step(*outer).parent == mine.parent && self.step(*outer).finally == mine.finally
        });
        let (what, help) = match outer {
            _ if self.chain(index).any(|outer| outer == found) => {
                (format!("`{id}` is inside of `{name}`"), "leave it out".to_owned())
            }
            _ if mine.finally && !other.finally => {
                let what = format!("`{id}` runs at the end, when `{name}` is over");
                (what, "leave it out: `finally` may refer to every step".to_owned())
            }
            Some(outer) => {
                let outer = &self.step(outer).id;
                (format!("`{name}` is inside of `{outer}`"), format!("write `{outer}`"))
            }
            None => {
                let what = format!("`{name}` stands outside of the steps that `{id}` is among");
                (what, "put it into the `needs` of the step around".to_owned())
            }
        };
        sheet.fault(at, what, help);
        None
    }

    /// The step of a name: its id, or what it is called.
    pub(super) fn find(&self, name: &str) -> Option<StepIndex> {
        let titled = || self.by_title.get(name).or_else(|| self.by_id.get(&slug(name)));
        self.by_id.get(name).or_else(titled).copied()
    }

    /// Orders a body by its needs; a circle is told.
    fn order(&mut self, sheet: &Sheet<'_>, body: &[StepIndex]) {
        let mut open: Vec<usize> = body.iter().map(|index| self.step(*index).needs.len()).collect();
        let mut after: Vec<Vec<usize>> = vec![vec![]; body.len()];
        for (place, index) in body.iter().enumerate() {
            for need in &self.step(*index).needs {
                after[self.places[need.step as usize]].push(place);
            }
        }
        let mut ready: Vec<usize> = (0..body.len()).filter(|place| open[*place] == 0).collect();
        let mut ordered = 0;
        while let Some(place) = ready.pop() {
            ordered += 1;
            self.before[body[place] as usize] = self.bits(body[place], body.len());
            for next in &after[place] {
                open[*next] -= 1;
                if open[*next] == 0 {
                    ready.push(*next);
                }
            }
        }
        if ordered < body.len() {
            let left = |place: &usize| open[*place] > 0;
            self.circles(sheet, body, &(0..body.len()).filter(left).collect::<Vec<_>>());
        }
    }

    /// What is over before a step: what it needs, and what is over before that.
    fn bits(&self, index: StepIndex, length: usize) -> Vec<u64> {
        let needs = &self.step(index).needs;
        if needs.is_empty() {
            return vec![];
        }
        let mut bits = vec![0; length.div_ceil(64)];
        for need in needs {
            let place = self.places[need.step as usize];
            bits[place / 64] |= 1 << (place % 64);
            for (mine, theirs) in bits.iter_mut().zip(&self.before[need.step as usize]) {
                *mine |= theirs;
            }
        }
        bits
    }

    /// Draws the circles among steps that never become ready.
    fn circles(&mut self, sheet: &Sheet<'_>, body: &[StepIndex], left: &[usize]) {
        let mut seen = vec![false; body.len()];
        let is_left: std::collections::HashSet<usize> = left.iter().copied().collect();
        for first in left {
            let (mut path, mut place) = (vec![], *first);
            while !seen[place] {
                seen[place] = true;
                path.push(place);
                let needs = self.step(body[place]).needs.iter();
                let mut next = needs.map(|need| self.places[need.step as usize]);
                let Some(next) = next.find(|next| is_left.contains(next)) else { break };
                place = next;
            }
            if let Some(begin) = path.iter().position(|other| *other == place)
                && path.len() > begin + 1
            {
                self.circle(sheet, body, &path[begin..]);
            }
        }
        // Nobody is told of a reference that only a circle makes wrong.
        for place in left {
            self.before[body[*place] as usize] = vec![u64::MAX; body.len().div_ceil(64)];
        }
    }

    fn circle(&self, sheet: &Sheet<'_>, body: &[StepIndex], path: &[usize]) {
        // Drawn from the step that stands first in the file, in the order of `needs`.
        let first =
            path.iter().enumerate().min_by_key(|(_, place)| **place).map_or(0, |(at, _)| at);
        let round = path[first..].iter().chain(&path[..=first]);
        let steps: Vec<_> = round.map(|place| self.step(body[*place])).collect();
        let drawn: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
        let lines: Vec<String> = steps[1..]
            .iter()
            .map(|step| format!("{} (line {})", step.id, sheet.line(step.at.start)))
            .collect();
        let at = steps[0].fields.get("needs").map_or(&steps[0].at, |node| &node.at);
        let what = format!("steps need each other in a circle: {}", drawn.join(" → "));
        let help = format!("take one need out of {}; a `loop` does steps again", lines.join(", "));
        sheet.fault(at, what, help);
    }
}

/// How a needed step may have ended.
fn outcomes(sheet: &Sheet<'_>, node: &Node) -> Vec<Outcome> {
    let mut all = vec![];
    for one in one_or_many(node) {
        match one.text().unwrap_or_default() {
            "ok" => all.push(Outcome::Ok),
            "failed" => all.push(Outcome::Failed),
            "skipped" => all.push(Outcome::Skipped),
            "done" => all.extend(DONE),
            other => {
                let near = nearest(other, ["ok", "failed", "skipped", "done"].into_iter());
                let known = "one of ok, failed, skipped, done (all three)";
                let help = near.map_or(known.to_owned(), |near| format!("did you mean `{near}`?"));
                sheet.fault(&one.at, format!("no step ends `{other}`"), help);
            }
        }
    }
    all.dedup();
    if all.is_empty() { vec![Outcome::Ok] } else { all }
}
