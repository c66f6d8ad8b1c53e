use std::path::Path;

use super::{Draft, Format, detect, read};
use crate::{
    base::ConfigError,
    service::{
        file::{Context, load},
        model::Service,
    },
    session::Source,
};

/// What gaia's own loader says to a text.
fn loaded(text: &str) -> Vec<Service> {
    // Every entry of the catalog tells when it is ready.
    let entry = "run = \"entry\"\nprobe.ready = { exec = \"true\" }\n";
    let context = Context {
        dir: Path::new("/home/me/project"),
        home: Path::new("/home/me"),
        catalog: &|_| Some(Source { path: "entry".into(), bytes: entry.into() }),
        names: vec![],
        is_dir: &|_| true,
        resolves: &|_| true,
    };
    let source = Source { path: "gaia.toml".into(), bytes: text.into() };
    load(&source, &context).unwrap_or_else(|faults| {
        panic!("{}\n{text}", faults.iter().map(|f| f.show()).collect::<String>())
    })
}

/// Carries a text over, beside a `.env` if there is text for one.
fn carried(format: Format, text: &str, env: &str, native: bool) -> Result<Draft, Vec<ConfigError>> {
    let path = match format {
        Format::Procfile => "Procfile",
        Format::ProcessCompose => "process-compose.yaml",
        Format::Compose => "compose.yaml",
        Format::Json => "fleet.json",
    };
    let source = Source { path: path.into(), bytes: text.into() };
    let beside = |name: &str| (name == ".env" && !env.is_empty()).then(|| env.to_owned());
    read(format, &source, &beside, native)
}

fn shown(faults: &[ConfigError]) -> String {
    faults.iter().map(ConfigError::show).collect::<Vec<_>>().join("\n")
}

/// The text that it becomes, which gaia itself takes.
fn text(format: Format, text: &str, env: &str, native: bool) -> String {
    let draft = carried(format, text, env, native).unwrap_or_else(|f| panic!("{}", shown(&f)));
    let written = draft.text(format.show());
    assert_eq!(loaded(&written).len(), draft.services.len());
    written
}

/// Each text must become one that holds all the parts.
fn table(format: Format, rows: &[(&str, &[&str])]) {
    for (given, parts) in rows {
        let written = text(format, given, "", false);
        for part in *parts {
            assert!(written.contains(part), "{part} is not in:\n{written}\nfrom:\n{given}");
        }
    }
}

/// Each text must be refused with all the parts, at this place.
fn refused(format: Format, rows: &[(&str, &str, &[&str])]) {
    for (given, place, parts) in rows {
        let faults = carried(format, given, "", false).map(|draft| draft.text("x")).unwrap_err();
        let shown = shown(&faults);
        assert!(shown.contains(&format!(":{place}: ")), "{place} is not in:\n{shown}");
        for part in *parts {
            assert!(shown.contains(part), "{part} is not in:\n{shown}");
        }
    }
}

const PROCFILE: &str = include_str!("../../../tests/fixtures/services/Procfile");
const PROCESSES: &str = include_str!("../../../tests/fixtures/services/process-compose.yaml");
const COMPOSE: &str = include_str!("../../../tests/fixtures/services/compose.yaml");
const FLEET: &str = include_str!("../../../tests/fixtures/services/fleet.json");

#[test]
fn whole_files() {
    for (name, format, given, env, native) in [
        ("procfile", Format::Procfile, PROCFILE, "", false),
        ("procfile_with_env", Format::Procfile, PROCFILE, "PORT=3000\nQUEUE_URL=x\n", false),
        ("process_compose", Format::ProcessCompose, PROCESSES, "STORE_PORT=1\n", false),
        ("compose", Format::Compose, COMPOSE, "", false),
        ("compose_native", Format::Compose, COMPOSE, "DB_PASSWORD=x\n", true),
        ("fleet", Format::Json, FLEET, "", false),
    ] {
        insta::assert_snapshot!(name, text(format, given, env, native));
    }
}

