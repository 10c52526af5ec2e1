//! A recording is replayed on loopback, and a request that was not recorded is loud.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_core::{Context, HttpOptions, RecordedAnswer, Redactor, Tape};
use connector_http::{Client, Reach};
use connector_testkit::Replay;
use serde_json::{Value, json};
use std::path::Path;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn client(base: &str, tape: Tape) -> Client {
    let http = HttpOptions { allow_insecure_loopback: true, tape, ..HttpOptions::default() };
    Client::open(&Context::new("acme", ".").with_http(http), Reach::base(&base.parse().unwrap())).unwrap()
}

/// Follows the links from the first page on.
async fn people(client: &Client, first: &str) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), Some(first.to_owned()));
    while let Some(link) = next {
        let page: Value = client.get(&link).read().await.unwrap();
        all.extend(page["people"].as_array().unwrap().clone());
        next = page["next"].as_str().map(str::to_owned);
    }
    all
}

fn write(folder: &Path, name: &str, answer: RecordedAnswer) {
    let text = serde_json::to_string_pretty(&answer.without_secrets(&Redactor::default())).unwrap();
    std::fs::write(folder.join(name), text).unwrap();
}

#[tokio::test]
async fn what_was_recorded_is_replayed_with_links_that_lead_to_the_replay() {
    let server = MockServer::start().await;
    let next = format!("{}/people?page=2", server.uri());
    let first = json!({"people": [{"id": 1}, {"id": 2}], "next": next});
    for (page, body) in [("1", first), ("2", json!({"people": [{"id": 3}]}))] {
        let answer = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(method("GET"))
            .and(path("/people"))
            .and(query_param("page", page))
            .respond_with(answer)
            .mount(&server)
            .await;
    }
    let folder = tempfile::tempdir().unwrap();
    let answers = folder.path().join("answers");
    let live = people(&client(&server.uri(), Tape::Record(answers.clone())), "/people?page=1").await;
    drop(server);

    let replay = Replay::start(&answers).unwrap();
    assert_eq!(people(&client(replay.url(), Tape::Off), "/people?page=1").await, live);
    replay.finish().unwrap();
}

#[tokio::test]
async fn a_request_that_was_not_recorded_fails_and_is_named_and_so_is_an_answer_that_nobody_wants() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "1.json", RecordedAnswer::new("GET", "", "/people?limit=2", 200).with_body(b"[]"));
    write(folder.path(), "2.json", RecordedAnswer::new("DELETE", "", "/people/7", 204));
    let replay = Replay::start(folder.path()).unwrap();
    let client = client(replay.url(), Tape::Off);
    let error = client.get("/people?limit=3").read::<Value>().await.unwrap_err();
    assert!(error.to_string().contains("501"), "{error}");
    assert_eq!(replay.unknown(), ["GET /people?limit=3"]);
    assert_eq!(client.delete("/people/7").send().await.unwrap().status, 204);
    let faults = replay.finish().unwrap_err();
    assert!(faults.contains("not recorded:\n  GET /people?limit=3"), "{faults}");
    assert!(faults.contains("nobody asked:\n  GET /people?limit=2"), "{faults}");
}

#[test]
fn a_folder_without_answers_or_with_another_file_is_no_recording() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Replay::start(folder.path()).unwrap_err().to_string().contains("has no answers"));
    std::fs::write(folder.path().join("1.json"), "{}").unwrap();
    let error = Replay::start(folder.path()).unwrap_err().to_string();
    assert!(error.contains("1.json") && error.contains("no recorded answer"), "{error}");
    assert!(Replay::start(folder.path().join("nothing")).unwrap_err().to_string().contains("nothing"));
}
