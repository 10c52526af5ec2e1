//! Keys open in every form that is met in practice, and what is no usable key says so.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

use connector_core::{Error, ErrorKind};
use connector_keys::{Certificate, CertificateRequest, KeyAndChain, PrivateKey, Signer, pem_from_der, signing_request};
use jiff::Timestamp;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Verifier;
use openssl::symm::Cipher;
use secrecy::{ExposeSecret, SecretString};
use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::LazyLock;

const PASSWORD: &str = "marked-password-7f3a";

static RSA: LazyLock<PKey<Private>> = LazyLock::new(|| PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap());

fn open(pem: &str, password: Option<&str>) -> Result<PrivateKey, Error> {
    PrivateKey::from_pem(&SecretString::from(pem), password.map(SecretString::from).as_ref())
}

fn text(pem: Vec<u8>) -> String {
    String::from_utf8(pem).unwrap()
}

/// Everything an error can show.
fn shown(error: &Error) -> String {
    let mut all = format!("{error} {error:?} {}", error.help().unwrap_or_default());
    let mut cause = error.source();
    while let Some(inner) = cause {
        let _ = write!(all, " {inner} {inner:?}");
        cause = inner.source();
    }
    all
}

async fn signs_like(key: &PrivateKey, expected: &PKey<Private>) -> bool {
    let signature = key.sign(b"data").await.unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), expected).unwrap();
    verifier.verify_oneshot(&signature, b"data").unwrap()
}

#[tokio::test]
async fn an_rsa_key_opens_in_every_form() {
    let rsa = RSA.rsa().unwrap();
    let password = PASSWORD.as_bytes();
    let plain = [text(rsa.private_key_to_pem().unwrap()), text(RSA.private_key_to_pem_pkcs8().unwrap())];
    let encrypted = [
        text(RSA.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), password).unwrap()),
        text(RSA.private_key_to_pem_pkcs8_passphrase(Cipher::aes_128_cbc(), password).unwrap()),
        text(rsa.private_key_to_pem_passphrase(Cipher::des_ede3_cbc(), password).unwrap()),
        text(rsa.private_key_to_pem_passphrase(Cipher::aes_256_cbc(), password).unwrap()),
        text(rsa.private_key_to_pem_passphrase(Cipher::aes_128_cbc(), password).unwrap()),
    ];
    assert!(encrypted[2].contains("DEK-Info: DES-EDE3-CBC"), "the legacy form is tried");
    for pem in &plain {
        assert!(signs_like(&open(pem, None).unwrap(), &RSA).await);
        let of_windows = format!("\u{feff}{}", pem.replace('\n', "\r\n"));
        assert!(signs_like(&open(&of_windows, None).unwrap(), &RSA).await, "with line ends and a mark of Windows");
    }
    for pem in &encrypted {
        let key = open(pem, Some(PASSWORD)).unwrap_or_else(|error| panic!("{:?}: {error}", pem.lines().next()));
        assert!(signs_like(&key, &RSA).await);
    }
}

#[tokio::test]
async fn a_key_is_found_beside_its_certificate() {
    let key = open(&text(RSA.private_key_to_pem_pkcs8().unwrap()), None).unwrap();
    let request = CertificateRequest { subject_cn: "both".to_owned(), organization: None, days: 1 };
    let certificate = Certificate::self_signed(&key, &request, Timestamp::UNIX_EPOCH).unwrap().to_pem();
    let both = format!("{certificate}{}", text(RSA.private_key_to_pem_pkcs8().unwrap()));
    assert!(signs_like(&open(&both, None).unwrap(), &RSA).await);
    assert_eq!(Certificate::from_pem(&both).unwrap().subject(), "CN=both");
}

#[tokio::test]
async fn a_written_key_opens_again_with_its_password_alone() {
    let key = open(&text(RSA.private_key_to_pem_pkcs8().unwrap()), None).unwrap();
    let password = SecretString::from(PASSWORD);
    let sealed = key.to_pkcs8_pem(Some(&password)).unwrap();
    assert!(sealed.expose_secret().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    assert!(PrivateKey::from_pem(&sealed, None).is_err());
    assert!(signs_like(&PrivateKey::from_pem(&sealed, Some(&password)).unwrap(), &RSA).await);
    let bare = key.to_pkcs8_pem(None).unwrap();
    assert!(signs_like(&PrivateKey::from_pem(&bare, None).unwrap(), &RSA).await);
}

#[test]
fn a_new_key_has_the_size_that_was_asked_for() {
    assert_eq!(PrivateKey::generate(2048).unwrap().describe(), "RSA 2048");
    assert_eq!(PrivateKey::generate(1024).unwrap_err().kind(), ErrorKind::Secret);
}

/// Some wrong passwords decrypt to something that looks well at first.
#[test]
fn a_wrong_password_is_told_as_such_whatever_it_decrypts_to() {
    let sealed = RSA.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), PASSWORD.as_bytes()).unwrap();
    let sealed = text(sealed);
    for number in 0..1_000 {
        let error = open(&sealed, Some(&format!("wrong-{number}"))).unwrap_err();
        assert!(error.message().contains("password"), "{number}: {error}");
    }
}

