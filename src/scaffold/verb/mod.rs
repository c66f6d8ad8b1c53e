//! What can be asked of scaffolding. They run where they are asked: no daemon is needed.

pub(crate) mod scaffold;
pub(crate) mod template;
