//! What Salesforce's error codes mean.

use super::change;
use super::code::{Meaning, RIGHTS, WAIT, lasting, passing};
use connector_core::ErrorKind;

/// The meaning of a code. For some codes it depends on the message.
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
            "signing in again does not help: configure the app to issue opaque tokens with the scope `api`, and check its policies",
        ),
        "INVALID_SESSION_ID" => lasting(
            Auth,
            "the session ended right after sign-in; check the session settings of the app and of the service account's \
             profile, and whether an IP restriction applies",
        ),
        "INVALID_AUTH_HEADER" | "INVALID_HEADER_TYPE" | "INVALID_JWT_FORMAT" => {
            lasting(Auth, "configure the app to issue opaque access tokens, not JWT-based access tokens")
        }
        "URL_NOT_RESET" => lasting(Auth, "use the org's My Domain in `token_url`"),
        "API_DISABLED_FOR_ORG" => {
            lasting(Permission, "the org's edition has no API access; ask Salesforce to enable it")
        }
        "API_CURRENTLY_DISABLED" => lasting(
            Permission,
            "give the service account the system permission \"API Enabled\", in its profile or a permission set",
        ),
        // Salesforce has no code of its own for this.
        "UNKNOWN_EXCEPTION" if message.contains("portal account owner must have a role") => lasting(
            ErrorKind::Invalid,
            "give the owner of the contact's account a role: Salesforce requires that of the owner of an account with portal \
             or site users",
        ),
        "SERVER_UNAVAILABLE" | "UNKNOWN_EXCEPTION" | "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE" => {
            passing(Unavailable, WAIT)
        }
        "UNSUPPORTED_API_VERSION" | "GONE" => lasting(Unsupported, "omit `api_version` to use the newest version"),
        _ => return None,
    })
}

/// Codes about limits.
fn limit(code: &str, message: &str) -> Option<Meaning> {
    use ErrorKind::{Definition, Permission, Quota, RateLimited, Timeout};
    Some(match code {
        "REQUEST_LIMIT_EXCEEDED" if message.contains("Concurrent") => {
            passing(RateLimited, "too many long requests are running in the org; run this when the org is less busy")
        }
        "REQUEST_LIMIT_EXCEEDED" => lasting(
            Quota,
            "the org has used all its API requests for the last 24 hours; run this again later, it continues where it stopped. \
             Setup › System Overview shows who uses them",
        ),
        "TXN_SECURITY_METERING_ERROR" => {
            passing(RateLimited, "a transaction security policy is limiting these requests")
        }
        "TRANSACTION_SECURITY_BLOCK" => lasting(
            Permission,
            "a transaction security policy forbids this; exempt the service account (Setup › Transaction Security)",
        ),
        "QUERY_TIMEOUT" | "REQUEST_RUNNING_TOO_LONG" | "OPERATION_TOO_LARGE" => {
            lasting(Timeout, "run this again when the org is less busy; it continues where it stopped")
        }
        "LICENSE_LIMIT_EXCEEDED" => lasting(
            Quota,
            "free a seat of the license (disable a user or revoke the license), or buy more; Setup › Company \
             Information shows how many are used",
        ),
        "STORAGE_LIMIT_EXCEEDED" | "LIMIT_EXCEEDED" => {
            lasting(Quota, "free some storage or capacity in the org, or buy more")
        }
        "EXCEEDED_ID_LIMIT" => lasting(Definition, "request fewer records at a time"),
        _ => return None,
    })
}

/// Codes about the request: something that it names is wrong or hidden.
fn request(code: &str) -> Option<Meaning> {
    use ErrorKind::{Internal, Invalid, NotFound, Permission, Protocol, Quota, Unsupported};
    Some(match code {
        "INVALID_FIELD" => lasting(Invalid, RIGHTS),
        "INVALID_TYPE"
        | "INSUFFICIENT_ACCESS"
        | "INSUFFICIENT_ACCESS_OR_READONLY"
        | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY" => lasting(Permission, RIGHTS),
        "FEATURENOTENABLED" => {
            lasting(Permission, "ask Salesforce to enable the Bulk API for the org, or set `transport: rest`")
        }
        "INVALIDENTITY" => lasting(Unsupported, "set `transport: auto` or `transport: rest`"),
        "EXCEEDEDQUOTA" => lasting(Quota, "try again tomorrow, or set `transport: rest`"),
        "NOT_FOUND" => lasting(NotFound, "it was removed, or the service account can't see it"),
        "ENTITY_IS_DELETED" => lasting(NotFound, "it is deleted or in the recycle bin"),
        "INVALID_QUERY_LOCATOR" | "INVALIDJOB" | "INVALIDJOBSTATE" | "INVALIDVERSION" => {
            lasting(Protocol, "run this again")
        }
        "MALFORMED_QUERY"
        | "JSON_PARSER_ERROR"
        | "METHOD_NOT_ALLOWED"
        | "UNSUPPORTED_MEDIA_TYPE"
        | "MISSING_ARGUMENT"
        | "INVALID_TYPE_FOR_OPERATION"
        | "INVALID_MULTIPART_REQUEST"
        | "soapenv:Client" => lasting(Internal, "this is a bug in the connector; please report it"),
        _ => return None,
    })
}

/// Whether signing in again can fix a 401.
pub(super) fn is_curable(code: &str, message: &str) -> bool {
    code == "INVALID_SESSION_ID"
        && !message.contains("not valid for use with the REST API")
        && !message.contains("not attached to Agent")
}
