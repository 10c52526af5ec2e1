//! The auth strategies with a fixed secret: what they send, and what happens if the service refuses it.

use crate::server::{Scripted, answer};
use crate::source::{context, keep, plain, requests};
use connector_core::{Clock, Context, ErrorKind, Happened, HttpOptions, StepStatus, TestReport, registry};
use connector_http::{Client, Reach};
use serde_json::{Value, json};
use wiremock::matchers::{header, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn context_of(grant_type: &str, auth: Value) -> Context {
    context(grant_type, auth, plain(), Clock::system())
}

fn client(context: &Context, base: &str) -> Client {
    Client::open(context, Reach::base(&base.parse().unwrap())).unwrap()
}

#[tokio::test]
async fn a_fixed_credential_is_sent_as_its_standard_requires() {
    keep("token", "marked-token\n");
    keep("password", "open sesame\n");
    keep("api-key", "marked-key");
    let rows = [
        ("bearer", json!({"token_ref": "memory:token"}), "authorization", Some("Bearer marked-token")),
        // The example of RFC 7617.
        (
            "basic",
            json!({"username": "Aladdin", "password_ref": "memory:password"}),
            "authorization",
            Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ),
        ("api_key", json!({"header": "X-Api-Key", "secret_ref": "memory:api-key"}), "x-api-key", Some("marked-key")),
        (
            "api_key",
            json!({"header": "Authorization", "prefix": "Token", "secret_ref": "memory:api-key"}),
            "authorization",
            Some("Token marked-key"),
        ),
        ("none", json!({}), "authorization", None),
    ];
    for (grant_type, auth, name, value) in rows {
        let server = MockServer::start().await;
        Mock::given(method("PUT")).respond_with(ResponseTemplate::new(204)).mount(&server).await;
        let client = client(&context_of(grant_type, auth), &format!("{}/v2/", server.uri()));
        assert_eq!(client.put_json("/people/7", &json!({"active": true})).send().await.unwrap().status, 204);
        assert_eq!(client.put_json("/people/7", &1).anonymous().send().await.unwrap().status, 204);
        let all = server.received_requests().await.unwrap();
        assert_eq!(all.len(), 2, "{grant_type}: no login comes first");
        assert_eq!(all[0].url.path(), "/v2/people/7");
        let sent = all[0].headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(sent, value, "{grant_type}");
        assert!(all[1].headers.get(name).is_none(), "{grant_type}: an anonymous request carries no credential");
    }
}

#[tokio::test]
async fn a_refused_fixed_credential_is_an_auth_error_and_is_not_sent_again() {
    keep("wrong", "marked-wrong");
    let rows = [
        ("bearer", json!({"token_ref": "memory:wrong"})),
        ("basic", json!({"username": "iga", "password_ref": "memory:wrong"})),
        ("api_key", json!({"header": "X-Api-Key", "secret_ref": "memory:wrong"})),
    ];
    for (grant_type, auth) in rows {
        let server = Scripted::start(vec![answer("401 Unauthorized", "", b"marked-wrong is wrong"); 9]);
        let context = context_of(grant_type, auth);
        let client = client(&context, &server.url());
        for request in [client.get("/people"), client.post_json("/people", &1), client.get("/people")] {
            let error = request.send().await.unwrap_err();
            assert_eq!((error.kind(), error.happened()), (ErrorKind::Auth, Happened::No), "{grant_type}: {error:?}");
            assert!(error.message().contains("127.0.0.1"), "{grant_type}: {error}");
            assert!(error.help().unwrap().contains("`auth:`"), "{grant_type}: {error:?}");
            let shown = format!("{error} {error:?} {context:?} {client:?} {:?}", context.auth().unwrap());
            assert!(!shown.contains("marked-wrong"), "{grant_type}: {shown}");
        }
        assert_eq!(server.seen().len(), 1, "{grant_type}: each refusal can count toward a lockout");
    }
}

#[tokio::test]
async fn a_replaced_fixed_secret_takes_effect_immediately() {
    keep("replaced", "old");
    let server = MockServer::start().await;
    Mock::given(header("x-api-key", "old")).respond_with(ResponseTemplate::new(401)).mount(&server).await;
    Mock::given(header("x-api-key", "new")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let auth = json!({"header": "X-Api-Key", "secret_ref": "memory:replaced"});
    let client = client(&context_of("api_key", auth), &server.uri());
    client.get("/people").anonymous().send().await.unwrap();
    let mut report = TestReport::new();
    client.test_access_token(&mut report).await;
    assert_eq!((report.steps()[0].name, report.steps()[0].status), ("credential", StepStatus::Passed));
    keep("replaced", "new");
    assert_eq!(client.get("/people").send().await.unwrap().status, 200);
    assert_eq!(
        requests(&server, "/people").await,
        3,
        "one without the key, one with the old key, one with the new key"
    );
}

#[tokio::test]
async fn a_service_that_requires_credentials_that_the_source_does_not_have_is_named() {
    let server = Scripted::start(vec![answer("401 Unauthorized", "", b""); 9]);
    let without = Context::new("acme", ".").with_http(plain());
    for context in [context_of("none", json!({})), without.clone()] {
        let error = client(&context, &server.url()).get("/people").send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Auth);
        assert!(error.help().unwrap().contains("grant_type"), "{error:?}");
    }
    assert_eq!(server.seen().len(), 2);
    let error = Client::open(&without, Reach::named_by_token()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Definition, "the source has no base URL: {error:?}");
    let error = Client::open(&context_of("none", json!({})), Reach::named_by_token()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Definition, "{error:?}");
}

#[tokio::test]
async fn a_secret_that_a_header_can_not_carry_is_refused_before_any_request() {
    for (name, secret, part) in [
        ("empty", " \n", "is empty"),
        ("two-lines", "marked-a\nmarked-b", "a header can't carry"),
        ("accent", "märked", "a header can't carry"),
    ] {
        keep(name, secret);
        let server = Scripted::start(vec![answer("200 OK", "", b""); 9]);
        let reference = format!("memory:{name}");
        for (grant_type, auth) in [
            ("bearer", json!({"token_ref": reference})),
            ("api_key", json!({"header": "X-Api-Key", "secret_ref": reference})),
        ] {
            let context = context_of(grant_type, auth);
            let error = client(&context, &server.url()).get("/people").send().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Secret, "{error:?}");
            assert!(error.message().contains(part), "{error}");
            assert!(!format!("{error:?}").contains("marked-"), "{error:?}");
            let mut report = TestReport::new();
            context.auth().unwrap().check(&mut report).await;
            assert_eq!(report.steps()[0].status, StepStatus::Failed, "{grant_type} {name}");
        }
        assert!(server.seen().is_empty());
    }
}

