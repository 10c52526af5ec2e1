//! Salesforce's error codes in our terms: a pure table.

use connector_core::{Error, ErrorKind, Retry};
use connector_http::{Response, Verdict};
use serde::Deserialize;

/// The longest part of a message of Salesforce that is shown.
const SHOWN: usize = 300;

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// In coarse terms.
    pub(crate) kind: ErrorKind,
    /// What to do about it.
    pub(crate) cure: &'static str,
    /// Whether the same request may be answered well a moment later.
    pub(crate) passing: bool,
}

const fn lasting(kind: ErrorKind, cure: &'static str) -> Meaning {
    Meaning { kind, cure, passing: false }
}

const fn passing(kind: ErrorKind, cure: &'static str) -> Meaning {
    Meaning { kind, cure, passing: true }
}

const WAIT: &str = "try again later; see status.salesforce.com if it stays so";
const RIGHTS: &str = "give the service account the right to it: object access in a permission set, field-level security, \
                      and the system permissions that `connector test` names";
const VALUE: &str = "correct the value";

/// One entry of an answer that refuses.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    /// Collections say `statusCode` where everything else says `errorCode`.
    #[serde(rename = "errorCode", alias = "statusCode")]
    code: String,
    #[serde(default)]
    message: String,
}

/// The meaning of a code; the message tells some apart.
pub(crate) fn meaning(code: &str, message: &str) -> Option<Meaning> {
    session(code, message).or_else(|| limit(code, message)).or_else(|| request(code)).or_else(|| write(code))
}

/// Codes about the session and the service itself.
fn session(code: &str, message: &str) -> Option<Meaning> {
    use ErrorKind::{Auth, Permission, Unavailable, Unsupported};
    Some(match code {
        "INVALID_SESSION_ID" if !is_curable(code, message) => lasting(
            Auth,
            "a new login does not help: let the app issue opaque tokens with the scope `api`, and check its policies",
        ),
        "INVALID_SESSION_ID" => lasting(
            Auth,
            "the session ended right after a new login; check the session settings of the app and of the service \
             account's profile, and whether an IP restriction applies",
        ),
        "INVALID_AUTH_HEADER" | "INVALID_HEADER_TYPE" | "INVALID_JWT_FORMAT" => {
            lasting(Auth, "let the app issue opaque access tokens, not tokens in JWT form")
        }
        "URL_NOT_RESET" => lasting(Auth, "write the org's My Domain into `token_url`"),
        "API_DISABLED_FOR_ORG" => {
            lasting(Permission, "the org's edition has no API access; ask Salesforce to switch the API on")
        }
        "API_CURRENTLY_DISABLED" => lasting(
            Permission,
            "give the service account the system permission \"API Enabled\", in its profile or a permission set",
        ),
        "SERVER_UNAVAILABLE" | "UNKNOWN_EXCEPTION" | "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE" => {
            passing(Unavailable, WAIT)
        }
        "UNSUPPORTED_API_VERSION" | "GONE" => {
            lasting(Unsupported, "leave `api_version` out, so that the newest one is used")
        }
        _ => return None,
    })
}

/// Codes about how much may be asked.
fn limit(code: &str, message: &str) -> Option<Meaning> {
    use ErrorKind::{Definition, Permission, Quota, RateLimited, Timeout};
    Some(match code {
        "REQUEST_LIMIT_EXCEEDED" if message.contains("Concurrent") => {
            passing(RateLimited, "too many long requests run in the org at once; run this when less is going on")
        }
        "REQUEST_LIMIT_EXCEEDED" => lasting(
            Quota,
            "the org's API requests of the last 24 hours are used up; run this again later, it goes on where it was. \
             Setup › System Overview shows who uses them",
        ),
        "TXN_SECURITY_METERING_ERROR" => passing(RateLimited, "a transaction security policy slows this down"),
        "TRANSACTION_SECURITY_BLOCK" => lasting(
            Permission,
            "a transaction security policy forbids this; let it except the service account (Setup › Transaction Security)",
        ),
        "QUERY_TIMEOUT" | "REQUEST_RUNNING_TOO_LONG" => {
            lasting(Timeout, "run this again when less is going on in the org; it goes on where it was")
        }
        "LICENSE_LIMIT_EXCEEDED" | "STORAGE_LIMIT_EXCEEDED" | "LIMIT_EXCEEDED" | "PACKAGE_LICENSE_REQUIRED" => {
            lasting(Quota, "free one in the org, or buy more")
        }
        "EXCEEDED_ID_LIMIT" => lasting(Definition, "ask for fewer records at once"),
        _ => return None,
    })
}

/// Codes about the request: what it names is wrong or hidden.
fn request(code: &str) -> Option<Meaning> {
    use ErrorKind::{Internal, Invalid, NotFound, Permission, Protocol};
    Some(match code {
        "INVALID_FIELD" => lasting(Invalid, RIGHTS),
        "INVALID_TYPE"
        | "INSUFFICIENT_ACCESS"
        | "INSUFFICIENT_ACCESS_OR_READONLY"
        | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
        | "INVALID_FIELD_FOR_INSERT_UPDATE"
        | "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" => lasting(Permission, RIGHTS),
        "NOT_FOUND" => lasting(NotFound, "it was removed, or the service account may not see it"),
        "ENTITY_IS_DELETED" => lasting(NotFound, "it is in the recycle bin or gone"),
        "INVALID_QUERY_LOCATOR" => lasting(Protocol, "run this again"),
        "MALFORMED_QUERY"
        | "JSON_PARSER_ERROR"
        | "METHOD_NOT_ALLOWED"
        | "UNSUPPORTED_MEDIA_TYPE"
        | "MISSING_ARGUMENT"
        | "INVALID_TYPE_FOR_OPERATION" => lasting(Internal, "this is a fault of the connector; please report it"),
        _ => return None,
    })
}

