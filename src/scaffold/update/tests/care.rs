use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

use super::{ABC, Yard, pack, told};
use crate::{
    base::Code,
    scaffold::{
        manifest::PLACE,
        model::Origin,
        update::{Wish, apply::recover},
    },
};

#[test]
fn work_that_git_does_not_hold_is_refused_or_kept() {
    let files = |text: &'static str| [("f", text), (".gitignore", "secret\n"), ("secret", text)];
    let packs = vec![pack("1.0.0", "", &files(ABC)), pack("2.0.0", "", &files("a\nb\nc\nd\nE\n"))];
    let yard = Yard::new(packs);
    yard.write("f", "A\nb\nc\nd\ne\n");
    yard.write("secret", "S\nb\nc\nd\ne\n");
    fs::set_permissions(yard.at("secret"), fs::Permissions::from_mode(0o600)).unwrap();
    let before = yard.all();
    let refusal = yard.update().unwrap_err();
    assert!(refusal.message.contains("not committed: f"), "{refusal}");
    assert_eq!(yard.all(), before, "a refusal writes nothing");
    let updated = yard.update_as(Wish { force: true, ..yard.wish() }).unwrap();
    assert_eq!(updated.kept_in.as_deref(), Some(".gaia/before/1"));
    assert_eq!(yard.read(".gaia/before/1/f"), "A\nb\nc\nd\ne\n");
    let all = yard.all();
    assert_eq!(all[".gaia/before/1/secret"], "600 S\nb\nc\nd\ne\n");
    assert_eq!(all["secret"], "600 S\nb\nc\nd\nE\n", "who may read it stays as it was");
    let status = yard.git(&["status", "--porcelain", "-uall"]);
    assert!(!status.contains("before"), "git does not see the copies: {status}");
}

#[test]
fn a_project_without_git_is_updated_and_nothing_is_lost() {
    let files = |text: &'static str| [("f", text), ("g", text)];
    let packs = vec![pack("1.0.0", "", &files(ABC)), pack("2.0.0", "", &files("a\nb\nc\nd\nE\n"))];
    let mut yard = Yard::without_git(packs);
    yard.write("f", "A\nb\nc\nd\ne\n");
    fs::rename(yard.at("g"), yard.at("h")).unwrap();
    let updated = yard.update().unwrap();
    assert_eq!(told(&updated), ["merged f", "updated h"]);
    assert_eq!(yard.read(".gaia/before/1/f"), "A\nb\nc\nd\ne\n");
    // The old template is gone too: then both texts stand there.
    yard.packs = vec![pack("3.0.0", "", &[("f", "a\nb\nc\n3\nE\n"), ("g", "3\n")])];
    yard.forgets = true;
    fs::remove_dir_all(yard.at(".gaia/base")).unwrap();
    yard.write("h", "mine\n");
    let updated = yard.update().unwrap();
    assert_eq!(told(&updated), ["conflict f", "conflict h"]);
    let note = updated.files[0].note.as_deref().unwrap();
    assert_eq!(note, "the text it was made from is not known any more");
    assert_eq!(yard.read("h"), "<<<<<<< yours\nmine\n=======\n3\n>>>>>>> t 3.0.0\n");
    assert_eq!(yard.read(".gaia/before/2/h"), "mine\n");
}

#[test]
fn a_conflict_in_what_git_ignores_stays_out_of_gits_objects() {
    let files = |text: &'static str| [(".gitignore", "secret\n"), ("secret", text)];
    let yard = Yard::new(vec![pack("1.0.0", "", &files("a\n")), pack("2.0.0", "", &files("b\n"))]);
    yard.write("secret", "hush\n");
    let updated = yard.update().unwrap();
    assert_eq!((told(&updated), updated.conflicts), (vec!["conflict secret".to_owned()], 1));
    assert_eq!(yard.read(".gaia/before/1/secret"), "hush\n");
    assert_eq!(yard.git(&["ls-files", "-u"]), "");
    let blob = crate::scaffold::manifest::blob(b"hush\n");
    assert!(!yard.at(&format!(".git/objects/{}/{}", &blob[..2], &blob[2..])).exists());
}

#[test]
fn a_dry_run_writes_nothing_and_shows_the_change() {
    let packs = vec![pack("1.0.0", "", &[("f", "1\n")]), pack("2.0.0", "", &[("f", "2\n")])];
    let yard = Yard::new(packs);
    let before = yard.all();
    let updated = yard.update_as(Wish { dry_run: true, ..yard.wish() }).unwrap();
    assert_eq!(yard.all(), before);
    assert!(updated.diff.unwrap().contains("-1\n+2\n"));
}

#[test]
fn answers_are_kept_changed_by_wish_and_secrets_never_written() {
    let head = |more: &str| {
        format!(
            "[answers.who]\ntype = \"text\"\ndefault = \"you\"\n[answers.key]\ntype = \"secret\"\ndefault = \"hush-123\"\n{more}"
        )
    };
    let more = "[answers.extra]\ntype = \"int\"\ndefault = 7\n";
    let yard = Yard::new(vec![
        pack("1.0.0", &head(""), &[("f.tera", "{{ who }}\n{{ today.year }} {{ target }}\n")]),
        pack(
            "2.0.0",
            &head(more),
            &[("f.tera", "{{ who }} {{ extra }}\n{{ today.year }} {{ target }}\n")],
        ),
    ]);
    let answers = serde_json::json!({ "who": "me" }).as_object().unwrap().clone();
    let typo = serde_json::json!({ "whom": "me" }).as_object().unwrap().clone();
    let refusal = yard.update_as(Wish { answers: typo, ..yard.wish() }).unwrap_err();
    assert_eq!(refusal.help.as_deref(), Some("did you mean `who`?"));
    yard.update_as(Wish { answers, ..yard.wish() }).unwrap();
    assert_eq!(yard.read("f"), "me 7\n2026 p\n");
    let manifest = yard.read(PLACE);
    assert!(manifest.contains("who = \"me\"") && manifest.contains("extra = 7"), "{manifest}");
    assert!(!manifest.contains("hush") && !manifest.contains("key"), "{manifest}");
}

