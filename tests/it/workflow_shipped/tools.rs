//! What `failing-tests` makes of the tools: real ones where they are installed everywhere, recorded
//! words of the others.

use std::path::Path;

use serde_json::{Value, json};

use super::{put, run, step, yard};
use crate::agent::yard::Yard;

/// What fails in a workspace with these files: names, and everything that was told.
fn failures(files: &[(&str, &str)], args: &[&str]) -> (Vec<String>, Value) {
    let yard = yard("", files);
    found(&yard, args)
}

fn found(yard: &Yard, args: &[&str]) -> (Vec<String>, Value) {
    let run = run(&yard.house, &[&["failing-tests"], args].concat(), true);
    let name = |one: &Value| one["name"].as_str().unwrap().to_owned();
    let names = run["outputs"]["failures"].as_array().unwrap().iter().map(name).collect();
    (names, run["outputs"].clone())
}

fn executable(yard: &Yard, path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = yard.house.workspace().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn cargo() {
    let lib = "/// ```\n/// assert_eq!(tiny::one(), 1);\n/// ```\npub fn one() -> u8 { 1 }\n\n\
        #[test]\nfn is_two() { assert_eq!(one(), 2, \"a \\\"quoted\\\"\\tword\"); }\n#[test]\nfn is_one() { assert_eq!(one(), 1); }\n";
    let manifest = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ndoctest = false\n";
    let files = [("Cargo.toml", manifest), ("src/lib.rs", lib), (".gitignore", "target\n")];
    let mut yard = yard("", &files);
    // The one that is installed needs its own home.
    for name in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
        let value = std::env::var(name).ok();
        yard.house.env.extend(value.map(|value| (name.to_owned(), value)));
    }
    let (names, told) = found(&yard, &[]);
    assert_eq!(names, ["is_two"]);
    assert_eq!(told["failures"][0]["again"], "cargo test -- --exact is_two");
    assert_eq!(told["failures"][0]["where"], "src/lib.rs");
    let message = told["failures"][0]["message"].as_str().unwrap();
    assert!(message.contains("a \"quoted\"\tword"), "{message}");
    // What cannot be compiled fails too, and shows why.
    put(&yard.house, "src/lib.rs", "fn broken( {");
    let (names, told) = found(&yard, &[]);
    assert_eq!(names, ["the tests (cargo)"]);
    assert!(told["failures"][0]["message"].as_str().unwrap().contains("error:"), "{told:#}");
}

#[test]
fn npm_with_the_runner_of_node() {
    let package = r#"{"name": "tiny", "scripts": {"test": "node --test"}}"#;
    let tests = "const { test, describe, it } = require('node:test');\n\
        test('adds', () => { throw new Error('no \"sum\" ü'); });\ntest('fine', () => {});\n\
        describe('suite', () => { it('inner', () => { throw new Error('in'); }); it('ok', () => {}); });\n\
        test('later', { todo: true }, () => { throw new Error('later'); });\n";
    let (names, told) = failures(&[("package.json", package), ("tiny.test.js", tests)], &[]);
    assert_eq!(names, ["adds", "suite > inner"]);
    assert_eq!(told["summary"], "2 tests fail (npm)");
    assert!(told["failures"][0]["message"].as_str().unwrap().contains("no \"sum\" ü"), "{told:#}");
}

