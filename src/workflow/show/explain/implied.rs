use crate::verb::{Ui, table};

/// What holds where a workflow says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Implied {
    /// What it is about: the workflow, or a kind of step.
    pub(crate) of: &'static str,
    /// The key that is not written.
    pub(crate) key: &'static str,
    /// What holds then.
    pub(crate) holds: &'static str,
    /// What to write to have it otherwise.
    pub(crate) otherwise: &'static str,
}

const fn row(
    of: &'static str,
    key: &'static str,
    holds: &'static str,
    otherwise: &'static str,
) -> Implied {
    Implied { of, key, holds, otherwise }
}

/// All of it: nothing else is decided behind a writer's back.
pub(crate) const IMPLIED: &[Implied] = &[
    row("workflow", "max_parallel", "16 commands at a time in a run", "max_parallel: 4"),
    row(
        "workflow",
        "concurrency",
        "any number of runs at a time",
        "concurrency: {group: g, max: 1}",
    ),
    row("workflow", "timeout", "a run may take for ever", "timeout: 2h"),
    row("workflow", "budget", "no limit of its own", "budget: 5 USD"),
    row("workflow", "fail_fast", "what does not need a failed step goes on", "fail_fast: true"),
    row("workflow", "priority", "0", "priority: 10"),
    row("any step", "needs", "it begins at once", "needs: [build]"),
    row(
        "any step",
        "needs",
        "a needed step must end well, else this is skipped",
        "needs: {build: [done]}",
    ),
    row("any step", "when", "it is done", "when: inputs.env == 'prod'"),
    row("any step", "retry", "it is tried once", "retry: 3"),
    row(
        "any step",
        "retry.backoff",
        "1s, twice as long each time, up to 5m",
        "retry: {max: 3, backoff: 10s, factor: 1}",
    ),
    row("any step", "retry.on", "any failure is tried again", "retry: {max: 3, on: [timeout]}"),
    row("any step", "timeout", "an attempt may take for ever", "timeout: 10m"),
    row("any step", "idle_timeout", "it may be silent for ever", "idle_timeout: 5m"),
    row("any step", "on_error", "its failure fails the run", "on_error: continue, or ask"),
    row("any step", "on_lost", "a person is asked", "idempotent: true, on_lost: retry, or fail"),
    row(
        "any step",
        "concurrency",
        "it shares its places with nothing",
        "concurrency: {group: db, max: 1}",
    ),
    row("any step", "priority", "0; one that waits climbs by 1 each 5m", "priority: 10"),
    row("for_each", "max_parallel", "all at a time", "max_parallel: 2"),
    row("for_each", "join", "well when all are over, even if some failed", "join: all_ok"),
    row("for_each", "on_child_failure", "the others go on", "on_child_failure: stop"),
    row("for_each", "key", "the text itself, or its key, id or name, or its place", "key: path"),
    row("loop", "on_exhausted", "it fails after the last time", "on_exhausted: ask, or continue"),
    row("loop", "no_progress", "the same result again is no reason to stop", "no_progress: 2"),
    row("run", "shell", "/bin/sh -e -c; a list runs without a shell", "shell: bash"),
    row("run", "dir", "the folder of the workspace", "dir: web"),
    row("agent", "agent", "any agent of the workspace that fits", "agent: reviewer"),
    row("agent", "place, mode", "as the agent is set up", "place: worktree, mode: headless"),
    row("agent", "max_asks", "asked again twice for outputs that do not fit", "max_asks: 0"),
    row("agent", "expert_tokens", "experts may take 1500 tokens of its prompt", "expert_tokens: 0"),
    row("approval", "on_reject", "a no is a failure", "on_reject: continue"),
    row("approval", "timeout", "it waits for an answer for ever", "timeout: 1d"),
    row("notify", "level", "info", "level: urgent"),
    row("land", "how", "as the workspace says", "land: {step: fix, how: rebase}"),
];

/// The table for a terminal, without colours.
pub(crate) fn implied() -> String {
    let row = |row: &Implied| [row.of, row.key, row.holds, row.otherwise].map(str::to_owned).into();
    let head = ["of", "key", "what holds without it", "to have it otherwise"];
    table(&Ui::default(), &head, IMPLIED.iter().map(row).collect())
}
