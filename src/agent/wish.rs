//! Whether what is wanted can be done at all.

use super::{model::Wanted, queue::fits, record::CrewRecord};
use crate::{
    base::{Code, Refusal, nearest},
    meter::{Amount, Cap, Micros},
};

/// Longest title that is made from a prompt.
const TITLE: usize = 72;

impl Wanted {
    /// The same with its title filled in, or what is wrong with it.
    pub(crate) fn checked(mut self) -> Result<Self, Refusal> {
        self.prompt.truncate(self.prompt.trim_end().len());
        if self.prompt.trim().is_empty() {
            return Err(Refusal::new(Code::Invalid, "the task is empty").help("say what to do"));
        }
        if self.prompt.contains('\0') {
            return Err(Refusal::new(Code::Invalid, "the task holds a zero byte"));
        }
        let nothing = |cap: &Cap| matches!(cap.limit, Amount::Money(Micros(0)) | Amount::Tokens(0));
        if self.budget.iter().any(nothing) {
            return Err(Refusal::new(Code::Invalid, "a budget of nothing lets nothing be done")
                .help("leave it out, or write it like \"2 USD\""));
        }
        for glob in &self.files {
            if let Err(error) = globset::Glob::new(glob) {
                let message = format!("`{glob}` is no glob: {}", error.kind());
                return Err(Refusal::new(Code::Invalid, message).help("write it like src/**/*.rs"));
            }
        }
        if let Some(path) = self.deliverables.iter().find(|path| !is_inside(path)) {
            let message = format!("the deliverable `{path}` is not inside the worktree");
            return Err(Refusal::new(Code::Invalid, message).help("write it relative to its top"));
        }
        if self.title.trim().is_empty() {
            self.title = title(&self.prompt);
        }
        Ok(self)
    }
}

fn is_inside(path: &str) -> bool {
    use std::path::Component;
    let parts = std::path::Path::new(path).components();
    !path.is_empty()
        && parts.into_iter().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// One line about a prompt.
pub(crate) fn title(prompt: &str) -> String {
    let line = prompt.lines().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
    line.trim_start_matches(['#', ' ']).chars().take(TITLE).collect()
}

impl CrewRecord {
    /// Refuses an agent that is not there, and labels that nobody has.
    pub(crate) fn check(&self, wanted: &Wanted) -> Result<(), Refusal> {
        let able = |agent: &&super::model::Agent| {
            fits(wanted, &agent.name, (&agent.labels, agent.implied))
        };
        if self.agents.iter().any(|agent| able(&agent)) {
            return Ok(());
        }
        let names: Vec<&str> = self.agents.iter().map(|agent| agent.name.as_str()).collect();
        if let Some(agent) = wanted
            .agent
            .as_ref()
            .filter(|agent| !names.is_empty() && !names.contains(&agent.as_str()))
        {
            let help = match nearest(agent.as_str(), names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is: {}", names.join(", ")),
            };
            let message = format!("there is no agent `{agent}`");
            return Err(Refusal::new(Code::NotFound, message).help(help));
        }
        if self.agents.iter().all(|agent| agent.implied) {
            let message = format!("the workspace `{}` has no agents", self.workspace);
            return Err(Refusal::new(Code::Invalid, message)
                .help("add one to its gaia.toml: [agents.builder] driver = \"claude\""));
        }
        let mut labels: Vec<&str> =
            self.agents.iter().flat_map(|agent| agent.labels.iter().map(String::as_str)).collect();
        labels.sort_unstable();
        labels.dedup();
        let message = format!("no agent has the labels {}", wanted.any.join(", "));
        Err(Refusal::new(Code::Invalid, message).help(format!("there are: {}", labels.join(", "))))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::agent::model::Place;

    /// A task that asks for nothing but this.
    pub(crate) fn wanted(prompt: &str) -> Wanted {
        Wanted {
            prompt: prompt.into(),
            title: String::new(),
            agent: None,
            any: vec![],
            priority: 0,
            after: vec![],
            files: vec![],
            deliverables: vec![],
            budget: vec![],
            timeout_ms: None,
            place: Place::Worktree,
            mode: None,
            key: None,
            race: None,
            told: BTreeMap::new(),
            output: false,
        }
    }

    #[test]
    fn what_cannot_be_done_is_refused_before_anything_is_begun() {
        let file = |path: &str| Wanted { deliverables: vec![path.into()], ..wanted("x") };
        let rows = [
            (wanted(" \n"), "the task is empty"),
            (wanted("a\0b"), "the task holds a zero byte"),
            (
                Wanted { budget: vec!["0 USD".parse().unwrap()], ..wanted("x") },
                "a budget of nothing lets nothing be done",
            ),
            (file("../x"), "the deliverable `../x` is not inside the worktree"),
            (file("/x"), "the deliverable `/x` is not inside the worktree"),
            (file(""), "the deliverable `` is not inside the worktree"),
            (Wanted { files: vec!["[".into()], ..wanted("x") }, "`[` is no glob"),
        ];
        for (wanted, message) in rows {
            let refusal = wanted.checked().unwrap_err();
            assert!(refusal.message.starts_with(message), "{}", refusal.message);
        }
        let good = wanted("\n## Fix it\nnow \n").checked().unwrap();
        assert_eq!((good.title.as_str(), good.prompt.as_str()), ("Fix it", "\n## Fix it\nnow"));
    }
}
