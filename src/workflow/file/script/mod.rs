//! Scripts whose values come from outside.
//!
//! A value is never part of a script: where `{{ reference }}` stands, the script takes it from a
//! variable of its environment, in a form that fits the quotes around that place. So the shell
//! reads a value once, as one word, whatever is in it. `$name` of an input is left as it is, and
//! the value is a variable of that name.
//!
//! - `lexer`: what is quoted how at each place
//! - `words`: commands that would read a word as a script once more
//!
//! Invariant: where the quotes are in doubt, a reference is a fault.

mod lexer;
mod words;

use std::collections::BTreeMap;

use super::{
    outline::Outline,
    reader::Reader,
    scope::{Scope, Sees},
    sheet::one_or_many,
    variables::is_variable,
};
use crate::{
    define::yaml::{Node, Value},
    workflow::{
        model::{Command, StepIndex},
        text::{Part, Piece, Reference, Root, Template, Wrong, scan},
    },
};

/// What runs a script, by the word for it.
const SHELLS: &[(&[&str], &[&str])] = &[
    (&["sh"], &["/bin/sh", "-e", "-c"]),
    (&["bash"], &["bash", "-e", "-c"]),
    (&["python", "python3"], &["python3", "-c"]),
    (&["node"], &["node", "-e"]),
];

/// Programs that read scripts as sh does.
const LIKE_SH: &[&str] = &["sh", "bash", "dash", "ash", "ksh"];

/// What is written where a value cannot stand.
const USE_ENV: &str = "put it into `env:` and write \"$NAME\" here";

/// The command of a step.
pub(super) fn command(reader: &Reader<'_>, index: StepIndex) -> Command {
    let step = reader.world.step(index);
    let mut command = Command { argv: vec![], values: BTreeMap::new() };
    let Some(node) = step.fields.get("run") else { return command };
    match &node.value {
        Value::Text(script) if script.trim().is_empty() || script.contains('\0') => {
            reader.sheet.fault(&node.at, "this is no script", "write `run: make`, for example");
        }
        Value::Text(script) => {
            let shell = shell(reader, step);
            command.argv = shell.iter().map(Template::plain).collect();
            let program = shell.first().and_then(|program| program.rsplit('/').next());
            let mut wrongs = vec![];
            let script = if program.is_some_and(|program| LIKE_SH.contains(&program)) {
                of_shell(reader, index, script, &mut command.values, &mut wrongs)
            } else {
                of_other(&reader.scope(Sees::In(index)), script, &mut wrongs)
            };
            wrongs.into_iter().for_each(|wrong| reader.sheet.wrong(node, node_text(node), wrong));
            command.argv.push(Template::plain(script));
        }
        Value::List(_) => command.argv = argv(reader, index, node),
        Value::Nothing | Value::Table(_) => (),
    }
    command
}

fn node_text(node: &Node) -> &str {
    node.text().unwrap_or_default()
}

/// Program and arguments, without a shell: a value is one argument.
fn argv(reader: &Reader<'_>, index: StepIndex, node: &Node) -> Vec<Template> {
    let step = reader.world.step(index);
    if let Some(at) = step.fields.place("shell") {
        let help = "leave `shell` out, or write the script as one text";
        reader.sheet.fault(at, "a list of arguments is run without a shell", help);
    }
    let mut argv = vec![];
    for item in one_or_many(node) {
        if item.text().is_none_or(|text| text.contains('\0')) {
            let what = format!("an argument is a text, not {}", item.kind());
            reader.sheet.fault(&item.at, what, "");
        }
        argv.push(reader.template(Sees::In(index), item));
    }
    if argv.first().is_none_or(|program| program.0.is_empty()) {
        let help = "write [program, argument]";
        reader.sheet.fault(&node.at, "this names no program", help);
    }
    argv
}

/// What runs the script of a step: the script is its last argument.
fn shell(reader: &Reader<'_>, step: &Outline<'_>) -> Vec<String> {
    let known = |word: &str| {
        let found = SHELLS.iter().find(|(words, _)| words.contains(&word));
        found.map(|(_, argv)| argv.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>())
    };
    let default = || known("sh").unwrap_or_default();
    let Some(node) = step.fields.get("shell") else { return default() };
    if let Some(word) = node.text() {
        return known(word.trim()).unwrap_or_else(|| {
            let help = "write sh, bash, python, node, or a list: [zsh, -c]";
            reader.sheet.fault(&node.at, format!("`{word}` is no shell that is known"), help);
            default()
        });
    }
    let argv = reader.list_of_words(Some(node));
    if argv.first().is_none_or(String::is_empty) {
        reader.sheet.fault(&node.at, "this names no program", "write [zsh, -c], for example");
    }
    argv
}