#[test]
fn formats_are_told_by_their_keys() {
    for (name, given, wanted) in [
        ("Procfile.dev", "anything", Some(Format::Procfile)),
        ("compose.yaml", PROCESSES, Some(Format::ProcessCompose)),
        ("process-compose.yaml", COMPOSE, Some(Format::Compose)),
        ("compose.yml", "processes:\n  a: {{\n", Some(Format::ProcessCompose)),
        ("x.json", FLEET, Some(Format::Json)),
        ("x.json", "[{\"name\": \"a\", \"command\": \"b\"}]", Some(Format::Json)),
        ("x.json", "{\"a\": {\"command\": \"b\"}}", Some(Format::Json)),
        ("x.json", "{\"name\": ", Some(Format::Json)),
        ("processes.txt", PROCFILE, Some(Format::Procfile)),
        ("config.yaml", "a: b\n", None),
        ("tmuxinator.yml", "name: x\nwindows: [a: b]\n", None),
        ("empty", "", None),
    ] {
        assert_eq!(detect(name, given), wanted, "{name}: {given}");
    }
}

#[test]
fn lines_of_a_procfile() {
    table(
        Format::Procfile,
        &[
            ("a: x ${PORT:-1}\r\nb: y\r\n", &["port = \"auto\"", "a: foreman gives it PORT=5000"]),
            ("a:x\n-b:y", &["[services.a]", "[services.b]", "b: it was called `-b`"]),
            ("a.b: x\na-b: y", &["[services.a-b]", "[services.a-b-2]"]),
            ("release: x", &["type = \"oneshot\"", "Heroku"]),
        ],
    );
    refused(
        Format::Procfile,
        &[
            ("# none\n", "1:1", &["names no process"]),
            ("a: x\nexport B=c\n", "2:1", &["no line of a Procfile", "bin/server"]),
            ("a: x\na: y\nb:\n", "2:1", &["two processes `a`", "Procfile:3:1: `b` runs nothing"]),
            ("a: x\0", "1:5", &["zero byte"]),
        ],
    );
}

/// A process with these keys, one a line.
fn with_keys(keys: &str) -> String {
    let keys = keys.lines().map(|line| format!("    {line}\n")).collect::<String>();
    format!("processes:\n  b: {{command: y}}\n  a:\n    command: x\n{keys}")
}

/// Keys of a process, and what they become.
const KEYS: &[(&str, &[&str])] = &[
    ("availability: {restart: always}", &["restart = \"always\"\nmax_restarts = 0"]),
    (
        "availability: {restart: on_failure, backoff_seconds: 60, max_restarts: 9}",
        &["backoff = \"60s\"\nbackoff_cap = \"60s\"\nmax_restarts = 9\nrestart_window = \"1080s\""],
    ),
    ("availability: {restart: no, exit_on_end: true}", &["restart = \"no\"", "`exit_on_end` of a"]),
    ("availability: {restart: \"${R:-always}\"}", &["restart = \"always\"", "is `always` for now"]),
    ("shutdown: {signal: 9}", &["stop = { signal = \"KILL\" }", "10 s after its stop"]),
    (
        "shutdown: {command: \"kill $A\"}",
        &["stop = { command = \"kill $A\" }", "pass_env = [\"A\"]"],
    ),
    (
        "is_daemon: true\navailability: {restart: always}",
        &["restart = \"no\"", "`is_daemon` of a", "pid_file"],
    ),
    ("disabled: true", &["autostart = false"]),
    ("disabled: true\nis_disabled: \"false\"", &["[services.a]\nrun = \"x\"\nrestart = \"no\"\n"]),
    ("is_elevated: true\nnamespace: n", &["`is_elevated` of a", "`namespace` of a"]),
    (
        "schedule: {cron: \"*/5 * * * *\", run_on_start: true}",
        &["schedule = \"*/5 * * * *\"", "type = \"oneshot\""],
    ),
    ("schedule: {interval: 90s}", &["`schedule` of a", "autostart = false"]),
    (
        "watch: {paths: [{path: src/, include: [\"*.rs\"], exclude: [gen]}], debounce: 1s}",
        &["watch = { paths = [\"src/**/*.rs\"], ignore = [\"src/**/gen\"], debounce = \"1s\" }"],
    ),
    ("working_dir: $HOME/w\nenv_file: e.env", &["dir = \"~/w\"", "env_files = [\"~/w/e.env\"]"]),
    ("working_dir: $WHERE", &["needs the variable WHERE"]),
    ("success_exit_codes: [3, 4]", &["success_codes = [3, 4]"]),
    (
        "environment: [\"A=$B ${C}\", D, \"E=${F:+g}\"]",
        &[
            "env = { A = \"${B} ${C}\" }",
            "pass_env = [\"B\", \"C\", \"D\"]",
            "`environment.E` of a",
        ],
    ),
    ("environment: {A: \"5$$\", B: 1.10}", &["env = { A = \"5$$\", B = \"1.10\" }"]),
    (
        "depends_on: {b: {condition: process_completed}}",
        &["after = { b = \"completed\" }", "[services.b]\nrun = \"y\"\ntype = \"oneshot\""],
    ),
    (
        "depends_on: {b: {condition: process_healthy}}",
        &["after = { b = \"started\" }", "a: it waits only for the start of `b`"],
    ),
    (
        "depends_on: {b: {}, c: {condition: process_started}}",
        &["after = { b = \"started\" }", "does not wait for `c`"],
    ),
    ("readiness_probe: {http_get: {scheme: https, port: 1}}", &["gaia does not probe over https"]),
    (
        "readiness_probe: {http_get: {port: \"80{{.N}}\"}}",
        &["the template `{{.N}}` is not filled in"],
    ),
    (
        "readiness_probe: {exec: {command: t, working_dir: /a b}, failure_threshold: 30}",
        &["probe.ready = { exec = \"cd '/a b' && t\", failures = 30 }", "start_timeout = \"300s\""],
    ),
    ("ready_log_line: up", &["`ready_log_line` of a: nothing waits for it"]),
    ("description: d\nlog_location: l\nx-own: 1", &["description = \"d\"", "`log_location` of a"]),
];

