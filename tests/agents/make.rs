//! How the program of each make is pointed at the scripted model.

use std::path::PathBuf;

/// A make whose program is installed.
pub struct Make {
    pub name: &'static str,
    /// Folder of its program.
    pub bin: PathBuf,
    /// Lines of its agent in the gaia.toml; `{url}` is the model's.
    pub agent: &'static str,
    /// Whether its wire tells what was written to the cache, and its report counts that apart.
    pub tells_cache_writes: bool,
}

/// Claude Code. One that tries no request twice leaves limits to gaia.
pub fn claude() -> Option<Make> {
    find(Make {
        name: "claude",
        bin: PathBuf::new(),
        agent: r#"model = "claude-sonnet-4-5"
[agents.builder.env]
ANTHROPIC_BASE_URL = "{url}"
ANTHROPIC_API_KEY = "sk-ant-scripted-0000000000000000"
CLAUDE_CODE_MAX_RETRIES = "0"
"#,
        tells_cache_writes: true,
    })
}

/// Codex.
pub fn codex() -> Option<Make> {
    find(Make {
        name: "codex",
        bin: PathBuf::new(),
        agent: r#"model = "gpt-5.1-codex"
args = [
  "-c", "model_provider=scripted",
  "-c", 'model_providers.scripted={name="scripted",base_url="{url}/v1",wire_api="responses",env_key="OPENAI_API_KEY"}',
]
[agents.builder.env]
OPENAI_API_KEY = "scripted"
"#,
        tells_cache_writes: false,
    })
}

/// Gemini CLI.
pub fn gemini() -> Option<Make> {
    find(Make {
        name: "gemini",
        bin: PathBuf::new(),
        agent: r#"model = "gemini-2.5-pro"
[agents.builder.env]
GOOGLE_GEMINI_BASE_URL = "{url}"
GEMINI_API_KEY = "scripted"
"#,
        tells_cache_writes: false,
    })
}

/// opencode.
pub fn opencode() -> Option<Make> {
    find(Make {
        name: "opencode",
        bin: PathBuf::new(),
        agent: r#"model = "scripted/gpt-5"
[agents.builder.env]
OPENCODE_DISABLE_MODELS_FETCH = "1"
OPENCODE_DISABLE_DEFAULT_PLUGINS = "1"
OPENCODE_CONFIG_CONTENT = '{"model":"scripted/gpt-5","small_model":"scripted/gpt-5","enabled_providers":["scripted"],"provider":{"scripted":{"npm":"@ai-sdk/openai-compatible","name":"scripted","options":{"baseURL":"{url}/v1","apiKey":"scripted"},"models":{"gpt-5":{"name":"gpt-5","limit":{"context":200000,"output":8000},"cost":{"input":1.25,"output":10,"cache_read":0.125,"cache_write":0}}}}}}'
"#,
        tells_cache_writes: false,
    })
}

/// Those without which the tests mean nothing.
const NEEDED: [&str; 2] = ["claude", "codex"];

/// The make with the folder of its program; `None` if it need not be there.
fn find(make: Make) -> Option<Make> {
    let given = std::env::var("GAIA_TEST_AGENTS").unwrap_or_default();
    if given == "skip" {
        eprintln!("{}: left out, for GAIA_TEST_AGENTS=skip", make.name);
        return None;
    }
    let folder = match given.as_str() {
        "" => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/agents")),
        given => PathBuf::from(given),
    };
    let bin = folder.join("node_modules/.bin");
    if bin.join(make.name).exists() {
        return Some(Make { bin, ..make });
    }
    let name = make.name;
    let help = format!(
        "{name} is not installed in {}: run `scripts/agents {name}`, or set GAIA_TEST_AGENTS=skip",
        folder.display()
    );
    assert!(!NEEDED.contains(&name), "{help}");
    eprintln!("{help}");
    None
}