/// A script of sh, with variables where values stood.
fn of_shell(
    reader: &Reader<'_>,
    index: StepIndex,
    script: &str,
    values: &mut BTreeMap<String, Template>,
    wrongs: &mut Vec<Wrong>,
) -> String {
    let scope = reader.scope(Sees::In(index));
    let mut taken: Vec<(String, Reference)> = vec![];
    let mut variable = |words: &str, at: std::ops::Range<usize>| {
        let reference = match scope.resolve(words) {
            Ok(reference) => reference,
            Err((what, help)) => return Err(Wrong::new(at, what, help)),
        };
        let known = taken.iter().find(|(_, known)| *known == reference);
        let name = known.map(|(name, _)| name.clone());
        Ok(name.unwrap_or_else(|| {
            let name = format!("GAIA_V{}", taken.len() + 1);
            taken.push((name.clone(), reference));
            name
        }))
    };
    let is_reference = |words: &str| is_dotted(&scope, words);
    let out = lexer::lex(script, &is_reference, &mut variable, wrongs);
    let value = |reference| Template::new(vec![Part::Value(reference)]);
    values.extend(taken.into_iter().map(|(name, reference)| (name, value(reference))));
    for name in variables(script) {
        if let Some(root) = own(reader, index, name) {
            values.insert(name.to_owned(), value(Reference { root, path: vec![] }));
        }
    }
    out
}

/// What `$name` of a script is, if it is not the shell's own: an input, or one of a list around it.
/// A script with a variable of that name of its own just sets it.
fn own(reader: &Reader<'_>, index: StepIndex, name: &str) -> Option<Root> {
    let world = reader.world;
    let mut around = world.chain(index);
    let each = around.find(|step| world.step(*step).each.is_some_and(|each| each == name));
    if let Some(step) = each {
        return Some(Root::Item(step));
    }
    let input = world.inputs.iter().find(|input| input.name == name && is_variable(name));
    input.map(|input| Root::Input(input.name.clone()))
}

/// Whether what stands in `${…}` is meant for gaia: no shell has a name with a dot in it, but
/// `${a-b.c}` is one with a default.
fn is_dotted(scope: &Scope<'_>, words: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let Some((first, _)) = words.split_once('.') else { return false };
    if first.is_empty() || !words.chars().all(fits) {
        return false;
    }
    is_variable(first) || scope.world.by_id.contains_key(first)
}

/// Names of variables that a script takes: `$name`, `${name…}`, `${#name}`.
fn variables(script: &str) -> impl Iterator<Item = &str> {
    script.match_indices('$').filter_map(|(at, _)| {
        let rest = &script[at + 1..];
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let rest = rest.strip_prefix('#').unwrap_or(rest);
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        Some(&rest[..end.unwrap_or(rest.len())]).filter(|name| is_variable(name))
    })
}

