//! Build settings that Cargo.toml cannot say.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
}
