use async_trait::async_trait;

use crate::{
    base::Refusal,
    scaffold::{
        manifest::Source,
        model::{Given, Migration, Origin, Pack, Rendered},
    },
};

/// A template as it is to be had now.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    /// Its files.
    pub(crate) pack: Pack,
    /// As a project would remember it.
    pub(crate) source: Source,
    /// What changes with its versions.
    pub(crate) migrations: Vec<Migration>,
    /// What tells whether a project is well.
    pub(crate) check: Vec<Vec<String>>,
}

impl Loaded {
    /// Whether its commands need no permission.
    pub(crate) fn is_own(&self) -> bool {
        matches!(&self.pack.origin, Origin::Builtin) || self.pack.origin.is_own()
    }
}

/// Where templates are to be had.
#[async_trait]
pub(crate) trait Shop: Send + Sync {
    /// The template that a project was made from, at a version or at its latest.
    async fn load(&self, of: &Source, to: Option<&str>) -> Result<Loaded, Refusal>;
    /// The very state of it that the project was made from; none if that is gone.
    async fn old(&self, of: &Source) -> Option<Loaded>;
    /// Renders it, with limits if it is a stranger's.
    async fn render(&self, pack: &Pack, given: &Given) -> Result<Rendered, Refusal>;
}
