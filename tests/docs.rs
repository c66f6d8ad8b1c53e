//! The references in `docs/reference` are what the code generates: `GAIA_WRITE_DOCS=1 cargo test
//! --test docs` writes them anew.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

use std::{fmt::Write, path::Path};

use clap::Command;

fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference").join(name);
    if std::env::var_os("GAIA_WRITE_DOCS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "docs/reference/{name} is not what the code says: run GAIA_WRITE_DOCS=1 cargo test --test docs"
    );
}

fn command_page(text: &mut String, path: &str, command: &mut Command) {
    let path = format!("{path}{}", command.get_name());
    let help = command.clone().term_width(98).disable_help_subcommand(true).render_long_help();
    let help: Vec<String> =
        help.to_string().lines().map(|line| line.trim_end().to_owned()).collect();
    writeln!(text, "## `{path}`\n\n```text\n{}\n```\n", help.join("\n").trim_end()).unwrap();
    for sub in command.get_subcommands_mut() {
        if sub.get_name() != "help" && !sub.is_hide_set() {
            command_page(text, &format!("{path} "), sub);
        }
    }
}

#[test]
fn the_command_line() {
    let mut text = String::from(
        "# The command line\n\nGenerated from the code. `--json` works everywhere; exit codes are in [errors](errors.md).\n\n",
    );
    command_page(&mut text, "", &mut gaia::cli::command());
    check("cli.md", &text);
}

#[test]
fn the_api() {
    let document = gaia::daemon::openapi_document();
    let mut text = String::from(
        "# The API\n\nGenerated from the code; the machine-readable form is [`openapi.json`](openapi.json), also served at `/v1/openapi.json`. Streams are server-sent events, one JSON document each.\n\n| call | does |\n| --- | --- |\n",
    );
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let summary = operation["summary"].as_str().unwrap();
            writeln!(text, "| `{} {path}` | {summary} |", method.to_uppercase()).unwrap();
        }
    }
    for (path, what) in [
        ("/v1/ledger/stream", "Facts as they happen (`after`, `since`, `kind`)"),
        (
            "/v1/panes/{target}/logs/stream",
            "Output of a pane as it comes (`follow`, `since`, `grep`, `from`)",
        ),
        ("/v1/inbox/stream", "Items of the inbox as they are raised and closed (`workspace`)"),
        ("/v1/services/stream", "Services whenever their state changes"),
        (
            "/v1/services/logs/stream",
            "Output of services merged by time (`names`, `follow`, `since`, `grep`, `tail`)",
        ),
        ("/metrics", "Figures of all services in the text format of Prometheus"),
        (
            "/v1/panes/{target}/recording/stream",
            "A pane's output as the lines of an asciicast v2 recording",
        ),
    ] {
        writeln!(text, "| `GET {path}` | {what}; a stream |").unwrap();
    }
    check("api.md", &text);
    check("openapi.json", &format!("{document:#}\n"));
}

#[test]
fn the_settings() {
    let mut text = String::from(
        "# Settings\n\nGenerated from the code. They stand in `config.toml` of the home (`~/.gaia`, or `$GAIA_HOME`); the environment wins: `GAIA_SECTION_KEY`.\n\n| setting | default | what it does |\n| --- | --- | --- |\n",
    );
    for key in gaia::config::KEYS {
        writeln!(text, "| `{}.{}` | `{}` | {} |", key.section, key.name, key.default, key.about)
            .unwrap();
    }
    text += "\n# gaia.toml\n\nThe same keys stand in layouts (`sessions/NAME.toml`). The JSON Schema for editors is [`gaia.schema.json`](gaia.schema.json), also printed by `gaia config schema`.\n\n";
    let mut schema = gaia::service::schema();
    gaia::agent::add_to_schema(&mut schema);
    gaia::trigger::add_to_schema(&mut schema);
    let tables = [
        ("a session", &schema),
        ("`[[windows]]`", &schema["$defs"]["RawWindow"]),
        ("`[[windows.panes]]`", &schema["$defs"]["RawPane"]),
        ("`stop`", &schema["$defs"]["RawStop"]),
        ("`[services.NAME]`", &schema["$defs"]["RawService"]),
        ("`probe`", &schema["$defs"]["RawProbes"]),
        ("a probe", &schema["$defs"]["RawProbe"]),
        ("`[agents.NAME]`", &schema["$defs"]["RawAgent"]),
        ("`[triggers.NAME]`", &schema["$defs"]["RawTrigger"]),
        ("`[tasks]`", &schema["$defs"]["RawTasks"]),
        ("`[fence]`, `[agents.NAME.fence]`", &schema["$defs"]["RawFence"]),
    ];
    for (name, table) in tables {
        writeln!(text, "## {name}\n\n| key | what it does |\n| --- | --- |").unwrap();
        for (key, value) in table["properties"].as_object().unwrap() {
            let about = value["description"].as_str().unwrap_or("").replace('\n', " ");
            writeln!(text, "| `{key}` | {about} |").unwrap();
        }
        text.push('\n');
    }
    check("config.md", &text);
    check("gaia.schema.json", &format!("{schema:#}\n"));
}

