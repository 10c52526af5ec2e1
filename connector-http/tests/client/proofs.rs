//! Each request carries a proof, and a nonce that the service requests is used without signing in again.

use crate::source::plain;
use async_trait::async_trait;
use connector_core::{
    AuthStrategy, Context, Credential, Exchange, ProofRequest, RequestProof, Result, TestReport, Token, TokenRequest,
};
use connector_http::{Client, Reach};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::sync::Arc;
use url::Url;
use wiremock::matchers::{header, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

#[derive(Debug)]
struct Proving {
    token_url: Url,
}

#[async_trait]
impl AuthStrategy for Proving {
    async fn credential(&self, via: &dyn Exchange) -> Result<Credential> {
        let form = [("grant_type", "client_credentials")];
        let request = TokenRequest::new(&self.token_url, &form).with_header("X-Proof", "of the login".into());
        assert_eq!(via.post(&request).await?.nonce.as_deref(), Some("n0"));
        Ok(Credential::Bearer(Token::new("marked-token".into())))
    }

    async fn check(&self, _: &mut TestReport) {}

    fn token_url(&self) -> Option<&Url> {
        Some(&self.token_url)
    }

    fn proof(&self) -> Option<Arc<dyn RequestProof>> {
        Some(Arc::new(Proof))
    }
}

#[derive(Debug)]
struct Proof;

#[async_trait]
impl RequestProof for Proof {
    async fn headers(&self, request: &ProofRequest<'_>) -> Result<Vec<(String, SecretString)>> {
        let token = request.access_token.unwrap().expose_secret();
        let nonce = request.nonce.unwrap_or("none");
        let proof = format!("{} {} {nonce}", request.method, request.url.path());
        Ok(vec![("X-Proof".to_owned(), proof.into()), ("Authorization".to_owned(), format!("DPoP {token}").into())])
    }

    fn nonce_header(&self) -> Option<&str> {
        Some("DPoP-Nonce")
    }
}

async fn started() -> (MockServer, Client) {
    let server = MockServer::start().await;
    let token = ResponseTemplate::new(200).set_body_json(json!({})).insert_header("DPoP-Nonce", "n0");
    Mock::given(path("/token")).and(header("x-proof", "of the login")).respond_with(token).mount(&server).await;
    let strategy = Proving { token_url: format!("{}/token", server.uri()).parse().unwrap() };
    let context = Context::new("acme", ".").with_http(plain()).with_auth(Arc::new(strategy));
    let client = Client::open(&context, Reach::base(&server.uri().parse().unwrap())).unwrap();
    (server, client)
}

#[tokio::test]
async fn each_request_carries_its_own_proof() {
    let (server, client) = started().await;
    Mock::given(path("/people")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    client.get("/people").send().await.unwrap();
    client.put_json("/people", &1).send().await.unwrap();
    client.get("/people").anonymous().send().await.unwrap();
    let all = server.received_requests().await.unwrap();
    let sent: Vec<_> = all
        .iter()
        .filter(|request| request.url.path() == "/people")
        .map(|request| request.headers.get("x-proof").map(|value| value.to_str().unwrap()))
        .collect();
    assert_eq!(sent, [Some("GET /people none"), Some("PUT /people none"), None]);
    assert_eq!(all[1].headers["authorization"], "DPoP marked-token");
}

#[tokio::test]
async fn a_new_nonce_is_used_without_signing_in_again() {
    let (server, client) = started().await;
    Mock::given(header("x-proof", "GET /people n1")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let refusal = ResponseTemplate::new(401).insert_header("DPoP-Nonce", "n1");
    Mock::given(path("/people")).respond_with(refusal).mount(&server).await;
    assert_eq!(client.get("/people").send().await.unwrap().status, 200);
    assert_eq!(client.get("/people").send().await.unwrap().status, 200);
    assert_eq!(crate::source::requests(&server, "/token").await, 1);
    assert_eq!(crate::source::requests(&server, "/people").await, 3, "the nonce is kept for the next request");
}

#[tokio::test]
async fn a_service_that_always_requests_a_new_nonce_gets_only_a_few_tries() {
    let (server, client) = started().await;
    let count = std::sync::atomic::AtomicU32::new(0);
    Mock::given(path("/people"))
        .respond_with(move |_: &wiremock::Request| {
            let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            ResponseTemplate::new(401).insert_header("DPoP-Nonce", format!("n{number}").as_str())
        })
        .mount(&server)
        .await;
    assert_eq!(client.get("/people").send().await.unwrap().status, 401);
    assert_eq!(crate::source::requests(&server, "/people").await, 3, "once with a new nonce, once with a new token");
}
