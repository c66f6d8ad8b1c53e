use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::workflow::{
    run::Event,
    show::sample::{SHIP, Story, night},
};

fn made(story: &Story, logs: BTreeMap<InstanceId, String>) -> String {
    page(&PageData {
        view: story.view(),
        definition: story.definition.clone(),
        definition_text: SHIP.to_owned(),
        journal: story.journal.clone(),
        logs,
        now: story.now(),
        version: "1.2.3",
    })
}

/// Elements that have no end.
const EMPTY: &[&str] = &["meta", "!doctype"];
/// Elements whose end may be left out; the page does so for cells of heads.
const LOOSE: &[&str] = &["th"];

/// Reads a page as strictly as XML, and gives back its names of tags and its attributes.
fn parse(html: &str) -> (Vec<String>, Vec<(String, String)>) {
    let (mut open, mut seen, mut attributes) = (Vec::<String>::new(), vec![], vec![]);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        assert!(!rest[..at].contains('>'), "a bare > before {:.60}", &rest[at..]);
        rest = &rest[at + 1..];
        let name_end = rest.find(|c: char| c.is_whitespace() || "/>".contains(c));
        if let Some(end) = rest.strip_prefix('/') {
            let name = &end[..end.find('>').unwrap()];
            let last = loop {
                let last = open.pop().unwrap_or_else(|| panic!("</{name}> closes nothing"));
                if last == name || !LOOSE.contains(&last.as_str()) {
                    break last;
                }
            };
            assert_eq!(last, name, "before {:.60}", rest);
            rest = &end[name.len() + 1..];
            continue;
        }
        let name = rest[..name_end.unwrap()].to_owned();
        rest = &rest[name.len()..];
        let closed = loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix("/>") {
                break (after, true);
            }
            if let Some(after) = rest.strip_prefix('>') {
                break (after, false);
            }
            let end = rest.find(|c: char| !c.is_alphanumeric() && !"-_:".contains(c)).unwrap();
            assert!(end > 0, "no attribute: {rest:.60}");
            let (key, after) = rest.split_at(end);
            let value = after.strip_prefix("=\"").map(|value| value.split_once('"').unwrap());
            attributes.push((key.to_owned(), value.map(|v| v.0.to_owned()).unwrap_or_default()));
            rest = value.map_or(after, |value| value.1);
        };
        rest = closed.0;
        if name == "style" {
            let end = rest.find("</style>").unwrap();
            rest = &rest[end + 8..];
        } else if !closed.1 && !EMPTY.contains(&name.as_str()) {
            open.push(name.clone());
        }
        seen.push(name);
    }
    assert_eq!(open, Vec::<String>::new(), "all tags are closed");
    (seen, attributes)
}

