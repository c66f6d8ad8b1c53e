//! From an order to a project in its place.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    base::{Code, Item, Mode, Refusal},
    port::Lies,
    scaffold::{
        Handle,
        answer::Asking,
        file,
        manifest::{self, Manifest},
        model::{Given, Hooks, Origin, Pack, Rendered},
        trust::Wanted,
        write,
    },
    verb::Ui,
};

/// What a folder with something in it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Into {
    /// It is refused.
    Nothing,
    /// What is there stays.
    Merge,
    /// What is there is replaced.
    Overwrite,
}

/// What is wanted.
pub(super) struct Order {
    pub(super) template: String,
    pub(super) target: PathBuf,
    pub(super) answers: Map<String, Value>,
    pub(super) cwd: PathBuf,
    pub(super) asking: Asking,
    pub(super) into: Into,
    pub(super) dry_run: bool,
    pub(super) git: bool,
    pub(super) trust: bool,
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Made {
    /// Name of the template.
    template: String,
    /// Its version.
    version: String,
    /// Where it comes from.
    source: String,
    /// Folder of the project.
    target: PathBuf,
    /// Nothing was written.
    dry_run: bool,
    /// Its files.
    files: Vec<Line>,
    /// The answers, without secrets.
    answers: Map<String, Value>,
    /// Commands of the template that ran, or would run.
    commands: Vec<Vec<String>>,
    /// It is a git repository with a first commit.
    git: bool,
}

/// A file of the project.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Line {
    path: String,
    state: State,
    /// What changes, as a unified diff; only where that is asked for, or something is kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    diff: String,
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// It was not there.
    New,
    /// It is there, just like this.
    Same,
    /// What is there stays.
    Kept,
    /// What is there is replaced.
    Replaced,
}

/// Time for git to make a repository.
const GIT: Duration = Duration::from_secs(60);

/// Makes a project.
pub(super) async fn make(handle: &Handle, order: Order) -> Result<Made, Refusal> {
    let pack = handle.find(&order.cwd, &order.template).await?;
    let head = pack.layers.last().map(file::head).unwrap_or_else(|| Err(vec![]));
    let head = head.map_err(|faults| crate::base::faults_refusal(&faults))?;
    let lies = lies(handle, &order)?;
    let name = order.target.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let given = Given {
        target: name.to_owned(),
        year: handle.year(),
        answers: order.answers.clone(),
        lenient: false,
    };
    let mut rendered = handle.render(&pack, given, order.asking)?;
    let mut source = source(&pack, (&head.name, &head.version.to_string()));
    (source.target, source.year) = (Some(name.to_owned()), Some(handle.year()));
    let (template, from) = (head.name.clone(), source.source.clone());
    let note = Manifest::of(source, &rendered).write();
    rendered.made.push(Item {
        path: manifest::PLACE.to_owned(),
        bytes: note.into_bytes(),
        mode: Mode::Plain,
    });
    rendered.made.sort_by(|a, b| a.path.cmp(&b.path));
    let files = compare(handle, &order, (&rendered.made, lies))?;
    let commands = commands(&rendered.hooks);
    let secrets = rendered.secrets.clone();
    let public = rendered.answers.clone().into_iter().filter(|(name, _)| !secrets.contains(name));
    let made = Made {
        template: template.clone(),
        version: head.version.to_string(),
        source: from.clone(),
        target: order.target.clone(),
        dry_run: order.dry_run,
        answers: public.collect(),
        files,
        commands: commands.clone(),
        git: order.git,
    };
    if !order.dry_run {
        let wanted = Wanted { template, source: from, tree: pack.hash(), commands };
        if pack.origin != Origin::Builtin {
            handle.allow(&wanted, order.trust)?;
        }
        put(handle, &order, (rendered, &made, lies)).await?;
    }
    Ok(made)
}

