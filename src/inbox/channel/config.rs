use std::{collections::BTreeMap, ops::Range, sync::Arc};

use serde::Deserialize;
use toml::Spanned;

use super::{
    Channel, Secret,
    desktop::Desktop,
    email::Email,
    secret::{Address, check_url, is_loopback},
    slack::Slack,
    telegram::{Chat, Telegram},
    webhook::Webhook,
};
use crate::{
    base::{MailTls, Name, Refusal, faults_refusal, nearest},
    define::{Any, Faults, Page, Text, name},
};

/// A channel with its name and what it is for.
#[derive(Clone)]
pub struct Configured {
    pub(in crate::inbox) name: String,
    /// Kinds of items and notices; none given is all.
    pub(in crate::inbox) on: Vec<String>,
    /// Only what belongs to this workspace.
    pub(in crate::inbox) workspace: Option<Name>,
    pub(in crate::inbox) channel: Arc<dyn Channel>,
}

#[derive(Deserialize)]
struct RawFile {
    #[serde(default)]
    notify: BTreeMap<String, Spanned<Raw>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    kind: Text,
    on: Option<Vec<String>>,
    workspace: Option<Text>,
    url: Option<Text>,
    secret: Option<Text>,
    token: Option<Text>,
    chat: Option<Any>,
    server: Option<Text>,
    tls: Option<Text>,
    user: Option<Text>,
    password: Option<Text>,
    from: Option<Text>,
    to: Option<Vec<Text>>,
}

/// Every kind and the keys it has of its own.
const KINDS: &[(&str, &[&str])] = &[
    ("desktop", &[]),
    ("webhook", &["url", "secret"]),
    ("slack", &["url"]),
    ("telegram", &["token", "chat", "server"]),
    ("email", &["server", "tls", "user", "password", "from", "to"]),
];

/// Reads the `[notify.NAME]` tables of a `config.toml`; all faults at once, each at its place.
pub fn channels(path: &str, text: &str) -> Result<Vec<Configured>, Refusal> {
    let page = Page { path, text };
    let mut faults = Faults::new();
    let mut all = Vec::new();
    if let Some(file) = page.parse::<RawFile>(&mut faults) {
        for (key, raw) in file.notify {
            let (at, raw) = (raw.span(), raw.into_inner());
            if let Err(bad) = key.parse::<Name>() {
                faults.push(page.fault(at.clone(), bad.to_string()));
            }
            let mut table = Table { page, faults: &mut faults, at };
            all.extend(table.channel(key, raw));
        }
    }
    if faults.is_empty() { Ok(all) } else { Err(faults_refusal(&faults)) }
}

/// One table while it is read.
struct Table<'a, 'b> {
    page: Page<'a>,
    faults: &'b mut Faults,
    at: Range<usize>,
}

impl Table<'_, '_> {
    fn fault<T>(&mut self, at: Range<usize>, what: impl Into<String>, help: &str) -> Option<T> {
        self.faults.push(self.page.fault(at, what).help(help));
        None
    }

    fn channel(&mut self, key: String, mut raw: Raw) -> Option<Configured> {
        let kind = raw.kind.get_ref().clone();
        let Some((_, own)) = KINDS.iter().find(|(known, _)| *known == kind) else {
            let words = KINDS.iter().map(|(known, _)| *known);
            let help = match nearest(&kind, words.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("one of {}", words.collect::<Vec<_>>().join(", ")),
            };
            return self.fault(raw.kind.span(), format!("`{kind}` is no channel"), &help);
        };
        self.refuse_strangers(&raw, &kind, own);
        let workspace = raw.workspace.take();
        let workspace = workspace.and_then(|text| name(&self.page, self.faults, &text));
        let on = raw.on.take().unwrap_or_default();
        let channel: Arc<dyn Channel> = match kind.as_str() {
            "webhook" => Arc::new(self.webhook(raw)?),
            "slack" => Arc::new(self.slack(raw)?),
            "telegram" => Arc::new(self.telegram(raw)?),
            "email" => Arc::new(self.email(raw)?),
            _ => Arc::new(Desktop),
        };
        Some(Configured { name: key, on, workspace, channel })
    }

