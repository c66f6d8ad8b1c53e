use super::*;

fn expert(name: &str, area: &str, paths: &[&str], priority: i64) -> Expert {
    Expert {
        area: vec![area.to_owned()],
        about: format!("About {name}."),
        paths: paths.iter().map(|&path| path.to_owned()).collect(),
        patterns: vec!["first".to_owned(), "second,\nlonger".to_owned()],
        priority,
        ..Expert::new(name.parse().unwrap())
    }
}

fn all() -> Vec<Expert> {
    vec![
        expert("every", "all", &["**"], 100),
        expert("rust", "rust", &["**/*.rs"], 0),
        expert("ui", "web", &["src/ui/", "**/*.css"], 0),
        expert("app", "rust", &["src/ui/app.rs"], 0),
        expert("b", "web", &["src/*.rs"], 5),
        expert("a", "web", &["src/*.rs"], 5),
        expert("silent", "silent", &[], 0),
    ]
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[test]
fn who_fits_better_is_told_first() {
    for (areas, paths, wanted) in [
        (&[][..], &["src/ui/app.rs"][..], &["app", "ui", "rust", "every"][..]),
        (&[], &["./src/main.rs"], &["a", "b", "rust", "every"]),
        (&[], &["style/x.css", "build.rs"], &["ui", "rust", "every"]),
        (&["RUST"], &[], &["app", "rust"]),
        (&["silent"], &["src/ui/app.rs"], &["silent", "app", "ui", "rust", "every"]),
        (&["every", "web"], &[], &["every", "a", "b", "ui"]),
        (&[], &["README.md"], &["every"]),
        (&["other"], &[], &[]),
    ] {
        let mut experts = all();
        for _ in 0..2 {
            let brief = choose(&experts, &texts(areas), &texts(paths), 10_000);
            let names: Vec<&str> = brief.chosen.iter().map(|c| c.name.as_str()).collect();
            assert_eq!(names, wanted, "{areas:?} {paths:?}");
            experts.reverse();
        }
    }
}

#[test]
fn the_text_says_what_is_known_and_nothing_in_it_is_filled_in() {
    let mut expert = expert("ui", "web", &[], 0);
    expert.commands = vec![
        ("test".to_owned(), "make ${x} {{ y }} $(rm -rf z)".to_owned()),
        ("odd".to_owned(), "echo `date`".to_owned()),
    ];
    let brief = choose(&[expert], &texts(&["web"]), &[], 1000);
    insta::assert_snapshot!(brief.text);
    assert_eq!(brief.chosen[0].why, "the area `web` is named");
    assert_eq!(brief.chosen[0].tokens, tokens(brief.text.len()));
}

#[test]
fn a_budget_cuts_between_items_and_never_within() {
    let experts = [expert("a", "x", &[], 1), expert("b", "x", &[], 0)];
    let whole = choose(&experts, &texts(&["x"]), &[], 10_000).text;
    let lines: Vec<&str> = whole.lines().collect();
    let mut seen = std::collections::BTreeSet::new();
    for budget in 0..=tokens(whole.len()) {
        let brief = choose(&experts, &texts(&["x"]), &[], budget);
        assert!(tokens(brief.text.len()) <= budget, "{budget}");
        assert!(brief.text.lines().all(|line| lines.contains(&line)), "{budget}: {}", brief.text);
        let longer = brief.text.matches("- second,\n").count();
        assert_eq!(brief.text.matches("  longer\n").count(), longer, "an item is whole");
        assert_eq!(brief.chosen.len() + brief.left_out.len(), 2);
        for chosen in &brief.chosen {
            assert!(chosen.tokens <= budget);
        }
        seen.insert((brief.chosen.len(), brief.chosen.iter().filter(|c| c.cut).count()));
    }
    // None, one cut, one whole, and both, the last of them cut or whole.
    assert!([(0, 0), (1, 1), (1, 0), (2, 1), (2, 0)].iter().all(|s| seen.contains(s)), "{seen:?}");
}