/// What a project remembers of its template.
fn source(pack: &Pack, (name, version): (&str, &str)) -> manifest::Source {
    let (reference, commit) = match &pack.origin {
        Origin::Git { reference, commit, .. } => (reference.clone(), Some(commit.clone())),
        Origin::Builtin | Origin::Home(_) | Origin::Workspace(_) | Origin::Folder(_) => {
            (None, None)
        }
    };
    manifest::Source {
        name: name.to_owned(),
        source: pack.origin.show(),
        version: version.to_owned(),
        reference,
        commit,
        target: None,
        year: None,
        hash: pack.hash(),
    }
}

fn commands(hooks: &Hooks) -> Vec<Vec<String>> {
    hooks.before.iter().chain(&hooks.after).cloned().collect()
}

/// What is at the target; refused if nothing can be made there.
fn lies(handle: &Handle, order: &Order) -> Result<Lies, Refusal> {
    let (target, shown) = (&order.target, order.target.display());
    let refuse = |what: String, help: &str| Err(Refusal::new(Code::Invalid, what).help(help));
    if !order.dry_run && handle.ports.ground.lies(target) == Lies::Full {
        write::recover(&*handle.ports.beneath, target)?;
    }
    let lies = handle.ports.ground.lies(target);
    match lies {
        Lies::Nothing | Lies::Empty => Ok(lies),
        Lies::Other => refuse(format!("{shown} is no folder"), "choose another name"),
        Lies::Full if order.git => {
            refuse(format!("{shown} is not empty"), "leave out --git, and commit by yourself")
        }
        Lies::Full if order.into == Into::Nothing && !order.dry_run => refuse(
            format!("{shown} is not empty"),
            "--merge adds what is missing, --overwrite replaces what is there; with --dry-run you see what would change",
        ),
        Lies::Full => {
            let there = write::there(&*handle.ports.beneath, target, manifest::PLACE);
            match there.map_err(|what| Refusal::new(Code::Failed, what))? {
                Some(_) if !order.dry_run => refuse(
                    format!("{shown} was made from a template already"),
                    "`gaia scaffold update` brings a later version of it",
                ),
                _ => Ok(lies),
            }
        }
    }
}

/// What becomes of each file; refused if something else is in the way.
fn compare(
    handle: &Handle,
    order: &Order,
    (items, lies): (&[Item], Lies),
) -> Result<Vec<Line>, Refusal> {
    let (mut lines, mut blocked) = (vec![], vec![]);
    for item in items {
        let old = match lies {
            Lies::Full => write::there(&*handle.ports.beneath, &order.target, &item.path)
                .map_err(|what| Refusal::new(Code::Failed, what))?,
            Lies::Nothing | Lies::Empty | Lies::Other => None,
        };
        if lies == Lies::Full
            && let Some(what) = in_the_way(handle, &order.target, (item, old.as_ref()))
        {
            blocked.push(what);
            continue;
        }
        let state = match &old {
            None => State::New,
            Some(old) if old.bytes == item.bytes && old.mode == item.mode => State::Same,
            Some(_) if order.into == Into::Overwrite => State::Replaced,
            Some(_) => State::Kept,
        };
        let wanted = order.dry_run || matches!(state, State::Kept | State::Replaced);
        let diff = if wanted { write::diff(&item.path, old.as_ref(), item) } else { String::new() };
        lines.push(Line { path: item.path.clone(), state, diff });
    }
    if blocked.is_empty() {
        return Ok(lines);
    }
    Err(Refusal::new(Code::Invalid, blocked.join("\n"))
        .help("move it away, or choose another folder"))
}

/// Whether a folder stands where a file shall be, or anything but a folder on the way.
fn in_the_way(
    handle: &Handle,
    target: &Path,
    (item, old): (&Item, Option<&Item>),
) -> Option<String> {
    let is_folder = old.is_some_and(|old| old.mode == Mode::Folder);
    if old.is_some() && is_folder != (item.mode == Mode::Folder) {
        return Some(match is_folder {
            true => format!("{} is a folder there, and a file of the template", item.path),
            false => format!("{} is a file there, and a folder of the template", item.path),
        });
    }
    for (end, _) in item.path.match_indices('/') {
        let above = &item.path[..end];
        match write::there(&*handle.ports.beneath, target, above) {
            Ok(None) => break,
            Ok(Some(there)) if there.mode == Mode::Folder => {}
            Ok(Some(there)) if there.mode == Mode::Link => {
                return Some(format!(
                    "{above} is a link there, and nothing is written through one"
                ));
            }
            Ok(Some(_)) => {
                return Some(format!("{above} is a file there, and a folder of the template"));
            }
            Err(what) => return Some(what),
        }
    }
    None
}

