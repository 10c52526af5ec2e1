//! Key files as people export them, on the command line: each command says what a file is and how to get the key out of it.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod binary;
#[path = "../../connector-keys/tests/several_keys/mod.rs"]
mod several_keys;

use binary::{command, run, said, text};
use connector_keys::{Certificate, CertificateRequest, PrivateKey};
use jiff::Timestamp;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::PKey;
use openssl::x509::X509;
use secrecy::ExposeSecret;
use serde_json::Value;
use several_keys::joined;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

const PASSWORD: &str = "marked-password-7f3a";

fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["init"]).status.success());
    folder
}

/// A PKCS#12 file with one key of this name, and its certificate.
fn pkcs12(name: &str) -> (Vec<u8>, Certificate) {
    let key = PrivateKey::generate(2048).unwrap();
    let request = CertificateRequest { subject_cn: name.to_owned(), organization: None, days: 90 };
    let certificate = Certificate::self_signed(&key, &request, Timestamp::now()).unwrap();
    let pkey = PKey::private_key_from_pem(key.to_pkcs8_pem(None).unwrap().expose_secret().as_bytes()).unwrap();
    let x509 = X509::from_pem(certificate.to_pem().as_bytes()).unwrap();
    let file = Pkcs12::builder().name(name).pkey(&pkey).cert(&x509).build2(PASSWORD).unwrap();
    (file.to_der().unwrap(), certificate)
}

fn write_private(file: &Path, content: &[u8]) {
    fs::write(file, content).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn what_is_exported_instead_of_a_key_is_named_by_every_command_with_the_way_out_of_it() {
    let folder = project();
    let folder = folder.path();
    let source = "connector: salesforce\nauth:\n  grant_type: jwt_bearer\n  token_url: https://localhost:1/services/oauth2/token\n  \
                  issuer: a\n  subject: b\n  audience: https://localhost:1\n  key_ref: \"file:secrets/the export\"\n";
    fs::write(folder.join("sources/prod.yaml"), source).unwrap();
    let file = folder.join("secrets/the export");
    for (content, what, way) in [
        (
            &b"\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00"[..],
            "a Java keystore (JKS)",
            "keytool -importkeystore -srckeystore 'secrets/the export'",
        ),
        (b"\xff\xfe-\x00-\x00-\x00-\x00-\x00B\x00E\x00", "UTF-16", "save it as UTF-8"),
        (b"\xce\xce\xce\xce\x00\x00\x00\x02", "a Java keystore (JCEKS)", "-srcstoretype JCEKS"),
        (b"PK\x03\x04\xff", "a ZIP archive", "unpack it"),
    ] {
        write_private(&file, content);
        for arguments in [
            &["cert", "import", "new", "secrets/the export"][..],
            &["cert", "show", "secrets/the export"],
            &["test", "prod"],
        ] {
            let output = run(folder, arguments);
            // Lines may be wrapped anywhere between words.
            let said = said(&output).split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(!output.status.success(), "{arguments:?}: {said}");
            assert!(said.contains(what) && said.contains(way), "{arguments:?}: {said}");
            assert!(!said.contains("FILE"), "{arguments:?}: {said}");
        }
    }
    let left: Vec<_> = fs::read_dir(folder.join("secrets")).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing was imported");
}

#[test]
fn of_several_keys_in_a_file_the_named_one_is_imported_and_without_a_name_none() {
    let folder = project();
    let folder = folder.path();
    let ((first, _), (second, wanted)) = (pkcs12("old_site"), pkcs12("salesforce_jwt"));
    fs::write(folder.join("all.p12"), joined(&[first, second], PASSWORD)).unwrap();
    let import = |more: &[&str]| {
        let arguments = [&["cert", "import", "prod", "all.p12", "--password-ref", "env:KEY_PASSWORD"], more].concat();
        command(folder, &arguments).env("KEY_PASSWORD", PASSWORD).output().unwrap()
    };
    let nameless = import(&[]);
    let why = said(&nameless);
    assert_eq!(nameless.status.code(), Some(2), "{why}");
    for part in ["2 private keys", "`old_site`", "`salesforce_jwt`", "--key-name"] {
        assert!(why.contains(part), "{part}: {why}");
    }
    let unknown = import(&["--key-name", "salesforce"]);
    assert_eq!(unknown.status.code(), Some(2), "{}", said(&unknown));
    assert!(said(&unknown).contains("`salesforce_jwt`"), "{}", said(&unknown));
    assert!(!folder.join("secrets/prod.key").exists());

    let named = import(&["--key-name", "salesforce_jwt", "--output", "json"]);
    assert!(named.status.success(), "{}", said(&named));
    let shown: Value = serde_json::from_str(&text(&named.stdout)).unwrap();
    assert_eq!(shown["sha256"], wanted.sha256());
    let key = fs::read_to_string(folder.join("secrets/prod.key")).unwrap();
    assert!(wanted.fits(&PrivateKey::from_pem(&key.into(), None).unwrap()));
}

#[test]
fn a_pipe_or_device_in_place_of_a_key_file_ends_neither_import_nor_show() {
    let folder = project();
    let folder = folder.path();
    assert!(std::process::Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success());
    for name in ["pipe", "/dev/zero"] {
        let output = run(folder, &["cert", "import", "prod", name]);
        assert!(said(&output).contains("is not a key or certificate"), "{}", said(&output));
        assert_eq!(output.status.code(), Some(1));
        let output = run(folder, &["cert", "show", name]);
        assert_ne!(output.status.code(), Some(0), "{}", said(&output));
    }
}
