//! Build settings that Cargo.toml cannot say, and the list of the templates inside the binary.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs::{self, File},
    io::Write as _,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=templates");
    let root =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("no folder")?).join("templates");
    let mut text = String::from("pub(super) static BUILTIN: &[Builtin] = &[\n");
    for folder in entries(&root)? {
        if !folder.join("template.toml").is_file() {
            continue;
        }
        let name = folder.file_name().and_then(|name| name.to_str()).ok_or("a name")?;
        writeln!(text, "    ({name:?}, &[")?;
        list(&folder, &folder, &mut text)?;
        text.push_str("    ]),\n");
    }
    text.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no folder")?).join("templates.rs");
    File::create(out)?.write_all(text.as_bytes())?;
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let all: Result<Vec<PathBuf>, _> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut all = all?;
    all.sort();
    Ok(all)
}

/// One line for each file below a template: path, what it is (0 file, 1 program, 2 link), bytes.
fn list(root: &Path, folder: &Path, text: &mut String) -> Result<(), Box<dyn Error>> {
    for path in entries(folder)? {
        let meta = path.symlink_metadata()?;
        let below = path.strip_prefix(root)?.to_str().ok_or("a path that is not UTF-8")?.to_owned();
        if meta.is_symlink() {
            let to = fs::read_link(&path)?;
            writeln!(text, "        ({below:?}, 2, &{:?}),", to.as_os_str().as_bytes())?;
        } else if meta.is_dir() {
            list(root, &path, text)?;
        } else {
            let exec = u8::from(meta.permissions().mode() & 0o111 != 0);
            writeln!(text, "        ({below:?}, {exec}, include_bytes!({path:?})),")?;
        }
    }
    Ok(())
}
