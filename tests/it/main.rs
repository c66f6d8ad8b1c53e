//! Tests with the real thing: the real binary, its own tmux server, its own home.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]
