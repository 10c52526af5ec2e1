//! Files that the real `openssl` program makes open, or say what to do.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

use connector_core::{Error, ErrorKind, Result};
use connector_keys::{Certificate, Chain, KeyAndChain, PrivateKey, pem_from_der};
use secrecy::{ExposeSecret, SecretString};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const PASSWORD: &str = "marked-password-7f3a";

/// A folder with `plain.pem`, a key, and `leaf.crt`, its certificate.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out plain.pem")
        && run(folder.path(), "req -x509 -new -key plain.pem -subj /CN=leaf -days 30 -out leaf.crt");
    assert!(made, "`openssl` makes a key and a certificate");
    folder
}

/// Runs `openssl` with these words; `PASS` stands for the password. It gets no terminal to ask on.
fn run(folder: &Path, words: &str) -> bool {
    let words = words.split(' ').map(|word| if word == "PASS" { "env:KEY_PASSWORD" } else { word });
    Command::new("openssl")
        .args(words)
        .env("KEY_PASSWORD", PASSWORD)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What a file holds, as a secret ref gives it.
fn read(folder: &Path, file: &str) -> SecretString {
    let bytes = fs::read(folder.join(file)).unwrap();
    pem_from_der(&bytes).unwrap_or_else(|| SecretString::from(String::from_utf8(bytes).unwrap()))
}

fn open(folder: &Path, file: &str) -> Result<PrivateKey> {
    PrivateKey::from_pem(&read(folder, file), Some(&SecretString::from(PASSWORD)))
}

/// Opens the key of each family, which must be the key of `leaf.crt`.
fn each_opens(families: &[(&str, &str)], or_says: Option<&str>) {
    let folder = folder();
    let folder = folder.path();
    let certificate = Certificate::from_pem(read(folder, "leaf.crt").expose_secret()).unwrap();
    for (name, words) in families {
        assert!(run(folder, &format!("{words} -in plain.pem -out made")), "this `openssl` makes no {name}");
        match open(folder, "made") {
            Ok(key) => assert!(certificate.fits(&key), "{name}"),
            Err(error) => refuses(name, &error, or_says),
        }
        let wrong = SecretString::from("marked-wrong-password");
        let text = read(folder, "made");
        if PrivateKey::is_encrypted(&text) {
            for (password, part) in [(Some(&wrong), "password"), (None, "no password was given")] {
                let error = PrivateKey::from_pem(&text, password).expect_err(name);
                let expected = error.message().contains(part) || or_says.is_some();
                assert!(expected && !error.to_string().contains("marked"), "{name}: {error}");
            }
        }
    }
}

fn refuses(name: &str, error: &Error, with: Option<&str>) {
    assert_eq!(error.kind(), ErrorKind::Secret, "{name}");
    assert!(with.is_some_and(|cure| error.help().unwrap_or_default().contains(cure)), "{name}: {error:?}");
}

#[test]
#[ignore = "needs openssl"]
fn unencrypted_keys_open() {
    each_opens(
        &[
            ("PKCS#8", "pkcs8 -topk8 -nocrypt"),
            ("PKCS#1", "rsa -traditional"),
            ("PKCS#1 of OpenSSL 1.1", "rsa"),
            ("PKCS#8 DER", "pkcs8 -topk8 -nocrypt -outform DER"),
            ("PKCS#1 DER", "rsa -traditional -outform DER"),
        ],
        None,
    );
}

#[test]
#[ignore = "needs openssl"]
fn keys_under_every_common_cipher_open() {
    each_opens(
        &[
            ("PKCS#8 AES-128", "pkcs8 -topk8 -v2 aes128 -passout PASS"),
            ("PKCS#8 AES-192", "pkcs8 -topk8 -v2 aes192 -passout PASS"),
            ("PKCS#8 AES-256", "pkcs8 -topk8 -v2 aes256 -passout PASS"),
            ("PKCS#8 AES-256, SHA-1", "pkcs8 -topk8 -v2 aes256 -v2prf hmacWithSHA1 -passout PASS"),
            ("PKCS#8 AES-256, SHA-512", "pkcs8 -topk8 -v2 aes256 -v2prf hmacWithSHA512 -passout PASS"),
            ("PKCS#8 triple DES", "pkcs8 -topk8 -v2 des3 -passout PASS"),
            ("PKCS#8 triple DES of PKCS#12", "pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout PASS"),
            ("PKCS#8 scrypt", "pkcs8 -topk8 -scrypt -passout PASS"),
            ("PKCS#8 AES-256 DER", "pkcs8 -topk8 -v2 aes256 -passout PASS -outform DER"),
            ("PKCS#8 scrypt DER", "pkcs8 -topk8 -scrypt -passout PASS -outform DER"),
            ("PKCS#8 triple DES DER", "pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout PASS -outform DER"),
            ("legacy AES-128", "rsa -traditional -aes128 -passout PASS"),
            ("legacy AES-192", "rsa -traditional -aes192 -passout PASS"),
            ("legacy AES-256", "rsa -traditional -aes256 -passout PASS"),
            ("legacy triple DES", "rsa -traditional -des3 -passout PASS"),
        ],
        None,
    );
}

/// Ciphers that some builds of OpenSSL leave out: then the message says how to convert the key.
#[test]
#[ignore = "needs openssl"]
fn keys_under_a_cipher_that_may_be_missing_open_or_say_how_to_convert_them() {
    each_opens(
        &[
            ("PKCS#8 Camellia", "pkcs8 -topk8 -v2 camellia256 -passout PASS"),
            ("PKCS#8 ARIA", "pkcs8 -topk8 -v2 aria256 -passout PASS"),
            ("PKCS#8 single DES", "pkcs8 -topk8 -v1 PBE-MD5-DES -provider legacy -provider default -passout PASS"),
            ("PKCS#8 RC2", "pkcs8 -topk8 -v1 PBE-SHA1-RC2-40 -provider legacy -provider default -passout PASS"),
            ("PKCS#8 RC4", "pkcs8 -topk8 -v1 PBE-SHA1-RC4-128 -provider legacy -provider default -passout PASS"),
            ("legacy Camellia", "rsa -traditional -camellia256 -passout PASS"),
            ("legacy single DES", "rsa -traditional -des -provider legacy -provider default -passout PASS"),
        ],
        Some("openssl pkcs8 -topk8"),
    );
}

#[test]
#[ignore = "needs openssl"]
fn what_is_no_rsa_key_of_2048_bits_is_refused_with_a_cure() {
    let folder = folder();
    let folder = folder.path();
    for (name, words, part, cure) in [
        ("EC", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out made", "an EC key", "cert new"),
        (
            "EC DER",
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -outform DER -out made",
            "an EC key",
            "cert new",
        ),
        ("SEC 1", "ecparam -name prime256v1 -genkey -noout -out made", "an EC key", "cert new"),
        ("Ed25519", "genpkey -algorithm ED25519 -out made", "Ed25519", "cert new"),
        ("RSA-PSS", "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out made", "RSA-PSS", "cert new"),
        ("RSA 1024", "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out made", "1024 bits", "cert new"),
        ("public", "pkey -in plain.pem -pubout -out made", "a public key", "private key of the pair"),
        ("public DER", "pkey -in plain.pem -pubout -outform DER -out made", "a public key", "private key of the pair"),
        ("certificate DER", "x509 -in leaf.crt -outform DER -out made", "a certificate", "certificate_ref"),
        ("request DER", "req -new -key plain.pem -subj /CN=x -outform DER -out made", "signing request", "PRIVATE KEY"),
        (
            "PKCS#12",
            "pkcs12 -export -inkey plain.pem -in leaf.crt -passout PASS -out made",
            "a PKCS#12 file",
            "connector cert import",
        ),
        ("PKCS#7", "crl2pkcs7 -nocrl -certfile leaf.crt -outform DER -out made", "PKCS#7", "PRIVATE KEY"),
    ] {
        assert!(run(folder, words), "this `openssl` makes no {name}");
        let error = open(folder, "made").expect_err(name);
        assert!(error.message().contains(part), "{name}: {error}");
        assert!(error.help().is_some_and(|help| help.contains(cure)), "{name}: {:?}", error.help());
    }
}

#[test]
#[ignore = "needs openssl"]
fn pkcs12_files_open_or_say_how_to_convert_them() {
    let folder = folder();
    let folder = folder.path();
    let export = "pkcs12 -export -inkey plain.pem -in leaf.crt -passout PASS -out made";
    let certificate = Certificate::from_pem(read(folder, "leaf.crt").expose_secret()).unwrap();
    let password = SecretString::from(PASSWORD);
    for (name, more, may_fail) in [
        ("of OpenSSL 3", "", false),
        ("AES-128", " -keypbe AES-128-CBC -certpbe AES-128-CBC", false),
        ("triple DES", " -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1", false),
        ("with a certificate in the clear", " -certpbe NONE", false),
        ("of OpenSSL 1.1", " -legacy", true),
    ] {
        assert!(run(folder, &format!("{export}{more}")), "this `openssl` makes no PKCS#12 file {name}");
        let text = read(folder, "made");
        assert!(KeyAndChain::is_pkcs12(&text), "{name}");
        match KeyAndChain::from_pkcs12(&text, Some(&password), None) {
            Ok(opened) => {
                assert!(certificate.fits(&opened.key), "{name}");
                assert_eq!(opened.chain.leaf().sha256(), certificate.sha256(), "{name}");
            }
            Err(error) => {
                assert!(may_fail && error.help().unwrap().contains("openssl pkcs12 -legacy"), "{name}: {error:?}");
            }
        }
        let error = KeyAndChain::from_pkcs12(&text, Some(&SecretString::from("marked-wrong")), None).expect_err(name);
        assert!(may_fail || error.message().contains("password of the PKCS#12 file is wrong"), "{name}: {error:?}");
        let error = KeyAndChain::from_pkcs12(&text, None, None).expect_err(name);
        assert!(may_fail || error.help().unwrap().contains("--password-ref"), "{name}: {error:?}");
    }
    assert!(run(folder, "pkcs12 -export -nokeys -in leaf.crt -passout PASS -out made"));
    let error = KeyAndChain::from_pkcs12(&read(folder, "made"), Some(&password), None).unwrap_err();
    assert!(error.message().contains("contains no private key"), "{error}");
}

#[test]
#[ignore = "needs openssl"]
fn a_chain_of_an_authority_is_put_in_order_and_a_wrong_one_is_told() {
    let folder = folder();
    let folder = folder.path();
    let authority = "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign -days 30";
    fs::write(folder.join("ca.ext"), "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n").unwrap();
    for words in [
        format!("req -x509 -newkey rsa:2048 -nodes -keyout root.key -subj /CN=root -out root.crt {authority}"),
        "req -new -newkey rsa:2048 -nodes -keyout middle.key -subj /CN=middle -out middle.csr".to_owned(),
        "x509 -req -in middle.csr -CA root.crt -CAkey root.key -CAcreateserial -days 30 -extfile ca.ext -out middle.crt"
            .to_owned(),
        "req -new -key plain.pem -subj /CN=service -out service.csr".to_owned(),
        "x509 -req -in service.csr -CA middle.crt -CAkey middle.key -CAcreateserial -days 30 -out service.crt".to_owned(),
    ] {
        assert!(run(folder, &words), "{words}");
    }
    let pem = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let (service, middle, root) = (pem("service.crt"), pem("middle.crt"), pem("root.crt"));
    let now = jiff::Timestamp::now();
    let flaws = |parts: &[&String]| {
        Chain::from_pem(&parts.iter().map(|part| part.as_str()).collect::<String>()).unwrap().flaws(now)
    };
    for sound in [&[&service][..], &[&service, &middle], &[&service, &middle, &root]] {
        assert!(flaws(sound).is_empty(), "{:?}", flaws(sound));
    }
    assert!(flaws(&[&service, &root, &middle])[0].contains("order is wrong"));
    assert!(flaws(&[&service, &root])[0].contains("issuer is missing"));
    let leaf = pem("leaf.crt");
    assert!(flaws(&[&service, &leaf])[0].contains("did not issue"));
    let later = now + jiff::ToSpan::hours(24 * 31);
    let expired = Chain::from_pem(&format!("{service}{middle}")).unwrap().flaws(later);
    assert!(expired[0].contains("`CN=middle` expired"), "{expired:?}");

    let mixed = [&root, &leaf, &middle, &service].map(|pem| Certificate::from_pem(pem).unwrap());
    let key = open(folder, "plain.pem").unwrap();
    let chain = Chain::for_key(mixed[..1].iter().chain(&mixed[2..]).cloned().collect(), &key).unwrap();
    let subjects: Vec<_> = chain.issuers().iter().map(Certificate::subject).collect();
    assert_eq!((chain.leaf().subject().as_str(), subjects), ("CN=service", vec!["CN=middle".into(), "CN=root".into()]));
    let foreign = Chain::for_key(vec![mixed[0].clone()], &key).unwrap_err();
    assert!(foreign.message().contains("`CN=root`") || foreign.message().contains("(CN=root)"), "{foreign}");
}