#[test]
fn the_facts() {
    let mut text = String::from(
        "# Facts\n\nGenerated from the code. Every line of the ledger is `{seq, at, kind, v, body, prev, hash}`; `at` is in milliseconds since 1970, `prev` and `hash` chain the lines.\n\n| kind | says that |\n| --- | --- |\n",
    );
    let slices = [
        gaia::session::FACTS,
        gaia::service::FACTS,
        gaia::agent::FACTS,
        gaia::inbox::FACTS,
        gaia::trigger::FACTS,
        gaia::workflow::FACTS,
        gaia::meter::KINDS,
        gaia::knowledge::FACTS,
    ];
    for (kind, about) in slices.into_iter().flatten() {
        writeln!(text, "| `{kind}` | {about} |").unwrap();
    }
    check("facts.md", &text);
}

#[test]
fn the_errors() {
    use gaia::base::Code;
    let mut text = String::from(
        "# Errors\n\nGenerated from the code. A refusal is `{code, message, help}` on the wire, `error:` and `help:` on the screen, and this exit code. Exit code 0 is success; 1 also means that the thing asked about failed (`gaia ledger verify`, `gaia doctor`).\n\n| code | exit | means |\n| --- | --- | --- |\n",
    );
    for (code, means) in [
        (Code::Failed, "it was tried and did not work: a fault of the world"),
        (Code::Invalid, "the request makes no sense as written"),
        (Code::NotFound, "there is no such thing"),
        (Code::Denied, "it is not allowed"),
        (Code::Unreachable, "the daemon does not answer"),
        (Code::Broken, "gaia itself is at fault"),
    ] {
        let word = serde_json::to_value(code).unwrap();
        writeln!(text, "| `{}` | {} | {means} |", word.as_str().unwrap(), code.exit()).unwrap();
    }
    check("errors.md", &text);
}

/// Every example and every shipped layout is a definition gaia reads.
#[test]
fn examples_and_layouts_are_good() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in gaia::session::builtin_names() {
        let text = gaia::session::builtin(name).unwrap();
        assert!(!load(text, root).unwrap().windows.is_empty(), "{name}");
        assert!(text.starts_with("description = "), "{name}");
    }
    for entry in std::fs::read_dir(root.join("examples")).unwrap() {
        let folder = entry.unwrap().path();
        let text = std::fs::read_to_string(folder.join("gaia.toml")).unwrap();
        assert!(folder.join("README.md").exists());
        load(&text, &folder).unwrap();
    }
}

fn load(text: &str, dir: &Path) -> Result<gaia::session::Declared, Vec<gaia::base::ConfigError>> {
    let context = gaia::session::Context {
        dir,
        home: "/".as_ref(),
        layout: &|_| None,
        layouts: vec![],
        is_dir: &|path| path.is_dir(),
    };
    let source = gaia::session::Source { path: "t".into(), bytes: text.into() };
    gaia::session::load(&source, &context, None)
}

/// Loading is total: whatever the bytes are, it answers, and every fault has a place.
#[test]
fn no_bytes_upset_the_loader() {
    let good = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop/gaia.toml"))
        .unwrap();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..2_000 {
        let mut bytes = good.clone();
        for _ in 0..3 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let at = seed as usize % bytes.len().max(1);
            match seed >> 60 {
                0..=7 if at < bytes.len() => bytes[at] = (seed >> 32) as u8,
                8..=11 if at < bytes.len() => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Err(faults) = load(&text, "/".as_ref()) {
            assert!(faults.iter().all(|fault| fault.place().0 > 0 && !fault.show().is_empty()));
        }
    }
}