#[test]
fn keys_of_process_compose() {
    for (keys, parts) in KEYS {
        table(Format::ProcessCompose, &[(&with_keys(keys), parts)]);
    }
}

#[test]
fn commands_of_process_compose() {
    for (given, wanted) in [
        ("{a: {command: 'echo $${X} $Y'}}", "run = \"echo ${X} $Y\""),
        ("{a: {command: 'docker ps -f {{ \"{{.ID}}\" }}'}}", "run = \"docker ps -f {''{.ID}}\""),
        ("{a: {command: '[[ -f x ]] && y'}}", "command = [\"bash\", \"-c\", \"[[ -f x ]] && y\"]"),
        ("{a: {entrypoint: [p, '$Q r', s]}}", "run = 'exec p \"${Q} r\" s'"),
        ("{a: {entrypoint: [p, q]}}", "command = [\"p\", \"q\"]"),
        ("{a: {command: 'x {{.N}}', vars: {N: 1}}}", "run = \"x 1\""),
        (
            "{a: {command: 'x {{.N}}', vars: {N: 1}, is_template_disabled: true}}",
            "run = \"x {''{.N}}\"",
        ),
        ("{a: {command: x $PC_REPLICA_NUM}}", "env = { PC_REPLICA_NUM = \"0\" }"),
        (
            "{a: {command: x $PC_REPLICA_NUM, replicas: 2}}",
            "export PC_REPLICA_NUM=$(({{ replica }} - 1))\nx $PC",
        ),
    ] {
        table(Format::ProcessCompose, &[(&format!("processes: {given}"), &[wanted])]);
    }
    table(
        Format::ProcessCompose,
        &[
            (
                "shell: {shell_command: zsh, shell_argument: -c}\nprocesses: {a: {command: x}}",
                &["command = [\"zsh\", \"-c\", \"x\"]"],
            ),
            (
                "disable_env_expansion: true\nprocesses: {a: {command: x $$, environment: [A=$B]}}",
                &["run = \"x $$\"", "A = \"$$B\""],
            ),
            (
                "extends: base.yaml\nprocesses: {a: {working_dir: w}, b: {command: x}}",
                &["`base.yaml` was not read", "a: it is not carried over"],
            ),
            (
                "processes: {a: {command: x, replicas: 2}, a-2: {command: y}}",
                &["[services.a-2-2]", "it was called `a-2`"],
            ),
        ],
    );
}

