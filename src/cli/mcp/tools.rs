//! The tools: what each is for, what it takes, which route it asks. Every word here is paid for
//! by the agent, so there are few.

use serde_json::{Map, Value, json};

use crate::client::Method;

/// How long an answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// The daemon knows it.
    Short,
    /// A person or a service decides when; asked again if the daemon went away meanwhile.
    Long,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Texts,
    Count,
    Object,
}

/// An argument; those that are needed come with `!`.
pub(super) struct Arg(pub(super) &'static str, pub(super) Kind, pub(super) &'static str);

/// One tool.
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) args: &'static [Arg],
    pub(super) ask: (Method, &'static str),
    pub(super) wait: Wait,
}

use Kind::{Count, Object, Text, Texts};
use Method::{Get, Post};

const SERVICE: Arg = Arg("service!", Text, "name of the service");

/// All of them.
pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "ask_human",
        about: "Ask the person and wait for the answer. For decisions you cannot make yourself.",
        args: &[
            Arg("question!", Text, "with all that is needed to answer it"),
            Arg("options", Texts, "answers to choose from"),
            Arg("timeout", Text, "e.g. 10m"),
        ],
        ask: (Post, "/v1/self/ask"),
        wait: Wait::Long,
    },
    Tool {
        name: "approve",
        about: "Permission for a tool call; for the program, not for you.",
        args: &[
            Arg("tool_name!", Text, ""),
            Arg("input!", Object, ""),
            Arg("tool_use_id", Text, ""),
        ],
        ask: (Post, "/v1/self/permit"),
        wait: Wait::Long,
    },
    Tool {
        name: "report_progress",
        about: "Tell in a sentence how far you are.",
        args: &[Arg("text!", Text, "")],
        ask: (Post, "/v1/self/report"),
        wait: Wait::Short,
    },
    Tool {
        name: "finish",
        about: "Say that the task is done. Call it once, at the very end.",
        args: &[
            Arg("summary!", Text, "what was done, and what was not"),
            Arg("deliverables", Texts, "paths of the results"),
        ],
        ask: (Post, "/v1/self/finish"),
        wait: Wait::Short,
    },
    Tool {
        name: "send_message",
        about: "Send a message to another agent.",
        args: &[Arg("to!", Text, "its name"), Arg("text!", Text, "")],
        ask: (Post, "/v1/self/send"),
        wait: Wait::Short,
    },
    Tool {
        name: "read_messages",
        about: "Read the messages that came for you.",
        args: &[],
        ask: (Post, "/v1/self/messages"),
        wait: Wait::Short,
    },
    Tool {
        name: "list_services",
        about: "List the services of the workspace: state, ports.",
        args: &[],
        ask: (Get, "/v1/self/services"),
        wait: Wait::Short,
    },
    Tool {
        name: "service_logs",
        about: "Last lines a service wrote.",
        args: &[SERVICE, Arg("tail", Count, "how many lines; 50 if left out")],
        ask: (Get, "/v1/self/logs"),
        wait: Wait::Short,
    },
    Tool {
        name: "service_screen",
        about: "What the screen of a service shows now.",
        args: &[SERVICE],
        ask: (Get, "/v1/self/screen"),
        wait: Wait::Short,
    },
    Tool {
        name: "wait_ready",
        about: "Wait until a service is ready.",
        args: &[SERVICE, Arg("timeout", Text, "e.g. 30s")],
        ask: (Post, "/v1/self/wait-ready"),
        wait: Wait::Long,
    },
    Tool {
        name: "restart_service",
        about: "Start a service again.",
        args: &[SERVICE],
        ask: (Post, "/v1/self/restart"),
        wait: Wait::Short,
    },
    Tool {
        name: "remember",
        about: "Keep a fact for those who work here later.",
        args: &[Arg("text!", Text, "")],
        ask: (Post, "/v1/self/remember"),
        wait: Wait::Short,
    },
    Tool {
        name: "whoami",
        about: "Your task, name, branch, folder and ports.",
        args: &[],
        ask: (Get, "/v1/self/task"),
        wait: Wait::Short,
    },
];

impl Arg {
    fn name(&self) -> &'static str {
        self.0.trim_end_matches('!')
    }

    fn needed(&self) -> bool {
        self.0.ends_with('!')
    }
}

impl Tool {
    /// The tool of a name.
    pub(super) fn of(name: &str) -> Option<&'static Self> {
        TOOLS.iter().find(|tool| tool.name == name)
    }

    /// The tool as the protocol describes it.
    pub(super) fn described(&self) -> Value {
        let property = |arg: &Arg| (arg.name().to_owned(), arg.1.schema(arg.2));
        let properties: Map<String, Value> = self.args.iter().map(property).collect();
        let needed: Vec<&str> = self.args.iter().filter(|a| a.needed()).map(Arg::name).collect();
        let mut schema = json!({ "type": "object", "properties": properties });
        if !needed.is_empty() {
            schema["required"] = json!(needed);
        }
        json!({ "name": self.name, "description": self.about, "inputSchema": schema })
    }

    /// The arguments that the tool knows; a sentence says what is wrong with them.
    pub(super) fn take(&self, given: &Value) -> Result<Map<String, Value>, String> {
        let mut taken = Map::new();
        for arg in self.args {
            match given.get(arg.name()) {
                None | Some(Value::Null) if !arg.needed() => {}
                None | Some(Value::Null) => return Err(format!("`{}` is missing", arg.name())),
                Some(value) if arg.1.fits(value) => {
                    taken.insert(arg.name().to_owned(), value.clone());
                }
                Some(_) => return Err(format!("`{}` has to be {}", arg.name(), arg.1.word())),
            }
        }
        Ok(taken)
    }
}

impl Kind {
    fn schema(self, about: &str) -> Value {
        let mut schema = match self {
            Self::Text => json!({ "type": "string" }),
            Self::Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Self::Count => json!({ "type": "integer", "minimum": 1 }),
            Self::Object => json!({ "type": "object" }),
        };
        if !about.is_empty() {
            schema["description"] = json!(about);
        }
        schema
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Texts => value.as_array().is_some_and(|all| all.iter().all(Value::is_string)),
            Self::Count => value.as_u64().is_some_and(|count| count > 0),
            Self::Object => value.is_object(),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Texts => "a list of texts",
            Self::Count => "a whole number above 0",
            Self::Object => "an object",
        }
    }
}
