//! Binary files as PEM text.

use crate::pem;
use openssl::ec::EcKey;
use openssl::pkcs7::Pkcs7;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509Req};
use secrecy::SecretString;
use zeroize::Zeroizing;

/// The PEM form of a binary (DER) key, certificate, signing request or PKCS#12 file, so that code for PEM can read
/// it; `None` if the bytes are none of these.
pub fn pem_from_der(bytes: &[u8]) -> Option<SecretString> {
    let label = label(bytes)?;
    let base64 = Zeroizing::new(openssl::base64::encode_block(bytes));
    Some(SecretString::from(pem::written(label, "", &base64).as_str()))
}

/// Whether OpenSSL can read the bytes as this kind.
type Reads = fn(&[u8]) -> bool;

/// The PEM label of these bytes.
fn label(bytes: &[u8]) -> Option<&'static str> {
    const SEQUENCE: u8 = 0x30;
    if bytes.first() != Some(&SEQUENCE) {
        return None;
    }
    // Known by its first bytes: opening it would need its password.
    if is_encrypted_key(bytes) {
        return Some("ENCRYPTED PRIVATE KEY");
    }
    let is: [(&'static str, Reads); 8] = [
        ("CERTIFICATE", |der| X509::from_der(der).is_ok()),
        ("CERTIFICATE REQUEST", |der| X509Req::from_der(der).is_ok()),
        ("PKCS12", |der| Pkcs12::from_der(der).is_ok()),
        ("PKCS7", |der| Pkcs7::from_der(der).is_ok()),
        ("PRIVATE KEY", |der| PKey::private_key_from_pkcs8(der).is_ok()),
        ("RSA PRIVATE KEY", |der| Rsa::private_key_from_der(der).is_ok()),
        ("EC PRIVATE KEY", |der| EcKey::private_key_from_der(der).is_ok()),
        ("PUBLIC KEY", |der| PKey::public_key_from_der(der).is_ok()),
    ];
    is.iter().find(|(_, reads)| reads(bytes)).map(|(label, _)| *label)
}

/// An encrypted PKCS#8 key begins with its encryption algorithm: an object id of PKCS#5 or PKCS#12.
fn is_encrypted_key(bytes: &[u8]) -> bool {
    const PKCS_5: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05];
    const PKCS_12: &[u8] = &[0x06, 0x0a, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01];
    let beginning = &bytes[..bytes.len().min(24)];
    [PKCS_5, PKCS_12].iter().any(|id| beginning.windows(id.len()).any(|part| part == *id))
}
