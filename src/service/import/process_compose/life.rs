//! How a process is started again, stopped, scheduled and woken by changed files.

use crate::define::yaml::{Node, Value};
use std::str::FromStr;

use super::text::Scope;
use crate::{
    base::{SIGNALS, duration},
    service::{
        import::{
            draft::{DraftService, DraftWatch},
            sheet::{Fields, Sheet},
            words::{MANY, milliseconds, window_ms},
        },
        model::Policy,
    },
};

pub(super) fn read(
    sheet: &mut Sheet<'_>,
    scope: &Scope<'_>,
    service: &mut DraftService,
    fields: &mut Fields,
) {
    service.restart = Some(Policy::No);
    if let Some(node) = fields.take("availability") {
        availability(sheet, scope, service, &node);
    }
    if let Some(node) = fields.take("success_exit_codes") {
        for (at, text) in sheet.texts(&node, "success_exit_codes") {
            match text.parse::<u8>() {
                Ok(code) => service.success_codes.push(code.into()),
                Err(_) => sheet.wrong(&at, format!("`{text}` is no exit code"), "0 to 255"),
            }
        }
    }
    let stop = fields.take("shutdown");
    shutdown(sheet, scope, service, stop.as_ref());
    if let Some(node) = fields.take("schedule") {
        schedule(sheet, scope, service, &node);
    }
    if let Some(node) = fields.take("watch") {
        watch(sheet, scope, service, &node);
    }
    let daemon = fields.take("is_daemon");
    if daemon.and_then(|node| sheet.flag(&node, scope.name, "is_daemon")) == Some(true) {
        // Its starter ends at once; to start that again and again would help nobody.
        service.restart = Some(Policy::No);
        (service.max_restarts, service.restart_window_ms) = (None, None);
        (service.backoff_ms, service.backoff_cap_ms) = (None, None);
        sheet.leave(scope.name, "is_daemon", "its first process ends and leaves the real one behind: run that one in the foreground, or write type = \"forking\" with its pid_file, and a `restart`");
    }
}

fn availability(sheet: &mut Sheet<'_>, scope: &Scope<'_>, service: &mut DraftService, node: &Node) {
    let mut fields = sheet.fields(node, scope.name, "availability");
    if let Some(node) = fields.take("restart") {
        service.restart = policy(sheet, scope, &node).or(service.restart);
    }
    let mut number = |key| fields.take(key).and_then(|node| sheet.number(&node, scope.name, key));
    let (pause, limit) = (number("backoff_seconds"), number("max_restarts"));
    if service.restart != Some(Policy::No) {
        // There the pause is always the same, and nothing is given up unless a limit says so.
        let pause_ms = pause.map(|seconds: u32| u64::from(seconds.max(1)) * 1000);
        (service.backoff_ms, service.backoff_cap_ms) = (pause_ms, pause_ms);
        let limit = limit.filter(|limit| *limit <= MANY).unwrap_or(0);
        service.max_restarts = Some(limit);
        service.restart_window_ms = window_ms(limit, pause_ms);
    }
    for key in ["exit_on_end", "exit_on_skipped"] {
        let node = fields.take(key);
        if node.and_then(|node| sheet.flag(&node, scope.name, key)) == Some(true) {
            sheet.leave(scope.name, key, "no end of a service stops the others");
        }
    }
    fields.done(sheet, &[("backoff", "write backoff_seconds:")]);
}

fn policy(sheet: &mut Sheet<'_>, scope: &Scope<'_>, node: &Node) -> Option<Policy> {
    let word = scope.plain(sheet, node, "restart")?;
    Some(match word.as_str() {
        "no" | "false" | "" => Policy::No,
        "always" => Policy::Always,
        "on_failure" => Policy::OnFailure,
        "exit_on_failure" => {
            sheet.leave(
                scope.name,
                "restart",
                "`exit_on_failure` stops everything when it fails; here it only fails",
            );
            Policy::No
        }
        other => {
            let what = format!("there is no restart policy `{other}`");
            sheet.wrong(&node.at, what, "one of no, always, on_failure, exit_on_failure");
            return None;
        }
    })
}

fn shutdown(
    sheet: &mut Sheet<'_>,
    scope: &Scope<'_>,
    service: &mut DraftService,
    node: Option<&Node>,
) {
    let nothing = Node { at: 0..0, value: Value::Nothing };
    let mut fields = sheet.fields(node.unwrap_or(&nothing), scope.name, "shutdown");
    if let Some(text) = fields.take("command").and_then(|node| sheet.text(&node, "command")) {
        let line = scope.line(sheet, &text, "shutdown.command");
        service.stop.command = (!line.trim().is_empty()).then(|| scope.command(line));
    }
    let seconds: Option<u64> = fields
        .take("timeout_seconds")
        .and_then(|n| sheet.number(&n, scope.name, "timeout_seconds"));
    service.stop.grace_ms = seconds.filter(|n| *n > 0).map(|n| n.saturating_mul(1000));
    if service.stop.grace_ms.is_none() && service.stop.command.is_none() {
        sheet.note(scope.name, "process-compose waits for its end without limit; gaia kills it 10 s after its stop, see `stop.grace`");
    }
    let signal: Option<i32> =
        fields.take("signal").and_then(|n| sheet.number(&n, scope.name, "signal"));
    if let Some(number) = signal.filter(|_| service.stop.command.is_none()) {
        let number = if (1..=31).contains(&number) { number } else { 15 };
        let name = SIGNALS.iter().find(|(_, known)| *known == number);
        let word = name.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned());
        service.stop.signal = Some(word).filter(|word| word != "TERM");
    }
    let only = fields.take("parent_only");
    if only.and_then(|node| sheet.flag(&node, scope.name, "parent_only")) == Some(true) {
        sheet.leave(scope.name, "parent_only", "gaia signals the whole group of its processes");
    }
    fields.leave(
        sheet,
        "shutdown.",
        &["send_keys"],
        "write stop = { keys = [ … ] } with tmux's names of keys",
    );
    fields.done(sheet, &[("timeout", "write timeout_seconds:")]);
}

