//! What Salesforce refuses is told by its own code.

use crate::server::{Org, describe, ok, page, refusal, user};
use connector_core::{Cursor, Error, ErrorKind, Retry};

async fn first_page(org: &Org, settings: &str) -> Result<usize, Error> {
    org.open_with(settings).aggregate_accounts(&Cursor::start()).await.map(|page| page.items().len())
}

#[tokio::test]
async fn an_expired_session_is_renewed_once_in_the_middle_of_a_read() {
    let org = Org::start().await;
    let expired = || refusal(401, "INVALID_SESSION_ID", "Session expired or invalid");
    org.answer("User", vec![expired(), ok(&page(&[user(1)]))]);
    assert_eq!(first_page(&org, "{}").await.unwrap(), 1);
    assert_eq!(org.logins(), 2);

    org.answer("User", vec![expired()]);
    assert_eq!(first_page(&org, "{}").await.unwrap_err().kind(), ErrorKind::Auth);
}

#[tokio::test]
async fn a_session_that_is_not_for_the_api_is_not_renewed() {
    let org = Org::start().await;
    let message = "This session is not valid for use with the REST API";
    org.answer("User", vec![refusal(401, "INVALID_SESSION_ID", message)]);
    let error = first_page(&org, "{}").await.unwrap_err();
    assert_eq!((error.kind(), org.logins()), (ErrorKind::Auth, 1));
}

#[tokio::test]
async fn a_used_up_quota_stops_at_once_and_says_so() {
    let org = Org::start().await;
    org.answer("User", vec![refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")]);
    let error = first_page(&org, "{}").await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Quota, Retry::No));
    assert!(error.help().unwrap().contains("24 hours"));
    assert_eq!(org.queries("User").await.len(), 1);
}

#[tokio::test]
async fn too_many_long_requests_at_once_are_waited_for() {
    let org = Org::start().await;
    let busy = "ConcurrentRequests (Concurrent API Requests) Limit exceeded.";
    org.answer("User", vec![refusal(403, "REQUEST_LIMIT_EXCEEDED", busy), ok(&page(&[user(1)]))]);
    assert_eq!(first_page(&org, "{}").await.unwrap(), 1);
}

#[tokio::test]
async fn an_object_that_every_org_has_but_the_login_may_not_see_names_the_right() {
    let org = Org::start().await;
    org.answer(
        "v67.0/sobjects/User/describe",
        vec![refusal(404, "NOT_FOUND", "The requested resource does not exist")],
    );
    let error = first_page(&org, "{}").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(error.help().unwrap().contains("API Enabled"));
}

#[tokio::test]
async fn a_version_or_field_that_the_org_does_not_have_is_a_fault_of_the_source_file() {
    let org = Org::start().await;
    for settings in [r#"{"api_version": "68.0"}"#, r#"{"custom_fields": ["Cost__c"]}"#] {
        let error = first_page(&org, settings).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition, "{settings}: {error:?}");
        assert!(error.help().is_some());
    }
    assert_eq!(org.queries("User").await.len(), 0);
}

#[tokio::test]
async fn a_query_too_long_for_a_request_is_sent_in_parts() {
    let org = Org::start().await;
    let names: Vec<_> = (0..400).map(|number| format!("A_field_with_quite_a_long_name_{number}__c")).collect();
    let more: Vec<_> = names.iter().map(|name| (name.as_str(), "string")).collect();
    org.answer("v67.0/sobjects/User/describe", vec![ok(&describe(&more))]);
    let mut jane = user(1);
    for name in &names {
        jane[name] = serde_json::Value::Null;
    }
    org.answer("User", vec![ok(&page(&[jane]))]);
    first_page(&org, r#"{"custom_fields": "all"}"#).await.unwrap();
    let queries = org.queries("User").await;
    assert!(queries.len() > 1 && queries.iter().all(|query| query.len() < 16_000), "{}", queries.len());
}
