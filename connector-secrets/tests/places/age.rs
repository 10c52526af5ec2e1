//! `age:` with files that the tests create.

use crate::asked::asked;
use age::armor::{ArmoredWriter, Format};
use age::secrecy::{ExposeSecret, SecretString};
use age::{Encryptor, Recipient, scrypt, x25519};
use std::fs;
use std::io::Write;
use std::iter;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

const PASSPHRASE: &str = "correct horse battery staple";

fn seal(recipient: &dyn Recipient, format: Format, path: &Path) {
    let mut sealed = Vec::new();
    let armored = ArmoredWriter::wrap_output(&mut sealed, format).unwrap();
    let mut writer = Encryptor::with_recipients(iter::once(recipient)).unwrap().wrap_output(armored).unwrap();
    writer.write_all(b"s3cret\n").unwrap();
    writer.finish().and_then(ArmoredWriter::finish).unwrap();
    fs::write(path, sealed).unwrap();
}

/// Writes an identity as `age-keygen` does.
fn write_identity(identity: &x25519::Identity, path: &Path) {
    let text = format!("# public key: {}\n{}\n", identity.to_public(), identity.to_string().expose_secret());
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_file_is_decrypted_with_the_identity_files_of_age_and_sops() {
    let folder = TempDir::new().unwrap();
    let identity = x25519::Identity::generate();
    seal(&identity.to_public(), Format::Binary, &folder.path().join("binary.age"));
    seal(&identity.to_public(), Format::AsciiArmor, &folder.path().join("text.age"));
    write_identity(&identity, &folder.path().join("keys.txt"));
    let read = |reference: &str, variables: &[(&str, &str)]| asked(reference, folder.path(), variables);
    assert!(read("age:text.age", &[]).unwrap_err().contains("AGE_IDENTITY_FILE"));
    for variable in ["AGE_IDENTITY_FILE", "SOPS_AGE_KEY_FILE"] {
        assert_eq!(read("age:binary.age", &[(variable, "keys.txt")]).unwrap(), "s3cret");
        assert_eq!(read("age:text.age", &[(variable, "keys.txt")]).unwrap(), "s3cret");
    }
    fs::create_dir_all(folder.path().join(".config/sops/age")).unwrap();
    write_identity(&identity, &folder.path().join(".config/sops/age/keys.txt"));
    assert_eq!(read("age:text.age", &[]).unwrap(), "s3cret");
}

#[test]
fn a_file_is_decrypted_with_a_passphrase() {
    let folder = TempDir::new().unwrap();
    let mut recipient = scrypt::Recipient::new(SecretString::from(PASSPHRASE));
    recipient.set_work_factor(2);
    seal(&recipient, Format::AsciiArmor, &folder.path().join("text.age"));
    let read = |variables: &[(&str, &str)]| asked("age:text.age", folder.path(), variables);
    assert_eq!(read(&[("AGE_PASSPHRASE", PASSPHRASE)]).unwrap(), "s3cret");
    assert!(read(&[]).unwrap_err().contains("`AGE_PASSPHRASE` is not set"));
    let error = read(&[("AGE_PASSPHRASE", "wrong")]).unwrap_err();
    assert!(error.contains("passphrase is wrong") && !error.contains("s3cret"), "{error}");
}

#[test]
fn a_file_that_can_not_be_decrypted_is_an_error_with_the_reason() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (identity, other) = (x25519::Identity::generate(), x25519::Identity::generate());
    write_identity(&identity, &path("keys.txt"));
    seal(&identity.to_public(), Format::Binary, &path("sealed.age"));
    seal(&other.to_public(), Format::Binary, &path("other.age"));
    fs::write(path("plain.txt"), "s3cret").unwrap();
    let sealed = fs::read(path("sealed.age")).unwrap();
    fs::write(path("cut.age"), &sealed[..sealed.len() - 4]).unwrap();
    fs::write(path("nonsense.txt"), "not an identity\n").unwrap();
    fs::set_permissions(path("nonsense.txt"), fs::Permissions::from_mode(0o600)).unwrap();

    let refused = |file: &str, identity: &str, part: &str| {
        let error = asked(&format!("age:{file}"), folder.path(), &[("AGE_IDENTITY_FILE", identity)]).unwrap_err();
        assert!(error.contains(part) && !error.contains("s3cret"), "{file}: {error}");
    };
    refused("missing.age", "keys.txt", "`missing.age` does not exist");
    refused("other.age", "keys.txt", "another identity");
    refused("plain.txt", "keys.txt", "not an age file");
    refused("cut.age", "keys.txt", "damaged");
    refused("sealed.age", "nonsense.txt", "is not usable");
    refused("sealed.age", "gone.txt", "`gone.txt` does not exist");
    fs::set_permissions(path("keys.txt"), fs::Permissions::from_mode(0o644)).unwrap();
    refused("sealed.age", "keys.txt", "chmod 600");
}
