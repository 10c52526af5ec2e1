//! Ciphers that OpenSSL 3 keeps in a separate provider.

use openssl::error::{Error as Fault, ErrorStack};
use openssl::provider::Provider;
use std::sync::OnceLock;

/// Tries `read`. If an old cipher (single DES, RC2, RC4) is missing, loads the old ciphers and tries again.
pub(crate) fn with_old_ciphers<T>(read: impl Fn() -> Result<T, ErrorStack>) -> Result<T, ErrorStack> {
    read().or_else(|fault| if is_missing_cipher(&fault) && load() { read() } else { Err(fault) })
}

/// Whether OpenSSL does not know the cipher.
///
/// One wrong password in 256 decrypts to something with valid padding. That is not a key, and the decoder also calls it
/// unsupported.
pub(crate) fn is_missing_cipher(stack: &ErrorStack) -> bool {
    let of_cipher = |fault: &Fault| {
        let is_decoder = fault.library().is_some_and(|library| library.contains("DECODER"));
        let reason = fault.reason().unwrap_or_default();
        (reason.contains("unsupported") && !is_decoder) || reason.contains("unknown cipher")
    };
    stack.errors().iter().any(of_cipher)
}

/// Whether one of the errors has this in its reason.
pub(crate) fn says(stack: &ErrorStack, part: &str) -> bool {
    stack.errors().iter().any(|fault| fault.reason().is_some_and(|text| text.contains(part)))
}

/// Loads the old ciphers if they are installed. They stay loaded.
fn load() -> bool {
    static LEGACY: OnceLock<Option<Provider>> = OnceLock::new();
    LEGACY.get_or_init(|| Provider::try_load(None, "legacy", true).ok()).is_some()
}
