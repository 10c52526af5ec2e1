//! Turns Salesforce's errors into Connector's errors.

mod change;
mod code;
mod meaning;
mod soap_fault;
mod token_errors;

use code::WAIT;
use connector_core::{Error, ErrorCode, ErrorKind, Happened, Retry};
use connector_http::{Reaction, Response};
use meaning::{is_curable, meaning};
use serde::Deserialize;
use std::time::Duration;

pub(crate) use token_errors::TOKEN_ERRORS;

/// How much of a message from Salesforce is shown.
const MAX_MESSAGE_CHARS: usize = 300;

/// How long to wait before retrying a change after a temporary refusal.
pub(crate) const A_MOMENT: Duration = Duration::from_secs(1);

/// How long to wait for the org to finish what it computes in the background.
const A_WHILE: Duration = Duration::from_secs(10);

/// One entry of an error response.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    /// Collections say `statusCode` where everything else says `errorCode`.
    #[serde(rename = "errorCode", alias = "statusCode")]
    pub(crate) code: String,
    #[serde(default)]
    message: String,
    /// The fields that the error is about, if Salesforce names them.
    #[serde(default)]
    fields: Option<Vec<String>>,
}

/// What a response means beyond its status.
pub(crate) fn reaction(response: &Response) -> Reaction {
    let by_status = Reaction::by_status(response);
    if response.is_success() {
        // Salesforce has answered queries so under load. What really has no body is 201 or 204.
        let is_lost = response.status == 200 && response.body.is_empty();
        return if is_lost { Reaction::Retry } else { by_status };
    }
    let Some(refusal) = refusal(&response.body) else {
        return if response.status == 420 { Reaction::Retry } else { by_status };
    };
    match meaning(&refusal.code, &refusal.message) {
        _ if is_curable(&refusal.code, &refusal.message) => Reaction::SignInAgain,
        Some(meaning) if meaning.passing => Reaction::Retry,
        Some(_) => Reaction::Final,
        None => by_status,
    }
}

/// The first entry of an error response.
fn refusal(body: &[u8]) -> Option<Refusal> {
    serde_json::from_slice::<Vec<Refusal>>(body)
        .ok()
        .and_then(|all| all.into_iter().next())
        .or_else(|| serde_json::from_slice(body).ok())
        .or_else(|| soap_fault::refusal(body))
}

/// What an error code means, without the message and the fields of one response.
pub(crate) fn explain(code: &str) -> Option<ErrorCode> {
    let code = code.to_ascii_uppercase();
    let meaning = meaning(&code, "")?;
    // `{fields|words}` is a gap for the fields of a response.
    let mut cure = String::new();
    let mut rest = meaning.cure;
    while let Some((before, after)) = rest.split_once("{fields|") {
        let (words, after) = after.split_once('}').unwrap_or((after, ""));
        cure.push_str(before);
        cure.push_str(words);
        rest = after;
    }
    cure.push_str(rest);
    Some(ErrorCode::new(meaning.kind, cure))
}

/// The error of an unsuccessful response. `doing` says what the connector tried, as in "reading `User`".
pub(crate) fn of_answer(response: &Response, doing: &str) -> Error {
    let error = match refusal(&response.body) {
        Some(refusal) => of_refusal(&refusal, response.status, doing),
        None => of_status(response.status, doing),
    };
    error.with_context("status", response.status.to_string())
}

/// The error of a refused change. The change did not happen, unless the service failed in the middle of it.
pub(crate) fn of_write(response: &Response, doing: &str) -> Error {
    let error = of_answer(response, doing);
    let code = refusal(&response.body).map(|refusal| refusal.code);
    let lost = match code.as_deref() {
        Some("REQUEST_RUNNING_TOO_LONG") => true,
        Some(
            "SERVER_UNAVAILABLE"
            | "UNABLE_TO_LOCK_ROW"
            | "REQUEST_LIMIT_EXCEEDED"
            | "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
        ) => false,
        _ => response.status >= 500 || response.status == 408,
    };
    match (lost, error.retry()) {
        (true, _) => error.with_happened(Happened::Unknown).with_retry(Retry::No),
        (false, Retry::Exhausted) => error.with_retry(Retry::After(A_MOMENT)),
        (false, _) => error,
    }
}

/// The error of one record in a batch: that record did not change.
pub(crate) fn of_row(refusal: &Refusal, doing: &str) -> Error {
    let error = of_refusal(refusal, 200, doing);
    let wait = if change::takes_long(&refusal.message) { A_WHILE } else { A_MOMENT };
    if error.retry() == Retry::Exhausted { error.with_retry(Retry::After(wait)) } else { error }
}

/// Whether fewer records in one request may succeed: triggers and flows of the org may do only so much per request.
pub(crate) fn is_too_much(refusal: &Refusal) -> bool {
    change::is_too_much(&refusal.message)
}

fn of_refusal(refusal: &Refusal, status: u16, doing: &str) -> Error {
    let Refusal { code, message, fields } = refusal;
    let text = format!("{doing}: {} (`{}`)", shown(message), shown(code));
    let error = match meaning(code, message) {
        _ if let Some(cure) = change::blocker(message) => Error::new(ErrorKind::Conflict, text)
            .with_help(format!("{cure}; until then, `lock` keeps the user out, but the user keeps the license")),
        Some(meaning) => {
            let fields = fields.as_deref().unwrap_or_default();
            let error = Error::new(meaning.kind, text).with_help(cure(meaning.cure, fields));
            // The HTTP client has already retried.
            if meaning.passing { error.with_retry(Retry::Exhausted) } else { error }
        }
        None if status >= 500 => Error::new(ErrorKind::Unavailable, text).with_help(WAIT).with_retry(Retry::Exhausted),
        None => Error::new(ErrorKind::Invalid, text).with_help("look up the code in Salesforce's API guides"),
    };
    error.with_context("error_code", code.clone())
}

