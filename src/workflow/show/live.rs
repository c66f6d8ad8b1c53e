//! Progress of a run: in a line, as a list of its steps, and as a drawing that is made again and
//! again on a terminal.

use super::{
    escape::{line as one_line, width},
    graph::terminal,
    mark::Mark,
    states::{Part, Tree},
    words::{clock, dollars, many, span},
};
use crate::{
    base::Moment,
    verb::Ui,
    workflow::{
        model::Definition,
        view::{RunView, StepView},
    },
};

/// Steps that are named in a line; the others are counted.
const NAMED: usize = 3;
/// Columns below which only the line is drawn.
const NARROW: usize = 40;
/// Steps above which only the line is drawn.
const MANY: usize = 200;

/// A run on a screen of so many rows: its steps as they are now with a line below, or the line alone
/// where that does not fit. No line is wider than the screen, so that it can be wiped.
pub(crate) fn drawing(
    definition: &Definition,
    view: &RunView,
    (ui, rows): (&Ui, u16),
    now: Moment,
) -> String {
    let columns = usize::from(ui.width.unwrap_or(80));
    let below = ui.paint("2", &one_line(&line(view, now), columns.saturating_sub(1)));
    // More than any screen shows are not even laid out: it is done again with each event.
    if columns < NARROW || definition.steps.len() > MANY {
        return below;
    }
    let steps = terminal(definition, Some(view), ui);
    // What was told before shall still be seen above it.
    let fits = steps.lines().count() + 2 <= usize::from(rows) * 3 / 4;
    if fits { format!("{}\n\n{below}", steps.trim_end()) } else { below }
}

/// How far a run is: `3/7 ✓2 ✗0 •fix[api], review  00:42  $0.12`.
pub(crate) fn line(view: &RunView, now: Moment) -> String {
    let tree = Tree::of(view);
    let mut over = 0;
    let mut under_way: Vec<(Mark, &str)> = Vec::new();
    let (mut done, mut failed) = (0, 0);
    let leaves = tree.steps.iter().zip(&tree.leaf).filter(|(_, leaf)| **leaf);
    for (step, _) in leaves.clone() {
        let mark = Mark::of(&step.state);
        over += u32::from(mark.is_over());
        done += u32::from(mark == Mark::Done);
        failed += u32::from(mark == Mark::Failed);
        if matches!(mark, Mark::Running | Mark::Waiting | Mark::Held) {
            under_way.push((mark, &step.id));
        }
    }
    // What a person is waited for comes first: it does not go on by itself.
    under_way.sort_by_key(|(mark, _)| std::cmp::Reverse(*mark));
    let mut parts = vec![format!("{over}/{} ✓{done} ✗{failed}", leaves.count())];
    let named = under_way.iter().take(NAMED);
    let mut names: Vec<String> =
        named.map(|(mark, id)| format!("{}{}", mark.sign(), one_line(id, 32))).collect();
    if under_way.len() > NAMED {
        names.push(format!("+{}", under_way.len() - NAMED));
    }
    if !names.is_empty() {
        parts.push(names.join(", "));
    }
    parts.extend(if view.paused { Some("paused".to_owned()) } else { end(view) });
    if let Some(from) = view.started_at {
        parts.push(clock(view.ended_at.unwrap_or(now).since(from).as_millis() as u64));
    }
    parts.extend(view.cost_usd.map(dollars));
    parts.join("  ")
}

fn end(view: &RunView) -> Option<String> {
    (view.state != "running").then(|| view.state.clone())
}

/// A run with all its steps.
pub(crate) fn block(view: &RunView, ui: &Ui, now: Moment) -> String {
    let mark = Mark::of(&view.state);
    let state = ui.paint(mark.sgr(), &format!("{} {}", mark.sign(), one_line(&view.state, 20)));
    let title = ui.paint("1", &one_line(&view.workflow, 40));
    let mut lines = vec![format!("{title} {state}  {}", one_line(&view.id, 60))];
    lines.push(ui.paint("2", &line(view, now)));
    if let Some(why) = &view.why {
        lines.push(ui.paint(mark.sgr(), &one_line(why, 200)));
    }
    if !view.steps.is_empty() {
        lines.push(String::new());
        lines.extend(steps(view, ui, now));
    }
    lines.join("\n")
}

fn steps(view: &RunView, ui: &Ui, now: Moment) -> Vec<String> {
    let tree = Tree::of(view);
    let room = usize::from(ui.width.unwrap_or(100)).clamp(48, 200);
    let names: Vec<String> = (0..tree.steps.len()).map(|place| name(&tree, place)).collect();
    let widest = names.iter().map(|name| width(name)).max().unwrap_or(0).min(room / 2 - 8);
    let mut lines = Vec::new();
    for (step, name) in tree.steps.iter().zip(&names) {
        let mark = Mark::of(&step.state);
        let name = one_line(name, widest);
        let pad = " ".repeat(widest - width(&name));
        let sign =
            ui.paint(mark.sgr(), &format!("{} {name}{pad}  {:<9}", mark.sign(), mark.word()));
        let took = took(step, now).map_or_else(String::new, span);
        let room = room.saturating_sub(widest + 13 + 9);
        let notes = one_line(&notes(step), room.max(10));
        let row = format!("{sign} {took:>8}  {}", ui.paint("2", &notes));
        lines.push(if notes.is_empty() { row_without(&sign, &took) } else { row });
    }
    lines
}

fn row_without(sign: &str, took: &str) -> String {
    if took.is_empty() { sign.trim_end().to_owned() } else { format!("{sign} {took:>8}") }
}

/// A name under the one around it: what both share is not said twice.
fn name(tree: &Tree<'_>, place: usize) -> String {
    let step = &tree.steps[place];
    let around = tree.parent[place].map(|parent| tree.steps[parent].id.as_str());
    let own = around.and_then(|around| step.id.strip_prefix(around)).unwrap_or(&step.id);
    let own = match tree.part[place] {
        Part::Whole => own.trim_start_matches('/').to_owned(),
        Part::Item => own.to_owned(),
        Part::Time => format!("time {}", own.trim_matches(['{', '}'])),
    };
    format!("{}{}", "  ".repeat(step.depth as usize), one_line(&own, 60))
}

/// How long a step took, or has taken so far.
pub(super) fn took(step: &StepView, now: Moment) -> Option<u64> {
    let from = step.started_at?;
    Some(step.ended_at.unwrap_or(now).since(from).as_millis() as u64)
}

fn notes(step: &StepView) -> String {
    let mut notes = Vec::new();
    if step.attempts > 1 {
        notes.push(many(step.attempts.into(), "attempt"));
    }
    notes.extend(step.cost_usd.map(dollars));
    notes.extend(step.why.clone());
    notes.join(" · ")
}
