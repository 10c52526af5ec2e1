//! What the errors of Salesforce's token endpoint mean, and what to do: those that the OAuth standards don't define, and
//! the many causes of `invalid_grant`, which the description tells apart.

use connector_core::{ErrorKind, TokenErrorRow};

/// Rows of one code stand together, those with a description first.
pub(crate) static TOKEN_ERRORS: &[TokenErrorRow] = &[
    TokenErrorRow::new(
        "invalid_grant",
        "the app does not let this user in, or the user is unknown there",
        "in Salesforce Setup open the app's policies, set Permitted Users to `Admin approved users are \
         pre-authorized` and assign a profile or permission set of the user; check `subject` (the username, not the \
         e-mail) and that `token_url` is the My Domain of that org; a new or edited app takes 2 to 10 minutes to take \
         effect",
    )
    .saying("user hasn't approved this consumer"),
    TokenErrorRow::new(
        "invalid_grant",
        "the signature does not fit the certificate of the app, or the signed statement is malformed",
        "upload the certificate that belongs to `key_ref` to the app (`Use digital signatures` or `Enable JWT Bearer \
         Flow`), or point `key_ref` at the key of the certificate that is there; `issuer` must be the client id of \
         that app",
    )
    .saying("invalid assertion"),
    TokenErrorRow::new(
        "invalid_grant",
        "the audience does not fit the host or the org",
        "set `audience` to `https://login.salesforce.com` for production, `https://test.salesforce.com` for a \
         sandbox, or the My Domain URL of the org, without a slash at the end",
    )
    .saying("audience"),
    TokenErrorRow::new(
        "invalid_grant",
        "the signed statement counts as expired",
        "set the clock of this machine right, for example with NTP",
    )
    .saying("expired authorization code"),
    TokenErrorRow::new(
        "invalid_grant",
        "the refresh token was revoked, replaced or has run out",
        "approve the app again for this user; a sixth approval of the same user and app revokes the oldest",
    )
    .saying("expired access/refresh token"),
    TokenErrorRow::new(
        "invalid_grant",
        "the user is inactive or frozen",
        "activate or unfreeze the user of `subject` in Salesforce Setup, Users",
    )
    .saying("inactive user"),
    TokenErrorRow::new(
        "invalid_grant",
        "the user is locked after too many wrong passwords",
        "unlock the user of `subject` in Salesforce Setup, Users",
    )
    .saying("user is locked"),
    TokenErrorRow::new(
        "invalid_grant",
        "logins from this network are not allowed",
        "add this machine's public address to the login IP ranges of the user's profile or of the org, or set the \
         app's `IP Relaxation` to relax IP restrictions",
    )
    .saying("ip restricted"),
    TokenErrorRow::new(
        "invalid_grant",
        "the app has no user to run as",
        "in the app's policies, enable the client credentials flow and choose the run-as user",
    )
    .saying("no client credentials user enabled"),
    TokenErrorRow::new(
        "invalid_grant",
        "the grant type is not enabled on the app",
        "enable the flow on the app: `Use digital signatures` or `Enable JWT Bearer Flow` for `jwt_bearer`, `Enable \
         Client Credentials Flow` for `client_credentials`",
    )
    .saying("invalid grant type"),
    TokenErrorRow::new(
        "invalid_grant",
        "the client secret is wrong",
        "check `client_id` and what `client_secret_ref` points at",
    )
    .saying("invalid client credentials"),
    TokenErrorRow::new(
        "invalid_grant",
        "the login was refused: wrong credentials, or an inactive user",
        "check the user in Salesforce Setup, Users, and its Login History",
    )
    .saying("authentication failure"),
    TokenErrorRow::new(
        "invalid_app_access",
        "the user is not admitted to the app",
        "assign the app to a profile or permission set of the user of `subject`, in the app's policies",
    ),
    TokenErrorRow::new(
        "invalid_client_id",
        "the client id is unknown there",
        "check `issuer` (or `client_id`): the consumer key of the app, whole; `token_url` must be the My Domain of \
         the org that has the app; a new app takes 2 to 10 minutes to take effect",
    ),
    TokenErrorRow::new(
        "app_not_found",
        "the app is not in this org, or can't be asked for at this host or with this audience",
        "set both the host of `token_url` and `audience` to the My Domain URL of the org; after a sandbox refresh \
         install the app again; check that its policy covers the user",
    ),
    TokenErrorRow::new(
        "app_blocked",
        "an administrator has blocked the app",
        "unblock it in Salesforce Setup, Connected Apps OAuth Usage",
    ),
    TokenErrorRow::new(
        "oauth_flow_disabled",
        "the grant type is switched off for the org or the app",
        "enable it in Salesforce Setup, OAuth and OpenID Connect Settings, and in the settings of the app",
    ),
    TokenErrorRow::new(
        "oauth_policy_not_found",
        "the app has no OAuth policy in this org",
        "open the app's policies in Salesforce Setup and save them once",
    ),
    TokenErrorRow::new(
        "ecapp_policy_not_found",
        "the external client app has no policy in this org",
        "open the app's policies in Salesforce Setup, External Client App Manager, and save them once",
    ),
    TokenErrorRow::new(
        "bad_jti_claim",
        "the signed statement was seen before",
        "try again: each try makes a new one; if it stays so, something between here and there sends it twice",
    ),
    TokenErrorRow::new(
        "inactive_user",
        "the user is inactive",
        "activate the user of `subject` in Salesforce Setup, Users",
    ),
    TokenErrorRow::new(
        "inactive_org",
        "the org is locked, closed or suspended",
        "ask whoever holds the contract of the org",
    ),
    TokenErrorRow::new(
        "invalid_session_level",
        "the app's policy asks for a session of high assurance",
        "a login without a person can't reach it: relax the session policy of the app",
    ),
    TokenErrorRow::new("invalid_token", "the token is not known", "sign in again"),
    TokenErrorRow::new(
        "invalid_assertion_type",
        "the kind of client assertion is not known there",
        "check `grant_type`",
    ),
    TokenErrorRow::new(
        "unsupported_token_type",
        "the kind of token is not known there",
        "check `grant_type` and `token_url`",
    ),
    TokenErrorRow::new(
        "rate_limit_exceeded",
        "too many logins of this user within an hour",
        "wait an hour; keep other programs with the same user from signing in for each request",
    )
    .of_kind(ErrorKind::RateLimited),
    TokenErrorRow::new("service_unavailable", "the service is out of service", "try again in some minutes")
        .of_kind(ErrorKind::Unavailable),
    TokenErrorRow::new(
        "system_down",
        "the service is down",
        "try again in some minutes; status.salesforce.com tells about maintenance",
    )
    .of_kind(ErrorKind::Unavailable),
    TokenErrorRow::new("unknown_error", "the service has a fault of its own", "try again in some minutes")
        .of_kind(ErrorKind::Unavailable),
];

