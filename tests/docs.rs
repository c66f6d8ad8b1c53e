//! The generated references are what the code generates.
