//! The private authority that vouches for the sandbox's hosts, made at start.

use connector_core::{Error, ErrorKind, Result};
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::extension::{BasicConstraints, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509NameBuilder};

/// The server's side of TLS, and what a client has to trust.
pub(crate) struct Tls {
    pub(crate) acceptor: SslAcceptor,
    pub(crate) ca_pem: String,
}

impl Tls {
    /// Makes an authority and a server certificate for `localhost` and `127.0.0.1`.
    pub(crate) fn generate() -> Result<Self> {
        Self::build().map_err(|cause| {
            Error::new(ErrorKind::Internal, "The sandbox could not make its server certificate").with_cause(cause)
        })
    }

    fn build() -> Result<Self, ErrorStack> {
        let authority_key = PKey::from_rsa(Rsa::generate(2048)?)?;
        let server_key = PKey::from_rsa(Rsa::generate(2048)?)?;
        let authority = authority(&authority_key)?;
        let server = server(&server_key, &authority, &authority_key)?;
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
        acceptor.set_private_key(&server_key)?;
        acceptor.set_certificate(&server)?;
        acceptor.check_private_key()?;
        let ca_pem = String::from_utf8_lossy(&authority.to_pem()?).into_owned();
        Ok(Self { acceptor: acceptor.build(), ca_pem })
    }
}

fn started(key: &PKey<Private>, name: &str) -> Result<X509Builder, ErrorStack> {
    let mut subject = X509NameBuilder::new()?;
    subject.append_entry_by_text("CN", name)?;
    let subject = subject.build();
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::MAYBE_ZERO, false)?;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial = serial.to_asn1_integer()?;
    builder.set_serial_number(&serial)?;
    builder.set_not_before(Asn1Time::days_from_now(0)?.as_ref())?;
    builder.set_not_after(Asn1Time::days_from_now(30)?.as_ref())?;
    builder.set_subject_name(&subject)?;
    builder.set_issuer_name(&subject)?;
    builder.set_pubkey(key)?;
    Ok(builder)
}

fn authority(key: &PKey<Private>) -> Result<X509, ErrorStack> {
    let mut builder = started(key, "Salesforce Sandbox CA")?;
    builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn server(key: &PKey<Private>, authority: &X509, authority_key: &PKey<Private>) -> Result<X509, ErrorStack> {
    let mut builder = started(key, "localhost")?;
    builder.set_issuer_name(authority.subject_name())?;
    let names = SubjectAlternativeName::new()
        .dns("localhost")
        .ip("127.0.0.1")
        .build(&builder.x509v3_context(Some(authority), None))?;
    builder.append_extension(names)?;
    builder.append_extension(BasicConstraints::new().build()?)?;
    builder.sign(authority_key, MessageDigest::sha256())?;
    Ok(builder.build())
}
