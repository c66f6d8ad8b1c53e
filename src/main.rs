//! `gaia`

fn main() -> std::process::ExitCode {
    gaia::cli::main()
}
