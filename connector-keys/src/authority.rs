//! A small certificate authority for servers on this machine.

use crate::certificate::{Certificate, draft, name, not_made};
use crate::private_key::PrivateKey;
use connector_core::Result;
use jiff::Timestamp;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::x509::X509;
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName, SubjectKeyIdentifier,
};
use std::net::IpAddr;

const DAYS: u32 = 365;

/// Issues certificates for test servers and simulated systems. Do not use it for anything else: its key is only in memory.
#[derive(Clone, Debug)]
pub struct CertificateAuthority {
    key: PrivateKey,
    certificate: Certificate,
}

impl CertificateAuthority {
    /// Creates an authority with a new key.
    pub fn generate(common_name: &str, now: Timestamp) -> Result<Self> {
        let key = PrivateKey::generate(2048)?;
        let build = || -> Result<X509, ErrorStack> {
            let subject = name(common_name, None)?;
            let mut builder = draft(&subject, &subject, &key, now, DAYS)?;
            builder.append_extension(BasicConstraints::new().critical().ca().pathlen(0).build()?)?;
            builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
            let id = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
            builder.append_extension(id)?;
            builder.sign(key.as_pkey(), MessageDigest::sha256())?;
            Ok(builder.build())
        };
        let certificate = build().map(Certificate::wrap).map_err(|stack| not_made(&stack))?;
        Ok(Self { key, certificate })
    }

    /// Issues a certificate for a server with these host names and IP addresses; at least one is required.
    pub fn issue_server(&self, hosts: &[&str], key: &PrivateKey, now: Timestamp) -> Result<Certificate> {
        let build = || -> Result<X509, ErrorStack> {
            let subject = name(hosts.first().copied().unwrap_or_default(), None)?;
            let issuer = self.certificate.as_x509();
            let mut builder = draft(&subject, issuer.subject_name(), key, now, DAYS)?;
            builder.append_extension(BasicConstraints::new().critical().build()?)?;
            builder.append_extension(KeyUsage::new().critical().digital_signature().key_encipherment().build()?)?;
            builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
            let mut names = SubjectAlternativeName::new();
            for host in hosts {
                if host.parse::<IpAddr>().is_ok() {
                    names.ip(host)
                } else {
                    names.dns(host)
                };
            }
            let context = builder.x509v3_context(Some(issuer), None);
            let names = names.build(&context)?;
            let own_id = SubjectKeyIdentifier::new().build(&context)?;
            let issuer_id = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
            for extension in [names, own_id, issuer_id] {
                builder.append_extension(extension)?;
            }
            builder.sign(self.key.as_pkey(), MessageDigest::sha256())?;
            Ok(builder.build())
        };
        build().map(Certificate::wrap).map_err(|stack| not_made(&stack))
    }

    /// Its own certificate, for clients that must trust it.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}