#[test]
fn what_process_compose_refuses_is_refused() {
    refused(
        Format::ProcessCompose,
        &[
            (
                "processes:\n  a:\n    command: x\n    depends_on:\n      - b\n",
                "5:7",
                &["write b: { condition: process_started }"],
            ),
            (
                "processes:\n  a: {command: x, restart: always}\n",
                "2:19",
                &["no key `restart`", "availability: { restart: … }"],
            ),
            ("processes:\n  a: {comand: x}\n", "2:7", &["did you mean `command`?"]),
            (
                "processes: {a: {command: x, depends_on: {a: {condition: process_started}}}}",
                "1:57",
                &["wait for each other: a → a"],
            ),
            (
                "processes: {a: {command: x, depends_on: {b: process_healthy}}, b: {command: y}}",
                "1:45",
                &["write b: { condition: process_healthy }"],
            ),
            (
                "processes: {a: {command: x, depends_on: {b: {condition: process_log_ready}}}, b: {command: y}}",
                "1:57",
                &["`b` has no line to wait for"],
            ),
            ("processes: {a: {}}", "1:13", &["`a` runs nothing"]),
            (
                "processes: {a: {command: x, availability: {restart: sometimes}}}",
                "1:53",
                &["there is no restart policy `sometimes`"],
            ),
            (
                "proceses: {a: {command: x}}",
                "1:1",
                &["did you mean `processes`?", "no `processes`"],
            ),
            ("processes:\n  a: {command: [}\n", "2:16", &["neither YAML nor JSON"]),
            ("processes: []", "1:12", &["a table of names, and this is a list"]),
        ],
    );
}

#[test]
fn parts_of_compose() {
    let app = |keys: &str| format!("services:\n  app: {{command: p q, {keys}}}\n");
    for (keys, parts) in [
        ("", &["command = [\"p\", \"q\"]", "restart = \"no\""][..]),
        ("entrypoint: [e, '$X']", &["run = 'exec e \"${X}\" p q'", "pass_env = [\"X\"]"]),
        ("restart: always", &["restart = \"always\"\nmax_restarts = 0"]),
        ("restart: 'on-failure:50'", &["max_restarts = 50\nrestart_window = \"3000s\""]),
        (
            "environment: [A, 'B=${C:-d}', 'E=$$f']",
            &["env = { B = \"${C:-d}\", E = \"$$f\" }", "pass_env = [\"A\", \"C\"]"],
        ),
        (
            "ports: ['1-2:1-2', '53:53/udp', {target: 80, published: 81}]",
            &["port = 80", "`1-2:1-2` is no single port", "it listens on 80 itself"],
        ),
        (
            "healthcheck: {test: [NONE]}",
            &["[services.app]\ncommand = [\"p\", \"q\"]\nrestart = \"no\"\n"],
        ),
        (
            "healthcheck: {test: [CMD, t, '$$A'], timeout: 500ms}",
            &["exec = \"exec t '$A'\"", "timeout = \"500ms\""],
        ),
        (
            "stop_signal: SIGINT, stop_grace_period: 1m30s",
            &["stop = { signal = \"SIGINT\", grace = \"90s\" }"],
        ),
        (
            "user: 'u:g', working_dir: w, scale: 2, profiles: [x]",
            &["user = \"u\"", "group = \"g\"", "dir = \"w\"", "replicas = 2", "profiles = [\"x\"]"],
        ),
        (
            "volumes: ['a:/b'], privileged: true, tty: true",
            &[
                "`volumes` of app: nothing is mounted",
                "`privileged` of app: it means something in a container only",
            ],
        ),
    ] {
        table(Format::Compose, &[(&app(keys), parts)]);
    }
}