#[test]
fn each_wrong_key_has_its_own_message_and_shows_nothing() {
    let rsa = RSA.rsa().unwrap();
    let password = PASSWORD.as_bytes();
    let pkcs8 = text(RSA.private_key_to_pem_pkcs8().unwrap());
    let sealed = text(RSA.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), password).unwrap());
    let legacy = text(rsa.private_key_to_pem_passphrase(Cipher::aes_256_cbc(), password).unwrap());
    let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let ec = PKey::from_ec_key(EcKey::generate(&curve).unwrap()).unwrap();
    let small = PKey::from_rsa(Rsa::generate(1024).unwrap()).unwrap();
    let body: String = pkcs8.lines().filter(|line| !line.starts_with("---")).collect();
    let der = String::from_utf8_lossy(&RSA.private_key_to_pkcs8().unwrap()).into_owned();
    let request = CertificateRequest { subject_cn: "cn".to_owned(), organization: None, days: 1 };
    let certificate =
        Certificate::self_signed(&open(&pkcs8, None).unwrap(), &request, Timestamp::UNIX_EPOCH).unwrap().to_pem();
    let wrong = Some("marked-wrong-password");
    let rows = [
        (sealed.clone(), None, "encrypted, but no password", "key_password_ref"),
        (legacy.clone(), None, "encrypted, but no password", "key_password_ref"),
        (sealed.clone(), Some(""), "encrypted, but no password", "key_password_ref"),
        (sealed, wrong, "bad decrypt", "key_password_ref"),
        (legacy, wrong, "bad decrypt", "key_password_ref"),
        (certificate, None, "it is a certificate", "certificate_ref"),
        (text(RSA.public_key_to_pem().unwrap()), None, "it is a public key", "private key of the pair"),
        (text(rsa.public_key_to_pem_pkcs1().unwrap()), None, "it is a public key", "private key of the pair"),
        (der, None, "binary (DER)", "openssl pkey -inform DER"),
        (body, None, "it is base64", "BEGIN PRIVATE KEY"),
        (String::new(), None, "it is empty", "BEGIN PRIVATE KEY"),
        (" \n".to_owned(), None, "it is empty", "BEGIN PRIVATE KEY"),
        ("hunter2-marked".to_owned(), None, "not PEM text", "BEGIN PRIVATE KEY"),
        (text(ec.private_key_to_pem_pkcs8().unwrap()), None, "RS256 signatures need an RSA key", "connector cert new"),
        (text(ec.ec_key().unwrap().private_key_to_pem().unwrap()), None, "an EC key", "connector cert new"),
        (text(small.private_key_to_pem_pkcs8().unwrap()), None, "1024 bits", "connector cert new"),
        (pkcs8[..pkcs8.len() / 2].to_owned(), None, "damaged", "export the key again"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n".to_owned(), None, "OpenSSH", "ssh-keygen"),
        ("PuTTY-User-Key-File-3: ssh-rsa\n".to_owned(), None, "PuTTY", "puttygen"),
    ];
    for (pem, password, part, cure) in rows {
        let error = open(&pem, password).expect_err(part);
        assert_eq!(error.kind(), ErrorKind::Secret, "{part}");
        assert!(error.message().contains(part), "{part}: {error}");
        assert!(error.help().is_some_and(|help| help.contains(cure)), "{part}: {:?}", error.help());
        let shown = shown(&error);
        assert!(!shown.contains("marked"), "{part}: {shown}");
        for line in pem.lines().filter(|line| line.len() > 40 && !line.starts_with('-')) {
            assert!(!shown.contains(line), "{part}: {shown}");
        }
    }
}

/// Not every OpenSSL can read single DES; without it the message says what to do.
#[tokio::test]
#[ignore = "needs openssl"]
async fn a_key_under_single_des_opens_or_says_how_to_convert_it() {
    let words = ["rsa", "-des", "-traditional", "-provider", "legacy", "-provider", "default"];
    match open(&made_by_openssl(&words), Some(PASSWORD)) {
        Ok(key) => assert!(signs_like(&key, &RSA).await),
        Err(error) => assert!(error.help().is_some_and(|help| help.contains("openssl pkcs8 -topk8")), "{error:?}"),
    }
}

