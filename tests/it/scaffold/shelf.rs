//! Templates by name, and what is told of them.

use std::fs;

use super::{PROJECT, Yard, text, write};
use crate::house::seen;

const FILES: &[(&str, &[u8])] = &[("files/a.tera", b"{{ project }}\n")];

#[test]
fn the_nearest_template_of_a_name_is_meant() {
    let yard = Yard::new(PROJECT, FILES);
    let place = |folder: std::path::PathBuf, text: &str| {
        write(&folder.join("own/template.toml"), PROJECT.replace("'t'", "'own'").as_bytes());
        write(&folder.join("own/files/from"), text.as_bytes());
    };
    let from = |yard: &Yard| {
        let _ = fs::remove_dir_all(yard.target());
        yard.house.ok(&["scaffold", "own", "out/demo"]);
        fs::read_to_string(yard.target().join("from")).unwrap()
    };
    place(yard.house.home().join("templates"), "home");
    assert_eq!(from(&yard), "home");
    place(yard.house.workspace().join(".gaia/templates"), "workspace");
    assert_eq!(from(&yard), "workspace");
    let output = yard.house.gaia(&["scaffold", "ownn", "out/other"]);
    assert_eq!(output.status.code(), Some(4), "{}", seen(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `own`?"));
    let all = yard.house.json(&["template", "list"]);
    let all = all.as_array().unwrap();
    assert!(all.iter().any(|row| row["name"] == "own" && row["version"] == "1.0.0"), "{all:#?}");
    assert_eq!(yard.house.json(&["template", "search", "own"]).as_array().unwrap().len(), 1);
    assert_eq!(yard.house.json(&["template", "show", "own"])["answers"][0]["name"], "project");
}

#[test]
fn a_new_template_is_well_and_passes_its_test() {
    let yard = Yard::new(PROJECT, FILES);
    yard.house.ok(&["template", "new", "fresh"]);
    let lint = yard.house.json(&["template", "lint", "fresh"]);
    assert_eq!(lint["findings"].as_array().unwrap().len(), 0, "{lint:#}");
    let test = yard.house.json(&["template", "test", "fresh"]);
    assert_eq!(test["tests"][0]["fault"], serde_json::Value::Null, "{test:#}");
    yard.house.ok(&["scaffold", "fresh", "out/demo"]);
    assert_eq!(fs::read_to_string(yard.target().join("README.md")).unwrap(), "# Demo\n");
    let again = yard.house.gaia(&["template", "new", "fresh"]);
    assert_eq!(again.status.code(), Some(2), "{}", seen(&again));
}

#[test]
fn a_test_that_fails_says_why() {
    let toml = format!(
        "{PROJECT}[[tests]]\nname = 'good'\nanswers = {{ project = 'x' }}\n[[tests]]\nname = 'bad'\nanswers = {{ project = 'y' }}\n[check]\nrun = [['grep', 'x', 'a']]\n"
    );
    let yard = Yard::new(&toml, FILES);
    let denied = yard.house.gaia(&["template", "test", "./t"]);
    assert_eq!(denied.status.code(), Some(5), "{}", seen(&denied));
    let output = yard.house.gaia(&["template", "test", "./t", "--trust", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", seen(&output));
    let reply: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(reply["tests"][0]["fault"], serde_json::Value::Null);
    assert!(reply["tests"][1]["fault"].as_str().unwrap().contains("exit code 1"), "{reply:#}");
}

#[test]
fn lint_finds_what_is_undeclared_unused_and_unreachable() {
    let toml = "name = 't'\nversion = '1.0.0'\n[answers.project]\ndefault = '{{ later }}'\n[answers.later]\ndefault = ''\n[answers.idle]\ndefault = ''\n[[files]]\npath = 'nowhere/**'\n[[files]]\npath = 'off.tera'\nwhen = 'later'\n";
    let files: &[(&str, &[u8])] = &[
        ("files/a.tera", b"{{ project }}"),
        ("files/off.tera", b"\n{{ projct }}"),
        ("files/b.txt", b"{{ project }}"),
        ("partials/lost", b""),
    ];
    let yard = Yard::new(toml, files);
    let output = yard.house.gaia(&["template", "lint", "./t", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", seen(&output));
    let reply: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found: Vec<String> = reply["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            format!(
                "{} {} {}",
                f["error"],
                f["place"].as_str().unwrap(),
                f["what"].as_str().unwrap()
            )
        })
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "false t/files/b.txt:1:1 this names `project`, and is copied as it is",
            "false t/partials/lost:1:1 no file includes this",
            "false t/template.toml:7:10 nothing uses `idle`",
            "false t/template.toml:10:8 no file below files/ fits this path",
            "true t/files/off.tera:2:4 nobody declares `projct`",
            "true t/template.toml:4:15 nobody declares `later`",
        ]
    );
}

#[test]
fn one_yaml_file_is_a_template_too() {
    let yard = Yard::new(PROJECT, FILES);
    yard.house.write(
        "service.yaml",
        "name: service\nlanguage: go\nvariables:\n  - { name: module, required: true }\n  - { name: port, default: 8080 }\ndirectories: [\"pkg/{{.module}}\"]\nfiles:\n  - path: \"cmd/{{.module}}/main.go\"\n    template: |\n      // {{.module}} on {{ .port }}\n      x := []int{{1}}\n  - path: README.md\n    template: readme.txt\n",
    );
    yard.house.write("readme.txt", "# {{.module}}\n");
    let bad = yard.house.gaia(&["scaffold", "./service.yaml", "out/demo"]);
    assert_eq!(bad.status.code(), Some(2), "{}", seen(&bad));
    assert!(
        String::from_utf8_lossy(&bad.stderr).contains("`module` has no answer"),
        "{}",
        seen(&bad)
    );
    yard.house.ok(&["scaffold", "./service.yaml", "out/demo", "--var", "module=x"]);
    let made = super::picture(&yard.target());
    assert_eq!(text(&made, "cmd/x/main.go"), "// x on 8080\nx := []int1\n");
    assert_eq!(text(&made, "README.md"), "# x\n");
    assert!(made.contains_key("pkg/x"));
}

#[test]
fn what_comes_with_gaia_is_well() {
    let yard = Yard::new(PROJECT, FILES);
    let all = yard.house.json(&["template", "list", "--all"]);
    for row in all.as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        let lint = yard.house.gaia(&["template", "lint", name]);
        assert!(lint.status.success(), "{name}: {}", seen(&lint));
        let tests = &yard.house.json(&["template", "show", name])["tests"];
        if !tests.as_array().unwrap().is_empty() {
            yard.house.ok(&["template", "test", name, "--no-check"]);
        }
    }
}
