//! Signing requests for a certificate authority.

use crate::certificate::{CertificateRequest, name, not_made};
use crate::private_key::PrivateKey;
use connector_core::Result;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::stack::Stack;
use openssl::x509::X509Req;
use openssl::x509::extension::{ExtendedKeyUsage, KeyUsage};

/// Creates a certificate signing request (PKCS#10) for `key`, as PEM text for a certificate authority. The authority
/// decides how long the certificate is valid, so `days` is ignored.
pub fn signing_request(key: &PrivateKey, request: &CertificateRequest) -> Result<String> {
    request.check()?;
    let build = || -> Result<X509Req, ErrorStack> {
        let mut builder = X509Req::builder()?;
        builder.set_version(0)?;
        builder.set_subject_name(&*name(&request.subject_cn, request.organization.as_deref())?)?;
        builder.set_pubkey(key.as_pkey())?;
        let mut extensions = Stack::new()?;
        extensions.push(KeyUsage::new().critical().digital_signature().build()?)?;
        extensions.push(ExtendedKeyUsage::new().client_auth().build()?)?;
        builder.add_extensions(&extensions)?;
        builder.sign(key.as_pkey(), MessageDigest::sha256())?;
        Ok(builder.build())
    };
    let pem = build().and_then(|made| made.to_pem()).map_err(|stack| not_made(&stack))?;
    Ok(String::from_utf8_lossy(&pem).into_owned())
}
