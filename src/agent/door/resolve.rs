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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        agent::{
            file::{Context, load},
            model::Wanted,
        },
        session::Source,
    };

    fn drivers() -> Vec<String> {
        ["claude", "codex", "command"].map(str::to_owned).to_vec()
    }

    fn crew(text: &str, implied: &[&str]) -> CrewRecord {
        let workspace = Name::near("shop", "shop");
        let implied: Vec<Name> = implied.iter().map(|name| name.parse().unwrap()).collect();
        let dir = Path::new("/shop");
        let drivers = drivers();
        let context = Context { dir, drivers, workspace: &workspace, implied: &implied };
        let source = Source { path: "gaia.toml".into(), bytes: text.into() };
        let declared = load(&source, &context).unwrap();
        let (agents, policy) = (declared.agents, declared.policy);
        CrewRecord { workspace, dir: dir.into(), agents, policy, paused: false }
    }

    fn shown(word: &str, crew: &CrewRecord) -> String {
        let word = Some(word).filter(|word| !word.is_empty());
        match resolve(word, crew, &drivers()) {
            Err(refusal) => format!("{}: {}", refusal.message, refusal.help.unwrap_or_default()),
            Ok(Chosen { agent, any, implied, role }) => {
                let agent = agent.map_or_else(|| "anyone".to_owned(), |name| name.to_string());
                let any = any.iter().map(|label| format!(" with {label}")).collect::<String>();
                let implied = implied.map_or("", |_| ", implied");
                let role = role.map(|role| format!(" as {role}")).unwrap_or_default();
                format!("{agent}{any}{implied}{role}")
            }
        }
    }

    const ONE: &str = "[agents.builder]\ndriver = 'claude'\nlabels = ['rust']";
    const TWO: &str = "[agents.a]\ndriver = 'claude'\nlabels = ['codex', 'fast']\n\
        [agents.claude]\ndriver = 'codex'";

    #[test]
    fn a_word_is_a_name_a_label_a_driver_or_a_part() {
        let default = format!("{TWO}\n[tasks]\ndefault_agent = 'a'");
        let driver = format!("{TWO}\n[tasks]\ndefault_agent = 'codex'");
        let rows = [
            ("", ONE, "anyone"),
            ("builder", ONE, "builder"),
            ("rust", ONE, "anyone with rust"),
            ("claude", ONE, "builder"),
            ("codex", ONE, "codex, implied"),
            ("reviewer", ONE, "builder as reviewer"),
            ("command", ONE, "builder as command"),
            ("claude", TWO, "claude"),
            ("codex", TWO, "anyone with codex"),
            ("reviewer", &default, "a as reviewer"),
            ("reviewer", &driver, "anyone with codex as reviewer"),
            ("", &default, "anyone"),
            ("claude", "", "claude, implied"),
            ("", "[tasks]\ndefault_agent = 'codex'", "codex, implied"),
            ("reviewer", "[tasks]\ndefault_agent = 'codex'", "codex, implied as reviewer"),
            (
                "reviewer",
                TWO,
                "no agent here is, or has the label, `reviewer`: there is: a, claude, and the \
                 labels codex, fast; `default_agent` in [tasks] takes all other words",
            ),
            (
                "",
                "",
                "there is no agent here: name a driver (claude, codex), or declare an agent in \
                 gaia.toml",
            ),
        ];
        for (word, text, wanted) in rows {
            assert_eq!(shown(word, &crew(text, &[])), wanted, "`{word}` in {text}");
        }
    }

    #[test]
    fn an_agent_that_nobody_declared_plays_no_part() {
        let known = crew("", &["claude"]);
        assert_eq!(known.agents.len(), 1);
        assert!(shown("reviewer", &known).starts_with("no agent here is"));
        assert_eq!(shown("claude", &known), "claude, implied");
        let both = crew(ONE, &["claude"]);
        assert_eq!(shown("claude", &both), "builder", "what is declared goes first");
    }

    #[test]
    fn an_implied_agent_obeys_the_fence_of_its_workspace_and_gives_way_to_a_declared_one() {
        let fence = "[fence]\nnetwork = false\n";
        let known = crew(fence, &["claude", "command", "nobody"]);
        let [claude] = &known.agents[..] else { panic!("{:?}", known.agents) };
        assert!(claude.implied && claude.driver == "claude");
        assert_eq!(claude.fence, crew(&format!("{fence}{ONE}"), &[]).agents[0].fence);
        let text = "[agents.claude]\ndriver = 'codex'";
        let later = crew(text, &["claude", "codex"]).keeping(Some(&known));
        let all: Vec<_> = later.agents.iter().map(|a| (a.name.as_str(), a.implied)).collect();
        assert_eq!(all, [("claude", false), ("codex", true)]);
        let emptied = crew("", &[]).keeping(Some(&later));
        let all: Vec<_> = emptied.agents.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(all, ["codex"], "one that was declared is gone, one that was implied stays");
    }

    #[test]
    fn a_default_agent_must_be_an_agent_or_a_driver() {
        let workspace = Name::near("shop", "shop");
        let (dir, drivers) = (Path::new("/shop"), drivers());
        let context = Context { dir, drivers, workspace: &workspace, implied: &[] };
        let bytes = format!("{ONE}\n[tasks]\ndefault_agent = 'bilder'").into_bytes();
        let faults = load(&Source { path: "gaia.toml".into(), bytes }, &context).unwrap_err();
        let text = faults[0].to_string();
        assert!(text.contains("no agent and no driver `bilder`"), "{text}");
        assert_eq!(faults[0].place().0, 5);
    }

    #[test]
    fn whoever_is_chosen_can_be_given_the_task() {
        use crate::agent::wish::tests::wanted;
        let mut known = crew(ONE, &["codex"]);
        for word in ["", "builder", "rust", "codex", "reviewer"] {
            let chosen = resolve(Some(word).filter(|w| !w.is_empty()), &known, &drivers()).unwrap();
            let wanted = Wanted { agent: chosen.agent, any: chosen.any, ..wanted("x") };
            assert!(known.check(&wanted).is_ok(), "{word}");
        }
        known.agents.retain(|agent: &Agent| agent.implied);
        let refusal = known.check(&wanted("x")).unwrap_err();
        assert_eq!(refusal.message, "the workspace `shop` has no agents", "it is only named");
    }
}
