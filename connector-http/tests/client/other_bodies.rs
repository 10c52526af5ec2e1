//! Bodies that are not JSON, and bodies that contain the token.

use crate::server::{Scripted, answer};
use crate::source::{ACCESS_TOKEN, client, login_for, started, token_url};
use bytes::Bytes;
use connector_core::ErrorKind;
use secrecy::{ExposeSecret, SecretString};
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

fn of_token(token: &SecretString, proof: Option<&SecretString>) -> Bytes {
    assert!(proof.is_none());
    Bytes::from(format!("<id>{}</id>", token.expose_secret()))
}

#[tokio::test]
async fn a_body_of_another_type_is_sent_unchanged() {
    let server = started().await;
    Mock::given(path("/zip")).respond_with(ResponseTemplate::new(201)).mount(&server).await;
    let body = Bytes::from_static(b"PK\x00\xff");
    let sent = client(&token_url(&server)).post("/zip", "multipart/form-data; boundary=b", body.clone()).send().await;
    assert_eq!(sent.unwrap().status, 201);
    let requests = server.received_requests().await.unwrap();
    let request = requests.iter().find(|request| request.url.path() == "/zip").unwrap();
    assert_eq!(request.body, body);
    assert_eq!(request.headers["content-type"], "multipart/form-data; boundary=b");
}

#[tokio::test]
async fn a_body_with_the_token_has_the_new_token_after_a_new_login() {
    let server = started().await;
    Mock::given(path("/soap")).respond_with(ResponseTemplate::new(401)).up_to_n_times(1).mount(&server).await;
    Mock::given(path("/soap")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let client = client(&token_url(&server));
    assert_eq!(client.post_with_token("/soap", "text/xml", of_token).send().await.unwrap().status, 200);
    let requests = server.received_requests().await.unwrap();
    let bodies: Vec<_> = requests.iter().filter(|request| request.url.path() == "/soap").map(|r| &r.body[..]).collect();
    assert_eq!(bodies, [b"<id>token-1</id>", b"<id>token-2</id>"]);
}

#[tokio::test]
async fn a_body_with_the_token_goes_only_to_the_source_and_is_never_shown() {
    let elsewhere = Scripted::start(vec![answer("200 OK", "", b"")]);
    let client = client(&login_for("https://foreign.example"));
    for path in ["/soap".to_owned(), "https://foreign.example/soap".to_owned(), elsewhere.url().replace("http", "ftp")]
    {
        let request = client.post_with_token(&path, "text/xml", of_token);
        assert!(!format!("{request:?}").contains(ACCESS_TOKEN));
        let error = request.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Auth, "{path}: {error:?}");
    }
    let home = login_for(&elsewhere.url());
    let sent = self::client(&home).post_with_token("/soap", "text/xml", of_token).anonymous().send().await;
    assert_eq!(sent.unwrap().status, 200);
    assert!(!elsewhere.seen().concat().contains(ACCESS_TOKEN));
}
