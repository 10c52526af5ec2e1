//! What the errors of a token endpoint mean, and what to do: a table.
//!
//! Codes are those of OAuth 2.0 (RFC 6749) and of the services met in practice; where a code has many causes, the
//! description tells them apart.

use connector_core::ErrorKind;

/// What is known of an error.
pub(crate) struct Knowledge {
    /// The `error` member.
    pub(crate) code: &'static str,
    /// What `error_description` contains, in lower case; empty for any description.
    pub(crate) says: &'static str,
    /// `unavailable` and `rate_limited` pass with time, everything else stays until somebody changes something.
    pub(crate) kind: ErrorKind,
    /// What is behind it.
    pub(crate) cause: &'static str,
    /// What to do.
    pub(crate) cure: &'static str,
}

/// What is known of an error: the first row of the table that fits.
pub(crate) fn knowledge(code: &str, description: &str) -> Option<&'static Knowledge> {
    let description = description.to_lowercase();
    TABLE.iter().find(|row| row.code.eq_ignore_ascii_case(code) && description.contains(row.says))
}

/// What to do about an error that is not in the table.
pub(crate) const UNKNOWN_CURE: &str =
    "look the code up in the documentation of the service; its login history often names the reason";

const fn refused(code: &'static str, says: &'static str, cause: &'static str, cure: &'static str) -> Knowledge {
    Knowledge { code, says, kind: ErrorKind::Auth, cause, cure }
}

const fn misused(code: &'static str, cause: &'static str, cure: &'static str) -> Knowledge {
    Knowledge { code, says: "", kind: ErrorKind::Auth, cause, cure }
}

const fn passing(code: &'static str, cause: &'static str, cure: &'static str) -> Knowledge {
    Knowledge { code, says: "", kind: ErrorKind::Unavailable, cause, cure }
}

