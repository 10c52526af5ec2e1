//! Keys and certificates as people really have them: each form opens, or the error names it.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod several_keys;

use connector_core::ErrorKind;
use connector_keys::{
    Certificate, CertificateRequest, Chain, KeyAndChain, PrivateKey, Signer, pem_from_der, secret_text,
};
use jiff::Timestamp;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::symm::Cipher;
use secrecy::{ExposeSecret, SecretString};
use several_keys::joined;
use std::sync::LazyLock;

const PASSWORD: &str = "marked-password-7f3a";

static RSA: LazyLock<PKey<Private>> = LazyLock::new(|| PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap());

/// The same key in its forms: the older one, PKCS#8, encrypted, and encrypted with the two older ciphers.
fn keys() -> Vec<String> {
    let (rsa, password) = (RSA.rsa().unwrap(), PASSWORD.as_bytes());
    let pems = [
        rsa.private_key_to_pem().unwrap(),
        RSA.private_key_to_pem_pkcs8().unwrap(),
        RSA.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), password).unwrap(),
        rsa.private_key_to_pem_passphrase(Cipher::aes_256_cbc(), password).unwrap(),
        rsa.private_key_to_pem_passphrase(Cipher::des_ede3_cbc(), password).unwrap(),
    ];
    pems.into_iter().map(|pem| String::from_utf8(pem).unwrap()).collect()
}

fn lines(pem: &str, change: impl Fn(&str) -> String) -> String {
    pem.lines().map(|line| change(line) + "\n").collect()
}

/// The text as a program or a person passes it on, by the name of the form.
fn forms(pem: &str) -> Vec<(&'static str, String)> {
    let base64 = openssl::base64::encode_block(pem.as_bytes());
    let escaped = pem.replace('\n', "\\n");
    let wrapped: Vec<_> = base64.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    vec![
        ("line breaks written as \\n", escaped.clone()),
        ("the same in double quotes", format!("\"{escaped}\"")),
        ("the same in single quotes", format!("'{escaped}'")),
        ("the same with those of Windows", pem.replace('\n', "\\r\\n")),
        ("escaped twice", pem.replace('\n', "\\\\n")),
        (
            "a member of a JSON object",
            format!("{{\"type\": \"x\", \"private_key\": \"{}\"}}", escaped.replace('/', "\\/")),
        ),
        ("a JSON text of Java", escaped.replace('=', "\\u003d").replace('+', "\\u002b")),
        ("a line of an .env file", format!("export KEY=\"{escaped}\"\n")),
        ("joined by blanks", pem.replace('\n', " ")),
        ("joined by tabs", pem.replace('\n', "\t")),
        ("joined by nothing", pem.replace('\n', "")),
        ("without any blank", pem.replace(['\n', ' '], "")),
        ("indented", lines(pem, |line| format!("    {line}"))),
        ("with blanks at the ends", lines(pem, |line| format!("{line}  "))),
        ("with an empty line between", lines(pem, |line| format!("{line}\n"))),
        ("line ends of an old Mac", pem.replace('\n', "\r")),
        ("quoted in a mail", lines(pem, |line| format!("> {line}"))),
        ("with no-break spaces", lines(pem, |line| format!("\u{a0}{line}\u{200b}"))),
        ("with the dashes of a word processor", pem.replace("-----", "\u{2014}\u{2013}")),
        ("base64 of the PEM", base64.clone()),
        ("base64 in lines", wrapped.join("\n") + "\n"),
        ("base64 for URLs", base64.replace('+', "-").replace('/', "_").replace('=', "")),
        ("base64 with a mark", openssl::base64::encode_block(format!("\u{feff}{pem}").as_bytes())),
        ("in a URL", pem.replace('+', "%2B").replace('=', "%3D").replace('\n', "%0A").replace(' ', "%20")),
        ("in a form", pem.replace('+', "%2B").replace('=', "%3d").replace('\n', "%0a").replace(' ', "+")),
    ]
}

