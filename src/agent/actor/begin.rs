//! The queue: tasks come in, and those that can be begun are.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::mpsc;

use super::{Actor, job};
use crate::{
    agent::{
        begin::New,
        fact::{QueuePaused, TaskAdded, TaskFailed, TaskStarted},
        id::TaskId,
        model::{Agent, State},
        queue::{Candidate, Crew, Pick, pick},
        record::{CrewRecord, TaskRecord},
        stats,
    },
    base::{Code, Moment, Name, Refusal},
    ledger::Decision,
    meter::{Rate, Start},
};

/// Attempts that may start at once after a pause.
const BURST: u32 = 8;

impl Actor {
    /// Takes in a task.
    pub(super) async fn add(&mut self, new: New) -> Result<TaskRecord, Refusal> {
        if let Some(key) = &new.wanted.key {
            let same = |task: &&Arc<TaskRecord>| {
                task.workspace == new.workspace && task.wanted.key.as_ref() == Some(key)
            };
            if let Some(known) = self.tasks.values().find(same) {
                return Ok((**known).clone());
            }
        }
        self.keep_env(TaskId(self.next), &new)?;
        let task = TaskRecord::new(TaskId(self.next), new, self.world.now());
        let mut decision = Decision::new();
        decision.put(&task).fact(&TaskAdded {
            task: task.id,
            workspace: task.workspace.clone(),
            title: task.wanted.title.clone(),
            agent: task.wanted.agent.clone(),
            priority: task.wanted.priority,
        });
        self.owed.append(decision);
        self.store().await?;
        self.next += 1;
        self.tasks.insert(task.id, Arc::new(task.clone()));
        (self.dirty, self.moved) = (true, true);
        Ok(task)
    }

    /// Writes down in what environment a task is asked for, for its user only.
    fn keep_env(&self, id: TaskId, new: &New) -> Result<(), Refusal> {
        let folder = self.world.sessions.home().task(&id.to_string());
        let files = &self.world.sessions.ports().files;
        let text = serde_json::to_vec(&new.env).map_err(Refusal::broken)?;
        let kept = files.private_dir(&folder, None);
        kept.and_then(|()| files.keep(&folder.join(job::ENV_FILE), &text)).map_err(|what| {
            Refusal::new(Code::Failed, what)
                .help("free some space, or correct the owner of the home")
        })
    }

    /// Takes in the agents of a workspace.
    pub(super) async fn enlist(&mut self, crew: CrewRecord) -> Result<CrewRecord, Refusal> {
        let old = self.crews.get(&crew.workspace);
        let crew = crew.keeping(old);
        if old == Some(&crew) {
            return Ok(crew);
        }
        if let Some(old) = old.filter(|old| old.dir != crew.dir) {
            let message = format!(
                "there is a workspace `{}` with agents already, in {}",
                crew.workspace,
                old.dir.display()
            );
            return Err(Refusal::new(Code::Invalid, message)
                .help("give one of the two another `name` in its gaia.toml"));
        }
        self.owed.put(&crew);
        self.store().await?;
        if let Some(folder) = &crew.policy.questions {
            let kept = self.world.people.keep_files(crew.workspace.clone(), Some(folder.clone()));
            kept.await?;
        }
        self.crews.insert(crew.workspace.clone(), crew.clone());
        (self.dirty, self.moved) = (true, true);
        Ok(crew)
    }

    /// Pauses the queue of a workspace, or resumes it.
    pub(super) async fn pause(&mut self, workspace: &Name, paused: bool) -> Result<(), Refusal> {
        let Some(crew) = self.crews.get(workspace) else {
            let message = format!("the workspace `{workspace}` has no agents");
            return Err(Refusal::new(Code::NotFound, message));
        };
        let crew = CrewRecord { paused, ..crew.clone() };
        self.owed.put(&crew).fact(&QueuePaused { workspace: workspace.clone(), paused });
        self.store().await?;
        self.crews.insert(workspace.clone(), crew);
        (self.dirty, self.moved) = (true, true);
        Ok(())
    }

    /// Begins every task that can be begun.
    pub(super) async fn begin_what_can_be(&mut self) {
        if !std::mem::take(&mut self.moved) && !self.is_due() {
            return;
        }
        self.give_up_hopeless().await;
        let now = self.world.now();
        let (picks, obstacles) = pick(&self.tasks, &self.candidates(), now);
        self.dirty |= self.obstacles != obstacles;
        self.obstacles = obstacles;
        for Pick { task, agent } in picks {
            let crew = self.tasks.get(&task).and_then(|task| self.crews.get(&task.workspace));
            let agent = crew.and_then(|crew| crew.agents.iter().find(|a| a.name == agent)).cloned();
            let Some(agent) = agent else { continue };
            if let Err(refusal) = self.begin(task, &agent).await {
                tracing::error!(%task, %refusal, "cannot be begun");
                self.obstacles.insert(task, refusal.to_string());
            }
        }
    }

