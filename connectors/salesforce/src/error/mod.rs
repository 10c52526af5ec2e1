//! Salesforce's errors in our terms.

mod change;
mod code;
mod fault;
mod meaning;
mod token_errors;

use code::WAIT;
use connector_core::{Error, ErrorKind, Happened, Retry};
use connector_http::{Response, Verdict};
use meaning::{is_curable, meaning};
use serde::Deserialize;
use std::time::Duration;

pub(crate) use token_errors::TOKEN_ERRORS;

/// The longest part of a message of Salesforce that is shown.
const MAX_MESSAGE_CHARS: usize = 300;

/// After which time a change that was refused in passing is worth another try.
const A_MOMENT: Duration = Duration::from_secs(1);

/// One entry of an answer that refuses.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    /// Collections say `statusCode` where everything else says `errorCode`.
    #[serde(rename = "errorCode", alias = "statusCode")]
    pub(crate) code: String,
    #[serde(default)]
    message: String,
    /// The fields that it is about, where Salesforce says so.
    #[serde(default)]
    fields: Option<Vec<String>>,
}

/// What an answer says beyond its status.
pub(crate) fn verdict(response: &Response) -> Verdict {
    let by_status = Verdict::by_status(response);
    if response.is_success() {
        return by_status;
    }
    let Some(refusal) = refusal(&response.body) else {
        return if response.status == 420 { Verdict::Retry } else { by_status };
    };
    match meaning(&refusal.code, &refusal.message) {
        _ if is_curable(&refusal.code, &refusal.message) => Verdict::SignInAgain,
        Some(meaning) if meaning.passing => Verdict::Retry,
        Some(_) => Verdict::Final,
        None => by_status,
    }
}

/// The first entry of an answer that refuses.
fn refusal(body: &[u8]) -> Option<Refusal> {
    serde_json::from_slice::<Vec<Refusal>>(body)
        .ok()
        .and_then(|all| all.into_iter().next())
        .or_else(|| serde_json::from_slice(body).ok())
        .or_else(|| fault::refusal(body))
}

/// The error of an answer that is no success; `doing` says what was tried, as in "reading `User`".
pub(crate) fn of_answer(response: &Response, doing: &str) -> Error {
    let error = match refusal(&response.body) {
        Some(refusal) => of_refusal(&refusal, response.status, doing),
        None => of_status(response.status, doing),
    };
    error.with_context("status", response.status.to_string())
}

/// The error of a change that was refused. It did not happen, unless the service failed in the middle of it.
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

/// The error of one record among several that were to be changed: that one did not happen.
pub(crate) fn of_row(refusal: &Refusal, doing: &str) -> Error {
    let error = of_refusal(refusal, 200, doing);
    if error.retry() == Retry::Exhausted { error.with_retry(Retry::After(A_MOMENT)) } else { error }
}

fn of_refusal(refusal: &Refusal, status: u16, doing: &str) -> Error {
    let Refusal { code, message, fields } = refusal;
    let text = format!("{doing}: {} (`{}`)", shown(message), shown(code));
    let error = match meaning(code, message) {
        _ if let Some(cure) = change::blocker(message) => Error::new(ErrorKind::Conflict, text)
            .with_help(format!("{cure}; until then `lock` keeps the user out, but the license stays taken")),
        Some(meaning) => {
            let fields = fields.as_deref().unwrap_or_default();
            let error = Error::new(meaning.kind, text).with_help(cure(meaning.cure, fields));
            // The client below has asked again as often as is fit.
            if meaning.passing { error.with_retry(Retry::Exhausted) } else { error }
        }
        None if status >= 500 => Error::new(ErrorKind::Unavailable, text).with_help(WAIT).with_retry(Retry::Exhausted),
        None => Error::new(ErrorKind::Invalid, text).with_help("the code is explained in Salesforce's API guides"),
    };
    error.with_context("error_code", code.clone())
}

/// A cure with the fields that Salesforce names.
fn cure(text: &str, fields: &[String]) -> String {
    let named = fields.iter().map(|field| format!("`{}`", shown(field))).collect::<Vec<_>>().join(", ");
    match text.split_once("{fields|").and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
        Some((before, (otherwise, after))) => {
            format!("{before}{}{after}", if named.is_empty() { otherwise } else { named.as_str() })
        }
        None if named.is_empty() => text.to_owned(),
        None => format!("{text} (it is about {named})"),
    }
}

fn of_status(status: u16, doing: &str) -> Error {
    let error = |kind, what: &str| Error::new(kind, format!("{doing}: {what} (HTTP status {status})"));
    match status {
        414 | 431 => error(ErrorKind::Definition, "the request is too long").with_help("name fewer `custom_fields`"),
        401 => error(ErrorKind::Auth, "the session was refused").with_help("run `connector test` for the reason"),
        420 => error(ErrorKind::Unavailable, "Salesforce has no route to the org")
            .with_help("check that the org's My Domain in `token_url` is spelled as in Setup › My Domain")
            .with_retry(Retry::Exhausted),
        408 | 429 | 500.. => {
            error(ErrorKind::Unavailable, "Salesforce does not serve now").with_help(WAIT).with_retry(Retry::Exhausted)
        }
        _ => error(ErrorKind::Protocol, "the answer is not one of Salesforce's API")
            .with_help("check `token_url`, and whether a proxy answers in Salesforce's place"),
    }
}

/// The code that Salesforce gave, where it gave one.
fn code(error: &Error) -> Option<&str> {
    error.context().find(|(key, _)| *key == "error_code").map(|(_, code)| code)
}

/// Whether an object is not there: the org lacks its feature, or the login its right. Salesforce doesn't tell which.
pub(crate) fn is_missing_object(error: &Error) -> bool {
    matches!(code(error), Some("INVALID_TYPE" | "NOT_FOUND" | "INSUFFICIENT_ACCESS"))
}

/// Whether a field is unknown, hidden, or not fit for what the query does with it.
pub(crate) fn is_refused_field(error: &Error) -> bool {
    code(error) == Some("INVALID_FIELD")
}

/// Whether the query itself was not taken.
pub(crate) fn is_refused_query(error: &Error) -> bool {
    is_refused_field(error) || matches!(code(error), Some("MALFORMED_QUERY" | "INVALID_QUERY_FILTER_OPERATOR"))
}

/// Whether the login lacks the right to a thing that is there.
pub(crate) fn is_denied(error: &Error) -> bool {
    matches!(code(error), Some("INSUFFICIENT_ACCESS" | "INSUFFICIENT_ACCESS_OR_READONLY"))
}

/// Whether the session was refused, be it because of the form of its token.
pub(crate) fn is_refused_session(error: &Error) -> bool {
    code(error) == Some("INVALID_SESSION_ID")
}

/// Whether what was asked does not exist in this org, or not in this form.
pub(crate) fn is_not_offered(error: &Error) -> bool {
    matches!(code(error), Some("NOT_FOUND" | "METHOD_NOT_ALLOWED" | "INVALID_TYPE"))
}

/// A text of the server as part of a sentence: one line, not too long, no full stop.
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
