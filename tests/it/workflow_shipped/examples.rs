//! The examples: two files in the words of other tools, as somebody writes them who does not know
//! gaia.

use std::{path::Path, process::Command};

use super::{run, step};
use crate::{agent::yard::git, house::House};

/// A copy of the example, in a repository.
fn house() -> House {
    let house = House::new();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/workflows/.");
    let copied = Command::new("cp").arg("-R").arg(from).arg(house.workspace()).status().unwrap();
    assert!(copied.success());
    for args in
        [&["init", "-q", "-b", "main", "."][..], &["add", "-A"], &["commit", "-qm", "begin"]]
    {
        assert!(git(&house.workspace(), args).status.success());
    }
    house
}

#[test]
fn steps_with_prompts_and_lists() {
    let house = house();
    house.ok(&["workflow", "lint", "find-and-fix.yaml"]);
    let run = run(&house, &["find-and-fix.yaml"], true);
    assert_eq!(step(&run, "find")["outputs"]["failures"].as_array().unwrap().len(), 2);
    assert_eq!(step(&run, "fix[test_a_square_has_an_area]")["state"], "done");
    // Two commits, and tests that pass: `verify` runs them.
    assert_eq!(step(&run, "land")["outputs"]["commits"].as_array().unwrap().len(), 2);
    assert_eq!(step(&run, "verify")["outputs"]["passed"], true);
    let log = git(&house.workspace(), &["log", "--format=%s", "main"]);
    assert_eq!(String::from_utf8_lossy(&log.stdout).lines().count(), 3);
}

#[test]
fn tasks_with_types_commands_and_variables() {
    let house = house();
    house.ok(&["workflow", "lint", "release.yaml"]);
    let run = run(&house, &["release.yaml", "version=1.1.0"], true);
    let kinds = ["build", "check", "notes", "review"].map(|id| step(&run, id)["kind"].clone());
    assert_eq!(kinds, ["run", "run", "agent", "agent"]);
    let built = std::fs::read_to_string(house.workspace().join("dist/version.txt")).unwrap();
    assert_eq!(built, "shapes 1.1.0\n");
    let branch = step(&run, "notes")["outputs"]["branch"].as_str().unwrap();
    let notes = git(&house.workspace(), &["show", &format!("{branch}:NOTES.md")]);
    assert!(String::from_utf8_lossy(&notes.stdout).starts_with("# 1.1.0"));
    assert_eq!(step(&run, "review")["outputs"]["text"], "They are right.");
}

/// Every workflow that the documentation shows is one.
#[test]
fn workflows_of_the_documentation_are_read_without_a_fault() {
    let house = House::with("name = \"w\"\n");
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut files = Vec::new();
    for page in ["how-to/workflows.md", "concepts/workflows.md"] {
        let text = std::fs::read_to_string(docs.join(page)).unwrap();
        let blocks = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        for (number, block) in blocks.enumerate() {
            let name = format!("{}-{number}.yaml", page.split('/').next().unwrap());
            house.write(&name, block);
            files.push(name);
        }
    }
    assert!(files.len() >= 5, "{files:?}");
    let args = ["workflow", "lint"].into_iter().chain(files.iter().map(String::as_str));
    house.ok(&args.collect::<Vec<_>>());
}

#[test]
fn a_new_workflow_runs_as_it_is() {
    let house = House::with("name = \"w\"\n");
    house.ok(&["workflow", "new", "hello"]);
    house.ok(&["workflow", "lint", "hello"]);
    let run = run(&house, &["hello", "who=you"], true);
    assert_eq!(step(&run, "tell")["outputs"]["stdout"], "it said hello you");
    house.ok(&["workflow", "new", "mine", "--like", "review"]);
    house.ok(&["workflow", "lint", "mine"]);
}

#[test]
fn what_is_inside_of_a_loop_is_seen_from_outside_as_it_was_the_last_time() {
    let house = House::with("name = \"w\"\n");
    house.write(
        "count.yaml",
        "steps:\n  - id: rounds\n    loop: {until: n.number == 3, max_iterations: 5}\n    steps:\n      \
         - {id: n, run: \"echo {{ loop.iteration }}\", outputs: {number: integer}}\n  \
         - {id: tell, needs: rounds, run: \"echo {{ n.number }} {{ n.status }}\"}\n",
    );
    let run = run(&house, &["count.yaml"], true);
    assert_eq!(step(&run, "tell")["outputs"]["stdout"], "3 ok");
}

#[test]
fn the_time_before_is_only_known_in_a_loop() {
    let house = House::with("name = \"w\"\n");
    house.write(
        "wrong.yaml",
        "steps:\n  - {id: one, agent: a, prompt: do}\n  \
         - {id: two, needs: one, agent: a, prompt: do, from: prev.one}\n  \
         - {id: three, needs: one, agent: a, prompt: do, from: prev.nobody}\n",
    );
    let output = house.gaia(&["workflow", "lint", "wrong.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    for wanted in ["there is no `prev.one`", "there is no step `nobody`"] {
        assert!(told.contains(wanted), "{told}");
    }
}
