//! Certificates say what was asked for, and whether they belong to a key.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

use connector_core::ErrorKind;
use connector_keys::{
    Certificate, CertificateAuthority, CertificateRequest, CertificateStatus, Chain, PrivateKey, RENEW_BEFORE,
};
use jiff::Timestamp;
use openssl::x509::X509;
use openssl::x509::verify::X509VerifyFlags;
use secrecy::ExposeSecret;
use std::net::IpAddr;

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

fn request() -> CertificateRequest {
    CertificateRequest { subject_cn: "connector-acme".to_owned(), organization: Some("Acme".to_owned()), days: 365 }
}

#[test]
fn a_self_signed_certificate_says_what_was_asked_for() {
    let key = PrivateKey::generate(2048).unwrap();
    let made = Certificate::self_signed(&key, &request(), now()).unwrap();
    let certificate = Certificate::from_pem(&made.to_pem()).unwrap();
    assert_eq!(certificate.subject(), "CN=connector-acme, O=Acme");
    assert_eq!(certificate.not_before(), now());
    assert_eq!(certificate.not_after().to_string(), "2027-11-23T10:00:00Z");
    assert_eq!(certificate.sha256(), made.sha256());
    assert_eq!((certificate.sha256().len(), certificate.sha1().len()), (64, 40));
    assert_eq!(certificate.issuer(), certificate.subject());
    assert!(certificate.is_self_signed());
    assert_eq!((certificate.key(), certificate.signature_algorithm()), ("RSA 2048".into(), "RSA-SHA256".into()));
    let serial = certificate.serial();
    assert!(serial.len() == 32 && serial.starts_with(|first| ('4'..='7').contains(&first)), "positive: {serial}");

    let x509 = X509::from_pem(made.to_pem().as_bytes()).unwrap();
    assert!(x509.verify(&x509.public_key().unwrap()).unwrap());
    assert!(x509.subject_alt_names().is_none());
    assert_eq!(x509.signature_algorithm().object().to_string(), "sha256WithRSAEncryption");
    assert_eq!(x509.version(), 2);
}

#[test]
fn a_certificate_fits_its_own_key_alone() {
    let (key, other) = (PrivateKey::generate(2048).unwrap(), PrivateKey::generate(2048).unwrap());
    let certificate = Certificate::self_signed(&key, &request(), now()).unwrap();
    assert!(certificate.fits(&key));
    assert!(!certificate.fits(&other));
}

#[test]
fn two_certificates_never_have_the_same_serial() {
    let key = PrivateKey::generate(2048).unwrap();
    let serial = || {
        let pem = Certificate::self_signed(&key, &request(), now()).unwrap().to_pem();
        X509::from_pem(pem.as_bytes()).unwrap().serial_number().to_bn().unwrap().to_vec()
    };
    assert_ne!(serial(), serial());
}

#[test]
fn dates_far_away_are_read_to_the_second() {
    let key = PrivateKey::generate(2048).unwrap();
    let early: Timestamp = "1999-12-31T23:59:59Z".parse().unwrap();
    let certificate = Certificate::self_signed(&key, &CertificateRequest { days: 20_000, ..request() }, early).unwrap();
    assert_eq!(certificate.not_before(), early);
    assert_eq!(certificate.not_after().to_string(), "2054-10-03T23:59:59Z");
}

#[test]
fn what_is_no_certificate_says_what_it_is() {
    let key = PrivateKey::generate(2048).unwrap();
    let pem = key.to_pkcs8_pem(None).unwrap();
    let whole = Certificate::self_signed(&key, &request(), now()).unwrap().to_pem();
    let rows = [
        (pem.expose_secret(), "it is a private key"),
        ("", "it is empty"),
        ("garbage", "not PEM text"),
        ("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n", "signing request"),
        (&whole[..whole.len() / 2], "damaged"),
    ];
    for (text, part) in rows {
        let error = Certificate::from_pem(text).expect_err(part);
        assert_eq!(error.kind(), ErrorKind::Secret);
        assert!(error.message().contains(part), "{part}: {error}");
        assert!(error.help().is_some());
        let line = text.lines().nth(1).unwrap_or("-");
        assert!(line == "-" || line.starts_with('-') || !format!("{error:?}").contains(line), "{part}");
    }
}

#[test]
fn an_impossible_name_is_refused_with_a_cure() {
    let key = PrivateKey::generate(2048).unwrap();
    let error = Certificate::self_signed(&key, &CertificateRequest { subject_cn: "x".repeat(65), ..request() }, now())
        .unwrap_err();
    assert!(error.help().unwrap().contains("64 characters"));
}

