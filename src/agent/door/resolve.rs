//! Which agent a word means. Pure.

use crate::{
    agent::{file::stands_for, model::Agent, record::CrewRecord},
    base::{Code, Name, Refusal},
};

/// Who does a task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    /// This agent; whoever fits if there is none.
    pub(super) agent: Option<Name>,
    /// Labels it must have.
    pub(super) any: Vec<String>,
    /// Nobody declared the agent: it stands for the driver of this name.
    pub(super) implied: Option<Name>,
    /// The part it plays, which is not its own name.
    pub(super) role: Option<String>,
}

impl Chosen {
    fn agent(name: &Name) -> Self {
        Self { agent: Some(name.clone()), ..Self::default() }
    }

    fn implied(driver: Name) -> Self {
        Self { agent: Some(driver.clone()), implied: Some(driver), ..Self::default() }
    }
}

/// What a word means among the agents of a workspace: one of this name, those with this label, one
/// of this driver, the driver itself, or a part that an agent plays. No word means whoever fits.
pub(super) fn resolve(
    word: Option<&str>,
    crew: &CrewRecord,
    drivers: &[String],
) -> Result<Chosen, Refusal> {
    let declared: Vec<&Agent> = crew.agents.iter().filter(|agent| !agent.implied).collect();
    let found = match word {
        Some(word) => named(word, &declared, drivers),
        None if declared.is_empty() => None,
        None => Some(Chosen::default()),
    };
    if let Some(found) = found {
        return Ok(found);
    }
    let only = || match &declared[..] {
        [one] => Some(Chosen::agent(&one.name)),
        _ => None,
    };
    let default = crew.policy.default_agent.as_ref();
    let plays = default.and_then(|name| named(name.as_str(), &declared, drivers)).or_else(only);
    let role = word.map(str::to_owned);
    plays.map(|chosen| Chosen { role, ..chosen }).ok_or_else(|| nobody(word, &declared, drivers))
}

fn named(word: &str, declared: &[&Agent], drivers: &[String]) -> Option<Chosen> {
    if let Some(agent) = declared.iter().find(|agent| agent.name.as_str() == word) {
        return Some(Chosen::agent(&agent.name));
    }
    if declared.iter().any(|agent| agent.labels.iter().any(|label| label == word)) {
        return Some(Chosen { any: vec![word.to_owned()], ..Chosen::default() });
    }
    if let Some(agent) = declared.iter().find(|agent| agent.driver == word) {
        return Some(Chosen::agent(&agent.name));
    }
    let driver = word.parse().ok().filter(|_| stands_for(drivers, word))?;
    Some(Chosen::implied(driver))
}

fn nobody(word: Option<&str>, declared: &[&Agent], drivers: &[String]) -> Refusal {
    let message = match word {
        Some(word) => format!("no agent here is, or has the label, `{word}`"),
        None => "there is no agent here".to_owned(),
    };
    let help = if declared.is_empty() {
        let able: Vec<&str> =
            drivers.iter().filter(|d| stands_for(drivers, d)).map(String::as_str).collect();
        format!("name a driver ({}), or declare an agent in gaia.toml", able.join(", "))
    } else {
        let names: Vec<&str> = declared.iter().map(|agent| agent.name.as_str()).collect();
        let mut labels: Vec<&str> =
            declared.iter().flat_map(|agent| agent.labels.iter().map(String::as_str)).collect();
        labels.sort_unstable();
        labels.dedup();
        let labels = match labels.is_empty() {
            true => String::new(),
            false => format!(", and the labels {}", labels.join(", ")),
        };
        format!(
            "there is: {}{labels}; `default_agent` in [tasks] takes all other words",
            names.join(", ")
        )
    };
    Refusal::new(Code::NotFound, message).help(help)
}
