//! The private certificate authority for the sandbox's hosts, created at startup.

use connector_core::{Error, ErrorKind, Result};
use connector_keys::{CertificateAuthority, PrivateKey};
use jiff::Timestamp;
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::X509;
use secrecy::ExposeSecret;

/// The server side of TLS, and the certificate that a client must trust.
pub(crate) struct Tls {
    pub(crate) acceptor: SslAcceptor,
    pub(crate) ca_pem: String,
}

impl Tls {
    /// Makes an authority and a server certificate for `localhost` and `127.0.0.1`.
    pub(crate) fn generate() -> Result<Self> {
        let now = Timestamp::now();
        let authority = CertificateAuthority::generate("Salesforce Sandbox CA", now)?;
        let key = PrivateKey::generate(2048)?;
        let certificate = authority.issue_server(&["localhost", "127.0.0.1"], &key, now)?;
        let key_pem = key.to_pkcs8_pem(None)?;
        let acceptor = acceptor(key_pem.expose_secret().as_bytes(), certificate.to_pem().as_bytes());
        let acceptor = acceptor.map_err(|cause| {
            Error::new(ErrorKind::Internal, "The sandbox could not use its server certificate").with_cause(cause)
        })?;
        Ok(Self { acceptor, ca_pem: authority.certificate().to_pem() })
    }
}

fn acceptor(key: &[u8], certificate: &[u8]) -> Result<SslAcceptor, ErrorStack> {
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    let key = PKey::private_key_from_pem(key)?;
    acceptor.set_private_key(&key)?;
    let certificate = X509::from_pem(certificate)?;
    acceptor.set_certificate(&certificate)?;
    acceptor.check_private_key()?;
    Ok(acceptor.build())
}
