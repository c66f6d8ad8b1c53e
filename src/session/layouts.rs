//! The layouts inside the binary: the top-level folder `sessions/`.

/// Name and text of each.
const BUILTIN: &[(&str, &str)] = &[
    ("crew", include_str!("../../sessions/crew.toml")),
    ("solo", include_str!("../../sessions/solo.toml")),
    ("web", include_str!("../../sessions/web.toml")),
];

/// The text of a layout.
#[must_use]
pub fn builtin(name: &str) -> Option<&'static str> {
    BUILTIN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Names of all layouts inside the binary.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|(name, _)| *name)
}
