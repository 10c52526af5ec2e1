//! PKCS#12 files (`.p12`, `.pfx`): a key and its certificates in one.

use crate::certificate::Certificate;
use crate::chain::Chain;
use crate::legacy::{self, says};
use crate::mended::mended;
use crate::pem;
use crate::private_key::PrivateKey;
use connector_core::{Error, ErrorKind, Result};
use openssl::pkcs12::Pkcs12;
use secrecy::{ExposeSecret, SecretString};

/// A private key and its certificate, with the issuers.
#[derive(Clone, Debug)]
pub struct KeyAndChain {
    /// The key.
    pub key: PrivateKey,
    /// The certificate of the key, then its issuers.
    pub chain: Chain,
}

impl KeyAndChain {
    /// Opens a PKCS#12 file in the text form of [`pem_from_der`](crate::pem_from_der).
    ///
    /// Fails with kind `secret` if the password is missing or wrong, if the file is damaged or encrypted with a cipher that
    /// OpenSSL no longer supports, or if it has no usable key or no certificate of that key.
    pub fn from_pkcs12(text: &SecretString, password: Option<&SecretString>) -> Result<Self> {
        let password = password.map_or("", ExposeSecret::expose_secret);
        let opened = parts(text).and_then(|file| {
            // A C string ends there.
            if password.contains('\0') {
                return Err(fault("the password of the PKCS#12 file contains a NUL character"));
            }
            legacy::with_old_ciphers(|| file.parse2(password)).map_err(|stack| {
                if legacy::is_missing_cipher(&stack) {
                    return fault("the PKCS#12 file is encrypted with a cipher that OpenSSL no longer supports")
                        .with_help(
                            "convert it on a machine that can still read it: `openssl pkcs12 -legacy -in OLD \
                             -nodes | openssl pkcs12 -export -out NEW`",
                        );
                }
                if says(&stack, "mac verify failure") || says(&stack, "cipherfinal error") {
                    return wrong_password(password.is_empty());
                }
                damaged().with_cause(stack)
            })
        })?;
        let Some(key) = opened.pkey else {
            return Err(
                fault("the PKCS#12 file contains no private key").with_help("export it again, with its private key")
            );
        };
        let key = PrivateKey::checked(key)?;
        let all = opened.cert.into_iter().chain(opened.ca.into_iter().flatten());
        let chain = Chain::for_key(all.map(Certificate::wrap).collect(), &key)?;
        Ok(Self { key, chain })
    }

    /// Whether this text of [`pem_from_der`](crate::pem_from_der) is a PKCS#12 file.
    pub fn is_pkcs12(text: &SecretString) -> bool {
        pem::blocks(&mended(text.expose_secret())).iter().any(|block| block.label == "PKCS12")
    }
}

fn parts(text: &SecretString) -> Result<Pkcs12> {
    let text = mended(text.expose_secret());
    let blocks = pem::blocks(&text);
    let block = blocks.iter().find(|block| block.label == "PKCS12").ok_or_else(damaged)?;
    let base64: String = block.text.lines().filter(|line| !line.starts_with('-')).collect();
    let der = openssl::base64::decode_block(&base64).map_err(|stack| damaged().with_cause(stack))?;
    Pkcs12::from_der(&der).map_err(|stack| damaged().with_cause(stack))
}

fn wrong_password(none_given: bool) -> Error {
    if none_given {
        return fault("the PKCS#12 file has a password, but none was given")
            .with_help("pass its password as a secret ref with `--password-ref`, for example `env:P12_PASSWORD`");
    }
    fault("the password of the PKCS#12 file is wrong").with_help("ask the person who created the file for its password")
}

fn damaged() -> Error {
    fault("the PKCS#12 file is damaged and can't be read").with_help("export it again, or copy it again as binary")
}

fn fault(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Secret, message)
}
