//! Finds workflows by name (the workspace's own, the home's, those inside the binary) or by path.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{file, model::Kind, record::DefinitionRecord};
use crate::{
    base::{Code, Home, Refusal, faults_refusal, nearest},
    port::Files,
};

/// A longer file is refused by the loader; reading one byte more shows that it is longer.
const LIMIT: usize = (1 << 20) + 1;
/// Ends of the names of workflow files.
const ENDS: [&str; 3] = [".yaml", ".yml", ".json"];

/// Workflows inside the binary, by name.
const BUILTIN: &[(&str, &str)] = &[
    ("bug-investigate", include_str!("../../workflows/bug-investigate.yaml")),
    ("failing-tests", include_str!("../../workflows/failing-tests.yaml")),
    ("implement-review-test", include_str!("../../workflows/implement-review-test.yaml")),
    ("plan-build", include_str!("../../workflows/plan-build.yaml")),
    ("review", include_str!("../../workflows/review.yaml")),
    ("security-audit", include_str!("../../workflows/security-audit.yaml")),
    ("self-improve", include_str!("../../workflows/self-improve.yaml")),
    ("test-fix", include_str!("../../workflows/test-fix.yaml")),
];

/// Where workflows are looked for.
pub(crate) struct Finder<'a> {
    /// Files.
    pub(crate) files: &'a dyn Files,
    /// gaia's home.
    pub(crate) home: &'a Home,
    /// Folder of the workspace.
    pub(crate) dir: &'a Path,
}

/// A workflow that can be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its name.
    pub(crate) name: String,
    /// Where it comes from.
    pub(crate) origin: String,
}

impl Finder<'_> {
    fn folders(&self) -> [PathBuf; 3] {
        [self.dir.join(".gaia/workflows"), self.dir.join("workflows"), self.home.workflows()]
    }

    /// Every workflow that can be named from here.
    pub(crate) fn all(&self) -> Vec<Found> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for folder in self.folders() {
            for file in self.files.names(&folder) {
                let name = ENDS.iter().find_map(|end| file.strip_suffix(end));
                if let Some(name) = name {
                    let origin = folder.join(&file).display().to_string();
                    found.entry(name.to_owned()).or_insert(origin);
                }
            }
        }
        for (name, _) in BUILTIN {
            found.entry((*name).to_owned()).or_insert_with(|| "built in".to_owned());
        }
        found.into_iter().map(|(name, origin)| Found { name, origin }).collect()
    }

    /// Path and text of the workflow of this name or path.
    pub(crate) fn source(&self, word: &str) -> Result<(String, Vec<u8>), Refusal> {
        let is_path = word.contains('/') || ENDS.iter().any(|end| word.ends_with(end));
        if is_path {
            let path = self.dir.join(word);
            let bytes = self.files.read(&path, LIMIT).map_err(|e| Refusal::new(Code::Failed, e))?;
            let missing =
                || Refusal::new(Code::NotFound, format!("there is no file {}", path.display()));
            return Ok((path.display().to_string(), bytes.ok_or_else(missing)?));
        }
        if !word.is_empty() && !word.starts_with('.') {
            for path in self
                .folders()
                .iter()
                .flat_map(|folder| ENDS.iter().map(move |end| folder.join(format!("{word}{end}"))))
            {
                if let Ok(Some(bytes)) = self.files.read(&path, LIMIT) {
                    return Ok((path.display().to_string(), bytes));
                }
            }
        }
        let builtin = BUILTIN.iter().find(|(name, _)| *name == word);
        let text = builtin.map(|(_, text)| text.as_bytes().to_vec());
        text.map(|text| (format!("built in: {word}"), text)).ok_or_else(|| self.unknown(word))
    }

    fn unknown(&self, word: &str) -> Refusal {
        let known: Vec<String> = self.all().into_iter().map(|found| found.name).collect();
        let refusal = Refusal::new(Code::NotFound, format!("there is no workflow `{word}`"));
        refusal.help(match nearest(word, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is: {}", known.join(", ")),
        })
    }

    /// The workflow of this name or path, read and checked.
    pub(crate) fn load(&self, word: &str) -> Result<DefinitionRecord, Refusal> {
        let (path, bytes) = self.source(word)?;
        let stem = word.rsplit('/').next().unwrap_or(word);
        let stem = ENDS.iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(stem);
        let folder = Path::new(&path).parent().unwrap_or(self.dir).to_owned();
        let beside = |name: &str| self.beside(&folder, name);
        let context = file::Context { name: stem, beside: &beside };
        let definition =
            file::load(&path, &bytes, &context).map_err(|faults| faults_refusal(&faults))?;
        let digest = digest(&bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(DefinitionRecord { digest, path, text, definition })
    }

    /// The text of a file beside a workflow, e.g. a long prompt.
    fn beside(&self, folder: &Path, name: &str) -> Result<String, String> {
        let path = folder.join(name);
        let bytes = self.files.read(&path, LIMIT)?;
        let bytes = bytes.ok_or_else(|| format!("there is no file {}", path.display()))?;
        String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8 text", path.display()))
    }

    /// A workflow, and those it runs, by name; refused if one of them runs itself.
    pub(crate) fn load_all(
        &self,
        word: &str,
    ) -> Result<(DefinitionRecord, BTreeMap<String, DefinitionRecord>), Refusal> {
        let first = self.load(word)?;
        let mut others = BTreeMap::new();
        let mut trail = vec![word.to_owned()];
        self.follow(&first, &mut trail, &mut others)?;
        Ok((first, others))
    }

    fn follow(
        &self,
        record: &DefinitionRecord,
        trail: &mut Vec<String>,
        found: &mut BTreeMap<String, DefinitionRecord>,
    ) -> Result<(), Refusal> {
        for step in &record.definition.steps {
            let Kind::Workflow { name, inputs } = &step.kind else { continue };
            if trail.contains(name) {
                let message =
                    format!("{} → {name}: a workflow cannot run itself", trail.join(" → "));
                return Err(
                    Refusal::new(Code::Invalid, message).help("use a `loop` to do something again")
                );
            }
            let other = self.load(name).map_err(|refusal| {
                let at = format!("{}:{}: step `{}`: ", record.path, step.line, step.id);
                Refusal { code: Code::Invalid, message: at + &refusal.message, ..refusal }
            })?;
            let known: Vec<&str> =
                other.definition.inputs.iter().map(|i| i.name.as_str()).collect();
            if let Some(wrong) = inputs.keys().find(|name| !known.contains(&name.as_str())) {
                let message = format!(
                    "{}:{}: step `{}`: the workflow `{name}` has no input `{wrong}`",
                    record.path, step.line, step.id
                );
                return Err(Refusal::new(Code::Invalid, message)
                    .help(format!("it has: {}", known.join(", "))));
            }
            trail.push(name.clone());
            self.follow(&other, trail, found)?;
            trail.pop();
            found.insert(name.clone(), other);
        }
        Ok(())
    }
}

/// The fingerprint of a text.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
