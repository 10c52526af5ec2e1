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
    assert_eq!(reaction(&coded(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")), Reaction::Final);
    assert_eq!(reaction(&coded(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded.")), Reaction::Retry);
    assert_eq!(reaction(&coded(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access")), Reaction::Retry);
    assert_eq!(reaction(&coded(400, "MALFORMED_QUERY", "unexpected token")), Reaction::Final);
    assert_eq!(reaction(&answer(503, "<html>maintenance</html>")), Reaction::Retry);
    assert_eq!(reaction(&answer(420, "<html>no route</html>")), Reaction::Retry);
    assert_eq!(reaction(&answer(200, "[]")), Reaction::Final);
}

#[test]
fn a_session_that_no_login_mends_is_final() {
    assert_eq!(reaction(&coded(401, "INVALID_SESSION_ID", "Session expired or invalid")), Reaction::SignInAgain);
    for message in ["This session is not valid for use with the REST API", "Connected app is not attached to Agent"] {
        assert_eq!(reaction(&coded(401, "INVALID_SESSION_ID", message)), Reaction::Final, "{message}");
    }
    assert_eq!(reaction(&coded(401, "INVALID_JWT_FORMAT", "invalid")), Reaction::Final);
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

#[test]
fn every_documented_code_has_a_kind_and_a_cure() {
    use ErrorKind::{
        AlreadyExists, Auth, Conflict, Definition, Internal, Invalid, NotFound, Permission, Protocol, Quota,
        RateLimited, Timeout, Unavailable, Unsupported,
    };
    let table = [
        ("INVALID_SESSION_ID", Auth),
        ("REQUEST_LIMIT_EXCEEDED", Quota),
        ("API_DISABLED_FOR_ORG", Permission),
        ("URL_NOT_RESET", Auth),
        ("API_CURRENTLY_DISABLED", Permission),
        ("SERVER_UNAVAILABLE", Unavailable),
        ("UNKNOWN_EXCEPTION", Unavailable),
        ("QUERY_TIMEOUT", Timeout),
        ("REQUEST_RUNNING_TOO_LONG", Timeout),
        ("INVALID_QUERY_LOCATOR", Protocol),
        ("MALFORMED_QUERY", Internal),
        ("INVALID_FIELD", Invalid),
        ("INVALID_TYPE", Permission),
        ("INVALID_FIELD_FOR_INSERT_UPDATE", Permission),
        ("REQUIRED_FIELD_MISSING", Invalid),
        ("DUPLICATE_USERNAME", AlreadyExists),
        ("DUPLICATE_COMM_NICKNAME", AlreadyExists),
        ("DUPLICATE_VALUE", AlreadyExists),
        ("DUPLICATES_DETECTED", AlreadyExists),
        ("LICENSE_LIMIT_EXCEEDED", Quota),
        ("PACKAGE_LICENSE_REQUIRED", Quota),
        ("INVALID_PACKAGE_LICENSE", Quota),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", Invalid),
        ("FIELD_INTEGRITY_EXCEPTION", Invalid),
        ("FIELD_FILTER_VALIDATION_EXCEPTION", Invalid),
        ("INVALID_CROSS_REFERENCE_KEY", Invalid),
        ("MALFORMED_ID", Invalid),
        ("INVALID_ID_FIELD", Invalid),
        ("MIXED_DML_OPERATION", Invalid),
        ("INSUFFICIENT_ACCESS_OR_READONLY", Permission),
        ("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", Permission),
        ("INSUFFICIENT_ACCESS", Permission),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", Invalid),
        ("ENTITY_IS_DELETED", NotFound),
        ("ENTITY_IS_LOCKED", Conflict),
        ("NOT_FOUND", NotFound),
        ("UNABLE_TO_LOCK_ROW", Conflict),
        ("STRING_TOO_LONG", Invalid),
        ("INVALID_EMAIL_ADDRESS", Invalid),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", Invalid),
        ("NUMBER_OUTSIDE_VALID_RANGE", Invalid),
        ("INACTIVE_OWNER_OR_USER", Invalid),
        ("PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT", AlreadyExists),
        ("ALREADY_IN_PROCESS", Conflict),
        ("CANNOT_PASSWORD_LOCKOUT", Invalid),
        ("MANAGER_NOT_DEFINED", Invalid),
        ("INVALID_SETUP_OWNER", Invalid),
        ("INVALID_READ_ONLY_USER_DML", Invalid),
        ("USER_OWNS_PORTAL_ACCOUNT_EXCEPTION", Invalid),
        ("INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", Unavailable),
        ("STORAGE_LIMIT_EXCEEDED", Quota),
        ("LIMIT_EXCEEDED", Quota),
        ("EXCEEDED_ID_LIMIT", Definition),
        ("MISSING_ARGUMENT", Internal),
        ("JSON_PARSER_ERROR", Internal),
        ("METHOD_NOT_ALLOWED", Internal),
        ("UNSUPPORTED_MEDIA_TYPE", Internal),
        ("UNSUPPORTED_API_VERSION", Unsupported),
        ("GONE", Unsupported),
        ("ALL_OR_NONE_OPERATION_ROLLED_BACK", Conflict),
        ("PROCESSING_HALTED", Conflict),
        ("BATCH_PROCESSING_HALTED", Conflict),
        ("TXN_SECURITY_METERING_ERROR", RateLimited),
        ("TRANSACTION_SECURITY_BLOCK", Permission),
        ("INVALID_NEW_PASSWORD", Invalid),
    ];
    for (code, kind) in table {
        let error = of_row(&row(code, "no", &[]), "changing the user");
        let help = error.help().unwrap_or_default();
        assert_eq!((error.kind(), error.happened()), (kind, Happened::No), "{code}");
        assert!(!help.is_empty() && !help.contains('{'), "{code}: {help}");
        assert!(!help.contains("API guides"), "{code} is not in the table");
        let named = of_row(&row(code, "no", &["LastName", "Alias"]), "changing the user");
        let told_without = ["DUPLICATE_USERNAME", "DUPLICATE_COMM_NICKNAME"].contains(&code);
        assert!(told_without || named.help().unwrap_or_default().contains("`LastName`, `Alias`"), "{code}: {named:?}");
    }
}

fn row(code: &str, message: &str, fields: &[&str]) -> Refusal {
    let row = serde_json::json!({"statusCode": code, "message": message, "fields": fields});
    serde_json::from_value(row).unwrap()
}

#[test]
fn a_change_that_may_have_happened_is_left_open_and_one_that_did_not_may_be_sent_again() {
    use Happened::{No, Unknown};
    for (answer, happened, again) in [
        (coded(503, "SERVER_UNAVAILABLE", "Server too busy"), No, true),
        (coded(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access"), No, true),
        (coded(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."), No, true),
        (coded(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), No, false),
        (coded(400, "JSON_PARSER_ERROR", "no"), No, false),
        (answer(414, "<html>"), No, false),
        (coded(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred"), Unknown, false),
        (coded(400, "REQUEST_RUNNING_TOO_LONG", "stopped"), Unknown, false),
        (answer(502, "<html>"), Unknown, false),
        (answer(503, "<html>"), Unknown, false),
        (answer(408, ""), Unknown, false),
    ] {
        let error = of_write(&answer, "changing users");
        assert_eq!(error.happened(), happened, "{error:?}");
        assert_eq!(matches!(error.retry(), Retry::After(_)), again, "{error:?}");
    }
}

#[test]
fn automation_of_the_org_is_told_apart_from_a_missing_right() {
    let code = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY";
    let right = of_row(&row(code, "entity type cannot be inserted: User", &[]), "creating the user");
    assert_eq!(right.kind(), ErrorKind::Permission);
    let trigger = of_row(&row(code, "UserTrigger: execution of AfterInsert caused by: …", &[]), "creating the user");
    assert!(trigger.help().unwrap_or_default().contains("trigger"), "{trigger:?}");
}

#[test]
fn the_message_tells_apart_what_has_the_same_code() {
    use ErrorKind::{Conflict, Invalid};
    let refused = |code: &str, message: &str, fields: &[&str]| Refusal {
        code: code.to_owned(),
        message: message.to_owned(),
        fields: Some(fields.iter().map(|field| (*field).to_owned()).collect()),
    };
    for (code, message, fields, kind, passes, cure) in [
        (
            "CANNOT_EXECUTE_FLOW_TRIGGER",
            "We can't save this record because the process failed.",
            &[][..],
            Invalid,
            false,
            "Flows",
        ),
        ("FLOW_EXCEPTION", "An unhandled fault has occurred in this flow", &[], Invalid, false, "Flows"),
        ("APEX_ERROR", "System.NullPointerException", &[], Invalid, false, "Apex Triggers"),
        (
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "T: System.LimitException: Too many SOQL queries: 101",
            &[],
            Invalid,
            false,
            "single record",
        ),
        (
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "T: Apex CPU time limit exceeded",
            &[],
            Invalid,
            false,
            "single record",
        ),
        (
            "UNKNOWN_EXCEPTION",
            "portal account owner must have a role",
            &[],
            Invalid,
            false,
            "owner of the contact's account",
        ),
        (
            "FIELD_INTEGRITY_EXCEPTION",
            "There's a problem with this country, even though it may appear correct.",
            &["Country"],
            Invalid,
            false,
            "CountryCode",
        ),
        (
            "FIELD_INTEGRITY_EXCEPTION",
            "A country/territory must be specified before specifying a state value for field: State/Province",
            &["State"],
            Invalid,
            false,
            "with its country",
        ),
        (
            "FIELD_INTEGRITY_EXCEPTION",
            "There's a problem with this state, even though it may appear correct.: State/Province",
            &["State"],
            Invalid,
            false,
            "StateCode",
        ),
        (
            "FIELD_INTEGRITY_EXCEPTION",
            "The profile is for another type of user",
            &["ProfileId"],
            Invalid,
            false,
            "license or profile",
        ),
        (
            "FIELD_INTEGRITY_EXCEPTION",
            "You can only assign users to permission set groups that have the \"Updated\" status.",
            &[],
            Conflict,
            true,
            "wait",
        ),
        (
            "UNABLE_TO_LOCK_ROW",
            "unable to obtain exclusive access to this record: Group membership operation already in progress",
            &[],
            Conflict,
            true,
            "roles or group members",
        ),
        ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", &[], Conflict, true, "try again"),
    ] {
        let error = of_row(&refused(code, message, fields), "changing the user");
        assert_eq!((error.kind(), error.retry() != Retry::No), (kind, passes), "{message}");
        assert!(error.help().unwrap().contains(cure), "{message}: {:?}", error.help());
    }
}
