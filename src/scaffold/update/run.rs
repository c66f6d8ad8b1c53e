use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{
    Loaded, Ports, STAGE, Updated,
    apply::{carry_out, finish, recover},
    base, failed,
    journal::{self},
    scan::{self, Now},
    weave::{Threads, Woven, weave},
};
use crate::{
    base::{Code, Refusal, nearest},
    port::{Checkout, Held},
    scaffold::{
        manifest::{self, Manifest},
        merge::{Hints, Names, decide, follow, gone},
        model::{Answers, Migration, Rendered},
    },
};

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    /// The project's folder.
    pub(crate) root: PathBuf,
    /// A version; none: the latest.
    pub(crate) to: Option<String>,
    /// Answers to change, or to new questions.
    pub(crate) answers: Answers,
    /// Nothing is written; the changes are told.
    pub(crate) dry_run: bool,
    /// Also over work that is not committed.
    pub(crate) force: bool,
    /// The commands of the template may run, now and later.
    pub(crate) trust: bool,
}

/// The folder of a project, for nobody else meanwhile; an update that was cut short is finished.
pub(crate) async fn enter(ports: &Ports, path: &Path) -> Result<(PathBuf, Box<dyn Held>), Refusal> {
    let root = ports.files.real(path);
    if !path.is_absolute() || !ports.files.is_dir(&root) {
        let what = format!("{} is no folder", path.display());
        return Err(Refusal::new(Code::NotFound, what).help("name the folder of a project"));
    }
    let held = ports.beneath.hold(&root).map_err(failed)?;
    recover(ports, &root).await?;
    Ok((root, held))
}

/// Brings a project to another version of its template.
pub(crate) async fn update(ports: &Ports, wish: &Wish) -> Result<Updated, Refusal> {
    let (root, _held) = enter(ports, &wish.root).await?;
    let root = root.as_path();
    let manifest = scan::read_manifest(ports, root)?;
    let checkout = ports.past.checkout(root).await.map_err(failed)?;
    if !wish.force && !wish.dry_run {
        clean(checkout.as_ref())?;
    }
    let loaded = ports.shop.load(&manifest.template, wish.to.as_deref()).await?;
    forward(&manifest, &loaded)?;
    let rendered = render(ports, wish, (&manifest, &loaded)).await?;
    let due = due(&manifest, &loaded);
    allow(ports, wish, (&loaded, &due))?;
    let update = Update { ports, root, wish, manifest, checkout, loaded, rendered, due };
    let done = update.prepare().await;
    if done.is_err() && ports.beneath.look(root, &journal::place()) == Ok(None) {
        // Nothing has happened, and nothing is left of it.
        ports.beneath.clear(root, STAGE).map_err(failed)?;
    }
    done
}

