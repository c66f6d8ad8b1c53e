//! What goes into the cage and what comes out, one JSON document each.

use std::{collections::BTreeSet, ops::Range};

use serde::{Deserialize, Serialize};

use super::open;
use crate::{
    base::ConfigError,
    define::Faults,
    scaffold::{
        answer::{Asked, Asking, Next},
        model::{Answers, Given, Hooks, Made, Mode, Origin, Pack, Rendered, Tree},
    },
};

/// How far it is.
pub(crate) enum Step {
    /// A person is asked this.
    Ask(Box<Asked>),
    /// All is rendered.
    Done(Box<Rendered>),
}

/// Goes on as far as it can: to the next question, or to the end.
pub(crate) fn step(pack: &Pack, given: &Given, asking: Asking) -> Result<Step, Faults> {
    let open = open(pack)?;
    Ok(match open.settle(given, asking)? {
        Next::Ask(asked) => Step::Ask(asked),
        Next::Settled(settled) => Step::Done(Box::new(open.finish(*settled)?)),
    })
}

#[derive(Serialize, Deserialize)]
struct Wish {
    layers: Vec<WireTree>,
    given: Given,
    asking: Asking,
}

#[derive(Serialize, Deserialize)]
struct WireTree {
    name: String,
    files: Vec<WireFile>,
}

/// Bytes as text where they are text, else in hex.
#[derive(Serialize, Deserialize)]
struct WireFile {
    path: String,
    mode: Mode,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hex: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Ask(Box<Asked>),
    Done { made: Vec<WireFile>, answers: Answers, secrets: BTreeSet<String>, hooks: Hooks },
    Faults(Vec<WireFault>),
}

#[derive(Serialize, Deserialize)]
struct WireFault {
    path: String,
    text: String,
    at: Range<usize>,
    what: String,
    help: Option<String>,
}

impl WireFile {
    fn of(item: Made) -> Self {
        let Made { path, bytes, mode } = item;
        match String::from_utf8(bytes) {
            Ok(text) => Self { path, mode, text: Some(text), hex: None },
            Err(error) => {
                let hex = error.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
                Self { path, mode, text: None, hex: Some(hex) }
            }
        }
    }

    fn item(self) -> Option<Made> {
        let bytes = match (self.text, self.hex) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(hex)) => {
                let pairs = (0..hex.len()).step_by(2);
                let byte = |at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
                pairs.map(byte).collect::<Option<_>>()?
            }
            _ => return None,
        };
        Some(Made { path: self.path, bytes, mode: self.mode })
    }
}

/// What is handed in.
pub(crate) fn wish(pack: &Pack, given: &Given, asking: Asking) -> Result<Vec<u8>, String> {
    let file = |(path, file): (&String, &crate::scaffold::model::TreeFile)| {
        WireFile::of(Made { path: path.clone(), bytes: file.bytes.clone(), mode: file.mode })
    };
    let tree = |tree: &Tree| WireTree {
        name: tree.name.clone(),
        files: tree.files.iter().map(file).collect(),
    };
    let layers = pack.layers.iter().map(tree).collect();
    let wish = Wish { layers, given: given.clone(), asking };
    serde_json::to_vec(&wish).map_err(|e| e.to_string())
}

/// Inside of the cage: from the one document to the other.
pub fn serve(document: &[u8]) -> Result<Vec<u8>, String> {
    let wish: Wish = serde_json::from_slice(document).map_err(|e| e.to_string())?;
    let tree = |tree: WireTree| {
        let items: Option<Vec<Made>> = tree.files.into_iter().map(WireFile::item).collect();
        items.map(|items| Tree::of(&tree.name, items))
    };
    let layers: Option<Vec<Tree>> = wish.layers.into_iter().map(tree).collect();
    let layers = layers.filter(|all| !all.is_empty()).ok_or("there are no files")?;
    let pack = Pack { origin: Origin::Builtin, layers };
    let answer = match step(&pack, &wish.given, wish.asking) {
        Ok(Step::Ask(asked)) => Answer::Ask(asked),
        Ok(Step::Done(done)) => Answer::Done {
            made: done.made.into_iter().map(WireFile::of).collect(),
            answers: done.answers,
            secrets: done.secrets,
            hooks: done.hooks,
        },
        Err(faults) => Answer::Faults(faults.iter().map(fault).collect()),
    };
    serde_json::to_vec(&answer).map_err(|e| e.to_string())
}

fn fault(fault: &ConfigError) -> WireFault {
    let (path, text, at, what, help) = fault.parts();
    let (path, text, what) = (path.to_owned(), text.to_owned(), what.to_owned());
    WireFault { path, text, at, what, help: help.map(str::to_owned) }
}

/// What came out.
pub(crate) fn read(document: &[u8]) -> Result<Result<Step, Faults>, String> {
    let answer: Answer = serde_json::from_slice(document)
        .map_err(|e| format!("the template cannot be rendered: {e}"))?;
    Ok(match answer {
        Answer::Ask(asked) => Ok(Step::Ask(asked)),
        Answer::Done { made, answers, secrets, hooks } => {
            let made: Option<Vec<Made>> = made.into_iter().map(WireFile::item).collect();
            let made = made.ok_or("the template cannot be rendered: bytes are lost")?;
            Ok(Step::Done(Box::new(Rendered { made, answers, secrets, hooks })))
        }
        Answer::Faults(all) => Err(all
            .into_iter()
            .map(|f| {
                let fault = ConfigError::new(&f.path, &f.text, f.at, f.what);
                f.help.into_iter().fold(fault, ConfigError::help)
            })
            .collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaffold::render::tests::{given, pack};

    #[test]
    fn what_comes_out_of_the_cage_is_what_was_rendered() {
        let toml = "name = 't'\nversion = '1.0.0'\n[answers.a]\nask = 'A?'\n[answers.s]\ntype = 'secret'\ndefault = 's'\n";
        let mut pack = pack(toml, &[("files/a.tera", "{{ a }}")]);
        let odd =
            crate::scaffold::model::TreeFile { bytes: b"\xff\x00".to_vec(), mode: Mode::Exec };
        pack.layers[0].files.insert("files/odd".to_owned(), odd);
        let through = |given: &Given, asking| {
            read(&serve(&wish(&pack, given, asking).unwrap()).unwrap()).unwrap()
        };
        let Ok(Step::Done(done)) = through(&given(&[("a", "x")]), Asking::Never) else { panic!() };
        assert_eq!(*done, crate::scaffold::render::render(&pack, &given(&[("a", "x")])).unwrap());
        let Ok(Step::Ask(asked)) = through(&given(&[]), Asking::Required) else { panic!() };
        assert_eq!((&*asked.name, &*asked.ask), ("a", "A?"));
        let Err(faults) = through(&given(&[]), Asking::Never) else { panic!() };
        let own = crate::scaffold::render::render(&pack, &given(&[])).unwrap_err();
        assert_eq!(faults[0].show(), own[0].show());
    }
}
