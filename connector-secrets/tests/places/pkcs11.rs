//! `pkcs11:` against tokens of SoftHSM.

use connector_core::{Context, Error, Result, SecretRef};
use connector_keys::{Certificate, PublicKey, Signer, open_signer};
use connector_sandbox_softhsm::{SoftHsm, Token};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Verifier;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use tempfile::TempDir;

const PIN: &str = "864213";

/// A project with the PIN in the file `pin`.
struct Project {
    folder: TempDir,
    hsm: SoftHsm,
}

impl Project {
    fn new(hsm: SoftHsm) -> Self {
        let project = Self { folder: TempDir::new().unwrap(), hsm };
        project.write_pin(PIN);
        project
    }

    fn write_pin(&self, pin: &str) {
        fs::write(self.folder.path().join("pin"), format!("{pin}\n")).unwrap();
    }

    async fn open(&self, uri: &str) -> Result<Arc<dyn Signer>> {
        self.open_with(uri, Some("memory:pin")).await
    }

    async fn open_with(&self, uri: &str, pin: Option<&str>) -> Result<Arc<dyn Signer>> {
        let key: SecretRef = format!("pkcs11:{uri}?module-path={}", self.hsm.module().display()).parse().unwrap();
        let pin: Option<SecretRef> = pin.map(|reference| reference.parse().unwrap());
        open_signer(&Context::new("people", self.folder.path()), &key, pin.as_ref()).await
    }

    async fn refusal(&self, uri: &str) -> String {
        message(&self.open(uri).await.unwrap_err())
    }
}

fn message(error: &Error) -> String {
    format!("{}: {error}; {}", error.kind().name(), error.help().unwrap_or_default())
}

fn verifies(key: &PublicKey, data: &[u8], signature: &[u8]) -> bool {
    let key = PKey::public_key_from_der(&key.to_der().unwrap()).unwrap();
    Verifier::new(MessageDigest::sha256(), &key).unwrap().verify_oneshot(signature, data).unwrap()
}

/// Reads files of the project.
mod memory {
    use connector_core::{Result, SecretRef, SecretResolver, Sensitivity};
    use secrecy::SecretString;
    use std::path::Path;

    struct Memory;

    static MEMORY: Memory = Memory;

    connector_core::register_secret_resolver! {
        scheme: "memory",
        form: "memory:NAME",
        description: "A file of the test",
        resolver: MEMORY,
    }

    #[async_trait::async_trait]
    impl SecretResolver for Memory {
        async fn resolve(&self, reference: &SecretRef, project: &Path, _: Sensitivity) -> Result<SecretString> {
            Ok(SecretString::from(std::fs::read_to_string(project.join(reference.rest())).unwrap()))
        }

