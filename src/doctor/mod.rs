//! What may be wrong with this gaia, and the command that cures it. Pure: what was seen comes in,
//! findings go out; `adapter::look` sees it, also where no daemon runs.

mod machine;

pub use machine::{Finding, Level, judge};
