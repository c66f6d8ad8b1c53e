//! How triggers start runs, and learn what became of them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use super::{
    actor::{Handle, NewRun},
    file,
    find::Finder,
    machine::Input,
    model::Kind,
    record::DefinitionRecord,
    run::State,
    start,
    text::Template,
};
use crate::base::{Home, Name, Refusal, RunId, faults_refusal};

/// What shall be run.
#[derive(Debug, Clone)]
pub enum Asked {
    /// A workflow with inputs.
    Workflow(String, Map<String, Value>),
    /// A command as a workflow of one step of this name; what it can read in the file
    /// `$GAIA_TRIGGER_FILE`.
    Command(String, Vec<String>, Value),
}

/// Where and by whom a run is asked for.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The workspace.
    pub workspace: Name,
    /// Its folder.
    pub dir: PathBuf,
    /// The environment it gets.
    pub env: BTreeMap<String, String>,
    /// The same key asks for the same run.
    pub key: String,
    /// Who asks, in words.
    pub trigger: String,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// Well.
    Done,
    /// Not well: a sentence.
    Failed(String),
    /// Nobody wanted it any more.
    Cancelled,
}

impl Handle {
    /// Starts a run; the same answer for the same key.
    pub async fn begin_for(&self, asker: Asker, asked: Asked) -> Result<RunId, Refusal> {
        let Asker { workspace, dir, mut env, key, trigger } = asker;
        let (definition, others, inputs) = match asked {
            Asked::Workflow(name, inputs) => {
                let sessions = &self.world().sessions;
                let files = &*sessions.ports().files;
                let finder = Finder { files, home: sessions.home(), dir: &dir };
                let (definition, others) = finder.load_all(&name)?;
                let inputs = start::check(&definition.definition, inputs)?;
                (definition, others, inputs)
            }
            Asked::Command(name, argv, payload) => {
                let path = self.keep_payload(&key, &payload)?;
                env.insert("GAIA_TRIGGER_FILE".to_owned(), path.display().to_string());
                (of_command(&name, argv)?, BTreeMap::new(), Map::new())
            }
        };
        let new = NewRun {
            workspace,
            dir,
            env,
            definition,
            others,
            inputs,
            key: Some(key),
            trigger,
            parent: None,
            priority: None,
            imports: BTreeMap::new(),
        };
        self.create(new).await.map(|record| record.id)
    }

    /// Ends the run of a key; one that is over, or was never asked for, is no fault.
    pub async fn cancel_for(&self, key: &str, why: &str) -> Result<(), Refusal> {
        let Ok(id) = self.find(key).await else { return Ok(()) };
        match self.show(&id).await {
            Ok(view) if view.is_over() => Ok(()),
            Ok(_) | Err(_) => self.tell(&id, Input::Cancel(why.to_owned())).await.map(drop),
        }
    }

    /// Waits until the run of a key is over; `None` if there is none.
    pub async fn wait_for(&self, key: &str) -> Option<Over> {
        let id = self.find(key).await.ok()?;
        let record = self.wait(&id).await.ok()?;
        Some(match record.state {
            State::Done => Over::Done,
            State::Skipped | State::Cancelled => Over::Cancelled,
            State::Failed | State::Queued | State::Running => {
                Over::Failed(record.why.clone().unwrap_or_default())
            }
        })
    }

    fn keep_payload(&self, key: &str, told: &Value) -> Result<PathBuf, Refusal> {
        let sessions = &self.world().sessions;
        let (folder, path) = (sessions.home().firings(), payload(sessions.home(), key));
        let files = &sessions.ports().files;
        let kept = files.private_dir(&folder, None);
        kept.and_then(|()| files.keep(&path, told.to_string().as_bytes()))
            .map_err(|what| Refusal::new(crate::base::Code::Failed, what))?;
        Ok(path)
    }
}

/// Where the run of a key finds what it was started by; a key may be any text.
pub(super) fn payload(home: &Home, key: &str) -> PathBuf {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(key.as_bytes());
    let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    home.firings().join(format!("{name}.json"))
}

/// A workflow of one step.
fn of_command(name: &str, argv: Vec<String>) -> Result<DefinitionRecord, Refusal> {
    let shown = serde_json::json!({ "steps": [{ "id": "command", "run": ["true"] }] });
    let text = shown.to_string();
    let beside = |_: &str| Err(String::new());
    let context = file::Context { name, beside: &beside };
    let mut definition = file::load("a trigger", text.as_bytes(), &context)
        .map_err(|faults| faults_refusal(&faults))?;
    for step in &mut definition.steps {
        if let Kind::Run(command) = &mut step.kind {
            command.argv = argv.iter().map(Template::plain).collect();
        }
    }
    let text = serde_json::json!({ "command": argv }).to_string();
    let digest = super::find::digest(format!("{name} {text}").as_bytes());
    let path = Path::new("a trigger").display().to_string();
    Ok(DefinitionRecord { digest, path, text, definition })
}
