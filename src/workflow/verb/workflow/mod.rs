//! `gaia workflow`: definitions.

mod explain;
mod graph;
mod lint;
mod list;
mod new;
mod schema;
mod show;

use crate::workflow::actor::Handle;

crate::verbs! { Handle =>
    list::List, show::Show, lint::Lint, graph::Graph, explain::Explain, new::New, schema::Schema,
}
