//! What errors answer.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// Why a request cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such item.
    #[error("there is no such item")]
    NotFound,
    /// A name that cannot be one.
    #[error("a name has 1 to 100 characters")]
    Name,
    /// The body is not what it must be.
    #[error("the body must be JSON: {0}")]
    Body(String),
    /// The body is too large.
    #[error("the body is too large")]
    TooLarge,
    /// Requests are better sent elsewhere.
    #[error("it is stopping")]
    Stopping,
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Name => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        (self.status(), Json(json!({ "error": self.to_string() }))).into_response()
    }
}
