//! `gaia`

use std::process::ExitCode;

fn main() -> ExitCode {
    // What an agent calls in its pane comes before all else: it may bear another program's name.
    let words: Vec<_> = std::env::args_os().collect();
    if let Some(code) = gaia::cli::inside(&words) {
        return code;
    }
    let mut args = std::env::args_os().skip(1);
    // The shim comes first: it is started for every pane and needs nothing of the rest.
    if args.next().is_some_and(|word| word == "pane") {
        return gaia::pane::main(&args.collect::<Vec<_>>());
    }
    gaia::cli::main()
}