/// Writes it all.
async fn put(
    handle: &Handle,
    order: &Order,
    (rendered, made, lies): (Rendered, &Made, Lies),
) -> Result<(), Refusal> {
    let (ground, beneath) = (&handle.ports.ground, &*handle.ports.beneath);
    let failed = |what: String| Refusal::new(Code::Failed, what).help("nothing was changed");
    let Rendered { made: mut items, hooks, .. } = rendered;
    let span = Duration::from_millis(hooks.timeout_ms);
    // A shell stands in the very folder: that one must stay.
    let stays = lies == Lies::Full || (lies == Lies::Empty && order.cwd.starts_with(&order.target));
    if stays {
        let wanted = |item: &Item| {
            let state =
                made.files.iter().find(|line| line.path == item.path).map(|line| line.state);
            matches!(state, Some(State::New | State::Replaced))
        };
        items.retain(wanted);
        handle.run(&hooks.before, (&order.target, span)).await?;
        let merge = write::merge(beneath, &order.target, &items, &|| ground.point())?;
        let after = after(handle, order, (&hooks, span)).await;
        return match after {
            Ok(()) => merge.keep(),
            Err(refusal) => merge.undo().and(Err(refusal.help("nothing of the template was kept"))),
        };
    }
    let raised = ground.raise(&order.target, &items).map_err(failed)?;
    if let Err(refusal) = handle.run(&hooks.before, (&raised, span)).await {
        ground.raze(&raised);
        return Err(refusal.help("nothing was changed"));
    }
    ground.place(&raised, &order.target).map_err(failed)?;
    if let Err(refusal) = after(handle, order, (&hooks, span)).await {
        ground.raze(&order.target);
        return Err(refusal.help("the project was not kept"));
    }
    Ok(())
}

/// What runs when everything is in its place.
async fn after(
    handle: &Handle,
    order: &Order,
    (hooks, span): (&Hooks, Duration),
) -> Result<(), Refusal> {
    handle.run(&hooks.after, (&order.target, span)).await?;
    if !order.git {
        return Ok(());
    }
    let git = |words: &[&str]| ["git"].iter().chain(words).map(|w| (*w).to_owned()).collect();
    let message = format!("New project from the template {}", order.template);
    let commands: [Vec<String>; 3] = [
        git(&["init", "--quiet", "--initial-branch=main"]),
        git(&["add", "--all"]),
        git(&["commit", "--quiet", "--no-verify", "-m", &message]),
    ];
    handle.run(&commands, (&order.target, GIT)).await
}

impl Made {
    /// For a person.
    pub(super) fn show(&self, ui: &Ui) -> String {
        let mut text = String::new();
        for line in self.files.iter().filter(|line| !line.diff.is_empty()) {
            text += &line.diff;
        }
        let count = |state| self.files.iter().filter(|line| line.state == state).count();
        let new = count(State::New);
        let word = if self.dry_run { "would make" } else { "made" };
        let _ = write!(
            text,
            "{} {} from {} {}: {new} files",
            word,
            ui.paint("1", &self.target.display().to_string()),
            self.template,
            self.version
        );
        for (state, word) in
            [(State::Same, "as they were"), (State::Kept, "kept"), (State::Replaced, "replaced")]
        {
            let count = count(state);
            if count > 0 {
                let _ = write!(text, ", {count} {word}");
            }
        }
        if self.dry_run && !self.commands.is_empty() {
            text += "\nand would run:";
            for command in &self.commands {
                let _ = write!(text, "\n    {}", shell_words::join(command));
            }
        }
        text
    }
}
