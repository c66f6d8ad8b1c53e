//! What the projects are built with.

use std::path::PathBuf;

/// Where the tools are, and what they keep between two runs.
pub struct Tools {
    pub bin: PathBuf,
    kept: PathBuf,
}

/// The tools; `None` if these tests are to be left out.
pub fn found() -> Option<Tools> {
    let own = std::env::var("GAIA_TEST_TEMPLATES").unwrap_or_default();
    if own == "skip" {
        eprintln!("left out, for GAIA_TEST_TEMPLATES=skip");
        return None;
    }
    let target = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/toolchains");
    let folder = if own.is_empty() { target } else { PathBuf::from(own) };
    assert!(
        folder.join("packages").is_file(),
        "{} has no tools: run scripts/toolchains, or set GAIA_TEST_TEMPLATES=skip",
        folder.display()
    );
    Some(Tools { bin: folder.join("bin"), kept: folder.join("kept") })
}

impl Tools {
    /// Environment in which projects are built: nothing of a project lands outside of it, and what
    /// was built or fetched once is not built or fetched again.
    pub fn env(&self) -> Vec<(String, String)> {
        let of = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let home = PathBuf::from(of("HOME").unwrap_or_default());
        let kept = |name: &str| self.kept.join(name).to_str().unwrap().to_owned();
        let below = |name: &str| home.join(name).to_str().unwrap().to_owned();
        let path = format!("{}:{}", self.bin.display(), of("PATH").unwrap());
        let mut env = vec![
            ("PATH", path),
            ("CARGO_HOME", of("CARGO_HOME").unwrap_or_else(|| below(".cargo"))),
            ("CARGO_TARGET_DIR", kept("cargo")),
            ("RUSTUP_HOME", of("RUSTUP_HOME").unwrap_or_else(|| below(".rustup"))),
            ("GOCACHE", kept("go")),
            ("GOPATH", kept("gopath")),
            ("GOPROXY", "off".to_owned()),
            ("GOTOOLCHAIN", "local".to_owned()),
            ("GOTELEMETRY", "off".to_owned()),
            ("UV_CACHE_DIR", kept("uv")),
            ("npm_config_cache", kept("npm")),
            ("npm_config_update_notifier", "false".to_owned()),
        ];
        // How the network is reached from here.
        for name in ["HTTPS_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"] {
            env.extend(of(name).map(|value| (name, value)));
        }
        // As cargo itself was called: no other toolchain is fetched.
        env.extend(of("RUSTUP_TOOLCHAIN").map(|value| ("RUSTUP_TOOLCHAIN", value)));
        env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
