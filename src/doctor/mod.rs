//! What may be wrong with this gaia, and the command that cures it.
