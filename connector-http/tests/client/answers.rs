//! What connectors need of nearly every answer: success, the source's own errors, headers, and changes that others interfere with.

use crate::server::{Scripted, answer};
use crate::source::plain;
use connector_core::{Context, Error, ErrorKind, Result};
use connector_http::{Client, Reach, Response};
use serde_json::{Value, json};

fn client(server: &Scripted) -> Client {
    let context = Context::new("acme", ".").with_http(plain());
    let client = Client::open(&context, Reach::base(&server.url().parse().unwrap())).unwrap();
    client.with_refusal(|answer: &Response| {
        let taken = answer.json::<Value>().ok()?["code"] == "taken";
        taken.then(|| Error::new(ErrorKind::AlreadyExists, "the name is taken"))
    })
}

#[tokio::test]
async fn what_the_source_says_in_an_error_counts_before_its_status() {
    let server = Scripted::start(vec![
        answer("200 OK", "", b"[1]"),
        answer("400 Bad Request", "", br#"{"code": "taken"}"#),
        answer("400 Bad Request", "", br#"{"code": "odd"}"#),
        answer("404 Not Found", "", b"<html>"),
        answer("200 OK", "", br#"{"code": "taken"}"#),
        answer("200 OK", "", b"no JSON"),
    ]);
    let client = client(&server);
    let read = async || -> Result<Vec<u8>> { client.get("/people").read().await };
    assert_eq!(read().await.unwrap(), [1]);
    for kind in [
        ErrorKind::AlreadyExists,
        ErrorKind::Invalid,
        ErrorKind::NotFound,
        ErrorKind::AlreadyExists,
        ErrorKind::Protocol,
    ] {
        assert_eq!(read().await.unwrap_err().kind(), kind);
    }
}

#[tokio::test]
async fn a_header_that_is_missing_or_odd_is_an_error_that_names_it() {
    let server = Scripted::start(vec![
        answer("200 OK", "X-Total: 12\r\nDate: Tue, 01 Dec 2026 08:00:00 GMT\r\n", b""),
        answer("200 OK", "X-Total: many\r\nDate: today\r\n", b""),
        answer("200 OK", "", b""),
    ]);
    let client = client(&server);
    let good = client.get("/").answer().await.unwrap();
    assert_eq!(
        (good.number("X-Total").unwrap(), good.time().unwrap().to_string().as_str()),
        (12, "2026-12-01T08:00:00Z")
    );
    for _ in 0..2 {
        let odd = client.get("/").answer().await.unwrap();
        for error in [odd.number("X-Total").unwrap_err(), odd.time().unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Protocol);
            assert!(error.message().contains("X-Total") || error.message().contains("Date"), "{error}");
        }
    }
}

fn person(version: &str, name: &str) -> Vec<u8> {
    answer(
        "200 OK",
        &format!("ETag: {version}\r\n"),
        json!({"person": {"name": name, "age": 7}}).to_string().as_bytes(),
    )
}

#[tokio::test]
async fn a_change_sends_the_whole_object_with_its_version_and_again_if_somebody_was_faster() {
    let lost = || answer("412 Precondition Failed", "", b"");
    let server =
        Scripted::start(vec![person("a", "Ada"), lost(), person("b", "Bob"), answer("204 No Content", "", b"")]);
    let client = client(&server);
    let rename = client.change("/people/7", "/person", |person| _ = person.insert("name".into(), json!("Kim")));
    assert!(rename.await.unwrap());
    let seen = server.seen();
    let puts: Vec<_> = seen.iter().filter(|request| request.starts_with("PUT /people/7")).collect();
    assert_eq!(puts.len(), 2);
    assert!(
        puts[0].to_lowercase().contains("if-match: a") && puts[1].to_lowercase().contains("if-match: b"),
        "{puts:?}"
    );
    assert!(puts[1].ends_with(r#"{"name":"Kim","age":7}"#), "{puts:?}");
}

#[tokio::test]
async fn a_change_that_changes_nothing_or_can_not_be_safe_sends_nothing() {
    let no_version = answer("200 OK", "", br#"{"person": {"name": "Ada"}}"#);
    let no_object = answer("200 OK", "ETag: a\r\n", br#"{"people": []}"#);
    for (answer, wanted) in [(person("a", "Ada"), Ok(false)), (no_version, Err("ETag")), (no_object, Err("/person"))] {
        let server = Scripted::start(vec![answer]);
        let client = client(&server);
        let rename = client.change("/people/7", "/person", |person| _ = person.insert("name".into(), json!("Ada")));
        match (rename.await, wanted) {
            (Ok(changed), Ok(wanted)) => assert_eq!(changed, wanted),
            (Err(error), Err(text)) => assert!(error.message().contains(text), "{error}"),
            (other, _) => panic!("{other:?}"),
        }
        assert!(server.seen().iter().all(|request| request.starts_with("GET")));
    }
    let lost = || answer("412 Precondition Failed", "", b"");
    let script = (0..3).flat_map(|_| [person("a", "Ada"), lost()]).collect();
    let server = Scripted::start(script);
    let client = client(&server);
    let rename = client.change("/people/7", "/person", |person| _ = person.insert("name".into(), json!("Kim")));
    assert_eq!(rename.await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(server.seen().len(), 6, "three tries");
}

#[tokio::test]
async fn an_error_names_the_request_without_its_query_and_repeats_the_words_of_the_source() {
    let taken = br#"{"code": "taken", "message": "This login\nis taken."}"#;
    let odd = br#"{"code": "odd", "message": "Not today."}"#;
    let server = Scripted::start(vec![
        answer("409 Conflict", "", taken),
        answer("409 Conflict", "", odd),
        answer("404 Not Found", "", b"<html>"),
        answer("200 OK", "", b"<html>"),
        answer("200 OK", "", br#"{"name": 7}"#),
        answer("200 OK", "", b"{}"),
    ]);
    let client = client(&server).with_message("/message");
    let request = || client.post_json("/people?as=admin", &1).query(&[("login", "ada@acme.example")]);
    for wanted in [
        "POST /people: the name is taken: This login is taken.",
        "POST /people answered 409: Not today.",
        "POST /people answered 404",
        "POST /people: the response is a web page, but Connector expected JSON",
    ] {
        assert_eq!(request().read::<Vec<u8>>().await.unwrap_err().message(), wanted);
    }
    let error = client.get("/people/7").read::<Vec<u8>>().await.unwrap_err();
    assert!(error.message().starts_with("GET /people/7: the response is not the expected JSON"), "{error}");
    let error = client.change("/people/7", "/person", |_| ()).await.unwrap_err();
    assert!(error.message().starts_with("GET /people/7: the response has no header `ETag`"), "{error}");
}

#[tokio::test]
async fn what_is_not_there_is_none_and_every_other_error_stays() {
    let server = Scripted::start(vec![
        answer("200 OK", "", b"[1]"),
        answer("404 Not Found", "", b""),
        answer("400 Bad Request", "", br#"{"code": "taken"}"#),
        answer("200 OK", "", b""),
    ]);
    let client = client(&server);
    let read = async || client.get("/people/7").read_if_there::<Vec<u8>>().await;
    assert_eq!(read().await.unwrap(), Some(vec![1]));
    assert_eq!(read().await.unwrap(), None);
    assert_eq!(read().await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(read().await.unwrap_err().kind(), ErrorKind::Protocol);
}
