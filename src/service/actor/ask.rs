//! Probes: one task each, for as long as its role counts.

use std::{sync::Arc, time::Duration};

use regex::Regex;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{
    Actor, Report,
    slot::{Task, task},
    work::World,
};
use crate::{
    base::{UnitId, plain},
    port::{HttpAsk, ProbeError, Run, Units},
    service::{
        launch::Launch,
        machine::{Answer, Phase},
        model::ServiceId,
        probe::{Check, Http, Probe, Role},
        view::AnswerView,
    },
};

/// Bytes of an error that are kept (supervision.md §3.4).
const ERROR: usize = 4 << 10;
/// Output is read in pieces of this size.
const PIECE: usize = 64 << 10;
/// Longest line that is looked at.
const LINE: usize = 64 << 10;

/// All that one probe needs.
#[derive(Clone)]
struct Asker {
    world: World,
    launch: Arc<Launch>,
    id: ServiceId,
    incarnation: u32,
    check: usize,
    probe: Probe,
    unit: UnitId,
    pid: Option<i32>,
    log_from: u64,
}

impl Actor {
    /// Has the probes asked that count in the present phase, and no others.
    pub(super) fn sync_probes(&mut self, id: &ServiceId) {
        let Some(slot) = self.slots.get(id) else { return };
        let gate = match slot.service.probes.startup.is_empty() {
            true => Role::Ready,
            false => Role::Startup,
        };
        let roles = match slot.state.phase {
            Phase::Starting => vec![gate],
            Phase::Running => vec![Role::Ready, Role::Alive],
            _ => vec![],
        };
        let wanted = Some((slot.state.incarnation, roles.clone())).filter(|_| !roles.is_empty());
        if slot.asking_for == wanted {
            return;
        }
        let tasks = match &wanted {
            None => vec![],
            Some((incarnation, roles)) => self.askers(id, *incarnation, roles),
        };
        if let Some(slot) = self.slots.get_mut(id) {
            slot.asking_for = wanted;
            slot.asking = tasks;
        }
    }

    fn askers(&self, id: &ServiceId, incarnation: u32, roles: &[Role]) -> Vec<Task> {
        let (Some(slot), Some(launch)) = (self.slots.get(id), self.launch(id)) else {
            return vec![];
        };
        let Some(unit) = slot.unit.clone() else { return vec![] };
        let launch = Arc::new(launch);
        let starting = slot.state.phase == Phase::Starting;
        let mut tasks = Vec::new();
        for (check, (role, probe)) in slot.probes().into_iter().enumerate() {
            let done = slot.state.checks.get(check).is_some_and(|c| c.good == Some(true));
            // What is told once is told; a watchdog is not.
            let once = probe.check.is_once() && role != Role::Alive;
            let told = probe.check == Check::Notify && role != Role::Alive;
            if !roles.contains(&role) || (once && done) || told {
                continue;
            }
            let asker = Asker {
                world: self.world(),
                launch: Arc::clone(&launch),
                id: id.clone(),
                incarnation,
                check,
                probe,
                unit: unit.clone(),
                pid: slot.pid,
                log_from: slot.log_from,
            };
            tasks.push(task(asker.live(starting)));
        }
        tasks
    }

    /// Keeps the newest answers for people.
    pub(super) fn note_answer(
        &mut self,
        id: &ServiceId,
        check: usize,
        answer: &Answer,
        took: Duration,
    ) {
        let at = self.now();
        let Some(slot) = self.slots.get_mut(id) else { return };
        let error = match answer {
            Answer::Good => None,
            Answer::Bad(why) | Answer::Unasked(why) => Some(why.clone()),
        };
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        slot.remember(check, AnswerView { at, ms, error });
        self.dirty.insert(id.clone());
    }
}