/// A script of another language: how a value would have to be quoted there is not known.
fn of_other(scope: &Scope<'_>, script: &str, wrongs: &mut Vec<Wrong>) -> String {
    for piece in scan(script, &mut vec![]) {
        if let Piece::Value(words, at) = piece
            && (scope.resolve(words).is_ok() || is_dotted(scope, words))
        {
            let what = "a value cannot stand in a script of this language";
            let help = "put it into `env:` and read the variable in the script";
            wrongs.push(Wrong::new(at, what, help));
        }
    }
    script.to_owned()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests")]
mod tests {
    use std::process::Command as Process;

    use serde_json::json;

    use super::*;
    use crate::workflow::{
        file::{Context, load},
        model::{Definition, Kind},
        text::{Lookup, render},
    };

    /// What a shell would do something with.
    const EVIL: &str = "a'b\"c$(touch made)`touch made`;touch made\n&& x\\ {{ y }} ${HOME} *  #!~";

    struct Values;
    impl Lookup for Values {
        fn root(&self, root: &Root) -> Option<serde_json::Value> {
            match root {
                Root::Input(name) if name == "evil" => Some(json!(EVIL)),
                Root::Input(_) => Some(json!("plain")),
                Root::Always(..) | Root::Output(_) => Some(json!(EVIL)),
                _ => None,
            }
        }
    }

    fn read(script: &str) -> Result<Definition, String> {
        let script = script.replace('\n', "\n      ");
        let text = format!(
            "inputs: {{evil: string, plain: string}}\nsteps:\n  - {{id: before, run: x}}\n  \
             - id: it\n    needs: before\n    run: |-\n      {script}\n"
        );
        let context = Context { name: "x", beside: &|_| Err(String::new()) };
        load("x.yaml", text.as_bytes(), &context).map_err(|faults| {
            let shown: Vec<String> = faults.iter().map(ToString::to_string).collect();
            format!("{text}\n{}", shown.join("\n"))
        })
    }

    /// What a script prints, run as a step would run it, in an empty folder that stays empty.
    fn run(script: &str) -> String {
        let definition = read(script).unwrap();
        let Kind::Run(command) = &definition.steps[1].kind else { panic!() };
        let argv: Vec<String> =
            command.argv.iter().map(|arg| render(arg, &Values).unwrap()).collect();
        let folder = tempfile::tempdir().unwrap();
        let mut process = Process::new(&argv[0]);
        process
            .args(&argv[1..])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin");
        for (name, value) in &command.values {
            process.env(name, render(value, &Values).unwrap());
        }
        let output = process.output().unwrap();
        let left = folder.path().read_dir().unwrap().count();
        assert_eq!(left, 0, "{script} ran a part of a value");
        assert!(output.status.success(), "{argv:?} {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn a_value_is_one_word_wherever_it_stands() {
        for (script, wanted) in [
            ("printf '<%s>' {{ evil }}", format!("<{EVIL}>")),
            ("printf '<%s>' x{{evil}}y", format!("<x{EVIL}y>")),
            ("printf '<%s>' \"{{ evil }}\"", format!("<{EVIL}>")),
            ("printf '<%s>' \"x $(printf %s {{ evil }}) y\"", format!("<x {EVIL} y>")),
            ("printf '<%s>' \"x $(printf %s \"{{ evil }}\") y\"", format!("<x {EVIL} y>")),
            ("printf '<%s>' '{{ evil }}'", format!("<{EVIL}>")),
            ("printf '<%s>' 'a \"{{ evil }}\" b'", format!("<a \"{EVIL}\" b>")),
            (
                "printf '<%s>' \"it's {{ evil }}\" 'say \"' {{ plain }}",
                format!("<it's {EVIL}><say \"><plain>"),
            ),
            ("x={{ evil }}; printf '<%s>' \"$x\"", format!("<{EVIL}>")),
            (
                "printf '<%s>' \"$evil\" \"${evil}\" \"${plain#p}\"",
                format!("<{EVIL}><{EVIL}><lain>"),
            ),
            (
                "printf '<%s>' {{ before.stdout }} ${before.output} ${{ evil }}",
                format!("<{EVIL}><{EVIL}><{EVIL}>"),
            ),
            ("# it's {{ a comment\nprintf '<%s>' {{ evil }} # '", format!("<{EVIL}>")),
            ("printf '<%s>' \\'{{ plain }}\\' a#'{{ evil }}'", format!("<'plain'><a#{EVIL}>")),
            (
                "cat <<'X' ; printf '<%s>' {{ plain }}\nit's \"\nX\nprintf '<%s>' \"{{ evil }}\"",
                format!("<plain>it's \"\n<{EVIL}>").replace("<plain>it's \"\n", "it's \"\n<plain>"),
            ),
            (
                "printf '<%s>' $((1 + (2))) \"${x:-\"a b\"}\" {{ evil }}",
                format!("<3><a b><{EVIL}>"),
            ),
            ("case {{ evil }} in a*) printf '<%s>' {{ plain }};; esac", "<plain>".to_owned()),
            ("printf '<%s>' '\\{{ x }}' \\{{x}} {{ '{{' }}", "<{{ x }}><{{x}}><{{>".to_owned()),
            (
                "f() { printf '<%s>' \"$@\"; }\nf {{ evil }} {{ plain }} {{ evil }}",
                format!("<{EVIL}><plain><{EVIL}>"),
            ),
            (
                "if [ {{ plain }} = plain ]; then (printf '<%s>' {{ evil }}); fi",
                format!("<{EVIL}>"),
            ),
            ("printf '%s' \"${#plain}\"", "5".to_owned()),
        ] {
            assert_eq!(run(script), wanted, "{script}");
        }
    }

    #[test]
    fn where_the_quotes_are_in_doubt_a_value_is_refused() {
        for script in [
            "echo `echo {{ evil }}`",
            "echo $(( {{ evil }} ))",
            "(( {{ evil }} ))",
            "echo ${x:-{{ evil }}}",
            "cat <<X\n{{ evil }}\nX",
            "cat <<'X'\n{{ evil }}\nX",
            "cat <<-X\n\t{{ evil }}\n\tX",
            "cat <<X \"a\nb\" {{ evil }}\nX\n",
            "echo $'a\\'b' {{ evil }}",
            "echo $'{{ evil }}'",
            "echo \"${x:-'a}\" {{ evil }}",
            "echo \"$(case x in x) echo {{ evil }};; esac)\"",
            "echo {{ evil }} 'open",
            "echo {{ evil }} \"$(open\"",
            "eval {{ evil }}",
            "eval \"echo {{ evil }}\"",
            "sh -c 'echo {{ evil }}'",
            "true && bash -lc \"{{ evil }}\"",
            "find . -exec sh -c 'echo {{ evil }}' \\;",
            "ssh host {{ evil }}",
            "python3 -c 'print({{ evil }})'",
            "awk '{ print \"{{ evil }}\" }'",
        ] {
            assert!(read(script).is_err(), "{script}");
        }
    }
}
