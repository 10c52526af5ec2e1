//! Answers are recorded without secrets, and a recording needs neither the source nor its secrets.

use crate::source::{ACCESS_TOKEN, CLIENT_SECRET, TOKEN_PATH, plain, token_for, with_client_secret};
use connector_core::{Context, ErrorKind, HttpOptions, Tape};
use connector_http::{Client, Reach};
use serde_json::{Value, json};
use std::path::Path;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn options(tape: Tape) -> HttpOptions {
    HttpOptions { tape, ..plain() }
}

async fn server() -> MockServer {
    let server = MockServer::start().await;
    let token = ResponseTemplate::new(200).set_body_json(token_for(&server.uri()));
    Mock::given(path(TOKEN_PATH)).respond_with(token).mount(&server).await;
    let people = json!({
        "people": [{"id": 1, "password": "hunter22", "apiToken": "t0psecret", "passwordChanged": "2026-11-30"}],
        "next_page_token": "page-2", "echo": format!("Bearer {ACCESS_TOKEN}"),
    });
    // A hostile source sends back what it got, in every place and spelling.
    let escaped: Vec<_> = ACCESS_TOKEN.bytes().map(|byte| format!("\\u00{byte:02x}")).collect();
    let escaped = escaped.concat();
    let hostile = format!(
        r#"{{"{ACCESS_TOKEN}": 1, "{escaped}": ["{escaped}"], "tokens": ["t0psecret", {{"value": 4815162342}}],
            "next": "https://other.example/people?session_token=t0psecret&page=2", "assertion": "PHNhbWw6QXNzZXJ0aW9u",
            "log": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.hunter22-hunter22", "key": "-----BEGIN PRIVATE KEY-----hunter22"}}"#
    );
    let echo =
        ResponseTemplate::new(200).set_body_raw(hostile, "application/json").insert_header("X-Echo", ACCESS_TOKEN);
    let echo = echo.insert_header("Link", "</people?access_token=t0psecret&page=2>; rel=\"next\"");
    Mock::given(method("POST")).and(path("/echo")).respond_with(echo).mount(&server).await;
    let response = ResponseTemplate::new(200).set_body_json(people).insert_header("Set-Cookie", "session=c00kie");
    let response = response.insert_header("X-Total", "1").insert_header("X-Session-Token", "hidden77");
    Mock::given(method("GET")).and(path("/people")).respond_with(response).mount(&server).await;
    let gone = ResponseTemplate::new(404).set_body_string("not here");
    Mock::given(method("GET")).and(path("/gone")).respond_with(gone).mount(&server).await;
    server
}

fn recorded(folder: &Path) -> String {
    let mut texts: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    texts.sort_unstable();
    texts.concat()
}

#[tokio::test]
async fn a_recording_has_no_secret_and_gives_the_same_answers_without_the_source() {
    let folder = tempfile::tempdir().unwrap();
    let (server, answers) = (server().await, folder.path().join("answers"));
    let base = server.uri().parse().unwrap();
    let context = with_client_secret(&format!("{}{TOKEN_PATH}", server.uri()), options(Tape::Record(answers.clone())));
    let client = Client::open(&context, Reach::base(&base)).unwrap();
    let live: Value = client.get("/people").query(&[("limit", "2")]).send().await.unwrap().json().unwrap();
    assert_eq!(client.get("/gone").send().await.unwrap().status, 404);

    let search = json!({"page": 1, "clientSecret": "hidden77"});
    client.post_json("/echo", &search).query(&[("token", "hunter22")]).send().await.unwrap();

    let text = recorded(&answers);
    for secret in [ACCESS_TOKEN, CLIENT_SECRET, "hunter22", "t0psecret", "c00kie", "hidden77", "PHNhbWw", "4815162342"]
    {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    assert!(text.contains("page-2") && text.contains("2026-11-30") && text.contains("/people?limit=2"), "{text}");
    drop(server);

    let context = Context::new("acme", ".").with_http(options(Tape::Replay(answers)));
    let client = Client::open(&context, Reach::base(&base)).unwrap();
    let response = client.get("/people").query(&[("limit", "2")]).send().await.unwrap();
    assert_eq!(response.header("x-total"), Some("1"));
    let replayed: Value = response.json().unwrap();
    assert_eq!((&replayed["next_page_token"], &replayed["people"][0]["id"]), (&live["next_page_token"], &json!(1)));
    let gone = client.get("/gone").send().await.unwrap();
    assert_eq!((gone.status, &*gone.body), (404, b"not here".as_slice()));
    let echo = client.post_json("/echo", &search).query(&[("token", "another")]).send().await.unwrap();
    assert_eq!(echo.json::<Value>().unwrap()["next"], "https://other.example/people?session_token=(removed)&page=2");
    let other = client.post_json("/echo", &json!({"page": 2})).query(&[("token", "another")]).send().await.unwrap_err();
    assert_eq!(other.kind(), ErrorKind::NotFound, "another body is another request");
    let unknown = client.get("/people").send().await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    assert!(unknown.message().contains("GET /people"), "{unknown}");
}

#[tokio::test]
async fn a_folder_that_does_not_fit_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "x").unwrap();
    let base = "http://127.0.0.1:1".parse().unwrap();
    for tape in [
        Tape::Record(folder.path().to_owned()),
        Tape::Replay(folder.path().to_owned()),
        Tape::Replay(folder.path().join("nothing")),
    ] {
        let context = Context::new("acme", ".").with_http(options(tape));
        let error = Client::open(&context, Reach::base(&base)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition);
        assert!(error.help().is_some(), "{error}");
    }
}
