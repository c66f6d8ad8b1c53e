//! Every driver that comes with gaia, as files and as starts.

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::{BUILTIN, Driver, Launch, LaunchAsk, Mode, Permission, PromptWay, builtin};

fn driver(make: &str) -> Driver {
    let loaded = Driver::load(&format!("drivers/{make}.toml"), builtin(make).unwrap());
    loaded.unwrap_or_else(|faults| panic!("{}", faults[0].show()))
}

fn ask(mode: Mode) -> LaunchAsk {
    let caller = [
        ("PATH", "/usr/bin"),
        ("HOME", "/home/ann"),
        ("LC_ALL", "C.UTF-8"),
        ("TERM", "tmux-256color"),
        ("GAIA_TOKEN", "never"),
        ("GITHUB_TOKEN", "never"),
        ("ANTHROPIC_API_KEY", "sk-0123456789abcdefghij"),
        ("OPENAI_API_KEY", "sk-openai"),
    ];
    LaunchAsk {
        mode,
        prompt: Some("Fix it.".into()),
        session: "11111111-2222-4333-8444-555555555555".into(),
        home: "/state/a1".into(),
        tmp: "/tmp/a1".into(),
        worktree: "/work/tree".into(),
        repo_root: "/work/repo".into(),
        gaia: "/usr/bin/gaia".into(),
        caller_env: caller.map(|(name, value)| (name.into(), value.into())).into(),
        env: [("GAIA_AGENT".to_owned(), "a1".to_owned())].into(),
        user_home: Some("/home/ann".into()),
        command: vec![],
        ..LaunchAsk::default()
    }
}

fn full(mode: Mode) -> LaunchAsk {
    LaunchAsk {
        model: Some("m".into()),
        effort: Some("high".into()),
        permission: Permission::Full,
        role: Some("You review.".into()),
        instructions: vec!["/work/repo/RULES.md".into()],
        max_turns: Some(3),
        max_cost_usd: Some(1.5),
        commands_denied: vec!["git push".into()],
        fenced: true,
        offline: true,
        port: Some(4096),
        args: vec!["--extra".into()],
        ..ask(mode)
    }
}

fn show(launch: Result<Launch, String>) -> String {
    let launch = match launch {
        Ok(launch) => launch,
        Err(why) => return format!("refused: {why}\n"),
    };
    let mut text = format!("$ {}\n", shell_words::join(&launch.argv));
    for (name, value) in &launch.env {
        writeln!(text, "  {name}={value}").unwrap();
    }
    for (path, content) in &launch.files {
        writeln!(text, "  file {} ({} bytes)", path.display(), content.len()).unwrap();
    }
    for path in &launch.write {
        writeln!(text, "  write {}", path.display()).unwrap();
    }
    writeln!(
        text,
        "  prompt {:?} stdin {:?} hidden {:?}",
        launch.prompt, launch.stdin, launch.hidden
    )
    .unwrap();
    text
}

#[test]
fn the_drivers_that_come_with_gaia_are_sound_and_carry_their_file_name() {
    for (name, text) in BUILTIN {
        let driver = driver(name);
        assert_eq!(driver.name(), *name);
        assert!(driver.has(Mode::Headless), "{name}");
        assert!(!text.contains('\t'), "{name}");
    }
    assert_eq!(driver("script").title(), "script (a recorded player, no model)");
}

#[test]
fn plain_starts() {
    let mut text = String::new();
    for (name, _) in BUILTIN {
        for mode in [Mode::Headless, Mode::Interactive] {
            writeln!(text, "## {name} {mode:?}\n{}", show(driver(name).launch(&ask(mode))))
                .unwrap();
        }
    }
    assert_snapshot!(text);
}

#[test]
fn starts_with_everything() {
    let mut text = String::new();
    for (name, _) in BUILTIN {
        for mode in [Mode::Headless, Mode::Interactive] {
            let mut ask = full(mode);
            ask.command = if *name == "command" {
                vec!["prog".into(), "{{role}}".into(), "{prompt}".into()]
            } else {
                vec![]
            };
            writeln!(text, "## {name} {mode:?}\n{}", show(driver(name).launch(&ask))).unwrap();
        }
    }
    assert_snapshot!(text);
}

