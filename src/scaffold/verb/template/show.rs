use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::common::{Place, word};
use crate::{
    base::{Refusal, faults_refusal},
    scaffold::{
        Handle, file,
        model::{Kind, Preset, Question},
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia template show`
pub(super) struct Show;

/// Arguments of [`Show`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the template, or the path of its folder: ./NAME
    template: String,
    /// Where whoever asks stands
    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

/// A template.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    name: String,
    version: String,
    about: String,
    tags: Vec<String>,
    /// Where it was found: workspace, home, built in, folder
    place: String,
    source: String,
    /// The templates it extends, the base first.
    extends: Vec<String>,
    answers: Vec<Wanted>,
    /// Files of the template.
    files: Vec<String>,
    /// Commands that it runs in a new project.
    commands: Vec<Vec<String>>,
    /// Sets of answers that it is tested with.
    tests: Vec<String>,
    /// Hash of all its files.
    hash: String,
}

/// An answer that it wants.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Wanted {
    name: String,
    kind: Kind,
    ask: Option<String>,
    help: Option<String>,
    /// The default, as the template has it; without one it must be said.
    default: Option<Value>,
    choices: Vec<String>,
}

impl Wanted {
    fn of(question: Question) -> Self {
        let default = question.default.map(|preset| match preset {
            Preset::Words(words) => Value::from(words.text),
            Preset::Value(value) => value,
        });
        Self {
            name: question.name.text,
            kind: question.kind,
            ask: question.ask,
            help: question.help,
            default,
            choices: question.choices.into_iter().map(|choice| choice.value).collect(),
        }
    }
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show a template: what it asks, what it makes, what it runs";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/templates/{template}";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.place.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let pack = handle.find(args.place.folder(), &args.template).await?;
        let book = file::read(&pack).map_err(|faults| faults_refusal(&faults))?;
        let template = book.template;
        let base = pack.layers.split_last().map_or(&[][..], |(_, base)| base);
        Ok(Reply {
            name: template.name,
            version: template.version.to_string(),
            about: template.about,
            tags: template.tags,
            place: word(&pack.origin).to_owned(),
            source: pack.origin.show(),
            extends: base.iter().map(|tree| tree.name.clone()).collect(),
            answers: template.questions.into_iter().map(Wanted::of).collect(),
            files: book.files.into_keys().collect(),
            commands: template.hooks.before.into_iter().chain(template.hooks.after).collect(),
            tests: template.trials.into_iter().map(|trial| trial.name.text).collect(),
            hash: pack.hash(),
        })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        let mut text = format!("{} {}", ui.paint("1", &reply.name), reply.version);
        if !reply.about.is_empty() {
            let _ = write!(text, ": {}", reply.about);
        }
        let _ = write!(text, "\nfrom {}", reply.source);
        if !reply.extends.is_empty() {
            let _ = write!(text, ", on top of {}", reply.extends.join(", "));
        }
        if !reply.answers.is_empty() {
            text += "\n\nanswers";
        }
        for answer in &reply.answers {
            let default = match &answer.default {
                None => "must be said".to_owned(),
                Some(Value::String(text)) => format!("{text:?}"),
                Some(value) => value.to_string(),
            };
            let about = answer.ask.as_deref().unwrap_or("never asked");
            let _ = write!(text, "\n    {}: {about} ({default})", ui.paint("1", &answer.name));
            if !answer.choices.is_empty() {
                let _ = write!(text, " of {}", answer.choices.join(", "));
            }
        }
        let _ = write!(text, "\n\nfiles\n    {}", reply.files.join("\n    "));
        if !reply.commands.is_empty() {
            text += "\n\ncommands";
        }
        for command in &reply.commands {
            let _ = write!(text, "\n    {}", shell_words::join(command));
        }
        text
    }
}
