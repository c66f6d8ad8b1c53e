//! `gaia run start --follow` and `gaia run follow`: what happens in a run, as it happens, then how
//! it ended. On a terminal the steps are drawn below, and drawn over with each thing that happens.

use clap::ArgMatches;
use serde_json::Value;

use super::{
    Outcome, json_text, print, print_raw,
    send::{block_on, entry_of},
    start,
};
use crate::{
    base::Refusal,
    client::{Client, escape},
    verb::{Here, Ui},
};

/// Whether this is for this room and not for a verb alone.
pub(super) fn is_followed(verb: &str, args: &ArgMatches) -> bool {
    match verb {
        "start" => args.get_flag("follow") && !args.get_flag("dry_run"),
        "follow" => true,
        _ => false,
    }
}

/// Starts a run, or finds one, shows what happens in it, and how it ended.
pub(super) fn run(
    (verb, args): (&str, &ArgMatches),
    here: &Here,
    (ui, json): (&Ui, bool),
) -> Result<Outcome, Refusal> {
    let entry = entry_of("run", verb)?;
    let mut request = (entry.read)(args, here)?;
    block_on(async {
        let client = start::connect(here).await?;
        if verb == "start" {
            // It is waited for here.
            request.args["wait"] = Value::Bool(false);
            request.args = entry.call(&client, request.args, ui).await??.reply;
        }
        let word = request.args["id"].as_str().unwrap_or_default();
        let id = follow(&client, word, (here, json)).await?;
        let entry = entry_of("run", "wait")?;
        let answer = entry.call(&client, serde_json::json!({ "id": id }), ui).await??;
        let text = if json { json_text(&answer.reply) } else { answer.text };
        Ok(Outcome { text, failed: answer.failed })
    })
}

/// Shows what happens in the run that a word means; its id, as the word may mean another one later.
async fn follow(
    client: &Client,
    word: &str,
    (here, json): (&Here, bool),
) -> Result<String, Refusal> {
    let size = here.size.filter(|_| !json);
    let mut path = format!("/v1/runs/{}/stream", escape(word));
    if let Some((columns, rows)) = size {
        let colour = here.wants_colour();
        path.push_str(&format!("?columns={columns}&rows={rows}&colour={colour}"));
    }
    let (mut screen, mut id) = (Screen::default(), word.to_owned());
    let each = |item: Value| {
        item["run"].as_str().unwrap_or(word).clone_into(&mut id);
        let lines = item["lines"].as_array().into_iter().flatten();
        let lines: Vec<&str> = lines.filter_map(Value::as_str).collect();
        match size {
            _ if json => print(&json_text(&item)),
            Some(_) => screen.show(&lines, item["drawing"].as_str().unwrap_or_default()),
            None => print(&lines.join("\n")),
        }
        true
    };
    client.follow(&path, each).await?;
    Ok(id)
}

/// What stands on the terminal and is drawn over.
#[derive(Default)]
struct Screen {
    /// Lines of the drawing.
    height: usize,
}

impl Screen {
    /// Writes lines that stay where the drawing was, and the drawing below them.
    fn show(&mut self, lines: &[&str], drawing: &str) {
        let mut text = String::new();
        if self.height > 0 {
            // Back to its first line, and nothing below.
            text.push_str(&format!("\x1b[{}A\x1b[J", self.height));
        }
        for line in lines.iter().copied().chain(drawing.lines()) {
            text.push_str(line);
            text.push('\n');
        }
        self.height = drawing.lines().count();
        print_raw(&text);
    }
}
