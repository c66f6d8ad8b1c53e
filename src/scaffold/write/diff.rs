//! What would change, as a unified diff.

use similar::TextDiff;

use crate::base::{Item, Mode, plain};

/// The change from what is there (nothing, or an item) to what will be; empty if there is none.
pub(crate) fn diff(path: &str, old: Option<&Item>, new: &Item) -> String {
    if old.is_some_and(|old| old.bytes == new.bytes && old.mode == new.mode) {
        return String::new();
    }
    let mut text = String::new();
    let mode = |mode: Mode| match mode {
        Mode::Plain => "100644",
        Mode::Exec => "100755",
        Mode::Link => "120000",
        Mode::Folder => "040000",
    };
    let shown = plain(path);
    text += &format!("diff --git a/{shown} b/{shown}\n");
    match old {
        None => text += &format!("new file mode {}\n", mode(new.mode)),
        Some(old) if old.mode != new.mode => {
            text += &format!("old mode {}\nnew mode {}\n", mode(old.mode), mode(new.mode));
        }
        Some(_) => {}
    }
    let before = old.map(|old| old.bytes.as_slice()).unwrap_or_default();
    if before == new.bytes {
        return text;
    }
    let from = if old.is_some() { format!("a/{shown}") } else { "/dev/null".to_owned() };
    match (std::str::from_utf8(before), std::str::from_utf8(&new.bytes)) {
        (Ok(before), Ok(after)) if !after.contains('\0') && !before.contains('\0') => {
            let diff = TextDiff::from_lines(before, after);
            let to = format!("b/{shown}");
            text += &diff.unified_diff().context_radius(3).header(&from, &to).to_string();
        }
        _ => text += &format!("Binary files {from} and b/{shown} differ\n"),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &[u8], mode: Mode) -> Item {
        Item { path: "a/b".to_owned(), bytes: text.to_vec(), mode }
    }

    #[test]
    fn a_diff_is_one_that_git_could_apply() {
        let (one, two) = (item(b"a\nb\n", Mode::Plain), item(b"a\nc\n", Mode::Exec));
        assert_eq!(diff("a/b", Some(&one), &one), "");
        assert_eq!(
            diff("a/b", None, &one),
            "diff --git a/a/b b/a/b\nnew file mode 100644\n--- /dev/null\n+++ b/a/b\n@@ -0,0 +1,2 @@\n+a\n+b\n"
        );
        assert_eq!(
            diff("a/b", Some(&one), &two),
            "diff --git a/a/b b/a/b\nold mode 100644\nnew mode 100755\n--- a/a/b\n+++ b/a/b\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
        );
        let binary = diff("a/b", None, &item(b"\xff", Mode::Plain));
        assert!(binary.ends_with("Binary files /dev/null and b/a/b differ\n"), "{binary}");
    }
}