#[test]
fn a_key_opens_in_every_form_in_which_it_is_passed_on() {
    let expected = PKey::public_key_from_der(&RSA.public_key_to_der().unwrap()).unwrap();
    let password = SecretString::from(PASSWORD);
    for pem in keys() {
        for (form, text) in forms(&pem) {
            // The blanks of its headers are part of the older encrypted form.
            if form == "without any blank" && pem.contains("DEK-Info") {
                continue;
            }
            let text = SecretString::from(text);
            assert!(PrivateKey::is_in(&text), "{form}: {}", pem.lines().next().unwrap());
            assert_eq!(PrivateKey::is_encrypted(&text), pem.contains("ENCRYPTED"), "{form}");
            let key = PrivateKey::from_pem(&text, Some(&password))
                .unwrap_or_else(|error| panic!("{form}: {}: {error}", pem.lines().next().unwrap()));
            let own = PKey::public_key_from_der(&key.public_key().unwrap().to_der().unwrap()).unwrap();
            assert!(own.public_eq(&expected), "{form}");
        }
    }
}

#[test]
fn a_certificate_opens_in_the_same_forms() {
    let key = PrivateKey::from_pem(&SecretString::from(keys()[1].as_str()), None).unwrap();
    let request = CertificateRequest { subject_cn: "forms".to_owned(), organization: None, days: 1 };
    let pem = Certificate::self_signed(&key, &request, Timestamp::UNIX_EPOCH).unwrap().to_pem();
    for (form, text) in forms(&pem) {
        if form == "without any blank" {
            continue;
        }
        assert!(Certificate::is_in(&text), "{form}");
        assert_eq!(Chain::from_pem(&text).unwrap().leaf().subject(), "CN=forms", "{form}");
    }
    let both = format!("{pem}{}", keys()[1]);
    for (form, text) in forms(&both) {
        if form != "without any blank" {
            assert!(
                Chain::from_pem(&text).is_ok() && PrivateKey::from_pem(&SecretString::from(text), None).is_ok(),
                "{form}"
            );
        }
    }
}

#[test]
fn a_damaged_key_stays_damaged_in_every_form() {
    let whole = &keys()[1];
    let middle = whole.len() / 2;
    let cut = format!("{}\n-----END PRIVATE KEY-----\n", &whole[..middle]);
    let torn = whole[..middle].to_owned();
    let foreign = whole.replace("\n-----END", "\n!?\n-----END");
    for pem in [cut, torn, foreign] {
        for (form, text) in forms(&pem) {
            let error = PrivateKey::from_pem(&SecretString::from(text), None).expect_err(form);
            assert_eq!(error.kind(), ErrorKind::Secret, "{form}");
            let shown = format!("{error:?} {:?}", error.help());
            assert!(!whole.lines().any(|line| line.len() == 64 && shown.contains(line)), "{form}: {shown}");
        }
    }
}

