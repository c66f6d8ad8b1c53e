//! What every make must do.

use serde_json::{Value, json};

use crate::{
    make::Make,
    rig::{Mode, Rig, holds_only},
};

/// It edits a file, runs its test, and gaia commits, meters and tells.
pub fn edits(make: &Make, mode: Mode) {
    let rig = Rig::new(make, mode, "fix-and-test");
    let task = rig.done("Repair add() in calc.py, and run its test.");
    assert_eq!(rig.work(&task, "calc.py"), "def add(a, b):\n    return a + b");
    assert_eq!(rig.git(&["show", "main:calc.py"]), "def add(a, b):\n    return a - b");
    let branch = task["branch"].as_str().unwrap();
    assert_eq!(rig.git(&["rev-list", "--count", &format!("main..{branch}")]), "1");
    assert_eq!(task["text"], "Fixed add(); the tests pass.", "{task:#}");
    assert!(rig.model.last_request().contains("Ran 1 test"), "{}", rig.model.last_request());
    // Four turns: 1000+1100+1200+1300 in, 50+60+40+30 out, and what the cache gave and took.
    let written = if make.tells_cache_writes { 500 } else { 0 };
    let tokens = json!({
        "input": 4600 + 500 - written, "output": 180, "cache_read": 2600, "cache_write": written,
    });
    used(&rig, &tokens);
    let task = rig.task("t1");
    assert!(task["cost_usd"].as_f64().unwrap() > 0.0, "{task:#}");
    assert_eq!(task["receipts"][0]["state"], "accepted", "{task:#}");
    assert_eq!(task["receipts"].as_array().unwrap().len(), 1);
    assert_eq!(task["attempts"].as_array().unwrap().len(), 1);
    assert!(task["attempts"][0]["session"].as_str().unwrap().len() > 20, "{task:#}");
    assert_eq!(rig.model.turns(), 4, "{}", rig.model.log());
}

/// It asks through gaia's tools; what the person says reaches it.
pub fn asks(make: &Make, mode: Mode) {
    let rig = Rig::new(make, mode, "ask");
    let id = rig.add("Ask which sign stands for adding, and write it down.");
    rig.house.gaia(&["agent", "wait", &id, "--until", "waiting", "--timeout", "120s"]);
    let items = || rig.house.json(&["inbox", "list"]).as_array().cloned().unwrap_or_default();
    rig.until(&id, "it asks", || !items().is_empty());
    let item = items()[0].clone();
    assert_eq!(item["title"], "Which sign stands for adding?", "{item:#}");
    assert_eq!(item["task"], id.as_str(), "{item:#}");
    rig.until(&id, "it is seen to wait", || {
        rig.task(&id)["activity"].as_str().is_some_and(|word| word.starts_with("waiting"))
    });
    rig.house.ok(&["answer", item["id"].as_str().unwrap(), "plus"]);
    let task = rig.wait(&id);
    let heard = rig.work(&task, "answer.txt");
    assert!(heard.contains("plus"), "{heard}");
    assert_eq!(rig.model.turns(), 3, "{}", rig.model.log());
}

/// It cannot push, whatever way it tries.
pub fn pushes(make: &Make, mode: Mode) {
    let rig = Rig::new(make, mode, "push");
    let task = rig.done("Push your work.");
    assert_eq!(rig.work(&task, "inside.txt"), "inside the fence");
    let remote = rig.remote();
    assert_eq!(rig.git(&["ls-remote", remote.to_str().unwrap()]), "", "something was pushed");
    let refused = rig.facts("fence.refused");
    let pushes = refused.iter().filter(|fact| fact.to_string().contains("git push"));
    assert!(pushes.count() >= 2, "{refused:#?}\n{}", rig.seen("t1"));
    let denials = task["attempts"][0]["denials"].to_string();
    assert!(denials.contains("git push"), "{denials}");
}

/// The kernel keeps it in its worktree.
pub fn escapes(make: &Make, mode: Mode) {
    let rig = Rig::new(make, mode, "escape");
    let task = rig.done("Write outside.");
    assert_eq!(rig.work(&task, "inside.txt"), "inside the fence");
    assert!(holds_only(&rig.outside(), &["kept"]), "something was written outside");
    assert_eq!(std::fs::read_to_string(rig.outside().join("kept")).unwrap(), "kept\n");
    let worktree = std::path::PathBuf::from(task["worktree"].as_str().unwrap());
    assert!(!worktree.with_file_name("beside").exists());
    assert!(rig.model.last_request().contains("ermission denied"), "{}", rig.model.last_request());
}

