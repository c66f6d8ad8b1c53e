//! A verb is one thing a person or a program can ask of gaia.
