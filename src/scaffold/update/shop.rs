use async_trait::async_trait;

use crate::{
    base::{Refusal, faults_refusal},
    scaffold::{
        file,
        manifest::Source,
        model::{Given, Migration, Origin, Pack, Rendered},
        trust::Wanted,
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
    /// Reads what an update has to know of a template.
    pub(crate) fn of(pack: Pack) -> Result<Self, Refusal> {
        let template = file::read(&pack).map_err(|faults| faults_refusal(&faults))?.template;
        let (reference, commit) = match &pack.origin {
            Origin::Git { reference, commit, .. } => (reference.clone(), Some(commit.clone())),
            Origin::Builtin | Origin::Home(_) | Origin::Workspace(_) | Origin::Folder(_) => {
                (None, None)
            }
        };
        let source = Source {
            name: template.name,
            source: pack.origin.show(),
            version: template.version.to_string(),
            reference,
            commit,
            target: None,
            year: None,
            hash: pack.hash(),
        };
        Ok(Self { pack, source, migrations: template.migrations, check: template.check })
    }

    /// Commands of it, to be allowed.
    pub(crate) fn wanted(&self, commands: Vec<Vec<String>>) -> Wanted {
        Wanted {
            template: self.source.name.clone(),
            source: self.source.source.clone(),
            tree: self.source.hash.clone(),
            commands,
        }
    }

    /// Whether its commands need no permission.
    pub(crate) fn is_trusted(&self) -> bool {
        self.pack.origin == Origin::Builtin
    }
}

/// Where templates are to be had.
#[async_trait]
pub(crate) trait Shop: Send + Sync {
    /// The template that a project was made from, at a version or at its latest.
    async fn load(&self, of: &Source, to: Option<&str>) -> Result<Loaded, Refusal>;
    /// The very state of it that the project was made from; none if that is gone.
    async fn old(&self, of: &Source) -> Option<Loaded>;
    /// Renders it, with limits if it is a stranger's. The person is asked for what is new, unless
    /// `quiet`.
    async fn render(&self, pack: &Pack, given: &Given, quiet: bool) -> Result<Rendered, Refusal>;
    /// Lets commands run only if the person has allowed exactly them, or does so now.
    fn allow(&self, wanted: &Wanted, trust: bool) -> Result<(), Refusal>;
}