/// A cure, with the names of the fields that Salesforce reports.
fn cure(text: &str, fields: &[String]) -> String {
    let named = fields.iter().map(|field| format!("`{}`", shown(field))).collect::<Vec<_>>().join(", ");
    match text.split_once("{fields|").and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
        Some((before, (otherwise, after))) => {
            format!("{before}{}{after}", if named.is_empty() { otherwise } else { named.as_str() })
        }
        None if named.is_empty() => text.to_owned(),
        None => format!("{text} (fields: {named})"),
    }
}

fn of_status(status: u16, doing: &str) -> Error {
    let error = |kind, what: &str| Error::new(kind, format!("{doing}: {what} (HTTP status {status})"));
    match status {
        414 | 431 => error(ErrorKind::Definition, "the request is too long").with_help("list fewer `custom_fields`"),
        401 => {
            error(ErrorKind::Auth, "Salesforce refused the session").with_help("run `connector test` to see the reason")
        }
        420 => error(ErrorKind::Unavailable, "Salesforce has no route to the org")
            .with_help("compare the My Domain name in `token_url` with Setup › My Domain")
            .with_retry(Retry::Exhausted),
        408 | 429 | 500.. => {
            error(ErrorKind::Unavailable, "Salesforce is unavailable").with_help(WAIT).with_retry(Retry::Exhausted)
        }
        _ => error(ErrorKind::Protocol, "the response is not from Salesforce's API")
            .with_help("check `token_url`, and whether a proxy is answering instead of Salesforce"),
    }
}

/// The error code from Salesforce, if it sent one.
fn code(error: &Error) -> Option<&str> {
    error.context().find(|(key, _)| *key == "error_code").map(|(_, code)| code)
}

/// Whether an object is missing: the org does not have the feature, or the service account does not have the
/// permission. Salesforce doesn't say which.
pub(crate) fn is_missing_object(error: &Error) -> bool {
    matches!(code(error), Some("INVALID_TYPE" | "NOT_FOUND" | "INSUFFICIENT_ACCESS"))
}

/// Whether a field is unknown, hidden, or can't be used this way in a query.
pub(crate) fn is_refused_field(error: &Error) -> bool {
    code(error) == Some("INVALID_FIELD")
}

/// Whether Salesforce refused the query itself.
pub(crate) fn is_refused_query(error: &Error) -> bool {
    is_refused_field(error) || matches!(code(error), Some("MALFORMED_QUERY" | "INVALID_QUERY_FILTER_OPERATOR"))
}

/// Whether a text in the query has the form of an id and is none. The org doesn't say which one.
pub(crate) fn is_malformed_id(error: &Error) -> bool {
    code(error) == Some("INVALID_QUERY_FILTER_OPERATOR")
}

/// Whether the same query for fewer rows may succeed.
pub(crate) fn is_too_slow(error: &Error) -> bool {
    matches!(code(error), Some("QUERY_TIMEOUT" | "REQUEST_RUNNING_TOO_LONG" | "OPERATION_TOO_LARGE"))
}

/// What the org refuses with a query job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobRefusal {
    /// Jobs of this object, or this query.
    OfObject,
    /// All jobs.
    OfAll,
}

/// What the org refuses, if it refuses to make a query job. A problem that affects more than jobs is no refusal.
pub(crate) fn job_refusal(error: &Error) -> Option<JobRefusal> {
    match (status(error)?, code(error).unwrap_or_default()) {
        (_, "REQUEST_LIMIT_EXCEEDED" | "API_CURRENTLY_DISABLED" | "API_DISABLED_FOR_ORG") => None,
        (_, "FEATURENOTENABLED" | "EXCEEDEDQUOTA" | "LIMIT_EXCEEDED") | ("403" | "404" | "405", _) => {
            Some(JobRefusal::OfAll)
        }
        ("400", _) => Some(JobRefusal::OfObject),
        _ => None,
    }
}

/// Whether the org no longer has a query job or its results.
pub(crate) fn is_lost_job(error: &Error) -> bool {
    code(error).is_some() && matches!(status(error), Some("400" | "404" | "405" | "409" | "410"))
}

fn status(error: &Error) -> Option<&str> {
    error.context().find(|(key, _)| *key == "status").map(|(_, status)| status)
}

/// Whether the service account has no permission for something that exists.
pub(crate) fn is_denied(error: &Error) -> bool {
    matches!(code(error), Some("INSUFFICIENT_ACCESS" | "INSUFFICIENT_ACCESS_OR_READONLY"))
}

/// Whether Salesforce refused the session, for example because of its token format.
pub(crate) fn is_refused_session(error: &Error) -> bool {
    code(error) == Some("INVALID_SESSION_ID")
}

/// Whether this org does not offer what was requested.
pub(crate) fn is_not_offered(error: &Error) -> bool {
    matches!(code(error), Some("NOT_FOUND" | "METHOD_NOT_ALLOWED" | "INVALID_TYPE"))
}

/// A server message as part of a sentence: one line, shortened, with no period at the end.
pub(crate) fn shown(text: &str) -> String {
    let line = text.replace("<br>", " ");
    let line = line.split_whitespace().filter(|word| *word != "^").collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().filter(|character| !character.is_control()).take(MAX_MESSAGE_CHARS).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
