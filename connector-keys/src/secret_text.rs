//! Secrets as places give them out.

use crate::der::pem_from_der;
use connector_core::{Error, ErrorKind, Result};
use secrecy::SecretString;
use zeroize::Zeroizing;

/// Turns what was fetched into a secret: text, not empty, without one line end at its end. Binary keys and
/// certificates become PEM text. `place` says in errors where it came from.
///
/// Fails with kind `secret` when it is empty, or neither text nor a key or certificate.
pub fn secret_text(bytes: Vec<u8>, place: &str) -> Result<SecretString> {
    let fault = |message: String| Error::new(ErrorKind::Secret, message);
    let mut text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(binary) => {
            let bytes = Zeroizing::new(binary.into_bytes());
            return pem_from_der(&bytes).ok_or_else(|| not_text(&bytes, place));
        }
    };
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() {
        return Err(fault(format!("{place} is empty")).with_help("put the secret there, or name another place"));
    }
    Ok(SecretString::from(text))
}

fn not_text(bytes: &[u8], place: &str) -> Error {
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let (what, help) = if is_utf16 {
        ("is UTF-16, not UTF-8", "save it as UTF-8 or ASCII; PowerShell writes UTF-16 unless told otherwise")
    } else {
        ("is not text, and no binary key or certificate", "give a key or certificate as PEM or DER, a password as text")
    };
    Error::new(ErrorKind::Secret, format!("{place} {what}")).with_help(help)
}