fn schedule(sheet: &mut Sheet<'_>, scope: &Scope<'_>, service: &mut DraftService, node: &Node) {
    let mut fields = sheet.fields(node, scope.name, "schedule");
    let (cron, interval) = (fields.take("cron"), fields.take("interval"));
    fields.leave(
        sheet,
        "schedule.",
        &["timezone"],
        "gaia's schedules are in the time of the machine",
    );
    fields.leave(
        sheet,
        "schedule.",
        &["max_concurrent"],
        "gaia never runs a one-shot beside itself",
    );
    let at_start = fields.take("run_on_start");
    let at_start = at_start.and_then(|node| sheet.flag(&node, scope.name, "run_on_start"));
    fields.done(sheet, &[]);
    let pattern = match (&cron, &interval) {
        (Some(node), _) => scope.plain(sheet, node, "schedule.cron"),
        (None, Some(node)) => {
            scope.plain(sheet, node, "schedule.interval").and_then(|text| every(&text))
        }
        (None, None) => None,
    };
    set(sheet, scope, service, (pattern, at_start == Some(true)));
}

/// Makes it a one-shot of this pattern, if there is one that gaia knows.
fn set(
    sheet: &mut Sheet<'_>,
    scope: &Scope<'_>,
    service: &mut DraftService,
    (pattern, at_start): (Option<String>, bool),
) {
    service.oneshot = true;
    service.schedule = pattern.filter(|pattern| croner::Cron::from_str(pattern).is_ok());
    if service.schedule.is_none() {
        // Not at all is nearer to that than once at every start.
        service.by_hand = !at_start;
        let why = "gaia's schedules are cron patterns of whole minutes; give it a `schedule`";
        sheet.leave(scope.name, "schedule", why);
    } else if !at_start {
        let why = "gaia runs it when it is started too";
        sheet.leave(scope.name, "schedule.run_on_start", why);
    }
}

/// The cron pattern of a span that whole hours or days are made of.
fn every(text: &str) -> Option<String> {
    let seconds = duration(text)?.as_secs();
    match (seconds / 60, seconds % 60) {
        (0, _) | (_, 1..) => None,
        (1, 0) => Some("* * * * *".to_owned()),
        (60, 0) => Some("0 * * * *".to_owned()),
        (1440, 0) => Some("0 0 * * *".to_owned()),
        (minutes, 0) if 60 % minutes == 0 => Some(format!("*/{minutes} * * * *")),
        (minutes, 0) if minutes % 60 == 0 && 24 % (minutes / 60) == 0 => {
            Some(format!("0 */{} * * *", minutes / 60))
        }
        _ => None,
    }
}

fn watch(sheet: &mut Sheet<'_>, scope: &Scope<'_>, service: &mut DraftService, node: &Node) {
    let mut fields = sheet.fields(node, scope.name, "watch");
    let mut watch = DraftWatch::default();
    let list = fields.take("paths");
    let items = match list.as_ref().map(|node| &node.value) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    for item in items {
        let mut fields = sheet.fields(item, scope.name, "watch.paths");
        let path = fields.take("path").and_then(|node| scope.plain(sheet, &node, "watch.paths"));
        let path = path.map_or_else(String::new, |path| path.trim_end_matches('/').to_owned());
        let below = |glob: &str| match path.as_str() {
            "" | "." => glob.to_owned(),
            path => format!("{}/{glob}", path.trim_start_matches("./")),
        };
        for (key, place) in [("include", &mut watch.paths), ("exclude", &mut watch.ignore)] {
            let globs = fields.take(key).map(|node| sheet.texts(&node, key)).unwrap_or_default();
            // A pattern without a folder is about names at any depth.
            let deep = |glob: &String| {
                if glob.contains('/') { below(glob) } else { below(&format!("**/{glob}")) }
            };
            place.extend(globs.iter().map(|(_, glob)| deep(glob)));
            if key == "include" && globs.is_empty() {
                place.push(below("**"));
            }
        }
        fields.done(sheet, &[]);
    }
    let pause =
        fields.take("debounce").and_then(|node| scope.plain(sheet, &node, "watch.debounce"));
    watch.debounce_ms = pause.as_deref().and_then(milliseconds);
    let own = ["cascade", "max_entries", "buffer_size", "disable_default_excludes"];
    fields.leave(sheet, "watch.", &own, "gaia has nothing like it");
    fields.done(sheet, &[]);
    let broken = |glob: &&String| globset::Glob::new(glob).is_err();
    if let Some(glob) = watch.paths.iter().chain(&watch.ignore).find(broken) {
        sheet.wrong(&node.at, format!("`{glob}` is no glob"), "write it like **/*.py");
    } else if !watch.paths.is_empty() {
        service.watch = Some(watch);
    }
}
