//! The services inside the binary: the top-level folder `services/`.

/// Name and text of each.
const BUILTIN: &[(&str, &str)] = &[
    ("caddy", include_str!("../../services/caddy.toml")),
    ("mailsink", include_str!("../../services/mailsink.toml")),
    ("mariadb", include_str!("../../services/mariadb.toml")),
    ("memcached", include_str!("../../services/memcached.toml")),
    ("mosquitto", include_str!("../../services/mosquitto.toml")),
    ("nginx", include_str!("../../services/nginx.toml")),
    ("node", include_str!("../../services/node.toml")),
    ("postgres", include_str!("../../services/postgres.toml")),
    ("redis", include_str!("../../services/redis.toml")),
    ("static", include_str!("../../services/static.toml")),
    ("uvicorn", include_str!("../../services/uvicorn.toml")),
    ("vite", include_str!("../../services/vite.toml")),
];

/// The text of a catalog entry.
#[must_use]
pub fn catalog_entry(name: &str) -> Option<&'static str> {
    BUILTIN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Names of all catalog entries inside the binary.
pub fn catalog_names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|(name, _)| *name)
}
