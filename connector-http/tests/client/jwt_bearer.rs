//! The grant type `jwt_bearer`: the token request, and the checks without a server.

use crate::source::{context, keep};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_core::{
    AuthStrategy, Clock, ErrorKind, Exchange, HttpOptions, Reply, Result, StepStatus, TestReport, TokenRequest,
    registry,
};
use connector_keys::{Certificate, CertificateRequest, PrivateKey};
use jiff::{Timestamp, ToSpan};
use openssl::hash::MessageDigest;
use openssl::sign::Verifier;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate(2048).unwrap());

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

/// Replaces the network and records the posted form.
#[derive(Default)]
struct Recorded {
    forms: Mutex<Vec<HashMap<String, String>>>,
}

#[async_trait]
impl Exchange for Recorded {
    async fn post(&self, request: &TokenRequest<'_>) -> Result<Reply> {
        assert_eq!(request.url.as_str(), "https://login.acme.example/oauth2/token");
        let form = request.form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.forms.lock().unwrap().push(form);
        let body = br#"{"access_token":"x","token_type":"Bearer","instance_url":"https://api.acme.example"}"#;
        Ok(Reply::new(200, *body).with_content_type("application/json"))
    }
}

fn settings(more: &[(&str, &str)]) -> Value {
    let mut settings = json!({
        "token_url": "https://login.acme.example/oauth2/token",
        "issuer": "the-client-id",
        "subject": "iga@acme.example",
        "audience": "https://login.acme.example",
        "key_ref": "memory:key",
    });
    for (name, value) in more {
        settings[name] = json!(value);
    }
    settings
}

fn strategy(more: &[(&str, &str)]) -> Arc<dyn AuthStrategy> {
    keep("key", KEY.to_pkcs8_pem(None).unwrap().expose_secret());
    context("jwt_bearer", settings(more), HttpOptions::default(), Clock::from_fn(now)).auth().unwrap()
}

async fn steps(strategy: &dyn AuthStrategy) -> TestReport {
    let mut report = TestReport::new();
    strategy.check(&mut report).await;
    report
}

fn certificate(key: &PrivateKey, made: Timestamp, days: u32) -> String {
    let request = CertificateRequest { subject_cn: "connector".to_owned(), organization: None, days };
    Certificate::self_signed(key, &request, made).unwrap().to_pem()
}