/// Rows of one code stand together, those with a description first.
static TABLE: &[Knowledge] = &[
    refused(
        "invalid_grant",
        "user hasn't approved this consumer",
        "the app does not let this user in, or the user is unknown there",
        "in Salesforce Setup open the app's policies, set Permitted Users to `Admin approved users are pre-authorized` and \
         assign a profile or permission set of the user; check `subject` (the username, not the e-mail) and that \
         `token_url` is the My Domain of that org; a new or edited app takes 2 to 10 minutes to take effect",
    ),
    refused(
        "invalid_grant",
        "invalid assertion",
        "the signature does not fit the certificate of the app, or the signed statement is malformed",
        "upload the certificate that belongs to `key_ref` to the app (`Use digital signatures` or `Enable JWT Bearer \
         Flow`), or point `key_ref` at the key of the certificate that is there; `issuer` must be the client id of that app",
    ),
    refused(
        "invalid_grant",
        "audience",
        "the audience does not fit the host or the org",
        "set `audience` to `https://login.salesforce.com` for production, `https://test.salesforce.com` for a sandbox, \
         or the My Domain URL of the org, without a slash at the end",
    ),
    refused(
        "invalid_grant",
        "expired authorization code",
        "the signed statement counts as expired",
        "set the clock of this machine right, for example with NTP",
    ),
    refused(
        "invalid_grant",
        "expired access/refresh token",
        "the refresh token was revoked, replaced or has run out",
        "approve the app again for this user; a sixth approval of the same user and app revokes the oldest",
    ),
    refused(
        "invalid_grant",
        "inactive user",
        "the user is inactive or frozen",
        "activate or unfreeze the user of `subject` in Salesforce Setup, Users",
    ),
    refused(
        "invalid_grant",
        "user is locked",
        "the user is locked after too many wrong passwords",
        "unlock the user of `subject` in Salesforce Setup, Users",
    ),
    refused(
        "invalid_grant",
        "ip restricted",
        "logins from this network are not allowed",
        "add this machine's public address to the login IP ranges of the user's profile or of the org, or set the app's \
         `IP Relaxation` to relax IP restrictions",
    ),
    refused(
        "invalid_grant",
        "no client credentials user enabled",
        "the app has no user to run as",
        "in the app's policies, enable the client credentials flow and choose the run-as user",
    ),
    refused(
        "invalid_grant",
        "invalid grant type",
        "the grant type is not enabled on the app",
        "enable the flow on the app: `Use digital signatures` or `Enable JWT Bearer Flow` for `jwt_bearer`, `Enable \
         Client Credentials Flow` for `client_credentials`",
    ),
    refused(
        "invalid_grant",
        "invalid client credentials",
        "the client secret is wrong",
        "check `client_id` and what `client_secret_ref` points at",
    ),
    refused(
        "invalid_grant",
        "authentication failure",
        "the login was refused: wrong credentials, or an inactive user",
        "check the user in Salesforce Setup, Users, and its Login History",
    ),
    refused(
        "invalid_grant",
        "",
        "the service does not take this proof of who you are",
        "check `issuer`, `subject` and `audience`, the certificate that the app holds, and the clock of this machine",
    ),
    refused(
        "invalid_app_access",
        "",
        "the user is not admitted to the app",
        "assign the app to a profile or permission set of the user of `subject`, in the app's policies",
    ),
    refused(
        "invalid_client_id",
        "",
        "the client id is unknown there",
        "check `issuer` (or `client_id`): the consumer key of the app, whole; `token_url` must be the My Domain of the \
         org that has the app; a new app takes 2 to 10 minutes to take effect",
    ),
    refused(
        "invalid_client",
        "",
        "the client id or client secret is wrong",
        "check `client_id` (or `issuer`) and what `client_secret_ref` points at",
    ),
    refused(
        "app_not_found",
        "",
        "the app is not in this org, or can't be asked for at this host or with this audience",
        "set both the host of `token_url` and `audience` to the My Domain URL of the org; after a sandbox refresh install \
         the app again; check that its policy covers the user",
    ),
    refused(
        "app_blocked",
        "",
        "an administrator has blocked the app",
        "unblock it in Salesforce Setup, Connected Apps OAuth Usage",
    ),
    refused(
        "oauth_flow_disabled",
        "",
        "the grant type is switched off for the org or the app",
        "enable it in Salesforce Setup, OAuth and OpenID Connect Settings, and in the settings of the app",
    ),
    refused(
        "oauth_policy_not_found",
        "",
        "the app has no OAuth policy in this org",
        "open the app's policies in Salesforce Setup and save them once",
    ),
    refused(
        "ecapp_policy_not_found",
        "",
        "the external client app has no policy in this org",
        "open the app's policies in Salesforce Setup, External Client App Manager, and save them once",
    ),
    refused(
        "bad_jti_claim",
        "",
        "the signed statement was seen before",
        "try again: each try makes a new one; if it stays so, something between here and there sends it twice",
    ),
    refused("inactive_user", "", "the user is inactive", "activate the user of `subject` in Salesforce Setup, Users"),
    refused("inactive_org", "", "the org is locked, closed or suspended", "ask whoever holds the contract of the org"),
    refused(
        "access_denied",
        "",
        "access was denied",
        "ask an administrator of the service to admit the app and its user",
    ),
    refused(
        "invalid_session_level",
        "",
        "the app's policy asks for a session of high assurance",
        "a login without a person can't reach it: relax the session policy of the app",
    ),
    refused("invalid_token", "", "the token is not known", "sign in again"),
    misused("invalid_assertion_type", "the kind of client assertion is not known there", "check `grant_type`"),
    misused(
        "unsupported_grant_type",
        "this endpoint does not know the grant type",
        "check `grant_type`, and that `token_url` is the token endpoint of the right service",
    ),
    misused("unsupported_token_type", "the kind of token is not known there", "check `grant_type` and `token_url`"),
    misused("unsupported_response_type", "the kind of answer is not known there", "check `grant_type` and `token_url`"),
    misused(
        "invalid_request",
        "the request lacks something or breaks a rule of the endpoint",
        "check `token_url` (https, and the token endpoint itself) and the other values of `auth:`",
    ),
    misused(
        "invalid_scope",
        "a scope is unknown or not selected on the app",
        "check `scope`, and the scopes of the app",
    ),
    Knowledge {
        code: "unauthorized_client",
        says: "",
        kind: ErrorKind::Auth,
        cause: "the app may not use this grant type",
        cure: "enable the grant type in the settings of the app",
    },
    Knowledge {
        code: "rate_limit_exceeded",
        says: "",
        kind: ErrorKind::RateLimited,
        cause: "too many logins of this user within an hour",
        cure: "wait an hour; keep other programs with the same user from signing in for each request",
    },
    Knowledge {
        code: "slow_down",
        says: "",
        kind: ErrorKind::RateLimited,
        cause: "too many token requests",
        cure: "wait before the next try",
    },
    passing("server_error", "the service has a fault of its own", "try again in some minutes"),
    passing("service_unavailable", "the service is out of service", "try again in some minutes"),
    passing("temporarily_unavailable", "the service is out of service", "try again in some minutes"),
    passing(
        "system_down",
        "the service is down",
        "try again in some minutes; status.salesforce.com tells about maintenance",
    ),
    passing("unknown_error", "the service has a fault of its own", "try again in some minutes"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Code, description as servers write it, and a word of the cause that must be found.
    const MET_IN_PRACTICE: &[(&str, &str, ErrorKind, &str)] = &[
        ("invalid_grant", "user hasn't approved this consumer", ErrorKind::Auth, "does not let this user in"),
        ("invalid_grant", "invalid assertion", ErrorKind::Auth, "signature"),
        ("invalid_grant", "audience is invalid", ErrorKind::Auth, "audience"),
        ("invalid_grant", "Audience validation failed", ErrorKind::Auth, "audience"),
        ("invalid_grant", "expired authorization code", ErrorKind::Auth, "expired"),
        ("invalid_grant", "expired access/refresh token", ErrorKind::Auth, "refresh token"),
        ("invalid_grant", "inactive user", ErrorKind::Auth, "inactive or frozen"),
        ("invalid_grant", "user is locked", ErrorKind::Auth, "locked"),
        ("invalid_grant", "ip restricted", ErrorKind::Auth, "network"),
        ("invalid_grant", "authentication failure", ErrorKind::Auth, "login was refused"),
        ("invalid_grant", "authentication failure - Invalid Password", ErrorKind::Auth, "login was refused"),
        ("invalid_grant", "authentication failure - invalid client credentials", ErrorKind::Auth, "client secret"),
        ("invalid_grant", "no client credentials user enabled", ErrorKind::Auth, "run as"),
        ("invalid_grant", "invalid grant type", ErrorKind::Auth, "not enabled on the app"),
        ("invalid_grant", "", ErrorKind::Auth, "proof of who you are"),
        ("invalid_app_access", "user is not admin approved to access this app", ErrorKind::Auth, "not admitted"),
        ("invalid_client_id", "client identifier invalid", ErrorKind::Auth, "client id is unknown"),
        ("invalid_client", "invalid client credentials", ErrorKind::Auth, "client secret is wrong"),
        ("app_not_found", "External client app is not installed in this org", ErrorKind::Auth, "not in this org"),
        ("app_blocked", "blocked by admin", ErrorKind::Auth, "blocked"),
        ("oauth_flow_disabled", "", ErrorKind::Auth, "switched off"),
        ("oauth_policy_not_found", "", ErrorKind::Auth, "no OAuth policy"),
        ("ecapp_policy_not_found", "", ErrorKind::Auth, "no policy"),
        ("bad_jti_claim", "", ErrorKind::Auth, "seen before"),
        ("invalid_assertion_type", "", ErrorKind::Auth, "client assertion"),
        ("unsupported_grant_type", "grant type not supported", ErrorKind::Auth, "grant type"),
        ("invalid_request", "must use HTTPS", ErrorKind::Auth, "breaks a rule"),
        ("invalid_scope", "", ErrorKind::Auth, "scope"),
        ("inactive_user", "user is inactive", ErrorKind::Auth, "inactive"),
        ("inactive_org", "org is locked, closed, or suspended", ErrorKind::Auth, "suspended"),
        ("rate_limit_exceeded", "number of logins exceeded", ErrorKind::RateLimited, "too many logins"),
        ("invalid_token", "", ErrorKind::Auth, "not known"),
        ("unsupported_token_type", "", ErrorKind::Auth, "token"),
        ("server_error", "", ErrorKind::Unavailable, "fault"),
        ("service_unavailable", "", ErrorKind::Unavailable, "out of service"),
        ("system_down", "", ErrorKind::Unavailable, "down"),
        ("unknown_error", "", ErrorKind::Unavailable, "fault"),
        ("unauthorized_client", "", ErrorKind::Auth, "may not use this grant type"),
        ("temporarily_unavailable", "", ErrorKind::Unavailable, "out of service"),
        ("slow_down", "", ErrorKind::RateLimited, "too many token requests"),
        ("access_denied", "end-user denied authorization", ErrorKind::Auth, "denied"),
    ];

    #[test]
    fn every_error_met_in_practice_has_its_cause_and_cure() {
        for (code, description, kind, part) in MET_IN_PRACTICE {
            let row = knowledge(code, description).unwrap_or_else(|| panic!("{code}: {description}"));
            assert_eq!(row.kind, *kind, "{code}: {description}");
            assert!(row.cause.contains(part), "{code}: {description}: {}", row.cause);
        }
        assert!(knowledge("never_heard_of", "").is_none());
    }

    #[test]
    fn no_row_hides_a_later_one_and_each_says_what_to_do() {
        for (at, row) in TABLE.iter().enumerate() {
            let found = knowledge(row.code, row.says).unwrap();
            assert!(std::ptr::eq(found, row), "row {at} ({}: {}) is never reached", row.code, row.says);
            assert!(!row.cause.is_empty() && !row.cure.is_empty(), "{}", row.code);
            assert!(!row.cause.ends_with('.') && !row.cure.ends_with('.'), "{}", row.code);
        }
    }
}
