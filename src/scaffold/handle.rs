//! What the verbs share: the ports, the templates, the step from a template to a rendered project.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use super::{
    answer::{Asked, Asking},
    model::{Given, Pack, Rendered},
    render::{Step, read_answer, step, wish},
    source::Shelf,
    trust::{self, Trusted, Wanted},
};
use crate::{
    base::{Code, Home, Refusal, faults_refusal},
    port::{Beneath, Cage, Clock, Files, Ground, Past, Prober, Run},
};

/// A question as it is put to a person.
pub type Question = Asked;

/// The person at the terminal, if there is one.
pub trait Asker: Send + Sync {
    /// Asks; `problem` says what was wrong with the answer before.
    fn ask(&self, question: &Question, problem: Option<&str>) -> Result<Value, Refusal>;
    /// Asks for a yes.
    fn confirm(&self, text: &str) -> Result<bool, Refusal>;
    /// Says how far it is.
    fn tell(&self, line: &str);
}

/// What scaffolding asks of the world.
#[derive(Clone)]
#[expect(missing_docs, reason = "each port says what it is")]
pub struct Ports {
    pub ground: Arc<dyn Ground>,
    pub beneath: Arc<dyn Beneath>,
    pub cage: Arc<dyn Cage>,
    pub clock: Arc<dyn Clock>,
    pub files: Arc<dyn Files>,
    pub past: Arc<dyn Past>,
    pub prober: Arc<dyn Prober>,
}

/// Whoever scaffolds.
#[derive(Clone)]
pub struct Handle {
    pub(super) home: Home,
    pub(super) ports: Ports,
    /// The environment that commands are given a few words of.
    pub(super) env: Arc<BTreeMap<String, String>>,
    pub(super) asker: Option<Arc<dyn Asker>>,
}

/// Answers that a person may get wrong, one after the other.
const MAX_TRIES: usize = 20;

impl Handle {
    /// A handle; nobody is asked without an asker.
    #[must_use]
    pub fn new(
        home: Home,
        ports: Ports,
        env: &BTreeMap<String, String>,
        asker: Option<Arc<dyn Asker>>,
    ) -> Self {
        let kept = super::trust::ENV
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), env.get(*name)?.clone())));
        Self { home, ports, env: Arc::new(kept.collect()), asker }
    }

    pub(super) fn shelf<'a>(&'a self, cwd: &'a Path) -> Shelf<'a> {
        let (ground, beneath) = (&*self.ports.ground, &*self.ports.beneath);
        Shelf { ground, beneath, home: &self.home, cwd }
    }

    /// The present year.
    pub(super) fn year(&self) -> i16 {
        let now = i64::try_from(self.ports.clock.now().0).unwrap_or_default();
        let at = jiff::Timestamp::from_millisecond(now).unwrap_or_default();
        at.to_zoned(jiff::tz::TimeZone::UTC).year()
    }

    /// Renders, and asks on the way whom it may ask.
    pub(super) fn render(
        &self,
        pack: &Pack,
        mut given: Given,
        asking: Asking,
    ) -> Result<Rendered, Refusal> {
        let Some(asker) = self.asker.as_ref().filter(|_| asking != Asking::Never) else {
            return match self.step(pack, &given, Asking::Never)? {
                Ok(Step::Done(done)) => Ok(*done),
                Ok(Step::Ask(asked)) => {
                    let message = format!("`{}` has no answer", asked.name);
                    Err(Refusal::new(Code::Invalid, message))
                }
                Err(refusal) => Err(refusal),
            };
        };
        let (mut last, mut tries) = (None::<Question>, 0);
        loop {
            let (asked, problem) = match self.step(pack, &given, asking)? {
                Ok(Step::Done(done)) => return Ok(*done),
                Ok(Step::Ask(asked)) => (*asked, None),
                // What was just said is wrong: it is asked for again.
                Err(refusal) => match last.take() {
                    Some(asked) if tries < MAX_TRIES => {
                        tries += 1;
                        given.answers.remove(&asked.name);
                        (asked, Some(refusal.message))
                    }
                    _ => return Err(refusal),
                },
            };
            let value = asker.ask(&asked, problem.as_deref())?;
            given.answers.insert(asked.name.clone(), value);
            last = Some(asked);
        }
    }

    /// One step, in a cage if the template is a stranger's. The outer error says that there is no
    /// rendering at all.
    fn step(
        &self,
        pack: &Pack,
        given: &Given,
        asking: Asking,
    ) -> Result<Result<Step, Refusal>, Refusal> {
        let all = |faults: Vec<crate::base::ConfigError>| faults_refusal(&faults);
        if pack.origin.is_own() {
            return Ok(step(pack, given, asking).map_err(all));
        }
        let refuse = |what: String| Refusal::new(Code::Invalid, what);
        let document = wish(pack, given, asking).map_err(Refusal::broken)?;
        let answer = self.ports.cage.render(&document).map_err(refuse)?;
        Ok(read_answer(&answer).map_err(refuse)?.map_err(all))
    }

    /// Lets commands of a template run only if the person allows exactly these.
    pub(super) fn allow(&self, wanted: &Wanted, trust: bool) -> Result<(), Refusal> {
        if wanted.commands.is_empty() {
            return Ok(());
        }
        let path = self.home.root().join(trust::PLACE);
        let fault = |what: String| Refusal::new(Code::Failed, what);
        let bytes = self.ports.files.read_plain(&path, 16 << 20).map_err(fault)?;
        let mut trusted = Trusted::read(bytes.as_deref())?;
        if trusted.allows(wanted) {
            return Ok(());
        }
        let said = match (&self.asker, trust) {
            (_, true) => true,
            (Some(asker), false) => {
                let (name, from) = (&wanted.template, &wanted.source);
                asker.confirm(&format!(
                    "the template {name} from {from} runs these commands:\n{}\nAllow them?",
                    wanted.show()
                ))?
            }
            (None, false) => false,
        };
        if !said {
            return Err(wanted.refusal());
        }
        trusted.allow(wanted);
        self.ports.files.keep(&path, &trusted.write()?).map_err(fault)
    }

    /// Runs commands in a folder, one after the other; the first that fails is told.
    pub(super) async fn run(
        &self,
        commands: &[Vec<String>],
        (cwd, timeout): (&Path, Duration),
    ) -> Result<(), Refusal> {
        for argv in commands {
            let line = shell_words::join(argv);
            if let Some(asker) = &self.asker {
                asker.tell(&format!("runs {line}"));
            }
            let (env, cwd) = ((*self.env).clone(), PathBuf::from(cwd));
            let run = Run { argv: argv.clone(), env, cwd, user: None, timeout };
            let failed = |what: String| Refusal::new(Code::Failed, format!("`{line}` {what}"));
            match self.ports.prober.run(&run).await {
                Ok(ran) if ran.code == 0 => {}
                Ok(ran) => {
                    let said = crate::base::plain(ran.output.trim_end());
                    return Err(failed(format!("ended with exit code {}\n{said}", ran.code)));
                }
                Err(error) => return Err(failed(format!("did not end well: {error}"))),
            }
        }
        Ok(())
    }
}