#[test]
fn conversations_that_go_on() {
    let mut text = String::new();
    for (name, _) in BUILTIN {
        for mode in [Mode::Headless, Mode::Interactive] {
            let ask = LaunchAsk { resume: Some("old".into()), ..ask(mode) };
            let launch = driver(name).launch(&ask).map(|launch| shell_words::join(&launch.argv));
            writeln!(text, "{name} {mode:?}: {}", launch.unwrap_or_else(|why| why)).unwrap();
        }
    }
    assert_snapshot!(text);
}

#[test]
fn files_lie_in_the_home_or_temp_folder_and_name_each_other_rightly() {
    for (name, _) in BUILTIN {
        for mode in [Mode::Headless, Mode::Interactive] {
            let Ok(launch) = driver(name).launch(&full(mode)) else { continue };
            for (path, content) in &launch.files {
                let own = path.starts_with("/state/a1") || path.starts_with("/tmp/a1");
                assert!(own, "{name}: {}", path.display());
                let name = path.to_string_lossy();
                if name.ends_with(".json") {
                    serde_json::from_str::<serde_json::Value>(content).unwrap();
                } else if name.ends_with(".toml") {
                    content.parse::<toml::Table>().unwrap();
                }
            }
            for word in launch.argv.iter().filter(|word| word.starts_with("/state/a1/")) {
                assert!(launch.files.iter().any(|(path, _)| path.to_str() == Some(word)), "{word}");
            }
        }
    }
}

#[test]
fn secrets_of_gaia_and_of_others_stay_outside() {
    for (name, _) in BUILTIN {
        let Ok(launch) = driver(name).launch(&ask(Mode::Headless)) else { continue };
        assert!(!launch.env.contains_key("GAIA_TOKEN"), "{name}");
        assert!(!launch.env.contains_key("GITHUB_TOKEN"), "{name}");
        assert_eq!(launch.env["GAIA_AGENT"], "a1", "{name}");
        let key = launch.env.contains_key("ANTHROPIC_API_KEY");
        assert_eq!(key, ["claude", "opencode", "aider"].contains(name), "{name}");
    }
}

#[test]
fn a_long_prompt_is_never_an_argument() {
    let long = "ü".repeat(60_000);
    for (name, _) in BUILTIN {
        for mode in [Mode::Headless, Mode::Interactive] {
            let ask =
                LaunchAsk { prompt: Some(long.clone()), command: vec!["prog".into()], ..ask(mode) };
            let Ok(launch) = driver(name).launch(&ask) else { continue };
            assert!(launch.argv.iter().all(|word| word.len() < 100_000), "{name} {mode:?}");
            let carried = launch.stdin.as_ref() == Some(&long)
                || launch.files.iter().any(|(_, text)| *text == long)
                || launch.prompt != PromptWay::AtStart;
            assert!(carried, "{name} {mode:?}");
        }
    }
    let word = LaunchAsk {
        prompt: Some(long),
        command: vec!["prog".into(), "{prompt}".into()],
        ..ask(Mode::Headless)
    };
    let why = driver("command").launch(&word).unwrap_err();
    assert_eq!(
        why,
        "command cannot be started: the task is too long for {prompt}; without it, it goes to stdin"
    );
}

#[test]
fn a_prompt_that_looks_like_an_option_or_a_template_stays_a_prompt() {
    for make in ["claude", "codex", "gemini", "opencode", "qwen"] {
        let ask = LaunchAsk { prompt: Some("--help {{home}}".into()), ..ask(Mode::Interactive) };
        let argv = driver(make).launch(&ask).unwrap().argv;
        let last = argv.last().unwrap();
        let safe = argv[argv.len() - 2] == "--" || !last.starts_with("--help");
        assert!(safe && last.ends_with("--help {{home}}"), "{argv:?}");
    }
}

