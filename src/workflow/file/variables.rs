//! Names that may be variables of a script.

/// Variables that change how a shell, the linker or a program works.
const SPECIAL: &[&str] = &[
    "PATH",
    "IFS",
    "HOME",
    "SHELL",
    "ENV",
    "BASH_ENV",
    "PWD",
    "OLDPWD",
    "CDPATH",
    "USER",
    "LOGNAME",
    "TERM",
    "TMPDIR",
    "LANG",
    "LANGUAGE",
    "OPTARG",
    "OPTIND",
    "OPTERR",
    "PPID",
    "LINENO",
    "UID",
    "EUID",
    "PS1",
    "PS2",
    "PS3",
    "PS4",
    "SHELLOPTS",
    "BASHOPTS",
    "PROMPT_COMMAND",
    "GLOBIGNORE",
    "POSIXLY_CORRECT",
    "HISTFILE",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "LESSOPEN",
    "LESSCLOSE",
    "TZ",
    "GCONV_PATH",
    "NODE_OPTIONS",
    "NODE_PATH",
    "PERL5LIB",
    "PERL5OPT",
    "RUBYOPT",
    "RUBYLIB",
    "JAVA_TOOL_OPTIONS",
    "CLASSPATH",
    "TMUX",
    "TMUX_PANE",
    "FPATH",
    "MAIL",
    "MAILPATH",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "_",
];

/// Beginnings of such names.
const PREFIXES: &[&str] = &[
    "LD_",
    "DYLD_",
    "GAIA_",
    "BASH_",
    "LC_",
    "GIT_",
    "SSH_",
    "PYTHON",
    "MALLOC_",
    "XDG_",
    "CARGO_",
    "RUST",
    "npm_config_",
    "NPM_CONFIG_",
];

/// Why a name cannot be the name of an input, and what to write.
pub(super) fn refusal(name: &str) -> Option<(String, String)> {
    if !is_name(name) {
        let help = "use letters, digits, _ and -, beginning with a letter";
        return Some((format!("`{name}` is no name of an input"), help.to_owned()));
    }
    let special = SPECIAL.contains(&name) || PREFIXES.iter().any(|p| name.starts_with(p));
    special.then(|| {
        let what =
            format!("an input cannot be called `{name}`: scripts take it for something else");
        (what, format!("write `{}`, for example", other(name)))
    })
}

/// Whether a script can take a value from a variable of this name.
pub(super) fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether a step, or an input, can be called so.
pub(super) fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(fits)
}

fn other(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    if refusal(&lower).is_none() && lower != name { lower } else { format!("my{lower}") }
}
