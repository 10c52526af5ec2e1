//! The certificate and key with which a TLS client proves who it is.

use crate::certificate::Certificate;
use crate::chain::Chain;
use crate::private_key;
use connector_core::{Error, ErrorKind, Result};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use zeroize::Zeroizing;

/// A certificate with its issuers, and its private key of any kind, for a TLS client. `Debug` shows only the certificate.
#[derive(Clone)]
pub struct ClientIdentity {
    chain: Chain,
    key: SecretString,
}

impl ClientIdentity {
    /// Opens the texts of `client_certificate_ref`, `client_key_ref` and `client_key_password_ref`.
    ///
    /// Fails with kind `secret` if one of them can't be read, and with kind `definition` if they do not belong together.
    pub fn from_pem(certificates: &str, key: &SecretString, password: Option<&SecretString>) -> Result<Self> {
        let chain = Chain::from_pem(certificates)?;
        let key = private_key::read(key, password, "client_")?;
        let own = chain.leaf().as_x509().public_key();
        if !own.is_ok_and(|own| own.public_eq(&key)) {
            let subject = chain.leaf().subject();
            let message = format!("the client certificate ({subject}) does not match the private key");
            return Err(Error::new(ErrorKind::Definition, message).with_help(
                "set `client_certificate_ref` and `client_key_ref` to a pair; in a file with several certificates, that of \
                 the key comes first",
            ));
        }
        let unwritable = || Error::new(ErrorKind::Internal, "can't write the client key as PEM");
        let pem = Zeroizing::new(key.private_key_to_pem_pkcs8().map_err(|stack| unwritable().with_cause(stack))?);
        let key = std::str::from_utf8(&pem).map_err(|cause| unwritable().with_cause(cause))?;
        Ok(Self { chain, key: SecretString::from(key) })
    }

    /// The certificate and its issuers.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The certificate and its issuers as PEM text.
    pub fn certificates_pem(&self) -> String {
        let issuers = self.chain.issuers().iter().map(Certificate::to_pem);
        std::iter::once(self.chain.leaf().to_pem()).chain(issuers).collect()
    }

    /// The key as PKCS#8 PEM text, not encrypted.
    pub fn key_pem(&self) -> &str {
        self.key.expose_secret()
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientIdentity({})", self.chain.leaf().subject())
    }
}
