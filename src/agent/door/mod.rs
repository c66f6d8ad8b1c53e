//! What the rest of gaia asks of agents: work is handed over, waited for, asked for again, given
//! up, landed. Verbs of people stand beside it, and share what both do.
//!
//! Rooms, from the quiet one to the loud one:
//! - `resolve`: pure; which agent a word means
//! - `crew`: the agents of a folder, as its gaia.toml declares them now
//! - `over`: what came of a task, its end, its landing
//!
//! Invariants:
//! - The same key gives the same task, and the same mark asks once: whoever was cut off asks again.
//! - What is told of a task that is over is on disk.

#![allow(dead_code, reason = "the engine of workflows is about to call it")]

mod crew;
mod over;
mod resolve;

use std::{collections::BTreeMap, path::PathBuf};

pub(crate) use over::{LandedWork, Outcome};

use super::{
    actor::Handle,
    begin::New,
    driver::Mode,
    find,
    id::TaskId,
    model::{Place, Wanted},
    record::CrewRecord,
};
use crate::{
    base::{Code, Refusal},
    meter::Cap,
};
use resolve::Chosen;

/// Work for an agent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hand {
    /// A folder of the workspace; one without a gaia.toml is a workspace of its own.
    pub(crate) dir: PathBuf,
    /// Environment of whoever wants it.
    pub(crate) env: BTreeMap<String, String>,
    /// A word for who does it: an agent, a label, a driver, or a role; whoever fits if left out.
    pub(crate) who: Option<String>,
    /// What to do.
    pub(crate) prompt: String,
    /// One line about it; the first line of the prompt if it is empty.
    pub(crate) title: String,
    /// Globs of files it is about.
    pub(crate) files: Vec<String>,
    /// Files that must be there at the end.
    pub(crate) deliverables: Vec<String>,
    /// What it may cost.
    pub(crate) budget: Vec<Cap>,
    /// `headless` or `interactive`; as the agent says if it is left out.
    pub(crate) mode: Option<String>,
    /// In the workspace itself; if it is left out, only where there can be no worktree.
    pub(crate) in_place: Option<bool>,
    /// Tasks it goes on from.
    pub(crate) after: Vec<String>,
    /// The same key gives the same task.
    pub(crate) key: String,
    /// Longest time of an attempt, in milliseconds; that of the agent if it is left out.
    pub(crate) timeout_ms: Option<u64>,
    /// Higher goes first.
    pub(crate) priority: i32,
    /// Variables its program is told besides.
    pub(crate) extra_env: BTreeMap<String, String>,
}

impl Handle {
    /// Hands work to an agent; the task it becomes. May be asked again with the same key.
    pub(crate) async fn hand(&self, hand: Hand) -> Result<String, Refusal> {
        if let Some(id) = self.handed(&hand) {
            return Ok(id.to_string());
        }
        let (crew, chosen) = self.choose(&hand).await?;
        let place = self.place(&hand, &crew).await;
        let wanted = self.wanted(&hand, chosen, place)?;
        crew.check(&wanted)?;
        let CrewRecord { workspace, dir, .. } = crew;
        let task = self.add(New { workspace, dir, wanted, env: hand.env }).await?;
        Ok(task.id.to_string())
    }

    /// The task that was handed over with this key: whatever was declared otherwise since, it stays.
    fn handed(&self, hand: &Hand) -> Option<TaskId> {
        let view = self.view();
        let same = |task: &super::record::TaskRecord| {
            task.wanted.key.as_ref() == Some(&hand.key) && hand.dir.starts_with(&task.dir)
        };
        view.tasks.values().find(|task| same(task)).map(|task| task.id)
    }

    /// Who does it; an agent that stands for its driver belongs to the workspace then.
    async fn choose(&self, hand: &Hand) -> Result<(CrewRecord, Chosen), Refusal> {
        let crew = self.crew_for((&hand.dir, &hand.env), None).await?;
        let sessions = &self.world().sessions;
        let drivers = find::drivers(&*sessions.ports().files, sessions.home(), &crew.dir);
        let drivers: Vec<String> = drivers.into_keys().collect();
        let chosen = resolve::resolve(hand.who.as_deref(), &crew, &drivers)?;
        match &chosen.implied {
            None => Ok((crew, chosen)),
            Some(driver) => {
                let crew = self.crew_for((&hand.dir, &hand.env), Some(driver)).await?;
                Ok((crew, chosen))
            }
        }
    }

    /// A worktree, where the workspace is in a repository that has something to begin from.
    async fn place(&self, hand: &Hand, crew: &CrewRecord) -> Place {
        match hand.in_place {
            Some(true) => return Place::InPlace,
            Some(false) => return Place::Worktree,
            None => (),
        }
        let git = &self.world().ports.git;
        let Ok(repo) = git.repo(&crew.dir).await else { return Place::InPlace };
        match git.resolve(&repo, "HEAD").await {
            Ok(Some(_)) if !repo.bare => Place::Worktree,
            Ok(_) | Err(_) => Place::InPlace,
        }
    }

    fn wanted(&self, hand: &Hand, chosen: Chosen, place: Place) -> Result<Wanted, Refusal> {
        let after = hand.after.iter().map(|word| over::task_id(word));
        let after = after.collect::<Result<Vec<TaskId>, _>>()?;
        for id in &after {
            self.task(*id)?;
        }
        let prompt = match chosen.role {
            Some(role) => format!("Your role: {role}.\n\n{}", hand.prompt),
            None => hand.prompt.clone(),
        };
        let wanted = Wanted {
            prompt,
            title: title(hand),
            agent: chosen.agent,
            any: chosen.any,
            priority: hand.priority,
            after,
            files: hand.files.clone(),
            deliverables: hand.deliverables.clone(),
            budget: hand.budget.clone(),
            timeout_ms: hand.timeout_ms,
            place,
            mode: hand.mode.as_deref().map(mode).transpose()?,
            key: Some(hand.key.clone()),
            race: None,
            told: hand.extra_env.clone(),
            output: true,
        };
        wanted.checked()
    }
}

fn title(hand: &Hand) -> String {
    match hand.title.trim() {
        "" => super::wish::title(&hand.prompt),
        title => title.to_owned(),
    }
}

fn mode(word: &str) -> Result<Mode, Refusal> {
    match word {
        "headless" => Ok(Mode::Headless),
        "interactive" => Ok(Mode::Interactive),
        _ => Err(Refusal::new(Code::Invalid, format!("an agent cannot work `{word}`"))
            .help("one of headless, interactive")),
    }
}
