//! The process under every tmux pane: `gaia pane` owns the inner terminal, the log and the exit record.
