//! The keys of a workflow file: one table that the reader and the JSON Schema are made from.

/// A key.
#[derive(Debug)]
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// Other names that are taken for it.
    pub(super) also: &'static [&'static str],
    /// What may stand there.
    pub(super) shape: Shape,
    /// One line about it.
    pub(super) about: &'static str,
}

/// What may stand somewhere.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// A text; references may stand in it.
    Text,
    /// True or false.
    Flag,
    /// A whole number from here on.
    Whole(i64),
    /// A number from here on.
    Number(f64),
    /// A span of time.
    Span,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text or a list of texts.
    Texts,
    /// Values by name.
    Values,
    /// A table with these keys.
    Table(&'static [Key]),
    /// One of these.
    Either(&'static [Self]),
    /// A list of anything.
    List,
    /// Has a reader, and a part of the JSON Schema, of its own.
    Own(&'static str),
    /// Anything.
    Any,
}

const fn key(
    name: &'static str,
    also: &'static [&'static str],
    shape: Shape,
    about: &'static str,
) -> Key {
    Key { name, also, shape, about }
}

const WHEN_FULL: Shape = Shape::Word(&["queue", "replace_pending", "cancel_running", "skip"]);
const TEXT_OR_LIST: &[Shape] = &[Shape::Text, Shape::List];

/// `concurrency`.
pub(super) const CONCURRENCY: &[Key] = &[
    key("group", &["key", "name"], Shape::Text, "All with the same group share the number."),
    key("max", &["limit"], Shape::Whole(1), "So many at a time; 1 if it is left out."),
    key("when_full", &[], WHEN_FULL, "What becomes of one that finds no room."),
];

/// Keys of the file.
pub(super) const TOP: &[Key] = &[
    key("name", &["id"], Shape::Text, "The name; the file's name if it is left out."),
    key("about", &["description"], Shape::Text, "One line about it."),
    key("inputs", &["variables", "params", "vars"], Shape::Own("inputs"), "What a run is given."),
    key("steps", &["tasks", "jobs"], Shape::Own("steps"), "What is done."),
    key("outputs", &[], Shape::Values, "What a run gives back: references to values of its steps."),
    key("env", &["environment"], Shape::Values, "Environment of every command."),
    key("secrets", &[], Shape::Own("secrets"), "Secrets of every command, by reference."),
    key("finally", &[], Shape::Own("steps"), "Steps that run at the end, however it ends."),
    key(
        "concurrency",
        &[],
        Shape::Either(&[Shape::Text, Shape::Table(CONCURRENCY)]),
        "How many runs there are at a time.",
    ),
    key("priority", &[], Shape::Whole(i32::MIN as i64), "Higher goes first."),
    key("max_parallel", &["parallelism"], Shape::Whole(1), "Commands at a time in one run."),
    key("timeout", &[], Shape::Span, "Longest time of a run."),
    key("fail_fast", &[], Shape::Flag, "Whether the first failure cancels what is under way."),
    key("budget", &[], Shape::Texts, "What a run may cost, e.g. 5 USD; then a person is asked."),
];

/// `for_each`.
pub(super) const FOR_EACH: &[Key] = &[
    key("in", &["items", "from"], Shape::Either(TEXT_OR_LIST), "The list, or a reference to one."),
    key("as", &["name", "var"], Shape::Text, "What one of them is called; `item` if left out."),
    key("key", &[], Shape::Text, "The field by which one of them is known again."),
    key("max_parallel", &[], Shape::Whole(1), "At a time."),
    key("join", &[], JOIN, "When the step has ended well."),
    key("on_child_failure", &[], ON_CHILD, "Whether others are still begun after one has failed."),
];
const JOIN: Shape = Shape::Word(&["all_done", "all_ok"]);
const ON_CHILD: Shape = Shape::Word(&["continue", "stop"]);

/// `loop`.
pub(super) const LOOP: &[Key] = &[
    key("until", &[], Shape::Text, "What must be so for it to end."),
    key("max_iterations", &["max"], Shape::Whole(1), "Most times; must be given."),
    key(
        "on_exhausted",
        &[],
        Shape::Word(&["fail", "ask", "continue"]),
        "What is done when it is not so after the last time.",
    ),
    key("no_progress", &[], Shape::Whole(0), "It ends when its outputs are the same so often."),
    key("steps", &["tasks"], Shape::Own("steps"), "What is done again."),
];

/// `retry`.
pub(super) const RETRY: &[Key] = &[
    key("max", &["limit", "attempts"], Shape::Whole(0), "Tries beyond the first."),
    key("backoff", &["delay"], Shape::Span, "Pause before the first; 1s if it is left out."),
    key("factor", &[], Shape::Number(1.0), "The pause grows by it; 2 if it is left out."),
    key("max_backoff", &[], Shape::Span, "Longest pause; 5m if it is left out."),
    key(
        "on",
        &[],
        Shape::Texts,
        "Failures worth a try: timeout, lost, output_invalid, failed, 75.",
    ),
];

/// Where a secret is kept.
pub(super) const SECRET: &[Key] = &[
    key("env", &[], Shape::Text, "A variable of whoever starts the run."),
    key("file", &[], Shape::Text, "A file."),
    key("command", &[], Shape::List, "What a command prints."),
];

/// `approval` and `question`.
pub(super) const ASK: &[Key] = &[
    key("title", &["message", "text", "question"], Shape::Text, "What is asked, in one line."),
    key("body", &["details"], Shape::Text, "The rest."),
    key("options", &["choices"], Shape::List, "Answers to choose from."),
    key("default", &[], Shape::Text, "Taken when nobody answers within the timeout."),
    key("on_reject", &[], Shape::Word(&["fail", "continue"]), "Whether a no is a failure."),
];

/// `service`.
pub(super) const SERVICE: &[Key] = &[
    key("start", &["up"], Shape::Texts, "Started and waited for."),
    key("stop", &["down"], Shape::Texts, "Stopped."),
    key("restart", &[], Shape::Texts, "Stopped and started."),
    key("wait", &[], Shape::Texts, "Waited for until they are ready."),
];

/// `wait`.
pub(super) const WAIT: &[Key] = &[
    key("for", &["duration"], Shape::Span, "A span of time."),
    key("until", &[], Shape::Text, "A moment."),
    key("fact", &["event"], Shape::Text, "A fact of the ledger; `*` stands for anything."),
    key("where", &[], Shape::Values, "Fields of the fact that must be so."),
];

/// `land`.
pub(super) const LAND: &[Key] = &[
    key("step", &["of"], Shape::Text, "The agent step whose work is landed."),
    key("how", &[], Shape::Word(&["squash", "merge", "rebase"]), "How its commits are landed."),
];

/// `notify`.
pub(super) const NOTIFY: &[Key] = &[
    key("title", &["message", "text"], Shape::Text, "One line."),
    key("body", &["details"], Shape::Text, "The rest."),
    key("level", &[], Shape::Word(&["info", "warning", "urgent"]), "How much it matters."),
];

/// `learn`.
pub(super) const LEARN: &[Key] = &[
    key("expert", &[], Shape::Text, "The expert."),
    key("proposal", &[], Shape::Text, "What is to be learned."),
];

/// `scaffold`.
pub(super) const SCAFFOLD: &[Key] = &[
    key("template", &["from"], Shape::Text, "The template, as `gaia scaffold` takes it."),
    key("target", &["to", "path"], Shape::Text, "The folder of the new project."),
    key("answers", &["vars", "with"], Shape::Values, "Answers; the others have their defaults."),
];

/// Keys of every step.
pub(super) const STEP: &[Key] = &[
    key("id", &[], Shape::Text, "Name of the step, for `needs` and references."),
    key("name", &["title"], Shape::Text, "What it is called; the id if there is none."),
    key("about", &["description"], Shape::Text, "One line about it."),
    key("type", &["kind"], Shape::Text, "What kind of step it is, where its keys do not tell."),
    key("needs", &["depends_on", "dependencies"], Shape::Own("needs"), "What must be over before."),
    key("when", &["if"], Shape::Text, "It is skipped unless this is so."),
    key(
        "for_each",
        &["foreach"],
        Shape::Either(&[Shape::Text, Shape::List, Shape::Table(FOR_EACH)]),
        "It is done once for each of a list.",
    ),
    key("max_parallel", &[], Shape::Whole(1), "With for_each: at a time."),
    key("join", &[], JOIN, "With for_each: when the step has ended well."),
    key("loop", &[], Shape::Table(LOOP), "It is done again until something is so."),
    key(
        "retry",
        &["retries"],
        Shape::Either(&[Shape::Whole(0), Shape::Table(RETRY)]),
        "Tries beyond the first.",
    ),
    key("timeout", &[], Shape::Span, "Longest time of one attempt."),
    key("idle_timeout", &[], Shape::Span, "Longest time without output."),
    key(
        "on_error",
        &["on_failure"],
        Shape::Word(&["fail", "continue", "retry", "ask"]),
        "What its failure means.",
    ),
    key("continue_on_error", &[], Shape::Flag, "The same as `on_error: continue`."),
    key(
        "on_lost",
        &[],
        Shape::Word(&["retry", "ask", "fail"]),
        "What is done when nobody knows how an attempt ended.",
    ),
    key("idempotent", &[], Shape::Flag, "Whether it may be done twice; then a lost one is."),
    key(
        "concurrency",
        &[],
        Shape::Either(&[Shape::Text, Shape::Table(CONCURRENCY)]),
        "How many of it there are at a time, over all runs.",
    ),
    key("priority", &[], Shape::Whole(i32::MIN as i64), "Higher goes first."),
    key("env", &["environment"], Shape::Values, "Environment of its command."),
    key("secrets", &[], Shape::Own("secrets"), "Secrets of its command, by reference."),
    key("dir", &["cwd", "working_dir"], Shape::Text, "Folder, relative to the workspace."),
    key("outputs", &["output"], Shape::Own("outputs"), "What it gives back."),
    key("max_asks", &[], Shape::Whole(0), "How often it is asked again for outputs; 2."),
    key("artifacts", &[], Shape::Texts, "Files that are kept: globs."),
    key("run", &["command", "script", "cmd"], Shape::Either(TEXT_OR_LIST), "A script or program."),
    key(
        "shell",
        &[],
        Shape::Either(TEXT_OR_LIST),
        "What runs the script: sh, bash, python, [argv].",
    ),
    key("agent", &["role"], Shape::Text, "An agent, a label, a driver or a role."),
    key("prompt", &["task", "instructions"], Shape::Text, "What the agent does."),
    key("prompt_file", &[], Shape::Text, "A file with the prompt."),
    key("files", &[], Shape::Texts, "Globs of files that the agent's work is about."),
    key("deliverables", &[], Shape::Texts, "Files that must be there at the end."),
    key("budget", &[], Shape::Texts, "What the agent may cost, e.g. 2 USD."),
    key("mode", &[], Shape::Word(&["headless", "interactive"]), "How the agent runs."),
    key("place", &[], Shape::Word(&["worktree", "in-place"]), "Where the agent works."),
    key("worktree", &[], Shape::Flag, "Whether the agent has a worktree of its own."),
    key("from", &[], Shape::Text, "The agent goes on from the work of this step."),
    key("experts", &[], Shape::Texts, "Areas whose experts the agent hears."),
    key("expert_tokens", &[], Shape::Whole(0), "Tokens that experts may take; 1500."),
    key("approval", &[], Shape::Either(&[Shape::Text, Shape::Table(ASK)]), "A person's yes."),
    key("question", &[], Shape::Either(&[Shape::Text, Shape::Table(ASK)]), "A person's answer."),
    key("workflow", &[], Shape::Text, "Another workflow, as a run of its own."),
    key("with", &["inputs", "variables", "params"], Shape::Values, "What the workflow is given."),
    key(
        "service",
        &["services"],
        Shape::Either(&[Shape::Texts, Shape::Table(SERVICE)]),
        "Services, started and waited for.",
    ),
    key("wait", &["sleep"], Shape::Either(&[Shape::Span, Shape::Table(WAIT)]), "A pause."),
    key("land", &[], Shape::Either(&[Shape::Text, Shape::Table(LAND)]), "Work is landed."),
    key("notify", &[], Shape::Either(&[Shape::Text, Shape::Table(NOTIFY)]), "A person is told."),
    key("learn", &[], Shape::Table(LEARN), "An expert learns; a person looks at it first."),
    key("scaffold", &[], Shape::Table(SCAFFOLD), "A new project is made from a template."),
    key("steps", &["tasks"], Shape::Own("steps"), "The steps inside of it."),
];

/// What a value must be.
pub(super) const SCHEMA: &[Key] = &[
    key("type", &[], Shape::Own("type"), "What kind of value."),
    key("description", &["about"], Shape::Text, "What it means."),
    key("nullable", &[], Shape::Flag, "Whether null will do."),
    key("enum", &["choices", "options"], Shape::List, "One of these."),
    key("pattern", &[], Shape::Text, "A regular expression that a text fits."),
    key("minLength", &["min_length"], Shape::Whole(0), "Characters at least."),
    key("maxLength", &["max_length"], Shape::Whole(0), "Characters at most."),
    key("minimum", &["min"], Shape::Number(f64::MIN), "Smallest number."),
    key("maximum", &["max"], Shape::Number(f64::MIN), "Greatest number."),
    key("minItems", &["min_items"], Shape::Whole(0), "Items at least."),
    key("maxItems", &["max_items"], Shape::Whole(0), "Items at most."),
    key("items", &[], Shape::Own("schema"), "What each item of a list must be."),
    key("properties", &["fields"], Shape::Own("outputs"), "What fields of an object must be."),
    key("required", &[], Shape::Any, "Fields that must be there; of an input, whether it must."),
];

/// What an input has beside what it must be.
pub(super) const INPUT: &[Key] = &[
    key("name", &[], Shape::Text, "Its name, in a list of inputs."),
    key("default", &["value"], Shape::Any, "Taken if nobody gives one."),
];

/// Words for kinds of values, and what JSON Schema calls them.
pub(super) const TYPES: &[&str] = &[
    "string", "text", "integer", "int", "number", "float", "boolean", "bool", "array", "list",
    "object", "table", "any",
];

/// Keys of other tools at the top of a file, and what is done here.
pub(super) const FOREIGN_TOP: &[(&str, &str)] = &[
    ("version", "leave it out: the file has no version"),
    ("apiVersion", "leave it out: the file has no version"),
    ("schema", "leave it out: the file has no version"),
    ("on", "put what starts it into gaia.toml, as [triggers.NAME]"),
    ("triggers", "put what starts it into gaia.toml, as [triggers.NAME]"),
    ("schedule", "put what starts it into gaia.toml, as [triggers.NAME] with cron = \"…\""),
    ("cron", "put what starts it into gaia.toml, as [triggers.NAME] with cron = \"…\""),
    ("permissions", "what an agent may do stands in gaia.toml, as [fence]"),
    ("fence", "what an agent may do stands in gaia.toml, with the agent or as [fence]"),
    ("agents", "agents stand in gaia.toml, as [agents.NAME]; a step names one with `agent`"),
    (
        "services",
        "services stand in gaia.toml, as [services.NAME]; a step starts them with `service`",
    ),
    ("defaults", "write it at the steps it is for"),
    ("include", "run the other workflow as a step: `workflow: NAME`"),
    ("imports", "run the other workflow as a step: `workflow: NAME`"),
    ("nodes", "write `steps`"),
    ("stages", "write `steps`, and `needs` where one waits for another"),
];

/// Keys of other tools at a step, and what is done here.
pub(super) const FOREIGN_STEP: &[(&str, &str)] = &[
    ("fence", "what an agent may do stands with the agent: [agents.NAME.fence] in gaia.toml"),
    ("uses", "actions are not run here: write `run` with what the action does"),
    ("runs-on", "leave it out: everything runs on this machine"),
    ("container", "containers are not run here: start one with `run`, or as a service"),
    ("image", "containers are not run here: start one with `run`, or as a service"),
    ("matrix", "write `for_each` with a list"),
    ("strategy", "write `for_each` with a list, and `max_parallel`"),
    ("parallel", "steps run at the same time unless they need each other: leave it out"),
    ("timeout-minutes", "write `timeout: 10m`"),
    ("timeout_seconds", "write `timeout: 30s`"),
    ("timeout_sec", "write `timeout: 30s`"),
    ("continue-on-error", "write `on_error: continue`"),
    ("working-directory", "write `dir`"),
    ("repeat", "write `loop: {until: …, max_iterations: N}`"),
    ("until", "write `loop: {until: …, max_iterations: N}`"),
    ("next", "write `needs` at the step that comes after"),
    ("model", "the model stands with the agent: [agents.NAME] in gaia.toml"),
    ("version", "leave it out: the file has no version"),
];
