//! Public keys.

use connector_core::{Error, ErrorKind, Result};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey, PKeyRef, Public};
use openssl::rsa::Rsa;
use std::fmt;

/// The public half of a key pair. The private half can be anywhere.
#[derive(Clone)]
pub struct PublicKey {
    key: PKey<Public>,
}

impl PublicKey {
    /// The RSA key with this modulus and public exponent, both as big-endian bytes. Tokens describe their keys this way.
    pub fn from_rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self> {
        let build = || PKey::from_rsa(Rsa::from_public_components(number(modulus)?, number(exponent)?)?);
        build().map(|key| Self { key }).map_err(unreadable)
    }

    /// Reads a key from DER bytes (`SubjectPublicKeyInfo`). Cloud key services describe their keys this way.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        PKey::public_key_from_der(der).map(|key| Self { key }).map_err(unreadable)
    }

    /// The key as DER bytes (`SubjectPublicKeyInfo`).
    pub fn to_der(&self) -> Result<Vec<u8>> {
        self.key.public_key_to_der().map_err(unreadable)
    }

    /// The modulus and the public exponent of an RSA key, both as big-endian bytes. Fails with kind `secret` for another kind of key.
    pub fn rsa_numbers(&self) -> Result<(Vec<u8>, Vec<u8>)> {
        let rsa = self.key.rsa().map_err(|stack| {
            Error::new(ErrorKind::Secret, format!("the key is of the kind {}, not RSA", self.describe()))
                .with_help("use an RSA key with 2048 or 4096 bits")
                .with_cause(stack)
        })?;
        Ok((rsa.n().to_vec(), rsa.e().to_vec()))
    }

    /// Its size in bits.
    pub fn bits(&self) -> u32 {
        self.key.bits()
    }

    /// A description for people: `RSA 2048`.
    pub fn describe(&self) -> String {
        let kind = match self.key.id() {
            Id::RSA => "RSA",
            Id::EC => "EC",
            _ => "another kind of",
        };
        format!("{kind} {}", self.key.bits())
    }

    pub(crate) fn as_pkey(&self) -> &PKeyRef<Public> {
        &self.key
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.describe())
    }
}

fn number(bytes: &[u8]) -> Result<BigNum, ErrorStack> {
    BigNum::from_slice(bytes)
}

fn unreadable(stack: ErrorStack) -> Error {
    Error::new(ErrorKind::Secret, "can't read the public key").with_cause(stack)
}
