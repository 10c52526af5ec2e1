//! What the errors of Salesforce's token endpoint mean, and what to do about them: the errors that the OAuth standards
//! don't define, and the many causes of `invalid_grant`, which differ only in their description.

use connector_core::{ErrorKind, TokenErrorRow};

/// What to do about an app that the org blocks.
const BLOCKED: &str = "in Salesforce Setup, Connected Apps OAuth Usage, unblock or install the app; if API Access Control is on (Setup › \
    API Access Control), also set Permitted Users in the app's policies to `Admin approved users are pre-authorized` and \
    assign a profile or permission set of the user of `subject`";

/// Rows with the same code are next to each other, those with a description first.
pub(crate) static TOKEN_ERRORS: &[TokenErrorRow] = &[
    TokenErrorRow::new(
        "invalid_grant",
        "the app does not let this user in, or the user does not exist in this org",
        "in Salesforce Setup open the app's policies, set Permitted Users to `Admin approved users are \
         pre-authorized` and assign a profile or permission set of the user; check `subject` (the username, not the \
         email address) and that `token_url` is the My Domain of that org; a new or edited app takes 2 to 10 minutes to take \
         effect",
    )
    .saying("user hasn't approved this consumer"),
    TokenErrorRow::new(
        "invalid_grant",
        "the signature does not match the app's certificate, or the signed assertion is malformed",
        "upload the certificate that belongs to `key_ref` to the app (`Use digital signatures` or `Enable JWT Bearer \
         Flow`), or point `key_ref` to the key of the uploaded certificate; `issuer` must be the client id of \
         that app",
    )
    .saying("invalid assertion"),
    TokenErrorRow::new(
        "invalid_grant",
        "the audience does not match the host or the org",
        "set `audience` to `https://login.salesforce.com` for production, `https://test.salesforce.com` for a \
         sandbox, or the My Domain URL of the org, without a trailing slash",
    )
    .saying("audience"),
    TokenErrorRow::new(
        "invalid_grant",
        "Salesforce considers the signed assertion expired",
        "correct the clock of this machine, for example with NTP",
    )
    .saying("expired authorization code"),
    TokenErrorRow::new(
        "invalid_grant",
        "the refresh token was revoked or replaced, or has expired",
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
        "check `client_id` and the secret that `client_secret_ref` points to",
    )
    .saying("invalid client credentials"),
    TokenErrorRow::new(
        "invalid_grant",
        "login was refused: the credentials are wrong, or the user is inactive",
        "check the user in Salesforce Setup, Users, and its Login History",
    )
    .saying("authentication failure"),
    TokenErrorRow::new(
        "invalid_grant",
        "too many logins by this user within an hour",
        "wait 15 to 60 minutes; make sure that other programs with the same user do not sign in for each request",
    )
    .saying("rate exceeded")
    .of_kind(ErrorKind::RateLimited),
    TokenErrorRow::new(
        "invalid_grant",
        "too many logins by this user within an hour",
        "wait 15 to 60 minutes; make sure that other programs with the same user do not sign in for each request",
    )
    .saying("number of logins exceeded")
    .of_kind(ErrorKind::RateLimited),
    TokenErrorRow::new(
        "invalid_app_access",
        "the user is not admitted to the app",
        "assign the app to a profile or permission set of the user of `subject`, in the app's policies; if API Access Control is \
         on (Setup › API Access Control), that is necessary for each app, unless the user has the permission \"Use Any API \
         Client\"",
    ),
    TokenErrorRow::new(
        "invalid_client_id",
        "the client id is unknown in this org",
        "check that `issuer` (or `client_id`) is the complete consumer key of the app; `token_url` must be the My Domain of \
         the org that has the app; a new app takes 2 to 10 minutes to take effect",
    ),
    TokenErrorRow::new(
        "app_not_found",
        "the app is not in this org, or not available at this host or with this audience",
        "set both the host of `token_url` and `audience` to the My Domain URL of the org; after a sandbox refresh, \
         install the app again; check that its policy covers the user",
    ),
    TokenErrorRow::new(
        "OAUTH_EC_APP_NOT_FOUND",
        "the app is not in this org, or not available at this host or with this audience",
        "set both the host of `token_url` and `audience` to the My Domain URL of the org; after a sandbox refresh, \
         install the app again; check that its policy covers the user",
    ),
    TokenErrorRow::new(
        "OAUTH_APPROVAL_ERROR_GENERIC",
        "the app is not installed in this org, or the user is not admitted to it",
        "in Salesforce Setup, Connected Apps OAuth Usage, install the app; then assign a profile or permission set of the \
         user of `subject` in the app's policies; a new or edited app takes 2 to 10 minutes to take effect",
    ),
    TokenErrorRow::new(
        "OAUTH_APP_BLOCKED",
        "an administrator has blocked the app, or API Access Control blocks every app that nobody approved",
        BLOCKED,
    ),
    TokenErrorRow::new(
        "OAUTH_APP_ACCESS_DENIED",
        "the user is not admitted to the app",
        "assign the app to a profile or permission set of the user of `subject`, in the app's policies",
    ),
    TokenErrorRow::new(
        "app_blocked",
        "an administrator has blocked the app, or API Access Control blocks every app that nobody approved",
        BLOCKED,
    ),
    TokenErrorRow::new(
        "fail_close_app_blocked",
        "an administrator has blocked the app, or API Access Control blocks every app that nobody approved",
        BLOCKED,
    ),
    TokenErrorRow::new(
        "invalid_client",
        "the app is not installed in this org, which API Access Control and the rules for uninstalled apps require",
        BLOCKED,
    )
    .saying("must be installed"),
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
        "Salesforce has already seen this signed assertion",
        "try again: each attempt signs a new one; if the error continues, a proxy may be sending requests twice",
    ),
    TokenErrorRow::new(
        "inactive_user",
        "the user is inactive",
        "activate the user of `subject` in Salesforce Setup, Users",
    ),
    TokenErrorRow::new(
        "inactive_org",
        "the org is locked, closed or suspended",
        "ask the owner of the Salesforce contract",
    ),
    TokenErrorRow::new(
        "invalid_session_level",
        "the app's policy requires a high-assurance session",
        "a service account can't get one: relax the session policy of the app",
    ),
    TokenErrorRow::new("invalid_token", "the token is not known to Salesforce", "sign in again"),
    TokenErrorRow::new(
        "invalid_assertion_type",
        "Salesforce does not know this type of client assertion",
        "check `grant_type`",
    ),
    TokenErrorRow::new(
        "unsupported_token_type",
        "Salesforce does not know this type of token",
        "check `grant_type` and `token_url`",
    ),
    TokenErrorRow::new(
        "rate_limit_exceeded",
        "too many logins by this user within an hour",
        "wait an hour; make sure that other programs with the same user do not sign in for each request",
    )
    .of_kind(ErrorKind::RateLimited),
    TokenErrorRow::new("service_unavailable", "Salesforce is out of service", "try again in a few minutes")
        .of_kind(ErrorKind::Unavailable),
    TokenErrorRow::new(
        "system_down",
        "Salesforce is down",
        "try again in a few minutes; status.salesforce.com shows maintenance",
    )
    .of_kind(ErrorKind::Unavailable),
    TokenErrorRow::new("unknown_error", "Salesforce has an internal fault", "try again in a few minutes")
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
        ("fail_close_app_blocked", "", ErrorKind::Auth, "API Access Control"),
        ("invalid_client", "app must be installed into org", ErrorKind::Auth, "API Access Control"),
        ("oauth_flow_disabled", "", ErrorKind::Auth, "switched off"),
        ("oauth_policy_not_found", "", ErrorKind::Auth, "no OAuth policy"),
        ("ecapp_policy_not_found", "", ErrorKind::Auth, "no policy"),
        ("bad_jti_claim", "", ErrorKind::Auth, "already seen"),
        ("invalid_assertion_type", "", ErrorKind::Auth, "client assertion"),
        ("inactive_user", "user is inactive", ErrorKind::Auth, "inactive"),
        ("inactive_org", "org is locked, closed, or suspended", ErrorKind::Auth, "suspended"),
        ("rate_limit_exceeded", "number of logins exceeded", ErrorKind::RateLimited, "too many logins"),
        ("invalid_grant", "login rate exceeded", ErrorKind::RateLimited, "many logins"),
        ("invalid_grant", "Number of logins exceeded", ErrorKind::RateLimited, "many logins"),
        ("OAUTH_EC_APP_NOT_FOUND", "app not found", ErrorKind::Auth, "not in this org"),
        ("OAUTH_APPROVAL_ERROR_GENERIC", "An unexpected error has occurred", ErrorKind::Auth, "not installed"),
        ("OAUTH_APP_BLOCKED", "", ErrorKind::Auth, "blocked"),
        ("OAUTH_APP_ACCESS_DENIED", "", ErrorKind::Auth, "not admitted"),
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
