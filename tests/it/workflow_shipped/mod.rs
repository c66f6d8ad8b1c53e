//! The workflows that come with gaia, and steps of agents, for real: a repository, a daemon, agents
//! that are played by `gaia script` and really edit files.

mod answers;
mod examples;
mod repair;
mod review;
mod tools;

use serde_json::Value;

use crate::{
    agent::yard::Yard,
    house::{House, seen},
};

/// One agent plays all parts. It does what its script says for the prompt at hand.
const HAND: &str = "[agents.hand]\ndriver = \"script\"\nargs = [\"--file\", \"{here}/hand.toml\"]\n\
     fence = { also_write = [\"{here}/out\"] }\n";

/// A repository with one agent that plays this script, and with these files.
fn yard(script: &str, files: &[(&str, &str)]) -> Yard {
    let yard = Yard::bare(HAND, &[("hand.toml", script)]);
    for (name, text) in files {
        put(&yard.house, name, text);
    }
    yard.git(&["init", "-q", "-b", "main", "."]);
    yard.commit("begin");
    yard
}

/// Writes a file of the workspace, and makes its folder.
fn put(house: &House, name: &str, text: &str) {
    let path = house.workspace().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// What an agent says at the end of a task whose prompt is such: its outputs, between other words.
fn says(prompt: &str, outputs: &str) -> String {
    format!(
        "[[step]]\nwhen_prompt = '{prompt}'\nusage = {{ input = 100, output = 10, cost_usd = 0.01 }}\n\
         [[step]]\nwhen_prompt = '{prompt}'\nfinish = {{ summary = '''I am done:\n{outputs}''' }}\n"
    )
}

/// A file that an agent writes in a task whose prompt is such.
fn writes(prompt: &str, path: &str, content: &str) -> String {
    format!(
        "[[step]]\nwhen_prompt = '{prompt}'\nwrite = {{ path = '{path}', content = '''{content}''' }}\n"
    )
}

/// Runs a workflow to its end; the run. `good` says whether it is to end well.
fn run(house: &House, args: &[&str], good: bool) -> Value {
    let output = house.gaia(&[&["run", "start"], args, &["--wait", "--json"]].concat());
    let run: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{args:?}\n{}\n{}", seen(&output), house.log()));
    assert_eq!(output.status.code(), Some(if good { 0 } else { 1 }), "{run:#}\n{}", house.log());
    run
}

/// Begins a run; its id.
fn begin(house: &House, args: &[&str]) -> String {
    let run = house.json(&[&["run", "start"], args].concat());
    run["id"].as_str().unwrap().to_owned()
}

/// A step of a run, by where it is.
fn step<'a>(run: &'a Value, id: &str) -> &'a Value {
    let all = run["steps"].as_array().unwrap();
    all.iter().find(|step| step["id"] == id).unwrap_or_else(|| panic!("no {id} in {run:#}"))
}

/// Says yes to the next approval; its title.
fn approve(yard: &Yard) -> String {
    let item = yard.item();
    yard.house.ok(&["approve", item["id"].as_str().unwrap()]);
    item["title"].as_str().unwrap().to_owned()
}

#[test]
fn every_shipped_workflow_says_what_it_would_do() {
    let yard = yard("", &[]);
    let listed = yard.house.json(&["workflow", "list"]);
    let listed: Vec<_> = listed.as_array().unwrap().iter().map(|one| &one["name"]).collect();
    for (name, inputs, steps) in [
        ("bug-investigate", &["bug=it breaks"][..], 5),
        ("failing-tests", &[], 1),
        ("implement-review-test", &["task=do it", "approve=no"], 9),
        ("plan-build", &["goal=a wall"], 7),
        ("review", &["reviewers=2"], 5),
        ("security-audit", &["scope=full"], 5),
        ("self-improve", &[], 12),
        ("test-fix", &[], 9),
    ] {
        assert!(listed.contains(&&Value::from(name)), "{name} in {listed:?}");
        yard.house.ok(&["workflow", "lint", name]);
        let args = [&["run", "start", name, "--dry-run"], inputs].concat();
        let planned = yard.house.json(&args);
        assert_eq!(planned["state"], "planned");
        assert_eq!(planned["steps"].as_array().unwrap().len(), steps, "{planned:#}");
    }
    assert_eq!(yard.house.json(&["run", "list"]).as_array().unwrap().len(), 0);
    let refused = yard.house.gaia(&["run", "start", "security-audit", "scope=some"]);
    assert_eq!(refused.status.code(), Some(2), "{}", seen(&refused));
    assert!(seen(&refused).contains("one of \"quick\", \"full\""), "{}", seen(&refused));
}
