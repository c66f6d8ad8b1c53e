//! Talks to the daemon over its socket. Knows the wire, not the domains.
