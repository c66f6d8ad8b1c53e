//! How workflows and runs look: text, drawings and one page that people show to each other.
//!
//! Pure. Rooms: `mark` (a sign and a colour for each state), `escape` (texts of strangers in other
//! languages), `words` (spans, money, references and conditions as people read them), `states`
//! (how far each step of a definition is in a run), `graph` (drawings of the steps), `live`
//! (progress in a line, as a list and as a drawing), `explain` (a definition in plain sentences),
//! `page` (a run as one page of HTML).
//!
//! Invariants:
//! - Every name, title and value may come from a stranger: nothing goes into a drawing or a page
//!   but through `escape`.
//! - A state is told by a sign or a word, never by a colour alone.
//! - A page names nothing outside of itself and runs nothing.

mod escape;
mod explain;
mod graph;
mod live;
mod mark;
mod page;
mod states;
mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub(crate) use explain::{explain, implied};
pub(crate) use graph::{dot, mermaid, terminal};
pub(crate) use live::{block, drawing, line};
pub(crate) use page::{PageData, page};