#[cfg(test)]
mod tests {
    use super::*;

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
        ("invalid_app_access", "user is not admin approved to access this app", ErrorKind::Auth, "not admitted"),
        ("invalid_client_id", "client identifier invalid", ErrorKind::Auth, "client id is unknown"),
        ("app_not_found", "External client app is not installed in this org", ErrorKind::Auth, "not in this org"),
        ("app_blocked", "blocked by admin", ErrorKind::Auth, "blocked"),
        ("oauth_flow_disabled", "", ErrorKind::Auth, "switched off"),
        ("oauth_policy_not_found", "", ErrorKind::Auth, "no OAuth policy"),
        ("ecapp_policy_not_found", "", ErrorKind::Auth, "no policy"),
        ("bad_jti_claim", "", ErrorKind::Auth, "seen before"),
        ("invalid_assertion_type", "", ErrorKind::Auth, "client assertion"),
        ("inactive_user", "user is inactive", ErrorKind::Auth, "inactive"),
        ("inactive_org", "org is locked, closed, or suspended", ErrorKind::Auth, "suspended"),
        ("rate_limit_exceeded", "number of logins exceeded", ErrorKind::RateLimited, "too many logins"),
        ("invalid_token", "", ErrorKind::Auth, "not known"),
        ("unsupported_token_type", "", ErrorKind::Auth, "token"),
        ("service_unavailable", "", ErrorKind::Unavailable, "out of service"),
        ("system_down", "", ErrorKind::Unavailable, "down"),
        ("unknown_error", "", ErrorKind::Unavailable, "fault"),
    ];

    #[test]
    fn every_error_met_in_practice_has_its_cause_and_cure() {
        for (code, description, kind, part) in MET_IN_PRACTICE {
            let row =
                TokenErrorRow::find(TOKEN_ERRORS, code, description).unwrap_or_else(|| panic!("{code}: {description}"));
            assert_eq!(row.kind, *kind, "{code}: {description}");
            assert!(row.cause.contains(part), "{code}: {description}: {}", row.cause);
        }
        assert!(TokenErrorRow::find(TOKEN_ERRORS, "never_heard_of", "").is_none());
    }

    #[test]
    fn no_row_hides_a_later_one_and_each_says_what_to_do() {
        for (at, row) in TOKEN_ERRORS.iter().enumerate() {
            let found = TokenErrorRow::find(TOKEN_ERRORS, row.code, row.says).unwrap();
            assert!(std::ptr::eq(found, row), "row {at} ({}: {}) is never reached", row.code, row.says);
            assert!(!row.cause.is_empty() && !row.cure.is_empty(), "{}", row.code);
            assert!(!row.cause.ends_with('.') && !row.cure.ends_with('.'), "{}", row.code);
        }
    }
}
