//! The environment of a program: what is passed on, what files say, what is declared; in this
//! order, later ones win.

use std::collections::BTreeMap;

/// Variables that every program gets from whoever runs `gaia up`, if they are set.
const BASE: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "SSH_AUTH_SOCK",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
];

/// Whether every program gets this variable from whoever runs `gaia up`.
pub(crate) fn is_usual(name: &str) -> bool {
    BASE.contains(&name) || name.starts_with("LC_")
}

/// A map of variables.
pub(crate) type Env = BTreeMap<String, String>;

/// What the environment of a pane is made from.
pub(crate) struct Parts<'a> {
    /// Environment of whoever asks.
    pub(crate) caller: &'a Env,
    /// Names taken over from it besides the usual ones; `*` takes all.
    pub(crate) pass: &'a [String],
    /// Env files: path and text.
    pub(crate) files: Vec<(String, String)>,
    /// Declared variables, not yet filled in.
    pub(crate) declared: &'a Env,
}

/// Puts the environment together; the sentences say what is wrong and where.
pub(crate) fn resolve(parts: &Parts<'_>) -> Result<Env, Vec<String>> {
    let all = parts.pass.iter().any(|name| name == "*");
    let passed =
        |name: &str| all || is_usual(name) || parts.pass.iter().any(|wanted| wanted == name);
    let from_tmux = |name: &str| name == "TMUX" || name == "TMUX_PANE";
    let kept = parts.caller.iter().filter(|(name, _)| passed(name) && !from_tmux(name));
    let mut env: Env = kept.map(|(k, v)| (k.clone(), v.clone())).collect();
    let mut faults = Vec::new();
    for (path, text) in &parts.files {
        read_file(path, text, &mut env, &mut faults);
    }
    // Declared values see the variables of files and the caller, not each other: their order in
    // the file must not matter.
    let before = env.clone();
    for (key, value) in parts.declared {
        match fill_in(value, &before) {
            Ok(value) => drop(env.insert(key.clone(), value)),
            Err(what) => faults.push(format!("env.{key}: {what}")),
        }
    }
    if faults.is_empty() { Ok(env) } else { Err(faults) }
}

fn read_file(path: &str, text: &str, env: &mut Env, faults: &mut Vec<String>) {
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match read_line(line, env) {
            Ok((key, value)) => drop(env.insert(key, value)),
            Err(what) => faults.push(format!("{path}:{}: {what}", number + 1)),
        }
    }
}

fn read_line(line: &str, env: &Env) -> Result<(String, String), String> {
    let (key, value) = line.split_once('=').ok_or("this is not KEY=value")?;
    let key = key.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if key.is_empty() || !key.chars().all(fits) {
        return Err(format!("{key:?} is not the name of a variable"));
    }
    let value = value.trim();
    let value = match value.chars().next() {
        Some('\'') => value[1..].split_once('\'').ok_or("the quote is not closed")?.0.to_owned(),
        Some('"') => fill_in(&unquote(&value[1..])?, env)?,
        _ => fill_in(value.split(" #").next().unwrap_or("").trim_end(), env)?,
    };
    Ok((key.to_owned(), value))
}

/// The text up to the closing double quote, with its escapes carried out.
fn unquote(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok(out),
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('$') => out.push_str("$$"),
                Some(other) => out.push(other),
                None => break,
            },
            _ => out.push(c),
        }
    }
    Err("the quote is not closed".to_owned())
}

/// Fills in `${NAME}` and `${NAME:-default}`; `$$` is a dollar sign, and so is one before anything
/// else.
pub(crate) fn fill_in(text: &str, env: &Env) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = after.strip_prefix('{') {
            let (inside, after) = after.split_once('}').ok_or("`${` is not closed")?;
            out.push_str(&look_up(inside, env)?);
            rest = after;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn look_up(inside: &str, env: &Env) -> Result<String, String> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    match (env.get(name).filter(|value| !value.is_empty()), default) {
        (Some(value), _) => Ok(value.clone()),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(format!(
            "${{{name}}} is not set: set it, list it in `pass_env`, or write ${{{name}:-default}}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn later_sources_win_and_secrets_stay_behind() {
        let caller = env(&[("PATH", "/bin"), ("TOKEN", "s3cret"), ("KEEP", "k"), ("TMUX", "x")]);
        let text = "# c\nexport A=1\nB=\"two \\n ${A}\"\nC='${A}' \nD=x # note\nPATH=/file\n";
        let parts = Parts {
            caller: &caller,
            pass: &["KEEP".to_owned()],
            files: vec![(".env".into(), text.into())],
            declared: &env(&[("E", "${A}-${NONE:-def}-$$x"), ("A", "3")]),
        };
        let wanted = env(&[
            ("A", "3"),
            ("B", "two \n 1"),
            ("C", "${A}"),
            ("D", "x"),
            ("E", "1-def-$x"),
            ("KEEP", "k"),
            ("PATH", "/file"),
        ]);
        assert_eq!(resolve(&parts).unwrap(), wanted);
    }

    #[test]
    fn faults_say_where() {
        let declared = env(&[("X", "${NOPE}")]);
        let files = vec![(".env".to_owned(), "ok=1\nnot a pair\n1 2=3\n".to_owned())];
        let parts = Parts { caller: &Env::new(), pass: &[], files, declared: &declared };
        let faults = resolve(&parts).unwrap_err();
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults[0].starts_with(".env:2:") && faults[2].starts_with("env.X: ${NOPE}"));
    }
}
