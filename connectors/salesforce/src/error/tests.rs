//! Tests of the error table.

use super::*;
use connector_http::header::HeaderMap;

fn answer(status: u16, body: &str) -> Response {
    Response { status, headers: HeaderMap::new(), body: body.to_owned().into() }
}

fn coded(status: u16, code: &str, message: &str) -> Response {
    answer(status, &serde_json::json!([{"message": message, "errorCode": code}]).to_string())
}

#[test]
fn the_code_counts_and_not_the_status() {
    use ErrorKind::{AlreadyExists, Auth, Invalid, NotFound, Permission, Quota, RateLimited, Timeout, Unavailable};
    for (status, code, message, kind) in [
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", Quota),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", RateLimited),
        (403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.", Permission),
        (403, "API_CURRENTLY_DISABLED", "API is disabled for this User", Permission),
        (401, "INVALID_SESSION_ID", "Session expired or invalid", Auth),
        (400, "QUERY_TIMEOUT", "Your query request was running for too long.", Timeout),
        (503, "SERVER_UNAVAILABLE", "Server too busy", Unavailable),
        (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred", Unavailable),
        (400, "INVALID_FIELD", "No such column 'Foo' on entity 'User'", Invalid),
        (400, "INVALID_TYPE", "sObject type 'X' is not supported.", Permission),
        (404, "NOT_FOUND", "The requested resource does not exist", NotFound),
        (400, "DUPLICATE_USERNAME", "Duplicate Username.<br>The username already exists", AlreadyExists),
        (400, "LICENSE_LIMIT_EXCEEDED", "License Limit Exceeded", Quota),
        (400, "SOME_NEW_CODE", "who knows", Invalid),
        (500, "SOME_NEW_CODE", "who knows", Unavailable),
    ] {
        let error = of_answer(&coded(status, code, message), "reading `User`");
        assert_eq!(error.kind(), kind, "{code}");
        assert!(error.message().starts_with("reading `User`: ") && error.message().contains(code), "{error}");
        assert!(error.help().is_some(), "{code}");
    }
}

#[test]
fn only_what_passes_is_asked_again() {
    assert_eq!(verdict(&coded(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")), Verdict::Final);
    assert_eq!(verdict(&coded(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded.")), Verdict::Retry);
    assert_eq!(verdict(&coded(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access")), Verdict::Retry);
    assert_eq!(verdict(&coded(400, "MALFORMED_QUERY", "unexpected token")), Verdict::Final);
    assert_eq!(verdict(&answer(503, "<html>maintenance</html>")), Verdict::Retry);
    assert_eq!(verdict(&answer(420, "<html>no route</html>")), Verdict::Retry);
    assert_eq!(verdict(&answer(200, "[]")), Verdict::Final);
}

#[test]
fn a_session_that_no_login_mends_is_final() {
    assert_eq!(verdict(&coded(401, "INVALID_SESSION_ID", "Session expired or invalid")), Verdict::SignInAgain);
    for message in ["This session is not valid for use with the REST API", "Connected app is not attached to Agent"] {
        assert_eq!(verdict(&coded(401, "INVALID_SESSION_ID", message)), Verdict::Final, "{message}");
    }
    assert_eq!(verdict(&coded(401, "INVALID_JWT_FORMAT", "invalid")), Verdict::Final);
}

#[test]
fn answers_without_a_code_go_by_status() {
    for (status, kind) in [
        (414, ErrorKind::Definition),
        (431, ErrorKind::Definition),
        (420, ErrorKind::Unavailable),
        (502, ErrorKind::Unavailable),
        (404, ErrorKind::Protocol),
    ] {
        assert_eq!(of_answer(&answer(status, "<html>"), "reading `User`").kind(), kind, "{status}");
    }
}

#[test]
fn messages_of_the_server_become_one_short_line() {
    let message = format!("\nSELECT Foo FROM User\n ^\nERROR at Row:1:Column:8\n{}", "x".repeat(500));
    let error = of_answer(&coded(400, "INVALID_FIELD", &message), "reading `User`");
    assert!(error.message().contains("SELECT Foo FROM User ERROR at Row:1:Column:8"), "{error}");
    assert!(!error.message().contains('\n') && error.message().chars().count() < 400, "{error}");
}

#[test]
fn a_single_object_and_the_form_of_collections_are_read_too() {
    let single = answer(400, r#"{"message":"no","errorCode":"INVALID_TYPE"}"#);
    assert!(is_missing_object(&of_answer(&single, "reading `Territory2`")));
    let collection = answer(400, r#"[{"message":"no","statusCode":"DUPLICATE_VALUE","fields":[]}]"#);
    assert_eq!(of_answer(&collection, "writing").kind(), ErrorKind::AlreadyExists);
}
