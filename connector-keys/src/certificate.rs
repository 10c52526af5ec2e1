//! X.509 certificates.

use crate::mended::mended;
use crate::pem;
use crate::private_key::PrivateKey;
use crate::signer::Signer;
use connector_core::{Error, ErrorKind, Result};
use jiff::{Timestamp, ToSpan};
use openssl::asn1::{Asn1Integer, Asn1Time, Asn1TimeRef};
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier};
use openssl::x509::{X509, X509Builder, X509Name, X509NameRef, X509VerifyResult};
use std::cmp::Ordering;
use std::fmt::{self, Write};

/// A certificate: public, so its `Debug` output may show it.
#[derive(Clone)]
pub struct Certificate {
    x509: X509,
}

/// The contents of a new self-signed certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The common name, for example `connector-acme`.
    pub subject_cn: String,
    /// The organization, if any.
    pub organization: Option<String>,
    /// The number of days it is valid, starting now.
    pub days: u32,
}

impl Certificate {
    /// Whether this PEM text contains a certificate. The certificate may be damaged.
    pub fn is_in(text: &str) -> bool {
        pem::blocks(&mended(text)).iter().any(|block| block.label.ends_with("CERTIFICATE"))
    }

    /// Reads the first certificate of a PEM text.
    ///
    /// Fails with kind `secret` if it contains none, and names what it contains instead.
    pub fn from_pem(text: &str) -> Result<Self> {
        let text = &*mended(text);
        let Some(block) = pem::blocks(text).into_iter().find(|block| block.label.ends_with("CERTIFICATE")) else {
            return Err(not_a_certificate(text));
        };
        X509::from_pem(block.text.as_bytes()).map(|x509| Self { x509 }).map_err(|stack| {
            Error::new(ErrorKind::Secret, "the certificate is damaged and can't be read")
                .with_help("export it again, with the whole block from `-----BEGIN` to `-----END …-----`")
                .with_cause(stack)
        })
    }

    /// Creates a certificate for `key`, signed with the key itself (RSA, SHA-256).
    pub fn self_signed(key: &PrivateKey, request: &CertificateRequest, now: Timestamp) -> Result<Self> {
        request.check()?;
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

    /// The request for a certificate that replaces this one: the same subject, for as many days.
    pub fn renewal(&self) -> CertificateRequest {
        let entry = |nid| {
            let found = self.x509.subject_name().entries_by_nid(nid).next();
            found.and_then(|entry| entry.data().to_string().ok())
        };
        let days = self.not_after().duration_since(self.not_before()).as_hours() / 24;
        CertificateRequest {
            subject_cn: entry(Nid::COMMONNAME).unwrap_or_else(|| "connector".to_owned()),
            organization: entry(Nid::ORGANIZATIONNAME),
            days: u32::try_from(days).unwrap_or(365).clamp(1, 3_650),
        }
    }

    /// Whether it matches this key.
    pub fn fits(&self, key: &dyn Signer) -> bool {
        let Ok(own) = self.x509.public_key() else { return false };
        key.public_key().is_ok_and(|public| own.public_eq(public.as_pkey()))
    }

    /// The subject, for example `CN=connector, O=Acme`.
    pub fn subject(&self) -> String {
        written(self.x509.subject_name())
    }

    /// Who issued it; its own subject for a self-signed one.
    pub fn issuer(&self) -> String {
        written(self.x509.issuer_name())
    }

    /// The serial number in upper-case hex digits.
    pub fn serial(&self) -> String {
        let number = self.x509.serial_number().to_bn().and_then(|number| number.to_hex_str());
        number.map_or_else(|_| "?".to_owned(), |digits| digits.to_string())
    }

    /// Its key, for people: `RSA 2048`.
    pub fn key(&self) -> String {
        let Ok(key) = self.x509.public_key() else { return "unknown".to_owned() };
        let kind = match key.id() {
            Id::RSA => "RSA",
            Id::RSA_PSS => "RSA-PSS",
            Id::EC => "EC",
            Id::DSA => "DSA",
            Id::ED25519 => return "Ed25519".to_owned(),
            Id::ED448 => return "Ed448".to_owned(),
            _ => "an unknown kind",
        };
        format!("{kind} {}", key.bits())
    }

    /// Its signature algorithm, in OpenSSL's spelling: `RSA-SHA256`.
    pub fn signature_algorithm(&self) -> String {
        let id = self.x509.signature_algorithm().object().nid();
        id.short_name().unwrap_or("unknown").to_owned()
    }

    /// Whether its own key signed it.
    pub fn is_self_signed(&self) -> bool {
        self.is_named_as_self_signed() && self.x509.public_key().is_ok_and(|key| self.is_signed_with(&key))
    }

    /// Whether it names itself as its issuer.
    pub(crate) fn is_named_as_self_signed(&self) -> bool {
        self.x509.subject_name().try_cmp(self.x509.issuer_name()).is_ok_and(Ordering::is_eq)
    }

    /// Whether `issuer` issued it: the names match, the issuer may issue certificates, and it made the signature.
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        issuer.x509.issued(&self.x509) == X509VerifyResult::OK
            && issuer.x509.public_key().is_ok_and(|key| self.is_signed_with(&key))
    }

