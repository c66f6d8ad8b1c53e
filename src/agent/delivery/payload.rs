use super::Why;

const BEGIN: &[u8] = b"\x1b[200~";
const END: &[u8] = b"\x1b[201~";

/// The prompt as it is typed: plain newlines, none at the end, no control characters. One in the
/// text could end the paste, and what follows would be keys.
pub(super) fn clean(prompt: &str) -> Result<String, Why> {
    let text = prompt.replace("\r\n", "\n");
    let text = text.trim_end_matches('\n');
    if text.trim().is_empty() {
        return Err(Why::Nothing);
    }
    if text.chars().any(|one| one.is_control() && one != '\n' && one != '\t') {
        return Err(Why::Control);
    }
    Ok(text.to_owned())
}

/// The bytes of a clean prompt for a program that does or does not ask for framed pastes.
pub(super) fn bytes(text: &str, bracketed: bool) -> Result<Vec<u8>, Why> {
    if bracketed {
        return Ok([BEGIN, text.as_bytes(), END].concat());
    }
    // A tab completes, a newline sends: unframed they are keys.
    if text.contains(['\n', '\t']) { Err(Why::Lines) } else { Ok(text.as_bytes().to_vec()) }
}
