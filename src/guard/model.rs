//! The fence of an agent, every default filled in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{globs::Globs, rule::Rules};

/// What programs may reach over the network, as far as the kernel can tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Everything.
    #[default]
    All,
    /// Nothing.
    None,
    /// These TCP ports of any host: the kernel's fence knows no names.
    Ports(Vec<u16>),
}

/// Who commits what an agent made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Commit {
    /// gaia, when an attempt ends; the agent cannot write the folders of git.
    #[default]
    Gaia,
    /// The agent, on its own branch.
    Agent,
    /// Nobody: the changes stay in the worktree.
    None,
}

/// Which dependencies a manifest may gain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dependencies {
    /// Any.
    #[default]
    Any,
    /// None.
    None,
    /// These, from where their kind usually comes from.
    Only(Vec<String>),
}

/// What becomes of an agent whose fence the kernel cannot hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WithoutKernel {
    /// It does not run.
    #[default]
    Refuse,
    /// It runs with what is left of its fence.
    Run,
}

/// What becomes of an agent that goes against its fence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnViolation {
    /// It is stopped, and a person is asked.
    #[default]
    Halt,
    /// A person is told, and it goes on.
    Notice,
}

/// What an agent may touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Fence {
    /// Whether the kernel holds it, too.
    pub kernel: bool,
    /// Paths of the worktree that its diff may touch.
    pub write: Vec<String>,
    /// Paths of the worktree that its diff may not touch, whatever `write` says.
    pub protect: Vec<String>,
    /// Folders beside the worktree that its programs may write; `~/` is the person's home.
    pub also_write: Vec<String>,
    /// Files and folders that its programs cannot read; `~/` is the person's home.
    pub read_deny: Vec<String>,
    /// What its programs may reach.
    pub network: Network,
    /// Who commits.
    pub commit: Commit,
    /// Commands it may not run.
    pub deny: Vec<String>,
    /// Commands it may run all the same.
    pub allow: Vec<String>,
    /// Most files of a diff.
    pub max_files: Option<u32>,
    /// Most lines of a diff, added and removed.
    pub max_lines: Option<u32>,
    /// Most lines of a file it adds to.
    pub max_file_lines: Option<u32>,
    /// Which dependencies a manifest may gain.
    pub dependencies: Dependencies,
    /// Whether it may restart services of its workspace.
    pub restart_services: bool,
    /// What happens where the kernel cannot hold it.
    pub without_kernel: WithoutKernel,
    /// What happens if the agent goes against it.
    pub on_violation: OnViolation,
}

impl Default for Fence {
    fn default() -> Self {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            kernel: true,
            write: list(&["**"]),
            protect: list(PROTECT),
            also_write: vec![],
            read_deny: list(READ_DENY),
            network: Network::default(),
            commit: Commit::default(),
            deny: list(DENY),
            allow: vec![],
            max_files: None,
            max_lines: None,
            max_file_lines: None,
            dependencies: Dependencies::default(),
            restart_services: false,
            without_kernel: WithoutKernel::default(),
            on_violation: OnViolation::default(),
        }
    }
}

impl Fence {
    /// The rules on commands.
    #[must_use]
    pub fn commands(&self) -> Rules {
        Rules::new(&self.deny, &self.allow)
    }

    /// The paths its diff may touch. Patterns that are none were told when the fence was read, and
    /// allow nothing.
    pub(super) fn writable(&self) -> Globs {
        Globs::new(&self.write, false).unwrap_or_default()
    }

    /// The paths its diff may not touch; upper and lower case are the same, as on some disks.
    pub(super) fn protected(&self) -> Globs {
        let all = || Globs::new(&["**"], true).unwrap_or_default();
        Globs::new(&self.protect, true).unwrap_or_else(|_| all())
    }
}

/// Files that decide what runs elsewhere, or what gaia does.
const PROTECT: &[&str] = &[
    "gaia.toml",
    ".gaia",
    ".github",
    ".gitlab-ci.yml",
    ".circleci",
    ".gitmodules",
    ".gitattributes",
    ".husky",
    ".envrc",
];

/// Where people keep secrets.
const READ_DENY: &[&str] = &[
    "~/.ssh",
    "~/.aws",
    "~/.gnupg",
    "~/.config/gcloud",
    "~/.azure",
    "~/.netrc",
    "~/.docker/config.json",
    "~/.kube",
    "~/.npmrc",
    "~/.pypirc",
    "~/.cargo/credentials.toml",
    "~/.config/gh",
    "~/.git-credentials",
    "~/.password-store",
];

/// What reaches beyond the worktree: other people's branches, packages, databases, clusters, and
/// what only a person may decide.
#[rustfmt::skip]
const DENY: &[&str] = &[
    "git push", "git send-pack", "git remote add", "git remote set-url", "git remote rename",
    "git remote remove", "git remote rm", "git filter-branch", "gh pr merge", "gh release create",
    "gh release delete", "gh repo delete", "gh secret set", "glab mr merge", "npm publish",
    "npm unpublish", "pnpm publish", "yarn publish", "yarn npm publish", "bun publish",
    "cargo publish", "cargo yank", "gem push", "twine upload", "poetry publish", "uv publish",
    "hatch publish", "flit publish", "docker push", "podman push", "mvn deploy",
    "terraform apply", "terraform destroy", "tofu apply", "tofu destroy", "pulumi up",
    "pulumi destroy", "cdk deploy", "cdk destroy", "serverless deploy", "serverless remove",
    "kubectl delete", "kubectl apply", "kubectl drain", "kubectl replace", "helm install",
    "helm upgrade", "helm uninstall", "helm delete", "fly deploy", "vercel deploy",
    "heroku pg:reset", "dropdb", "sqlx migrate run", "sqlx migrate revert", "sqlx database drop",
    "sqlx database reset", "diesel migration run", "diesel migration revert",
    "diesel migration redo", "diesel database reset", "prisma migrate deploy",
    "prisma migrate reset", "prisma db push", "alembic upgrade", "alembic downgrade",
    "flask db upgrade", "manage.py migrate", "manage.py flush", "django-admin migrate",
    "rails db:*", "rake db:*", "artisan migrate*", "goose up", "goose down", "dbmate up",
    "dbmate drop", "flyway migrate", "flyway clean", "liquibase update", "knex migrate:*",
    "sequelize db:*", "typeorm migration:run", "drizzle-kit push", "drizzle-kit migrate",
    "atlas migrate apply", "rm -r /", "rm -r ~", "rm -r $HOME", "rm -r .git", "mkfs*", "shutdown",
    "reboot", "poweroff", "tmux kill-server", "gaia approve", "gaia deny", "gaia answer",
    "gaia task land", "gaia task discard", "gaia daemon stop",
];
