//! What a part of a path may be.

/// Bytes that a file system takes for one name (NAME_MAX), and for a path of ours.
const MAX_PART: usize = 255;
const MAX_PATH: usize = 2048;

/// Why a rendered part of a path may not be one.
pub(super) fn check(part: &str) -> Result<(), String> {
    let shown = || format!("{part:?}");
    if part.is_empty() {
        return Err("a part of this path is empty".to_owned());
    }
    if part == "." || part == ".." {
        return Err(format!("this name becomes {}, which leads elsewhere", shown()));
    }
    if part.contains('/') {
        return Err(format!("this name becomes {}, and a name holds no slash", shown()));
    }
    if part.contains(|c: char| c.is_control() || is_hidden(c)) {
        return Err(format!("this name becomes {}, and a name holds no such characters", shown()));
    }
    if part.len() > MAX_PART {
        return Err(format!(
            "this name becomes {} bytes long: {MAX_PART} is the limit",
            part.len()
        ));
    }
    // `git~1` is how old file systems shorten it; both a checkout may take for the folder of git.
    let small = part.trim_end_matches(['.', ' ']).to_lowercase();
    if small == ".git" || small == "git~1" {
        return Err(format!("this name becomes {}, the folder of git", shown()));
    }
    Ok(())
}

/// Characters that are not seen, or that turn a name around.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Why a whole path may not be one.
pub(super) fn whole(path: &str) -> Result<(), String> {
    if path.len() > MAX_PATH {
        return Err(format!(
            "this path becomes {} bytes long: {MAX_PATH} is the limit",
            path.len()
        ));
    }
    let first = path.split('/').next().unwrap_or_default();
    if first.eq_ignore_ascii_case(".gaia") {
        return Err(format!("this path becomes {path:?}, in gaia's own folder of the project"));
    }
    Ok(())
}

/// Why a link may not lead where it does; `path` is its own.
pub(super) fn link(path: &str, to: &[u8]) -> Result<(), String> {
    let Ok(to) = std::str::from_utf8(to) else {
        return Err("this link leads to a name that is not UTF-8".to_owned());
    };
    let refuse = |why: &str| Err(format!("this link leads to {to:?}, {why}"));
    if to.is_empty() || to.contains(char::is_control) {
        return refuse("which is no path");
    }
    if to.starts_with('/') {
        return refuse("and only a relative one stays right");
    }
    let mut depth = path.split('/').count() - 1;
    for part in to.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return refuse("out of the project"),
            ".." => depth -= 1,
            part if part.eq_ignore_ascii_case(".git") => return refuse("the folder of git"),
            _ => depth += 1,
        }
    }
    Ok(())
}
