//! `gaia config show|validate`: settings and definitions, without a daemon.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{Outcome, here};
use crate::{
    adapter::{SystemFiles, SystemProber, files},
    base::Refusal,
    config::{Origin, Settings},
    verb::{Here, table},
};

/// The command.
pub(super) fn command() -> Command {
    let origin = Arg::new("origin").long("origin").action(ArgAction::SetTrue);
    let show = Command::new("show")
        .about("Show every setting")
        .arg(origin.help("Show where each value comes from"));
    let file = Arg::new("file").value_name("FILE").help("A gaia.toml, or a layout");
    let validate = Command::new("validate")
        .about("Check the settings, and a definition if one is named")
        .arg(file);
    let schema = Command::new("schema").about("Print the JSON Schema of gaia.toml, for editors");
    Command::new("config")
        .about("Settings of this home, and definitions")
        .subcommand_required(true)
        .subcommands([show, validate, schema])
}

/// Runs it.
pub(super) fn run(matches: &ArgMatches, here: &Here, json: bool) -> Result<Outcome, Refusal> {
    match matches.subcommand() {
        Some(("validate", args)) => validate(args, here, json),
        Some(("schema", _)) => Ok(Outcome::ok(format!("{:#}", schema()))),
        Some((_, args)) => show(args.get_flag("origin"), here, json),
        None => Err(Refusal::broken("no verb")),
    }
}

/// The settings of the home, as the file and the environment set them.
pub(super) fn settings(here: &Here) -> Result<Settings, Refusal> {
    let path = here.home.config();
    let text = match path.exists() {
        true => Some((here.read)(&path)?),
        false => None,
    };
    let shown = path.display().to_string();
    let settings = Settings::read(text.as_deref().map(|text| (shown.as_str(), text)), &here.env)?;
    let (path, text) = settings.file();
    crate::inbox::channels(path, text)?;
    Ok(settings)
}

fn show(origin: bool, here: &Here, json: bool) -> Result<Outcome, Refusal> {
    let settings = settings(here)?;
    let from = |origin: &Origin| match origin {
        Origin::Default => "default".to_owned(),
        Origin::File(path, line) => format!("{path}:{line}"),
        Origin::Environment(name) => format!("environment {name}"),
    };
    if json {
        let one = |(key, value): (&crate::config::Key, &crate::config::Value)| {
            serde_json::json!({
                "setting": format!("{}.{}", key.section, key.name),
                "value": value.text, "origin": from(&value.origin), "about": key.about,
            })
        };
        let all: Vec<_> = settings.all().map(one).collect();
        return Ok(Outcome::ok(serde_json::Value::from(all).to_string()));
    }
    let row = |(key, value): (&crate::config::Key, &crate::config::Value)| {
        let last = if origin { from(&value.origin) } else { key.about.to_owned() };
        vec![format!("{}.{}", key.section, key.name), value.text.clone(), last]
    };
    let head = ["SETTING", "VALUE", if origin { "FROM" } else { "" }];
    Ok(Outcome::ok(table(&here::ui(here), &head, settings.all().map(row).collect())))
}

fn validate(matches: &ArgMatches, here: &Here, json: bool) -> Result<Outcome, Refusal> {
    settings(here)?;
    let mut checked = vec!["the settings are good".to_owned()];
    if let Some(file) = matches.get_one::<String>("file") {
        let path = here.absolute(file.as_ref());
        let dir = path.parent().unwrap_or(&here.cwd).to_owned();
        let bytes = files::read_text(&path);
        let bytes = bytes.map_err(|what| Refusal::new(crate::base::Code::Invalid, what))?;
        let world = (&SystemFiles as &dyn crate::port::Files, &SystemProber as _);
        let (declared, services) =
            crate::service::validate(world, here, (&path, bytes.as_bytes()), &dir)?;
        let panes: usize = declared.windows.iter().map(|window| window.panes.len()).sum();
        let (name, windows) = (&declared.name, declared.windows.len());
        let agents = crate::agent::validate(&SystemFiles, here, (&path, bytes.as_bytes()), &dir)?;
        crate::trigger::validate(&path.display().to_string(), bytes.as_bytes())?;
        let agents = if agents == 0 { String::new() } else { format!(", {agents} agents") };
        let services = match services {
            0 => String::new(),
            count => format!(", {count} services"),
        };
        checked.push(format!(
            "{file} is good: session {name}, {windows} windows, {panes} panes{services}{agents}"
        ));
    }
    if json {
        return Ok(Outcome::ok(serde_json::json!({ "checked": checked }).to_string()));
    }
    Ok(Outcome::ok(checked.join("\n")))
}

/// JSON Schema of `gaia.toml`: what the session, the services and the agents read of it.
fn schema() -> serde_json::Value {
    let mut whole = crate::service::schema();
    crate::agent::add_to_schema(&mut whole);
    crate::trigger::add_to_schema(&mut whole);
    whole
}