#[test]
fn the_login_of_the_person_is_linked_only_if_wanted() {
    let links = |make: &str, login| {
        let ask = LaunchAsk { login, ..ask(Mode::Headless) };
        driver(make).launch(&ask).unwrap().links
    };
    assert_eq!(links("claude", false), []);
    let path = |text: &str| std::path::PathBuf::from(text);
    assert_eq!(
        links("claude", true),
        [(path("/home/ann/.claude/.credentials.json"), path("/state/a1/.credentials.json"))]
    );
    assert_eq!(
        links("codex", true),
        [(path("/home/ann/.codex/auth.json"), path("/state/a1/auth.json"))]
    );
    let lost = LaunchAsk { login: true, user_home: None, ..ask(Mode::Headless) };
    assert!(driver("claude").launch(&lost).unwrap_err().contains("their home"));
}

#[test]
fn the_command_of_the_agent_stands_for_the_program() {
    let ask = LaunchAsk { command: vec!["nice".into(), "my-claude".into()], ..ask(Mode::Headless) };
    let argv = driver("claude").launch(&ask).unwrap().argv;
    assert_eq!(argv[..4], ["nice", "my-claude", "-p", "--output-format"]);
}

#[test]
fn what_cannot_be_started_says_why() {
    let launch = |make: &str, ask: LaunchAsk| driver(make).launch(&ask).unwrap_err();
    let none = LaunchAsk { prompt: None, ..ask(Mode::Headless) };
    assert_eq!(launch("claude", none), "claude cannot be started: there is no task to give it");
    let long = LaunchAsk { prompt: Some("x".repeat(1_048_577)), ..ask(Mode::Headless) };
    assert_eq!(
        launch("codex", long),
        "codex cannot be started: the task is longer than the 1048576 bytes it takes"
    );
    let zero = LaunchAsk { args: vec!["a\0b".into()], ..ask(Mode::Headless) };
    assert_eq!(
        launch("codex", zero),
        "codex cannot be started: an argument or a variable holds a zero byte"
    );
    let inside = LaunchAsk { home: "/tmp/a1/home".into(), ..ask(Mode::Headless) };
    assert!(launch("codex", inside).contains("keep them apart"));
}

/// A driver with every kind of fault.
const FAULTY: &str = r#"
[driver]
name = "x"
title = "X"
detect = { command = ["x"], pattern = '(\d+' }
[env]
HOME = "{{hom}}"
[headless]
command = ["x", "{{modell}}", "{{tmp}}/{{nowhere}}"]
prompt = "arg"
[interactive]
command = ["x"]
prompt = "stdin"
[output]
kind = "jsonl"
ok = { "/a" = { matches = "[" } }
[evidence]
anything = "{{goes}}"
"#;

#[test]
fn all_faults_of_a_driver_are_told_with_their_places() {
    let faults = Driver::load("drivers/x.toml", FAULTY).unwrap_err();
    let shown: Vec<String> = faults.iter().map(crate::base::ConfigError::show).collect();
    assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn words_that_no_driver_knows_are_refused() {
    let rows = [
        ("[driver]\nname = \"x\"\ntitel = \"X\"", "x:3:1: unknown field `titel`"),
        ("[driver]\nname = \"x\"\ntitle = \"X\"\n[headles]", "x:4:2: unknown field `headles`"),
        (
            "[driver]\nname = \"x\"\ntitle = \"X\"\n[output]\nok = { \"/a\" = { match = \"b\" } }",
            "unknown field `match`",
        ),
        (
            "[driver]\nname = \"x\"\ntitle = \"X\"\n[[classify]]\nclass = \"limit\"",
            "x:5:9: unknown variant `limit`",
        ),
        ("[driver]\nname = 7", "x:2:8: invalid type: integer `7`"),
        ("[driver", "x:1:8: "),
        ("", "missing field `driver`"),
    ];
    for (text, wanted) in rows {
        let faults = Driver::load("x", text).unwrap_err();
        assert!(faults[0].show().contains(wanted), "{}", faults[0].show());
    }
}
