//! How a refusal travels over HTTP.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::base::{Code, Refusal};

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (status(self.code), Json(self)).into_response()
    }
}

fn status(code: Code) -> StatusCode {
    match code {
        Code::Failed => StatusCode::CONFLICT,
        Code::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Denied => StatusCode::FORBIDDEN,
        Code::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Broken => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