#[test]
fn a_server_certificate_is_trusted_through_its_authority_for_its_hosts() {
    let authority = CertificateAuthority::generate("Test authority", now()).unwrap();
    let key = PrivateKey::generate(2048).unwrap();
    let issued = authority.issue_server(&["localhost", "127.0.0.1", "::1"], &key, now()).unwrap();
    assert!(issued.fits(&key));

    let root = X509::from_pem(authority.certificate().to_pem().as_bytes()).unwrap();
    let leaf = X509::from_pem(issued.to_pem().as_bytes()).unwrap();
    let mut store = openssl::x509::store::X509StoreBuilder::new().unwrap();
    store.add_cert(root).unwrap();
    store.set_flags(X509VerifyFlags::X509_STRICT).unwrap();
    let mut at_that_time = openssl::x509::verify::X509VerifyParam::new().unwrap();
    at_that_time.set_time(now().as_second() + 60);
    store.set_param(&at_that_time).unwrap();
    let store = store.build();
    let chain = openssl::stack::Stack::new().unwrap();
    let mut context = openssl::x509::X509StoreContext::new().unwrap();
    assert!(context.init(&store, &leaf, &chain, openssl::x509::X509StoreContextRef::verify_cert).unwrap());

    let names = leaf.subject_alt_names().unwrap();
    assert!(names.iter().any(|name| name.dnsname() == Some("localhost")));
    let addresses: Vec<_> = names.iter().filter_map(|name| name.ipaddress()).collect();
    for ip in ["127.0.0.1", "::1"] {
        let bytes = match ip.parse().unwrap() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        assert!(addresses.contains(&bytes.as_slice()), "{ip}");
    }
}

/// The last second of the year 9999 is how certificates say that they never end.
#[test]
fn a_certificate_without_an_end_is_not_over() {
    const LAST_SECOND: i64 = 253_402_300_799;
    let days = 10_u32;
    let now = Timestamp::from_second(LAST_SECOND - i64::from(days) * 86_400).unwrap();
    let request = CertificateRequest { subject_cn: "endless".to_owned(), organization: None, days };
    let certificate = Certificate::self_signed(&PrivateKey::generate(2048).unwrap(), &request, now).unwrap();
    assert_eq!(certificate.not_after(), Timestamp::MAX);
    assert_eq!(certificate.not_before(), now);
}

#[test]
fn the_verdict_on_a_certificate_says_what_is_wrong_and_what_to_do() {
    let (key, other) = (PrivateKey::generate(2048).unwrap(), PrivateKey::generate(2048).unwrap());
    let pem = Certificate::self_signed(&key, &request(), now()).unwrap().to_pem();
    let chain = Chain::from_pem(&pem).unwrap();
    let day = |day: i64| now() + jiff::SignedDuration::from_hours(day * 24);
    let rows = [
        (&key, day(0), CertificateStatus::Ok, "valid until 2027-11-23, matches the key"),
        (&key, day(334), CertificateStatus::Ok, "valid until"),
        (&key, day(335), CertificateStatus::Warning, "expires in 30 days (2027-11-23)"),
        (&key, day(364), CertificateStatus::Warning, "expires in 1 day (2027-11-23)"),
        (&key, day(365), CertificateStatus::Warning, "in less than a day"),
        (&key, day(366), CertificateStatus::Expired, "expired on 2027-11-23"),
        (&key, day(-1), CertificateStatus::Broken, "not valid before 2026-11-23"),
        (&other, day(0), CertificateStatus::Broken, "does not match the private key"),
    ];
    for (key, at, status, part) in rows {
        let verdict = chain.judge(Some(key), at, RENEW_BEFORE, "acme");
        assert_eq!(verdict.status, status, "{part}: {verdict:?}");
        assert!(verdict.detail.contains(part), "{part}: {verdict:?}");
        assert_eq!(verdict.help.is_none(), status == CertificateStatus::Ok, "{part}");
    }
    let verdict = chain.judge(None, day(0), RENEW_BEFORE, "acme");
    assert!(!verdict.detail.contains("matches"), "what is not known is not said: {verdict:?}");
}

#[test]
fn a_certificate_with_a_stranger_behind_it_is_no_sound_chain() {
    let authority = CertificateAuthority::generate("Test authority", now()).unwrap();
    let key = PrivateKey::generate(2048).unwrap();
    let issued = authority.issue_server(&["localhost"], &key, now()).unwrap();
    let own = Certificate::self_signed(&key, &request(), now()).unwrap();
    let chain =
        |parts: &[&Certificate]| Chain::from_pem(&parts.iter().map(|part| part.to_pem()).collect::<String>()).unwrap();
    assert!(chain(&[&issued, authority.certificate()]).flaws(now()).is_empty());
    let strange = chain(&[&issued, &own]);
    assert!(strange.flaws(now())[0].contains("did not issue"), "{:?}", strange.flaws(now()));
    let verdict = strange.judge(Some(&key), now(), RENEW_BEFORE, "acme");
    assert_eq!(verdict.status, CertificateStatus::Warning);

    let found = Chain::for_key(vec![authority.certificate().clone(), issued.clone()], &key).unwrap();
    assert_eq!(found.leaf().sha256(), issued.sha256());
    assert_eq!(found.issuers().len(), 1);
}