/// A limit is waited for, and the conversation goes on; the prompt is not sent twice.
pub fn limited(make: &Make, mode: Mode) {
    let rig = Rig::new(make, mode, "limit");
    let task = rig.done("Write a file, whatever comes between, said the lighthouse keeper.");
    assert_eq!(rig.work(&task, "inside.txt"), "after the limit");
    let asked = rig.model.last_request();
    let prompts = asked.matches("said the lighthouse keeper").count();
    assert_eq!(prompts, 1, "the prompt was sent {prompts} times\n{asked}\n{task:#}");
    assert_eq!(rig.model.turns(), 2, "{}", rig.model.log());
    let attempts = task["attempts"].as_array().unwrap();
    if attempts.len() == 2 {
        assert_eq!(attempts[0]["class"], "limited", "{task:#}");
        assert_eq!(attempts[0]["session"], attempts[1]["session"]);
    }
    assert!(attempts.len() <= 2, "{task:#}");
}

/// A second prompt goes on with the conversation, and nothing is counted twice.
pub fn goes_on(make: &Make, mode: Mode) {
    let rig = Rig::new(make, mode, "again");
    rig.done("Say hello.");
    used(&rig, &tokens(2100, 21, 200));
    rig.house.ok(&["task", "retry", "t1", "--prompt", "And then say goodbye."]);
    let second = rig.wait("t1");
    let session = |number: usize| second["attempts"][number]["session"].clone();
    assert_eq!(session(0), session(1), "{second:#}");
    assert_eq!(second["text"], "Goodbye.", "{}", rig.seen("t1"));
    assert!(rig.model.last_request().contains("Say hello."), "the conversation went on");
    used(&rig, &tokens(4100, 41, 500));
    assert_eq!(rig.model.turns(), 3, "{}", rig.model.log());
}

/// The daemon is killed while it works; the same attempt goes on and ends well.
pub fn outlives(make: &Make, mode: Mode) {
    let rig = Rig::new(make, mode, "gate");
    let id = rig.add("Wait for the gate, then write a file.");
    let mut worktree = None;
    rig.until(&id, "it has a worktree", || {
        worktree = rig.task(&id)["worktree"].as_str().map(std::path::PathBuf::from);
        worktree.is_some()
    });
    let gate = worktree.unwrap().join(".gaia");
    rig.until(&id, "it waits at the gate", || gate.join("waiting").exists());
    let before = rig.task(&id);
    rig.house.crash();
    std::fs::write(gate.join("gate"), "").unwrap();
    let task = rig.wait(&id);
    assert_eq!(rig.work(&task, "inside.txt"), "through the gate");
    assert_eq!(task["attempts"].as_array().unwrap().len(), 1, "{task:#}");
    assert_eq!(task["attempts"][0]["unit"], before["attempts"][0]["unit"]);
    assert_eq!(task["text"], "The gate was opened.", "{task:#}");
    assert_eq!(rig.model.turns(), 3, "{}", rig.model.log());
}

/// What the task has used; a program in a pane may write its files a moment after its last word.
fn used(rig: &Rig, wanted: &Value) {
    let seen = || without_zero(&rig.task("t1")["tokens"]);
    rig.until("t1", &format!("{wanted} was used"), || seen() == without_zero(wanted));
}

fn tokens(input: u64, output: u64, cache_read: u64) -> Value {
    without_zero(&json!({"input": input, "output": output, "cache_read": cache_read}))
}

/// Kinds of tokens of which there were none say nothing.
fn without_zero(tokens: &Value) -> Value {
    let all = tokens.as_object().expect("tokens").clone();
    Value::Object(all.into_iter().filter(|(_, count)| *count != json!(0)).collect())
}

/// Two steps of a workflow: it edits; in a second conversation it is asked for typed outputs, which
/// it gives once it has been told what does not fit.
pub fn works_in_a_workflow(make: &Make, mode: Mode) {
    let rig = Rig::new(make, mode, "workflow");
    rig.house.write("repair.yaml", REPAIR);
    let run = rig.house.json(&["run", "start", "repair.yaml", "--wait"]);
    let step = |id: &str| {
        let all = run["steps"].as_array().unwrap();
        all.iter().find(|step| step["id"] == id).unwrap().clone()
    };
    assert_eq!(run["state"], "done", "{run:#}\n{}", rig.seen("t2"));
    let judged = step("judge");
    assert_eq!(judged["outputs"]["adds"], true, "{run:#}");
    assert_eq!(judged["outputs"]["signs"], json!(["+"]));
    assert_eq!(rig.git(&["show", "main:calc.py"]), "def add(a, b):\n    return a + b");
    let asked = rig.task(judged["link"].as_str().unwrap());
    let attempts = asked["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{asked:#}");
    assert_eq!(attempts[0]["session"], attempts[1]["session"]);
    assert!(run["cost_usd"].as_f64().unwrap() > 0.0, "{run:#}");
}

const REPAIR: &str = "\
steps:
  - id: edit
    agent: builder
    mode: headless
    prompt: Repair add() in calc.py.
  - id: judge
    needs: edit
    agent: builder
    mode: headless
    from: edit
    prompt: Say whether add() adds now.
    outputs:
      adds: boolean
      signs: { type: array, items: { enum: ['+', '-'] }, minItems: 1 }
  - id: land
    needs: judge
    when: judge.adds
    land: edit
";
