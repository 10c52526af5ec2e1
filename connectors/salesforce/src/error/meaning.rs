//! What Salesforce's error codes mean: a pure table.

use super::change;
use super::code::{Meaning, RIGHTS, WAIT, lasting, passing};
use connector_core::ErrorKind;

/// The meaning of a code; the message tells some apart.
pub(super) fn meaning(code: &str, message: &str) -> Option<Meaning> {
    session(code, message)
        .or_else(|| limit(code, message))
        .or_else(|| request(code))
        .or_else(|| change::meaning(code, message))
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
        "LICENSE_LIMIT_EXCEEDED" => lasting(
            Quota,
            "free a seat of the license (disable a user, or revoke the license), or buy more; Setup › Company \
             Information shows how many are used",
        ),
        "STORAGE_LIMIT_EXCEEDED" | "LIMIT_EXCEEDED" => lasting(Quota, "free some in the org, or buy more"),
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
        | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY" => lasting(Permission, RIGHTS),
        "NOT_FOUND" => lasting(NotFound, "it was removed, or the service account may not see it"),
        "ENTITY_IS_DELETED" => lasting(NotFound, "it is in the recycle bin or gone"),
        "INVALID_QUERY_LOCATOR" => lasting(Protocol, "run this again"),
        "MALFORMED_QUERY"
        | "JSON_PARSER_ERROR"
        | "METHOD_NOT_ALLOWED"
        | "UNSUPPORTED_MEDIA_TYPE"
        | "MISSING_ARGUMENT"
        | "INVALID_TYPE_FOR_OPERATION"
        | "INVALID_MULTIPART_REQUEST"
        | "soapenv:Client" => lasting(Internal, "this is a fault of the connector; please report it"),
        _ => return None,
    })
}

/// Whether a new login can mend a 401.
pub(super) fn is_curable(code: &str, message: &str) -> bool {
    code == "INVALID_SESSION_ID"
        && !message.contains("not valid for use with the REST API")
        && !message.contains("not attached to Agent")
}
