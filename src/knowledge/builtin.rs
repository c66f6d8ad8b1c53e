//! The experts that come with gaia.

/// Name and text of each.
pub const BUILTIN: &[(&str, &str)] = &[
    ("go", include_str!("../../experts/go.yaml")),
    ("node", include_str!("../../experts/node.yaml")),
    ("python", include_str!("../../experts/python.yaml")),
    ("rust", include_str!("../../experts/rust.yaml")),
    ("security", include_str!("../../experts/security.yaml")),
];

/// The text of an expert that comes with gaia.
pub(super) fn builtin(name: &str) -> Option<&'static str> {
    BUILTIN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::{choose::choose, file::load};

    #[test]
    fn what_comes_with_gaia_is_good_and_short() {
        for (name, text) in BUILTIN {
            let expert = load(name, &name.parse().unwrap(), text.as_bytes()).unwrap();
            assert!(!expert.area.is_empty() && !expert.pitfalls.is_empty(), "{name}");
            let brief = choose(&[expert], &[(*name).to_owned()], &[], 1000);
            assert!(!brief.chosen[0].cut, "{name} is told in 1000 tokens: {:?}", brief.chosen);
        }
    }
}
