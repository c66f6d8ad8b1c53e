use super::{Channel, Lookup, Message, Secret, TIMEOUT, cut};
use crate::base::{Mail, MailTls, Outgoing};

/// Letters through a mail server.
pub(super) struct Email {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: MailTls,
    pub(super) login: Option<(String, Secret)>,
    pub(super) from: String,
    pub(super) to: Vec<String>,
}

impl Channel for Email {
    fn render(&self, message: &Message, lookup: &Lookup<'_>) -> Result<Outgoing, String> {
        let login = match &self.login {
            Some((user, password)) => Some((user.clone(), password.find(lookup)?)),
            None => None,
        };
        let subject: String = message.title.chars().filter(|c| !c.is_control()).collect();
        Ok(Outgoing::Mail(Mail {
            host: self.host.clone(),
            port: self.port,
            tls: self.tls,
            login,
            from: self.from.clone(),
            to: self.to.clone(),
            subject: cut(&format!("[gaia] {subject}"), 200),
            text: format!("{}\n\n{}\n", message.origin(), message.text()),
            timeout: TIMEOUT * 3,
        }))
    }
}