#[test]
fn settings_that_no_request_can_carry_are_refused_offline() {
    let bare = Context::new("acme", ".");
    let open = |grant_type: &str, auth: Value| (registry::auth_strategy(grant_type).unwrap().open)(auth, &bare);
    for (grant_type, auth) in [
        ("basic", json!({"username": "a:b", "password_ref": "memory:x"})),
        ("api_key", json!({"header": "X Api Key", "secret_ref": "memory:x"})),
        ("none", json!({"token_ref": "memory:x"})),
        ("bearer", json!({})),
    ] {
        assert_eq!(open(grant_type, auth).unwrap_err().kind(), ErrorKind::Definition, "{grant_type}");
    }
}

#[tokio::test]
async fn the_base_url_gets_the_credential_and_other_hosts_only_if_the_connector_allows_them() {
    keep("token", "marked-token");
    let context = context("bearer", json!({"token_ref": "memory:token"}), HttpOptions::default(), Clock::system());
    let base = "https://api.acme.invalid/v2".parse().unwrap();
    let client = Client::open(&context, Reach::base(&base).and_hosts(["Files.acme.invalid"])).unwrap();
    for (link, kind) in [
        ("/people", ErrorKind::Unavailable),
        ("https://api.acme.invalid/other", ErrorKind::Unavailable),
        ("https://files.acme.invalid/x", ErrorKind::Unavailable),
        ("https://evil.invalid/x", ErrorKind::Auth),
        ("https://files.acme.invalid.evil.invalid/x", ErrorKind::Auth),
        ("https://sub.files.acme.invalid/x", ErrorKind::Auth),
        ("http://files.acme.invalid/x", ErrorKind::Auth),
    ] {
        // An allowed request fails because the host does not exist.
        let error = client.post_json(link, &1).send().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{link}: {error:?}");
        assert!(!format!("{error:?}").contains("marked-token"));
    }
    for odd in ["http://api.acme.invalid/", "https://user:marked@api.acme.invalid/", "ftp://api.acme.invalid/"] {
        let error = Client::open(&context, Reach::base(&odd.parse().unwrap())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition, "{odd}: {error:?}");
        assert!(!format!("{error:?}").contains("marked"));
    }
}

#[tokio::test]
async fn a_token_from_another_host_goes_to_the_base_url() {
    let login = Scripted::start(vec![answer(
        "200 OK",
        "",
        br#"{"access_token":"x","token_type":"Bearer","instance_url":"https://evil.invalid"}"#,
    )]);
    let api = Scripted::start(vec![answer("200 OK", "", b"here")]);
    keep("client", crate::source::CLIENT_SECRET);
    let auth = json!({"token_url": login.url(), "client_id": "c", "client_secret_ref": "memory:client"});
    let client = client(&context_of("client_credentials", auth), &format!("{}/v2", api.url()));
    assert_eq!(client.get("/people").send().await.unwrap().body, "here");
    assert!(api.seen()[0].starts_with("GET /v2/people HTTP/1.1"), "{:?}", api.seen());
}

#[tokio::test]
async fn a_response_larger_than_the_request_allows_is_an_error() {
    let server = Scripted::start(vec![answer("200 OK", "", b"0123456789"); 9]);
    let client = client(&context_of("none", json!({})), &server.url());
    assert_eq!(client.post_json("/x", &1).at_most(10).send().await.unwrap().body, "0123456789");
    let error = client.post_json("/x", &1).at_most(9).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("larger than 9 bytes"), "{error}");
}

#[tokio::test]
async fn the_limit_of_a_source_spreads_its_requests_evenly_over_all_clones() {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let http = HttpOptions { requests_per_second: std::num::NonZeroU32::new(50), ..plain() };
    let context = context("none", json!({}), http, Clock::system());
    let client = client(&context, &server.uri());
    let began = std::time::Instant::now();
    for _ in 0..6 {
        client.clone().get("/people").send().await.unwrap();
    }
    // Five pauses of 20 ms. A slow machine only makes it longer.
    assert!(began.elapsed() >= std::time::Duration::from_millis(90), "{:?}", began.elapsed());
}