#[test]
fn what_needs_containers_is_one_service() {
    table(
        Format::Compose,
        &[
            (
                "services: {a: {image: x}, b: {build: ., environment: [T, 'U=$V']}}",
                &[
                    "command = [\"docker\", \"compose\", \"-f\", \"compose.yaml\", \"up\", \"a\", \"b\"]",
                    "stop = { command = [\"docker\", \"compose\", \"-f\", \"compose.yaml\", \"stop\"], grace = \"30s\" }",
                    "a, b: docker compose goes on running it",
                    "\"T\", \"V\"]",
                ],
            ),
            ("services: {a: {image: x, profiles: [y]}}", &["\"up\"]", "COMPOSE_PROFILES"]),
            (
                "services: {a: {image: x}, compose: {command: y}}",
                &["[services.compose-2]", "docker compose refuses"],
            ),
            (
                "services: {a: {image: x, depends_on: [b]}, b: {command: y, depends_on: [a]}}",
                &[
                    "after = { b = \"started\" }",
                    "b: it does not wait for `compose`: b → compose → b",
                ],
            ),
            ("services: {c: {image: 'redis:7'}}", &["c: use = \"redis\" would run it"]),
            ("services: {c: {image: me/redis}}", &["[services.compose]"]),
        ],
    );
    let native = |given: &str| text(Format::Compose, given, "", true);
    let two = native(
        "services: {a: {image: mysql, ports: ['3306:3306']}, b: {image: mariadb, ports: ['3306:3306']}}",
    );
    assert!(
        two.contains("use = \"mariadb\"\nport = 3306") && two.contains("port = \"auto\""),
        "{two}"
    );
    let leaning = native(
        "services: {a: {image: redis}, b: {image: x, depends_on: {a: {condition: service_healthy}}}}",
    );
    assert!(
        leaning.contains("\"--no-deps\", \"b\"") && leaning.contains("after = { a = \"ready\" }")
    );
}

#[test]
fn what_compose_refuses_is_refused() {
    refused(
        Format::Compose,
        &[
            ("services:\n  a: {imag: x}\n", "2:7", &["did you mean `image`?"]),
            ("services:\n  a: {}\n", "2:3", &["`a` runs nothing"]),
            ("services:\n  -a b: {image: x}\n", "2:3", &["`-a b` is no name of a service"]),
            (
                "services:\n  a: {command: x, depends_on: [b]}\n",
                "2:32",
                &["there is no such service"],
            ),
            (
                "services: {a: {command: x, depends_on: [b]}, b: {command: y, depends_on: [a]}}",
                "1:75",
                &["wait for each other: b → a → b"],
            ),
            ("services: {a: {command: x, restart: sometimes}}", "1:37", &["no restart policy"]),
            ("services: {a: {command: x 'y}}", "1:25", &["a quote is not closed"]),
            ("services: [a]", "1:1", &["no table of `services`"]),
            ("version: '3'\n", "1:1", &["no table of `services`"]),
        ],
    );
}

#[test]
fn lists_of_services() {
    table(
        Format::Json,
        &[
            (
                r#"{"name": "a", "command": ["p", "q"], "env": {"X": "$Y", "Z": 1}}"#,
                &["command = [\"p\", \"q\"]", "env = { X = \"$$Y\", Z = \"1\" }"],
            ),
            (
                r#"{"a": {"command": "p"}, "b": {"command": "q", "auto_restart": true}}"#,
                &["[services.a]\nrun = \"p\"", "restart = \"always\""],
            ),
            (
                r#"[{"name": "a", "command": "p", "health_check": {"type": "tcp", "endpoint": "db:5432", "interval": 5}}]"#,
                &["tcp = \"db:5432\", interval = \"5s\""],
            ),
            (
                r#"[{"name": "a", "command": "p", "port": 1}, {"name": "b", "command": "q", "port": 1}]"#,
                &["port = 1", "port = \"auto\"", "1 is taken by `a`"],
            ),
            (
                r#"[{"name": "a", "command": "docker {{x}}", "args": ["{{y}}"]}]"#,
                &["run = \"exec 'docker {''{x}}' '{''{y}}'\""],
            ),
        ],
    );
    refused(
        Format::Json,
        &[
            ("[]", "1:1", &["names no services"]),
            (r#"[{"command": "p"}]"#, "1:2", &["has no name"]),
            (r#"[{"name": "a"}]"#, "1:11", &["`a` runs nothing"]),
            (
                r#"[{"name": "a", "command": "p", "comand": "q"}]"#,
                "1:32",
                &["did you mean `command`?"],
            ),
            (
                r#"[{"name": "a", "command": "p", "health_check": {"type": "http", "endpoint": "/x"}}]"#,
                "1:48",
                &["no port to ask at"],
            ),
            (
                r#"[{"name": "a", "command": "p", "port": "high"}]"#,
                "1:40",
                &["`high` is no number"],
            ),
            (
                r#"[{"name": "a", "command": "p"}, {"name": "a", "command": "p"}]"#,
                "1:42",
                &["two services `a`"],
            ),
        ],
    );
}
