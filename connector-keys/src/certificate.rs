//! X.509 certificates.

use crate::pem;
use crate::private_key::PrivateKey;
use connector_core::{Error, ErrorKind, Result};
use jiff::{Timestamp, ToSpan};
use openssl::asn1::{Asn1Integer, Asn1Time, Asn1TimeRef};
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier};
use openssl::x509::{X509, X509Builder, X509Name, X509NameRef};
use std::fmt::{self, Write};

/// A certificate: public, so its `Debug` output may show it.
#[derive(Clone)]
pub struct Certificate {
    x509: X509,
}

/// What a new self-signed certificate shall say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The common name, for example `connector-salesforce`.
    pub subject_cn: String,
    /// The organization, where one shall be named.
    pub organization: Option<String>,
    /// For how many days it is valid, from the moment it is made.
    pub days: u32,
}

impl Certificate {
    /// Reads the first certificate of a PEM text.
    ///
    /// Fails with kind `secret` when there is none, and names what is there instead.
    pub fn from_pem(text: &str) -> Result<Self> {
        let Some(block) = pem::blocks(text).into_iter().find(|block| block.label.ends_with("CERTIFICATE")) else {
            return Err(Error::new(ErrorKind::Secret, format!("this is not a certificate: {}", pem::describe(text)))
                .with_help("give a PEM file with a `-----BEGIN CERTIFICATE-----` block"));
        };
        X509::from_pem(block.text.as_bytes()).map(|x509| Self { x509 }).map_err(|stack| {
            Error::new(ErrorKind::Secret, "the certificate is damaged and can't be read")
                .with_help("export it again; the whole block from `-----BEGIN` to `-----END …-----` is needed")
                .with_cause(stack)
        })
    }

    /// Makes a certificate for `key`, signed with the key itself (RSA, SHA-256).
    pub fn self_signed(key: &PrivateKey, request: &CertificateRequest, now: Timestamp) -> Result<Self> {
        let build = || -> Result<X509, ErrorStack> {
            let subject = name(&request.subject_cn, request.organization.as_deref())?;
            let mut builder = draft(&subject, &subject, key, now, request.days)?;
            builder.append_extension(BasicConstraints::new().critical().build()?)?;
            builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
            builder.append_extension(ExtendedKeyUsage::new().client_auth().build()?)?;
            let id = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
            builder.append_extension(id)?;
            builder.sign(key.as_pkey(), MessageDigest::sha256())?;
            Ok(builder.build())
        };
        build().map(Self::wrap).map_err(|stack| not_made(&stack))
    }

    /// Whether it was made for this key.
    pub fn fits(&self, key: &PrivateKey) -> bool {
        self.x509.public_key().is_ok_and(|public| public.public_eq(key.as_pkey()))
    }

    /// The subject, for example `CN=connector, O=Acme`.
    pub fn subject(&self) -> String {
        let parts = self.x509.subject_name().entries().map(|entry| {
            let label = entry.object().nid().short_name().unwrap_or("?");
            let value = entry.data().to_string().unwrap_or_else(|_| "?".to_owned());
            format!("{label}={}", value.replace(char::is_control, " "))
        });
        parts.collect::<Vec<_>>().join(", ")
    }

    /// The first moment it is valid.
    pub fn not_before(&self) -> Timestamp {
        moment(self.x509.not_before())
    }

    /// The last moment it is valid.
    pub fn not_after(&self) -> Timestamp {
        moment(self.x509.not_after())
    }

    /// The SHA-256 fingerprint in lower-case hex digits.
    pub fn sha256(&self) -> String {
        let digest = self.x509.digest(MessageDigest::sha256());
        let mut hex = String::with_capacity(64);
        for byte in digest.iter().flat_map(|bytes| bytes.iter()) {
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }

    /// The certificate as PEM text.
    ///
    /// # Panics
    ///
    /// When memory is used up: nothing else keeps OpenSSL from writing what it holds.
    pub fn to_pem(&self) -> String {
        let pem = self.x509.to_pem().expect("OpenSSL holds the whole certificate, so it can write it");
        String::from_utf8(pem).expect("PEM is base64 between dashes, so it is ASCII")
    }

    pub(crate) fn wrap(x509: X509) -> Self {
        Self { x509 }
    }

    pub(crate) fn as_x509(&self) -> &X509 {
        &self.x509
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, until {})", self.subject(), self.not_after())
    }
}

/// A distinguished name.
pub(crate) fn name(common_name: &str, organization: Option<&str>) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_nid(Nid::COMMONNAME, common_name)?;
    if let Some(organization) = organization {
        name.append_entry_by_nid(Nid::ORGANIZATIONNAME, organization)?;
    }
    Ok(name.build())
}

/// A certificate of version 3 with serial, names, dates and public key, not signed yet.
pub(crate) fn draft(
    subject: &X509NameRef,
    issuer: &X509NameRef,
    key: &PrivateKey,
    now: Timestamp,
    days: u32,
) -> Result<X509Builder, ErrorStack> {
    const SECONDS_OF_A_DAY: i64 = 86_400;
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::ONE, false)?;
    let from = now.as_second();
    let until = from.saturating_add(i64::from(days) * SECONDS_OF_A_DAY);
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*Asn1Integer::from_bn(&serial)?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_not_before(&*Asn1Time::from_unix(from)?)?;
    builder.set_not_after(&*Asn1Time::from_unix(until)?)?;
    builder.set_pubkey(key.as_pkey())?;
    Ok(builder)
}

/// The error for a certificate that OpenSSL refuses to make.
pub(crate) fn not_made(stack: &ErrorStack) -> Error {
    Error::new(ErrorKind::Secret, "the certificate could not be made")
        .with_help("a common name has 1 to 64 characters, an organization too")
        .with_cause(stack.clone())
}

/// Dates in certificates are whole seconds of UTC; one that can't be read counts as long past. A certificate without an
/// end names the last second of the year 9999, which is later than any `Timestamp`.
fn moment(time: &Asn1TimeRef) -> Timestamp {
    let Ok(since) = Asn1Time::from_unix(0).and_then(|epoch| epoch.diff(time)) else { return Timestamp::UNIX_EPOCH };
    let hours = i64::from(since.days) * 24;
    let nearest = if since.days < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::UNIX_EPOCH.checked_add(hours.hours().seconds(i64::from(since.secs))).unwrap_or(nearest)
}
