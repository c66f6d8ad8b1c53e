//! A question as a file, for those who like files.

use super::model::Item;
use crate::base::{ItemId, Name};

/// How a file of gaia's begins.
const MARK: &str = "<!-- gaia: ";

/// The text of the file of a question.
pub(super) fn write(item: &Item, answer: &str) -> String {
    let mut text = format!("{MARK}{} -->\n# {}\n", item.id, item.title);
    let from = [("agent", &item.agent), ("task", &item.task)];
    for (word, name) in from {
        if let Some(name) = name {
            text += &format!("\n{word}: {name}\n");
        }
    }
    if !item.body.is_empty() {
        text += &format!("\n{}\n", item.body);
    }
    for (at, choice) in item.options.iter().enumerate() {
        let line = if at == 0 { "\n" } else { "" };
        text += &format!("{line}{}. {} (`{}`)\n", at + 1, choice.words, choice.id);
    }
    text + &format!("\nTo answer, write `{answer}` beside this file.\n")
}

/// The item that a file was written for.
pub(super) fn item_of(text: &str) -> Option<ItemId> {
    text.strip_prefix(MARK)?.split_once(" -->")?.0.parse().ok()
}

/// The name, without its ending, of the file of a question: its task, or its id if that is taken.
pub(super) fn name(item: &Item, taken: impl Fn(&str) -> bool) -> String {
    let task = item.task.as_ref().map(|task| Name::near(task, item.id.as_str()).to_string());
    // `x-answer` would be taken for the answer to `x`.
    let fits = |name: &String| !taken(name) && !name.ends_with("-answer");
    task.filter(fits).unwrap_or_else(|| item.id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::Moment,
        inbox::{
            machine,
            model::{Choice, Kind, NewItem},
        },
    };

    #[test]
    fn a_question_reads_well_and_is_known_again() {
        let option = |id: &str| Choice { id: id.into(), words: format!("the {id} one") };
        let new = NewItem {
            task: Some("../fix login".into()),
            body: "It is not said.".into(),
            options: vec![option("red"), option("blue")],
            ..NewItem::new(Kind::Question, "Which colour?")
        };
        let item = machine::raise(new, ItemId::new(0, 0), Moment(0)).unwrap();
        let text = write(&item, "fix-answer.md");
        insta::assert_snapshot!(text, @r"
        <!-- gaia: q000000000000 -->
        # Which colour?

        task: ../fix login

        It is not said.

        1. the red one (`red`)
        2. the blue one (`blue`)

        To answer, write `fix-answer.md` beside this file.
        ");
        assert_eq!(item_of(&text), Some(item.id.clone()));
        assert_eq!(item_of("# notes of mine"), None);
        assert_eq!(name(&item, |_| false), "fix-login");
        assert_eq!(name(&item, |_| true), item.id.as_str());
        let sly = Item { task: Some("x-answer".into()), ..item };
        assert_eq!(name(&sly, |_| false), sly.id.as_str());
    }
}
