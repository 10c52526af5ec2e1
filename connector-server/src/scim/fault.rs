//! Errors, as RFC 7644 describes them.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use connector_core::Error;
use serde_json::{Value, json};

/// The media type of every answer.
const MEDIA: HeaderValue = HeaderValue::from_static("application/scim+json");

/// How many seconds a client waits while somebody else changes the source.
const PAUSE: HeaderValue = HeaderValue::from_static("5");

/// What stands in front of the message of an error that has a `scimType`.
const MARKS: [&str; 9] = [
    "invalidFilter",
    "invalidValue",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "mutability",
    "uniqueness",
    "expiredCursor",
    "tooMany",
];

/// An error with a `scimType`.
pub(super) fn marked(kind: &'static str, message: impl std::fmt::Display) -> Error {
    Error::invalid(format!("{kind}: {message}"))
}

/// An error for a SCIM client.
pub(crate) fn as_scim(status: StatusCode, error: &Error) -> Response {
    let help = error.help().map(|help| format!("; {help}")).unwrap_or_default();
    let mark = MARKS.into_iter().find_map(|mark| Some((mark, error.message().strip_prefix(mark)?.strip_prefix(": ")?)));
    let (kind, message) = mark.map_or((None, error.message()), |(mark, message)| (Some(mark), message));
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.as_u16().to_string(),
        "detail": format!("{message}{help}"),
    });
    if let Some(kind) = kind {
        body["scimType"] = kind.into();
    }
    let mut answer = answer(status, &body);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(RETRY_AFTER, PAUSE);
    }
    answer
}

/// An answer in the media type of SCIM.
pub(super) fn answer(status: StatusCode, body: &Value) -> Response {
    let mut answer = (status, Json(body)).into_response();
    answer.headers_mut().insert(CONTENT_TYPE, MEDIA);
    answer
}
