//! Values from outside, and secrets: what they reach, and what they do not.

use std::path::Path;

use super::{Yard, step};

/// What a shell, a template or a file might take for something else.
const HOSTILE: &[&str] = &[
    "$(touch {here}/owned)",
    "`touch {here}/owned`",
    "\"; touch {here}/owned; \"",
    "'; touch {here}/owned; '",
    "a b  c\td",
    "*",
    "{{ inputs.who }}",
    "${GAIA_HOME}",
    "\\n \\\" \\' \\\\",
    "-n",
    "line one\nline two",
    "# no comment",
    "!history",
    "a=b",
    "--",
    "ü 漢 🦀",
];

#[test]
fn a_value_is_a_value_whatever_stands_in_it() {
    let yard = Yard::new(
        "
inputs: { who: string, all: array }
steps:
  - { id: shell, run: \"printf '%s' {{ inputs.who }}\" }
  - { id: quoted, run: \"printf '%s' \\\"{{ inputs.who }}\\\"\" }
  - { id: named, run: \"printf '%s' \\\"$who\\\"\" }
  - { id: argv, run: [printf, \"%s\", \"{{ inputs.who }}\"] }
  - { id: own, run: \"printf '%s' \\\"$IT\\\"\", env: { IT: \"{{ inputs.who }}\" } }
  - { id: later, run: \"printf '%s' \\\"{{ argv.stdout }}\\\"\", needs: [argv] }
  - id: each
    for_each: { in: \"{{ inputs.all }}\", join: all_ok }
    run: \"printf '%s' \\\"{{ item }}\\\"\"
",
    );
    for word in HOSTILE {
        let word = yard.filled(word);
        let inputs = serde_json::json!({ "who": word, "all": [word] }).to_string();
        std::fs::write(yard.at("inputs"), inputs).unwrap();
        let path = yard.at("inputs");
        let run = yard.runs(&["--inputs-from", path.to_str().unwrap()]);
        assert_eq!(run["state"], "done", "{run:#}");
        for name in ["shell", "quoted", "named", "argv", "own", "later"] {
            assert_eq!(step(&run, name)["outputs"]["stdout"], *word, "{name}: {run:#}");
        }
        assert_eq!(step(&run, "each")["outputs"][0]["stdout"], *word, "{run:#}");
        assert!(!yard.at("owned").exists(), "{word}");
    }
}

/// Whether any file below a folder holds these bytes.
fn holds(folder: &Path, bytes: &[u8], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            holds(&path, bytes, found);
        } else if kind.is_file() {
            let text = std::fs::read(&path).unwrap_or_default();
            if text.windows(bytes.len()).any(|window| window == bytes) {
                found.push(path.display().to_string());
            }
        }
    }
}

#[test]
fn a_secret_is_in_the_environment_of_its_command_and_nowhere_else() {
    let mut yard = Yard::new(
        "
secrets: { FROM_FILE: { file: secret }, FROM_COMMAND: { command: [cat, secret2] } }
steps:
  - id: a
    run: \"printf '%s' \\\"$FROM_FILE $FROM_COMMAND $FROM_ENV\\\" | sha256sum; {here}/gated gate\"
    secrets: { FROM_ENV: { env: MINE } }
  - { id: b, run: 'test -z \"$FROM_ENV\"', needs: [a] }
  - { id: c, run: exit 3, needs: [b] }
",
    );
    let (file, command, own) = ("canary-file-77", "canary-command-78", "canary-env-79");
    yard.house.write("secret", &format!("{file}\n"));
    yard.house.write("secret2", &format!("{command}\n"));
    yard.house.env.push(("MINE".to_owned(), own.to_owned()));
    yard.gate("gate");
    let id = yard.start(&[]);
    yard.told("a 1");
    for pid in crate::house::processes() {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&line).contains("canary-"), "{pid}");
    }
    yard.open("gate");
    let run = yard.ends(&id, "failed");
    assert_eq!(step(&run, "b")["state"], "done", "the secret of a step is not that of another");
    let said = step(&run, "a")["outputs"]["stdout"].as_str().unwrap().to_owned();
    let wanted = <sha2::Sha256 as sha2::Digest>::digest(format!("{file} {command} {own}"));
    let wanted: String = wanted.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(said.starts_with(&wanted), "{said}");
    yard.house.ok(&["daemon", "stop"]);
    let mut found = vec![];
    for canary in [file, command, own] {
        holds(&yard.house.home(), canary.as_bytes(), &mut found);
    }
    // Whoever started the run had it in the environment, which is kept for its user only.
    let kept = yard.house.home().join("runs").join(&id).join("env.json");
    found.retain(|path| *path != kept.display().to_string());
    assert_eq!(found, Vec::<String>::new());
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(kept).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_step_makes_a_project_and_values_are_words_of_their_own() {
    let yard = Yard::new(
        "
inputs: { who: { type: text, default: \"$(touch pwned) -x; a\" } }
steps:
  - id: make
    scaffold:
      template: t
      target: out/app
      answers: { greeting: \"hi ${who}\" }
  - { id: read, needs: make, run: \"cat out/app/note\" }
",
    );
    let put = |name: &str, text: &str| {
        let path = yard.house.workspace().join(".gaia/templates/t").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("template.toml", "name = 't'\nversion = '1.0.0'\n[answers.greeting]\ntype = 'text'\n");
    put("files/note.tera", "{{ greeting }}!");
    let run = yard.ends(&yard.start(&[]), "done");
    assert_eq!(step(&run, "read")["outputs"]["stdout"], "hi $(touch pwned) -x; a!");
    assert!(!yard.house.workspace().join("pwned").exists());

    // What is there already is not written over, and says so.
    let run = yard.ends(&yard.start(&[]), "failed");
    let why = step(&run, "make")["why"].as_str().unwrap().to_owned();
    assert!(why.contains("--overwrite"), "{why}");
}

#[test]
fn a_script_of_a_list_may_write_item_in_either_way() {
    let yard = Yard::new(
        r#"
steps:
  - id: each
    for_each: [x, "y z"]
    run: 'echo "{{ item }} ${item} $item"; for item in own; do echo $item; done'
"#,
    );
    let id = yard.start(&[]);
    let run = yard.ends(&id, "done");
    let said = |name: &str| step(&run, name)["outputs"]["stdout"].clone();
    assert_eq!(said("each[x]"), "x x x\nown");
    assert_eq!(said("each[y z]"), "y z y z y z\nown");
}
