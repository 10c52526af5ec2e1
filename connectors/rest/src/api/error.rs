//! Errors of the API: the table of the settings, or else the HTTP status.

use crate::expression::{Undone, Vars};
use crate::settings::Where;
use crate::system::Problem;
use connector_core::{Error, ErrorKind, Happened, Retry};
use serde_json::Value;
use std::time::Duration;

/// The longest part of an API's own message to show.
const LONGEST_MESSAGE: usize = 300;

/// Where APIs put their message.
const MESSAGES: &[&str] = &[
    "/message",
    "/errorSummary",
    "/error_description",
    "/detail",
    "/error/message",
    "/title",
    "/error",
    "/errors/0/message",
    "/errors/0",
    "/errorMessages/0",
    "/msg",
];

/// The row of the table that fits.
pub(super) fn row<'a>(problems: &'a [Problem], status: u16, body: &Value, on: Where) -> Option<&'a Problem> {
    // All rows share one form of the body, which can be large.
    let vars = Vars::default().with_own("status", status.into()).with("body", body);
    problems.iter().find(|row| {
        row.status.is_none_or(|wanted| wanted == status)
            && row.on.is_none_or(|wanted| wanted == on)
            && row.when.as_ref().is_none_or(|when| matches!(when.value(&vars), Ok(Value::Bool(true))))
    })
}

/// The kind and the cure of a status.
fn by_status(status: u16) -> (ErrorKind, &'static str) {
    match status {
        401 => (ErrorKind::Auth, "check that the credentials under `auth:` are current"),
        403 => (
            ErrorKind::Permission,
            "give the account of this source the permission that the API's documentation names for this request",
        ),
        404 | 410 => (ErrorKind::NotFound, "check the path in the settings, and whether the object still exists"),
        409 => (ErrorKind::Conflict, "something else has or changes it; look at the object and try again"),
        412 => (ErrorKind::Conflict, "something else changed the object meanwhile; try again"),
        428 => {
            (ErrorKind::Invalid, "the API wants the `ETag` of the object as `If-Match`: add `read` to the operation")
        }
        429 => (ErrorKind::RateLimited, "set `limits.per_minute` to what the API's documentation allows"),
        408 | 500..=599 => (ErrorKind::Unavailable, "try again later"),
        _ => (ErrorKind::Invalid, "compare the request in the settings with the API's documentation"),
    }
}

/// The error of a response: `what` is the request, for people.
pub(super) fn of(what: &str, status: u16, body: &Value, row: Option<&Problem>, wait: Duration, is_read: bool) -> Error {
    let (kind, cure) = match row {
        Some(row) => (row.kind.into(), row.cure.as_deref().unwrap_or_else(|| by_status(status).1)),
        None => by_status(status),
    };
    let said = message(body).map(|text| format!(": {text}")).unwrap_or_default();
    let error = Error::new(kind, format!("{what} answered {status}{said}")).with_help(cure);
    let lost = !is_read && matches!(status, 408 | 500..=599);
    let error = error.with_happened(if lost { Happened::Unknown } else { Happened::No });
    match kind {
        // The client has tried these already.
        ErrorKind::Unavailable if status >= 500 => error.with_retry(Retry::Exhausted),
        ErrorKind::RateLimited | ErrorKind::Unavailable => error.with_retry(Retry::After(wait)),
        _ => error,
    }
}

/// What the API itself says.
fn message(body: &Value) -> Option<String> {
    let found = MESSAGES.iter().find_map(|place| body.pointer(place).and_then(Value::as_str))?;
    let line: String = found.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_MESSAGE).collect();
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}

/// The error of an expression without a value.
pub(crate) fn undone(what: &str, undone: &Undone) -> Error {
    Error::protocol(format!("{what}: {undone}")).with_help(
        "compare the expression in the settings with what the API returns; `value | default('')` allows a missing one",
    )
}
