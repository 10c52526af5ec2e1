//! Turns the errors of a SCIM server into Connector's errors.

use connector_core::{Error, ErrorCode, ErrorKind, Happened, Retry};
use connector_http::Response;
use serde::Deserialize;
use std::time::Duration;

/// How much of a message from the server is shown.
const MAX_MESSAGE_CHARS: usize = 300;

/// The longest wait that an engine is asked for.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// The errors of RFC 7644 (section 3.12) and RFC 9865, and what to do.
const MEANINGS: [(&str, ErrorKind, &str); 13] = [
    (
        "invalidFilter",
        ErrorKind::Invalid,
        "check `filter` in the settings; the server may support only a part of SCIM's filters",
    ),
    ("tooMany", ErrorKind::Invalid, "use a narrower `filter`, or `paging: cursor`"),
    (
        "uniqueness",
        ErrorKind::AlreadyExists,
        "another user has one of these values, mostly `userName` or an email address",
    ),
    ("mutability", ErrorKind::Invalid, "the server sets this attribute itself; remove it from the plan"),
    ("invalidSyntax", ErrorKind::Invalid, "if the server has no PATCH, set `write: {users: put, groups: put}`"),
    (
        "invalidPath",
        ErrorKind::Invalid,
        "the server does not know this attribute; `connector schema` lists those that it has",
    ),
    ("noTarget", ErrorKind::Invalid, "the value to change is not there; run the plan again"),
    ("invalidValue", ErrorKind::Invalid, "correct the value in the plan, or add what the server requires"),
    ("invalidVers", ErrorKind::Unsupported, "use the URL of SCIM 2.0"),
    ("sensitive", ErrorKind::Unsupported, "the server refuses personal data in a URL; remove `filter`"),
    ("invalidCursor", ErrorKind::Expired, "run it again"),
    ("expiredCursor", ErrorKind::Expired, "run it again"),
    ("invalidCount", ErrorKind::Invalid, "set a smaller `page_size`"),
];

/// The body of an error (RFC 7644, section 3.12).
#[derive(Debug, Default, Deserialize)]
struct Refusal {
    #[serde(default, rename = "scimType")]
    scim_type: Option<String>,
    #[serde(default, alias = "message", alias = "error_description")]
    detail: Option<String>,
}

fn refusal(response: &Response) -> Refusal {
    serde_json::from_slice(&response.body).unwrap_or_default()
}

/// What a code of an error means, for `connector explain`.
pub(crate) fn explain(code: &str) -> Option<ErrorCode> {
    let (_, kind, cure) = MEANINGS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(code))?;
    Some(ErrorCode::new(*kind, *cure))
}

/// The error of an unsuccessful response. `doing` says what the connector tried, as in "reading users".
pub(crate) fn of_answer(response: &Response, doing: &str) -> Error {
    let Refusal { scim_type, detail } = refusal(response);
    let text = match (&detail, &scim_type) {
        (Some(detail), Some(code)) => format!("{doing}: {} (`{}`)", shown(detail), shown(code)),
        (Some(detail), None) => format!("{doing}: {} (status {})", shown(detail), response.status),
        (None, Some(code)) => format!("{doing}: the server refused it (`{}`)", shown(code)),
        (None, None) => format!("{doing}: the server returned status {}", response.status),
    };
    let known = scim_type.as_deref().and_then(explain);
    let (kind, help) = match (response.status, known) {
        (400 | 409, Some(known)) => (known.kind, known.cure),
        (status, _) => {
            let (kind, help) = of_status(status);
            (kind, help.to_owned())
        }
    };
    let error = Error::new(kind, text).with_help(help).with_context("status", response.status.to_string());
    match response.status {
        // The HTTP client has already waited and repeated what it may repeat.
        429 => error.with_retry(Retry::After(wait(response).unwrap_or(Duration::from_secs(5)))),
        412 => error.with_retry(Retry::After(Duration::from_millis(200))),
        408 | 500 | 502..=504 => error.with_retry(Retry::Exhausted),
        _ => error,
    }
}

/// The error of a refused change. The change did not happen, unless the server failed in the middle of it.
pub(crate) fn of_write(response: &Response, doing: &str) -> Error {
    let error = of_answer(response, doing);
    match response.status {
        // Some servers say so only with the status.
        503 if response.header("retry-after").is_some() => {
            error.with_retry(Retry::After(wait(response).unwrap_or(Duration::from_secs(5))))
        }
        408 | 500 | 502..=599 => error.with_happened(Happened::Unknown).with_retry(Retry::No),
        _ => error,
    }
}

fn of_status(status: u16) -> (ErrorKind, &'static str) {
    match status {
        401 => (ErrorKind::Auth, "check the credentials under `auth:`"),
        403 => (ErrorKind::Permission, "give the credentials of the source the right to do this"),
        404 => (ErrorKind::NotFound, "check `base_url`, and whether somebody deleted it meanwhile"),
        405 | 501 => (
            ErrorKind::Unsupported,
            "the server does not support this; if it has no PATCH, set `write: {users: put, groups: put}`",
        ),
        409 => (ErrorKind::Conflict, "another user or group has these values, or somebody changes it at the same time"),
        412 => (ErrorKind::Conflict, "somebody else changed it at the same time; run the plan again"),
        413 => (ErrorKind::Invalid, "set a smaller `members_per_patch` under `write:`"),
        429 => (ErrorKind::RateLimited, "try again later, or set `http: {requests_per_second: …}`"),
        500.. => (ErrorKind::Unavailable, "try again later; if it fails again, ask the owner of the server"),
        300..=399 => (ErrorKind::Protocol, "check `base_url`: the server sends the reader to another address"),
        _ => (ErrorKind::Invalid, "check what the server requires in its documentation"),
    }
}

/// The wait that `Retry-After` requests, in seconds. A date is rare and left to the engine.
fn wait(response: &Response) -> Option<Duration> {
    let seconds = response.header("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// A text of the server, on one line and not too long.
fn shown(text: &str) -> String {
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_MESSAGE_CHARS).collect();
    if text.chars().nth(MAX_MESSAGE_CHARS).is_some() {
        line.push('…');
    }
    line.trim().trim_end_matches('.').to_owned()
}

/// A response that breaks the protocol.
pub(crate) fn odd(what: impl Into<String>, help: &str) -> Error {
    Error::protocol(what).with_help(help)
}

/// A response that is not what SCIM says.
pub(crate) fn not_scim(doing: &str, what: &str) -> Error {
    odd(
        format!("{doing}: {what}"),
        "check `base_url`, and whether a proxy, login page or maintenance page is answering instead of the service",
    )
}
