//! A key is found by its ref, wherever it is kept.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use async_trait::async_trait;
use connector_core::{Context, ErrorKind, Result, SecretRef, SecretResolver, Sensitivity, register_secret_resolver};
use connector_keys::{
    Certificate, CertificateRequest, KeyStore, PrivateKey, PublicKey, Signer, key_store, open_signer,
    register_key_store,
};
use jiff::Timestamp;
use secrecy::SecretString;
use std::path::Path;
use std::sync::{Arc, LazyLock};

static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate(2048).unwrap());

/// A service that signs and never gives its key out, as a third party would write it.
struct Service;

static SERVICE: Service = Service;

register_key_store! {
    scheme: "service",
    form: "service:NAME",
    description: "A key that a service signs with",
    store: SERVICE,
}

#[async_trait]
impl KeyStore for Service {
    async fn open(&self, _: &Context, _: &SecretRef, _: Option<&SecretRef>) -> Result<Arc<dyn Signer>> {
        Ok(Arc::new(Remote))
    }

    fn check(&self, key: &SecretRef) -> Result<(), String> {
        if key.rest().is_empty() { Err("name the key".into()) } else { Ok(()) }
    }
}

#[derive(Debug)]
struct Remote;

#[async_trait]
impl Signer for Remote {
    fn algorithm(&self) -> &'static str {
        "RS256"
    }

    fn describe(&self) -> String {
        "RSA 2048 at the service".to_owned()
    }

    fn public_key(&self) -> Result<PublicKey> {
        PublicKey::from_der(&KEY.public_key()?.to_der()?)
    }

    async fn sign(&self, data: &[u8]) -> Result<Vec<u8>> {
        KEY.sign(data).await
    }
}

struct Memory;

static MEMORY: Memory = Memory;

register_secret_resolver! {
    scheme: "memory",
    form: "memory:WHAT",
    description: "The key of this test as PEM, encrypted, or its password",
    resolver: MEMORY,
}

#[async_trait]
impl SecretResolver for Memory {
    async fn resolve(&self, reference: &SecretRef, _: &Path, _: Sensitivity) -> Result<SecretString> {
        let password = SecretString::from("correct horse");
        match reference.rest() {
            "password" => Ok(SecretString::from("correct horse\n")),
            "encrypted" => KEY.to_pkcs8_pem(Some(&password)),
            _ => KEY.to_pkcs8_pem(None),
        }
    }

    fn check(&self, _: &SecretRef) -> Result<(), String> {
        Ok(())
    }
}

async fn open(key: &str, password: Option<&str>) -> Result<Arc<dyn Signer>> {
    let password = password.map(|text| text.parse().unwrap());
    open_signer(&Context::new("people", "."), &key.parse().unwrap(), password.as_ref()).await
}

#[tokio::test]
async fn a_key_signs_the_same_wherever_it_is_kept() {
    let request = CertificateRequest { subject_cn: "test".into(), organization: None, days: 1 };
    let certificate = Certificate::self_signed(&KEY, &request, Timestamp::now()).unwrap();
    let expected = KEY.sign(b"a statement").await.unwrap();
    for (key, password, described) in [
        ("memory:plain", None, "RSA 2048"),
        ("memory:encrypted", Some("memory:password"), "RSA 2048"),
        ("service:sales", None, "RSA 2048 at the service"),
    ] {
        let signer = open(key, password).await.unwrap();
        assert_eq!(signer.describe(), described);
        assert_eq!(signer.sign(b"a statement").await.unwrap(), expected, "{key}");
        assert!(certificate.fits(signer.as_ref()), "{key}");
    }
    let other = PrivateKey::generate(2048).unwrap();
    assert!(!certificate.fits(&other));
}

#[tokio::test]
async fn a_scheme_that_nobody_knows_is_an_error_that_lists_the_known_ones() {
    assert!(key_store("service").is_some() && key_store("memory").is_none());
    let error = open("elsewhere:sales", None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Definition);
    assert!(error.help().unwrap().contains("memory:WHAT"), "{error}");
}
