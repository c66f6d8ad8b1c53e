//! Who is at the other end of the socket, and what they may ask.
//!
//! Agents run as the person's own user, so no file mode keeps them from the socket, and Landlock
//! does not (it knows connections to sockets in the file system only from ABI 9 on). The kernel
//! says which process connects; one that descends from the shim of an attempt may ask only for
//! itself.

use axum::{
    extract::{ConnectInfo, Request, State, connect_info::Connected},
    middleware::Next,
    response::{IntoResponse, Response},
    serve::IncomingStream,
};
use tokio::net::UnixListener;

use super::Rooms;
use crate::{
    base::{Code, Refusal},
    verb::{SELF, Who},
};

/// The process at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(Option<i32>);

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        Self(stream.io().peer_cred().ok().and_then(|cred| cred.pid()))
    }
}

/// Says who asks, and refuses agents everything but what they may ask for themselves.
pub(super) async fn check(
    State(rooms): State<Rooms>,
    ConnectInfo(Peer(pid)): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let who = match pid {
        Some(pid) => rooms.who(pid),
        None => Some(Who::Person),
    };
    let Some(who) = who else {
        let message = "a program behind a fence may not ask without its pane";
        return Refusal::new(Code::Denied, message).into_response();
    };
    if let Who::Agent(unit) = &who
        && !request.uri().path().starts_with(SELF)
    {
        let what = format!("{} {}", request.method(), request.uri().path());
        rooms.refused(unit.clone(), what.clone());
        let message = format!("an agent may not ask for {what}");
        return Refusal::new(Code::Denied, message)
            .help("`gaia self --help` lists what an agent may ask")
            .into_response();
    }
    request.extensions_mut().insert(who);
    next.run(request).await
}
