//! `gaia`

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    // The shim comes first: it is started for every pane and needs nothing of the rest.
    if args.next().is_some_and(|word| word == "pane") {
        return gaia::pane::main(&args.collect::<Vec<_>>());
    }
    gaia::cli::main()
}
