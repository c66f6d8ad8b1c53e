use super::import;
use crate::session::{Context, Declared, Source, load};

fn loaded(text: &str) -> Declared {
    let context = Context {
        dir: "/home/me/project".as_ref(),
        home: "/home/me".as_ref(),
        layout: &|_| None,
        layouts: vec![],
        is_dir: &|_| true,
    };
    let source = Source { path: "imported".into(), bytes: text.into() };
    load(&source, &context, None).unwrap_or_else(|faults| {
        panic!("{}\n{text}", faults.iter().map(|f| f.show()).collect::<String>())
    })
}

/// Each becomes a definition that gaia itself reads.
#[test]
fn definitions_of_other_tools_are_carried_over() {
    for (name, text) in [
        ("tmuxinator", include_str!("../../../tests/fixtures/import/tmuxinator.yml")),
        ("tmuxp", include_str!("../../../tests/fixtures/import/tmuxp.yaml")),
        ("tmuxp_json", include_str!("../../../tests/fixtures/import/tmuxp.json")),
        ("smug", include_str!("../../../tests/fixtures/import/smug.yml")),
    ] {
        let imported = import(text).unwrap();
        let declared = loaded(&imported.text);
        assert!(!declared.windows.is_empty());
        insta::assert_snapshot!(name, imported.text);
    }
}

#[test]
fn what_cannot_be_carried_over_is_named() {
    let imported = import("name: x\nwindows:\n- a: ls\nplugins: [p]\n").unwrap();
    assert_eq!(imported.left, ["plugins: gaia has nothing like it"]);
    let message = |text: &str| import(text).unwrap_err().message;
    assert!(message("name: <%= 1 %>\nwindows: []").contains("ERB"));
    assert!(message("a: 1").contains("no definition of tmuxinator"));
    assert!(message("[1, 2]").contains("not a table"));
    assert!(message("a: b: c").contains("neither YAML nor JSON"));
}

#[test]
fn names_that_gaia_would_refuse_are_made_fit_and_distinct() {
    let text = "name: my.app\nwindows:\n- a b: ls\n- a.b: ls\n- a:b: ls\n";
    let declared = loaded(&import(text).unwrap().text);
    let names: Vec<&str> = declared.windows.iter().map(|w| w.name.as_str()).collect();
    assert_eq!((declared.name.as_str(), names), ("my-app", vec!["a-b", "a-b-2", "a-b-3"]));
}
