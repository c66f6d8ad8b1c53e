//! Texts that are made: branches, prompts, digests.

use sha2::{Digest, Sha256};

use super::{
    model::{Agent, Place, Policy},
    record::TaskRecord,
};

/// Longest part of a title in a branch.
const SLUG: usize = 40;

/// A title as part of a branch: small letters, digits and single dashes.
pub(crate) fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => slug.push(c),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => (),
        }
        if slug.len() >= SLUG {
            break;
        }
    }
    let slug = slug.trim_matches('-');
    if slug.is_empty() { "work".to_owned() } else { slug.to_owned() }
}

/// The branch of a task by its pattern.
pub(crate) fn branch(pattern: &str, task: &TaskRecord) -> String {
    let agent = task.last().map_or("", |attempt| attempt.agent.as_str());
    pattern
        .replace("{id}", &task.id.to_string())
        .replace("{slug}", &slug(&task.wanted.title))
        .replace("{agent}", agent)
}

/// What an agent is told beside its task: where it stands, what it must leave behind, how it asks.
pub(crate) fn brief(task: &TaskRecord, agent: &Agent, policy: &Policy) -> String {
    let mut parts = Vec::new();
    if task.wanted.place == Place::Worktree {
        parts.push("You work in a git worktree of your own. Stay inside it.".to_owned());
    }
    parts.push(match agent.fence.commit {
        crate::guard::Commit::Gaia => {
            "Do not commit, push or switch branches: your changes are committed for you when you \
             are done."
                .to_owned()
        }
        crate::guard::Commit::Agent => {
            "Commit your work on the present branch. Do not push or switch branches.".to_owned()
        }
        crate::guard::Commit::None => "Do not commit, push or switch branches.".to_owned(),
    });
    if !task.wanted.deliverables.is_empty() {
        let list = task.wanted.deliverables.join(", ");
        parts.push(format!("These files must be there when you are done: {list}."));
    }
    if let Some(tree) = task.tree.as_ref().filter(|tree| !tree.ports.is_empty()) {
        let ports: Vec<String> =
            tree.ports.iter().map(|(name, port)| format!("{name} {port}")).collect();
        parts.push(format!("Ports that are yours: {}.", ports.join(", ")));
    }
    if !policy.checks.is_empty() {
        let checks: Vec<String> = policy.checks.iter().map(|c| format!("`{}`", c.show())).collect();
        parts.push(format!("Before your work is taken over, {} must pass.", checks.join(" and ")));
    }
    parts.push(
        "If you need a decision of a person, use the tool ask_human (or run `gaia self ask \
         \"your question\"`) and wait for its answer."
            .to_owned(),
    );
    parts.join("\n")
}

/// SHA-256 of a text, in hex.
pub(crate) fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_title_becomes_a_part_of_a_branch() {
        for (title, wanted) in [
            ("Fix the login bug!", "fix-the-login-bug"),
            ("  --  ", "work"),
            ("../../etc; rm -rf", "etc-rm-rf"),
            ("ünïcode only ☃", "n-code-only"),
            (&"word ".repeat(40), "word-word-word-word-word-word-word-word"),
        ] {
            assert_eq!(slug(title), wanted, "{title:?}");
        }
    }
}
