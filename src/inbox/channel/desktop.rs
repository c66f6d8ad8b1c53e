use std::collections::BTreeMap;

use super::{Channel, Lookup, Message, TIMEOUT, cut};
use crate::{base::Outgoing, inbox::model::Level};

/// Variables by which a program finds the person's desktop.
const DESKTOP: &[&str] = &[
    "PATH",
    "HOME",
    "LANG",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];

/// `notify-send`.
pub(super) struct Desktop;

impl Channel for Desktop {
    fn render(&self, message: &Message, lookup: &Lookup<'_>) -> Result<Outgoing, String> {
        let urgency = match message.level {
            Level::Info => "low",
            Level::Warning => "normal",
            Level::Urgent => "critical",
        };
        let body = format!("{}\n{}", message.origin(), message.text());
        // `--`: a title may begin with a dash. Servers read the body as markup.
        let argv = ["notify-send", "--app-name", "gaia", "--urgency", urgency, "--"];
        let argv = argv.map(str::to_owned).into_iter();
        let argv = argv.chain([cut(&message.title, 120), markup(&cut(&body, 1000))]).collect();
        let known = |(name, _): &(&String, &String)| DESKTOP.contains(&name.as_str());
        let env = lookup.env.iter().filter(known);
        let env: BTreeMap<_, _> = env.map(|(k, v)| (k.clone(), v.clone())).collect();
        Ok(Outgoing::Run { argv, env, timeout: TIMEOUT })
    }
}

fn markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