#[test]
fn a_command_that_fails_leaves_the_project_untouched() {
    let head = "[[migrations]]\nversion = \"2.0.0\"\nbefore = [[\"sh\", \"-c\", \"rm f; echo no; exit 3\"]]\n";
    let yard =
        Yard::new(vec![pack("1.0.0", "", &[("f", "1\n")]), pack("2.0.0", head, &[("f", "2\n")])]);
    let before = yard.all();
    let refusal = yard.update().unwrap_err();
    assert!(refusal.message.contains("ended with 3:\nno"), "{refusal}");
    assert_eq!(yard.all(), before);
}

#[test]
fn a_strangers_commands_run_only_if_they_were_allowed() {
    let head = |n: u8| {
        format!("[[migrations]]\nversion = \"{n}.0.0\"\nbefore = [[\"touch\", \"made{n}\"]]\n")
    };
    let mut yard = Yard::new(vec![
        pack("1.0.0", "", &[("f", "1\n")]),
        pack("2.0.0", &head(2), &[("f", "2\n")]),
    ]);
    yard.packs[1].origin = Origin::Folder("/else".into());
    let before = yard.all();
    for answer in [None, Some(false)] {
        yard.answer = answer;
        let refusal = yard.update().unwrap_err();
        assert_eq!(refusal.code, Code::Denied);
        assert!(refusal.message.contains("    touch made2"), "{refusal}");
        assert_eq!(yard.all(), before);
    }
    yard.answer = None;
    yard.update_as(Wish { trust: true, ..yard.wish() }).unwrap();
    assert!(yard.at("made2").exists());
    // The same once more is remembered, something else is not.
    yard.git(&["add", "-A"]);
    yard.git(&["reset", "-q", "--hard"]);
    yard.update().unwrap();
    yard.commit();
    yard.packs.push(pack("3.0.0", &head(3), &[("f", "3\n")]));
    yard.packs[2].origin = Origin::Folder("/else".into());
    assert_eq!(yard.update().unwrap_err().code, Code::Denied);
    yard.answer = Some(true);
    yard.update().unwrap();
}

#[test]
fn nothing_is_written_or_read_through_a_link() {
    let files = |text: &'static str| [("dir/f", text), ("dir/g", text)];
    let yard = Yard::new(vec![
        pack("1.0.0", "", &files("1\n")),
        pack("2.0.0", "", &[("dir/f", "2\n"), ("dir/g", "1\n"), ("dir/new", "n\n")]),
    ]);
    let outside = yard.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("f"), "1\n").unwrap();
    fs::remove_dir_all(yard.at("dir")).unwrap();
    symlink(&outside, yard.at("dir")).unwrap();
    yard.commit();
    let updated = yard.update().unwrap();
    assert_eq!(fs::read_to_string(outside.join("f")).unwrap(), "1\n");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(told(&updated), ["kept dir/f", "conflict dir/new"]);
    assert_eq!(yard.read("dir.theirs/new"), "n\n");
}

#[test]
fn gaias_own_folder_may_be_no_link_and_its_journal_names_only_files_of_the_project() {
    let packs = vec![pack("1.0.0", "", &[("f", "1\n")]), pack("2.0.0", "", &[("f", "2\n")])];
    let yard = Yard::new(packs);
    for path in ["../out", ".git/hooks/pre-commit", "/etc/x", ".gaia/before/../../../x"] {
        let places = serde_json::json!([{ "slot": 0, "path": path, "was": null }]);
        let journal =
            serde_json::json!({ "to": "2", "removes": [], "places": places, "unmerged": [] });
        yard.write(".gaia/update/journal", &journal.to_string());
        yard.write(".gaia/update/new/0", "evil");
        let refusal = yard.update().unwrap_err();
        assert!(refusal.message.contains("the journal"), "{refusal}");
        fs::remove_dir_all(yard.at(".gaia/update")).unwrap();
    }
    let outside = yard.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    symlink(&outside, yard.at(".gaia/update")).unwrap();
    yard.update().unwrap();
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    assert_eq!(yard.read("f"), "2\n");
}

#[test]
fn an_edit_after_a_crash_is_kept_when_the_update_is_finished() {
    let packs = vec![pack("1.0.0", "", &[("f", "1\n")])];
    let yard = Yard::new(packs);
    let was = crate::scaffold::manifest::sha256(b"1\n");
    let places = serde_json::json!([{ "slot": 0, "path": "f", "was": was }]);
    let journal = serde_json::json!({ "to": "2", "removes": [], "places": places, "unmerged": [] });
    yard.write(".gaia/update/new/0", "2\n");
    yard.write(".gaia/update/journal", &journal.to_string());
    yard.write("f", "my hour of work\n");
    let to = Yard::run(recover(&yard.ports(), &yard.root())).unwrap();
    assert_eq!((to.as_deref(), yard.read("f").as_str()), (Some("2"), "2\n"));
    assert_eq!(yard.read(".gaia/before/1/f"), "my hour of work\n");
    assert!(!yard.at(".gaia/update").exists());
}