        fn check(&self, _: &SecretRef) -> Result<(), String> {
            Ok(())
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs SoftHSM"]
async fn a_key_in_a_token_signs_and_is_compared_with_its_certificate() {
    let Some(hsm) = SoftHsm::enter("pkcs11::a_key_in_a_token_signs_and_is_compared_with_its_certificate", "ALL") else {
        return;
    };
    let token = Token::make(&hsm, "iga token", PIN);
    let key = token.make_rsa("sales", &[1], 2048);
    let other = token.make_rsa("other", &[2], 2048);
    let project = Project::new(hsm);
    let signer = project.open("token=iga%20token;object=sales;type=private").await.unwrap();
    assert_eq!(signer.describe(), "RSA 2048 in the token `iga token`");
    assert_eq!(signer.algorithm(), "RS256");
    let signature = signer.sign(b"a statement").await.unwrap();
    assert!(verifies(&key, b"a statement", &signature) && !verifies(&other, b"a statement", &signature));

    let certificate = Certificate::from_pem(&Token::certificate_for(&key, 30)).unwrap();
    assert!(certificate.fits(&*signer));
    assert!(!certificate.fits(&*project.open("token=iga%20token;id=%02").await.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs SoftHSM"]
async fn a_token_that_can_not_compute_digests_still_signs() {
    let name = "pkcs11::a_token_that_can_not_compute_digests_still_signs";
    let Some(hsm) = SoftHsm::enter(name, "-CKM_SHA256_RSA_PKCS") else { return };
    let key = Token::make(&hsm, "iga", PIN).make_rsa("sales", &[1], 2048);
    let signer = Project::new(hsm).open("token=iga;object=sales").await.unwrap();
    assert!(verifies(&key, b"a statement", &signer.sign(b"a statement").await.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs SoftHSM"]
async fn signers_share_the_login_and_the_last_one_logs_out() {
    let name = "pkcs11::signers_share_the_login_and_the_last_one_logs_out";
    let Some(hsm) = SoftHsm::enter(name, "ALL") else { return };
    let token = Token::make(&hsm, "iga", PIN);
    token.make_rsa("one", &[1], 2048);
    token.make_rsa("two", &[2], 2048);
    let project = Project::new(hsm);
    let (one, two) =
        (project.open("token=iga;object=one").await.unwrap(), project.open("token=iga;object=two").await.unwrap());
    let both: Vec<_> = (0..8)
        .map(|round| {
            let signer = if round % 2 == 0 { one.clone() } else { two.clone() };
            tokio::spawn(async move { signer.sign(b"a statement").await.map(|signature| signature.len()) })
        })
        .collect();
    for signed in both {
        assert_eq!(signed.await.unwrap().unwrap(), 256);
    }
    drop(one);
    two.sign(b"a statement").await.unwrap();
    drop(two);
    // Only a token that nobody is signed in to lets its officer in.
    token.set_pin("other-pin");
    project.write_pin("other-pin");
    project.open("token=iga;object=one").await.unwrap().sign(b"a statement").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs SoftHSM"]
async fn a_wrong_pin_is_never_tried_twice() {
    let Some(hsm) = SoftHsm::enter("pkcs11::a_wrong_pin_is_never_tried_twice", "ALL") else { return };
    let token = Token::make(&hsm, "iga", PIN);
    token.make_rsa("sales", &[1], 2048);
    let project = Project::new(hsm);
    project.write_pin("111111");
    let first = project.refusal("token=iga;object=sales").await;
    assert!(
        first.contains("refused the PIN") && first.contains("key_password_ref") && !first.contains("111111"),
        "{first}"
    );
    // Were it tried again, it would be let in now.
    token.set_pin("111111");
    assert_eq!(project.refusal("token=iga;object=sales").await, first);
    token.set_pin(PIN);
    project.write_pin(PIN);
    project.open("token=iga;object=sales").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs SoftHSM"]
async fn a_missing_or_ambiguous_key_is_an_error_that_lists_the_keys() {
    let name = "pkcs11::a_missing_or_ambiguous_key_is_an_error_that_lists_the_keys";
    let Some(hsm) = SoftHsm::enter(name, "ALL") else { return };
    let project = Project::new(hsm);
    assert!(project.refusal("token=iga;object=sales").await.contains("finds no token"));
    let token = Token::make(&project.hsm, "iga", PIN);
    assert!(project.refusal("token=iga;object=sales").await.contains("--keypairgen"));
    Token::make(&project.hsm, "iga", PIN);
    token.make_rsa("sales", &[1], 2048);
    token.make_ec("curve", &[3]);
    let refused = project.refusal("token=gone;object=sales").await;
    assert!(refused.contains("no token `gone`") && refused.contains("`iga` (serial="), "{refused}");
    let refused = project.refusal("token=iga;object=sales").await;
    assert!(refused.contains("several tokens") && refused.contains("serial="), "{refused}");

    let only = Token::make(&project.hsm, "only", PIN);
    only.make_rsa("sales", &[1], 2048);
    only.make_ec("curve", &[3]);
    let refused = project.refusal("token=only;object=none").await;
    assert!(refused.contains("no private key `none`") && refused.contains("object=sales;id=%01"), "{refused}");
    assert!(project.refusal("token=only;object=curve").await.contains("not an RSA key"));
    only.make_rsa("sales", &[2], 2048);
    let refused = project.refusal("token=only;object=sales").await;
    assert!(refused.contains("several private keys `sales`") && refused.contains("id=%02"), "{refused}");
    project.open("token=only;object=sales;id=%02").await.unwrap();

    let error = project.open_with("token=only;object=sales;id=%02", None).await.map(drop).unwrap_err();
    let refused = message(&error);
    assert!(refused.contains("needs a PIN") && refused.contains("`key_password_ref`"), "{refused}");
}

#[tokio::test]
async fn a_file_that_is_not_a_module_is_refused() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("not-a-module.so"), "text").unwrap();
    fs::set_permissions(folder.path().join("not-a-module.so"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::copy(folder.path().join("not-a-module.so"), folder.path().join("shared.so")).unwrap();
    fs::set_permissions(folder.path().join("shared.so"), fs::Permissions::from_mode(0o666)).unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    for (module, part) in [
        (at("missing.so"), "missing.so` does not exist"),
        (at("not-a-module.so"), "can't load"),
        // Loading a library runs it.
        (at("shared.so"), "other users can change the file"),
        ("not-a-module.so".to_owned(), "absolute path"),
    ] {
        let key: SecretRef = format!("pkcs11:token=iga;object=sales?module-path={module}").parse().unwrap();
        let error = open_signer(&Context::new("people", folder.path()), &key, None).await.map(drop).unwrap_err();
        assert!(message(&error).contains(part), "{error}");
    }
}