/// Codes about a change.
fn write(code: &str) -> Option<Meaning> {
    use ErrorKind::{AlreadyExists, Conflict, Internal, Invalid};
    Some(match code {
        "DUPLICATE_USERNAME" => {
            lasting(AlreadyExists, "choose another username: it must be unique among all orgs of Salesforce")
        }
        "DUPLICATE_COMM_NICKNAME" => lasting(AlreadyExists, "choose another `CommunityNickname`"),
        "DUPLICATE_VALUE" | "DUPLICATES_DETECTED" | "PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT" => {
            lasting(AlreadyExists, "use the one that is there")
        }
        "UNABLE_TO_LOCK_ROW" => passing(Conflict, "somebody else changes the same record; try again"),
        "ENTITY_IS_LOCKED" | "ALREADY_IN_PROCESS" => lasting(Conflict, "wait until the approval of the record ends"),
        "ALL_OR_NONE_OPERATION_ROLLED_BACK" | "PROCESSING_HALTED" | "BATCH_PROCESSING_HALTED" => {
            lasting(Conflict, "correct the other operation that failed")
        }
        "MIXED_DML_OPERATION" => lasting(Internal, "this is a fault of the connector; please report it"),
        "REQUIRED_FIELD_MISSING" => lasting(Invalid, "give the fields that it names"),
        "FIELD_CUSTOM_VALIDATION_EXCEPTION" => lasting(Invalid, "a validation rule of the org forbids this"),
        "FIELD_INTEGRITY_EXCEPTION" | "INVALID_PACKAGE_LICENSE" => {
            lasting(Invalid, "give the user the licence or profile that this needs")
        }
        "INVALID_CROSS_REFERENCE_KEY" | "MALFORMED_ID" | "INVALID_ID_FIELD" => {
            lasting(Invalid, "check the ids: one names nothing, or a thing of another kind")
        }
        "STRING_TOO_LONG"
        | "INVALID_EMAIL_ADDRESS"
        | "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
        | "NUMBER_OUTSIDE_VALID_RANGE"
        | "FIELD_FILTER_VALIDATION_EXCEPTION" => lasting(Invalid, VALUE),
        "INACTIVE_OWNER_OR_USER" => lasting(Invalid, "enable the user first"),
        "CANNOT_PASSWORD_LOCKOUT"
        | "MANAGER_NOT_DEFINED"
        | "INVALID_SETUP_OWNER"
        | "INVALID_READ_ONLY_USER_DML"
        | "USER_OWNS_PORTAL_ACCOUNT_EXCEPTION" => lasting(Invalid, "Salesforce does not allow this for this user"),
        _ => return None,
    })
}

/// Whether a new login can mend a 401.
fn is_curable(code: &str, message: &str) -> bool {
    code == "INVALID_SESSION_ID"
        && !message.contains("not valid for use with the REST API")
        && !message.contains("not attached to Agent")
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
}

/// The error of an answer that is no success; `doing` says what was tried, as in "reading `User`".
pub(crate) fn of_answer(response: &Response, doing: &str) -> Error {
    let error = match refusal(&response.body) {
        Some(refusal) => of_refusal(&refusal, response.status, doing),
        None => of_status(response.status, doing),
    };
    error.with_context("status", response.status.to_string())
}

fn of_refusal(refusal: &Refusal, status: u16, doing: &str) -> Error {
    let Refusal { code, message } = refusal;
    let text = format!("{doing}: {} (`{}`)", shown(message), shown(code));
    let error = match meaning(code, message) {
        Some(meaning) => {
            let error = Error::new(meaning.kind, text).with_help(meaning.cure);
            // The client below has asked again as often as is fit.
            if meaning.passing { error.with_retry(Retry::Exhausted) } else { error }
        }
        None if status >= 500 => Error::new(ErrorKind::Unavailable, text).with_help(WAIT).with_retry(Retry::Exhausted),
        None => Error::new(ErrorKind::Invalid, text).with_help("the code is explained in Salesforce's API guides"),
    };
    error.with_context("error_code", code.clone())
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

/// Whether an object is not there: the org lacks its feature, or the login its right. Salesforce doesn't tell which.
pub(crate) fn is_missing_object(error: &Error) -> bool {
    error.context().any(|(key, value)| {
        key == "error_code" && matches!(value, "INVALID_TYPE" | "NOT_FOUND" | "INSUFFICIENT_ACCESS")
    })
}

/// Whether a field is unknown, hidden, or not fit for what the query does with it.
pub(crate) fn is_refused_field(error: &Error) -> bool {
    error.context().any(|(key, value)| key == "error_code" && value == "INVALID_FIELD")
}

/// Whether the query itself was not taken.
pub(crate) fn is_refused_query(error: &Error) -> bool {
    is_refused_field(error)
        || error.context().any(|(key, value)| {
            key == "error_code" && matches!(value, "MALFORMED_QUERY" | "INVALID_QUERY_FILTER_OPERATOR")
        })
}

/// A text of the server as part of a sentence: one line, not too long, no full stop.
fn shown(text: &str) -> String {
    let line = text.replace("<br>", " ");
    let line = line.split_whitespace().filter(|word| *word != "^").collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().filter(|character| !character.is_control()).take(SHOWN).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short.trim_end_matches('.').to_owned()
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
