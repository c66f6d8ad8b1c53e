//! Questions of agents and the answers of people.

use super::yard::Yard;

const ASKS: &str = "[[step]]\nask = 'Which colour?'\noptions = ['red', 'blue']\n\
    [[step]]\nwrite = { path = 'colour.txt', content = '{{answer}}' }\n";

fn yard(more: &str) -> Yard {
    let agent = "[agents.one]\ndriver = \"script\"\nargs = [\"--file\", \"{here}/one.toml\"]\n";
    Yard::new(&format!("{agent}{more}"), &[("one.toml", ASKS)])
}

fn colour(yard: &Yard) -> String {
    yard.text("w.worktrees/t1/colour.txt")
}

#[test]
fn a_question_waits_for_its_answer_and_the_agent_goes_on_with_it() {
    let yard = yard("");
    let id = yard.add("paint", &[]);
    let item = yard.item();
    assert_eq!((&item["kind"], &item["task"]), (&"question".into(), &id.as_str().into()));
    yard.until(&id, "it is seen to wait", |task| {
        task["activity"].as_str().is_some_and(|a| a.starts_with("waiting"))
    });
    yard.house.ok(&["answer", item["id"].as_str().unwrap(), "blue"]);
    yard.until(&id, "it is done", |task| task["state"] == "done");
    assert_eq!(colour(&yard), "blue");
    assert!(yard.items().is_empty());
}

#[test]
fn a_question_outlives_the_daemon() {
    let yard = yard("");
    let id = yard.add("paint", &[]);
    let item = yard.item();
    yard.house.crash();
    assert_eq!(yard.item()["id"], item["id"], "it is asked once");
    yard.house.ok(&["answer", item["id"].as_str().unwrap(), "red"]);
    yard.until(&id, "it is done", |task| task["state"] == "done");
    assert_eq!(colour(&yard), "red");
}

#[test]
fn a_question_of_a_cancelled_task_is_withdrawn() {
    let yard = yard("");
    let id = yard.add("paint", &[]);
    yard.item();
    yard.house.ok(&["task", "cancel", &id]);
    yard.house.until("nothing is asked any more", || yard.items().is_empty());
}

#[test]
fn a_question_can_be_answered_by_a_file() {
    let yard = yard("[tasks]\nquestions = \"questions\"\n");
    let id = yard.add("paint", &[]);
    yard.item();
    let file = format!("w/questions/{id}.md");
    yard.house.until("the question is a file", || yard.text(&file).contains("Which colour?"));
    yard.house.write(&format!("questions/{id}-answer.md"), "blue\n");
    yard.until(&id, "it is done", |task| task["state"] == "done");
    assert_eq!(colour(&yard), "blue");
}
