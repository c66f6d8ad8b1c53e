//! Procfiles, as foreman runs them: `name: a line of shell`.

use super::{Beside, CALLER, draft::DraftService, names::Names, pass, sheet::Sheet, shell, vars};
use crate::{
    define::Command,
    service::model::{Policy, PortWish},
};

/// Foreman gives the first process this port.
const FIRST_PORT: u16 = 5000;

pub(super) fn read(sheet: &mut Sheet<'_>, beside: Beside<'_>) -> Vec<DraftService> {
    let (mut services, mut names) = (Vec::new(), Names::default());
    let mut start = 0;
    for line in sheet.page.text.split_inclusive('\n') {
        let at = start..start + line.trim_end().len();
        start += line.len();
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let Some((name, command)) = entry(sheet, &at, line) else { continue };
        if names.get(name).is_some() {
            sheet.wrong(&at, format!("there are two processes `{name}`"), "rename one of them");
            continue;
        }
        let number = services.len();
        let own = names.add(sheet, name, 1);
        services.push(service(sheet, own, (name, command), number));
    }
    if services.is_empty() && sheet.faults.is_empty() {
        sheet.wrong(&(0..0), "this Procfile names no process", "write a line like web: bin/server");
    }
    if services.len() > 1 {
        sheet.note(
            "",
            "foreman stops all processes when one of them ends; gaia leaves the others alone",
        );
    }
    if services.iter().any(|service: &DraftService| service.ports.is_empty()) {
        sheet.note("", "foreman gives each process a PORT; here only those have one whose command speaks of it, port = \"auto\" gives it to others");
    }
    sheet.note("", CALLER);
    if beside(".foreman").is_some() {
        sheet.note("", "the options of `.foreman` were not read");
    }
    services
}

fn entry<'a>(
    sheet: &mut Sheet<'_>,
    at: &std::ops::Range<usize>,
    line: &'a str,
) -> Option<(&'a str, &'a str)> {
    let help = "write a line like web: bin/server, or begin it with #";
    let found = line.split_once(':').map(|(name, command)| (name.trim_end(), command.trim()));
    match found {
        Some((name, command)) if !name.is_empty() && !name.contains(char::is_whitespace) => {
            if command.is_empty() {
                sheet.wrong(at, format!("`{name}` runs nothing"), help);
            }
            (!command.is_empty()).then_some((name, command))
        }
        _ => {
            sheet.wrong(at, "this is no line of a Procfile", help);
            None
        }
    }
}

fn service(
    sheet: &mut Sheet<'_>,
    name: String,
    (written, line): (&str, &str),
    number: usize,
) -> DraftService {
    let mentioned = vars::mentioned(line);
    let mut service = DraftService {
        command: Some(Command::Line(shell::line(line))),
        restart: Some(Policy::No),
        ..DraftService::default()
    };
    if sheet.dotenv.is_some() {
        service.env_files.push(".env".to_owned());
    }
    if mentioned.iter().any(|name| name == "PORT") {
        service.ports.push(("port".to_owned(), wish(sheet, &name, number)));
    }
    if written == "release" {
        // Heroku runs it before everything else of a new version.
        service.oneshot = true;
        sheet.note(&name, "Heroku runs it before the others; add after = { release = \"completed-ok\" } to those that need it");
    }
    service.name = name;
    pass(sheet, &mut service, &mentioned, &[]);
    service
}

/// The port that foreman would have given it, if somebody chose the first one; any free one
/// otherwise, so that two projects run side by side.
fn wish(sheet: &mut Sheet<'_>, name: &str, number: usize) -> PortWish {
    let chosen = sheet.dotenv.as_ref().and_then(|env| env.get("PORT")?.parse::<u16>().ok());
    let nth = |first: u16| {
        let steps = u16::try_from(number).ok().and_then(|number| number.checked_mul(100));
        steps.and_then(|steps| first.checked_add(steps))
    };
    if let Some(chosen) = chosen.and_then(nth) {
        return PortWish::Fixed(chosen);
    }
    let usual = nth(FIRST_PORT).map_or_else(|| "a port".to_owned(), |number| number.to_string());
    sheet.note(name, &format!("foreman gives it PORT={usual}; gaia finds a free one"));
    PortWish::Auto
}
