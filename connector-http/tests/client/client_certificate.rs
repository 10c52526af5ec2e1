//! Servers that require a client certificate (mutual TLS).

use crate::server::{Scripted, answer};
use crate::source::keep;
use connector_core::{Context, ErrorKind, HttpOptions, SecretRef, StepStatus, TestReport};
use connector_http::{Client, Reach};
use connector_keys::{Certificate, CertificateAuthority, CertificateRequest, PrivateKey};
use jiff::{Timestamp, ToSpan};
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::{X509Builder, X509NameBuilder};
use secrecy::{ExposeSecret, SecretString};
use std::fs;
use tempfile::TempDir;
use url::Url;

/// A server that accepts only one client certificate.
struct Mutual {
    folder: TempDir,
    server: Scripted,
}

impl Mutual {
    fn start(certificate: &str, key: &str) -> Self {
        let authority = CertificateAuthority::generate("Test authority", Timestamp::now()).unwrap();
        let server_key = PrivateKey::generate(2048).unwrap();
        let server = authority.issue_server(&["127.0.0.1"], &server_key, Timestamp::now()).unwrap();
        let server_key = server_key.to_pkcs8_pem(None).unwrap();
        let script = vec![answer("200 OK", "", b"\"hello\""); 3];
        let server = Scripted::start_mutual(&server.to_pem(), server_key.expose_secret(), certificate, script);
        let mutual = Self { folder: TempDir::new().unwrap(), server };
        fs::write(mutual.folder.path().join("ca.pem"), authority.certificate().to_pem()).unwrap();
        mutual.keep("certificate", certificate);
        mutual.keep("key", key);
        mutual
    }

    fn keep(&self, name: &str, text: &str) {
        keep(&format!("{}-{name}", self.server.port()), text);
    }

    fn reference(&self, name: &str) -> SecretRef {
        format!("memory:{}-{name}", self.server.port()).parse().unwrap()
    }

    fn pair(&self) -> HttpOptions {
        HttpOptions {
            client_certificate_ref: Some(self.reference("certificate")),
            client_key_ref: Some(self.reference("key")),
            ..HttpOptions::default()
        }
    }

    fn client(&self, options: HttpOptions) -> Client {
        let options = HttpOptions { ca_file: Some("ca.pem".into()), ..options };
        let context = Context::new("acme", self.folder.path()).with_http(options);
        let base = Url::parse(&format!("https://127.0.0.1:{}", self.server.port())).unwrap();
        Client::open(&context, Reach::base(&base)).unwrap()
    }
}

fn rsa(now: Timestamp) -> (String, SecretString, PrivateKey) {
    let key = PrivateKey::generate(2048).unwrap();
    let request = CertificateRequest { subject_cn: "iga".into(), organization: None, days: 20 };
    let certificate = Certificate::self_signed(&key, &request, now).unwrap();
    (certificate.to_pem(), key.to_pkcs8_pem(None).unwrap(), key)
}

/// A certificate with a key on a curve, and the key in the older form with its own label.
fn elliptic() -> (String, String) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = EcKey::generate(&group).unwrap();
    let old_form = String::from_utf8(key.private_key_to_pem().unwrap()).unwrap();
    let key = PKey::from_ec_key(key).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", "iga").unwrap();
    let name = name.build();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder.set_not_before(&openssl::asn1::Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&openssl::asn1::Asn1Time::days_from_now(400).unwrap()).unwrap();
    builder.sign(&key, openssl::hash::MessageDigest::sha256()).unwrap();
    (String::from_utf8(builder.build().to_pem().unwrap()).unwrap(), old_form)
}

#[tokio::test]
async fn a_server_that_requires_a_client_certificate_gets_it() {
    let (certificate, key, opened) = rsa(Timestamp::now());
    let mutual = Mutual::start(&certificate, key.expose_secret());
    let text: String = mutual.client(mutual.pair()).get("/people").send().await.unwrap().json().unwrap();
    assert_eq!(text, "hello");

    let password = SecretString::from("of-the-key");
    mutual.keep("locked.key", opened.to_pkcs8_pem(Some(&password)).unwrap().expose_secret());
    mutual.keep("password", "of-the-key\n");
    let locked = HttpOptions {
        client_key_ref: Some(mutual.reference("locked.key")),
        client_key_password_ref: Some(mutual.reference("password")),
        ..mutual.pair()
    };
    mutual.client(locked).get("/people").send().await.unwrap();

    let (certificate, key) = elliptic();
    let mutual = Mutual::start(&certificate, &key);
    mutual.client(mutual.pair()).get("/people").send().await.unwrap();
}

#[tokio::test]
async fn a_server_that_misses_or_refuses_a_client_certificate_is_named() {
    let (certificate, key, _) = rsa(Timestamp::now());
    let mutual = Mutual::start(&certificate, key.expose_secret());
    let error = mutual.client(HttpOptions::default()).get("/people").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error:?}");
    assert!(error.message().contains("requires a client certificate"), "{error:?}");
    assert!(error.help().unwrap().contains("`client_certificate_ref`"), "{error:?}");

    let (other, its_key, _) = rsa(Timestamp::now());
    mutual.keep("certificate", &other);
    mutual.keep("key", its_key.expose_secret());
    let error = mutual.client(mutual.pair()).get("/people").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error:?}");
    assert!(error.message().contains("refused the client certificate"), "{error:?}");
    assert_eq!(mutual.server.seen(), Vec::<String>::new());
}

#[tokio::test]
async fn a_client_certificate_that_can_not_work_is_refused_before_anything_is_sent() {
    let (certificate, key, opened) = rsa(Timestamp::now());
    let mutual = Mutual::start(&certificate, key.expose_secret());
    let locked = opened.to_pkcs8_pem(Some(&SecretString::from("hunter2"))).unwrap();
    let (_, other, _) = rsa(Timestamp::now());
    for (text, kind, says) in [
        (other.expose_secret(), ErrorKind::Definition, "does not match the private key"),
        (locked.expose_secret(), ErrorKind::Secret, "`client_key_password_ref`"),
        (&certificate, ErrorKind::Secret, "`client_key_ref` to its private key"),
        ("hunter2", ErrorKind::Secret, "not a private key"),
    ] {
        mutual.keep("key", text);
        let error = mutual.client(mutual.pair()).get("/people").send().await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(error.kind() == kind && shown.contains(says), "{says}: {shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let half = HttpOptions { client_key_ref: None, ..mutual.pair() };
    let context = Context::new("acme", mutual.folder.path()).with_http(half);
    let base = Url::parse("https://127.0.0.1").unwrap();
    assert_eq!(Client::open(&context, Reach::base(&base)).unwrap_err().kind(), ErrorKind::Definition);
    assert_eq!(mutual.server.connections(), 0);
}

#[tokio::test]
async fn the_connection_test_shows_when_the_client_certificate_expires() {
    let now = Timestamp::now();
    for (made, status) in [(now, StepStatus::Warning), (now - (21 * 24).hours(), StepStatus::Failed)] {
        let (certificate, key, _) = rsa(made);
        let mutual = Mutual::start(&certificate, key.expose_secret());
        let mut report = TestReport::new();
        mutual.client(mutual.pair()).test_access_token(&mut report).await;
        let step = &report.steps()[0];
        assert_eq!((step.name, step.status), ("client_certificate", status), "{step:?}");
        assert!(step.help.as_ref().unwrap().contains("`client_certificate_ref`"), "{step:?}");
    }
}