    fn refuse_strangers(&mut self, raw: &Raw, kind: &str, own: &[&str]) {
        let text = |text: &Option<Text>| text.as_ref().map(Spanned::span);
        let to = raw.to.as_ref().map(|all| all.first().map_or(self.at.clone(), Spanned::span));
        let given = [
            ("url", text(&raw.url)),
            ("secret", text(&raw.secret)),
            ("token", text(&raw.token)),
            ("chat", raw.chat.as_ref().map(Spanned::span)),
            ("server", text(&raw.server)),
            ("tls", text(&raw.tls)),
            ("user", text(&raw.user)),
            ("password", text(&raw.password)),
            ("from", text(&raw.from)),
            ("to", to),
        ];
        for (key, at) in given {
            if let Some(at) = at.filter(|_| !own.contains(&key)) {
                let what = format!("a channel of kind `{kind}` has no `{key}`");
                let keys = [&["on", "workspace"], own].concat().join(", ");
                let _ = self.fault::<()>(at, what, &format!("it has {keys}"));
            }
        }
    }

    fn webhook(&mut self, raw: Raw) -> Option<Webhook> {
        let url = self.address(raw.url, "url", false);
        let secret = raw.secret.map(|text| self.secret(&text));
        Some(Webhook { url: url?, secret: secret.map_or(Some(None), |s| s.map(Some))? })
    }

    fn slack(&mut self, raw: Raw) -> Option<Slack> {
        let text = self.require(raw.url, "url", "url = \"env:SLACK_URL\"")?;
        // Whoever has the address can write to the channel: it is a secret.
        Some(Slack { url: Address::Secret(self.secret(&text)?) })
    }

    fn telegram(&mut self, raw: Raw) -> Option<Telegram> {
        let token = self.require(raw.token, "token", "token = \"env:TELEGRAM_TOKEN\"");
        let token = token.and_then(|text| self.secret(&text));
        let server = match raw.server {
            Some(text) => self.address(Some(text), "server", true),
            None => Some(Address::Plain("https://api.telegram.org".to_owned())),
        };
        let help = "chat = -1001234567890, or \"env:TELEGRAM_CHAT\"";
        let chat = match raw.chat {
            None => self.require::<()>(None, "chat", help).map(|()| Chat::Plain(0)),
            Some(any) => match (any.get_ref(), any.get_ref().as_str().and_then(Secret::parse)) {
                (toml::Value::Integer(id), _) => Some(Chat::Plain(*id)),
                (_, Some(secret)) => Some(Chat::Secret(secret)),
                _ => self.fault(any.span(), "this is no chat id", help),
            },
        };
        Some(Telegram { server: server?, token: token?, chat: chat? })
    }

    fn email(&mut self, raw: Raw) -> Option<Email> {
        let server = self.require(raw.server, "server", "server = \"smtp.example.com:587\"");
        let server = server.and_then(|text| self.host(&text, raw.tls));
        let from = self.require(raw.from, "from", "from = \"gaia@example.com\"");
        let to = self.require(raw.to, "to", "to = [\"ann@example.com\"]");
        let login = match (raw.user, raw.password) {
            (Some(user), Some(password)) => {
                self.secret(&password).map(|secret| Some((user.into_inner(), secret)))
            }
            (None, None) => Some(None),
            (Some(one), None) | (None, Some(one)) => {
                self.fault(one.span(), "`user` and `password` go together", "give both or none")
            }
        };
        let (from, to, ((host, port), tls)) = (from?, to?, server?);
        for one in to.iter().chain([&from]) {
            if !one.get_ref().contains('@') {
                let what = format!("`{}` is no mail address", one.get_ref());
                let _ = self.fault::<()>(one.span(), what, "write it like ann@example.com");
            }
        }
        let to = to.into_iter().map(Spanned::into_inner).collect();
        Some(Email { host, port, tls, login: login?, from: from.into_inner(), to })
    }

    fn host(&mut self, server: &Text, tls: Option<Text>) -> Option<((String, u16), MailTls)> {
        let split = server.get_ref().rsplit_once(':').filter(|(host, _)| !host.is_empty());
        let place = split.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
        let Some((host, port)) = place else {
            let what = format!("`{}` is no server", server.get_ref());
            return self.fault(server.span(), what, "write it like smtp.example.com:587");
        };
        let tls = match tls.as_ref().map(|text| text.get_ref().as_str()) {
            None if port == 465 => MailTls::Always,
            None | Some("starttls") => MailTls::StartTls,
            Some("tls") => MailTls::Always,
            Some("none") if is_loopback(server.get_ref()) => MailTls::Loopback,
            Some(_) => {
                let at = tls.map_or(0..0, |text| text.span());
                let help = "`starttls`, `tls`, or `none` where the server is on this machine";
                return self.fault(at, "the line to this server cannot be kept secret so", help);
            }
        };
        Some(((host, port), tls))
    }

