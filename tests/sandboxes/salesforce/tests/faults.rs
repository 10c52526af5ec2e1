//! Faults on demand: what each looks like to a client.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod support;

use std::time::Duration;

use connector_sandbox_salesforce::{Fault, Options, Sandbox};
use serde_json::{Value, json};
use support::{Client, person, signed_in};

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
    assert!(serde_json::from_str::<Value>(&client.query(USERS).await.text).is_err());
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
    sandbox.set_faults(vec![Fault::Slow(600_000)]);
    let impatient = client.request(LIMITS).timeout(Duration::from_millis(200));
    assert!(support::reply(impatient).await.err().is_some_and(|error| error.is_timeout()));
}

/// Renames user 9 with a request that may get no answer.
async fn rename(sandbox: &Sandbox, client: &Client, title: &str) -> Option<u16> {
    let path = format!("/sobjects/User/{}", sandbox.org().user_id(9));
    client.try_send("PATCH", &path, &json!({"Title": title})).await.ok().map(|reply| reply.status)
}

fn title(sandbox: &Sandbox) -> Value {
    sandbox.org().field(&sandbox.org().user_id(9), "Title").unwrap()
}

#[tokio::test]
async fn a_lost_answer_is_that_of_a_write_that_was_done() {
    let (sandbox, client) = signed_in(Options::default()).await;
    sandbox.set_faults(vec![Fault::LostAnswer(2)]);
    assert_eq!(rename(&sandbox, &client, "One").await, Some(204));
    assert_eq!(client.get(LIMITS).await.status, 200, "only writes lose their answer");
    assert_eq!(rename(&sandbox, &client, "Two").await, None);
    assert_eq!(title(&sandbox), "Two");
    assert_eq!((sandbox.org().writes().len(), sandbox.requests().of("update:User")), (2, 2));
    assert_eq!(sandbox.requests().log.back().map(|entry| entry.status), Some(0));
    sandbox.set_faults(vec![Fault::LostAnswerOnce(1)]);
    assert_eq!(rename(&sandbox, &client, "Three").await, None);
    assert_eq!(rename(&sandbox, &client, "Four").await, Some(204));
    assert_eq!(sandbox.org().writes().len(), 4);
}

#[tokio::test]
async fn faults_before_a_write_keep_it_from_being_done() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let before = title(&sandbox);
    for (fault, status) in [
        (Fault::Reset(1), None),
        (Fault::Unavailable(1), Some(503)),
        (Fault::RequestLimit(0), Some(403)),
        (Fault::ConcurrentLimit(1), Some(403)),
        (Fault::Html, Some(200)),
    ] {
        sandbox.set_faults(vec![fault.clone()]);
        assert_eq!(rename(&sandbox, &client, "Lost").await, status, "{fault}");
    }
    sandbox.set_faults(Vec::new());
    sandbox.expire_sessions();
    assert_eq!(rename(&sandbox, &client, "Lost").await, Some(401));
    assert_eq!((title(&sandbox), sandbox.org().writes().len()), (before, 0));
}

#[tokio::test]
async fn a_cut_answer_of_a_write_breaks_after_it_was_done() {
    let (sandbox, client) = signed_in(Options::default()).await;
    sandbox.set_faults(vec![Fault::Cut(2)]);
    assert_eq!(client.try_send("POST", "/sobjects/User", &person(&sandbox, 1)).await.unwrap().status, 201);
    assert!(client.try_send("POST", "/sobjects/User", &person(&sandbox, 2)).await.is_err());
    assert!(sandbox.org().user_named("jane.2@new.example").is_some());
}

#[tokio::test]
async fn every_nth_row_is_locked_or_refused_and_not_written() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    for (fault, code) in
        [(Fault::LockRow(3), "UNABLE_TO_LOCK_ROW"), (Fault::RefuseRow(3), "FIELD_CUSTOM_VALIDATION_EXCEPTION")]
    {
        sandbox.set_faults(vec![fault.clone()]);
        let records: Vec<Value> = (10..14)
            .map(|user| json!({"attributes": {"type": "User"}, "id": org.user_id(user), "Title": fault.to_string()}))
            .collect();
        let rows = client.send("PATCH", "/composite/sobjects", &json!({"records": records})).await.json();
        let codes: Vec<&str> =
            (0..4).map(|row| rows[row]["errors"][0]["statusCode"].as_str().unwrap_or_default()).collect();
        assert_eq!(codes, ["", "", code, ""]);
        assert_ne!(org.field(&org.user_id(12), "Title").unwrap(), fault.to_string().as_str());
        assert_eq!(org.field(&org.user_id(13), "Title").unwrap(), fault.to_string().as_str());
        assert_eq!(rename(&sandbox, &client, "Five").await, Some(204));
        assert_eq!(rename(&sandbox, &client, "Six").await, Some(400));
    }
    assert_eq!(org.writes().len(), 8);
}
