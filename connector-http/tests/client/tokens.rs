//! One login serves all waiting requests, and a failed one does not cause a storm of logins.

use crate::server::{Scripted, answer};
use crate::source::{TOKEN_PATH, client, plain, requests, started, token_url, with_client_secret};
use connector_core::{Context, ErrorKind, Retry, TokenErrorRow, registry};
use connector_http::{Client, Reach, Reaction};
use secrecy::ExposeSecret;
use serde_json::json;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Starts `count` tasks at the same time and returns their results.
async fn at_once<T, F>(count: usize, run: impl Fn() -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let tasks: Vec<_> = (0..count).map(|_| tokio::spawn(run())).collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_waiting_requests_share_one_login() {
    let server = started().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let client = client(&token_url(&server));
    let statuses = at_once(50, || {
        let request = client.get("/data");
        async move { request.send().await.unwrap().status }
    })
    .await;
    assert_eq!(statuses, [200; 50]);
    assert_eq!(requests(&server, TOKEN_PATH).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_that_ends_is_renewed_once_for_all() {
    let server = started().await;
    let old = || Mock::given(method("GET")).and(header("authorization", "Bearer token-1"));
    old().respond_with(ResponseTemplate::new(401)).mount(&server).await;
    Mock::given(header("authorization", "Bearer token-2"))
        .respond_with(ResponseTemplate::new(200).set_body_string("new"))
        .mount(&server)
        .await;
    let client = client(&token_url(&server));
    client.token().await.unwrap();
    let bodies = at_once(20, || {
        let request = client.get("/data");
        async move { request.send().await.unwrap().body }
    })
    .await;
    assert!(bodies.iter().all(|body| body == "new"));
    assert_eq!(requests(&server, TOKEN_PATH).await, 2);
    assert_eq!(client.token().await.unwrap().access_token.expose_secret(), "token-2");
}

#[tokio::test]
async fn a_second_401_is_returned_and_does_not_loop() {
    let server = started().await;
    Mock::given(path("/data")).respond_with(ResponseTemplate::new(401)).mount(&server).await;
    let client = client(&token_url(&server));
    for request in [client.get("/data"), client.post_json("/data", &1)] {
        assert_eq!(request.send().await.unwrap().status, 401);
    }
    assert_eq!(requests(&server, "/data").await, 4, "each request is replayed once");
    assert_eq!(requests(&server, TOKEN_PATH).await, 3, "the first login and one for each request");
}

#[tokio::test]
async fn a_session_that_ends_again_during_a_wait_is_renewed_again() {
    let server = started().await;
    for status in [401, 503, 401, 200] {
        let answer = Mock::given(path("/data")).respond_with(ResponseTemplate::new(status));
        answer.up_to_n_times(1).mount(&server).await;
    }
    assert_eq!(client(&token_url(&server)).get("/data").send().await.unwrap().status, 200);
    assert_eq!(requests(&server, TOKEN_PATH).await, 3);
}

#[tokio::test]
async fn a_connector_decides_which_response_needs_a_new_session() {
    let server = started().await;
    Mock::given(path("/data"))
        .and(header("authorization", "Bearer token-1"))
        .respond_with(ResponseTemplate::new(403).set_body_string("over"))
        .mount(&server)
        .await;
    Mock::given(path("/data")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let client = client(&token_url(&server)).with_reaction(|answer| match answer.status {
        403 if answer.body == "over" => Reaction::SignInAgain,
        _ => Reaction::by_status(answer),
    });
    assert_eq!(client.get("/data").send().await.unwrap().status, 200);
}

#[tokio::test]
async fn an_anonymous_request_carries_no_token_and_a_401_does_not_renew_it() {
    let server = started().await;
    Mock::given(path("/data")).respond_with(ResponseTemplate::new(401)).mount(&server).await;
    let client = client(&token_url(&server));
    assert_eq!(client.get("/data").anonymous().send().await.unwrap().status, 401);
    let all = server.received_requests().await.unwrap();
    let data: Vec<_> = all.iter().filter(|request| request.url.path() == "/data").collect();
    assert_eq!(data.len(), 1);
    assert!(!data[0].headers.contains_key("authorization"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refused_credentials_are_not_sent_again_by_waiting_or_later_requests() {
    let body = br#"{"error":"invalid_grant","error_description":"user is locked"}"#;
    let refusal = answer("400 Bad Request", "Content-Type: application/json\r\n", body);
    let server = Scripted::start(vec![refusal; 60]);
    let client = client(&format!("{}{TOKEN_PATH}", server.url()));
    let errors = at_once(50, || {
        let client = client.clone();
        async move { client.token().await.unwrap_err() }
    })
    .await;
    let later = client.get("/data").send().await.unwrap_err();
    for error in errors.iter().chain([&later]) {
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Auth, Retry::No));
        assert!(error.message().contains("user is locked"));
        assert!(error.help().unwrap().contains("check `issuer`"));
    }
    assert_eq!(server.seen().len(), 1, "one login");
}

#[tokio::test]
async fn the_registration_of_a_connector_explains_the_errors_of_its_provider() {
    static ROWS: &[TokenErrorRow] = &[
        TokenErrorRow::new("invalid_grant", "too many wrong passwords", "unlock the user").saying("user is locked"),
        TokenErrorRow::new("too_often", "too many logins", "wait").of_kind(ErrorKind::RateLimited),
    ];
    for (body, kind, message, help) in [
        (
            r#"{"error":"invalid_grant","error_description":"User is locked"}"#,
            ErrorKind::Auth,
            "too many wrong",
            "unlock",
        ),
        (r#"{"error":"too_often"}"#, ErrorKind::RateLimited, "too_often (too many logins)", "wait"),
    ] {
        let server = Scripted::start(vec![answer("400 Bad Request", "", body.as_bytes())]);
        let auth = json!({
            "token_url": server.url(), "client_id": "client", "client_secret_ref": "memory:client",
        });
        let bare = Context::new("acme", ".").with_http(plain()).with_token_errors(ROWS);
        let strategy = (registry::auth_strategy("client_credentials").unwrap().open)(auth, &bare).unwrap();
        let error =
            Client::open(&bare.with_auth(strategy), Reach::named_by_token()).unwrap().token().await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.message().contains(message), "{error}");
        assert!(error.help().unwrap().contains(help), "{error:?}");
    }
}

#[tokio::test]
async fn a_temporary_fault_of_the_token_endpoint_is_retried_a_few_times() {
    let down = answer("503 Service Unavailable", "", b"");
    let good = answer("200 OK", "", br#"{"access_token":"x","token_type":"Bearer"}"#);
    let server = Scripted::start(vec![down.clone(), good]);
    assert!(client(&format!("{}{TOKEN_PATH}", server.url())).token().await.is_ok());
    assert_eq!(server.seen().len(), 2);

    let server = Scripted::start(vec![down; 9]);
    let error = client(&format!("{}{TOKEN_PATH}", server.url())).token().await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Exhausted));
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_that_wait_for_a_login_share_its_failure() {
    let server = Scripted::start(vec![answer("503 Service Unavailable", "", b""); 99]);
    let client = client(&format!("{}{TOKEN_PATH}", server.url()));
    let errors = at_once(30, || {
        let client = client.clone();
        async move { client.token().await.unwrap_err() }
    })
    .await;
    assert!(errors.iter().all(|error| (error.kind(), error.retry()) == (ErrorKind::Unavailable, Retry::Exhausted)));
    let logins = server.seen().len();
    assert!(logins < 30, "{logins}: one login has three tries, and a late task can begin another");
}

#[tokio::test]
async fn a_token_about_to_expire_is_renewed_before_it_is_sent() {
    for (life, logins) in [(0, 3), (3600, 1), (u64::MAX, 1)] {
        let body = format!(r#"{{"access_token":"x","token_type":"Bearer","expires_in":{life}}}"#);
        let server = Scripted::start(vec![answer("200 OK", "", body.as_bytes()); 9]);
        let client = client(&format!("{}{TOKEN_PATH}", server.url()));
        for _ in 0..3 {
            client.token().await.unwrap();
        }
        assert_eq!(server.seen().len(), logins, "life of {life} s");
    }
}

#[tokio::test]
async fn opening_a_client_sends_nothing() {
    let server = MockServer::start().await;
    Client::open(&with_client_secret(&token_url(&server), plain()), Reach::named_by_token()).unwrap();
    assert!(server.received_requests().await.unwrap().is_empty());
}
