//! RSA private keys.

use crate::encrypted;
use crate::legacy::{self, says};
use crate::mended::mended;
use crate::pem::{self, Block};
use crate::public_key::PublicKey;
use crate::signer::Signer;
use async_trait::async_trait;
use connector_core::{Error, ErrorKind, Result};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Private};
use openssl::rsa::Rsa;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use zeroize::Zeroizing;

/// The size of the smallest accepted RSA key.
const LEAST_BITS: u32 = 2048;

/// An RSA private key in memory. `Debug` shows only its size.
#[derive(Clone)]
pub struct PrivateKey {
    key: PKey<Private>,
}

impl PrivateKey {
    /// Opens a key from PEM text: PKCS#1, PKCS#8, encrypted PKCS#8, or the older encrypted form with a `DEK-Info` line.
    /// [`pem_from_der`](crate::pem_from_der) converts binary files to PEM text. The text may be on one line, with `\n` written
    /// out, indented, in quotes or in base64.
    ///
    /// Ignores other blocks in the same text, such as a certificate. Fails with kind `secret` if the text
    /// is not a key, if the password is missing or wrong, or if the key is not RSA with at least 2048 bits.
    pub fn from_pem(text: &SecretString, password: Option<&SecretString>) -> Result<Self> {
        Self::checked(read(text, password, "")?)
    }

    /// Whether this PEM text contains a private key. The key may be unusable.
    pub fn is_in(text: &SecretString) -> bool {
        pem::blocks(&mended(text.expose_secret())).iter().any(|block| block.label.ends_with("PRIVATE KEY"))
    }

    /// Whether the key in this PEM text is encrypted, so that it needs a password.
    pub fn is_encrypted(text: &SecretString) -> bool {
        let text = mended(text.expose_secret());
        let blocks = pem::blocks(&text);
        blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY")).is_some_and(|block| is_encrypted(*block))
    }

    /// Creates a new key of 2048 or 4096 bits.
    pub fn generate(bits: u32) -> Result<Self> {
        if ![2048, 4096].contains(&bits) {
            return Err(secret_error(format!("can't create a key of {bits} bits")).with_help("use 2048 or 4096"));
        }
        Rsa::generate(bits)
            .and_then(PKey::from_rsa)
            .map(|key| Self { key })
            .map_err(|stack| Error::new(ErrorKind::Internal, "can't create a new key").with_cause(stack))
    }

    /// A description for people: `RSA 2048`.
    pub fn describe(&self) -> String {
        format!("RSA {}", self.key.bits())
    }

    /// The key as PKCS#8 PEM text, encrypted (AES-256) if a password is given.
    pub fn to_pkcs8_pem(&self, password: Option<&SecretString>) -> Result<SecretString> {
        let pem = match password {
            Some(password) => encrypted::pem(&self.key, password.expose_secret().as_bytes()).map(String::into_bytes),
            None => self.key.private_key_to_pem_pkcs8(),
        };
        let fault = || Error::new(ErrorKind::Internal, "can't write the key as PEM");
        let pem = Zeroizing::new(pem.map_err(|stack| fault().with_cause(stack))?);
        let text = std::str::from_utf8(&pem).map_err(|cause| fault().with_cause(cause))?;
        Ok(SecretString::from(text))
    }

    /// The key, for the files of this crate that create and check certificates.
    pub(crate) fn as_pkey(&self) -> &PKey<Private> {
        &self.key
    }

    /// Accepts a key that OpenSSL opened, if RS256 can use it.
    pub(crate) fn checked(key: PKey<Private>) -> Result<Self> {
        if key.id() != Id::RSA {
            let found = match key.id() {
                Id::EC => "an EC key",
                Id::ED25519 | Id::ED448 => "an Ed25519 or Ed448 key",
                Id::DSA => "a DSA key",
                Id::RSA_PSS => "an RSA-PSS key",
                _ => "an unknown kind of key",
            };
            return Err(secret_error(format!("the private key is {found}, but RS256 signatures need an RSA key"))
                .with_help("create an RSA key of 2048 or 4096 bits with `connector cert new NAME`"));
        }
        if key.bits() < LEAST_BITS {
            return Err(secret_error(format!(
                "the private key is RSA with {} bits, but at least {LEAST_BITS} are required",
                key.bits()
            ))
            .with_help("create an RSA key of 2048 or 4096 bits with `connector cert new NAME`"));
        }
        Ok(Self { key })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.describe())
    }
}

#[async_trait]
impl Signer for PrivateKey {
    fn algorithm(&self) -> &'static str {
        "RS256"
    }

    fn describe(&self) -> String {
        Self::describe(self)
    }

    fn public_key(&self) -> Result<PublicKey> {
        let unreadable = |stack| secret_error("can't read the public half of the key").with_cause(stack);
        PublicKey::from_der(&self.key.public_key_to_der().map_err(unreadable)?)
    }

    async fn sign(&self, data: &[u8]) -> Result<Vec<u8>> {
        openssl::sign::Signer::new(MessageDigest::sha256(), &self.key)
            .and_then(|mut signer| signer.sign_oneshot_to_vec(data))
            .map_err(|stack| secret_error("can't sign with the private key").with_cause(stack))
    }
}

