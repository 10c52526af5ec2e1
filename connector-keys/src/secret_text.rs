//! Secrets as they are read from the places that keep them.

use crate::der::pem_from_der;
use connector_core::{Error, ErrorKind, Result};
use secrecy::SecretString;
use zeroize::Zeroizing;

/// Turns fetched bytes into a secret: text, and not empty. Binary keys and
/// certificates become PEM text. `place` names the origin in errors.
///
/// Fails with kind `secret` if the bytes are empty, or neither text nor a key or certificate.
pub fn secret_text(bytes: Vec<u8>, place: &str) -> Result<SecretString> {
    let fault = |message: String| Error::new(ErrorKind::Secret, message);
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(binary) => {
            let bytes = Zeroizing::new(binary.into_bytes());
            return pem_from_der(&bytes).ok_or_else(|| not_text(&bytes, place));
        }
    };
    if text.trim_end_matches(['\r', '\n']).is_empty() {
        return Err(fault(format!("{place} is empty")).with_help("write the secret there, or use another secret ref"));
    }
    Ok(SecretString::from(text))
}

fn not_text(bytes: &[u8], place: &str) -> Error {
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let (what, help) = if is_utf16 {
        ("is UTF-16, not UTF-8", "save it as UTF-8 or ASCII; PowerShell writes UTF-16 by default")
    } else {
        (
            "is neither text nor a binary key or certificate",
            "use PEM or DER for a key or certificate, and text for a password",
        )
    };
    Error::new(ErrorKind::Secret, format!("{place} {what}")).with_help(help)
}