/// What every page promises.
fn stands_alone(html: &str) {
    let (tags, attributes) = parse(html);
    for bad in ["script", "link", "img", "iframe", "object", "embed", "form", "base", "image"] {
        assert!(!tags.iter().any(|tag| tag == bad), "<{bad}>");
    }
    let mut ids: Vec<&str> = vec![];
    for (key, value) in &attributes {
        assert!(!key.starts_with("on"), "{key}");
        assert!(!["src", "srcset", "xlink:href", "action"].contains(&key.as_str()), "{key}");
        if key == "href" {
            assert!(value.starts_with('#'), "{value}");
        }
        if key == "id" {
            ids.push(value);
        }
        if key == "style" {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-:.,;()".contains(c);
            assert!(value.chars().all(plain), "{value}");
        }
        assert!(!value.contains("url(") || value == "url(#tip)", "{value}");
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "ids are unique");
    for (_, value) in attributes.iter().filter(|(key, _)| key == "href") {
        assert!(ids.contains(&&value[1..]), "{value} leads nowhere");
    }
    let style = &html[html.find("<style>").unwrap()..html.find("</style>").unwrap()];
    assert!(!style.contains("http") && !style.contains("@import"));
    assert_eq!(style.matches("url(").count(), style.matches("url(#hatch)").count());
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn a_page_is_well_formed_and_names_nothing_outside_of_itself() {
    let story = night();
    let html = made(&story, BTreeMap::new());
    stands_alone(&html);
    assert!(html.contains("<html lang=\"en\">") && html.contains("<title>fix-and-ship: running"));
    assert!(!html.contains("http:") && !html.contains("https:"));
}

#[test]
fn every_step_has_a_part_that_its_drawings_lead_to() {
    let story = night();
    let html = made(&story, BTreeMap::new());
    for step in &story.view().steps {
        assert_eq!(html.matches(&format!("id=\"i{}\"", step.instance)).count(), 1, "{}", step.id);
    }
    let deploy = format!("href=\"#i{}\"", story.at("deploy"));
    // In what wants attention, the drawing, the times and the journal.
    assert!(html.matches(&deploy).count() >= 4);
}

#[test]
fn what_a_stranger_wrote_stays_text() {
    let mut story = night();
    let evil = "</pre></title><script>alert(1)</script><img src=x onerror=y>\"]; {{ x }} '\u{202e}";
    story.definition.name = evil.to_owned();
    story.definition.about = evil.to_owned();
    for step in &mut story.definition.steps {
        step.about = evil.to_owned();
        step.id = format!("{}{evil}", step.id);
    }
    let mut view = story.view();
    (view.workflow, view.why) = (evil.to_owned(), Some(evil.to_owned()));
    (view.trigger, view.dir) = (evil.to_owned(), evil.to_owned());
    view.inputs.insert(evil.to_owned(), json!({evil: [evil]}));
    view.outputs = Some(json!({evil: evil}));
    for step in &mut view.steps {
        (step.id, step.step) = (format!("{}{evil}", step.id), format!("{}{evil}", step.step));
        (step.why, step.link) = (Some(evil.to_owned()), Some(evil.to_owned()));
        (step.kind, step.state) = (evil.to_owned(), evil.to_owned());
        step.outputs = Some(json!({evil: evil}));
        step.needs = vec![evil.to_owned()];
    }
    let logs = view.steps.iter().map(|step| (step.instance, evil.to_owned())).collect();
    let html = page(&PageData {
        view,
        definition: story.definition.clone(),
        definition_text: format!("{evil}: {evil}\n# {evil}"),
        journal: story.journal.clone(),
        logs,
        now: story.now(),
        version: evil,
    });
    stands_alone(&html);
    assert!(!html.contains('\u{202e}'));
}

#[test]
fn a_huge_log_shows_its_end_and_a_huge_value_its_beginning() {
    let mut story = night();
    let deploy = story.at("deploy");
    let log = format!("{}\u{1b}[31mthe last line\u{1b}[0m\n", "a <line> & more\n".repeat(400_000));
    let big = json!({"text": "x".repeat(5 << 20)});
    let at = story.at("soak");
    story.begin(&["soak"]);
    let event = Event::Done { at, output: big, cost: None, tokens: Default::default() };
    story.tell(1, vec![event]);
    let html = made(&story, BTreeMap::from([(deploy, log)]));
    stands_alone(&html);
    assert!(html.len() < 600_000, "{}", html.len());
    assert!(html.contains("the last line</pre>") && !html.contains('\u{1b}'));
    assert!(html.contains("KiB more are not shown here"));
}

#[test]
fn logs_of_many_steps_are_capped_together() {
    let steps: String = (0..200).map(|n| format!("  - {{id: s{n}, run: 'true'}}\n")).collect();
    let story = Story::of(&format!("steps:\n{steps}"), json!({}));
    let logs = (0..200).map(|at| (at, "y\n".repeat(100_000))).collect();
    let html = made(&story, logs);
    stands_alone(&html);
    assert!(html.len() < 6 << 20, "{}", html.len());
}

#[test]
fn a_run_of_which_nothing_has_happened_has_a_page_too() {
    let story = Story::of("steps:\n  - {id: a, run: 'true'}\n", json!({}));
    let html = made(&story, BTreeMap::new());
    stands_alone(&html);
    let mut view = story.view();
    (view.started_at, view.steps) = (None, vec![]);
    let data = PageData {
        view,
        definition: story.definition.clone(),
        definition_text: String::new(),
        journal: vec![],
        logs: BTreeMap::new(),
        now: story.now(),
        version: "0",
    };
    stands_alone(&page(&data));
}
