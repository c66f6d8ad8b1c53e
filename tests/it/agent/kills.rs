//! Agents, shims, tmux and the daemon are killed in the middle of a task.

use super::yard::Yard;
use crate::house::{alive, kill, until};

/// An agent that waits at a gate at its first start, and works at once at its next.
const AGENT: &str = "[agents.one]\ndriver = \"command\"\ncommand = [\"{here}/one\"]\n\
    fence = { also_write = [\"{here}/out\"] }\n";
const PROGRAM: &str = "#!/bin/sh\necho $$ >> {here}/out/starts\n\
    if test \"$(wc -l < {here}/out/starts)\" = 1; then read x < {here}/out/gate; fi\n\
    cat > prompt.txt\n";

struct Middle {
    yard: Yard,
    id: String,
    pid: i32,
}

/// A task whose agent waits at its gate.
fn middle() -> Middle {
    let yard = Yard::new(AGENT, &[("one", PROGRAM)]);
    yard.gate("gate");
    let id = yard.add("the prompt", &[]);
    let pid = yard.signal("starts").parse().unwrap();
    Middle { yard, id, pid }
}

impl Middle {
    fn starts(&self) -> Vec<i32> {
        self.yard.text("out/starts").lines().map(|line| line.parse().unwrap()).collect()
    }

    /// The task ends well, after so many attempts, each started once.
    fn ends_after(&self, attempts: usize) {
        let task = self.yard.ends(&self.id, "done");
        assert_eq!(task["attempts"].as_array().unwrap().len(), attempts, "{task:#}");
        assert_eq!(self.starts().len(), attempts);
        let prompt = self.yard.text(&format!("w.worktrees/{}/prompt.txt", self.id));
        assert_eq!(prompt, "the prompt");
        assert!(self.starts().iter().all(|pid| !alive(*pid)));
        self.yard.house.ok(&["ledger", "verify"]);
    }
}

fn parent(pid: i32) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(") ").unwrap().1.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_task_outlives_its_daemon() {
    let middle = middle();
    middle.yard.house.crash();
    assert!(alive(middle.pid));
    assert_eq!(middle.yard.state(&middle.id), "running");
    middle.yard.open("gate");
    middle.ends_after(1);
}

#[test]
fn a_task_that_ends_while_no_daemon_lives_has_ended_all_the_same() {
    let middle = middle();
    middle.yard.house.crash();
    middle.yard.open("gate");
    until("the agent has ended", || !alive(middle.pid));
    middle.ends_after(1);
}

#[test]
fn a_task_outlives_the_tmux_server() {
    let middle = middle();
    let house = &middle.yard.house;
    let server = house.server_pid().unwrap();
    kill(server, "KILL");
    house.until("another server shows it", || {
        house.server_pid().is_some_and(|pid| pid != server)
            && house.panes().iter().any(|pane| pane["tmux"].is_string())
    });
    assert!(alive(middle.pid));
    middle.yard.open("gate");
    middle.ends_after(1);
}

#[test]
fn an_agent_that_somebody_kills_has_failed_and_can_be_tried_again() {
    let middle = middle();
    kill(middle.pid, "KILL");
    let task = middle.yard.ends(&middle.id, "failed");
    assert_eq!(task["attempts"][0]["class"], "killed", "{task:#}");
    middle.yard.house.ok(&["task", "retry", &middle.id]);
    middle.ends_after(2);
}

#[test]
fn a_task_whose_shim_is_killed_is_tried_again_after_its_agent_is_gone() {
    let middle = middle();
    let mut shim = parent(middle.pid);
    while !shim_like(shim) {
        shim = parent(shim);
    }
    kill(shim, "KILL");
    middle.yard.until(&middle.id, "it is tried again", |task| {
        assert!(task["state"] != "failed", "{task:#}");
        middle.starts().len() == 2
    });
    assert!(!alive(middle.pid), "two agents on a task");
    middle.ends_after(2);
}

fn shim_like(pid: i32) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line).replace('\0', " ");
    assert!(pid > 1, "there is no shim above it");
    line.contains("gaia pane ")
}

#[test]
fn daemon_and_tmux_killed_together_lose_nothing() {
    let middle = middle();
    let server = middle.yard.house.server_pid().unwrap();
    kill(server, "KILL");
    middle.yard.house.crash();
    assert!(alive(middle.pid));
    assert_eq!(middle.yard.state(&middle.id), "running");
    middle.yard.open("gate");
    middle.ends_after(1);
}
