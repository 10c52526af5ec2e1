//! The grant type `private_key_jwt`, against a token endpoint that checks the rules of RFC 7523, section 2.2.

use crate::source::{context, keep, plain};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_core::{Clock, StepStatus, TestReport};
use connector_http::{Client, Reach};
use connector_keys::{Certificate, CertificateRequest, PrivateKey};
use jiff::Timestamp;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::sign::Verifier;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Checks the client's assertion like an authorization server, and returns a token or the error of the standard.
struct Authority {
    key: PKey<Public>,
    token_url: String,
    seen: Mutex<HashSet<String>>,
}

impl Authority {
    fn answer(&self, form: &HashMap<String, String>) -> Result<(), &'static str> {
        if form["grant_type"] != "client_credentials" || form["client_id"] != "app-7" || form["scope"] != "people.read"
        {
            return Err("invalid_request");
        }
        if form["client_assertion_type"] != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
            return Err("invalid_request");
        }
        let parts: Vec<_> = form["client_assertion"].split('.').collect();
        let bytes = |at: usize| URL_SAFE_NO_PAD.decode(parts[at]).unwrap();
        let header: Value = serde_json::from_slice(&bytes(0)).unwrap();
        let claims: Value = serde_json::from_slice(&bytes(1)).unwrap();
        let mut verifier = Verifier::new(MessageDigest::sha256(), &self.key).unwrap();
        let signed = verifier.verify_oneshot(&bytes(2), format!("{}.{}", parts[0], parts[1]).as_bytes()).unwrap();
        let now = Timestamp::now().as_second();
        let good = signed
            && header == json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"})
            && claims["iss"] == "app-7"
            && claims["sub"] == "app-7"
            && claims["aud"] == self.token_url.as_str()
            && claims["exp"].as_i64().is_some_and(|end| end > now && end < now + 600)
            && self.seen.lock().unwrap().insert(claims["jti"].as_str().unwrap().to_owned());
        if good { Ok(()) } else { Err("invalid_client") }
    }
}

async fn authority(key: &PrivateKey) -> MockServer {
    let server = MockServer::start().await;
    let request = CertificateRequest { subject_cn: "app".to_owned(), organization: None, days: 1 };
    let pem = Certificate::self_signed(key, &request, Timestamp::now()).unwrap().to_pem();
    let key = openssl::x509::X509::from_pem(pem.as_bytes()).unwrap().public_key().unwrap();
    let authority = Authority { key, token_url: format!("{}/token", server.uri()), seen: Mutex::default() };
    Mock::given(method("POST"))
        .and(path("/token"))
        .respond_with(move |request: &wiremock::Request| {
            let form = url::form_urlencoded::parse(&request.body).into_owned().collect();
            match authority.answer(&form) {
                Ok(()) => {
                    let token = json!({"access_token": "given", "token_type": "Bearer", "expires_in": 0});
                    ResponseTemplate::new(200).set_body_json(token)
                }
                Err(code) => ResponseTemplate::new(401).set_body_json(json!({"error": code})),
            }
        })
        .mount(&server)
        .await;
    Mock::given(path("/people")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    server
}

#[tokio::test]
async fn the_client_authenticates_with_its_key_and_never_sends_the_same_assertion_twice() {
    let (key, other) = (PrivateKey::generate(2048).unwrap(), PrivateKey::generate(2048).unwrap());
    keep("app-key", key.to_pkcs8_pem(None).unwrap().expose_secret());
    keep("other-key", other.to_pkcs8_pem(None).unwrap().expose_secret());
    let server = authority(&key).await;
    let auth = |reference: &str| {
        json!({
            "token_url": format!("{}/token", server.uri()), "client_id": "app-7", "key_ref": reference,
            "key_id": "key-1", "scope": "people.read",
        })
    };
    let good = context("private_key_jwt", auth("memory:app-key"), plain(), Clock::system());
    let client = Client::open(&good, Reach::named_by_token()).unwrap();
    for _ in 0..2 {
        // The token expires immediately, so each request signs in.
        assert_eq!(client.get("/people").send().await.unwrap().status, 200);
    }
    let mut report = TestReport::new();
    good.auth().unwrap().check(&mut report).await;
    let steps: Vec<_> = report.steps().iter().map(|step| (step.name, step.status)).collect();
    assert_eq!(steps, [("private_key", StepStatus::Passed), ("assertion", StepStatus::Passed)]);

    let wrong = context("private_key_jwt", auth("memory:other-key"), plain(), Clock::system());
    let error = Client::open(&wrong, Reach::named_by_token()).unwrap().token().await.unwrap_err();
    assert_eq!(error.kind(), connector_core::ErrorKind::Auth);
    assert!(error.help().unwrap().contains("key_ref"), "{error:?}");
}

#[test]
fn a_strategy_names_its_signing_key() {
    let auth = json!({
        "token_url": "https://login.acme.example/token", "client_id": "app-7", "key_ref": "file:a.key",
        "key_password_ref": "env:PASSWORD", "certificate_ref": "file:a.crt", "rotation": {"before_expiry": "30d"},
    });
    let context = |grant_type, auth| context(grant_type, auth, plain(), Clock::system());
    let key = context("private_key_jwt", auth).auth().unwrap().signing_key().unwrap();
    assert_eq!(key.key_ref.to_string(), "file:a.key");
    assert_eq!(key.password_ref.unwrap().to_string(), "env:PASSWORD");
    assert_eq!(key.certificate_ref.unwrap().to_string(), "file:a.crt");
    assert_eq!(key.renew_before, Some(std::time::Duration::from_hours(30 * 24)));
    assert_eq!(context("none", json!({})).auth().unwrap().signing_key(), None);
}