#[test]
fn other_runners_of_npm_are_known_by_their_marks() {
    let said = "  ✓ is fine (3 ms)\\n  ✕ adds two numbers (5 ms)\\n × takes away 2ms\\n";
    let package =
        format!(r#"{{"scripts": {{"test": "printf '{said}'; exit 1"}}}}"#).replace("\\n", "\\\\n");
    let (names, _) = failures(&[("package.json", &package)], &[]);
    assert_eq!(names, ["adds two numbers", "takes away"]);
}

#[test]
fn go() {
    let go = r#"#!/bin/sh
cat <<'END'
{"Action":"start","Package":"example.com/tiny"}
{"Action":"run","Package":"example.com/tiny","Test":"TestAdd"}
{"Action":"output","Package":"example.com/tiny","Test":"TestAdd","Output":"    tiny_test.go:6: got \"1\", not \u003c2\u003e\n"}
{"Action":"fail","Package":"example.com/tiny","Test":"TestAdd","Elapsed":0}
{"Action":"pass","Package":"example.com/tiny","Test":"TestFine","Elapsed":0}
{"Action":"fail","Package":"example.com/tiny","Test":"TestTable/one","Elapsed":0}
{"Action":"fail","Package":"example.com/tiny","Test":"TestTable","Elapsed":0}
{"Action":"fail","Package":"example.com/tiny","Elapsed":0.002}
{"ImportPath":"example.com/broken [example.com/broken.test]","Action":"build-output","Output":"./b.go:3:1: syntax error\n"}
{"Action":"output","Package":"example.com/broken","Output":"FAIL\texample.com/broken [build failed]\n"}
{"Action":"fail","Package":"example.com/broken","Elapsed":0,"FailedBuild":"example.com/broken"}
END
exit 1
"#;
    let mut yard = yard("", &[("go.mod", "module example.com/tiny\n")]);
    yard.put("bin/go", go);
    let path = format!("{}:{}", yard.at("bin").display(), std::env::var("PATH").unwrap());
    yard.house.env.push(("PATH".to_owned(), path));
    let (names, told) = found(&yard, &[]);
    assert_eq!(names, ["TestAdd", "TestTable/one", "example.com/broken"]);
    let one = &told["failures"][0];
    assert!(one["message"].as_str().unwrap().contains("got \"1\", not <2>"), "{told:#}");
    assert_eq!(told["failures"][1]["again"], "go test example.com/tiny -run '^TestTable$/^one$'");
    assert!(told["failures"][2]["message"].as_str().unwrap().contains("syntax error"), "{told:#}");
}

#[test]
fn pytest() {
    let python = "#!/bin/sh\n[ \"$3\" = --version ] && exit 0\ncat <<'END'\n.F.E\n\
        =========================== short test summary info ============================\n\
        FAILED tests/test_a.py::test_adds[1 - 2] - assert 3 == 4\n\
        FAILED tests/test_a.py::Sums::test_more - ValueError: no\n\
        ERROR tests/test_b.py - ImportError: no module\nEND\nexit 1\n";
    let yard = yard("", &[("pytest.ini", "[pytest]\n")]);
    executable(&yard, Path::new(".venv/bin/python"), python);
    let (names, told) = found(&yard, &[]);
    let wanted = [
        "tests/test_a.py::test_adds[1 - 2]",
        "tests/test_a.py::Sums::test_more",
        "tests/test_b.py",
    ];
    assert_eq!(names, wanted);
    assert_eq!(
        told["failures"][1]["again"],
        "python3 -m pytest 'tests/test_a.py::Sums::test_more'"
    );
    assert_eq!(told["failures"][1]["message"], "ValueError: no\n");
}

#[test]
fn a_command_of_ones_own_takes_the_place_of_what_is_found() {
    let files = [("package.json", r#"{"scripts": {"test": "exit 1"}}"#)];
    let tap = "command=printf 'TAP version 13\\nok 1 - fine\\nnot ok 2 - \"bad\"\\n'; printf '\\377\\n'; false";
    let (names, told) = failures(&files, &[tap]);
    assert_eq!((names, &told["tool"]), (vec!["\"bad\"".to_owned()], &json!("command")));
    let (names, _) = failures(&files, &["command=true"]);
    assert!(names.is_empty());
    let (names, told) = failures(&files, &["command=echo what; exit 3"]);
    assert_eq!(names, ["the tests (command)"]);
    assert_eq!(told["failures"][0]["message"], "what\n");
}

#[test]
fn without_a_tool_it_fails_in_a_sentence() {
    let yard = yard("", &[("README.md", "no tests\n")]);
    for (workflow, at) in [("failing-tests", "test"), ("test-fix", "rounds{1}/test")] {
        let run = run(&yard.house, &[workflow], false);
        let why = step(&run, at)["why"].as_str().unwrap();
        assert!(why.contains("no tests are found here"), "{why}");
    }
}

#[test]
fn a_project_may_have_a_way_of_its_own() {
    let own = "inputs: {command: {type: string, default: ''}}\nsteps:\n  - id: test\n    outputs: {tool: string, summary: string, failures: array}\n    \
        run: |\n      printf '{\"tool\": \"own\", \"summary\": \"no test fails (own)\", \"failures\": []}'\n\
        outputs:\n  tool: \"{{ test.tool }}\"\n  summary: \"{{ test.summary }}\"\n  failures: \"{{ test.failures }}\"\n";
    let yard = yard("", &[(".gaia/workflows/failing-tests.yaml", own)]);
    let run = run(&yard.house, &["test-fix"], true);
    assert_eq!(run["outputs"]["summary"], "no test fails (own): there is nothing to mend");
}
