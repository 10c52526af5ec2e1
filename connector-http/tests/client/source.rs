//! A source for tests: its context, its credentials and a token endpoint.

use crate::server;
use async_trait::async_trait;
use connector_core::{Clock, Context, HttpOptions, Result, SecretRef, SecretResolver, Sensitivity, registry};
use connector_http::{Client, Reach};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{LazyLock, Mutex};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

pub const CLIENT_SECRET: &str = "marked-client-secret-51c2";
pub const ACCESS_TOKEN: &str = "marked-access-token-9d04";
pub const TOKEN_PATH: &str = "/oauth2/token";

static SECRETS: LazyLock<Mutex<HashMap<String, String>>> =
    LazyLock::new(|| Mutex::new(HashMap::from([("client".to_owned(), CLIENT_SECRET.to_owned())])));

struct Memory;

#[async_trait]
impl SecretResolver for Memory {
    async fn resolve(&self, reference: &SecretRef, _: &Path, _: Sensitivity) -> Result<SecretString> {
        Ok(SecretString::from(SECRETS.lock().unwrap()[reference.rest()].as_str()))
    }
    fn check(&self, _: &SecretRef) -> Result<(), String> {
        Ok(())
    }
}

connector_core::register_secret_resolver! {
    scheme: "memory", form: "memory:NAME", description: "A secret of a test", resolver: Memory,
}

/// Stores a secret for `memory:NAME`.
pub fn keep(name: &str, secret: &str) {
    SECRETS.lock().unwrap().insert(name.to_owned(), secret.to_owned());
}

/// Options that allow plain http on this machine.
pub fn plain() -> HttpOptions {
    HttpOptions { allow_insecure_loopback: true, ..HttpOptions::default() }
}

/// A context with an open strategy.
pub fn context(grant_type: &str, auth: Value, http: HttpOptions, clock: Clock) -> Context {
    let context = Context::new("acme", ".").with_http(http).with_clock(clock);
    let strategy = (registry::auth_strategy(grant_type).unwrap().open)(auth, &context).unwrap();
    context.with_auth(strategy)
}

/// A context that signs in with a client secret.
pub fn with_client_secret(token_url: &str, http: HttpOptions) -> Context {
    let auth = json!({"token_url": token_url, "client_id": "client", "client_secret_ref": "memory:client"});
    context("client_credentials", auth, http, Clock::system())
}

/// A client that can send its credentials only to the host of the token URL.
pub fn client(token_url: &str) -> Client {
    Client::open(&with_client_secret(token_url, plain()), Reach::named_by_token()).unwrap()
}

/// A token for `instance_url`.
pub fn token_for(instance_url: &str) -> Value {
    json!({"access_token": ACCESS_TOKEN, "token_type": "Bearer", "instance_url": instance_url})
}

/// A source whose token endpoint and API are one server. Each login returns another token: `token-1`, `token-2`, …
pub async fn started() -> MockServer {
    let server = MockServer::start().await;
    let count = std::sync::atomic::AtomicU32::new(0);
    Mock::given(method("POST"))
        .and(path(TOKEN_PATH))
        .respond_with(move |_: &wiremock::Request| {
            let number = 1 + count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let token = json!({"access_token": format!("token-{number}"), "token_type": "Bearer"});
            ResponseTemplate::new(200).set_body_json(token)
        })
        .mount(&server)
        .await;
    server
}

pub fn token_url(server: &MockServer) -> String {
    format!("{}{TOKEN_PATH}", server.uri())
}

/// A token endpoint whose tokens name another server. Returns the token URL.
pub fn login_for(instance_url: &str) -> String {
    let body = token_for(instance_url).to_string();
    let answer = server::answer("200 OK", "Content-Type: application/json\r\n", body.as_bytes());
    format!("{}{TOKEN_PATH}", server::Scripted::start(vec![answer; 9]).url())
}

/// The number of requests of a kind that a server received.
pub async fn requests(server: &MockServer, wanted: &str) -> usize {
    let all = server.received_requests().await.unwrap();
    all.iter().filter(|request| request.url.path() == wanted).count()
}
