//! Explains the token errors of the OAuth standards (RFC 6749, sections 4.1.2.1 and 5.2; RFC 7523; RFC 8628). The
//! registration of a connector explains the errors of its provider.

use connector_core::{ErrorKind, TokenErrorRow};

/// The explanation of an error. The provider's rows come first.
pub(crate) fn knowledge(
    provider: &'static [TokenErrorRow],
    code: &str,
    description: &str,
) -> Option<&'static TokenErrorRow> {
    TokenErrorRow::find(provider, code, description).or_else(|| TokenErrorRow::find(STANDARD, code, description))
}

/// The help for an error that is not in the table.
pub(crate) const UNKNOWN_CURE: &str =
    "look up the code in the documentation of the service; its login history often shows the reason";

static STANDARD: &[TokenErrorRow] = &[
    TokenErrorRow::new(
        "invalid_grant",
        "the service does not accept the assertion or its key",
        "check `issuer`, `subject` and `audience`, the certificate of the app, and the clock of this machine",
    ),
    TokenErrorRow::new(
        "invalid_client",
        "the client id or the client's secret or key is wrong",
        "check `client_id` (or `issuer`) and the secret or key that `client_secret_ref` or `key_ref` references",
    ),
    TokenErrorRow::new(
        "access_denied",
        "access was denied",
        "ask an administrator of the service to allow the app and its user",
    ),
    TokenErrorRow::new(
        "unsupported_grant_type",
        "this endpoint does not support the grant type",
        "check `grant_type`, and that `token_url` is the token endpoint of the right service",
    ),
    TokenErrorRow::new(
        "unsupported_response_type",
        "this endpoint does not support the response type",
        "check `grant_type` and `token_url`",
    ),
    TokenErrorRow::new(
        "invalid_request",
        "the request is incomplete or breaks a rule of the endpoint",
        "check `token_url` (https, and the token endpoint itself) and the other values of `auth:`",
    ),
    TokenErrorRow::new(
        "invalid_scope",
        "a scope is unknown or not selected on the app",
        "check `scope`, and the scopes of the app",
    ),
    TokenErrorRow::new(
        "unauthorized_client",
        "the app is not allowed to use this grant type",
        "enable the grant type in the settings of the app",
    ),
    TokenErrorRow::new(
        "invalid_dpop_proof",
        "the endpoint requires a DPoP proof, or refused the one that it got",
        "set `dpop: true` under `auth:` (or `dpop_key_ref`, with a client secret); if it is set, check the clock of this machine",
    ),
    TokenErrorRow::new(
        "use_dpop_nonce",
        "the endpoint requires its nonce in each DPoP proof, and did not accept the one that it had named",
        "set `dpop: true` under `auth:` (or `dpop_key_ref`, with a client secret); if it is set, try again",
    ),
    TokenErrorRow::new("slow_down", "too many token requests", "wait before the next try")
        .of_kind(ErrorKind::RateLimited),
    TokenErrorRow::new("server_error", "the service has an internal error", "try again in a few minutes")
        .of_kind(ErrorKind::Unavailable),
    TokenErrorRow::new("temporarily_unavailable", "the service is unavailable", "try again in a few minutes")
        .of_kind(ErrorKind::Unavailable),
];

#[cfg(test)]
mod tests {
    use super::*;

    static PROVIDER: &[TokenErrorRow] =
        &[TokenErrorRow::new("invalid_grant", "the user is locked", "unlock the user").saying("user is locked")];

    #[test]
    fn the_rows_of_the_provider_are_found_before_those_of_the_standards() {
        let cause = |code, description| knowledge(PROVIDER, code, description).map(|row| row.cause);
        assert_eq!(cause("invalid_grant", "User is locked out"), Some("the user is locked"));
        assert!(cause("invalid_grant", "").unwrap().contains("does not accept the assertion"));
        assert!(cause("invalid_scope", "").is_some());
        assert_eq!(cause("never_heard_of", ""), None);
    }

    #[test]
    fn no_row_hides_a_later_one_and_each_says_what_to_do() {
        for row in STANDARD {
            let found = knowledge(&[], row.code, row.says).unwrap();
            assert!(std::ptr::eq(found, row), "{}: {} is never reached", row.code, row.says);
            assert!(!row.cause.is_empty() && !row.cure.is_empty(), "{}", row.code);
            assert!(!row.cause.ends_with('.') && !row.cure.ends_with('.'), "{}", row.code);
        }
    }
}
