//! Faults on demand: what each looks like to a client.

mod support;

use std::time::Duration;

use connector_sandbox_salesforce::{Fault, Options};
use serde_json::json;
use support::signed_in;

const USERS: &str = "SELECT Id FROM User";
const LIMITS: &str = "/services/data/v67.0/limits";

#[tokio::test]
async fn every_nth_request_is_refused_and_the_next_is_not() {
    let (sandbox, client) = signed_in(Options::default()).await;
    sandbox.set_faults(vec![Fault::Unavailable(3)]);
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(client.get(LIMITS).await.status);
    }
    assert_eq!(statuses, [200, 200, 503, 200, 200, 503]);
    sandbox.set_faults(vec![Fault::ConcurrentLimit(2)]);
    assert_eq!(client.get(LIMITS).await.status, 200);
    let refused = client.get(LIMITS).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "REQUEST_LIMIT_EXCEEDED"));
    assert_eq!(refused.message(), "ConcurrentRequests (Concurrent API Requests) Limit exceeded.");
    sandbox.set_faults(vec![Fault::RequestLimit(1)]);
    assert_eq!(client.get(LIMITS).await.status, 200);
    assert_eq!(client.get(LIMITS).await.message(), "TotalRequests Limit exceeded.");
    assert_eq!(client.get(LIMITS).await.status, 403);
}

#[tokio::test]
async fn connections_break_before_or_within_an_answer() {
    let (sandbox, client) = signed_in(Options::default()).await;
    sandbox.set_faults(vec![Fault::Reset(1)]);
    assert!(client.try_get(LIMITS).await.is_err());
    assert_eq!(sandbox.requests().log.back().map(|entry| entry.status), Some(0));
    sandbox.set_faults(vec![Fault::Cut(2)]);
    assert_eq!(client.query(USERS).await.status, 200);
    let path = format!("/services/data/v67.0/query?q={}", USERS.replace(' ', "+"));
    assert!(client.try_get(&path).await.is_err());
    assert_eq!(client.query(USERS).await.json()["totalSize"], 200);
}

#[tokio::test]
async fn pages_lie_in_the_way_asked_for() {
    let (sandbox, client) = signed_in(Options { max_page: 50, ..Options::default() }).await;
    sandbox.set_faults(vec![Fault::TruncatePage(2)]);
    assert_eq!(client.query(USERS).await.json()["done"], false);
    assert!(serde_json::from_str::<serde_json::Value>(&client.query(USERS).await.text).is_err());
    sandbox.set_faults(vec![Fault::RepeatPage]);
    let first = client.query(USERS).await.json();
    let next = client.get(first["nextRecordsUrl"].as_str().unwrap()).await.json();
    assert_eq!(first, next);
    sandbox.set_faults(vec![Fault::WrongTypePage]);
    let page = client.query(USERS).await.json();
    assert_eq!(page["records"][0]["attributes"]["type"], "Contact");
    sandbox.set_faults(vec![Fault::MissingId]);
    let page = client.query("SELECT Id, Name FROM User").await.json();
    assert!(page["records"][48].get("Id").is_some() && page["records"][49].get("Id").is_none());
    sandbox.set_faults(vec![Fault::DropRows]);
    let page = client.query("SELECT Id FROM UserLicense").await.json();
    assert_eq!((&page["done"], &page["totalSize"]), (&json!(true), &json!(6)));
    assert_eq!(page["records"].as_array().map(Vec::len), Some(3));
    sandbox.set_faults(vec![Fault::CursorExpiry]);
    let page = client.query(USERS).await.json();
    let gone = client.get(page["nextRecordsUrl"].as_str().unwrap()).await;
    assert_eq!((gone.status, gone.code().as_str()), (400, "INVALID_QUERY_LOCATOR"));
    sandbox.set_faults(vec![Fault::Html]);
    let page = client.query(USERS).await;
    assert!(page.status == 200 && page.text.starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn a_repeated_page_also_meets_clients_that_page_by_id() {
    let (sandbox, client) = signed_in(Options::default()).await;
    sandbox.set_faults(vec![Fault::RepeatPage]);
    let first = client.query("SELECT Id FROM User ORDER BY Id LIMIT 50").await.json();
    let last = first["records"][49]["Id"].as_str().unwrap();
    let next = client.query(&format!("SELECT Id FROM User WHERE Id > '{last}' ORDER BY Id LIMIT 50")).await.json();
    assert_eq!(first, next);
}

#[tokio::test]
async fn a_session_dies_after_its_requests() {
    let (sandbox, client) =
        signed_in(Options { faults: vec![Fault::SessionExpiryOnce(2)], ..Options::default() }).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(client.get(LIMITS).await.status);
    }
    assert_eq!(statuses, [200, 200, 401]);
    assert_eq!(sandbox.requests().of("unauthorized"), 1);
}

#[tokio::test]
async fn a_slow_answer_outlasts_an_impatient_client() {
    let (sandbox, client) = signed_in(Options::default()).await;
    sandbox.set_faults(vec![Fault::Slow(5_000)]);
    let impatient = client.request(LIMITS).timeout(Duration::from_millis(200));
    assert!(support::reply(impatient).await.err().is_some_and(|error| error.is_timeout()));
}
