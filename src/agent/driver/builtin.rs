/// The drivers that come with gaia: name and text of the file.
pub const BUILTIN: &[(&str, &str)] = &[
    ("claude", include_str!("../../../drivers/claude.toml")),
    ("codex", include_str!("../../../drivers/codex.toml")),
    ("gemini", include_str!("../../../drivers/gemini.toml")),
    ("opencode", include_str!("../../../drivers/opencode.toml")),
    ("aider", include_str!("../../../drivers/aider.toml")),
    ("qwen", include_str!("../../../drivers/qwen.toml")),
    ("command", include_str!("../../../drivers/command.toml")),
    ("script", include_str!("../../../drivers/script.toml")),
];

/// The text of a driver that comes with gaia.
#[must_use]
pub fn builtin(name: &str) -> Option<&'static str> {
    BUILTIN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