    fn require<T>(&mut self, given: Option<T>, key: &str, help: &str) -> Option<T> {
        if given.is_none() {
            let what = format!("`{key}` is missing");
            return self.fault(self.at.clone(), what, help);
        }
        given
    }

    fn secret(&mut self, text: &Text) -> Option<Secret> {
        let help = "write env:NAME or file:/path; gaia keeps no secrets";
        Secret::parse(text.get_ref())
            .or_else(|| self.fault(text.span(), "a secret must not stand in this file", help))
    }

    fn address(&mut self, text: Option<Text>, key: &str, tls: bool) -> Option<Address> {
        let text = self.require(text, key, "write https://…, env:NAME or file:/path")?;
        if let Some(secret) = Secret::parse(text.get_ref()) {
            return Some(Address::Secret(secret));
        }
        match check_url(text.get_ref(), tls) {
            Ok(()) => Some(Address::Plain(text.into_inner())),
            Err(what) => {
                let help = "write https://…, env:NAME or file:/path";
                self.fault(text.span(), format!("this address {what}"), help)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_are_read() {
        let text = r#"
            [tmux]
            history = 10
            [notify.desk]
            kind = "desktop"
            on = ["question"]
            workspace = "shop"
            [notify.hook]
            kind = "webhook"
            url = "http://10.0.0.7/hook"
            secret = "file:/run/secret"
            [notify.team]
            kind = "slack"
            url = "env:SLACK_URL"
            [notify.bot]
            kind = "telegram"
            token = "env:T"
            chat = -100
            [notify.post]
            kind = "email"
            server = "smtp.example.com:587"
            user = "ann"
            password = "env:P"
            from = "gaia@example.com"
            to = ["ann@example.com"]
        "#;
        let all = channels("config.toml", text).unwrap();
        let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["bot", "desk", "hook", "post", "team"]);
        assert_eq!(all[1].on, ["question"]);
        assert_eq!(all[1].workspace.as_ref().map(Name::as_str), Some("shop"));
        assert!(channels("c", "").unwrap().is_empty());
    }

    #[test]
    fn every_fault_is_at_its_place_with_a_way_out() {
        for (table, what, help) in [
            ("kind = 'slak'", "`slak` is no channel", "did you mean `slack`?"),
            ("kind = 'fax'", "`fax` is no channel", "one of desktop, webhook"),
            ("kind = 'slack'", "`url` is missing", "env:SLACK_URL"),
            (
                "kind = 'slack'\nurl = 'https://hooks.x/T/B'",
                "must not stand in",
                "keeps no secrets",
            ),
            (
                "kind = 'slack'\nurl = 'env:U'\ntoken = 'env:T'",
                "has no `token`",
                "on, workspace, url",
            ),
            ("kind = 'webhook'\nurl = 'x'", "this address is none", "https://"),
            ("kind = 'telegram'\ntoken = 'env:T'", "`chat` is missing", "TELEGRAM_CHAT"),
            ("kind = 'telegram'\ntoken = 'env:T'\nchat = 'me'", "no chat id", "TELEGRAM_CHAT"),
            (
                "kind = 'telegram'\ntoken = 'env:T'\nchat = 1\nserver = 'http://far.example'",
                "must begin with https",
                "env:NAME",
            ),
            (
                "kind = 'email'\nserver = 'mail.example:25'\ntls = 'none'\nfrom = 'a@b'\nto = ['c@d']",
                "cannot be kept secret",
                "starttls",
            ),
            ("kind = 'email'\nserver = 'mail'\nfrom = 'a@b'\nto = ['c@d']", "no server", ":587"),
            (
                "kind = 'email'\nserver = 'm:25'\nfrom = 'ann'\nto = ['c@d']",
                "`ann` is no mail address",
                "ann@",
            ),
            (
                "kind = 'email'\nserver = 'm:25'\nuser = 'x'\nfrom = 'a@b'\nto = ['c@d']",
                "go together",
                "both",
            ),
            ("kind = 'desktop'\nworkspcae = 'a'", "unknown field `workspcae`", "mean `workspace`?"),
            ("kind = 'desktop'\nworkspace = 'a b'", "is not a valid name", "a-b"),
        ] {
            let text = format!("[notify.x]\n{table}\n");
            let found = channels("c.toml", &text).err().unwrap().message;
            assert!(found.starts_with("c.toml:"), "{found}");
            assert!(found.contains(what) && found.contains(help), "{table}\n{found}");
        }
    }
}