#[test]
fn debug_output_shows_size_and_subject_alone() {
    let key = open(&text(RSA.private_key_to_pem_pkcs8().unwrap()), None).unwrap();
    assert_eq!(format!("{key:?}"), "PrivateKey(RSA 2048)");
}

/// The test key under the password, as the real `openssl` program writes it.
fn made_by_openssl(words: &[&str]) -> String {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut program = Command::new("openssl")
        .args(words)
        .args(["-passout", "env:KEY_PASSWORD"])
        .env("KEY_PASSWORD", PASSWORD)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    program.stdin.take().unwrap().write_all(&RSA.private_key_to_pem_pkcs8().unwrap()).unwrap();
    let made = program.wait_with_output().unwrap();
    assert!(made.status.success(), "openssl {}: {}", words.join(" "), made.status);
    text(made.stdout)
}

/// The library that makes the other test keys can't ask for scrypt; the command line tool can.
#[tokio::test]
#[ignore = "needs openssl"]
async fn a_key_under_scrypt_opens() {
    let pem = made_by_openssl(&["pkcs8", "-topk8", "-scrypt"]);
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    assert!(signs_like(&open(&pem, Some(PASSWORD)).unwrap(), &RSA).await);
    assert!(open(&pem, Some("wrong")).unwrap_err().message().contains("bad decrypt"));
}

#[tokio::test]
async fn a_binary_key_is_read_as_if_it_was_text() {
    let rsa = RSA.rsa().unwrap();
    let sealed = RSA.private_key_to_pkcs8_passphrase(Cipher::aes_256_cbc(), PASSWORD.as_bytes()).unwrap();
    for der in [RSA.private_key_to_pkcs8().unwrap(), rsa.private_key_to_der().unwrap(), sealed] {
        let pem = pem_from_der(&der).unwrap();
        let key = open(pem.expose_secret(), Some(PASSWORD)).unwrap();
        assert!(signs_like(&key, &RSA).await);
    }
    for neither in [&b""[..], b"0", b"text", &[0x30, 0x82, 0x01], &[0xff; 40]] {
        assert!(pem_from_der(neither).is_none(), "{neither:?}");
    }
}

#[test]
fn a_pkcs12_file_gives_its_key_and_certificate_to_those_who_know_its_password() {
    let key = open(&text(RSA.private_key_to_pem_pkcs8().unwrap()), None).unwrap();
    let request = CertificateRequest { subject_cn: "both".to_owned(), organization: None, days: 1 };
    let certificate = Certificate::self_signed(&key, &request, Timestamp::UNIX_EPOCH).unwrap();
    let x509 = openssl::x509::X509::from_pem(certificate.to_pem().as_bytes()).unwrap();
    let file = openssl::pkcs12::Pkcs12::builder().pkey(&RSA).cert(&x509).build2(PASSWORD).unwrap().to_der().unwrap();
    let pem = pem_from_der(&file).unwrap();

    let opened = KeyAndChain::from_pkcs12(&pem, Some(&SecretString::from(PASSWORD)), None).unwrap();
    assert_eq!(opened.chain.leaf().sha256(), certificate.sha256());
    assert!(certificate.fits(&opened.key));
    for (password, part) in [(None, "no"), (Some("marked-wrong"), "is wrong"), (Some("marked\0"), "NUL")] {
        let error = KeyAndChain::from_pkcs12(&pem, password.map(SecretString::from).as_ref(), None).unwrap_err();
        assert!(error.message().contains(part) && !shown(&error).contains("marked"), "{error:?}");
    }
    let as_key = open(pem.expose_secret(), Some(PASSWORD)).unwrap_err();
    assert!(as_key.help().unwrap().contains("connector cert import"), "{as_key:?}");
    let cut = pem_from_der(&file[..file.len() / 2]);
    assert!(cut.is_none(), "half a file is nothing that can be opened");
}

#[test]
fn a_signing_request_holds_the_public_key_and_is_signed_with_the_private_one() {
    let key = open(&text(RSA.private_key_to_pem_pkcs8().unwrap()), None).unwrap();
    let request = CertificateRequest { subject_cn: "svc".to_owned(), organization: Some("Acme".to_owned()), days: 1 };
    let pem = signing_request(&key, &request).unwrap();
    let made = openssl::x509::X509Req::from_pem(pem.as_bytes()).unwrap();
    assert!(made.public_key().unwrap().public_eq(&RSA) && made.verify(&RSA).unwrap());
    let names: Vec<_> = made.subject_name().entries().map(|entry| entry.data().to_string().unwrap()).collect();
    assert_eq!(names, ["svc", "Acme"]);
    assert!(Certificate::from_pem(&pem).unwrap_err().message().contains("signing request"));
}
