//! From words to requests and back. No decisions: parse, send, print, exit code.

/// The whole of `main`.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
