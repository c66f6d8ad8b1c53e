//! `gaia workflow`: definitions.

mod lint;
mod list;
mod new;
mod schema;
mod show;

use crate::workflow::actor::Handle;

crate::verbs! { Handle =>
    list::List, show::Show, lint::Lint, new::New, schema::Schema,
}