/// Opens a key of any kind from PEM text. `setting` is what stands before `key_ref` in the name of its setting.
pub(crate) fn read(text: &SecretString, password: Option<&SecretString>, setting: &str) -> Result<PKey<Private>> {
    let text = &*mended(text.expose_secret());
    let blocks = pem::blocks(text);
    let Some(block) = blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY")) else {
        return Err(not_a_key(text, setting));
    };
    if block.label.starts_with("OPENSSH") {
        return Err(secret_error("the private key is in OpenSSH format, which is not supported")
            .with_help("copy it and convert the copy with `ssh-keygen -p -m PKCS8 -f FILE`"));
    }
    let encrypted = is_encrypted(*block);
    if encrypted && password.is_none_or(|password| password.expose_secret().is_empty()) {
        return Err(secret_error("the private key is encrypted, but no password was given").with_help(format!(
            "set `{setting}key_password_ref` to the secret ref of its password, for example `env:KEY_PASSWORD`"
        )));
    }
    let password = password.map_or("", ExposeSecret::expose_secret);
    open(*block, password).map_err(|stack| unreadable(encrypted.then_some(password), setting, &stack))
}

fn is_encrypted(block: Block<'_>) -> bool {
    block.label.starts_with("ENCRYPTED") || block.text.contains("Proc-Type: 4,ENCRYPTED")
}

/// Always passes a password to OpenSSL: without one, OpenSSL may ask on the terminal and hang.
fn open(block: Block<'_>, password: &str) -> Result<PKey<Private>, ErrorStack> {
    legacy::with_old_ciphers(|| PKey::private_key_from_pem_passphrase(block.text.as_bytes(), password.as_bytes()))
}

fn not_a_key(text: &str, setting: &str) -> Error {
    let found = pem::describe(text);
    let help = match found {
        "it is a certificate" => {
            &format!("set `{setting}key_ref` to its private key, and `{setting}certificate_ref` to this file")
        }
        "it is a public key" | "it is an SSH public key" => {
            &format!("set `{setting}key_ref` to the private key of the pair")
        }
        "it is binary (DER), not PEM text" => "convert it with `openssl pkey -inform DER -in FILE -out FILE.pem`",
        "it is a PKCS#12 file" => "extract the key and the certificate with `connector cert import NAME FILE`",
        "it is a PuTTY key" => {
            "convert it with `puttygen FILE.ppk -O private-openssh -o FILE.pem`, then `ssh-keygen -p -m PKCS8 -f FILE.pem`"
        }
        _ => "use a PEM file with a `-----BEGIN PRIVATE KEY-----` block",
    };
    secret_error(format!("this is not a private key: {found}")).with_help(help)
}

/// `password` is that of an encrypted key.
fn unreadable(password: Option<&str>, setting: &str, stack: &ErrorStack) -> Error {
    if password.is_some() && legacy::is_missing_cipher(stack) {
        return secret_error("the private key is encrypted with a cipher that OpenSSL no longer supports")
            .with_help("convert it on a machine that can still read it: `openssl pkcs8 -topk8 -in OLD -out NEW`");
    }
    // A wrong password shows as a bad padding, or as garbage that only looks decrypted; a damaged encrypted block
    // can't be told apart from it.
    if let Some(password) = password
        && !["bad base64", "no start line", "bad end line"].iter().any(|part| says(stack, part))
    {
        let end = at_an_end(password).map(|what| format!("; it begins or ends with {what}")).unwrap_or_default();
        return secret_error("the password of the private key is wrong (bad decrypt)")
            .with_help(format!("check the secret of `{setting}key_password_ref`{end}"));
    }
    secret_error("the private key is damaged and can't be read")
        .with_help("export the key again, with the whole block from `-----BEGIN` to `-----END …-----`")
}

/// What stands at the beginning or end of a password and probably does not belong to it. Shows nothing else of it.
fn at_an_end(password: &str) -> Option<&'static str> {
    let ends = [password.chars().next()?, password.chars().next_back()?];
    let has = |wanted: fn(char) -> bool| ends.iter().any(|end| wanted(*end));
    if has(|c| matches!(c, '"' | '\'')) {
        Some("a quote")
    } else if has(|c| matches!(c, '\r' | '\n')) {
        Some("a line break")
    } else if has(char::is_whitespace) {
        Some("a blank")
    } else if has(|c| c.is_control() || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')) {
        Some("an invisible character")
    } else {
        None
    }
}

fn secret_error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Secret, message)
}