/// Refuses a project with work that git does not hold.
fn clean(checkout: Option<&Checkout>) -> Result<(), Refusal> {
    let changed = checkout.map(|checkout| checkout.changed.as_slice()).unwrap_or_default();
    if changed.is_empty() {
        return Ok(());
    }
    let some: Vec<&str> = changed.iter().take(5).map(String::as_str).collect();
    let more = changed.len().saturating_sub(some.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let what = format!("the project has changes that are not committed: {}{more}", some.join(", "));
    Err(Refusal::new(Code::Failed, what)
        .help("commit or stash them, so that you can look at the update alone; or say --force"))
}

/// Refuses to go back.
fn forward(manifest: &Manifest, loaded: &Loaded) -> Result<(), Refusal> {
    let (old, new) = (version(&manifest.template.version), version(&loaded.source.version));
    if new >= old {
        return Ok(());
    }
    let what = format!("the project has version {old}, which is later than {new}");
    Err(Refusal::new(Code::Invalid, what).help("take the earlier state of the project out of git"))
}

fn version(text: &str) -> semver::Version {
    semver::Version::parse(text).unwrap_or(semver::Version::new(0, 0, 0))
}

async fn render(
    ports: &Ports,
    wish: &Wish,
    (manifest, loaded): (&Manifest, &Loaded),
) -> Result<Rendered, Refusal> {
    let name = ports.files.real(&wish.root);
    let name = name.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let mut given = base::given(manifest, &name);
    given.answers.extend(wish.answers.clone());
    let rendered = ports.shop.render(&loaded.pack, &given, false).await?;
    let unknown = wish.answers.keys().find(|name| !rendered.answers.contains_key(*name));
    if let Some(name) = unknown {
        let what = format!("the template {} asks for no `{name}`", loaded.source.name);
        let near = nearest(name, rendered.answers.keys().map(String::as_str));
        let help =
            near.map_or("see `gaia template show`".into(), |n| format!("did you mean `{n}`?"));
        return Err(Refusal::new(Code::Invalid, what).help(help));
    }
    for made in &rendered.made {
        if let Some(what) = manifest::path_fault(&made.path) {
            return Err(Refusal::new(
                Code::Invalid,
                format!("the template makes a bad path: {what}"),
            ));
        }
    }
    Ok(rendered)
}

/// The migrations between the two versions, in their order.
fn due(manifest: &Manifest, loaded: &Loaded) -> Vec<Migration> {
    let (old, new) = (version(&manifest.template.version), version(&loaded.source.version));
    let between = |m: &&Migration| old < m.version && m.version <= new;
    let mut due: Vec<Migration> = loaded.migrations.iter().filter(between).cloned().collect();
    due.sort_by(|a, b| a.version.cmp(&b.version));
    due
}

/// Asks whether the commands of a stranger's template may run.
fn allow(
    ports: &Ports,
    wish: &Wish,
    (loaded, due): (&Loaded, &[Migration]),
) -> Result<(), Refusal> {
    let commands: Vec<Vec<String>> =
        due.iter().flat_map(|m| m.before.iter().chain(&m.after)).cloned().collect();
    if commands.is_empty() || loaded.is_trusted() || wish.dry_run {
        return Ok(());
    }
    ports.shop.allow(&loaded.wanted(commands), wish.trust)
}

/// An update with all that is known of it.
pub(super) struct Update<'a> {
    pub(super) ports: &'a Ports,
    pub(super) root: &'a Path,
    wish: &'a Wish,
    pub(super) manifest: Manifest,
    pub(super) checkout: Option<Checkout>,
    loaded: Loaded,
    pub(super) rendered: Rendered,
    pub(super) due: Vec<Migration>,
}

