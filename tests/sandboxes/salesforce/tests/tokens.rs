//! The token endpoint: each check by itself, in the org's order.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connector_sandbox_salesforce::{App, AppKind, Fault, Options, Sandbox};
use secrecy::SecretString;
use serde_json::{Value, json};
use support::{Client, Keys, Reply, claims, now, post_assertion, post_token};

async fn sandbox(keys: &Keys) -> Sandbox {
    Sandbox::start(Options { app: keys.app(), ..Options::default() }).await.unwrap()
}

/// The claims with one of them replaced.
fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

fn assert_refused(reply: &Reply, error: &str, description: &str) {
    assert_eq!(reply.status, 400, "{}", reply.text);
    assert_eq!(reply.json(), json!({"error": error, "error_description": description}));
    assert_eq!(reply.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn a_good_assertion_gets_a_token_for_the_instance() {
    let keys = Keys::generate();
    let sandbox = sandbox(&keys).await;
    let reply = post_assertion(&sandbox, &keys.assertion(&json!({"alg": "RS256"}), &claims(&sandbox))).await;
    let token = reply.json();
    assert_eq!(reply.status, 200);
    assert_eq!(
        token.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["access_token", "scope", "instance_url", "id", "token_type"]
    );
    assert_eq!(token["instance_url"], sandbox.instance_url());
    assert_ne!(sandbox.instance_url(), sandbox.audience());
    assert!(token["access_token"].as_str().unwrap().starts_with("00D"));
}

#[tokio::test]
async fn each_check_of_an_assertion_has_its_own_answer() {
    let keys = Keys::generate();
    let sandbox = sandbox(&keys).await;
    let rs256 = json!({"alg": "RS256"});
    let good = || claims(&sandbox);
    for (claims, error, description) in [
        (with(good(), "iss", json!("unknown")), "invalid_client_id", "client identifier invalid"),
        (with(good(), "aud", json!("https://elsewhere.example")), "invalid_grant", "audience is invalid"),
        (
            with(good(), "aud", json!("https://login.salesforce.com")),
            "app_not_found",
            "External client app is not installed in this org",
        ),
        (with(good(), "exp", json!(now() - 5)), "invalid_grant", "expired authorization code"),
        (with(good(), "sub", json!("nobody@acme.example")), "invalid_grant", "user hasn't approved this consumer"),
    ] {
        assert_refused(&post_assertion(&sandbox, &keys.assertion(&rs256, &claims)).await, error, description);
    }
    let other = Keys::generate().assertion(&rs256, &good());
    assert_refused(&post_assertion(&sandbox, &other).await, "invalid_grant", "invalid assertion");
    for broken in ["", "a.b", "a.b.c", &keys.assertion(&json!({"alg": "none"}), &good())] {
        assert_refused(&post_assertion(&sandbox, broken).await, "invalid_grant", "invalid assertion");
    }
    // The issuer is looked at before the signature, the signature before the audience.
    let stranger = Keys::generate().assertion(&rs256, &with(good(), "iss", json!("unknown")));
    assert_refused(&post_assertion(&sandbox, &stranger).await, "invalid_client_id", "client identifier invalid");
    let stranger = Keys::generate().assertion(&rs256, &with(good(), "aud", json!("x")));
    assert_refused(&post_assertion(&sandbox, &stranger).await, "invalid_grant", "invalid assertion");
    let unsupported = post_token(&sandbox, &[("grant_type", "password")]).await;
    assert_refused(&unsupported, "unsupported_grant_type", "grant type not supported");
}

#[tokio::test]
async fn a_strict_org_refuses_an_assertion_that_lives_too_long() {
    let keys = Keys::generate();
    for (strict_expiry, status) in [(false, 200), (true, 400)] {
        let options = Options { app: keys.app(), strict_expiry, ..Options::default() };
        let sandbox = Sandbox::start(options).await.unwrap();
        let long = with(claims(&sandbox), "exp", json!(now() + 3_600));
        assert_eq!(post_assertion(&sandbox, &keys.assertion(&json!({"alg": "RS256"}), &long)).await.status, status);
        // Three minutes are always good, also when they are written as a string.
        let short = with(claims(&sandbox), "exp", json!((now() + 180).to_string()));
        assert_eq!(post_assertion(&sandbox, &keys.assertion(&json!({"alg": "RS256"}), &short)).await.status, 200);
    }
}

#[tokio::test]
async fn an_assertion_id_is_good_once() {
    let keys = Keys::generate();
    let sandbox = sandbox(&keys).await;
    let assertion = keys.assertion(&json!({"alg": "RS256"}), &with(claims(&sandbox), "jti", json!("one")));
    assert_eq!(post_assertion(&sandbox, &assertion).await.status, 200);
    assert_eq!(post_assertion(&sandbox, &assertion).await.json()["error"], "bad_jti_claim");
    // With no id the same assertion may come again.
    let plain = keys.assertion(&json!({"alg": "RS256"}), &claims(&sandbox));
    assert_eq!(post_assertion(&sandbox, &plain).await.status, 200);
    assert_eq!(post_assertion(&sandbox, &plain).await.status, 200);
}

#[tokio::test]
async fn the_state_of_the_user_decides_last() {
    let keys = Keys::generate();
    let sandbox = sandbox(&keys).await;
    let ask = || async { post_assertion(&sandbox, &keys.assertion(&json!({"alg": "RS256"}), &claims(&sandbox))).await };
    let user = sandbox.org().user_named(sandbox.username()).unwrap();
    sandbox.org().freeze(&user, true).unwrap();
    assert_refused(&ask().await, "invalid_grant", "inactive user");
    sandbox.org().freeze(&user, false).unwrap();
    sandbox.org().lock_password(&user, true).unwrap();
    assert_refused(&ask().await, "invalid_grant", "user is locked");
    sandbox.org().lock_password(&user, false).unwrap();
    sandbox.org().deactivate(&user).unwrap();
    assert_refused(&ask().await, "invalid_grant", "inactive user");
    sandbox.org().activate(&user).unwrap();
    assert_eq!(ask().await.status, 200);
}

#[tokio::test]
async fn the_app_decides_who_may_use_it() {
    let keys = Keys::generate();
    let sandbox = sandbox(&keys).await;
    let assertion = || keys.assertion(&json!({"alg": "RS256"}), &claims(&sandbox));
    sandbox.set_app(App { approved: false, ..keys.app() });
    let refused = post_assertion(&sandbox, &assertion()).await;
    assert_refused(&refused, "invalid_app_access", "user is not admin approved to access this app");
    sandbox.set_app(App { approved: false, kind: AppKind::ConnectedApp, ..keys.app() });
    let refused = post_assertion(&sandbox, &assertion()).await;
    assert_refused(&refused, "invalid_grant", "user hasn't approved this consumer");
    sandbox.set_app(App { kind: AppKind::ConnectedApp, ..keys.app() });
    let generic = with(claims(&sandbox), "aud", json!("https://login.salesforce.com"));
    assert_eq!(post_assertion(&sandbox, &keys.assertion(&json!({"alg": "RS256"}), &generic)).await.status, 200);
    sandbox.set_app(Keys::generate().app());
    assert_refused(&post_assertion(&sandbox, &assertion()).await, "invalid_grant", "invalid assertion");
}

#[tokio::test]
async fn client_credentials_need_the_secret() {
    let keys = Keys::generate();
    let sandbox = sandbox(&keys).await;
    let key = sandbox.consumer_key();
    let ask = |secret: &'static str| {
        let (sandbox, key) = (&sandbox, &key);
        async move {
            let grant = ("grant_type", "client_credentials");
            post_token(sandbox, &[grant, ("client_id", key.as_str()), ("client_secret", secret)]).await
        }
    };
    assert_refused(&ask("x").await, "invalid_grant", "no client credentials user enabled");
    sandbox.set_app(App { client_secret: Some(SecretString::from("right")), ..keys.app() });
    assert_refused(&ask("wrong").await, "invalid_client", "invalid client credentials");
    let token = ask("right").await.json();
    assert!(token["signature"].is_string() && token["issued_at"].is_string() && token.get("refresh_token").is_none());
    let basic = reqwest::Client::new()
        .post(sandbox.token_url())
        .header("Authorization", format!("Basic {}", STANDARD.encode(format!("{key}:right"))))
        .form(&[("grant_type", "client_credentials")]);
    assert_eq!(support::reply(basic).await.unwrap().status, 200);
}

#[tokio::test]
async fn token_faults_show_at_the_token_endpoint() {
    let keys = Keys::generate();
    let sandbox = sandbox(&keys).await;
    let ask = || async { post_assertion(&sandbox, &keys.assertion(&json!({"alg": "RS256"}), &claims(&sandbox))).await };
    sandbox.set_faults(vec![Fault::TokenHtml]);
    assert!(ask().await.text.contains("Data Not Available"));
    sandbox.set_faults(vec![Fault::ForeignInstanceUrl("https://evil.example".to_owned())]);
    assert_eq!(ask().await.json()["instance_url"], "https://evil.example");
    sandbox.set_faults(vec![Fault::ClockSkew(3_600)]);
    assert_refused(&ask().await, "invalid_grant", "expired authorization code");
}

#[tokio::test]
async fn https_is_vouched_for_by_the_private_authority_alone() {
    let keys = Keys::generate();
    let sandbox = Sandbox::start(Options { app: keys.app(), tls: true, ..Options::default() }).await.unwrap();
    assert!(sandbox.token_url().starts_with("https://localhost:"));
    assert!(sandbox.instance_url().starts_with("https://127.0.0.1:"));
    let client = Client::sign_in(&sandbox, &keys).await;
    assert_eq!(client.get("/services/data/v67.0/limits").await.status, 200);
    let stranger = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(stranger.get(format!("{}/services/data/", sandbox.instance_url())).send().await.is_err());
}