impl Asker {
    #[expect(clippy::disallowed_methods, reason = "a probe asks by the clock: nobody tells")]
    async fn live(self, starting: bool) {
        let mut asked = 0;
        let watchdog = self.probe.check == Check::Notify;
        let mut ear = watchdog.then(|| self.world.ports.mailbox.messages());
        loop {
            let begun = tokio::time::Instant::now();
            let answer = match &mut ear {
                Some(ear) => self.watchdog(ear).await,
                None => self.ask().await,
            };
            let stays = answer == Answer::Good && self.probe.check.is_once() && !watchdog;
            let report = Report::Answer {
                id: self.id.clone(),
                incarnation: self.incarnation,
                check: self.check,
                answer,
                took: begun.elapsed(),
            };
            if self.world.reports.send(report).is_err() || stays {
                return;
            }
            let pause = match starting {
                true => self.probe.start_pause_ms(asked),
                false => self.jittered(),
            };
            asked += 1;
            if watchdog {
                continue;
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    /// The interval, up to a tenth more or less: probes of many services do not beat as one.
    fn jittered(&self) -> u64 {
        let dice = u64::from(self.world.sessions.ports().random.word());
        let interval = self.probe.interval_ms;
        interval - interval / 10 + interval / 5 * dice / u64::from(u16::MAX)
    }

    async fn ask(&self) -> Answer {
        let answer = match &self.probe.check {
            Check::Http(http) => self.http(http).await,
            Check::Tcp(address) => self.tcp(address).await,
            Check::Exec(command) => self.exec(command).await,
            Check::File(path) => self.file(path),
            Check::Port(port) => self.port(port).await,
            Check::Pane(pattern) => self.pane(pattern).await,
            Check::Log(pattern) => self.log(pattern).await,
            Check::Notify => Ok(()),
        };
        match answer {
            Ok(()) => Answer::Good,
            Err(ProbeError::Bad(why)) => Answer::Bad(cut(why)),
            Err(ProbeError::Unasked(why)) => Answer::Unasked(cut(why)),
        }
    }

    fn timeout(&self) -> Duration {
        Duration::from_millis(self.probe.timeout_ms)
    }

    fn filled(&self, text: &str) -> Result<String, ProbeError> {
        self.launch.text(text).map_err(ProbeError::Unasked)
    }

    async fn http(&self, http: &Http) -> Result<(), ProbeError> {
        let url = match http.url.starts_with('/') {
            true => self.filled(&format!("http://127.0.0.1:{{{{ port }}}}{}", http.url))?,
            false => self.filled(&http.url)?,
        };
        let ask =
            HttpAsk { url, headers: http.headers.clone(), body: true, timeout: self.timeout() };
        let answer = self.world.ports.prober.http(&ask).await?;
        let fits = |(from, to): &(u16, u16)| (*from..=*to).contains(&answer.status);
        if !http.status.iter().any(fits) {
            let said: String = answer.body.trim().chars().take(200).collect();
            let said = if said.is_empty() { said } else { format!(": {said}") };
            let what = format!("{} answered {}{said}", ask.url, answer.status);
            return Err(ProbeError::Bad(what));
        }
        match http.body.as_deref().map(Regex::new) {
            Some(Ok(pattern)) if !pattern.is_match(&answer.body) => {
                let what = format!("the answer of {} does not match /{pattern}/", ask.url);
                Err(ProbeError::Bad(what))
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn tcp(&self, address: &str) -> Result<(), ProbeError> {
        self.world.ports.prober.tcp(&self.filled(address)?, self.timeout()).await
    }

    async fn exec(&self, command: &crate::define::Command) -> Result<(), ProbeError> {
        let unasked = ProbeError::Unasked;
        let spec = self.world.sessions.ports().units.spec(&self.unit).await;
        let spec = spec.map_err(|e| unasked(e.to_string()))?;
        let run = Run {
            argv: self.launch.argv(command).map_err(unasked)?,
            env: spec.env,
            cwd: spec.cwd,
            user: spec.user,
            timeout: self.timeout(),
        };
        let ran = self.world.ports.prober.run(&run).await?;
        match ran.code {
            0 => Ok(()),
            code => {
                let said = ran.output.trim();
                let said = if said.is_empty() { String::new() } else { format!(": {said}") };
                Err(ProbeError::Bad(format!("`{}` ended with {code}{said}", command.show())))
            }
        }
    }

    fn file(&self, path: &str) -> Result<(), ProbeError> {
        let path = self.launch.service.dir.join(self.filled(path)?);
        match self.world.sessions.ports().files.exists(&path) {
            true => Ok(()),
            false => Err(ProbeError::Bad(format!("{} is not there", path.display()))),
        }
    }

    async fn port(&self, word: &str) -> Result<(), ProbeError> {
        let word = self.filled(word)?;
        let named = || self.launch.value(&format!("ports.{word}")).and_then(|p| p.parse().ok());
        let Some(port) = word.parse::<u16>().ok().or_else(named) else {
            return Err(ProbeError::Unasked(format!("there is no port `{word}`")));
        };
        let Some(pid) = self.pid else {
            return Err(ProbeError::Unasked("its process is not known".to_owned()));
        };
        let processes = Arc::clone(&self.world.sessions.ports().processes);
        let look = move || (processes.listens(pid).contains(&port), processes.holder(port));
        let (own, holder) = tokio::task::spawn_blocking(look)
            .await
            .map_err(|e| ProbeError::Unasked(e.to_string()))?;
        match (own, holder) {
            (true, _) => Ok(()),
            (false, None) => Err(ProbeError::Bad(format!("it does not listen on port {port}"))),
            (false, Some(by)) => Err(ProbeError::Bad(format!(
                "port {port} is held by pid {} ({}, in {}), not by this service",
                by.pid,
                by.name,
                by.cwd.display()
            ))),
        }
    }

    async fn pane(&self, pattern: &str) -> Result<(), ProbeError> {
        let unasked = ProbeError::Unasked;
        let Some(pane) = self.world.sessions.tmux_pane(&self.unit) else {
            return Err(unasked("no pane shows it".to_owned()));
        };
        let pattern = Regex::new(pattern).map_err(|e| unasked(e.to_string()))?;
        let tmux = &self.world.sessions.ports().tmux;
        let screen = tmux.capture(&pane, Default::default()).await;
        let screen = screen.map_err(|e| unasked(e.to_string()))?;
        match pattern.is_match(&String::from_utf8_lossy(&screen)) {
            true => Ok(()),
            false => Err(ProbeError::Bad(format!("its screen does not match /{pattern}/"))),
        }
    }

    async fn log(&self, pattern: &str) -> Result<(), ProbeError> {
        let pattern = Regex::new(pattern).map_err(|e| ProbeError::Unasked(e.to_string()))?;
        let units = &self.world.sessions.ports().units;
        match heard(&**units, &self.unit, self.log_from, &pattern).await {
            true => Ok(()),
            false => Err(ProbeError::Bad(format!("it ended before it printed /{pattern}/"))),
        }
    }

    /// It must say that it lives in each interval, one of which this takes.
    async fn watchdog(&self, ear: &mut UnboundedReceiver<(UnitId, String)>) -> Answer {
        let mut lives = false;
        let heard = async {
            while let Some((unit, text)) = ear.recv().await {
                lives |= unit == self.unit && text.lines().any(|line| line == "WATCHDOG=1");
            }
            std::future::pending::<()>().await;
        };
        let span = Duration::from_millis(self.probe.interval_ms);
        let _ = tokio::time::timeout(span, heard).await;
        match lives {
            true => Answer::Good,
            false => Answer::Bad(format!("no WATCHDOG=1 for {} ms", span.as_millis())),
        }
    }
}

/// Follows the output of a unit until a line matches; `false` if it ends before.
pub(super) async fn heard(units: &dyn Units, unit: &UnitId, from: u64, pattern: &Regex) -> bool {
    let mut grown = units.growth(unit);
    let (mut from, mut rest) = (from, Vec::new());
    loop {
        let Ok(span) = units.output(unit, from, PIECE).await else { return false };
        if span.bytes.is_empty() {
            // A prompt has no newline, and may be what is waited for.
            if pattern.is_match(&plain(&String::from_utf8_lossy(&rest))) {
                return true;
            }
            if grown.changed().await.is_err() {
                return false;
            }
            continue;
        }
        from = span.from + span.bytes.len() as u64;
        rest.extend(span.bytes);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            if pattern.is_match(plain(&String::from_utf8_lossy(&line)).trim_end()) {
                return true;
            }
        }
        // An endless line must not grow in our memory.
        let excess = rest.len().saturating_sub(LINE);
        rest.drain(..excess);
    }
}

fn cut(mut text: String) -> String {
    if text.len() > ERROR {
        let mut end = ERROR;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}