impl Update<'_> {
    async fn prepare(self) -> Result<Updated, Refusal> {
        let commands = self.due.iter().any(|m| !m.before.is_empty() || !m.after.is_empty());
        let mut output = if self.wish.dry_run { self.announced() } else { vec![] };
        let copy = (commands && !self.wish.dry_run).then(|| self.root.join(STAGE).join("tree"));
        let copied = match &copy {
            Some(copy) => {
                let copied = self.copy_project(copy)?;
                self.commands(copy, |m| &m.before, &mut output).await?;
                copied
            }
            None => BTreeSet::new(),
        };
        let view = copy.as_deref().unwrap_or(self.root);
        let (mut woven, now) = self.weave(view, copy.is_some()).await?;
        if let Some(copy) = &copy {
            self.write_out(copy, &woven)?;
            self.commands(copy, |m| &m.after, &mut output).await?;
            self.take_over(copy, &copied, &mut woven)?;
        }
        let mut updated = self.told(&woven, output);
        if self.wish.dry_run {
            updated.diff = Some(self.diff(&woven, &now));
            return Ok(updated);
        }
        if self.is_nothing(&woven) {
            return Ok(updated);
        }
        let journal = self.stage(&woven, &mut updated)?;
        carry_out(self.ports, self.root, &journal).await?;
        finish(self.ports, self.root)?;
        Ok(updated)
    }

    /// The commands that would run.
    fn announced(&self) -> Vec<String> {
        let all = self.due.iter().flat_map(|m| m.before.iter().chain(&m.after)).cloned();
        let wanted = self.loaded.wanted(all.collect());
        let none = wanted.commands.is_empty();
        if none { vec![] } else { vec![format!("would run:\n{}", wanted.show())] }
    }

    /// Decides on every file and makes its content.
    async fn weave(&self, view: &Path, is_copy: bool) -> Result<(Woven, Now), Refusal> {
        let theirs = scan::generated(&self.rendered);
        let (mut sides, mut now) = scan::sides(self.ports, view, &self.manifest, &theirs)?;
        let mut hints = Hints {
            moved: self.due.iter().flat_map(|m| m.moved.clone()).collect(),
            theirs: theirs.iter().map(|(p, made)| (p.clone(), made.bytes.clone())).collect(),
            ..Hints::default()
        };
        let checkout = self.checkout.as_ref().filter(|_| !is_copy);
        scan::others(self.ports, view, (&sides, checkout), &mut hints)?;
        let gone = gone(&sides);
        let place = |path: &String| sides.base[path].at.clone().unwrap_or_else(|| path.clone());
        let wanted = sides.base.iter().filter(|(path, stamp)| {
            let theirs = sides.theirs.get(*path);
            let kept = theirs.is_some_and(|theirs| theirs.sha256 == stamp.sha256);
            let ours = sides.ours.get(&place(path));
            gone.contains(*path)
                || theirs.is_none()
                || (!kept && ours.is_some_and(|o| o.sha256 != stamp.sha256))
        });
        let wanted = wanted.map(|(path, _)| path.clone()).collect();
        hints.base = base::texts(self.ports, self.root, (&self.manifest, &now), &wanted).await?;
        let moves = follow(&sides, &hints);
        for place in moves.ours.values() {
            if !now.contains_key(place)
                && let Some(found) = scan::look(self.ports, view, place)?
            {
                sides.ours.insert(place.clone(), found.0.clone());
                now.insert(place.clone(), found);
            }
        }
        let names = Names {
            ours: "yours".into(),
            theirs: format!("{} {}", self.loaded.source.name, self.loaded.source.version),
        };
        let threads = Threads {
            now: &now,
            base: &self.manifest.files,
            texts: &hints.base,
            theirs: &theirs,
            names: &names,
        };
        Ok((weave(&decide(&sides, &moves), &threads), now))
    }

    fn told(&self, woven: &Woven, output: Vec<String>) -> Updated {
        Updated {
            template: self.loaded.source.name.clone(),
            from: self.manifest.template.version.clone(),
            to: self.loaded.source.version.clone(),
            dry_run: self.wish.dry_run,
            files: woven.lines.clone(),
            conflicts: woven.conflicts,
            output,
            ..Updated::default()
        }
    }

    pub(super) fn manifest(&self, woven: &Woven) -> Manifest {
        let mut source = self.loaded.source.clone();
        source.target.clone_from(&self.manifest.template.target);
        source.year = self.manifest.template.year;
        Manifest { files: woven.files.clone(), ..Manifest::of(source, &self.rendered) }
    }

    fn is_nothing(&self, woven: &Woven) -> bool {
        woven.writes.is_empty()
            && woven.removes.is_empty()
            && self.manifest(woven).write() == self.manifest.write()
    }

    fn diff(&self, woven: &Woven, now: &Now) -> String {
        let mut text = String::new();
        let none = vec![];
        let old = |path: &String| now.get(path).map_or(&none, |(_, bytes)| bytes);
        for write in &woven.writes {
            let from = write.like.as_ref().unwrap_or(&write.path);
            text.push_str(&super::unified((from, old(from)), (&write.path, &write.bytes)));
        }
        let written: BTreeSet<_> = woven.writes.iter().filter_map(|w| w.like.as_ref()).collect();
        for path in woven.removes.iter().filter(|path| !written.contains(path)) {
            text.push_str(&super::unified((path, old(path)), ("/dev/null", &[])));
        }
        text
    }
}