    /// A task that waits for one that did not end well will never be begun: it fails with it.
    async fn give_up_hopeless(&mut self) {
        let over = |id: &TaskId| {
            let state = self.tasks.get(id).map(|task| &task.state);
            state.is_none_or(|state| state.is_over() && !state.is_good())
        };
        let hopeless: Vec<(TaskId, TaskId)> = self
            .tasks
            .values()
            .filter(|task| matches!(task.state, State::Queued { .. }))
            .filter_map(|task| Some((task.id, *task.wanted.after.iter().find(|id| over(id))?)))
            .collect();
        for (id, because) in hopeless {
            let fail = move |task: &mut TaskRecord, decision: &mut Decision| {
                let why = format!("{because}, which it waits for, did not end well");
                decision.fact(&TaskFailed { task: id, why: why.clone() });
                task.state = State::Failed { why };
            };
            if let Err(refusal) = self.change(id, Box::new(fail)).await {
                tracing::error!(task = %id, %refusal, "cannot be given up");
            }
        }
    }

    /// Whether a moment has come that something waits for.
    fn is_due(&self) -> bool {
        let now = self.world.now();
        self.tasks.values().any(|task| match &task.state {
            State::Queued { until: Some(until), .. } => *until <= now,
            _ => false,
        })
    }

    async fn begin(&mut self, id: TaskId, agent: &Agent) -> Result<(), Refusal> {
        let rate = self.rate(id, agent);
        let now = self.world.now();
        match self.book.gates.start(&agent.driver, rate, now) {
            Start::Go => (),
            Start::Paced(until) | Start::Limited(until) => {
                return self.wait_until(id, until, "its make takes no more starts now").await;
            }
        }
        if let Err(stop) = self.reserve(id, agent) {
            return self.ask_for_money(id, stop).await;
        }
        let (now, session) = (self.world.now(), self.session_id());
        let agent = agent.clone();
        let begun = self.change(
            id,
            Box::new(move |task, decision| {
                let attempt = task.begin(&agent, session, now);
                let (number, resume) = (attempt.number, attempt.resume.is_some());
                decision.fact(&TaskStarted {
                    task: id,
                    attempt: number,
                    agent: agent.name.clone(),
                    driver: agent.driver.clone(),
                    resume,
                });
            }),
        );
        begun.await?;
        self.start_job(id);
        Ok(())
    }

    /// How fast attempts may start at one make.
    fn rate(&self, id: TaskId, agent: &Agent) -> Rate {
        if matches!(agent.driver.as_str(), "command" | "script") {
            // They have no make that could mind.
            return Rate { per_minute: 0, burst: BURST };
        }
        let crew = self.tasks.get(&id).and_then(|task| self.crews.get(&task.workspace));
        let per_minute = crew.map_or(0, |crew| crew.policy.starts_per_minute);
        Rate { per_minute, burst: BURST }
    }

    async fn wait_until(&mut self, id: TaskId, until: Moment, why: &str) -> Result<(), Refusal> {
        let why = why.to_owned();
        let wait = move |task: &mut TaskRecord, _: &mut Decision| {
            task.state = State::Queued { until: Some(until), why };
        };
        self.change(id, Box::new(wait)).await.map(drop)
    }

    /// Starts the job of the attempt that is under way.
    pub(super) fn start_job(&mut self, id: TaskId) {
        let (news, heard) = mpsc::unbounded_channel();
        self.next_job += 1;
        self.jobs.insert(id, (self.next_job, news));
        tokio::spawn(job::run(self.world.clone(), (id, self.next_job), heard));
    }

    /// A session id of the form that the makes ask for (a version 4 UUID).
    fn session_id(&self) -> String {
        let random = &self.world.sessions.ports().random;
        let bytes: Vec<u8> = (0..8).flat_map(|_| random.word().to_be_bytes()).collect();
        let bytes: [u8; 16] = bytes.try_into().unwrap_or_default();
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    fn candidates(&self) -> BTreeMap<Name, Crew> {
        let one = |crew: &CrewRecord| {
            let busy = |agent: &Agent| {
                let live = self.tasks.values().filter(|task| {
                    task.workspace == crew.workspace
                        && task.state == State::Running
                        && task.live().is_some_and(|attempt| attempt.agent == agent.name)
                });
                u32::try_from(live.count()).unwrap_or(u32::MAX)
            };
            let candidate = |agent: &Agent| {
                let stats = stats::of(self.tasks.values(), &crew.workspace, &agent.name);
                Candidate {
                    name: agent.name.clone(),
                    labels: agent.labels.clone(),
                    implied: agent.implied,
                    concurrency: agent.concurrency,
                    busy: busy(agent),
                    until: self.book.until(&agent.driver),
                    success: stats.success(),
                    median_micros: stats.median_micros,
                }
            };
            Crew {
                agents: crew.agents.iter().map(candidate).collect(),
                concurrency: crew.policy.concurrency,
                paused: crew.paused,
            }
        };
        self.crews.iter().map(|(name, crew)| (name.clone(), one(crew))).collect()
    }
}