#[test]
fn what_is_exported_instead_of_a_key_is_named_with_the_way_out_of_it() {
    for (bytes, what, way) in [
        (
            &b"\xfe\xed\xfe\xed\x00\x00\x00\x02"[..],
            "a Java keystore (JKS)",
            "keytool -importkeystore -srckeystore FILE",
        ),
        (b"\xce\xce\xce\xce\x00\x00\x00\x02", "a Java keystore (JCEKS)", "-srcstoretype JCEKS"),
        (b"\x1e\xf1\xb5\xb0\xff", "a Microsoft private key (PVK)", "openssl rsa -inform PVK"),
        (b"SQLite format 3\0\xff", "a database", "pk12util"),
        (b"PK\x03\x04\xff", "a ZIP archive", "unpack"),
        (b"\x1f\x8b\x08\xff", "compressed", "gunzip"),
        (b"\xff\xfep\0w\0", "UTF-16", "PowerShell"),
        (b"\xffjunk", "neither text nor", "PEM or DER"),
    ] {
        let error = secret_text(bytes.to_vec(), "the file `x`").unwrap_err();
        assert!(error.message().starts_with("the file `x` is ") && error.message().contains(what), "{error}");
        assert!(error.help().unwrap().contains(way), "{what}: {:?}", error.help());
    }
    for (text, what) in [
        ("{\"kty\": \"RSA\", \"d\": \"x\"}", "JSON Web Key"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----\nx\n-----END PGP PRIVATE KEY BLOCK-----", "PGP key"),
    ] {
        let error = PrivateKey::from_pem(&SecretString::from(text), None).unwrap_err();
        assert!(error.message().contains(what), "{error}");
    }
}

#[test]
fn a_byte_order_mark_is_not_part_of_a_password() {
    let text = secret_text(b"\xef\xbb\xbfPassw0rd\r\n".to_vec(), "x").unwrap();
    assert_eq!(text.expose_secret(), "Passw0rd\r\n");
    assert!(secret_text(b"\xef\xbb\xbf\r\n".to_vec(), "x").is_err());
}

#[test]
fn a_password_with_something_at_its_end_is_named_but_not_shown() {
    let sealed = SecretString::from(keys()[2].as_str());
    for (end, what) in
        [("\"", "a quote"), (" ", "a blank"), ("\u{200b}", "an invisible character"), ("\u{a0}", "a blank")]
    {
        let password = SecretString::from(format!("{PASSWORD}{end}"));
        let error = PrivateKey::from_pem(&sealed, Some(&password)).unwrap_err();
        let help = error.help().unwrap();
        assert!(help.contains(what) && !format!("{error:?}{help}").contains("marked"), "{help}");
    }
    let error = PrivateKey::from_pem(&sealed, Some(&SecretString::from("other"))).unwrap_err();
    assert!(!error.help().unwrap().contains("ends with"), "{error:?}");
}

fn pkcs12(name: &str) -> (Vec<u8>, String) {
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let opened =
        PrivateKey::from_pem(&String::from_utf8(key.private_key_to_pem_pkcs8().unwrap()).unwrap().into(), None)
            .unwrap();
    let request = CertificateRequest { subject_cn: format!("cn-{name}"), organization: None, days: 9 };
    let pem = Certificate::self_signed(&opened, &request, Timestamp::now()).unwrap().to_pem();
    let certificate = openssl::x509::X509::from_pem(pem.as_bytes()).unwrap();
    let mut builder = openssl::pkcs12::Pkcs12::builder();
    let file = builder.name(name).pkey(&key).cert(&certificate).build2(PASSWORD).unwrap();
    (file.to_der().unwrap(), pem)
}

#[test]
fn a_pkcs12_file_with_several_keys_asks_which_one_by_name() {
    let password = SecretString::from(PASSWORD);
    let files = [pkcs12("old_site"), pkcs12("salesforce_jwt"), pkcs12("old_site")].map(|(file, _)| file);
    let open = |files: &[Vec<u8>], name: Option<&str>| {
        let text = pem_from_der(&joined(files, PASSWORD)).unwrap();
        KeyAndChain::from_pkcs12(&text, Some(&password), name)
    };
    let error = open(&files[..2], None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Definition);
    assert!(error.message().contains("2 private keys: `old_site`, `salesforce_jwt`"), "{error}");
    assert!(error.help().unwrap().contains("--key-name"), "{error:?}");
    for (name, subject) in
        [("old_site", "CN=cn-old_site"), ("salesforce_jwt", "CN=cn-salesforce_jwt"), ("#3", "CN=cn-old_site")]
    {
        let opened = open(&files, Some(name)).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(opened.chain.leaf().subject(), subject, "{name}");
        assert!(opened.chain.leaf().fits(&opened.key), "{name}");
    }
    let error = open(&files, Some("salesforce")).unwrap_err();
    assert!(error.help().unwrap().contains("`#3`"), "{error:?}");
    // One key needs no name; a right one does no harm.
    assert!(open(&files[..1], None).is_ok() && open(&files[..1], Some("old_site")).is_ok());
    assert!(open(&files[..1], Some("other")).is_err());
    let wrong = KeyAndChain::from_pkcs12(
        &pem_from_der(&joined(&files, PASSWORD)).unwrap(),
        Some(&SecretString::from("wrong")),
        Some("old_site"),
    );
    assert!(wrong.unwrap_err().message().contains("password"));
}