    fn is_signed_with(&self, key: &PKey<Public>) -> bool {
        self.x509.verify(key).unwrap_or(false)
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
        self.fingerprint(MessageDigest::sha256())
    }

    /// The SHA-1 fingerprint in lower-case hex digits; some products still show that one.
    pub fn sha1(&self) -> String {
        self.fingerprint(MessageDigest::sha1())
    }

    fn fingerprint(&self, algorithm: MessageDigest) -> String {
        let digest = self.x509.digest(algorithm);
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
    /// If memory runs out: OpenSSL can always write a certificate that it has in memory.
    pub fn to_pem(&self) -> String {
        let pem = self.x509.to_pem().expect("OpenSSL has the whole certificate in memory, so it can write it");
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

fn not_a_certificate(text: &str) -> Error {
    let found = pem::describe(text);
    Error::new(ErrorKind::Secret, format!("this is not a certificate: {found}")).with_help(match found {
        "it is a PKCS#12 file" => "extract the key and the certificate with `connector cert import NAME FILE`",
        "it is a bundle of certificates (PKCS#7)" => {
            "convert it with `openssl pkcs7 -print_certs -in FILE -out FILE.crt` (add `-inform DER` for a binary file)"
        }
        "it is a certificate signing request" => "use the certificate that the CA created for it",
        _ => "use a PEM file with a `-----BEGIN CERTIFICATE-----` block",
    })
}

fn written(name: &X509NameRef) -> String {
    let parts = name.entries().map(|entry| {
        let label = entry.object().nid().short_name().unwrap_or("?");
        let value = entry.data().to_string().unwrap_or_else(|_| "?".to_owned());
        format!("{label}={}", value.replace(char::is_control, " "))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The day of a moment in UTC, for messages.
pub(crate) fn day(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d").to_string()
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

impl CertificateRequest {
    /// Fails if the names do not fit into a certificate: X.509 has an upper bound for each of them.
    pub(crate) fn check(&self) -> Result<()> {
        const LONGEST: usize = 64;
        let names = [("common name", Some(&self.subject_cn)), ("organization", self.organization.as_ref())];
        for (what, text) in names.into_iter().filter_map(|(what, text)| Some((what, text?))) {
            let count = text.chars().count();
            if count == 0 || count > LONGEST {
                let has = if count == 0 { "is empty".to_owned() } else { format!("has {count} characters") };
                return Err(Error::new(ErrorKind::Secret, format!("the {what} of the certificate {has}"))
                    .with_help(format!("use 1 to {LONGEST} characters")));
            }
        }
        Ok(())
    }
}

/// The error for a certificate that OpenSSL refuses to create.
pub(crate) fn not_made(stack: &ErrorStack) -> Error {
    Error::new(ErrorKind::Secret, "can't create the certificate")
        .with_help("the common name and the organization must have 1 to 64 characters")
        .with_cause(stack.clone())
}

/// Dates in certificates are whole seconds of UTC; an unreadable one counts as long past. A certificate that never
/// expires has the last second of the year 9999, which is later than any `Timestamp`.
fn moment(time: &Asn1TimeRef) -> Timestamp {
    let Ok(since) = Asn1Time::from_unix(0).and_then(|epoch| epoch.diff(time)) else { return Timestamp::UNIX_EPOCH };
    let hours = i64::from(since.days) * 24;
    let nearest = if since.days < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::UNIX_EPOCH.checked_add(hours.hours().seconds(i64::from(since.secs))).unwrap_or(nearest)
}
