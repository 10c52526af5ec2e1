//! The secret resolvers that come with the engine.

mod command;
mod env;
pub(super) mod file;

use connector_core::{Error, ErrorKind};
use secrecy::SecretString;

/// More than any key or chain of certificates needs.
const LONGEST: u64 = 1024 * 1024;

/// Turns what was fetched into a secret: text, not empty, without one line end at its end.
fn text(bytes: Vec<u8>, place: &str) -> Result<SecretString, Error> {
    let fault = |message: String| Error::new(ErrorKind::Secret, message);
    let mut text = String::from_utf8(bytes).map_err(|_| {
        fault(format!("{place} is not text"))
            .with_help("keys and certificates are read as PEM; `openssl` converts DER and PKCS#12 to PEM")
    })?;
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