#[tokio::test]
async fn the_assertion_holds_the_claims_and_is_signed_with_the_key() {
    let recorded = Recorded::default();
    let strategy = strategy(&[]);
    strategy.credential(&recorded).await.unwrap();
    strategy.credential(&recorded).await.unwrap();
    let forms = recorded.forms.lock().unwrap();
    let public = Certificate::from_pem(&certificate(&KEY, now(), 1)).unwrap().to_pem();
    let public = openssl::x509::X509::from_pem(public.as_bytes()).unwrap().public_key().unwrap();
    let mut ids = Vec::new();
    for form in forms.iter() {
        assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
        let parts: Vec<_> = form["assertion"].split('.').collect();
        let bytes = |at: usize| URL_SAFE_NO_PAD.decode(parts[at]).unwrap();
        assert_eq!(bytes(0), br#"{"alg":"RS256","typ":"JWT"}"#);
        let claims: Value = serde_json::from_slice(&bytes(1)).unwrap();
        assert_eq!(claims["iss"], "the-client-id");
        assert_eq!(claims["sub"], "iga@acme.example");
        assert_eq!(claims["aud"], "https://login.acme.example");
        let life = claims["exp"].as_i64().unwrap() - now().as_second();
        assert!((1..=180).contains(&life), "{life}");
        ids.push(claims["jti"].as_str().unwrap().to_owned());
        let mut verifier = Verifier::new(MessageDigest::sha256(), &public).unwrap();
        let signed = format!("{}.{}", parts[0], parts[1]);
        assert!(verifier.verify_oneshot(&bytes(2), signed.as_bytes()).unwrap());
    }
    assert_ne!(ids[0], ids[1], "each try has its own assertion");
}

#[tokio::test]
async fn the_offline_steps_show_their_findings_but_not_the_assertion() {
    keep("certificate", &certificate(&KEY, now(), 365));
    let report = steps(&*strategy(&[("certificate_ref", "memory:certificate")])).await;
    let found: Vec<_> = report.steps().iter().map(|step| (step.name, step.status)).collect();
    assert_eq!(
        found,
        [("private_key", StepStatus::Passed), ("certificate", StepStatus::Passed), ("assertion", StepStatus::Passed)]
    );
    let details: Vec<_> = report.steps().iter().map(|step| step.detail.as_deref().unwrap()).collect();
    assert_eq!(details[0], "RSA 2048, from memory:key");
    assert_eq!(details[1], "CN=connector, valid until 2027-11-23, matches the key");
    assert!(details[2].contains("sub iga@acme.example"), "{}", details[2]);
    assert!(!details[2].contains("eyJ"), "{}", details[2]);

    let without = steps(&*strategy(&[])).await;
    assert_eq!(without.steps().iter().map(|step| step.name).collect::<Vec<_>>(), ["private_key", "assertion"]);
}

#[tokio::test]
async fn the_certificate_step_reports_each_fault_with_its_help() {
    let other = PrivateKey::generate(2048).unwrap();
    let rows = [
        (
            "near",
            certificate(&KEY, now() - (24 * 353).hours(), 365),
            StepStatus::Warning,
            "expires in 12 days (2026-12-05)",
            "`connector cert new acme-2026`",
        ),
        (
            "expired",
            certificate(&KEY, now() - (24 * 366).hours(), 365),
            StepStatus::Warning,
            "expired on 2026-11-22",
            "`connector cert new acme-2026`",
        ),
        (
            "early",
            certificate(&KEY, now() + (24 * 2).hours(), 365),
            StepStatus::Failed,
            "not valid before 2026-11-25",
            "clock",
        ),
        ("foreign", certificate(&other, now(), 365), StepStatus::Failed, "does not match the private key", "same pair"),
        (
            "a-key",
            other.to_pkcs8_pem(None).unwrap().expose_secret().to_owned(),
            StepStatus::Failed,
            "it is a private key",
            "CERTIFICATE",
        ),
    ];
    for (name, pem, status, detail, help) in rows {
        keep(name, &pem);
        let report = steps(&*strategy(&[("certificate_ref", &format!("memory:{name}"))])).await;
        let step = &report.steps()[1];
        assert_eq!(step.status, status, "{name}: {step:?}");
        assert!(step.detail.as_ref().unwrap().contains(detail), "{name}: {step:?}");
        assert!(step.help.as_ref().unwrap().contains(help), "{name}: {step:?}");
        let last = report.steps()[2].status;
        assert_eq!(last == StepStatus::Skipped, status == StepStatus::Failed, "{name}");
    }
}

/// A source that refuses the sign-in.
struct Refusing;

#[async_trait]
impl Exchange for Refusing {
    async fn post(&self, _: &TokenRequest<'_>) -> Result<Reply> {
        let body = br#"{"error":"invalid_grant","error_description":"invalid assertion"}"#;
        Ok(Reply::new(400, *body).with_content_type("application/json"))
    }
}

#[tokio::test]
async fn a_refused_sign_in_says_how_long_ago_the_certificate_expired() {
    keep("ended", &certificate(&KEY, now() - (24 * 368).hours(), 365));
    let refused = strategy(&[("certificate_ref", "memory:ended")]).credential(&Refusing).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Auth);
    assert!(refused.message().contains("invalid assertion"), "{refused:?}");
    assert!(refused.message().contains("expired on 2026-11-20, 3 days ago"), "{refused:?}");
    assert!(refused.help().unwrap().contains("`connector cert new acme-2026`"), "{refused:?}");

    keep("valid", &certificate(&KEY, now(), 365));
    let refused = strategy(&[("certificate_ref", "memory:valid")]).credential(&Refusing).await.unwrap_err();
    assert!(!refused.message().contains("expired"), "{refused:?}");
}

#[tokio::test]
async fn an_encrypted_key_opens_with_a_password_from_a_file_with_a_line_break() {
    let sealed = KEY.to_pkcs8_pem(Some(&SecretString::from("pass word"))).unwrap();
    keep("sealed", sealed.expose_secret());
    keep("password", "pass word\r\n");
    let with = [("key_ref", "memory:sealed"), ("key_password_ref", "memory:password")];
    assert!(steps(&*strategy(&with)).await.failure().is_none());
    let report = steps(&*strategy(&with[..1])).await;
    assert_eq!(report.failure().unwrap().kind(), ErrorKind::Secret);
    assert!(report.steps()[0].help.as_ref().unwrap().contains("key_password_ref"));
}

#[test]
fn the_grant_type_has_aliases_and_refuses_unknown_keys() {
    for name in ["jwt_bearer", "JWT", "urn:ietf:params:oauth:grant-type:jwt-bearer"] {
        assert_eq!(registry::auth_strategy(name).unwrap().grant_type, "jwt_bearer");
    }
    let bare = connector_core::Context::new("acme", ".");
    let open = registry::auth_strategy("jwt_bearer").unwrap().open;
    assert_eq!(open(settings(&[("pasword", "x")]), &bare).unwrap_err().kind(), ErrorKind::Definition);
}

#[test]
fn every_key_has_a_description_in_the_schema() {
    for registration in registry::auth_strategies() {
        let schema = (registration.schema)(&mut schemars::SchemaGenerator::default());
        let schema = schema.as_value();
        assert_eq!(schema["additionalProperties"], false, "{}", registration.grant_type);
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            assert!(member["description"].as_str().is_some_and(|text| text.len() > 20), "{name}: {member}");
        }
        if let Some(token_url) = schema["properties"].get("token_url") {
            assert_eq!(token_url["format"], "uri");
        }
    }
}
